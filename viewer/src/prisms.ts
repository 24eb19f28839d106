// Extrudes the rooms of blocks to prisms: 12 bytes a vertex (u16 x, y, z, storey; u32 slot as two u16). Neighbouring
// faces share their vertices: the fragment shader takes normals from derivatives. Runs in the worker.

import { type Block, FLAG_COVERED } from './pack.ts';

/** Words (u16) of a vertex: x, y [steps of the group's frame], z [cm above its base], storey, slot low, slot high. */
export const VERTEX_WORDS = 6;

/** Prisms end this far below the next storey's floor [cm]: coinciding floors and ceilings would flicker in a section. */
export const CEILING_GAP = 10;

/** Height of a prism's upper face above the campus datum [cm]. */
export function prismTop(block: Block, space: number): number {
  return Math.max(block.spaceFloor[space]!, block.spaceTop[space]! - CEILING_GAP);
}

/** Where the indices of one building lie in the arrays that it is in. */
export interface RoomRanges {
  /** Where the storeys begin, the topmost first; storeyRange() reads it. */
  storeyStart: Uint32Array;
  /** Indices after those of all storeys: what of the whole building can be seen from afar (outer walls, tops under the sky). */
  far: number;
}

export interface MeshArrays {
  /** Interleaved vertices, VERTEX_WORDS u16 each. */
  vertices: Uint16Array;
  indices: Uint16Array | Uint32Array;
}

/** First index and number of indices of the local storeys `low` .. `high`. */
export function storeyRange(starts: Uint32Array, low: number, high: number): [number, number] {
  const storeys = starts.length - 1;
  const begin = starts[storeys - 1 - high]!;
  return [begin, starts[storeys - low]! - begin];
}

/**
 * Steps of the arrays' frame from steps of the building's: x = xu * u + xv * v + x0, y likewise, rounded; and how much
 * higher [cm] the building's heights above the campus datum are told there.
 */
export interface Placement {
  xu: number;
  xv: number;
  x0: number;
  yu: number;
  yv: number;
  y0: number;
  z0: number;
}

export interface Prisms {
  block: Block;
  /** Global index of the block's first storey, and slot of its first space. */
  firstStorey: number;
  firstSlot: number;
  place: Placement;
}

/** The building's own frame; `base` is the height of its lowest point above the campus datum [cm]. */
export function ownPlace(base: number): Placement {
  return { xu: 1, xv: 0, x0: 0, yu: 0, yv: 1, y0: 0, z0: -base };
}

interface Sizes {
  points: number;
  triangles: number;
  inner: number;
  covered: number;
}

/** Indices of all prisms, and of what is seen from afar. */
function allOf(sizes: Sizes): number {
  return 6 * sizes.points + 6 * sizes.triangles;
}

function farOf(sizes: Sizes): number {
  return 6 * (sizes.points - sizes.inner) + 3 * (sizes.triangles - sizes.covered);
}

/** Points of the spaces' rings: two vertices each. */
export function roomPoints(block: Block): number {
  const [first, last] = [block.spaceGroup[0] ?? 0, block.spaceGroup[block.spaces] ?? 0];
  return block.ringStart[block.groupRing[last]!]! - block.ringStart[block.groupRing[first]!]!;
}

function measure(block: Block): Sizes {
  const { groupTri, inner, spaceFlags, spaceGroup, spaces } = block;
  const [first, last] = [spaceGroup[0] ?? 0, spaceGroup[spaces] ?? 0];
  const sizes = { points: roomPoints(block), triangles: groupTri[last]! - groupTri[first]!, inner: 0, covered: 0 };
  for (const is of inner) sizes.inner += is;
  for (let k = 0; k < spaces; k++) {
    if (spaceFlags[k]! & FLAG_COVERED) sizes.covered += groupTri[spaceGroup[k + 1]!]! - groupTri[spaceGroup[k]!]!;
  }
  return sizes;
}

/** The arrays while they are being filled. */
class Filling {
  readonly vertices: Uint16Array;
  readonly indices: Uint16Array | Uint32Array;
  private v = 0;
  private w = 0;
  private i = 0;
  private far = 0;
  private given: Prisms | null = null;
  /** First point of the spaces' rings. */
  private firstPoint = 0;

  constructor(sizes: Sizes[]) {
    let points = 0;
    let indices = 0;
    for (const size of sizes) {
      points += size.points;
      indices += allOf(size) + farOf(size);
    }
    this.vertices = new Uint16Array(2 * points * VERTEX_WORDS);
    this.indices = 2 * points > 65535 ? new Uint32Array(indices) : new Uint16Array(indices);
  }

