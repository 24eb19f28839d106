// From a value to its place on the ramp. A display byte is 0 for 'no value', else 1..255: seven classes of equal width,
// and the place within the class between its breaks. So eight bits serve a scale whose classes span decades.

import { NO_VALUE } from './frame.ts';
import type { Legend } from './props.ts';

const CLASSES = 7;

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
  /** What a value is multiplied by before it is divided by its entity's area; 0 when values are shown as they are. */
  readonly perArea: number;

  constructor(legend: Legend) {
    const shown = legend.density ?? legend;
    this.edges = [shown.low, ...shown.breaks, shown.high];
    this.perArea = legend.density?.factor ?? 0;
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
    return Math.min(255, Math.max(Math.ceil((step * 255) / CLASSES) + 1, 1 + Math.floor((place * 255) / CLASSES)));
  }
}

/** Display byte on a plain scale from 0 to 65534, for a channel without a legend. */
export function plainByte(raw: number): number {
  return raw === NO_VALUE ? 0 : 1 + Math.round((raw * 254) / 65534);
}
