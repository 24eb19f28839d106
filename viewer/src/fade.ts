// The cross-fade of a recolour: from what was shown to what is.

import type { IUniform } from 'three';
import { MOTION } from './tokens.ts';

export class Fade {
  /** When it began [ms]; 0 with the next frame, negative: there is none. */
  private since = -1;

  /** Begins with the next frame; `cut`: all at once. */
  begin(share: IUniform, cut: boolean): void {
    share.value = cut ? 1 : 0;
    this.since = cut ? -1 : 0;
  }

  /** The share of a frame at `now` [ms]; true while it goes on. */
  step(share: IUniform, now: number): boolean {
    if (this.since < 0) return false;
    if (this.since === 0) this.since = now;
    share.value = Math.min(1, (now - this.since) / MOTION.recolour);
    if (share.value >= 1) this.since = -1;
    return this.since >= 0;
  }
}
