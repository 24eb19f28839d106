// The selection, drawn as the edges of its prisms: always found, also behind walls.

import { BlockFrame } from '../blockframe.ts';
import { Change, type Layer, type LayerContext } from '../layer.ts';
import type { Block } from '../pack.ts';
import { prismTop } from '../prisms.ts';
import { Ribbons } from '../ribbons.ts';

/** Edges of the prism over the groups first .. last between two heights [m], as segments. */
export function prismEdges(block: Block, frame: BlockFrame, first: number, last: number, low: number, high: number, storey: number, out: number[]): void {
  for (let r = block.groupRing[first]!; r < block.groupRing[last]!; r++) {
    const start = block.ringStart[r]!;
    const end = block.ringStart[r + 1]!;
    for (let i = start; i < end; i++) {
      const j = i + 1 < end ? i + 1 : start;
      const x = frame.east(block.x[i]!, block.y[i]!);
      const y = frame.north(block.x[i]!, block.y[i]!);
      const nextX = frame.east(block.x[j]!, block.y[j]!);
      const nextY = frame.north(block.x[j]!, block.y[j]!);
      out.push(x, y, high, nextX, nextY, high, storey);
      if (high <= low) continue;
      out.push(x, y, low, nextX, nextY, low, storey, x, y, low, x, y, high, storey);
    }
  }
}

export class OutlineLayer implements Layer {
  readonly name = 'outline';
  private ctx!: LayerContext;
  private ribbons!: Ribbons;

  init(ctx: LayerContext): void {
    this.ctx = ctx;
    this.ribbons = new Ribbons(ctx.world, ctx.uniforms, 2, true, 20);
  }

  update(change: number): void {
    if (change & Change.Theme) this.ribbons.setColour(this.ctx.tokens.hex.select);
    if (change & (Change.Selection | Change.Building | Change.Texts)) this.trace();
  }

  private trace(): void {
    const { view, index, loaded } = this.ctx;
    const slot = view.selection;
    const building = index.buildingOf(slot);
    const data = loaded[building];
    const segments: number[] = [];
    if (data) {
      const row = index.file.buildings[building]!;
      const frame = new BlockFrame(row.frame);
      const { block } = data;
      const kind = index.kind(slot);
      if (kind === 'space') {
        const k = slot - index.firstSpace - row.spaces[0];
        prismEdges(block, frame, block.spaceGroup[k]!, block.spaceGroup[k + 1]!, block.spaceFloor[k]! / 100, prismTop(block, k) / 100, index.storeyOf(slot), segments);
      } else {
        const storeys = kind === 'storey' ? [index.storeyOf(slot) - row.storeys[0]] : [...block.elevation.keys()];
        for (const s of storeys) this.storey(block, frame, s, row.storeys[0] + s, kind === 'building', segments);
      }
    }
    this.ribbons.set(segments);
  }

  /** A storey's outline; of a whole building only the roofs and the foot. */
  private storey(block: Block, frame: BlockFrame, s: number, storey: number, whole: boolean, out: number[]): void {
    const low = block.elevation[s]! / 100;
    const high = low + block.height[s]! / 100;
    if (!whole) {
      prismEdges(block, frame, block.storeyGroup[s]!, block.storeyGroup[s + 1]!, low, high, storey, out);
      return;
    }
    prismEdges(block, frame, block.roofGroup[s]!, block.roofGroup[s + 1]!, high, high, storey, out);
    if (s === 0) prismEdges(block, frame, block.storeyGroup[s]!, block.storeyGroup[s + 1]!, low, low, storey, out);
  }

  dispose(): void {
    this.ribbons.dispose();
  }
}
