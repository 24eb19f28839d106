// Names of places that stand close together: each steps aside until it lies on no other.

export interface NameBox {
  /** Middle of its near edge [px], and its size. */
  x: number;
  y: number;
  width: number;
  height: number;
  /** It stands above its place; else below. */
  up: boolean;
}

const GAP = 2;

/**
 * How far each name moves away from its place [px], down positive; the leftmost stays where it is. One that would leave the
 * picture of a height moves to the other side.
 */
export function apart(boxes: readonly NameBox[], bottom: number): number[] {
  const moves = boxes.map(() => 0);
  const placed: [number, number, number, number][] = [];
  const order = boxes.map((_, k) => k).sort((a, b) => boxes[a]!.x - boxes[b]!.x || a - b);
  for (const k of order) {
    const { x, y, width, height, up } = boxes[k]!;
    const [left, right] = [x - width / 2 - GAP, x + width / 2 + GAP];
    let top = up ? y - height : y;
    const begin = top;
    for (const rising of [up, !up]) {
      top = begin;
      for (let tries = 0; tries <= placed.length; tries++) {
        const on = placed.find(([l, t, r, b]) => left < r && l < right && top < b && t < top + height);
        if (!on) break;
        top = rising ? on[1] - height : on[3];
      }
      if (top === begin || (top >= 0 && top + height <= bottom)) break;
    }
    moves[k] = top - begin;
    placed.push([left, top, right, top + height]);
  }
  return moves;
}
