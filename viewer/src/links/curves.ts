// Lines over the campus: from each roof up and in a gentle arc to the building where most of them end. Neighbours that come
// from the same side share a trunk before they arrive, so that fifty lines read as a few streams.

import type { LinkEnd, LinkRow, Place } from './model.ts';

/** Four control points, x, y, z each [m]. */
export type Curve = Float64Array;

/** Lines that come from within this angle of each other run together [rad]. */
const TOGETHER = 0.42;
/** A building needs this many lines to be what they are bundled around. */
const LEAST_HUB = 3;
const STAND = 16;

export interface Arc {
  line: LinkRow;
  curve: Curve;
  /** About [m]. */
  length: number;
}

export interface Arcs {
  arcs: Arc[];
  /** Where the bundle meets, and the roof under it. */
  stems: [Place, Place][];
}

/** The point of a curve at t, into `out`. */
export function pointAt(c: ArrayLike<number>, t: number, out: Float64Array): Float64Array {
  const u = 1 - t;
  const [a, b, d, e] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
  for (let i = 0; i < 3; i++) out[i] = a * c[i]! + b * c[3 + i]! + d * c[6 + i]! + e * c[9 + i]!;
  return out;
}

export function lengthOf(curve: Curve): number {
  let sum = 0;
  for (let k = 0; k < 12; k++) {
    pointAt(curve, k / 12, from);
    pointAt(curve, (k + 1) / 12, to);
    sum += Math.hypot(to[0]! - from[0]!, to[1]! - from[1]!, to[2]! - from[2]!);
  }
  return sum;
}

/** The arcs of lines whose ends have a seat. */
export function arcsOf(lines: readonly LinkRow[], seatOf: (end: LinkEnd) => Place | null): Arcs {
  const seated = lines.flatMap((line) => {
    const [lower, upper] = [seatOf(line.lower), seatOf(line.upper)];
    return lower && upper ? [{ line, lower, upper }] : [];
  });
  const counts = new Map<string, number>();
  for (const { line } of seated) for (const end of [line.lower, line.upper]) counts.set(end.id, (counts.get(end.id) ?? 0) + 1);
  const hubs = new Map<string, Place>();
  const arcs: Arc[] = [];
  const bundles = new Map<string, { line: LinkRow; far: Place; out: boolean }[]>();
  for (const { line, lower, upper } of seated) {
    const [nl, nu] = [counts.get(line.lower.id)!, counts.get(line.upper.id)!];
    const up = nu >= nl;
    const hub = up ? line.upper : line.lower;
    if (Math.max(nl, nu) < LEAST_HUB || hub.outside) {
      arcs.push(single(line, lower, upper));
      continue;
    }
    hubs.set(hub.id, up ? upper : lower);
    const rows = bundles.get(hub.id) ?? [];
    rows.push({ line, far: up ? lower : upper, out: (up ? line.lower : line.upper).outside });
    bundles.set(hub.id, rows);
  }
  const stems: [Place, Place][] = [];
  for (const [id, rows] of bundles) {
    const roof = hubs.get(id)!;
    const top: Place = [roof[0], roof[1], Math.max(roof[2] + STAND, 46)];
    stems.push([top, roof]);
    bundle(rows, top, arcs);
  }
  return { arcs, stems };
}

function single(line: LinkRow, a: Place, b: Place): Arc {
  const far = Math.hypot(b[0] - a[0], b[1] - a[1]);
  const height = Math.max(a[2], b[2]) + STAND + 0.12 * far;
  const curve = Float64Array.of(...a, a[0] + 0.15 * (b[0] - a[0]), a[1] + 0.15 * (b[1] - a[1]), height, b[0] - 0.15 * (b[0] - a[0]), b[1] - 0.15 * (b[1] - a[1]), height, ...b);
  return { line, curve, length: lengthOf(curve) };
}

/** Lines to one place: sorted by where they come from, cut where there is a gap, each part sharing its last stretch. */
function bundle(rows: { line: LinkRow; far: Place; out: boolean }[], top: Place, arcs: Arc[]): void {
  const placed = rows.map((row) => {
    const [dx, dy] = [row.far[0] - top[0], row.far[1] - top[1]];
    return { ...row, angle: Math.atan2(dy, dx), far2: Math.hypot(dx, dy) };
  });
  placed.sort((a, b) => Number(a.out) - Number(b.out) || a.angle - b.angle);
  for (let i = 0; i < placed.length; ) {
    let j = i + 1;
    while (j < placed.length && placed[j]!.out === placed[i]!.out && placed[j]!.angle - placed[i]!.angle < TOGETHER) j++;
    const part = placed.slice(i, j);
    // the far ones weigh more: it is they that run along the trunk
    const [sx, sy] = part.reduce(([x, y], p) => [x + Math.cos(p.angle) * p.far2, y + Math.sin(p.angle) * p.far2], [0, 0]);
    const middle = Math.atan2(sy!, sx!);
    for (const p of part) arcs.push(bundled(p.line, p.far, p.far2, p.out, middle, top));
    i = j;
  }
}

function bundled(line: LinkRow, far: Place, distance: number, out: boolean, middle: number, top: Place): Arc {
  const rise = Math.max(far[2], top[2]) + 0.07 * distance;
  const trunk = 0.55 * distance;
  const [cx, cy] = [top[0] + Math.cos(middle) * trunk, top[1] + Math.sin(middle) * trunk];
  // from a roof it leaves upright; what comes from beyond the campus comes level
  const lean = out ? 0.35 : 0.1;
  const curve = Float64Array.of(
    ...far, far[0] + lean * (cx - far[0]), far[1] + lean * (cy - far[1]), out ? far[2] + 10 : rise,
    cx, cy, top[2] + 0.06 * distance, ...top,
  ); // prettier-ignore
  return { line, curve, length: lengthOf(curve) };
}

const from = new Float64Array(3);
const to = new Float64Array(3);
