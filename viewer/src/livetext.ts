// Live text of the page: every element with data-live="<entity id>|<field>" is filled by the feed, so that panels show
// live values without a callback. Fields: value, total (value with unit), age, quality, coverage, since, trust (under the trust
// lens coverage of a total and age of a room, else the value); swatch paints the element in its class of the ramp, under the
// trust lens of that, instead of writing. Each element learns how good its number is as data-quality.

import { FLAG_DERIVED, FLAG_ESTIMATED, FLAG_SIMULATED, FLAG_STALE, NO_VALUE, QUALITY, QUALITY_NONE } from './frame.ts';
import type { ViewState } from './layer.ts';
import type { SceneIndex } from './scene.ts';
import { type SpaceState, Trust, trustByte } from './state.ts';

const WORDS = {
  zh: { good: '良好', uncertain: '存疑', bad: '坏值', none: '无数据', stale: '已过期', simulated: '模拟', estimated: '估计', derived: '推算' },
  en: { good: 'good', uncertain: 'uncertain', bad: 'bad', none: 'no data', stale: 'stale', simulated: 'simulated', estimated: 'estimated', derived: 'derived' },
};
const DASH = '–';
/** Name of the colour of each class of trust. */
const TRUST_TONE: Record<number, string> = {
  [Trust.none]: '', [Trust.fresh]: 'trust-fresh', [Trust.late]: 'trust-late', [Trust.stale]: 'trust-stale', [Trust.simulated]: 'trust-simulated',
}; // prettier-ignore
/** Texts are written so often [ms], and no later than this where no frame is drawn. */
const EVERY_MS = 1000;
const LATE_MS = 1400;
/** While somebody moves through the past they follow this soon [ms]. */
const PAST_MS = 150;

/** Seconds in words: '4 s', '3 min', '2 h', '5 d'; in Chinese '4 秒' and so on. */
export function ageText(seconds: number, lang: 'zh' | 'en'): string {
  const units = lang === 'zh' ? ['秒', '分钟', '小时', '天'] : ['s', 'min', 'h', 'd'];
  if (seconds < 90) return `${Math.round(seconds)} ${units[0]}`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} ${units[1]}`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} ${units[2]}`;
  return `${Math.round(seconds / 86_400)} ${units[3]}`;
}

const formatters: Intl.NumberFormat[] = [];

