// Links of the network; what draws them is fetched when the live stream first tells of one (links/host.ts).

import { Change, type Layer, type LayerContext } from '../layer.ts';
import type { LinkDrawing } from '../links/drawing.ts';
import type { Hit } from '../pick.ts';

export class LinksLayer implements Layer {
  readonly name = 'links';
  private ctx!: LayerContext;
  private drawing: LinkDrawing | null = null;

  init(ctx: LayerContext): void {
    this.ctx = ctx;
  }

  update(change: number): void {
    const { model, part } = this.ctx.links;
    if (model === null || part === null) return;
    const first = this.drawing === null;
    this.drawing ??= new part.LinkDrawing(this.ctx, model);
    this.drawing.update(first ? Change.All : change);
  }

  beforeDraw(): boolean {
    return this.drawing?.beforeDraw() ?? false;
  }

  over(x: number, y: number, hit: Hit | null): boolean {
    return this.drawing?.hover(x, y, hit) ?? false;
  }

  click(x: number, y: number, hit: Hit): boolean {
    return this.drawing?.click(x, y, hit) ?? false;
  }

  dispose(): void {
    this.drawing?.dispose();
  }
}
