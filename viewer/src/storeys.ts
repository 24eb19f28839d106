// Isolate, explode, ghost: one texel a storey (lift [m], rooms, envelope, emphasis). No geometry moves; the vertex
// shaders and the picking read the same numbers.

import { DataTexture, FloatType, NearestFilter, RGBAFormat } from 'three';
import type { SceneIndex } from './scene.ts';

export const STOREY_WIDTH = 256;
/** How something of a storey is drawn. */
export const Show = { hidden: 0, solid: 1, ghost: 2 } as const;
/** Storeys of an exploded building move apart by this many storey heights. */
const SPREAD = 1.4;

export interface StoreyView {
  mode: string;
  storey: number;
  focus: number;
  explode: number;
  xray: boolean;
  /** Every room is drawn, no envelope. */
  rooms: boolean;
}

export class StoreyState {
  readonly texture: DataTexture;
  /** Four floats a storey: lift [m], rooms, envelope (Show), emphasis 0..1. */
  readonly texels: Float32Array<ArrayBuffer>;
  private readonly index: SceneIndex;

  constructor(index: SceneIndex) {
    this.index = index;
    const rows = Math.max(1, Math.ceil(index.storeys / STOREY_WIDTH));
    this.texels = new Float32Array(rows * STOREY_WIDTH * 4);
    this.texture = new DataTexture(this.texels, STOREY_WIDTH, rows, RGBAFormat, FloatType);
    this.texture.minFilter = this.texture.magFilter = NearestFilter;
    this.texture.needsUpdate = true;
  }

  lift(storey: number): number {
    return this.texels[storey * 4]!;
  }

  rooms(storey: number): number {
    return this.texels[storey * 4 + 1]!;
  }

  envelope(storey: number): number {
    return this.texels[storey * 4 + 2]!;
  }

  /** Whether any storey is drawn see-through. */
  ghosts = false;

  /** Recomputes every texel; allocates nothing. */
  update(view: StoreyView): void {
    const { file } = this.index;
    this.ghosts = false;
    for (let b = 0; b < file.buildings.length; b++) {
      const [first, count] = file.buildings[b]!.storeys;
      this.building(b, first, count, view);
    }
    this.texture.needsUpdate = true;
  }

  private building(b: number, first: number, count: number, view: StoreyView): void {
    const { texels } = this;
    const { elevation, height, ordinal } = this.index.file.storeys;
    const flat = view.mode !== '3d';
    const mine = view.focus < 0 || view.focus === b;
    const isolated = view.storey >= first && view.storey < first + count ? view.storey : -1;
    const spread = !flat && mine ? view.explode : 0;
    let ground = first;
    while (ground < first + count - 1 && (ordinal[ground] ?? 0) < 0) ground++;
    let lift = spread * ((elevation[ground] ?? 0) - (elevation[first] ?? 0));
    for (let j = first; j < first + count; j++) {
      texels[j * 4] = lift;
      const [rooms, envelope] = flat ? this.inPlan(j, ground, isolated, view) : this.inSpace(j, isolated, spread > 0, view);
      texels[j * 4 + 1] = rooms;
      texels[j * 4 + 2] = envelope;
      texels[j * 4 + 3] = mine ? 1 : 0.55;
      this.ghosts ||= rooms === Show.ghost || envelope === Show.ghost;
      lift += spread * SPREAD * (height[j] ?? 3);
    }
  }

  /** In the map one storey of each building lies open: the isolated one, else the ground floor. */
  private inPlan(j: number, ground: number, isolated: number, view: StoreyView): [number, number] {
    if (isolated >= 0) return j === isolated ? OPEN : NOTHING;
    if (view.storey >= 0 && !view.rooms) return j === ground ? FADED : NOTHING;
    return j === ground ? OPEN : NOTHING;
  }

  private inSpace(j: number, isolated: number, exploded: boolean, view: StoreyView): [number, number] {
    if (isolated >= 0) {
      if (j === isolated) return OPEN;
      if (exploded) return FADED;
      return j > isolated ? OUTLINE : CLOSED;
    }
    if (view.rooms || exploded) return OPEN;
    return view.xray ? GLASS : CLOSED;
  }

  dispose(): void {
    this.texture.dispose();
  }
}

const NOTHING: [number, number] = [Show.hidden, Show.hidden];
const OPEN: [number, number] = [Show.solid, Show.hidden];
const FADED: [number, number] = [Show.ghost, Show.hidden];
const CLOSED: [number, number] = [Show.hidden, Show.solid];
const OUTLINE: [number, number] = [Show.hidden, Show.ghost];
const GLASS: [number, number] = [Show.solid, Show.ghost];
