// The wires of one building: routes on its open storeys, and risers between them.

import { BlockFrame } from '../blockframe.ts';
import type { Block } from '../pack.ts';
import type { SceneIndex } from '../scene.ts';
import type { LinkEnd, LinkRow } from './model.ts';
import { StoreyRoutes } from './routes.ts';

/** Over the ceiling of the storey [m]: an open storey is looked into from above. */
const OVER_M = 0.35;
/** How far a riser sticks out of a storey that is shown alone [m]. */
const STUB_M = 3.2;

/** A straight piece: a cubic with its control points on the line, and the storeys that its two ends move with. */
export interface Piece {
  curve: Float64Array;
  from: number;
  to: number;
}

export function pieceOf(a: readonly number[], b: readonly number[], from: number, to: number): Piece {
  const curve = new Float64Array(12);
  for (let i = 0; i < 3; i++) {
    const d = b[i]! - a[i]!;
    [curve[i], curve[3 + i], curve[6 + i], curve[9 + i]] = [a[i]!, a[i]! + d / 3, a[i]! + (2 * d) / 3, b[i]!];
  }
  return { curve, from, to };
}

/** Corridors of a storey, as local numbers of spaces. */
export function corridorsOf(index: SceneIndex, building: number, storey: number): number[] {
  const [first, count] = index.file.storeys.spaces[storey] ?? [0, 0];
  const base = index.file.buildings[building]!.spaces[0];
  const kinds = index.labels?.category;
  return Array.from({ length: count }, (_, k) => first + k).filter((k) => kinds?.[k] === 'corridor').map((k) => k - base);
}

/** A device that is seen: where [m], on which storey, and whether others hang on it. */
export interface Stand {
  place: readonly [number, number, number];
  storey: number;
  upper: boolean;
}

/** Devices at the ends of links on open storeys. */
export function standsOf(rows: readonly LinkRow[], index: SceneIndex, building: string, isOpen: (storey: number) => boolean): Stand[] {
  const found = new Map<string, Stand>();
  for (const link of rows) {
    for (const [end, upper] of [[link.lower, false], [link.upper, true]] as const) {
      if (end.building !== building || end.storey === '' || end.position === null) continue;
      const storey = index.storeyOf(index.slot(end.storey));
      if (!isOpen(storey)) continue;
      const z = (index.file.storeys.elevation[storey] ?? 0) + (index.file.storeys.height[storey] ?? 3) + OVER_M;
      const known = found.get(end.id);
      found.set(end.id, { place: [end.position[0], end.position[1], z], storey, upper: upper || (known?.upper ?? false) });
    }
  }
  return [...found.values()];
}

/** The pieces of each link that is seen; `isOpen` says which storeys lie open. */
export function wiresOf(
  rows: readonly LinkRow[], index: SceneIndex, block: Block, building: number, isOpen: (storey: number) => boolean,
): Map<LinkRow, Piece[]> {
  const row = index.file.buildings[building]!;
  const frame = new BlockFrame(row.frame);
  const routes = new Map<number, StoreyRoutes>();
  const storeyOf = (end: LinkEnd): number => (end.building === row.id && end.storey !== '' ? index.storeyOf(index.slot(end.storey)) : -1);
  const on = (storey: number): StoreyRoutes => {
    let known = routes.get(storey);
    if (!known) routes.set(storey, (known = new StoreyRoutes(block, frame, storey - row.storeys[0], corridorsOf(index, building, storey))));
    return known;
  };
  const ceiling = (storey: number): number => (index.file.storeys.elevation[storey] ?? 0) + (index.file.storeys.height[storey] ?? 3) + OVER_M;
  const found = new Map<LinkRow, Piece[]>();
  for (const link of rows) {
    const pieces = wire(link);
    if (pieces.length > 0) found.set(link, pieces);
  }
  return found;

  function wire(link: LinkRow): Piece[] {
    const { lower, upper } = link;
    const [low, up] = [storeyOf(lower), storeyOf(upper)];
    if (lower.position === null || low < 0 || !isOpen(low)) return [];
    const here = lower.position;
    const z = ceiling(low);
    const pieces: Piece[] = [];
    if (up < 0) {
      // it leaves the building: up and out of the storey
      return [pieceOf([here[0], here[1], z], [here[0], here[1], z + 2 * STUB_M], low, low)];
    }
    const there = upper.position!;
    const path = on(low).between([here[0], here[1]], [there[0], there[1]]);
    for (let i = 2; i < path.length; i += 2) {
      pieces.push(pieceOf([path[i - 2]!, path[i - 1]!, z], [path[i]!, path[i + 1]!, z], low, low));
    }
    if (up === low) return pieces;
    const foot = [there[0], there[1], z];
    if (isOpen(up)) pieces.push(pieceOf(foot, [there[0], there[1], ceiling(up)], low, up));
    else pieces.push(pieceOf(foot, [there[0], there[1], z + (up > low ? STUB_M : -STUB_M)], low, low));
    return pieces;
  }
}
