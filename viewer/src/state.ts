// What is known of each slot, and how the GPU sees it: one byte of value and one of flags a slot, each in an R8 texture,
// and a palette of 256 colours. A full recolour uploads one byte a space; a change of palette 1 kB.

import { DataTexture, NearestFilter, RedFormat, RGBAFormat, SRGBColorSpace, UnsignedByteType } from 'three';
import { FLAG_SIMULATED, FLAG_STALE, NO_VALUE, QUALITY, QUALITY_NONE, STEPS } from './frame.ts';
import { Impact } from './impact.ts';
import { FLAG_DERIVED } from './pack.ts';
import type { Legend, Lens } from './props.ts';
import { classOf, middleByte, plainByte, Ramp } from './ramp.ts';
import type { SceneIndex } from './scene.ts';
import { bytes, type Tokens } from './tokens.ts';
import { SlotValues, STATE_WIDTH } from './values.ts';

// Narrow, so that the padding of the last row stays under a percent of an upload.
export { STATE_WIDTH };
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

interface Rooms {
  area: Float32Array;
  /** One over the area [1/m2]; NaN unknown. */
  weight: Float32Array;
  /** The greatest weight there ever was. */
  heaviest: number;
  /** GPU_DERIVED where the outline was derived. */
  flags: Uint8Array;
}

export class SpaceState extends SlotValues {
  readonly value: DataTexture;
  readonly previous: DataTexture;
  readonly flags: DataTexture;
  readonly palette: DataTexture;
  /** What is known of the slots' rooms; two states of one scene share it. */
  private readonly rooms: Rooms;
  /** Server's clock minus the page's [ms]. */
  clockOffset = 0;
  /** The instant that is shown [ms since the epoch], NaN for now: ages are those of then. */
  asOf = Number.NaN;
  private readonly shown: Uint8Array<ArrayBuffer>;
  private readonly shownFlags: Uint8Array<ArrayBuffer>;
  private readonly before: Uint8Array<ArrayBuffer>;
  private readonly colours = new Uint8Array(256 * 2 * 4);
  private readonly flagWords: FlagWords;
  private ramp: Ramp | null = null;
  private lens: Lens = 'data';
  /** What a failure does to each slot (impact.ts), shown in place of values; null: values. */
  impact: Uint8Array | null = null;
  private active = false;

  /** `of`: another state of the same scene. */
  constructor(index: SceneIndex, of?: SpaceState) {
    super(index);
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
    this.rooms = of?.rooms ?? {
      area: new Float32Array(index.slots),
      weight: new Float32Array(index.slots).fill(Number.NaN),
      heaviest: 0,
      flags: new Uint8Array(size).subarray(0, index.slots),
    };
    this.flagWords = new FlagWords(this.wireFlags, this.rooms.flags, this.shownFlags);
  }

  /** Area of each slot [m2]; storeys and buildings that of their rooms; 0 unknown. */
  get area(): Float32Array {
    return this.rooms.area;
  }

  /** What is shown of a slot now: 0 no value, else 1..255 (under the trust lens a class). */
  shownByte(slot: number): number {
    return this.shown[slot] ?? 0;
  }

  /** Takes over a building's room flags (derived rooms get their own pattern) and areas [m2]. */
  setGeometry(building: number, flags: Uint8Array, areas: ArrayLike<number>): void {
    const first = this.index.firstSpace + this.index.file.buildings[building]!.spaces[0];
    for (let k = 0; k < flags.length; k++) this.rooms.flags[first + k] = flags[k]! & FLAG_DERIVED ? GPU_DERIVED : 0;
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
    this.rooms.weight[slot] = area > 0 ? 1 / area : Number.NaN;
    if (area > 0 && 1 / area > this.rooms.heaviest) this.rooms.heaviest = 1 / area;
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

  /** Display bytes from values; the textures follow with the next frame. Allocates nothing. */
  refresh(): void {
    if (this.impact) {
      this.paintImpact(this.impact);
      return;
    }
    const { shown, raw, wireFlags, active, ramp } = this;
    const first = this.index.firstSpace;
    const trust = this.lens === 'trust';
    if (!active) shown.fill(0);
    else if (trust) for (let i = first; i < raw.length; i++) shown[i] = trustByte(raw[i]!, wireFlags[i]!);
    else if (ramp) ramp.paint(raw, this.rooms.weight, this.rooms.heaviest, first, this.low, (this.high - this.low) / STEPS, shown);
    else for (let i = first; i < raw.length; i++) shown[i] = plainByte(raw[i]!);
    let flagged = this.flagWords.merge(active ? 0x7f : 0, first);
    if (this.refreshTotals(trust)) flagged = true;
    this.value.needsUpdate = true;
    // Most frames change values and no flags: then one byte a space goes to the GPU, not two.
    if (flagged) this.flags.needsUpdate = true;
  }

  /** The bytes of a failure; what is weakened is hatched as what is stale. */
  private paintImpact(impact: Uint8Array): void {
    this.shown.set(impact);
    for (let i = 0; i < impact.length; i++) this.shownFlags[i] = impact[i] === Impact.weakened ? FLAG_STALE : 0;
    this.value.needsUpdate = true;
    this.flags.needsUpdate = true;
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
    const { trust } = tokens.hex;
    const ramp = legend?.diverging ? tokens.hex.diverge : tokens.hex.ramp;
    if (this.impact) {
      for (const byte of [Impact.weakened, Impact.lost, Impact.cause]) put(byte, tokens.hex.ramp[6]!);
    } else if (this.lens === 'trust') {
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