  /** The topmost storey comes first: seen from above it hides what is below, which is then not shaded. */
  building(given: Prisms, sizes: Sizes): RoomRanges {
    const { block } = given;
    this.given = given;
    this.firstPoint = block.ringStart[block.groupRing[block.spaceGroup[0] ?? 0]!]!;
    this.far = this.i + allOf(sizes);
    const storeyStart = new Uint32Array(block.storeys + 1).fill(this.i, 0, 1);
    let done = 0; // storeys
    for (let k = block.spaces - 1; k >= 0; k--) {
      while (done < block.storeys - 1 - block.spaceStorey[k]!) storeyStart[++done] = this.i;
      this.prism(k);
    }
    while (done < block.storeys) storeyStart[++done] = this.i;
    this.i = this.far;
    return { storeyStart, far: farOf(sizes) };
  }

  private prism(space: number): void {
    const { block, place } = this.given!;
    const bottom = Math.max(0, block.spaceFloor[space]! + place.z0);
    const top = Math.max(bottom, prismTop(block, space) + place.z0);
    for (let g = block.spaceGroup[space]!; g < block.spaceGroup[space + 1]!; g++) {
      const first = this.v;
      for (let r = block.groupRing[g]!; r < block.groupRing[g + 1]!; r++) this.ring(r, space, bottom, top);
      this.caps(g, first, (block.spaceFlags[space]! & FLAG_COVERED) !== 0);
    }
  }

  /** Two vertices a point, bottom and top, and the walls between them. */
  private ring(r: number, space: number, bottom: number, top: number): void {
    const { block, firstSlot, firstStorey, place } = this.given!;
    const { xu, xv, x0, yu, yv, y0 } = place;
    const { vertices } = this;
    const start = block.ringStart[r]!;
    const count = block.ringStart[r + 1]! - start;
    const slot = firstSlot + space;
    const level = firstStorey + block.spaceStorey[space]!;
    const first = this.v;
    const mark = start - this.firstPoint;
    let { w } = this;
    for (let p = 0; p < count; p++) {
      const u = block.x[start + p]!;
      const v = block.y[start + p]!;
      const x = Math.round(xu * u + xv * v + x0);
      const y = Math.round(yu * u + yv * v + y0);
      for (let end = 0; end < 2; end++) {
        vertices[w++] = x;
        vertices[w++] = y;
        vertices[w++] = end === 0 ? bottom : top;
        vertices[w++] = level;
        vertices[w++] = slot & 0xffff;
        vertices[w++] = slot >>> 16;
      }
      const a = first + 2 * p;
      const b = p + 1 < count ? a + 2 : first;
      this.i = this.wall(this.i, a, b);
      if (block.inner[mark + p] !== 1) this.far = this.wall(this.far, a, b);
    }
    this.v += 2 * count;
    this.w = w;
  }

  private wall(i: number, a: number, b: number): number {
    const { indices } = this;
    indices[i] = a;
    indices[i + 1] = b;
    indices[i + 2] = b + 1;
    indices[i + 3] = a;
    indices[i + 4] = b + 1;
    indices[i + 5] = a + 1;
    return i + 6;
  }

  /** The triangles of a group above and below. */
  private caps(g: number, first: number, covered: boolean): void {
    const { groupTri, tri } = this.given!.block;
    for (let t = groupTri[g]! * 3; t < groupTri[g + 1]! * 3; t += 3) {
      const a = first + 2 * tri[t]!;
      const b = first + 2 * tri[t + 1]!;
      const c = first + 2 * tri[t + 2]!;
      this.i = this.triangle(this.i, a + 1, b + 1, c + 1);
      this.i = this.triangle(this.i, a, c, b);
      if (!covered) this.far = this.triangle(this.far, a + 1, b + 1, c + 1);
    }
  }

  private triangle(i: number, a: number, b: number, c: number): number {
    const { indices } = this;
    indices[i] = a;
    indices[i + 1] = b;
    indices[i + 2] = c;
    return i + 3;
  }
}

/** One prism for each space of the buildings, all in the same arrays; a space without geometry adds nothing. */
export function extrude(buildings: Prisms[]): MeshArrays & { ranges: RoomRanges[] } {
  const sizes = buildings.map(({ block }) => measure(block));
  const filling = new Filling(sizes);
  const ranges = buildings.map((building, i) => filling.building(building, sizes[i]!));
  return { vertices: filling.vertices, indices: filling.indices, ranges };
}
