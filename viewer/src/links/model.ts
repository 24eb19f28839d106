// The links of the network as the page knows them: what never changes comes from /api/v1/links, values from the live stream
// (docs/reference/live-stream.md). Campus lines come at once, the links inside a building when it is opened.

import { FLAG_STALE } from '../frame.ts';

export type Place = [number, number, number];

/** One end, as the API says it. */
export interface LinkEnd {
  id: string;
  kind: string;
  names: Record<string, string>;
  place: string;
  storey: string;
  building: string;
  position: Place | null;
  outside: boolean;
  role: string;
}

/** A link, or a line of the map (`links` of them). */
export interface LinkRow {
  id: string;
  number: number;
  lower: LinkEnd;
  upper: LinkEnd;
  capacity_mbit_s: number | null;
  links?: number;
  reasons: string[];
}

export const Status = { up: 0, down: 1, silent: 2, none: 3 } as const;

/** What is known now; NaN is nothing. `since` is the time of the oldest value [s since epoch]. */
export interface LinkValue {
  status: number;
  used: number;
  into: number;
  out: number;
  since: number;
  flags: number;
  busier: number;
  down: number;
  /** In a difference: by how much it is used more than at the other moment [percentage points]; NaN where either is not known. */
  change?: number;
}

type Row = [number, number, number | null, number | null, number | null, number | null, number, number, number];

interface Event_ {
  layout: string;
  time: number;
  full: boolean;
  lines: Row[];
  links: Row[];
}

interface Answer {
  layout: string;
  breaks: number[];
  lines: LinkRow[];
  items: LinkRow[];
  next_offset: number | null;
}

const PAGE = 1000;

export function valueOf(row: Row): LinkValue {
  const number = (value: number | null): number => value ?? Number.NaN;
  return {
    status: row[1], used: number(row[2]), into: number(row[3]), out: number(row[4]), since: number(row[5]),
    flags: row[6], busier: row[7], down: row[8],
  }; // prettier-ignore
}

function changeOf(now: LinkValue, before: LinkValue | undefined): number {
  const known = now.status === Status.up && before?.status === Status.up;
  const old = ((now.flags | (before?.flags ?? 0)) & FLAG_STALE) !== 0;
  return known && !old ? now.used - before.used : Number.NaN;
}

export class LinkModel {
  lines: LinkRow[] = [];
  breaks: number[] = [];
  layout = '';
  /** Rises whenever lines or links came or went. */
  version = 0;
  /** Server's clock minus the page's [s]. */
  clock = 0;
  /** The instant that is shown [s since epoch]; NaN for now. */
  asOf = Number.NaN;
  readonly lineValues = new Map<number, LinkValue>();
  readonly linkValues = new Map<number, LinkValue>();
  private readonly url: string;
  private readonly changed: () => void;
  private readonly inside = new Map<string, LinkRow[] | null>();
  private abort = new AbortController();

  /** `url` is that of the links, '' in tests. */
  constructor(url: string, changed: () => void) {
    this.url = url;
    this.changed = changed;
  }

  /** The time that ages are counted to [s since epoch]. */
  now(): number {
    return Number.isNaN(this.asOf) ? Date.now() / 1000 + this.clock : this.asOf;
  }

  /** Takes an event of the stream in; `against`: one of the moment that it is compared with. */
  receive(text: string, against: string | null = null): void {
    const event = JSON.parse(text) as Event_;
    this.clock = event.time - Date.now() / 1000;
    if (event.layout !== this.layout) this.begin(event.layout);
    if (event.full) this.clear();
    for (const row of event.lines) this.lineValues.set(row[0], valueOf(row));
    for (const row of event.links) this.linkValues.set(row[0], valueOf(row));
    if (against !== null) this.compare(JSON.parse(against) as Event_);
    this.changed();
  }

  /** Says of every value how it differs from another moment's; nothing is said across a change of the network. */
  private compare(other: Event_): void {
    const same = other.layout === this.layout;
    for (const [values, rows] of [[this.lineValues, other.lines], [this.linkValues, other.links]] as const) {
      const before = new Map(same ? rows.map((row) => [row[0], valueOf(row)]) : []);
      for (const [number, value] of values) value.change = changeOf(value, before.get(number));
    }
  }

  /** Nothing is known any more: another channel, or the stream begins anew. */
  clear(): void {
    this.lineValues.clear();
    this.linkValues.clear();
  }

  /** The connection is lost: every value is old from now on. */
  markStale(): void {
    for (const values of [this.lineValues, this.linkValues]) for (const value of values.values()) value.flags |= FLAG_STALE;
    this.changed();
  }

  /** Links with an end in a building; null while they are on their way. */
  of(building: string): LinkRow[] | null {
    const known = this.inside.get(building);
    if (known === undefined) void this.fetchBuilding(building);
    return known ?? null;
  }

  /** Other links: what was known of the old ones is void. */
  private begin(layout: string): void {
    this.abort.abort();
    this.abort = new AbortController();
    this.layout = layout;
    this.lines = [];
    this.inside.clear();
    this.clear();
    this.version++;
    if (layout !== '') void this.fetchLines();
  }

  private async fetchLines(): Promise<void> {
    const answer = await this.ask('limit=1');
    if (answer === null) return;
    this.lines = answer.lines;
    this.breaks = answer.breaks;
    this.version++;
    this.changed();
  }

  private async fetchBuilding(building: string): Promise<void> {
    this.inside.set(building, null);
    const rows: LinkRow[] = [];
    for (let offset: number | null = 0; offset !== null; ) {
      const answer: Answer | null = await this.ask(`building=${encodeURIComponent(building)}&limit=${PAGE}&offset=${offset}`);
      if (answer === null) return;
      rows.push(...answer.items);
      offset = answer.next_offset;
    }
    this.inside.set(building, rows);
    this.version++;
    this.changed();
  }

  /** null when the links have become others meanwhile, or cannot be had. */
  private async ask(query: string): Promise<Answer | null> {
    const { signal } = this.abort;
    try {
      const got = await fetch(`${this.url}?${query}`, { signal });
      if (!got.ok) throw new Error(`answered ${got.status}`);
      const answer = (await got.json()) as Answer;
      if (signal.aborted) return null;
      // the stream will tell of the newer layout: then it is asked again
      return answer.layout === this.layout ? answer : null;
    } catch (error) {
      if (!signal.aborted) console.warn(`the links of the network cannot be had: ${String(error)}`);
      return null;
    }
  }

  dispose(): void {
    this.abort.abort();
  }
}
