// An upright plane through rings: the stretches of the plane that lie inside. Plane times polygon, in the whole steps of
// a building's own frame.

import type { BlockFrame } from '../blockframe.ts';

/** An upright plane seen from a building's frame: distance from it, and the way along it, of a place in steps [m]. */
export interface CutLine {
  distanceU: number;
  distanceV: number;
  distance0: number;
  alongU: number;
  alongV: number;
  along0: number;
}

/** The plane x = at or y = at [m]; the way along it is the other coordinate. */
export function cutLine(axis: 'x' | 'y', at: number, frame: BlockFrame): CutLine {
  const east = [frame.cos * frame.step, -frame.sin * frame.step, frame.x0] as const;
  const north = [frame.sin * frame.step, frame.cos * frame.step, frame.y0] as const;
  const [across, along] = axis === 'x' ? [east, north] : [north, east];
  return { distanceU: across[0], distanceV: across[1], distance0: across[2] - at, alongU: along[0], alongV: along[1], along0: along[2] };
}

/** Rings as flat arrays x0, y0, x1, y1 ... [steps]; the first is the outer one, the others are its holes. */
export type Ring = ArrayLike<number>;

/** Where the plane crosses a ring: ways along it [m], pushed unsorted, an even number. */
function crossings(ring: Ring, line: CutLine, out: number[]): void {
  const n = ring.length;
  if (n < 6) return;
  let x = ring[n - 2]!;
  let y = ring[n - 1]!;
  let before = line.distanceU * x + line.distanceV * y + line.distance0;
  for (let i = 0; i < n; i += 2) {
    const nextX = ring[i]!;
    const nextY = ring[i + 1]!;
    const now = line.distanceU * nextX + line.distanceV * nextY + line.distance0;
    // a corner on the plane counts as before it: each crossing is then counted once
    if (before > 0 !== now > 0) {
      const k = before / (before - now);
      const u = x + k * (nextX - x);
      const v = y + k * (nextY - y);
      out.push(line.alongU * u + line.alongV * v + line.along0);
    }
    x = nextX;
    y = nextY;
    before = now;
  }
}

const found: number[] = [];

/** Calls `each` with every stretch [m] of the plane inside the rings, by the even-odd rule, in order. */
export function stretches(rings: readonly Ring[], line: CutLine, each: (from: number, to: number) => void): void {
  found.length = 0;
  for (const ring of rings) crossings(ring, line, found);
  found.sort(ascending);
  for (let i = 0; i + 1 < found.length; i += 2) if (found[i + 1]! > found[i]!) each(found[i]!, found[i + 1]!);
}

function ascending(a: number, b: number): number {
  return a - b;
}

/** The least and the greatest distance [m] of the points start .. end from the plane, into out[0] and out[1]. */
export function span(x: ArrayLike<number>, y: ArrayLike<number>, start: number, end: number, line: CutLine, out: Float64Array): void {
  let low = Infinity;
  let high = -Infinity;
  for (let i = start; i < end; i++) {
    const d = line.distanceU * x[i]! + line.distanceV * y[i]!;
    if (d < low) low = d;
    if (d > high) high = d;
  }
  out[0] = low + line.distance0;
  out[1] = high + line.distance0;
}
