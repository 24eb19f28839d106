// Live text of links on the page: every element with data-link="<link or line>|<number>|<field>" and data-layout is filled,
// as data-live is for places. Fields: state, used, in, out, age, quality; swatch paints the element in its class.

import type { LinkModel, LinkValue } from './model.ts';
import { Status } from './model.ts';
import { classOfUse, isOld } from './look.ts';
import { ageOf, flowText, qualityText, stateText, useText } from './words.ts';

export class LinkPanel {
  private readonly model: LinkModel;
  private readonly lang: () => 'zh' | 'en';
  private readonly observer: MutationObserver;
  private readonly timer: ReturnType<typeof setInterval>;

  constructor(model: LinkModel, lang: () => 'zh' | 'en') {
    this.model = model;
    this.lang = lang;
    this.observer = new MutationObserver(() => this.fill());
    this.observer.observe(document.body, { subtree: true, childList: true });
    this.timer = setInterval(() => this.fill(), 1000);
  }

  /** Writes what changed. */
  fill(): void {
    let wrote = false;
    for (const element of document.querySelectorAll<HTMLElement>('[data-link]')) {
      const [kind, number, field] = element.dataset['link']!.split('|');
      const same = element.dataset['layout'] === this.model.layout;
      const values = kind === 'line' ? this.model.lineValues : this.model.linkValues;
      const value = same ? values.get(Number(number)) : undefined;
      const quality = qualityClass(value);
      if (element.dataset['quality'] !== quality) element.dataset['quality'] = quality;
      if (field === 'swatch') {
        this.paint(element, value);
        continue;
      }
      const text = this.text(field ?? '', value);
      if (element.textContent === text) continue;
      element.textContent = text;
      wrote = true;
    }
    if (wrote) this.observer.takeRecords();
  }

  private text(field: string, value: LinkValue | undefined): string {
    const lang = this.lang();
    if (field === 'state') return stateText(value, lang);
    if (field === 'quality') return qualityText(value, lang);
    if (value === undefined) return '\u2013';
    if (field === 'used') return useText(value, lang);
    if (field === 'in') return flowText(value.into);
    if (field === 'out') return flowText(value.out);
    return ageOf(value, this.model.now(), lang);
  }

  private paint(element: HTMLElement, value: LinkValue | undefined): void {
    const up = value !== undefined && value.status === Status.up && !isOld(value);
    const step = up ? 1 + classOfUse(value.used, this.model.breaks) : 0;
    if (element.dataset['step'] === String(step)) return;
    element.dataset['step'] = String(step);
    element.style.background = step === 0 ? '' : `var(--ramp-${step})`;
  }

  dispose(): void {
    clearInterval(this.timer);
    this.observer.disconnect();
  }
}

function qualityClass(value: LinkValue | undefined): string {
  if (value === undefined || value.status === Status.none) return 'none';
  if (value.status === Status.down) return 'down';
  return isOld(value) ? 'stale' : ['good', 'uncertain', 'bad', 'none'][value.flags & 3]!;
}
