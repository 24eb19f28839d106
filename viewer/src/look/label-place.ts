// Which labels are shown, and where: greedy by rank, no label on another, none half outside the picture.

/** A label that wants a place; the anchor in pixels from the picture's upper left corner. */
export interface Wish {
  /** The higher, the sooner. */
  rank: number;
  x: number;
  y: number;
  width: number;
  height: number;
  /** Lifts [pixels] that are tried in turn: the label stands so far above its anchor, below it when negative, on it at 0. */
  lifts: readonly number[];
  /** Whether the label keeps clear of the obstacles, too; where that leaves no place it stands on one rather than nowhere. */
  clear?: boolean;
  /** Without a leader: something that stands on the anchor leads to it. */
  bare?: boolean;
}

export interface Placed {
  wish: number;
  /** Upper left corner. */
  x: number;
  y: number;
  lift: number;
}

function overlaps(o: readonly number[], x: number, y: number, w: number, h: number): boolean {
  return x < o[0]! + o[2]! && o[0]! < x + w && y < o[1]! + o[3]! && o[1]! < y + h;
}

/** Upper edge of a label at a lift. */
function above(wish: Wish, lift: number): number {
  return lift === 0 ? wish.y - wish.height / 2 : lift > 0 ? wish.y - lift - wish.height : wish.y - lift;
}

/** Upper end and length of its leader. */
function leader(wish: Wish, lift: number): [number, number] {
  return lift > 0 ? [above(wish, lift) + wish.height, lift] : [wish.y, -lift];
}

const CELL = 64;
/** Free space round a label [pixels]. */
const GAP = 4;

/**
 * Places at most `most` wishes; `taken` are rectangles [x, y, width, height] that must stay free of every label and
 * leader, `obstacles` those that labels with `clear` keep off.
 */
export function placeLabels(
  wishes: readonly Wish[], width: number, height: number, most: number,
  taken: readonly (readonly number[])[] = [], obstacles: readonly (readonly number[])[] = [],
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
    const fits = (lift: number, clear: boolean): boolean => {
      const y = above(wish, lift);
      if (x < 0 || y < 0 || x + wish.width > width || y + wish.height > height) return false;
      if (hits(x - GAP, y - GAP, wish.width + 2 * GAP, wish.height + 2 * GAP)) return false;
      if (clear && obstacles.some((o) => overlaps(o, x, y, wish.width, wish.height))) return false;
      const [top, tall] = leader(wish, lift);
      return lift === 0 || wish.bare === true || !hits(wish.x - 2, top + 2, 4, tall - 4);
    };
    const lift = wish.lifts.find((one) => fits(one, wish.clear === true)) ?? (wish.clear ? wish.lifts.find((one) => fits(one, false)) : undefined);
    if (lift === undefined) continue;
    const y = above(wish, lift);
    keep(x, y, wish.width, wish.height);
    const [top, tall] = leader(wish, lift);
    if (lift !== 0 && !wish.bare) keep(wish.x - 2, top, 4, tall);
    placed.push({ wish: i, x, y, lift });
  }
  return placed;
}
