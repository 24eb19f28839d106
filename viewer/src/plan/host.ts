// The plan's place in the view: its code is fetched when a plan is first shown, which with a graphics context may be never.

import type { Plan, PlanActions, PlanView } from './plan.ts';
import type { LinkHost } from '../links/host.ts';
import type { SceneIndex } from '../scene.ts';
import type { SpaceState } from '../state.ts';

export class PlanHost {
  private readonly root: HTMLElement;
  private readonly index: SceneIndex;
  private readonly state: SpaceState;
  private readonly links: LinkHost;
  private readonly actions: PlanActions;
  private plan: Plan | null = null;
  private asked = false;
  private wanted: PlanView | null = null;
  private gone = false;

  constructor(root: HTMLElement, index: SceneIndex, state: SpaceState, links: LinkHost, actions: PlanActions) {
    this.root = root;
    this.index = index;
    this.state = state;
    this.links = links;
    this.actions = actions;
  }

  /** The plan is shown as `view` says. */
  show(view: PlanView): void {
    this.wanted = view;
    if (this.plan) this.plan.update(view);
    else void this.fetch();
  }

  /** Another mode is shown. */
  hide(): void {
    this.wanted = null;
    this.plan?.hide();
  }

  private async fetch(): Promise<void> {
    if (this.asked) return;
    this.asked = true;
    try {
      const { Plan } = await import('./plan.ts');
      if (this.gone || this.wanted === null) return;
      this.plan = new Plan(this.root, this.index, this.state, this.links, this.wanted, this.actions);
      this.plan.update(this.wanted);
    } catch (error) {
      // the next change of the view asks again
      console.warn(`the plan could not be fetched: ${String(error)}`);
    } finally {
      this.asked = false;
    }
  }

  dispose(): void {
    this.gone = true;
    this.plan?.dispose();
  }
}
