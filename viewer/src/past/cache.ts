// The frames that were fetched: the last ones, as many as fit.

/** Keeps what was used last, up to a number of bytes. */
export class FrameCache<T> {
  private readonly kept = new Map<string, { value: T; bytes: number }>();
  private readonly most: number;
  bytes = 0;

  constructor(most: number) {
    this.most = most;
  }

  has(key: string): boolean {
    return this.kept.has(key);
  }

  /** What is kept under a key; it counts as used. */
  get(key: string): T | undefined {
    const found = this.kept.get(key);
    if (found === undefined) return undefined;
    this.kept.delete(key);
    this.kept.set(key, found);
    return found.value;
  }

  /** The longest unused make room; what alone is too large is kept all the same, for it is wanted now. */
  put(key: string, value: T, bytes: number): void {
    this.drop(key);
    this.kept.set(key, { value, bytes });
    this.bytes += bytes;
    for (const oldest of this.kept.keys()) {
      if (this.bytes <= this.most || oldest === key) break;
      this.drop(oldest);
    }
  }

  drop(key: string): void {
    const found = this.kept.get(key);
    if (found === undefined) return;
    this.kept.delete(key);
    this.bytes -= found.bytes;
  }

  clear(): void {
    this.kept.clear();
    this.bytes = 0;
  }
}
