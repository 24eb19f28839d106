// From a value to its place on the ramp. A display byte is 0 for 'no value', else 1..255: seven classes of equal width,
// and the place within the class between its breaks. So eight bits serve a scale whose classes span decades.

import { NO_VALUE } from './frame.ts';
import type { Legend } from './props.ts';

const CLASSES = 7;
/** The lowest display byte of each class. */
const LEAST = Uint8Array.from({ length: CLASSES }, (_, step) => Math.ceil((step * 255) / CLASSES) + 1);
/** Steps of the table between the ramp's lowest and highest number. */
const TABLE = 2048;

/** Class 0..6 of a display byte. */
export function classOf(byte: number): number {
  return Math.min(CLASSES - 1, Math.floor(((byte - 1) * CLASSES) / 255));
}

/** The display byte in the middle of a class. */
export function middleByte(step: number): number {
  return 1 + Math.floor(((step + 0.5) * 255) / CLASSES);
}

/** The place of numbers on one legend's ramp. */
export class Ramp {
  private readonly edges: number[];
  /** Display byte of each step from lowest (entry 1) to highest and over; 0 where only the number itself decides. */
  private readonly table = new Uint8Array(TABLE + 2);
  private plainBytes: { low: number; scale: number; bytes: Uint8Array } | null = null;
  /** What a value is multiplied by before it is divided by its entity's area; 0 when values are shown as they are. */
  readonly perArea: number;

  constructor(legend: Legend) {
    const shown = legend.density ?? legend;
    this.edges = [shown.low, ...shown.breaks, shown.high];
    this.perArea = legend.density?.factor ?? 0;
    const width = (shown.high - shown.low) / TABLE;
    // entry 0 is everything under the lowest number or without an area, the last everything over the highest
    this.table[TABLE + 1] = this.byte(shown.high);
    for (let k = 0; k < TABLE; k++) {
      const [from, to] = [shown.low + k * width, shown.low + (k + 1) * width];
      // a little wider than the step, so that rounding never decides a class
      if (shown.breaks.some((edge) => edge > from - 0.01 * width && edge < to + 0.01 * width)) continue;
      this.table[k + 1] = this.byte((from + to) / 2);
    }
  }

  /** What the ramp shows of a value of an entity of `area` [m2]; NaN when that is not known. */
  number(value: number, area: number): number {
    if (this.perArea === 0) return value;
    return area > 0 ? (value * this.perArea) / area : Number.NaN;
  }

  /** Display byte of a number of the ramp's own unit; 0 for NaN. Allocates nothing. */
  byte(number: number): number {
    if (Number.isNaN(number)) return 0;
    const { edges } = this;
    let step = 0;
    while (step < CLASSES - 1 && number >= edges[step + 1]!) step++;
    const low = edges[step]!;
    const within = (number - low) / (edges[step + 1]! - low);
    const place = step + (within <= 0 ? 0 : within >= 1 ? 0.999 : within);
    // The lowest byte of each class is the first that classOf() puts there.
    return Math.min(255, Math.max(LEAST[step]!, 1 + Math.floor((place * 255) / CLASSES)));
  }

  /**
   * Display bytes of the slots from `first` on, whose values are `low + raw * scale`; `weight` is one over the area
   * [1/m2] of each slot (NaN unknown), `heaviest` the greatest of them. The class is always exact, the place within it
   * to a step of a table. Allocates nothing: 20,000 rooms take a twentieth of a millisecond.
   */
  paint(raw: Uint16Array, weight: Float32Array, heaviest: number, first: number, low: number, scale: number, shown: Uint8Array): void {
    if (this.perArea === 0) {
      const bytes = this.plain(low, scale);
      for (let i = first; i < raw.length; i++) shown[i] = bytes[raw[i]!]!;
    } else this.paintDensity(raw, weight, heaviest, first, low, scale, shown);
  }

  /** Display byte of every raw value of one wire scale: made anew only when the scale is another. */
  private plain(low: number, scale: number): Uint8Array {
    const known = this.plainBytes;
    if (known?.low === low && known.scale === scale) return known.bytes;
    const bytes = known?.bytes ?? new Uint8Array(NO_VALUE + 1);
    for (let raw = 0; raw < NO_VALUE; raw++) bytes[raw] = this.byte(low + raw * scale);
    this.plainBytes = { low, scale, bytes };
    return bytes;
  }

  private paintDensity(raw: Uint16Array, weight: Float32Array, heaviest: number, first: number, low: number, scale: number, shown: Uint8Array): void {
    const { table, perArea } = this;
    const lowest = this.edges[0]!;
    const steps = TABLE / (this.edges[CLASSES]! - lowest);
    const [k0, k1] = [perArea * steps * low, perArea * steps * scale];
    const offset = 1 - lowest * steps; // entry 1 is the first step
    const last = TABLE + 1;
    const end = raw.length;
    // integers hold every place on the table, but for rooms of no size or loads of no campus
    const fits = (Math.abs(k0) + Math.abs(k1) * NO_VALUE) * heaviest + Math.abs(offset) < 2 ** 31;
    // The first loop has no branch, because no processor guesses the values of rooms: it notes whether any room needs more.
    let more = fits ? 0 : -1;
    if (fits) {
      for (let i = first; i < end; i++) {
        const value = raw[i]!;
        const at = ((k0 + value * k1) * weight[i]! + offset) | 0;
        const byte = table[at < 0 ? 0 : at > last ? last : at]!;
        shown[i] = byte;
        more |= (byte - 1) | ((value + 1) & (NO_VALUE + 1));
      }
      if (more >= 0 && more <= NO_VALUE) return;
    }
    for (let i = first; i < end; i++) {
      const value = raw[i]!;
      if (value === NO_VALUE) shown[i] = 0;
      else if (!fits || shown[i] === 0) shown[i] = this.byte((low + value * scale) * weight[i]! * perArea);
    }
  }
}

/** Display byte on a plain scale from 0 to 65534, for a channel without a legend. */
export function plainByte(raw: number): number {
  return raw === NO_VALUE ? 0 : 1 + Math.round((raw * 254) / 65534);
}
