// The sun of the instant that is shown: it goes along where that costs nothing, else it follows when the cursor rests.

import { Change } from '../layer.ts';
import { sunStep } from '../look/sun.ts';
import type { View } from '../view.ts';

/** The sun of a machine without a GPU is in less of a hurry: another light makes the whole picture anew, in seconds. */
const SLOW_MS = 8000;

export class Sunlight {
  private readonly view: View;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(view: View) {
    this.view = view;
  }

  /** The instant (ISO, or live) is on the screen; `rest`: how long a cursor rests [ms] before a light that costs something moves. */
  follow(time: string, playing: boolean, rest: number): void {
    clearTimeout(this.timer);
    const { stage, state } = this.view;
    if (!stage?.slow && state.tier === 'a') this.move(time);
    else if (!playing) this.timer = setTimeout(() => this.move(time), stage?.slow ? SLOW_MS : rest);
  }

  /** The light is that of an instant (ISO, or live) from now on. */
  move(time: string): void {
    const { state } = this.view;
    const moved = (time === 'live') !== (state.time === 'live') || sunStep(Date.parse(time)) !== sunStep(Date.parse(state.time));
    state.time = time;
    if (moved) this.view.change(Change.Time);
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}
