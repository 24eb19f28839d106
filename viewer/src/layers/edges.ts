// The edges of open rooms: hair lines along their ceilings and a line round the storey, so that a plan reads as a
// plan before any value has come.

import { BlockFrame } from '../blockframe.ts';
import { Change, type Layer, type LayerContext } from '../layer.ts';
import { prismTop } from '../prisms.ts';
import { Ribbons } from '../ribbons.ts';
import { Show } from '../storeys.ts';
import { prismEdges } from './outline.ts';

/** More open rooms than this are too small on the screen for lines between them. */
const MOST_ROOMS = 6000;

export class EdgesLayer implements Layer {
  readonly name = 'edges';
  private ctx!: LayerContext;
  private ribbons!: Ribbons;
  private walls!: Ribbons;
  private key = '';

  init(ctx: LayerContext): void {
    this.ctx = ctx;
    this.ribbons = new Ribbons(ctx.world, ctx.uniforms, 1, false, 10);
    this.walls = new Ribbons(ctx.world, ctx.uniforms, 1.5, false, 11);
  }

  update(change: number): void {
    if (change & Change.Theme) {
      this.ribbons.setColour(this.ctx.tokens.hex.bg);
      this.walls.setColour(this.ctx.tokens.hex['text-3']);
    }
    if (change & (Change.Storeys | Change.Building)) this.collect();
  }

  /** The storeys whose rooms are solid, by global index; empty when they are too many. */
  private open(): number[] {
    const { index, storeys, loaded } = this.ctx;
    const open: number[] = [];
    let rooms = 0;
    for (let j = 0; j < index.storeys; j++) {
      if (storeys.rooms(j) !== Show.solid || storeys.envelope(j) === Show.solid || !loaded[index.file.storeys.building[j]!]) continue;
      open.push(j);
      rooms += index.file.storeys.spaces[j]![1];
    }
    return rooms > MOST_ROOMS ? [] : open;
  }

  private collect(): void {
    const { index, loaded } = this.ctx;
    const open = this.open();
    const key = open.join();
    if (key === this.key) return;
    this.key = key;
    const segments: number[] = [];
    const outlines: number[] = [];
    for (const j of open) {
      const building = index.file.storeys.building[j]!;
      const row = index.file.buildings[building]!;
      const frame = new BlockFrame(row.frame);
      const { block } = loaded[building]!;
      const [first, count] = index.file.storeys.spaces[j]!;
      for (let k = first - row.spaces[0]; k < first - row.spaces[0] + count; k++) {
        const top = prismTop(block, k) / 100;
        prismEdges(block, frame, block.spaceGroup[k]!, block.spaceGroup[k + 1]!, top, top, j, segments);
      }
      const s = j - row.storeys[0];
      const high = (block.elevation[s]! + block.height[s]!) / 100;
      prismEdges(block, frame, block.storeyGroup[s]!, block.storeyGroup[s + 1]!, high, high, j, outlines);
    }
    this.ribbons.set(segments);
    this.walls.set(outlines);
  }

  dispose(): void {
    this.ribbons.dispose();
    this.walls.dispose();
  }
}
