// One request at a time, and of all wishes the newest wins: whoever drags along the axis sees what comes, as fast as it
// comes, and never a queue of what he has passed. What is idle fetches ahead.

import type { FrameCache } from './cache.ts';

/** What cannot be had; `again`: it may be had a little later. */
export class PastError extends Error {
  readonly again: boolean;

  constructor(message: string, again: boolean) {
    super(message);
    this.again = again;
  }
}

export interface PipelineEvents<T> {
  load(key: string, signal: AbortSignal): Promise<{ value: T; bytes: number }>;
  /** All that a wish named is there. */
  deliver(keys: readonly string[], values: readonly T[]): void;
  failed(keys: readonly string[], error: PastError): void;
}

/** How soon what may be had later is asked for again [ms]. */
export const AGAIN_MS = 1000;

export class Pipeline<T> {
  private readonly events: PipelineEvents<T>;
  private readonly cache: FrameCache<T>;
  private wish: readonly string[] | null = null;
  private next: readonly string[] = [];
  private flight: AbortController | null = null;
  /** What is on its way though nobody asked for it yet. */
  private early = '';
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(cache: FrameCache<T>, events: PipelineEvents<T>) {
    this.cache = cache;
    this.events = events;
  }

  /** Whether something is wanted that has not come. */
  get busy(): boolean {
    return this.wish !== null;
  }

  /** These, as soon as may be; an older wish is void. */
  want(keys: readonly string[]): void {
    this.wish = keys;
    clearTimeout(this.timer);
    if (this.early !== '' && !keys.includes(this.early)) this.drop();
    this.pump();
  }

  /** These later, while nothing is wanted. */
  ahead(keys: readonly string[]): void {
    this.next = keys;
    this.pump();
  }

  /** Nothing is wanted any more. */
  stop(): void {
    this.wish = null;
    this.next = [];
    clearTimeout(this.timer);
    this.drop();
  }

  private drop(): void {
    this.flight?.abort();
    this.flight = null;
    this.early = '';
  }

  private pump(): void {
    const { wish } = this;
    if (wish !== null && wish.every((key) => this.cache.has(key))) {
      this.wish = null;
      this.deliver(wish);
    }
    if (this.flight !== null) return;
    const key = (this.wish ?? this.next).find((one) => !this.cache.has(one));
    if (key !== undefined) void this.fetch(key, this.wish);
  }

  private deliver(keys: readonly string[]): void {
    this.events.deliver(keys, keys.map((key) => this.cache.get(key)!)); // prettier-ignore
  }

  private async fetch(key: string, wish: readonly string[] | null): Promise<void> {
    const flight = (this.flight = new AbortController());
    this.early = wish === null ? key : '';
    try {
      const { value, bytes } = await this.events.load(key, flight.signal);
      if (this.flight !== flight) return;
      this.flight = null;
      this.early = '';
      this.cache.put(key, value, bytes);
      // overtaken meanwhile: still the newest that there is
      const overtaken = wish !== null && wish !== this.wish && this.wish !== null;
      if (overtaken && wish.every((one) => this.cache.has(one)) && !this.wish!.every((one) => this.cache.has(one))) this.deliver(wish);
      this.pump();
    } catch (error) {
      if (this.flight !== flight) return;
      this.flight = null;
      this.early = '';
      this.fail(error instanceof PastError ? error : new PastError(String(error), true), wish);
    }
  }

  private fail(error: PastError, wish: readonly string[] | null): void {
    if (wish === null) {
      // what was only fetched ahead is asked for when it is wanted
      this.next = [];
      return;
    }
    if (wish !== this.wish) {
      this.pump();
      return;
    }
    this.events.failed(wish, error);
    if (this.wish !== wish) return;
    if (error.again) this.timer = setTimeout(() => this.pump(), AGAIN_MS);
    else this.wish = null;
  }
}
