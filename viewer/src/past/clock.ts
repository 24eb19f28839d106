// The clock of playing: its speed is what it says, and it never runs ahead of the picture. Where frames come too slowly it
// waits for them and says how fast it really went.

/** Speeds [times real time]. */
export const SPEEDS = [1, 10, 60, 600, 3600] as const;
/** The clock may be ahead of what has been drawn by so much of its own second [ms]. */
export const LEAD_MS = 1000;
/** How long the speed is measured over [ms]. */
const MEASURE_MS = 5000;

/** Steps of the time shown at a speed [ms]: four to six frames a second, whole in the minute or hour. */
export function stepOf(speed: number): number {
  const wanted = (speed * 1000) / 5;
  const steps = [1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000];
  return steps.findLast((step) => step <= wanted) ?? steps[0]!;
}

export class PlayClock {
  speed = 0;
  private at = 0;
  private since = 0;
  private drawnAt = 0;
  private readonly seen: { at: number; now: number }[] = [];

  get playing(): boolean {
    return this.speed > 0;
  }

  /** Plays from an instant [ms since epoch]; `now` [ms] is the wall's clock. */
  start(at: number, speed: number, now: number): void {
    this.speed = speed;
    this.at = this.drawnAt = at;
    this.since = now;
    this.seen.length = 0;
    this.seen.push({ at, now });
  }

  stop(): void {
    this.speed = 0;
  }

  /** The instant to be shown now, on the grid of the speed. */
  wish(now: number): number {
    const step = stepOf(this.speed);
    const limit = this.drawnAt + Math.max(LEAD_MS * this.speed, step);
    let at = this.at + (now - this.since) * this.speed;
    if (at > limit) {
      // the picture has fallen behind: the clock stands until it has come, and goes on from there
      at = this.at = limit;
      this.since = now;
    }
    return Math.max(this.drawnAt, Math.floor(at / step) * step);
  }

  /** The next steps after an instant: what will be wanted. */
  next(at: number, count: number): number[] {
    const step = stepOf(this.speed);
    const first = Math.floor(at / step) * step;
    return Array.from({ length: count }, (_, k) => first + (k + 1) * step);
  }

  /** An instant is on the screen. */
  drawn(at: number, now: number): void {
    this.drawnAt = Math.max(this.drawnAt, at);
    this.seen.push({ at, now });
    while (this.seen.length > 2 && now - this.seen[0]!.now > MEASURE_MS) this.seen.shift();
  }

  /** How fast it really went of late [times real time]; the speed itself while that is not known. */
  reached(): number {
    const [first, last] = [this.seen[0], this.seen.at(-1)];
    if (!first || !last || last.now - first.now < LEAD_MS) return this.speed;
    return (last.at - first.at) / (last.now - first.now);
  }
}
