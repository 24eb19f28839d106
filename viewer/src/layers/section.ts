// The section: fetches what draws its caps when one is first cut, and lets go of it when there is none.

import { Change, type Layer, type LayerContext } from '../layer.ts';
import type { Caps } from '../section/caps.ts';

const MATTERS = Change.Section | Change.Building | Change.Storeys | Change.Theme;

export class SectionLayer implements Layer {
  readonly name = 'section';
  caps: Caps | null = null;
  private ctx!: LayerContext;
  private asked = false;
  private gone = false;

  init(ctx: LayerContext): void {
    this.ctx = ctx;
  }

  update(change: number): void {
    if ((change & MATTERS) === 0) return;
    if (this.ctx.view.section === null) this.drop();
    else if (this.caps) this.caps.update(change);
    else void this.fetch();
  }

  beforeDraw(): boolean {
    this.caps?.beforeDraw();
    return false;
  }

  private async fetch(): Promise<void> {
    if (this.asked) return;
    this.asked = true;
    try {
      const { Caps } = await import('../section/caps.ts');
      if (this.gone || this.ctx.view.section === null) return;
      this.caps = new Caps(this.ctx);
      this.caps.update(Change.All);
      this.ctx.requestDraw();
    } catch (error) {
      // without them the cut is hollow, as it was until they came
      console.warn(`the caps of the section could not be fetched: ${String(error)}`);
    } finally {
      this.asked = false;
    }
  }

  private drop(): void {
    this.caps?.dispose();
    this.caps = null;
  }

  dispose(): void {
    this.gone = true;
    this.drop();
  }
}
