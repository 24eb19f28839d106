// How a link is drawn: colour by utilisation, form by state, width by traffic. Never colour alone: a link without data is
// dashed, a stale one hatched, one that is down is broken and crossed.

import { FLAG_SIMULATED, FLAG_STALE, QUALITY } from '../frame.ts';
import type { Lens } from '../props.ts';
import type { Tokens } from '../tokens.ts';
import { type LinkValue, Status } from './model.ts';

/** Forms of a strand; the shader knows them by these numbers. */
export const Form = { flow: 0, none: 1, stale: 2, down: 3, dotted: 4 } as const;

export interface Look {
  form: number;
  /** '#RRGGBB'. */
  colour: string;
  /** Class of the utilisation, -1 where it is not known. */
  step: number;
  /** Width in the scene [m] and least width on the screen [CSS px]. */
  metres: number;
  pixels: number;
}

/** Steps of traffic at which a link becomes wider [Mbit/s]: the borders of the traffic scale. */
const FLOWS = [3, 10, 100, 300, 1000, 10_000];
const METRES = [0.9, 1.2, 1.6, 2.1, 2.8, 3.8, 5];
const PIXELS = [1.5, 1.75, 2.1, 2.5, 3, 3.6, 4.4];
const BAD = 2;
/** Steps of a difference of utilisations [percentage points]: as far down as up, the middle is none that matters. */
const CHANGES = [-25, -10, -3, 3, 10, 25];

/** Class 0..6 of a utilisation [%]; -1 for NaN. */
export function classOfUse(used: number, breaks: readonly number[]): number {
  if (Number.isNaN(used)) return -1;
  let step = 0;
  while (step < breaks.length && used >= breaks[step]!) step++;
  return step;
}

function widthStep(value: LinkValue): number {
  const flow = Math.max(Number.isNaN(value.into) ? 0 : value.into, Number.isNaN(value.out) ? 0 : value.out);
  let step = 0;
  while (step < FLOWS.length && flow >= FLOWS[step]!) step++;
  return step;
}

/** Whether what is known of a link is no longer of now. */
export function isOld(value: LinkValue): boolean {
  return value.status === Status.silent || (value.flags & FLAG_STALE) !== 0 || (value.flags & QUALITY) >= BAD;
}

export function look(value: LinkValue | undefined, breaks: readonly number[], tokens: Tokens, lens: Lens): Look {
  const { hex } = tokens;
  const plain = { step: -1, metres: METRES[0]!, pixels: PIXELS[0]! };
  if (value === undefined || value.status === Status.none) return { ...plain, form: Form.none, colour: hex['text-3'] };
  if (value.status === Status.down) return { ...plain, form: Form.down, colour: hex['text-1'], metres: METRES[3]!, pixels: PIXELS[4]! };
  const wide = widthStep(value);
  const size = { metres: METRES[wide]!, pixels: PIXELS[wide]! };
  const step = classOfUse(value.used, breaks);
  if (isOld(value)) return { ...size, step, form: Form.stale, colour: lens === 'trust' ? hex.trust.stale : hex['text-3'] };
  if (lens === 'trust') {
    const simulated = (value.flags & FLAG_SIMULATED) !== 0;
    const colour = simulated ? hex.trust.simulated : (value.flags & QUALITY) === 1 ? hex.trust.late : hex.trust.fresh;
    return { ...size, step, form: simulated ? Form.dotted : Form.flow, colour };
  }
  if (value.change !== undefined) {
    const turn = classOfUse(value.change, CHANGES);
    return { ...size, step, form: turn < 0 ? Form.none : Form.flow, colour: turn < 0 ? hex['text-3'] : hex.diverge[turn]! };
  }
  return { ...size, step, form: Form.flow, colour: step < 0 ? hex.surface : hex.ramp[step]! };
}

/** How bad a link is, for sorting: down first, then by utilisation, then what nobody knows. */
export function badness(value: LinkValue | undefined): number {
  if (value === undefined || value.status === Status.none) return -2;
  if (value.status === Status.down) return 1e6;
  if (isOld(value)) return -1;
  return Number.isNaN(value.used) ? -0.5 : value.used + (value.down > 0 ? 1e3 : 0);
}
