// What a failure touches, over the scene: fetched as one byte a slot, shown in place of the channel's values until it goes.

import { Change } from './layer.ts';
import type { SpaceState } from './state.ts';

/** Values of the bytes (docs/reference/impact.md). */
export const Impact = { plain: 0, weakened: 1, lost: 2, cause: 3 } as const;

/** What is needed of the view. */
export interface ImpactView {
  readonly root: HTMLElement;
  readonly scene: { readonly state: SpaceState } | null;
  repaint(forget: boolean): void;
  change(bits: number): void;
}

export class ImpactShade {
  private readonly view: ImpactView;
  private url = '';
  private of: SpaceState | null = null;
  private loading = new AbortController();

  constructor(view: ImpactView) {
    this.view = view;
  }

  /** Shows what `url` answers, '' nothing; a scene that has come anew is shaded anew. */
  follow(url: string): void {
    const state = this.view.scene?.state ?? null;
    if (url === this.url && state === this.of) return;
    this.url = url;
    this.of = state;
    this.loading.abort();
    if (url === '' || state === null) this.show(null, '');
    else void this.fetch(url, state, (this.loading = new AbortController()));
  }

  private async fetch(url: string, state: SpaceState, loading: AbortController): Promise<void> {
    this.view.root.dataset['impact'] = 'loading';
    try {
      const answer = await fetch(url, { signal: loading.signal });
      if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
      const bytes = new Uint8Array(await answer.arrayBuffer());
      if (bytes.length !== state.raw.length) throw new Error(`${url} is of another scene: ${bytes.length} slots`);
      if (!loading.signal.aborted) this.show(bytes, 'shown');
    } catch (error) {
      if (loading.signal.aborted) return;
      console.warn(`campus view: ${error instanceof Error ? error.message : String(error)}`);
      // values of the channel would be read as the failure's
      this.show(new Uint8Array(state.raw.length), 'failed');
    }
  }

  private show(bytes: Uint8Array | null, told: string): void {
    const state = this.view.scene?.state;
    this.view.root.dataset['impact'] = told;
    if (!state || (bytes === null && state.impact === null)) return;
    this.view.repaint(false);
    state.impact = bytes;
    this.view.repaint(false);
    this.view.change(Change.State | Change.Legend);
  }
}
