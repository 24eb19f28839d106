// The campus as a list: what a screen reader reads and a keyboard walks, level by level, beside the SVG plan.

import type { Legend } from '../props.ts';
import type { SceneIndex } from '../scene.ts';
import type { SpaceState } from '../state.ts';
import { valueText } from './values.ts';
import { type Lang, word } from './words.ts';

const HIDDEN = 'position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap';
const SHOWN =
  'position:absolute;left:1.25rem;top:7rem;bottom:9rem;width:20rem;overflow:auto;padding:0.75rem 1rem;' +
  'background:var(--surface);color:var(--text-1);border:1px solid var(--line);border-radius:10px';

/** Where in the campus the list stands: the whole (-1, -1), a building (b, -1) or a storey of it (b, j). */
export interface Place {
  building: number;
  storey: number;
}

/** The slots that a level of the list shows, in reading order. */
export function slotsAt(place: Place, index: SceneIndex): number[] {
  if (place.storey >= 0) {
    const [first, count] = index.file.storeys.spaces[place.storey] ?? [0, 0];
    return Array.from({ length: count }, (_, k) => index.firstSpace + first + k);
  }
  if (place.building >= 0) {
    const [first, count] = index.file.buildings[place.building]?.storeys ?? [0, 0];
    return Array.from({ length: count }, (_, k) => index.storeySlot(first + count - 1 - k));
  }
  return Array.from({ length: index.buildings }, (_, b) => 1 + b);
}

export class PlaceList {
  readonly element: HTMLElement;
  private readonly heading: HTMLElement;
  private readonly back: HTMLButtonElement;
  private readonly items: HTMLUListElement;
  private readonly index: SceneIndex;
  private readonly state: SpaceState;
  private slots: number[] = [];

  constructor(index: SceneIndex, state: SpaceState, choose: (slot: number) => void, back: () => void) {
    this.index = index;
    this.state = state;
    this.element = document.createElement('nav');
    this.element.className = 'plan-list';
    this.element.style.cssText = HIDDEN;
    // The page's own tree serves those who see; the list comes forward when the keyboard enters it.
    this.element.addEventListener('focusin', () => (this.element.style.cssText = SHOWN));
    this.element.addEventListener('focusout', () => (this.element.style.cssText = HIDDEN));
    this.heading = document.createElement('h3');
    this.back = document.createElement('button');
    this.back.type = 'button';
    this.back.className = 'plan-back';
    this.back.addEventListener('click', back);
    this.items = document.createElement('ul');
    this.items.addEventListener('click', (event) => {
      const button = (event.target as Element).closest('button');
      if (button) choose(Number(button.dataset['slot']));
    });
    this.element.append(this.back, this.heading, this.items);
  }

  /** Rebuilds the level. */
  show(place: Place, selection: number, legend: Legend | null, lang: Lang): void {
    const level = place.storey >= 0 ? 'rooms' : place.building >= 0 ? 'storeys' : 'buildings';
    const owner = place.storey >= 0 ? this.index.storeySlot(place.storey) : place.building >= 0 ? 1 + place.building : 0;
    this.element.setAttribute('aria-label', `${this.index.name(owner, lang)}: ${word(level, lang)}`);
    this.heading.textContent = `${this.index.name(owner, lang)} · ${word(level, lang)}`;
    this.back.textContent = word('back', lang);
    this.back.hidden = place.building < 0;
    this.slots = slotsAt(place, this.index);
    this.items.replaceChildren(...this.slots.map((slot) => this.item(slot, lang)));
    this.refresh(selection, legend, lang);
  }

  /** Values and the selection, without touching the structure. */
  refresh(selection: number, legend: Legend | null, lang: Lang): void {
    this.slots.forEach((slot, i) => {
      const button = this.items.children[i]?.firstElementChild as HTMLButtonElement | null;
      if (!button) return;
      const text = valueText(slot, this.state, legend, lang);
      const shown = button.lastElementChild!;
      if (shown.textContent !== text) shown.textContent = text;
      if (slot === selection) button.setAttribute('aria-current', 'true');
      else button.removeAttribute('aria-current');
    });
  }

  private item(slot: number, lang: Lang): HTMLLIElement {
    const item = document.createElement('li');
    const button = document.createElement('button');
    button.type = 'button';
    button.dataset['slot'] = String(slot);
    const name = document.createElement('span');
    name.textContent = this.index.name(slot, lang);
    button.append(name, document.createElement('span'));
    item.append(button);
    return item;
  }
}
