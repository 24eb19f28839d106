// Caps of an upright cut: the plane runs through rings in stretches, and every stretch of a prism is a rectangle.

import { BlockFrame } from '../blockframe.ts';
import { PARAPET, parapetHeight, ringOf } from '../look/envelope.ts';
import { inset } from '../look/outline.ts';
import type { Block } from '../pack.ts';
import { CEILING_GAP, prismTop } from '../prisms.ts';
import type { SceneIndex } from '../scene.ts';
import { Cap, type CapBuffers, DROPS, type Face } from './buffers.ts';
import { CEILING, MOST_LINE, OUTER_WALL, PLATE, SLAB, WALL } from './measures.ts';
import { type CutLine, cutLine, type Ring, span, stretches } from './plane.ts';

const reach = new Float64Array(2);

/** One building's caps; heights are those of the storeys where they stand, without lift. */
export class UprightCut {
  private readonly axis: 'x' | 'y';
  private readonly at: number;
  private readonly out: CapBuffers;

  constructor(axis: 'x' | 'y', at: number, out: CapBuffers) {
    this.axis = axis;
    this.at = at;
    this.out = out;
  }

  building(index: SceneIndex, b: number, block: Block, parapets: boolean): void {
    const row = index.file.buildings[b]!;
    const frame = new BlockFrame(row.frame);
    const line = cutLine(this.axis, this.at, frame);
    for (let s = 0; s < block.storeys; s++) {
      const storey = row.storeys[0] + s;
      const face = { kind: Cap.base, storey, slot: index.storeySlot(storey) };
      this.storey(block, s, line, frame.step, face);
      if (parapets) this.parapets(block, s, line, frame.step, { ...face, kind: Cap.parapet });
    }
    const first = index.firstSpace + row.spaces[0];
    for (let k = 0; k < block.spaces; k++) {
      const s = block.spaceStorey[k]!;
      const storey = row.storeys[0] + s;
      this.room(block, k, line, frame.step, storey, index.storeySlot(storey), first + k);
    }
  }

  /** Whether the plane comes nearer than a wall to the rings of the groups first .. last. */
  private meets(block: Block, first: number, last: number, line: CutLine): boolean {
    const start = block.ringStart[block.groupRing[first]!]!;
    const end = block.ringStart[block.groupRing[last]!]!;
    if (start === end) return false;
    span(block.x, block.y, start, end, line, reach);
    return reach[0]! < WALL && reach[1]! > -WALL;
  }

  private storey(block: Block, s: number, line: CutLine, step: number, face: Face): void {
    const [first, last] = [block.storeyGroup[s]!, block.storeyGroup[s + 1]!];
    if (!this.meets(block, first, last, line)) return;
    const bottom = block.elevation[s]! / 100;
    const top = bottom + block.height[s]! / 100;
    for (let g = first; g < last; g++) {
      const rings = ringsOf(block, g);
      stretches(rings, line, (a, b) => {
        this.rectangle({ ...face, kind: Cap.plate }, a, b, bottom - PLATE, bottom);
        this.rectangle(face, a, b, bottom, top, 0, 0, 0, DROPS);
        this.rectangle({ ...face, kind: Cap.slab }, a, b, top - SLAB, top, 0, 1, 0);
      });
      const inner = moved(rings, OUTER_WALL / step);
      stretches(inner, line, (a, b) => this.rectangle({ ...face, kind: Cap.hollow }, a, b, bottom, top - SLAB, 1, 1, 1));
    }
  }

  private parapets(block: Block, s: number, line: CutLine, step: number, face: Face): void {
    const [first, last] = [block.roofGroup[s]!, block.roofGroup[s + 1]!];
    if (!this.meets(block, first, last, line)) return;
    const top = (block.elevation[s]! + block.height[s]!) / 100;
    const high = top + parapetHeight(block.height[s]!) / 100;
    for (let g = first; g < last; g++) {
      for (let r = block.groupRing[g]!; r < block.groupRing[g + 1]!; r++) {
        const ring = ringOf(block, r);
        // the strip between a ring and the same ring further in: even-odd over both
        stretches([ring, inset(ring, PARAPET / 100 / step)], line, (a, b) => this.rectangle(face, a, b, top, high));
      }
    }
  }

  private room(block: Block, k: number, line: CutLine, step: number, storey: number, storeySlot: number, slot: number): void {
    const [first, last] = [block.spaceGroup[k]!, block.spaceGroup[k + 1]!];
    if (!this.meets(block, first, last, line)) return;
    const s = block.spaceStorey[k]!;
    const low = block.spaceFloor[k]! / 100;
    const high = prismTop(block, k) / 100;
    const under = (block.elevation[s]! + block.height[s]! - CEILING_GAP) / 100;
    for (let g = first; g < last; g++) {
      const rings = ringsOf(block, g);
      const wall = { kind: Cap.wall, storey, slot: storeySlot };
      stretches(moved(rings, -WALL / step), line, (a, b) => this.rectangle(wall, a, b, low, Math.max(high, Math.min(high + CEILING, under))));
      const room = { kind: Cap.room, storey, slot };
      stretches(rings, line, (a, b) => this.rectangle(room, a, b, low, high, 1, 1, 1));
    }
  }

  /** The strip of earth under the ground, along the whole plane. */
  earth(from: number, to: number, low: number, high: number, face: Face): void {
    this.rectangle(face, from, to, low, high);
  }

  /**
   * A rectangle of the plane, seen from beyond it. A line is left round it: `sides`, `lower` and `upper` say with which
   * weight its ends draw back from it.
   */
  private rectangle(face: Face, a: number, b: number, low: number, high: number, sides = 0, lower = 0, upper = 0, flags = 0): void {
    if (high <= low || b <= a) return;
    const { out, at, axis } = this;
    const most = MOST_LINE * (face.kind === Cap.slab ? b - a : Math.min(high - low, b - a));
    const corner = (along: number, z: number, da: number, dz: number, f: number): number =>
      axis === 'x'
        ? out.vertex(face, at, along, z, 0, da, dz, most, f)
        : out.vertex(face, along, at, z, da, 0, dz, most, f);
    // a slab grows downwards where the line under it would be thinner than a pixel
    const down = face.kind === Cap.slab ? -lower : lower;
    const p = corner(a, low, sides, down, 0);
    const q = corner(b, low, -sides, down, 0);
    const r = corner(b, high, -sides, -upper, flags);
    const s = corner(a, high, sides, -upper, flags);
    if (axis === 'x') out.quad(p, q, r, s);
    else out.quad(q, p, s, r);
  }
}

export function ringsOf(block: Block, group: number): Float64Array[] {
  const rings: Float64Array[] = [];
  for (let r = block.groupRing[group]!; r < block.groupRing[group + 1]!; r++) rings.push(ringOf(block, r));
  return rings;
}

/** Every ring drawn inwards by a distance [steps]; outwards when it is negative. */
export function moved(rings: readonly Ring[], distance: number): Float64Array[] {
  return rings.map((ring) => inset(ring, distance));
}
