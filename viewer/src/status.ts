// The view's status, mirrored on its root element: what tests, photographs and style sheets read.

import type { Status } from './props.ts';

/** What the page is told of; the sequence number changes with every frame and stays here. */
const TOLD = ['state', 'buildings', 'spaces', 'mode', 'tier'] as const;

export class StatusBoard {
  status: Status = { state: 'loading', buildings: 0, spaces: 0, mode: '3d', tier: 'b', seq: 0 };
  private readonly root: HTMLElement;

  constructor(root: HTMLElement) {
    this.root = root;
  }

  /** Takes the changes over; the whole status where the page should hear of it, else null. `time` is what is shown. */
  put(changed: Partial<Status>, time: string, error: string): Status | null {
    const before = this.status;
    const next = { ...before, ...changed };
    this.status = next;
    this.write({ ...next, time, error });
    return TOLD.some((key) => before[key] !== next[key]) ? next : null;
  }

  /** The last live frame that is shown. */
  seq(seq: number): void {
    this.status.seq = seq;
    this.write({ seq });
  }

  /** Only what is another: the page hears of every attribute that is written, ten times a second if it must. */
  private write(values: object): void {
    const { dataset } = this.root;
    for (const [name, value] of Object.entries(values)) if (dataset[name] !== String(value)) dataset[name] = String(value);
  }
}
