// Beacons as elements over the view: the symbol of a priority with the number of alarms, and a thin stem down to the place.
// Elements are kept from one picture to the next; while nothing moves nothing is written.

import { svg } from '../plan/svg.ts';
import { CHOSEN } from './host.ts';
import type { Placed } from './model.ts';

/** Where the stem ends under the symbol [CSS pixels]. */
const UNDER = 15;
const OUTSIDE = 24;

interface Piece {
  button: HTMLButtonElement;
  stem: HTMLElement;
  key: string;
}

/** The shapes of the priorities: diamond, triangle, square, circle. */
function shape(priority: number): SVGElement {
  if (priority === 1) return svg('path', { d: 'M12 1 23 12 12 23 1 12Z', class: 'sign-shape' });
  if (priority === 2) return svg('path', { d: 'M12 1.5 23.5 22H.5Z', class: 'sign-shape' });
  if (priority === 3) return svg('rect', { x: 2.5, y: 2.5, width: 19, height: 19, class: 'sign-shape' });
  return svg('circle', { cx: 12, cy: 12, r: 10.5, class: 'sign-shape' });
}

function sign(priority: number, calling: boolean): HTMLElement {
  const holder = document.createElement('span');
  holder.className = 'alarm-sign';
  holder.dataset['priority'] = String(priority);
  if (calling) holder.dataset['calling'] = '';
  const drawing = svg('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true' });
  const digit = svg('text', { x: 12, y: priority === 2 ? 18.5 : 16.2, 'text-anchor': 'middle' });
  digit.textContent = String(priority);
  drawing.append(shape(priority), digit);
  holder.append(drawing);
  // names of places keep off it
  holder.dataset['overView'] = '';
  return holder;
}

export class BeaconBoard {
  readonly element = document.createElement('div');
  private readonly pieces = new Map<number, Piece>();

  constructor(parent: HTMLElement) {
    this.element.className = 'campus-beacons';
    this.element.addEventListener('click', this.onClick);
    parent.append(this.element);
  }

  /** Shows these and no others; `selected` is the id of the alarm that is chosen. */
  show(placed: readonly Placed[], selected: string, width: number, height: number): void {
    const gone = new Set(this.pieces.keys());
    for (const one of placed) {
      if (one.x < -OUTSIDE || one.y < -OUTSIDE || one.x > width + OUTSIDE || one.y > height + OUTSIDE) continue;
      gone.delete(one.slot);
      const piece = this.pieces.get(one.slot) ?? this.add(one.slot);
      this.fill(piece, one, selected !== '' && one.ids.includes(selected));
      piece.button.style.transform = `translate(${one.x.toFixed(1)}px, ${one.y.toFixed(1)}px)`;
      const [dx, dy] = [one.x - one.footX, one.y + UNDER - one.footY];
      const length = Math.max(0, Math.hypot(dx, dy));
      const angle = Math.atan2(-dx, dy);
      piece.stem.style.height = `${length.toFixed(1)}px`;
      piece.stem.style.transform = `translate(${one.footX.toFixed(1)}px, ${one.footY.toFixed(1)}px) rotate(${angle.toFixed(4)}rad)`;
    }
    for (const slot of gone) this.remove(slot);
    this.element.dataset['beacons'] = String(this.pieces.size);
  }

  private add(slot: number): Piece {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'campus-beacon';
    // the list holds the same for the keyboard
    button.tabIndex = -1;
    const stem = document.createElement('i');
    stem.className = 'campus-beacon-stem';
    this.element.prepend(stem);
    this.element.append(button);
    const piece = { button, stem, key: '' };
    this.pieces.set(slot, piece);
    return piece;
  }

  private fill(piece: Piece, one: Placed, chosen: boolean): void {
    const key = `${one.priority}|${one.calling}|${one.ids.join(' ')}|${chosen}|${one.label}`;
    if (key === piece.key) return;
    piece.key = key;
    const { button } = piece;
    button.replaceChildren(sign(one.priority, one.calling));
    // the number that is seen is part of the name, for who says what he sees
    const told = one.ids.length > 1 ? `${one.ids.length}: ${one.label}` : one.label;
    const words = document.createElement('span');
    // said, and not seen: a label of its own would have to repeat the figures that are drawn
    words.style.cssText = 'position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap';
    words.textContent = told;
    button.append(words);
    button.setAttribute('aria-pressed', String(chosen));
    button.title = told;
    button.dataset['ids'] = JSON.stringify(one.ids);
    button.dataset['priority'] = String(one.priority);
    button.style.zIndex = String(chosen ? 6 : 5 - one.priority);
    if (one.ids.length < 2) return;
    const count = document.createElement('span');
    count.className = 'campus-beacon-count';
    count.setAttribute('aria-hidden', 'true');
    count.textContent = String(one.ids.length);
    button.append(count);
  }

  private remove(slot: number): void {
    const piece = this.pieces.get(slot);
    piece?.button.remove();
    piece?.stem.remove();
    this.pieces.delete(slot);
  }

  private readonly onClick = (event: Event): void => {
    const button = (event.target as Element).closest<HTMLElement>('.campus-beacon');
    if (!button) return;
    event.stopPropagation();
    const ids = JSON.parse(button.dataset['ids'] ?? '[]') as string[];
    this.element.dispatchEvent(new CustomEvent(CHOSEN, { detail: { ids }, bubbles: true }));
  };

  dispose(): void {
    this.element.remove();
  }
}