/** With so many decimals, groups of three digits between which no line breaks, a true minus. */
function grouped(value: number, decimals = 0): string {
  // kept, for making one takes longer than using it a hundred times
  const format = (formatters[decimals] ??= new Intl.NumberFormat('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals }));
  return format.format(value).replaceAll(',', '\u202f').replace('-', '\u2212');
}

/** A number of points; the most that a frame can say means that many or more. */
function counted(points: number): string {
  return points < 0xffff ? grouped(points) : `\u2265${grouped(points)}`;
}

export class LiveText {
  private readonly elements = new Map<Element, { id: string; field: string }>();
  private readonly observer: MutationObserver;
  private timer: ReturnType<typeof setInterval> | undefined;
  private index: SceneIndex | null = null;
  private state: SpaceState | null = null;
  private view: ViewState | null = null;
  private stale = true;
  private filled = 0;
  private clock: Intl.DateTimeFormat | null = null;

  constructor() {
    this.observer = new MutationObserver((records) => {
      // Texts that we write ourselves change no structure and no attribute: only the page's changes come here.
      this.stale = true;
      if (records.length > 0) this.fill();
    });
    this.observer.observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-live'] });
    this.timer = setInterval(() => this.fillLate(LATE_MS), EVERY_MS / 2);
  }

  use(index: SceneIndex, state: SpaceState, view: ViewState): void {
    this.index = index;
    this.state = state;
    this.view = view;
    this.clock = null;
    this.fill();
  }

  private scan(): void {
    this.elements.clear();
    for (const element of document.querySelectorAll('[data-live]')) {
      const [id = '', field = 'value'] = (element.getAttribute('data-live') ?? '').split('|');
      this.elements.set(element, { id, field });
    }
    this.stale = false;
  }

  /** With a frame of the scene, so that the browser puts both on the screen at once; texts change once a second. */
  drawn(): void {
    this.fillLate(this.past ? PAST_MS : EVERY_MS);
  }

  private get past(): boolean {
    return this.state !== null && !Number.isNaN(this.state.asOf);
  }

  private fillLate(ms: number): void {
    if (performance.now() - this.filled >= ms) this.fill();
  }

  /** Writes what changed. */
  fill(): void {
    if (!this.index) return;
    this.filled = performance.now();
    if (this.stale) this.scan();
    let wrote = false;
    for (const [element, { id, field }] of this.elements) {
      const slot = this.index.slot(id);
      const quality = this.quality(slot);
      if (element.getAttribute('data-quality') !== quality) element.setAttribute('data-quality', quality);
      if (field === 'swatch') {
        this.paint(element as HTMLElement, slot);
        continue;
      }
      const text = this.text(slot, field);
      if (element.textContent === text) continue;
      element.textContent = text;
      wrote = true;
    }
    if (wrote) this.observer.takeRecords();
  }

  /** One field of a slot in words. */
  text(slot: number, field: string): string {
    const { state, index, view } = this;
    if (slot < 0 || !state || !index || !view) return DASH;
    switch (field) {
      case 'age':
        return this.hasData(slot) ? this.ageWords(slot) : DASH;
      case 'quality':
        return this.words(slot);
      case 'total':
        return this.withUnit(slot);
      case 'coverage':
        return slot < state.of.length && state.of[slot]! > 0 ? `${counted(state.have[slot]!)} / ${counted(state.of[slot]!)}` : DASH;
      case 'trust':
        if (view.lens !== 'trust') return this.value(slot);
        return this.text(slot, slot < index.firstSpace ? 'coverage' : this.past ? 'quality' : 'age');
      case 'since':
        return this.hasData(slot) ? this.time(slot) : DASH;
      default:
        return this.value(slot);
    }
  }

  private hasData(slot: number): boolean {
    return (this.state!.wireFlags[slot]! & QUALITY) !== QUALITY_NONE;
  }

  /** Age of a slot's value at the instant shown [s]; NaN where that is not told: frames of the past do not, of a room. */
  private age(slot: number): number {
    const state = this.state!;
    const known = slot < state.age.length ? state.age[slot]! : NO_VALUE;
    if (this.past) return known === NO_VALUE ? Number.NaN : known;
    return performance.now() / 1000 - state.seen[slot]! + (known === NO_VALUE ? 0 : known);
  }

  private ageWords(slot: number): string {
    const age = this.age(slot);
    return Number.isNaN(age) ? DASH : ageText(age, this.view!.lang);
  }

  private value(slot: number): string {
    // A total is a hundred rooms: its last digit would only flicker.
    const decimals = Math.max(0, (this.view!.legend?.decimals ?? 1) - (slot < this.index!.firstSpace ? 1 : 0));
    const value = this.number(slot);
    if (Number.isNaN(value)) return DASH;
    return (this.view!.legend?.diverging && value > 0 ? '+' : '') + grouped(value, decimals);
  }

  private withUnit(slot: number): string {
    const text = this.value(slot);
    const unit = this.view!.legend?.unit ?? '';
    return text === DASH || unit === '' || unit === '1' ? text : `${text}\u202f${unit}`;
  }

  /** The value of a slot in the channel's unit; NaN for none. */
  private number(slot: number): number {
    return this.state!.number(slot);
  }

  /** A small square in the slot's class, of the ramp or of trust; transparent without a value. */
  private paint(element: HTMLElement, slot: number): void {
    const { state, view } = this;
    let tone = '';
    if (slot >= 0 && state && view?.lens === 'trust') tone = TRUST_TONE[trustByte(0, state.wireFlags[slot]!)]!;
    else if (slot >= 0 && state) tone = state.step(slot) < 0 ? '' : `${view?.legend?.diverging ? 'diverge' : 'ramp'}-${1 + state.step(slot)}`;
    if (element.dataset['step'] === tone) return;
    element.dataset['step'] = tone;
    element.style.background = tone === '' ? '' : `var(--${tone})`;
  }

  /** How good the number of a slot is, in one word for the stylesheet. */
  private quality(slot: number): string {
    if (slot < 0 || !this.state) return 'none';
    const flags = this.state.wireFlags[slot]!;
    if (flags & FLAG_STALE) return 'stale';
    return ['good', 'uncertain', 'bad', 'none'][flags & QUALITY]!;
  }

  private words(slot: number): string {
    const words = WORDS[this.view!.lang];
    const flags = this.state!.wireFlags[slot]!;
    const parts = [[words.good, words.uncertain, words.bad, words.none][flags & QUALITY]!];
    if ((flags & QUALITY) === QUALITY_NONE) return parts[0]!;
    if (flags & FLAG_STALE) parts.push(words.stale);
    if (flags & FLAG_SIMULATED) parts.push(words.simulated);
    if (flags & FLAG_ESTIMATED) parts.push(words.estimated);
    if (flags & FLAG_DERIVED) parts.push(words.derived);
    return parts.join(' · ');
  }

  /** When a slot's value was measured, in the campus's zone. */
  private time(slot: number): string {
    const age = this.age(slot);
    if (Number.isNaN(age)) return DASH;
    const now = this.past ? this.state!.asOf : Date.now() + this.state!.clockOffset;
    this.clock ??= new Intl.DateTimeFormat('en-GB', {
      hour: '2-digit', minute: '2-digit', second: '2-digit', timeZone: this.index!.file.campus.timezone,
    }); // prettier-ignore
    return this.clock.format(now - 1000 * age);
  }

  dispose(): void {
    clearInterval(this.timer);
    this.observer.disconnect();
    this.elements.clear();
  }
}
