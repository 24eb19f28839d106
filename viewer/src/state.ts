// What is known of each slot, and how the GPU sees it: one byte of value and one of flags a slot, each in an R8 texture,
// and a palette of 256 colours. A full recolour uploads one byte a space; a change of palette 1 kB.

import { DataTexture, NearestFilter, RedFormat, RGBAFormat, SRGBColorSpace, UnsignedByteType } from 'three';
import { FLAG_SIMULATED, FLAG_STALE, type Frame, FrameKind, NO_VALUE, QUALITY, QUALITY_NONE, STEPS } from './frame.ts';
import { FLAG_DERIVED } from './pack.ts';
import type { Legend, Lens } from './props.ts';
import { classOf, middleByte, plainByte, Ramp } from './ramp.ts';
import type { SceneIndex } from './scene.ts';
import { bytes, type Tokens } from './tokens.ts';

// Narrow, so that the padding of the last row stays under a percent of an upload.
export const STATE_WIDTH = 256;
/** Bit of the GPU's flags: the room's outline was derived, not drawn. */
export const GPU_DERIVED = 0x80;
/** Values of the display byte under the trust lens. */
export const Trust = { none: 0, fresh: 1, late: 2, stale: 3, simulated: 4 } as const;

/** How good a value is, as a class of the trust lens. */
export function trustByte(value: number, flags: number): number {
  const quality = flags & QUALITY;
  if (quality === QUALITY_NONE || (value === NO_VALUE && (flags & FLAG_STALE) === 0)) return Trust.none;
  if ((flags & FLAG_STALE) !== 0 || quality === 2) return Trust.stale;
  if ((flags & FLAG_SIMULATED) !== 0) return Trust.simulated;
  return quality === 1 ? Trust.late : Trust.fresh;
}

function single(data: Uint8Array<ArrayBuffer>, width: number, height: number): DataTexture {
  const texture = new DataTexture(data, width, height, RedFormat, UnsignedByteType);
  texture.minFilter = texture.magFilter = NearestFilter;
  texture.unpackAlignment = 1;
  texture.needsUpdate = true;
  return texture;
}

/** Whether slots follow each other without a gap. */
function isRun(slots: Uint32Array): boolean {
  const first = slots[0] ?? 0;
  for (let i = 1; i < slots.length; i++) if (slots[i] !== first + i) return false;
  return slots.length > 0;
}

/** Flags by slot, four to a word; all arrays begin on a word of their buffers, and these end on one. */
class FlagWords {
  private readonly wire: Uint8Array;
  private readonly own: Uint8Array;
  private readonly out: Uint8Array;
  private readonly words: Uint32Array[];
  /** Bits that any slot had when they were last merged. */
  any = 0;

  constructor(wire: Uint8Array, own: Uint8Array, out: Uint8Array) {
    this.wire = wire;
    this.own = own;
    this.out = out;
    this.words = [wire, own, out].map((a) => new Uint32Array(a.buffer, a.byteOffset, (wire.length + 3) >> 2));
  }

  /** Writes `wire & bits | own` to `out` from slot `from` on; answers whether anything changed. */
  merge(bits: number, from: number): boolean {
    const { wire, own, out } = this;
    const [wires, owns, outs] = this.words as [Uint32Array, Uint32Array, Uint32Array];
    const word = bits * 0x01010101;
    const aligned = Math.min(wire.length, (from + 3) & ~3);
    let changed = 0;
    let any = 0;
    for (let i = from; i < aligned; i++) {
      const known = (wire[i]! & bits) | own[i]!;
      changed |= out[i]! ^ known;
      any |= known;
      out[i] = known;
    }
    for (let i = aligned >> 2; i < outs.length; i++) {
      const known = (wires[i]! & word) | owns[i]!;
      changed |= outs[i]! ^ known;
      any |= known;
      outs[i] = known;
    }
    any |= any >>> 16;
    this.any = (any | (any >>> 8)) & 0xff;
    return changed !== 0;
  }
}

export class SpaceState {
  readonly value: DataTexture;
  readonly previous: DataTexture;
  readonly flags: DataTexture;
  readonly palette: DataTexture;
  /** Latest wire value and flags of each slot, and when it was last named [s since the page began]. */
  readonly raw: Uint16Array;
  readonly wireFlags: Uint8Array;
  readonly seen: Float32Array;
  /** Totals of campus, buildings, storeys. */
  readonly total: Float32Array;
  readonly have: Uint16Array;
  readonly of: Uint16Array;
  readonly age: Uint16Array;
  /** Area of each slot [m2]; storeys and buildings that of their rooms; 0 unknown. */
  readonly area: Float32Array;
  /** One over the area [1/m2]; NaN unknown. */
  private readonly weight: Float32Array;
  /** The greatest weight there ever was. */
  private heaviest = 0;
  low = 0;
  high = 1;
  seq = 0;
  /** Server's clock minus the page's [ms]. */
  clockOffset = 0;
  private readonly index: SceneIndex;
  private readonly shown: Uint8Array<ArrayBuffer>;
  private readonly shownFlags: Uint8Array<ArrayBuffer>;
  private readonly before: Uint8Array<ArrayBuffer>;
  private readonly colours = new Uint8Array(256 * 2 * 4);
  private readonly geometryFlags: Uint8Array;
  private readonly flagWords: FlagWords;
  private ramp: Ramp | null = null;
  private lens: Lens = 'data';
  private active = false;

