// What is known of a slot, in words: for the list and for those who hear the view.

import { FLAG_DERIVED, FLAG_ESTIMATED, FLAG_SIMULATED, FLAG_STALE, QUALITY, QUALITY_NONE } from '../frame.ts';
import type { Legend } from '../props.ts';
import type { SpaceState } from '../state.ts';
import { type Lang, word } from './words.ts';

/** Words of the bytes of impact.ts. */
const IMPACT = ['untouched', 'weakened', 'lost', 'cause'] as const;

/** What is known of a slot, in words: '12.4 kW, simulated', 'no data'. */
export function valueText(slot: number, state: SpaceState, legend: Legend | null, lang: Lang): string {
  if (state.impact) return word(IMPACT[state.impact[slot] ?? 0] ?? 'untouched', lang);
  const flags = state.wireFlags[slot] ?? QUALITY_NONE;
  const value = state.number(slot);
  if (Number.isNaN(value) || (flags & QUALITY) === QUALITY_NONE) return word('none', lang);
  const sign = legend?.diverging && value > 0 ? '+' : '';
  const parts = [`${sign}${value.toFixed(legend?.decimals ?? 1)}${legend ? ` ${legend.unit}` : ''}`];
  if (flags & FLAG_STALE) parts.push(word('stale', lang));
  if (flags & FLAG_SIMULATED) parts.push(word('simulated', lang));
  if (flags & FLAG_ESTIMATED) parts.push(word('estimated', lang));
  if (flags & FLAG_DERIVED) parts.push(word('derived', lang));
  return parts.join(lang === 'zh' ? '，' : ', ');
}
