// Which marks are drawn as one: alarms of a building far away, those of a storey or room near by, and never two on the same
// place of the screen.

import type { SceneIndex } from '../scene.ts';
import type { Mark } from './host.ts';

/** More than these are a carpet: the rest is drawn with its building, or is on the list alone. */
export const MOST = 60;
/** Marks of one building that stand closer than this are one [CSS pixels]. */
export const APART = 34;

/** One or several marks of one slot. */
export interface Beacon {
  slot: number;
  building: number;
  priority: number;
  calling: boolean;
  ids: string[];
  /** That of the most urgent. */
  label: string;
}

/** A beacon and where it is seen [CSS pixels]: its head, and the foot of its stem. */
export interface Placed extends Beacon {
  x: number;
  y: number;
  footX: number;
  footY: number;
}

/** Slot of the place of a mark: of its building where the entity itself is not known (yet); -1 of the campus's own. */
export function slotOf(mark: Mark, index: SceneIndex): number {
  const own = mark.entity === '' ? -1 : index.slot(mark.entity);
  if (own > 0) return own;
  const building = mark.building === '' ? -1 : index.slot(mark.building);
  return building > 0 ? building : -1;
}

function more(into: Beacon, mark: Mark): void {
  into.ids.push(mark.id);
  into.calling ||= mark.calling;
  if (mark.priority >= into.priority) return;
  into.priority = mark.priority;
  into.label = mark.label;
}

/** The most urgent first; of equals those that call. */
export function byUrgency(a: Beacon, b: Beacon): number {
  return a.priority - b.priority || Number(b.calling) - Number(a.calling) || a.slot - b.slot;
}

/**
 * Marks as beacons. `shownAt` says on which slot an alarm of a slot is shown (its own, or one above it); -1 nowhere. Where
 * that would be too many, buildings stand for all that is in them.
 */
export function grouped(marks: readonly Mark[], index: SceneIndex, shownAt: (slot: number) => number): Beacon[] {
  const gather = (at: (slot: number) => number): Beacon[] => {
    const found = new Map<number, Beacon>();
    for (const mark of marks) {
      const own = slotOf(mark, index);
      const slot = own < 0 ? -1 : at(own);
      if (slot < 0) continue;
      const known = found.get(slot);
      if (known) more(known, mark);
      else found.set(slot, { slot, building: index.buildingOf(slot), priority: mark.priority, calling: mark.calling, ids: [mark.id], label: mark.label });
    }
    return [...found.values()].sort(byUrgency);
  };
  const fine = gather(shownAt);
  if (fine.length <= MOST) return fine;
  return gather((slot) => (shownAt(slot) < 0 ? -1 : 1 + index.buildingOf(slot))).slice(0, MOST);
}

/** Beacons of one building that would stand on one another are one, where the most urgent of them stands. */
export function merged(placed: readonly Placed[]): Placed[] {
  const kept: Placed[] = [];
  for (const one of [...placed].sort(byUrgency)) {
    const near = kept.find((k) => k.building === one.building && Math.hypot(k.x - one.x, k.y - one.y) < APART);
    if (!near) kept.push({ ...one, ids: [...one.ids] });
    else {
      near.ids.push(...one.ids);
      near.calling ||= one.calling;
    }
  }
  return kept;
}
