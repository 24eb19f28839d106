// Which parts of the kept picture change: the screen in tiles, and of each slot the tiles that it is seen in. A few new
// values then cost a few tiles, all of them those with a building, none of them the ground.

import { BufferAttribute, BufferGeometry, DynamicDrawUsage } from 'three';

/** Side of a tile [device pixels]. */
export const TILE = 32;
/** From this share of the words on, to look for what did not change would take longer than to paint it. */
const MANY = 0.2;

export class Tiles {
  /** Squares of the screen, in its coordinates of -1 to 1; the marked ones are drawn. */
  readonly geometry = new BufferGeometry();
  readonly columns: number;
  readonly rows: number;
  private readonly index: BufferAttribute;
  private readonly marked: Uint8Array;
  /** Of each slot the first and last column and row; none: first > last. */
  private readonly boxes: Uint16Array;
  private count = 0;
  /** The tiles that any slot is seen in; null: not asked for since something was learnt. */
  private seen: Uint16Array | null = null;

  constructor(width: number, height: number, slots: number) {
    this.columns = Math.ceil(width / TILE);
    this.rows = Math.ceil(height / TILE);
    const { columns, rows } = this;
    this.marked = new Uint8Array(columns * rows);
    this.boxes = new Uint16Array(4 * slots);
    for (let i = 0; i < this.boxes.length; i += 4) this.boxes[i] = this.boxes[i + 1] = 0xffff;
    const corners = new Float32Array(3 * (columns + 1) * (rows + 1));
    for (let y = 0, at = 0; y <= rows; y++) {
      for (let x = 0; x <= columns; x++, at += 3) {
        corners[at] = (2 * Math.min(width, x * TILE)) / width - 1;
        corners[at + 1] = (2 * Math.min(height, y * TILE)) / height - 1;
      }
    }
    this.geometry.setAttribute('position', new BufferAttribute(corners, 3));
    this.index = new BufferAttribute(new Uint16Array(6 * columns * rows), 1).setUsage(DynamicDrawUsage);
    this.geometry.setIndex(this.index);
    this.unmark();
  }

  get anyMarked(): boolean {
    return this.count > 0;
  }

  /** Takes in what stands in some rows of pixels, from `y` on: a slot each, at every `stride`-th number. */
  learn(slots: Uint32Array, stride: number, width: number, y: number): void {
    const { boxes } = this;
    this.seen = null;
    const most = boxes.length / 4;
    for (let from = 0; from < slots.length; from += stride * width, y++) {
      // a smooth edge takes from its neighbour: a pixel is seen in those beside it too
      const [below, above] = [Math.max(0, y - 1), Math.min(this.rows * TILE - 1, y + 1)].map((v) => (v / TILE) | 0) as [number, number];
      let last = -1;
      for (let px = 0, i = from; px < width; px++, i += stride) {
        const slot = slots[i]!;
        // a slot once on either side of a tile's edge is enough
        if (slot === last && px % TILE > 0 && px % TILE < TILE - 1) continue;
        last = slot;
        if (slot >= most) continue;
        const at = 4 * slot;
        const left = (Math.max(0, px - 1) / TILE) | 0;
        const right = Math.min(this.columns - 1, ((px + 1) / TILE) | 0);
        if (left < boxes[at]!) boxes[at] = left;
        if (below < boxes[at + 1]!) boxes[at + 1] = below;
        if (right > boxes[at + 2]!) boxes[at + 2] = right;
        if (above > boxes[at + 3]!) boxes[at + 3] = above;
      }
    }
  }

  /** The tiles that a slot is seen in are to be painted. */
  mark(slot: number): void {
    const { boxes, columns, marked } = this;
    const at = 4 * slot;
    if (at >= boxes.length) return;
    for (let y = boxes[at + 1]!; y <= boxes[at + 3]!; y++) {
      for (let x = boxes[at]!; x <= boxes[at + 2]!; x++) {
        if (marked[y * columns + x] === 1) continue;
        marked[y * columns + x] = 1;
        this.add(x, y);
      }
    }
  }

  /** The tiles that any slot is seen in are to be painted: all others show what no value changes. */
  markSeen(): void {
    if (this.seen === null) {
      for (let slot = 0; 4 * slot < this.boxes.length; slot++) this.mark(slot);
      this.seen = (this.index.array as Uint16Array).slice(0, 6 * this.count);
    }
    (this.index.array as Uint16Array).set(this.seen);
    this.count = this.seen.length / 6;
  }

  /** Marks the slots that differ between two arrays of bytes, four to a word; false when so many do that it left off. */
  compare(now: Uint32Array, painted: Uint32Array): boolean {
    let words = 0;
    for (let w = 0; w < now.length; w++) if (now[w] !== painted[w]) words++;
    if (words > MANY * now.length) return false;
    for (let w = 0; words > 0 && w < now.length; w++) {
      const different = now[w]! ^ painted[w]!;
      if (different === 0) continue;
      words--;
      for (let k = 0; k < 4; k++) if ((different >>> (8 * k)) & 0xff) this.mark(4 * w + k);
    }
    return true;
  }

  private add(x: number, y: number): void {
    const corner = y * (this.columns + 1) + x;
    const above = corner + this.columns + 1;
    (this.index.array as Uint16Array).set([corner, corner + 1, above + 1, corner, above + 1, above], 6 * this.count++);
  }

  /** What is marked becomes what the geometry draws. */
  flush(): void {
    this.geometry.setDrawRange(0, 6 * this.count);
    this.index.clearUpdateRanges();
    this.index.addUpdateRange(0, 6 * this.count);
    this.index.needsUpdate = true;
  }

  unmark(): void {
    this.count = 0;
    this.marked.fill(0);
  }

  dispose(): void {
    this.geometry.dispose();
  }
}
