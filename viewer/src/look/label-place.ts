// Which labels are shown, and where: greedy by rank, no label on another, none half outside the picture.

/** A label that wants a place; the anchor in pixels from the picture's upper left corner. */
export interface Wish {
  /** The higher, the sooner. */
  rank: number;
  x: number;
  y: number;
  width: number;
  height: number;
  /** Lifts [pixels] that are tried in turn: the label's lower edge stands so far above its anchor; 0 centres it there. */
  lifts: readonly number[];
}

export interface Placed {
  wish: number;
  /** Upper left corner. */
  x: number;
  y: number;
  lift: number;
}

const CELL = 64;
/** Free space round a label [pixels]. */
const GAP = 4;

/** Places at most `most` wishes; `taken` are rectangles [x, y, width, height] that must stay free. */
export function placeLabels(
  wishes: readonly Wish[], width: number, height: number, most: number, taken: readonly (readonly number[])[] = [],
): Placed[] {
  const grid = new Map<number, number[]>();
  const boxes: number[] = [];
  const columns = Math.ceil(width / CELL) + 2;
  const cells = (x: number, y: number, w: number, h: number, visit: (key: number) => boolean): boolean => {
    for (let cy = Math.floor(y / CELL); cy <= Math.floor((y + h) / CELL); cy++) {
      for (let cx = Math.floor(x / CELL); cx <= Math.floor((x + w) / CELL); cx++) {
        if (visit((cy + 1) * columns + cx + 1)) return true;
      }
    }
    return false;
  };
  const hits = (x: number, y: number, w: number, h: number): boolean =>
    cells(x, y, w, h, (key) => {
      for (const b of grid.get(key) ?? []) {
        if (x < boxes[b + 2]! && boxes[b]! < x + w && y < boxes[b + 3]! && boxes[b + 1]! < y + h) return true;
      }
      return false;
    });
  const keep = (x: number, y: number, w: number, h: number): void => {
    const at = boxes.push(x, y, x + w, y + h) - 4;
    cells(x, y, w, h, (key) => {
      const list = grid.get(key);
      if (list) list.push(at);
      else grid.set(key, [at]);
      return false;
    });
  };
  for (const [x, y, w, h] of taken as readonly [number, number, number, number][]) keep(x, y, w, h);
  const order = wishes.map((_, i) => i).sort((a, b) => wishes[b]!.rank - wishes[a]!.rank || a - b);
  const placed: Placed[] = [];
  for (const i of order) {
    if (placed.length >= most) break;
    const wish = wishes[i]!;
    const x = wish.x - wish.width / 2;
    for (const lift of wish.lifts) {
      const y = lift === 0 ? wish.y - wish.height / 2 : wish.y - lift - wish.height;
      if (x < 0 || y < 0 || x + wish.width > width || y + wish.height > height) continue;
      if (hits(x - GAP, y - GAP, wish.width + 2 * GAP, wish.height + 2 * GAP)) continue;
      keep(x, y, wish.width, wish.height);
      placed.push({ wish: i, x, y, lift });
      break;
    }
  }
  return placed;
}