  constructor(index: SceneIndex) {
    this.index = index;
    const rows = Math.max(1, Math.ceil(index.slots / STATE_WIDTH));
    const size = rows * STATE_WIDTH;
    this.shown = new Uint8Array(size);
    this.shownFlags = new Uint8Array(size);
    this.before = new Uint8Array(size);
    this.value = single(this.shown, STATE_WIDTH, rows);
    this.previous = single(this.before, STATE_WIDTH, rows);
    this.flags = single(this.shownFlags, STATE_WIDTH, rows);
    this.palette = new DataTexture(this.colours, 256, 2, RGBAFormat, UnsignedByteType);
    this.palette.colorSpace = SRGBColorSpace;
    this.palette.minFilter = this.palette.magFilter = NearestFilter;
    this.raw = new Uint16Array(index.slots).fill(NO_VALUE);
    this.wireFlags = new Uint8Array(size).subarray(0, index.slots).fill(QUALITY_NONE);
    this.seen = new Float32Array(index.slots);
    const totals = index.firstSpace;
    this.total = new Float32Array(totals).fill(Number.NaN);
    this.have = new Uint16Array(totals);
    this.of = new Uint16Array(totals);
    this.age = new Uint16Array(totals).fill(NO_VALUE);
    this.area = new Float32Array(index.slots);
    this.weight = new Float32Array(index.slots).fill(Number.NaN);
    this.geometryFlags = new Uint8Array(size).subarray(0, index.slots);
    this.flagWords = new FlagWords(this.wireFlags, this.geometryFlags, this.shownFlags);
  }

  /** What is shown of a slot now: 0 no value, else 1..255 (under the trust lens a class). */
  shownByte(slot: number): number {
    return this.shown[slot] ?? 0;
  }

  /** Takes over a building's room flags (derived rooms get their own pattern) and areas [m2]. */
  setGeometry(building: number, flags: Uint8Array, areas: ArrayLike<number>): void {
    const first = this.index.firstSpace + this.index.file.buildings[building]!.spaces[0];
    for (let k = 0; k < flags.length; k++) this.geometryFlags[first + k] = flags[k]! & FLAG_DERIVED ? GPU_DERIVED : 0;
    for (let k = 0; k < areas.length; k++) this.putArea(first + k, areas[k]!);
    this.sumAreas(building);
  }

  /** Areas of all spaces [m2, null unknown], as the labels file tells them. */
  setAreas(areas: readonly (number | null)[]): void {
    for (let k = 0; k < areas.length; k++) this.putArea(this.index.firstSpace + k, areas[k] ?? 0);
    for (let b = 0; b < this.index.buildings; b++) this.sumAreas(b);
  }

  private putArea(slot: number, area: number): void {
    this.area[slot] = area;
    this.weight[slot] = area > 0 ? 1 / area : Number.NaN;
    if (area > 0 && 1 / area > this.heaviest) this.heaviest = 1 / area;
  }

  /** Storeys and the building have the area of their rooms. */
  private sumAreas(building: number): void {
    const { area, index } = this;
    const [first, count] = index.file.buildings[building]!.storeys;
    let whole = 0;
    for (let j = first; j < first + count; j++) {
      const [space, spaces] = index.file.storeys.spaces[j]!;
      let sum = 0;
      for (let k = 0; k < spaces; k++) sum += area[index.firstSpace + space + k]!;
      area[index.storeySlot(j)] = sum;
      whole += sum;
    }
    area[0] = area[0]! + whole - area[1 + building]!;
    area[1 + building] = whole;
  }

  /** The value of a slot in the channel's unit; NaN for none. */
  number(slot: number): number {
    if (slot < this.index.firstSpace) return this.total[slot]!;
    const raw = this.raw[slot]!;
    return raw === NO_VALUE ? Number.NaN : this.low + (raw / STEPS) * (this.high - this.low);
  }

  /** Class 0..6 of a slot's number on the ramp, whatever the lens; -1 without a number or a ramp. */
  step(slot: number): number {
    if (this.ramp === null) return -1;
    const byte = this.ramp.byte(this.ramp.number(this.number(slot), this.area[slot]!));
    return byte === 0 ? -1 : classOf(byte);
  }

