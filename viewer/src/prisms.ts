// Extrudes the rooms of a block to prisms: 12 bytes a vertex (u16 x, y, z, storey; u32 slot as two u16). Neighbouring
// faces share their vertices: the fragment shader takes normals from derivatives. Runs in the worker.

import type { Block } from './pack.ts';

/** Words (u16) of a vertex: x, y [steps of the building's frame], z [cm above its base], storey, slot low, slot high. */
export const VERTEX_WORDS = 6;

/** Prisms end this far below the next storey's floor [cm]: coinciding floors and ceilings would flicker in a section. */
export const CEILING_GAP = 10;

/** Height of a prism's upper face above the campus datum [cm]. */
export function prismTop(block: Block, space: number): number {
  return Math.max(block.spaceFloor[space]!, block.spaceTop[space]! - CEILING_GAP);
}

export interface MeshArrays {
  /** Interleaved vertices, VERTEX_WORDS u16 each. */
  vertices: Uint16Array;
  indices: Uint16Array | Uint32Array;
  /** Where the storeys begin, the topmost first; storeyRange() reads it. */
  storeyStart: Uint32Array;
}

/** First index and number of indices of the local storeys `low` .. `high`. */
export function storeyRange(starts: Uint32Array, low: number, high: number): [number, number] {
  const storeys = starts.length - 1;
  const begin = starts[storeys - 1 - high]!;
  return [begin, starts[storeys - low]! - begin];
}

export interface PrismOptions {
  /** Global index of the block's first storey, and slot of its first space. */
  firstStorey: number;
  firstSlot: number;
  /** Height of the building's lowest point above the campus datum [cm]. */
  base: number;
}

interface Sizes {
  vertices: number;
  indices: number;
}

function measure(block: Block): Sizes {
  let points = 0;
  let triangles = 0;
  for (let k = 0; k < block.spaces; k++) {
    for (let g = block.spaceGroup[k]!; g < block.spaceGroup[k + 1]!; g++) {
      points += block.ringStart[block.groupRing[g + 1]!]! - block.ringStart[block.groupRing[g]!]!;
      triangles += block.groupTri[g + 1]! - block.groupTri[g]!;
    }
  }
  return { vertices: 2 * points, indices: 6 * points + 6 * triangles };
}

/**
 * One prism for each space; a space without geometry adds nothing. The topmost storey comes first: seen from above it
 * hides what is below, which the depth test then throws away before it is shaded.
 */
export function extrude(block: Block, options: PrismOptions): MeshArrays {
  const sizes = measure(block);
  const vertices = new Uint16Array(sizes.vertices * VERTEX_WORDS);
  const indices = sizes.vertices > 65535 ? new Uint32Array(sizes.indices) : new Uint16Array(sizes.indices);
  const storeyStart = new Uint32Array(block.storeys + 1);
  const { ringStart, groupRing, groupTri, x, y, tri } = block;
  let v = 0;
  let w = 0;
  let i = 0;
  let done = 0; // storeys
  for (let k = block.spaces - 1; k >= 0; k--) {
    const storey = block.spaceStorey[k]!;
    while (done < block.storeys - 1 - storey) storeyStart[++done] = i;
    const slot = options.firstSlot + k;
    const bottom = Math.max(0, block.spaceFloor[k]! - options.base);
    const top = Math.max(bottom, prismTop(block, k) - options.base);
    const level = options.firstStorey + storey;
    for (let g = block.spaceGroup[k]!; g < block.spaceGroup[k + 1]!; g++) {
      const first = v;
      for (let r = groupRing[g]!; r < groupRing[g + 1]!; r++) {
        const start = ringStart[r]!;
        const count = ringStart[r + 1]! - start;
        const ringFirst = v;
        for (let p = 0; p < count; p++) {
          for (let end = 0; end < 2; end++) {
            vertices[w++] = x[start + p]!;
            vertices[w++] = y[start + p]!;
            vertices[w++] = end === 0 ? bottom : top;
            vertices[w++] = level;
            vertices[w++] = slot & 0xffff;
            vertices[w++] = slot >>> 16;
          }
          const a = ringFirst + 2 * p;
          const b = ringFirst + 2 * ((p + 1) % count);
          indices[i++] = a;
          indices[i++] = b;
          indices[i++] = b + 1;
          indices[i++] = a;
          indices[i++] = b + 1;
          indices[i++] = a + 1;
        }
        v += 2 * count;
      }
      for (let t = groupTri[g]! * 3; t < groupTri[g + 1]! * 3; t += 3) {
        const a = first + 2 * tri[t]!;
        const b = first + 2 * tri[t + 1]!;
        const c = first + 2 * tri[t + 2]!;
        indices[i++] = a + 1;
        indices[i++] = b + 1;
        indices[i++] = c + 1;
        indices[i++] = a;
        indices[i++] = c;
        indices[i++] = b;
      }
    }
  }
  while (done < block.storeys) storeyStart[++done] = i;
  return { vertices, indices, storeyStart };
}
