// What the page says of alarms, for the scene to mark: the page tells of marks by an event of the document, and tells again
// whoever asks. The view knows nothing of where alarms come from.

/** Tells of marks: detail `{marks, selected}`. Whoever begins to listen asks by the other. */
export const TOLD = 'campus:beacons';
export const WANTED = 'campus:beacons-wanted';
/** A mark was chosen: detail `{ids, entity}`, on an element of the view. */
export const CHOSEN = 'campus-beacon';

export interface Mark {
  id: string;
  /** What it is about: an id of the scene, and the building in which that lies. */
  entity: string;
  building: string;
  /** 1 critical to 4 low. */
  priority: number;
  /** Nobody has acknowledged it: the symbol flashes. */
  calling: boolean;
  label: string;
}

export class BeaconHost {
  marks: readonly Mark[] = [];
  selected = '';
  /** Counts what was told: who has drawn an older one draws anew. */
  version = 0;
  private readonly changed: () => void;

  constructor(changed: () => void) {
    this.changed = changed;
    document.addEventListener(TOLD, this.take);
    document.dispatchEvent(new CustomEvent(WANTED));
  }

  private readonly take = (event: Event): void => {
    const { marks, selected } = (event as CustomEvent<{ marks?: unknown; selected?: unknown }>).detail;
    this.marks = Array.isArray(marks) ? (marks as Mark[]) : [];
    this.selected = typeof selected === 'string' ? selected : '';
    this.version++;
    this.changed();
  };

  dispose(): void {
    document.removeEventListener(TOLD, this.take);
  }
}
