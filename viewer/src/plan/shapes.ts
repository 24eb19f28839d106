// Rings of a room block as SVG: paths, bounds, and where a label stands. Pure functions, no page.

import { BlockFrame } from '../blockframe.ts';
import type { Block } from '../pack.ts';

/** A box in plan [m]: x east, y south (SVG's direction). */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Where a label fits: its middle [m] and the widest and tallest text there [m]. */
export interface Seat {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The block's own steps as coordinates. */
const STEPS = new BlockFrame([0, 0, 0, 1]);

/** Sides of the upright box of the same proportions that fits into a turned one. */
function upright(width: number, height: number, frame: BlockFrame): { width: number; height: number } {
  const sin = Math.abs(frame.sin);
  const cos = Math.abs(frame.cos);
  const [w, h] = sin > cos ? [height, width] : [width, height];
  const [c, s] = sin > cos ? [sin, cos] : [cos, sin];
  const fit = Math.min(w / (w * c + h * s), h / (w * s + h * c));
  return { width: w * fit, height: h * fit };
}

/** An SVG path of the ring groups `first .. last` (exclusive); y turned to south. */
export function groupPath(block: Block, first: number, last: number, frame: BlockFrame): string {
  const parts: string[] = [];
  for (let r = block.groupRing[first]!; r < block.groupRing[last]!; r++) {
    const begin = block.ringStart[r]!;
    const end = block.ringStart[r + 1]!;
    for (let i = begin; i < end; i++) {
      const x = frame.east(block.x[i]!, block.y[i]!).toFixed(2);
      const y = (-frame.north(block.x[i]!, block.y[i]!)).toFixed(2);
      parts.push(`${i === begin ? 'M' : 'L'}${x} ${y}`);
    }
    parts.push('Z');
  }
  return parts.join('');
}

/** The box around the ring groups `first .. last` (exclusive), or null when there is no ring. */
export function groupBox(block: Block, first: number, last: number, frame: BlockFrame): Box | null {
  let xmin = Infinity;
  let xmax = -Infinity;
  let ymin = Infinity;
  let ymax = -Infinity;
  const begin = block.ringStart[block.groupRing[first]!]!;
  const end = block.ringStart[block.groupRing[last]!]!;
  for (let i = begin; i < end; i++) {
    const x = frame.east(block.x[i]!, block.y[i]!);
    const y = frame.north(block.x[i]!, block.y[i]!);
    if (x < xmin) xmin = x;
    if (x > xmax) xmax = x;
    if (y < ymin) ymin = y;
    if (y > ymax) ymax = y;
  }
  if (begin === end) return null;
  return { x: xmin, y: -ymax, width: xmax - xmin, height: ymax - ymin };
}

/** The box around several boxes; null of none. */
export function union(boxes: Iterable<Box | null>): Box | null {
  let all: Box | null = null;
  for (const box of boxes) {
    if (box === null) continue;
    if (all === null) {
      all = { ...box };
      continue;
    }
    const x = Math.min(all.x, box.x);
    const y = Math.min(all.y, box.y);
    const right = Math.max(all.x + all.width, box.x + box.width);
    const bottom = Math.max(all.y + all.height, box.y + box.height);
    all = { x, y, width: right - x, height: bottom - y };
  }
  return all;
}

/** Crossings of the horizontal (or, with `swap`, vertical) line at `level` [cm] with the group's rings, sorted. */
function crossings(block: Block, group: number, level: number, swap: boolean): number[] {
  const u = swap ? block.y : block.x;
  const v = swap ? block.x : block.y;
  const out: number[] = [];
  for (let r = block.groupRing[group]!; r < block.groupRing[group + 1]!; r++) {
    const begin = block.ringStart[r]!;
    const end = block.ringStart[r + 1]!;
    for (let i = begin, j = end - 1; i < end; j = i++) {
      const a = v[i]!;
      const b = v[j]!;
      if (a > level !== b > level) out.push(u[i]! + ((level - a) / (b - a)) * (u[j]! - u[i]!));
    }
  }
  return out.sort((p, q) => p - q);
}

/** The widest stretch between pairs of crossings, or the one that holds `through`. */
function stretch(cuts: number[], through: number | null): [number, number] | null {
  let best: [number, number] | null = null;
  for (let i = 0; i + 1 < cuts.length; i += 2) {
    const pair: [number, number] = [cuts[i]!, cuts[i + 1]!];
    if (through !== null) {
      if (pair[0] <= through && through <= pair[1]) return pair;
    } else if (best === null || pair[1] - pair[0] > best[1] - best[0]) best = pair;
  }
  return best;
}

/**
 * Where the label of a ring group stands: the middle of the widest stretch among nine cuts across it, moved to the
 * middle of the height that is free there. Unlike the centroid it always lies inside, also in an L or a ring.
 */
export function labelSeat(block: Block, group: number, frame: BlockFrame): Seat | null {
  const box = groupBox(block, group, group + 1, STEPS);
  if (box === null || box.width === 0 || box.height === 0) return null;
  const low = -(box.y + box.height);
  const span = box.height;
  let best: { pair: [number, number]; level: number; score: number } | null = null;
  for (let k = 1; k < 10; k++) {
    const level = low + (span * k) / 10 + 0.5;
    const pair = stretch(crossings(block, group, level, false), null);
    if (pair === null) continue;
    const middle = (pair[0] + pair[1]) / 2;
    const free = stretch(crossings(block, group, middle, true), level);
    if (free === null) continue;
    const score = Math.min(pair[1] - pair[0], 4 * (free[1] - free[0])) - Math.abs(k - 5);
    if (best === null || score > best.score) best = { pair, level, score };
  }
  if (best === null) return null;
  const middle = (best.pair[0] + best.pair[1]) / 2;
  const free = stretch(crossings(block, group, middle, true), best.level) ?? [best.level, best.level];
  const level = (free[0] + free[1]) / 2;
  const across = stretch(crossings(block, group, level, false), middle) ?? best.pair;
  return {
    x: frame.east(middle, level),
    y: -frame.north(middle, level),
    ...upright((across[1] - across[0]) * frame.step, (free[1] - free[0]) * frame.step, frame),
  };
}

/** Width of a text [em]: CJK and full-width characters are one em, others about 0.56. */
export function textWidth(text: string): number {
  let width = 0;
  for (const char of text) width += char.codePointAt(0)! >= 0x2e80 ? 1 : 0.56;
  return width;
}
