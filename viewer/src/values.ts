// The latest values of every slot, as frames tell them: what the view shows, what goes on unseen while it shows the past,
// and the other of two moments.

import { FLAG_STALE, type Frame, FrameKind, NO_VALUE, QUALITY, QUALITY_NONE, STEPS } from './frame.ts';
import type { SceneIndex } from './scene.ts';

/** Bytes of slots are kept in whole rows of the state textures. */
export const STATE_WIDTH = 256;

/** Whether slots follow each other without a gap. */
function isRun(slots: Uint32Array): boolean {
  const first = slots[0] ?? 0;
  for (let i = 1; i < slots.length; i++) if (slots[i] !== first + i) return false;
  return slots.length > 0;
}

/** Bytes that a state texture has for so many slots. */
export function paddedSize(slots: number): number {
  return Math.max(1, Math.ceil(slots / STATE_WIDTH)) * STATE_WIDTH;
}

export class SlotValues {
  /** Latest wire value and flags of each slot, and when it was last named [s since the page began]. */
  readonly raw: Uint16Array;
  readonly wireFlags: Uint8Array;
  readonly seen: Float32Array;
  /** Totals of campus, buildings, storeys. */
  readonly total: Float32Array;
  readonly have: Uint16Array;
  readonly of: Uint16Array;
  readonly age: Uint16Array;
  low = 0;
  high = 1;
  seq = 0;
  protected readonly index: SceneIndex;

  constructor(index: SceneIndex) {
    this.index = index;
    this.raw = new Uint16Array(index.slots).fill(NO_VALUE);
    this.wireFlags = new Uint8Array(paddedSize(index.slots)).subarray(0, index.slots).fill(QUALITY_NONE);
    this.seen = new Float32Array(index.slots);
    const totals = index.firstSpace;
    this.total = new Float32Array(totals).fill(Number.NaN);
    this.have = new Uint16Array(totals);
    this.of = new Uint16Array(totals);
    this.age = new Uint16Array(totals).fill(NO_VALUE);
  }

  /** The value of a slot in the channel's unit; NaN for none. */
  number(slot: number): number {
    if (slot < this.index.firstSpace) return this.total[slot]!;
    const raw = this.raw[slot]!;
    return raw === NO_VALUE ? Number.NaN : this.low + (raw / STEPS) * (this.high - this.low);
  }

  /** Forgets every value, as when the channel changes. */
  clear(): void {
    this.raw.fill(NO_VALUE);
    this.wireFlags.fill(QUALITY_NONE);
    this.total.fill(Number.NaN);
    this.have.fill(0);
    this.of.fill(0);
    this.age.fill(NO_VALUE);
  }

  /** Takes every value of another over. */
  copy(from: SlotValues): void {
    for (const name of ['raw', 'wireFlags', 'seen', 'total', 'have', 'of', 'age'] as const) this[name].set(from[name]);
    this.low = from.low;
    this.high = from.high;
    this.seq = from.seq;
  }

  /** Takes a keyframe or delta over; `now` [s since the page began]. */
  apply(frame: Frame, now: number): void {
    if (frame.kind === FrameKind.Keyframe) this.clear();
    this.low = frame.low;
    this.high = frame.high;
    this.seq = frame.seq;
    this.takeLeaves(frame, now);
    const { totalSlot } = frame;
    for (let i = 0; i < totalSlot.length; i++) {
      const slot = totalSlot[i]!;
      if (slot >= this.total.length) continue;
      this.total[slot] = frame.totalValue[i]!;
      this.have[slot] = frame.have[i]!;
      this.of[slot] = frame.of[i]!;
      this.age[slot] = frame.age[i]!;
      this.wireFlags[slot] = frame.totalFlags[i]!;
      this.seen[slot] = now;
    }
  }

  private takeLeaves({ leafSlot, leafValue, leafFlags }: Frame, now: number): void {
    const first = leafSlot[0] ?? 0;
    const slots = this.raw.length;
    if (first + leafSlot.length <= slots && isRun(leafSlot)) {
      // a keyframe of a campus that is metered throughout: three copies
      this.raw.set(leafValue, first);
      this.wireFlags.set(leafFlags, first);
      this.seen.fill(now, first, first + leafSlot.length);
      return;
    }
    for (let i = 0; i < leafSlot.length; i++) {
      const slot = leafSlot[i]!;
      if (slot >= slots) continue;
      this.raw[slot] = leafValue[i]!;
      this.wireFlags[slot] = leafFlags[i]!;
      this.seen[slot] = now;
    }
  }

  /** Marks every value stale: the feed is down. */
  markStale(): void {
    for (let i = 0; i < this.wireFlags.length; i++) {
      if ((this.wireFlags[i]! & QUALITY) !== QUALITY_NONE) this.wireFlags[i] = this.wireFlags[i]! | FLAG_STALE;
    }
  }
}