  /** Whether a channel is shown; without one the campus is clay. */
  setActive(active: boolean): void {
    this.active = active;
  }

  setLens(lens: Lens): void {
    this.lens = lens;
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

  /** Display bytes from values; the textures follow with the next frame. Allocates nothing. */
  refresh(): void {
    const { shown, raw, wireFlags, active, ramp } = this;
    const first = this.index.firstSpace;
    const trust = this.lens === 'trust';
    if (!active) shown.fill(0);
    else if (trust) for (let i = first; i < raw.length; i++) shown[i] = trustByte(raw[i]!, wireFlags[i]!);
    else if (ramp) ramp.paint(raw, this.weight, this.heaviest, first, this.low, (this.high - this.low) / STEPS, shown);
    else for (let i = first; i < raw.length; i++) shown[i] = plainByte(raw[i]!);
    let flagged = this.flagWords.merge(active ? 0x7f : 0, first);
    if (this.refreshTotals(trust)) flagged = true;
    this.value.needsUpdate = true;
    // Most frames change values and no flags: then one byte a space goes to the GPU, not two.
    if (flagged) this.flags.needsUpdate = true;
  }

  /**
   * Storeys show the mean of their rooms (under the trust lens the worst), buildings that of their storeys. Answers
   * whether any flags changed.
   */
  private refreshTotals(trust: boolean): boolean {
    const { shown, shownFlags, index } = this;
    let flagged = shownFlags[0] !== 0;
    const ranges = index.file.storeys.spaces;
    for (let j = 0; j < ranges.length; j++) {
      const first = index.firstSpace + ranges[j]![0];
      if (this.summarise(index.storeySlot(j), first, ranges[j]![1], trust)) flagged = true;
    }
    for (let b = 0; b < index.buildings; b++) {
      const [first, count] = index.file.buildings[b]!.storeys;
      if (this.summarise(1 + b, index.storeySlot(first), count, trust)) flagged = true;
    }
    shown[0] = 0;
    shownFlags[0] = 0;
    return flagged;
  }

  private summarise(slot: number, first: number, count: number, trust: boolean): boolean {
    const { shown, shownFlags } = this;
    // A total a square metre is the truth of a storey; of other quantities its colour is the mean of its rooms'.
    const own = !trust && this.ramp && this.ramp.perArea !== 0 ? this.step(slot) : -1;
    let sum = 0;
    let worst = 0;
    let n = 0;
    let stale = FLAG_STALE;
    if (!trust && own < 0 && (this.flagWords.any & FLAG_STALE) === 0) {
      // nothing is stale: a sum is all there is to do, and this is done for every room of every frame
      stale = 0;
      for (let i = first; i < first + count; i++) {
        const value = shown[i]!;
        sum += value;
        n += value === 0 ? 0 : 1;
      }
    } else for (let i = first; i < first + count; i++) {
      const value = shown[i]!;
      if (value === 0) continue;
      sum += value;
      if (value > worst) worst = value;
      stale &= shownFlags[i]!;
      n++;
      // with a colour of its own one room with a value that is not stale says all
      if (own >= 0 && stale === 0) break;
    }
    shown[slot] = n === 0 ? 0 : trust ? worst : own >= 0 ? middleByte(own) : Math.round(sum / n);
    const known = !this.active ? 0 : n === 0 ? QUALITY_NONE : stale;
    const changed = shownFlags[slot] !== known;
    shownFlags[slot] = known;
    return changed;
  }

  /** Keeps what is shown now as the start of a cross-fade. */
  rememberShown(): void {
    this.before.set(this.shown);
    this.previous.needsUpdate = true;
    this.colours.copyWithin(256 * 4, 0, 256 * 4);
    this.palette.needsUpdate = true;
  }

  /** Colours of the display bytes; bytes of no data get clay. */
  setPalette(tokens: Tokens, legend: Legend | null): void {
    this.ramp = legend ? new Ramp(legend) : null;
    const put = (at: number, hex: string): void => {
      const [r, g, b] = bytes(hex);
      this.colours.set([r, g, b, 255], at * 4);
    };
    put(0, tokens.hex.clay);
    const { ramp, trust } = tokens.hex;
    if (this.lens === 'trust') {
      put(Trust.fresh, trust.fresh);
      put(Trust.late, trust.late);
      put(Trust.stale, trust.stale);
      put(Trust.simulated, trust.simulated);
    } else {
      for (let i = 1; i < 256; i++) {
        put(i, ramp[classOf(i)] ?? tokens.hex.clay);
      }
    }
    this.palette.needsUpdate = true;
  }

  dispose(): void {
    for (const texture of [this.value, this.previous, this.flags, this.palette]) texture.dispose();
  }
}
