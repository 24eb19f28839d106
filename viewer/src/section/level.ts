// Caps of a level cut: the polygons of the storeys that it goes through, with the triangles of their own caps.

import { BlockFrame } from '../blockframe.ts';
import { PARAPET, parapetHeight, ringOf } from '../look/envelope.ts';
import { inset } from '../look/outline.ts';
import type { Block } from '../pack.ts';
import { CEILING_GAP, prismTop } from '../prisms.ts';
import type { SceneIndex } from '../scene.ts';
import type { StoreyState } from '../storeys.ts';
import { Cap, type CapBuffers, type Face } from './buffers.ts';
import { CEILING, MOST_LINE, OUTER_WALL, PLATE, SLAB, WALL } from './measures.ts';
import { moved, ringsOf } from './upright.ts';

/** Offset [m] by which the direction of a corner is found. */
const FEELER = 0.06;

export class LevelCut {
  private readonly at: number;
  private readonly storeys: StoreyState;
  private readonly out: CapBuffers;
  private frame = new BlockFrame([0, 0, 0, 1]);
  /** Height of the cut where the storey stands without its lift [m]. */
  private z = 0;

  constructor(at: number, storeys: StoreyState, out: CapBuffers) {
    this.at = at;
    this.storeys = storeys;
    this.out = out;
  }

  building(index: SceneIndex, b: number, block: Block, parapets: boolean): void {
    const row = index.file.buildings[b]!;
    this.frame = new BlockFrame(row.frame);
    for (let s = 0; s < block.storeys; s++) {
      const storey = row.storeys[0] + s;
      this.z = this.at - this.storeys.lift(storey);
      const face = { kind: Cap.base, storey, slot: index.storeySlot(storey) };
      this.storey(block, s, face);
      if (parapets) this.parapets(block, s, { ...face, kind: Cap.parapet });
    }
    const first = index.firstSpace + row.spaces[0];
    for (let k = 0; k < block.spaces; k++) {
      const storey = row.storeys[0] + block.spaceStorey[k]!;
      this.z = this.at - this.storeys.lift(storey);
      this.room(block, k, storey, index.storeySlot(storey), first + k);
    }
  }

  private storey(block: Block, s: number, face: Face): void {
    const { z } = this;
    const bottom = block.elevation[s]! / 100;
    const top = bottom + block.height[s]! / 100;
    if (z < bottom - PLATE || z >= top) return;
    for (let g = block.storeyGroup[s]!; g < block.storeyGroup[s + 1]!; g++) {
      if (z < bottom) this.polygon(block, g, ringsOf(block, g), { ...face, kind: Cap.plate });
      else if (z < top - CEILING_GAP / 100) this.polygon(block, g, ringsOf(block, g), face);
      if (z >= top - SLAB && z < top) this.polygon(block, g, ringsOf(block, g), { ...face, kind: Cap.slab });
      if (z >= bottom && z < top - SLAB) {
        this.polygon(block, g, moved(ringsOf(block, g), OUTER_WALL / this.frame.step), { ...face, kind: Cap.hollow });
      }
    }
  }

  private parapets(block: Block, s: number, face: Face): void {
    const top = (block.elevation[s]! + block.height[s]!) / 100;
    if (this.z < top || this.z >= top + parapetHeight(block.height[s]!) / 100) return;
    for (let r = block.groupRing[block.roofGroup[s]!]!; r < block.groupRing[block.roofGroup[s + 1]!]!; r++) {
      const ring = ringOf(block, r);
      const inner = inset(ring, PARAPET / 100 / this.frame.step);
      const n = ring.length;
      for (let i = 0; i < n; i += 2) {
        const j = (i + 2) % n;
        const corner = (from: ArrayLike<number>, at: number): number => this.corner(face, from[at]!, from[at + 1]!);
        this.out.quad(corner(ring, i), corner(ring, j), corner(inner, j), corner(inner, i));
      }
    }
  }

  private room(block: Block, k: number, storey: number, storeySlot: number, slot: number): void {
    const { z } = this;
    const low = block.spaceFloor[k]! / 100;
    const high = prismTop(block, k) / 100;
    if (z < low || z >= high + CEILING) return;
    for (let g = block.spaceGroup[k]!; g < block.spaceGroup[k + 1]!; g++) {
      const rings = ringsOf(block, g);
      this.polygon(block, g, moved(rings, -WALL / this.frame.step), { kind: Cap.wall, storey, slot: storeySlot });
      if (z < high) this.polygon(block, g, rings, { kind: Cap.room, storey, slot });
    }
  }

  private corner(face: Face, u: number, v: number, du = 0, dv = 0, most = 0): number {
    const { cos, sin } = this.frame;
    return this.out.vertex(face, this.frame.east(u, v), this.frame.north(u, v), this.z, du * cos - dv * sin, du * sin + dv * cos, 0, most);
  }

  /** The triangles of a group, with its corners at the given rings; rooms leave a line round them. */
  private polygon(block: Block, g: number, rings: readonly Float64Array[], face: Face): void {
    const { out } = this;
    const first = out.vertices;
    const lined = face.kind === Cap.room;
    const most = lined ? MOST_LINE * width(rings) * this.frame.step : 0;
    const feeler = FEELER / this.frame.step;
    for (const ring of rings) {
      const inner = lined ? inset(ring, feeler) : ring;
      for (let i = 0; i < ring.length; i += 2) {
        const [u, v] = [ring[i]!, ring[i + 1]!];
        this.corner(face, u, v, (inner[i]! - u) / feeler, (inner[i + 1]! - v) / feeler, most);
      }
    }
    for (let t = block.groupTri[g]! * 3; t < block.groupTri[g + 1]! * 3; t += 3) {
      out.triangle(first + block.tri[t]!, first + block.tri[t + 1]!, first + block.tri[t + 2]!);
    }
  }
}

/** How wide a polygon is [its own unit]: that of a long strip of its area and girth. */
function width(rings: readonly Float64Array[]): number {
  let twice = 0;
  let girth = 0;
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
      twice += ring[j]! * ring[i + 1]! - ring[i]! * ring[j + 1]!;
      girth += Math.hypot(ring[i]! - ring[j]!, ring[i + 1]! - ring[j + 1]!);
    }
  }
  return girth > 0 ? Math.max(0, twice) / girth : 0;
}
