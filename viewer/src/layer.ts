// The seam between the engine and everything that it draws. A layer is one file in layers/ and one line in
// layers/index.ts; it has a fixed life: init, update only on change, beforeDraw, dispose.
//
// Rules: materials are RawShaderMaterial with GLSL 3 (the bundle leaves three.js' own shader library out: ShaderMaterial,
// built-in materials and renderer.shadowMap do not exist here); nothing is allocated in update() of a state change or in
// beforeDraw(); what a layer creates it disposes; what it changes it announces with ctx.requestDraw().

import type { Camera, Group, IUniform, WebGLRenderer } from 'three';
import type { CameraRig } from './camera.ts';
import type { BuildingData, RoomGroupData } from './jobs.ts';
import type { LinkHost } from './links/host.ts';
import type { Hit } from './pick.ts';
import type { Compare, Legend, Lens, Marker, Mode, Section, Tier } from './props.ts';
import type { SceneIndex } from './scene.ts';
import type { SpaceState } from './state.ts';
import type { StoreyState } from './storeys.ts';
import type { Tokens } from './tokens.ts';

/** What changed since the last update: bits. */
export const Change = {
  Scene: 1,
  /** Values or flags of slots (the textures are already up to date). */
  State: 2,
  /** Storeys shown, ghosted or moved (the storey texture is already up to date). */
  Storeys: 4,
  Theme: 8,
  Lang: 16,
  Lens: 32,
  Selection: 64,
  Hover: 128,
  Camera: 256,
  Size: 512,
  Time: 1024,
  Xray: 2048,
  Labels: 4096,
  Quality: 8192,
  Section: 16384,
  Markers: 32768,
  Mode: 65536,
  Legend: 131072,
  /** The labels file has come: ctx.index.labels. */
  Texts: 262144,
  /** One more building has come: ctx.loaded. */
  Building: 524288,
  /** Links of the network, or what is known of them: ctx.links. */
  Links: 1048576,
  All: 0x1fffff,
} as const;

/** The properties as the layers need them: ids resolved to slots, never undefined. */
export interface ViewState {
  lang: 'zh' | 'en';
  theme: 'light' | 'dark';
  mode: Mode;
  lens: Lens;
  channel: string;
  legend: Legend | null;
  /** Slot of the selection and of what the pointer is over; -1 none. */
  selection: number;
  hover: number;
  /** Isolated storey (global index), -1 all. */
  storey: number;
  /** Building that isolate and explode act on, -1 all. */
  focus: number;
  explode: number;
  xray: boolean;
  /** Every room is drawn and no envelope (tests, benchmarks). */
  rooms: boolean;
  section: Section | null;
  measure: boolean;
  markers: Marker[];
  labels: boolean;
  tier: Tier;
  /** 'live' or the ISO instant at which the sun stands; `instant` is that in ms since the epoch (server time when live). */
  time: string;
  compare: Compare;
  instant: number;
  reducedMotion: boolean;
}

/** Uniforms that every material shares; spread them into a material's uniforms and they stay current. */
export interface SharedUniforms {
  [name: string]: IUniform;
  uValue: IUniform;
  uFlags: IUniform;
  uPalette: IUniform;
  uFade: IUniform;
  uStoreys: IUniform;
  uSection: IUniform;
  uHovered: IUniform;
  /** Width, height [device pixels], pixel ratio, metres a device pixel at the target. */
  uScreen: IUniform;
  uEye: IUniform;
  /** Milliseconds, only for what may move (beacons); 0 under reduced motion. */
  uTime: IUniform;
}

export interface LayerContext {
  readonly renderer: WebGLRenderer;
  /** World: metres, x east, y north, z up. */
  readonly world: Group;
  readonly camera: Camera;
  readonly rig: CameraRig;
  readonly index: SceneIndex;
  readonly state: SpaceState;
  readonly storeys: StoreyState;
  readonly view: ViewState;
  readonly uniforms: SharedUniforms;
  readonly links: LinkHost;
  /** Buildings that have come so far, by building index. */
  readonly loaded: (BuildingData | null)[];
  /** Rooms that have come and wait for the rooms' layer, which takes them away. */
  readonly rooms: RoomGroupData[];
  /** Element over the canvas for HTML pieces (labels, HUD); pointer events pass through it. */
  readonly overlay: HTMLElement;
  /** Counts changes of what stands over the view and names keep off; `marked`: slots over which a mark stands. */
  readonly obstacles: { version: number; marked: ReadonlySet<number> };
  tokens: Tokens;
  /** This frame is drawn with plain light: what only the whole light needs can wait. */
  readonly lean: boolean;
  /** A machine without a GPU: what is drawn costs the processor. */
  readonly slow: boolean;
  /** The next picture is wanted sooner than it is fine (Stage.hurried). */
  readonly hurried: boolean;
  /** Draws with the shaders of the picture at rest, once they are there (Stage.keep). */
  keep(draw: (() => void) | null): void;
  /** Whether a layer can draw a picture of its own now (Stage.whole). */
  whole(): boolean;
  requestDraw(): void;
  /** Selects an entity by its id, as a click on it would. */
  select(id: string): void;
  /** Moves the section, as its handle does. */
  cut(section: Section): void;
  /** Slot under a place of the canvas [CSS pixels], -1 none; `part` limits to a kind. */
  pick(x: number, y: number): number;
}

export interface Layer {
  readonly name: string;
  init(ctx: LayerContext): void;
  /** `change` is a union of Change bits; a draw follows. */
  update(change: number): void;
  /** Before each drawn frame; the camera is current. Return true to ask for another frame (animation). */
  beforeDraw?(now: number): boolean;
  /** The pointer is over the canvas [CSS px] and `hit` under it (null: it has left); true when it is over something of the layer. */
  over?(x: number, y: number, hit: Hit | null): boolean;
  /** A click; true when it was at something of the layer. */
  click?(x: number, y: number, hit: Hit): boolean;
  dispose(): void;
}
