// What a bundle of directed segments encloses, as trapezoids: the cut of closed bodies is a set of loops with the solid
// on their left, which may overlap where bodies do. Bands between neighbouring corners, winding numbers along each.

/** Four numbers a segment: from (x, y) to (x, y), the solid on its left. */
export type Segments = readonly number[];

/** A stretch between two segments that goes on from band to band. */
interface Span {
  left: number;
  right: number;
  from: number;
  to: number;
}

/** Heights nearer than this are one [the segments' unit, m]. */
const SNAP = 1e-3;

/** The corners of a trapezoid between two heights: the left edge at the lower and upper one, then the right edge. */
export type Emit = (low: number, high: number, leftLow: number, leftHigh: number, rightLow: number, rightHigh: number) => void;

/** x of a segment at a height. */
function at(s: Segments, i: number, y: number): number {
  const y0 = s[i + 1]!;
  const y1 = s[i + 3]!;
  return s[i]! + ((y - y0) / (y1 - y0)) * (s[i + 2]! - s[i]!);
}

/** Calls `emit` with trapezoids that fill what the segments enclose (winding number not 0); bands with a gap are skipped. */
export function fill(s: Segments, emit: Emit): void {
  const rising = upright(s);
  const levels = heights(s, rising);
  const order = rising.sort((a, b) => lowOf(s, a) - lowOf(s, b));
  let next = 0;
  let active: number[] = [];
  let open: Span[] = [];
  for (let band = 0; band + 1 < levels.length; band++) {
    const [low, high] = [levels[band]!, levels[band + 1]!];
    const middle = (low + high) / 2;
    while (next < order.length && lowOf(s, order[next]!) <= middle) active.push(order[next++]!);
    active = active.filter((i) => highOf(s, i) > middle);
    open = follow(s, spans(s, active, middle), open, low, high, emit);
  }
  close(s, open, emit);
}

const lowOf = (s: Segments, i: number): number => Math.min(s[i + 1]!, s[i + 3]!);
const highOf = (s: Segments, i: number): number => Math.max(s[i + 1]!, s[i + 3]!);

/** Offsets of the segments that are not level. */
function upright(s: Segments): number[] {
  const found: number[] = [];
  for (let i = 0; i + 3 < s.length; i += 4) if (Math.abs(s[i + 3]! - s[i + 1]!) > SNAP) found.push(i);
  return found;
}

/** The heights of all corners, each once. */
function heights(s: Segments, segments: readonly number[]): number[] {
  const all = segments.flatMap((i) => [s[i + 1]!, s[i + 3]!]).sort((a, b) => a - b);
  return all.filter((y, i) => i === 0 || y - all[i - 1]! > SNAP);
}

/** Pairs of segments between which a band is solid, from left to right. */
function spans(s: Segments, active: readonly number[], y: number): [number, number][] {
  const crossing = active.map((i) => ({ i, x: at(s, i, y), turn: s[i + 3]! > s[i + 1]! ? -1 : 1 })).sort((a, b) => a.x - b.x);
  const found: [number, number][] = [];
  let winding = 0;
  let left = 0;
  for (const { i, turn } of crossing) {
    if (winding === 0) left = i;
    winding += turn;
    if (winding === 0) found.push([left, i]);
  }
  if (winding === 0) return found;
  // Faces that look the wrong way happen in models: then in and out by turns. With one too many nothing can be said.
  if (crossing.length % 2 !== 0) return [];
  return Array.from({ length: crossing.length / 2 }, (_, k) => [crossing[2 * k]!.i, crossing[2 * k + 1]!.i]);
}

/** Spans that go on between the same two segments grow; the others are drawn and new ones begin. */
function follow(s: Segments, now: readonly [number, number][], open: readonly Span[], low: number, high: number, emit: Emit): Span[] {
  const kept = new Set<Span>();
  const next = now.map(([left, right]) => {
    const known = open.find((o) => o.left === left && o.right === right && o.to === low);
    if (known === undefined) return { left, right, from: low, to: high };
    known.to = high;
    kept.add(known);
    return known;
  });
  close(s, open.filter((o) => !kept.has(o)), emit);
  return next;
}

function close(s: Segments, spans_: readonly Span[], emit: Emit): void {
  for (const { left, right, from, to } of spans_) {
    emit(from, to, at(s, left, from), at(s, left, to), at(s, right, from), at(s, right, to));
  }
}
