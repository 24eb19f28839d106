// The uniforms that every material shares, and the defaults of the view's state.

import { Vector3, Vector4 } from 'three';
import { BlockFrame } from './blockframe.ts';
import type { Bounds } from './camera.ts';
import type { BuildingData } from './jobs.ts';
import { Change, type SharedUniforms, type ViewState } from './layer.ts';
import { differenceLegend } from './past/legend.ts';
import type { Props } from './props.ts';
import type { SceneIndex } from './scene.ts';
import type { SpaceState } from './state.ts';
import type { StoreyState } from './storeys.ts';

/** 'No slot' for the shaders. */
export const NO_SLOT = 0xffffffff;

export function sharedUniforms(state: SpaceState, storeys: StoreyState): SharedUniforms {
  return {
    uValue: { value: state.value },
    uPrevious: { value: state.previous },
    uFlags: { value: state.flags },
    uPalette: { value: state.palette },
    uFade: { value: 1 },
    uStoreys: { value: storeys.texture },
    uSection: { value: new Vector4(0, 0, 0, 1) },
    uHovered: { value: NO_SLOT },
    uScreen: { value: new Vector4(1, 1, 1, 1) },
    uEye: { value: new Vector3() },
    uTime: { value: 0 },
  };
}

export function initialView(): ViewState {
  return {
    lang: 'zh',
    theme: 'light',
    mode: '3d',
    lens: 'data',
    channel: '',
    legend: null,
    selection: -1,
    hover: -1,
    storey: -1,
    focus: -1,
    explode: 0,
    xray: false,
    rooms: false,
    section: null,
    measure: false,
    markers: [],
    labels: true,
    tier: 'b',
    time: 'live',
    compare: '',
    instant: Date.now(),
    reducedMotion: matchMedia('(prefers-reduced-motion: reduce)').matches,
  };
}

const AXES = { x: [1, 0, 0], y: [0, 1, 0], z: [0, 0, 1] } as const;

/** The section as the shaders' plane: what has dot(xyz, world) > w is cut off. */
export function sectionPlane(section: ViewState['section'], out: Vector4): Vector4 {
  if (section === null) return out.set(0, 0, 0, 1);
  const sign = section.flip ? -1 : 1;
  const [x, y, z] = AXES[section.axis];
  return out.set(sign * x, sign * y, sign * z, sign * section.at);
}

type Reader = [bit: number, read: (props: Props, view: ViewState) => boolean];

/** Sets a field and says whether that changed it. */
function put<K extends keyof ViewState>(view: ViewState, key: K, value: ViewState[K]): boolean {
  const old = view[key];
  const same = typeof value === 'object' ? JSON.stringify(old) === JSON.stringify(value) : Object.is(old, value);
  if (!same) view[key] = value;
  return !same;
}

const READERS: Reader[] = [
  [Change.Lang, (p, v) => put(v, 'lang', p.lang ?? 'zh')],
  [Change.Theme, (p, v) => put(v, 'theme', p.theme ?? 'light')],
  [Change.Mode, (p, v) => put(v, 'mode', p.mode ?? '3d')],
  [Change.Lens, (p, v) => put(v, 'lens', p.lens ?? 'data')],
  [Change.Legend, (p, v) => put(v, 'channel', p.channel ?? '')],
  [Change.Time, (p, v) => put(v, 'compare', p.compare ?? '')],
  [Change.Legend, (p, v) => put(v, 'legend', p.compare === 'difference' ? differenceLegend(p.legend ?? null) : (p.legend ?? null))],
  [Change.Storeys, (p, v) => put(v, 'explode', Math.min(1, Math.max(0, p.explode ?? 0)))],
  [Change.Storeys | Change.Xray, (p, v) => put(v, 'xray', p.xray ?? false)],
  [Change.Section, (p, v) => put(v, 'section', p.section ?? null)],
  [Change.Mode, (p, v) => put(v, 'measure', p.measure ?? false)],
  [Change.Markers, (p, v) => put(v, 'markers', p.markers ?? [])],
  [Change.Labels, (p, v) => put(v, 'labels', p.labels ?? true)],
  [Change.Quality, (p, v) => p.quality !== undefined && p.quality !== 'auto' && put(v, 'tier', p.quality)],
];

/** Takes the properties over into the view's state; returns what changed as Change bits. */
export function readProps(props: Props, view: ViewState, index: SceneIndex | null): number {
  let change = 0;
  for (const [bit, read] of READERS) if (read(props, view)) change |= bit;
  if (index === null) return change;
  if (put(view, 'selection', props.selection ? index.slot(props.selection) : -1)) change |= Change.Selection;
  const storeySlot = props.storey ? index.slot(props.storey) : -1;
  const storey = storeySlot >= 0 && index.kind(storeySlot) === 'storey' ? index.storeyOf(storeySlot) : -1;
  if (put(view, 'storey', storey)) change |= Change.Storeys;
  const focus = storey >= 0 ? index.buildingOf(storeySlot) : view.selection > 0 ? index.buildingOf(view.selection) : -1;
  if (put(view, 'focus', focus)) change |= Change.Storeys;
  return change;
}

/** Whether the numbers shown are of another kind: none of the old ones may be painted in the new colours. */
export function otherNumbers(props: Props, before: Props): boolean {
  return before.channel !== props.channel || (before.compare === 'difference') !== (props.compare === 'difference');
}

/** Box [m] round an entity, where it is drawn now; null when its geometry has not come. */
export function boundsOf(slot: number, index: SceneIndex, storeys: StoreyState, loaded: (BuildingData | null)[]): Bounds | null {
  const kind = index.kind(slot);
  if (kind === 'campus') return index.file.bounds;
  const b = index.buildingOf(slot);
  const row = index.file.buildings[b];
  if (row === undefined) return null;
  const [x0, y0, , x1, y1] = row.bounds;
  if (kind === 'building') return row.bounds;
  const storey = index.storeyOf(slot);
  const lift = storeys.lift(storey);
  const floor = (index.file.storeys.elevation[storey] ?? 0) + lift;
  const top = floor + (index.file.storeys.height[storey] ?? 3);
  if (kind === 'storey') return [x0, y0, floor, x1, y1, top];
  const block = loaded[b]?.block;
  if (block === undefined) return null;
  const k = slot - index.firstSpace - row.spaces[0];
  const start = block.ringStart[block.groupRing[block.spaceGroup[k]!]!]!;
  const end = block.ringStart[block.groupRing[block.spaceGroup[k + 1]!]!]!;
  if (start === end) return [x0, y0, floor, x1, y1, top];
  const frame = new BlockFrame(row.frame);
  const box: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = start; i < end; i++) {
    const x = frame.east(block.x[i]!, block.y[i]!);
    const y = frame.north(block.x[i]!, block.y[i]!);
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  }
  return [box[0], box[1], block.spaceFloor[k]! / 100 + lift, box[2], box[3], block.spaceTop[k]! / 100 + lift];
}

/** Reloads the page for a reason, at most once for each: a server that keeps saying so must not cause a storm. */
export function reloadOnce(reason: string): void {
  const key = 'campus-twin-reloaded';
  if (sessionStorage.getItem(key) === reason) return;
  sessionStorage.setItem(key, reason);
  location.reload();
}
