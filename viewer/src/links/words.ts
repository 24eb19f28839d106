// What is known of a link, in words: for the pointer, the panel and those who hear the list.

import { FLAG_DERIVED, FLAG_SIMULATED, FLAG_STALE, QUALITY } from '../frame.ts';
import { ageText } from '../livetext.ts';
import { type LinkEnd, type LinkRow, type LinkValue, Status } from './model.ts';

type Lang = 'zh' | 'en';

const WORDS = {
  zh: {
    links: '链路', states: ['正常', '中断', '无声', '无数据'], in: '入', out: '出', of: '条中断', stale: '已过期', simulated: '模拟',
    derived: '推算', uncertain: '存疑', bad: '坏值', unknown: '利用率未知', one: '条链路', percent: '%',
  },
  en: {
    links: 'Links', states: ['up', 'down', 'silent', 'no data'], in: 'in', out: 'out', of: 'down', stale: 'stale', simulated: 'simulated',
    derived: 'derived', uncertain: 'uncertain', bad: 'bad', unknown: 'utilisation not known', one: 'links', percent: ' %',
  },
}; // prettier-ignore

export const linksWord = (lang: Lang): string => WORDS[lang].links;

export function endName(end: LinkEnd, lang: Lang): string {
  const other = lang === 'zh' ? 'en' : 'zh';
  return end.names[lang] || end.names[''] || end.names[other] || end.id;
}

/** '713 Mbit/s', '1.2 Gbit/s', '34 Gbit/s'. */
export function flowText(mbit: number): string {
  if (Number.isNaN(mbit)) return '\u2013';
  const [value, unit] = mbit >= 1000 ? [mbit / 1000, 'Gbit/s'] : [mbit, 'Mbit/s'];
  const digits = value >= 100 || Number.isInteger(value) ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)}\u202f${unit}`;
}

export function useText(value: LinkValue, lang: Lang): string {
  return Number.isNaN(value.used) ? '\u2013' : `${value.used.toFixed(value.used < 10 ? 1 : 0)}${WORDS[lang].percent}`;
}

/** Age of the oldest value in it; `now` is the server's time [s]. */
export function ageOf(value: LinkValue, now: number, lang: Lang): string {
  return Number.isNaN(value.since) ? '\u2013' : ageText(Math.max(0, now - value.since), lang);
}

/** '+12 %p': by how much more a link is used than at the moment that it is compared with; '' where nothing is compared. */
export function changeText(value: LinkValue): string {
  const { change } = value;
  if (change === undefined) return '';
  if (Number.isNaN(change)) return ' (\u2013)';
  const text = Math.abs(change).toFixed(Math.abs(change) < 10 ? 1 : 0);
  return ` (${change < 0 ? '\u2212' : '+'}${text}\u202f%p)`;
}

export function stateText(value: LinkValue | undefined, lang: Lang): string {
  return WORDS[lang].states[value?.status ?? Status.none]!;
}

/** State, and what is to be said of the numbers: 'up · simulated · stale'. */
export function qualityText(value: LinkValue | undefined, lang: Lang): string {
  const words = WORDS[lang];
  const parts = [stateText(value, lang)];
  if (value === undefined || value.status === Status.none) return parts[0]!;
  const quality = value.flags & QUALITY;
  if (quality === 1) parts.push(words.uncertain);
  if (quality === 2) parts.push(words.bad);
  if (value.flags & FLAG_STALE) parts.push(words.stale);
  if (value.flags & FLAG_SIMULATED) parts.push(words.simulated);
  if (value.flags & FLAG_DERIVED) parts.push(words.derived);
  return parts.join(' · ');
}

/** Everything in lines: its ends; how full it is; what flows; how old and how good that is. */
export function linkLines(row: LinkRow, value: LinkValue | undefined, now: number, lang: Lang): string[] {
  const words = WORDS[lang];
  const several = (row.links ?? 1) > 1 ? ` · ${row.links} ${words.one}` : '';
  const title = `${endName(row.lower, lang)} \u2192 ${endName(row.upper, lang)}${several}`;
  const capacity = row.capacity_mbit_s === null ? '' : ` / ${flowText(row.capacity_mbit_s)}`;
  if (value === undefined || value.status === Status.none) return [title, `${words.states[Status.none]}${capacity}`];
  const down = value.down > 0 && (row.links ?? 1) > 1 ? ` · ${value.down} ${words.of}` : '';
  return [
    title,
    `${useText(value, lang)}${changeText(value)}${capacity}${down}`,
    `${words.in} ${flowText(value.into)} · ${words.out} ${flowText(value.out)}`,
    `${ageOf(value, now, lang)} · ${qualityText(value, lang)}`,
  ];
}
