// Another moment beside the one that is shown: its values, and the picture in two halves.

import type { Frame } from '../frame.ts';
import { Change } from '../layer.ts';
import { SpaceState } from '../state.ts';
import type { View } from '../view.ts';
import { Swipe } from './swipe.ts';

export class Beside {
  /** Values of the other moment; null before any have come. */
  state: SpaceState | null = null;
  /** null without a canvas. */
  private readonly swipe: Swipe | null;
  private readonly view: View;

  constructor(view: View) {
    this.view = view;
    this.swipe = view.stage ? new Swipe(view.stage.overlay, () => view.change(Change.State)) : null;
  }

  /** Whether two moments can be shown at once. */
  get can(): boolean {
    return this.swipe !== null;
  }

  /** The picture of `at` beside that of `against`, of which `frame` is [ms]; `now` [s]. */
  split(against: number, at: number, frame: Frame, now: number): void {
    const { scene, stage, state } = this.view;
    this.state ??= new SpaceState(scene!.index, scene!.state);
    this.state.apply(frame, now);
    this.state.asOf = against;
    this.recolour();
    this.swipe!.show(against, at, scene!.index.file.campus.timezone, state.lang, this.view.tokens);
    stage!.split = this.swipe!.splitter(stage!, scene!.uniforms, scene!.state, this.state);
  }

  unsplit(): void {
    const { stage } = this.view;
    if (!stage?.split) return;
    stage.split = null;
    this.swipe?.hide();
    this.view.change(Change.State);
  }

  /** The other moment's colours follow lens, channel and theme. */
  recolour(): void {
    const { state: other, view } = this;
    if (!other) return;
    other.setLens(view.state.lens);
    other.setActive(view.state.channel !== '');
    other.setPalette(view.tokens, view.state.legend);
    if (view.stage?.split) this.swipe?.paint(view.tokens);
  }

  /** Display bytes of the other moment. */
  refresh(): void {
    if (this.view.stage?.split) this.state?.refresh();
  }

  /** What is known of the other moment is void. */
  forget(): void {
    this.unsplit();
    this.state?.dispose();
    this.state = null;
  }

  dispose(): void {
    this.swipe?.dispose();
  }
}
