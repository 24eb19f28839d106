// Builds a building's closed form from its storey outlines: a glazed band set back under a slab edge, ledges, roofs
// with parapets and boxes, and the floor plates that show when a storey lies open. Runs in the worker.

import type { Builder, ExtraArrays } from '../jobs.ts';
import type { Block } from '../pack.ts';
import { facadePieces, inset, RoomWalls } from './outline.ts';

/**
 * Words (u16) of a vertex: x, y, z [cm], storey, low 16 bits of the slot, high 8 bits of it and (above them) the way
 * below the slab's edge [dm], part, way along the wall [5 cm].
 */
export const ENVELOPE_WORDS = 8;
/** What a face is; the shaders know the numbers. */
export const Part = { band: 0, slab: 1, ledge: 2, roof: 3, parapet: 4, box: 5, floor: 6, floorEdge: 7 } as const;

const NO_SLOT = 0xffffff;
/** Width of a parapet [cm]. */
export const PARAPET = 38;

/** Height of the parapet over a storey of a height, both [cm]. */
export function parapetHeight(storey: number): number {
  return Math.min(110, Math.max(35, 0.22 * storey));
}
/** Rooftop boxes: one on so much roof [m2]. */
const ROOF_PER_BOX = 210;

interface Level {
  storey: number;
  slot: number;
  bottom: number;
  top: number;
  slabEdge: number;
  recess: number;
}

/** A growing interleaved mesh of quads and triangles; one is used again and again, for its arrays stay as large as they got. */
class Mesh {
  vertices = new Uint16Array(1 << 17);
  indices = new Uint32Array(1 << 16);
  words = 0;
  count = 0;

  empty(): this {
    this.words = this.count = 0;
    return this;
  }

  vertex(x: number, y: number, z: number, storey: number, slot: number, part: number, along: number, below: number): number {
    if (this.words + ENVELOPE_WORDS > this.vertices.length) this.vertices = grown(this.vertices);
    const v = this.vertices;
    let w = this.words;
    v[w++] = clamp(x);
    v[w++] = clamp(y);
    v[w++] = clamp(z);
    v[w++] = storey;
    v[w++] = slot & 0xffff;
    v[w++] = (slot >>> 16) | (Math.min(255, below / 10) << 8);
    v[w++] = part;
    v[w++] = clamp(along / 5);
    this.words = w;
    return w / ENVELOPE_WORDS - 1;
  }

  triangle(a: number, b: number, c: number): void {
    if (this.count + 3 > this.indices.length) this.indices = grown(this.indices);
    this.indices[this.count++] = a;
    this.indices[this.count++] = b;
    this.indices[this.count++] = c;
  }

  /** An upright face from (ax, ay) to (bx, by), seen with the solid on the left of that way. */
  wall(ax: number, ay: number, bx: number, by: number, low: number, high: number, level: Level, slot: number, part: number, from = 0, to = 0): void {
    const below = high - low;
    const p = this.vertex(ax, ay, low, level.storey, slot, part, from, below);
    this.vertex(bx, by, low, level.storey, slot, part, to, below);
    this.vertex(bx, by, high, level.storey, slot, part, to, 0);
    this.vertex(ax, ay, high, level.storey, slot, part, from, 0);
    this.quad(p);
  }

  /** A level strip between edge i of an outer ring and that of an inner one. */
  strip(outer: ArrayLike<number>, inner: ArrayLike<number>, i: number, j: number, z: number, level: Level, part: number): void {
    const p = this.vertex(outer[i]!, outer[i + 1]!, z, level.storey, NO_SLOT, part, 0, 0);
    this.vertex(outer[j]!, outer[j + 1]!, z, level.storey, NO_SLOT, part, 0, 0);
    this.vertex(inner[j]!, inner[j + 1]!, z, level.storey, NO_SLOT, part, 0, 0);
    this.vertex(inner[i]!, inner[i + 1]!, z, level.storey, NO_SLOT, part, 0, 0);
    this.quad(p);
  }

  /** The last four vertices, from `p` on. */
  private quad(p: number): void {
    this.triangle(p, p + 1, p + 2);
    this.triangle(p, p + 2, p + 3);
  }

  arrays(): ExtraArrays {
    const vertices = this.vertices.slice(0, this.words);
    const wide = this.words / ENVELOPE_WORDS > 65535;
    const indices = wide ? this.indices.slice(0, this.count) : Uint16Array.from(this.indices.subarray(0, this.count));
    return { arrays: { vertices, indices }, figures: { triangles: this.count / 3 } };
  }
}

const SCRATCH = new Mesh();

function grown<T extends Uint16Array | Uint32Array>(array: T): T {
  const bigger = new (array.constructor as new (length: number) => T)(array.length * 2);
  bigger.set(array);
  return bigger;
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 65535 ? 65535 : Math.round(value);
}

/** The envelope of one building (jobs.ts). */
export const buildEnvelope: Builder = (block, job) => {
  const mesh = SCRATCH.empty();
  const rooms = roomWalls(block, job.firstSlot);
  const base = Math.floor(job.bounds[2] * 100);
  // top first: what lies behind is then hidden before it is shaded
  for (let s = block.storeys - 1; s >= 0; s--) {
    const height = block.height[s]!;
    const bottom = block.elevation[s]! - base;
    const level: Level = {
      storey: job.firstStorey + s,
      slot: job.firstStoreySlot + s,
      bottom,
      top: bottom + height,
      slabEdge: Math.min(70, Math.max(28, 0.15 * height)),
      recess: Math.min(55, Math.max(18, 0.12 * height)),
    };
    storeyWalls(mesh, block, s, level, rooms[s]!);
    storeyRoof(mesh, block, s, level, job.building);
  }
  return mesh.arrays();
};

/** Ring r as a flat array [cm]. */
export function ringOf(block: Block, r: number): Float64Array {
  const start = block.ringStart[r]!;
  const count = block.ringStart[r + 1]! - start;
  const out = new Float64Array(2 * count);
  for (let p = 0; p < count; p++) {
    out[2 * p] = block.x[start + p]!;
    out[2 * p + 1] = block.y[start + p]!;
  }
  return out;
}

/** The outer walls of all rooms, storey by storey; behind a facade stands no wall with a room behind it. */
function roomWalls(block: Block, firstSlot: number): RoomWalls[] {
  const { groupRing, inner, ringStart, spaceGroup, x, y } = block;
  const walls = Array.from({ length: block.storeys }, () => new RoomWalls());
  const first = ringStart[groupRing[spaceGroup[0] ?? 0]!]!;
  for (let k = 0; k < block.spaces; k++) {
    const mine = walls[block.spaceStorey[k]!]!;
    for (let r = groupRing[spaceGroup[k]!]!; r < groupRing[spaceGroup[k + 1]!]!; r++) {
      const end = ringStart[r + 1]!;
      for (let p = ringStart[r]!; p < end; p++) {
        if (inner[p - first] === 1) continue;
        const q = p + 1 < end ? p + 1 : ringStart[r]!;
        mine.add({ ax: x[p]!, ay: y[p]!, bx: x[q]!, by: y[q]!, slot: firstSlot + k });
      }
    }
  }
  return walls;
}

function storeyWalls(mesh: Mesh, block: Block, s: number, level: Level, rooms: RoomWalls): void {
  const under = level.top - level.slabEdge;
  for (let g = block.storeyGroup[s]!; g < block.storeyGroup[s + 1]!; g++) {
    for (let r = block.groupRing[g]!; r < block.groupRing[g + 1]!; r++) {
      const ring = ringOf(block, r);
      const inner = inset(ring, level.recess);
      bands(mesh, ring, inner, under, level, rooms);
      const n = ring.length;
      for (let i = 0; i < n; i += 2) {
        const j = i + 2 < n ? i + 2 : 0;
        const [ax, ay, bx, by] = [ring[i]!, ring[i + 1]!, ring[j]!, ring[j + 1]!];
        mesh.wall(ax, ay, bx, by, under, level.top, level, level.slot, Part.slab);
        mesh.strip(ring, inner, i, j, level.top, level, Part.ledge);
        mesh.wall(ax, ay, bx, by, level.bottom - 45, level.bottom, level, NO_SLOT, Part.floorEdge);
      }
    }
    cap(mesh, block, g, level.bottom, level, Part.floor);
  }
}

/** The glazed band: one face for each room behind the wall, in that room's colour. */
function bands(mesh: Mesh, ring: Float64Array, inner: Float64Array, under: number, level: Level, rooms: RoomWalls): void {
  const n = ring.length / 2;
  let walked = 0;
  let edge = -1;
  for (const piece of facadePieces(ring, rooms, level.slot)) {
    const i = piece.edge;
    const j = (i + 1) % n;
    const x = ring[2 * i]!;
    const y = ring[2 * i + 1]!;
    const dx = ring[2 * j]! - x;
    const dy = ring[2 * j + 1]! - y;
    const length = Math.hypot(dx, dy);
    if (edge !== i) {
      walked = (walked + (edge < 0 ? 0 : edgeLength(ring, edge))) % 60000;
      edge = i;
    }
    const start = ((inner[2 * i]! - x) * dx + (inner[2 * i + 1]! - y) * dy) / length;
    const end = ((inner[2 * j]! - x) * dx + (inner[2 * j + 1]! - y) * dy) / length;
    const from = Math.max(start, piece.from);
    const to = Math.min(end, piece.to);
    // pieces at a corner reach to the inner ring's corner, in or out
    const t0 = piece.from <= 0 ? start : from;
    const t1 = piece.to >= length - 1 ? end : to;
    if (t1 - t0 < 1) continue;
    // from and to as shares of the inner edge
    const [ix, iy] = [inner[2 * i]!, inner[2 * i + 1]!];
    const [ex, ey] = [inner[2 * j]! - ix, inner[2 * j + 1]! - iy];
    const scale = end - start > 1e-6 ? 1 / (end - start) : 0;
    const [f, t] = [(t0 - start) * scale, (t1 - start) * scale];
    mesh.wall(ix + f * ex, iy + f * ey, ix + t * ex, iy + t * ey, level.bottom, under, level, piece.slot, Part.band, walked + t0, walked + t1);
  }
}

function edgeLength(ring: Float64Array, i: number): number {
  const j = (i + 1) % (ring.length / 2);
  return Math.hypot(ring[2 * j]! - ring[2 * i]!, ring[2 * j + 1]! - ring[2 * i + 1]!);
}

/** The cap triangles of a group, facing up. */
function cap(mesh: Mesh, block: Block, g: number, z: number, level: Level, part: number): void {
  const start = block.ringStart[block.groupRing[g]!]!;
  const end = block.ringStart[block.groupRing[g + 1]!]!;
  const first = mesh.words / ENVELOPE_WORDS;
  for (let p = start; p < end; p++) mesh.vertex(block.x[p]!, block.y[p]!, z, level.storey, level.slot, part, 0, 0);
  for (let t = block.groupTri[g]! * 3; t < block.groupTri[g + 1]! * 3; t += 3) {
    mesh.triangle(first + block.tri[t]!, first + block.tri[t + 1]!, first + block.tri[t + 2]!);
  }
}

function storeyRoof(mesh: Mesh, block: Block, s: number, level: Level, seed: number): void {
  const height = parapetHeight(level.top - level.bottom);
  for (let g = block.roofGroup[s]!; g < block.roofGroup[s + 1]!; g++) {
    cap(mesh, block, g, level.top, level, Part.roof);
    for (let r = block.groupRing[g]!; r < block.groupRing[g + 1]!; r++) parapet(mesh, ringOf(block, r), level, height);
    boxes(mesh, block, g, level, seed * 131 + s * 17 + g);
  }
}

function parapet(mesh: Mesh, ring: Float64Array, level: Level, height: number): void {
  const inner = inset(ring, PARAPET);
  const n = ring.length;
  for (let i = 0; i < n; i += 2) {
    const j = i + 2 < n ? i + 2 : 0;
    const top = level.top + height;
    mesh.wall(ring[i]!, ring[i + 1]!, ring[j]!, ring[j + 1]!, level.top, top, level, NO_SLOT, Part.parapet);
    mesh.wall(inner[j]!, inner[j + 1]!, inner[i]!, inner[i + 1]!, level.top, top, level, NO_SLOT, Part.parapet);
    mesh.strip(ring, inner, i, j, top, level, Part.parapet);
  }
}

/** Plant on the roof: seeded boxes along the building's axes, well inside the parapet. */
function boxes(mesh: Mesh, block: Block, g: number, level: Level, seed: number): void {
  const dice = random(seed);
  const start = block.ringStart[block.groupRing[g]!]!;
  for (let t = block.groupTri[g]!; t < block.groupTri[g + 1]!; t++) {
    const [a, b, c] = [0, 1, 2].map((k) => start + block.tri[3 * t + k]!) as [number, number, number];
    const [ax, ay] = [block.x[a]!, block.y[a]!];
    const area = Math.abs((block.x[b]! - ax) * (block.y[c]! - ay) - (block.x[c]! - ax) * (block.y[b]! - ay)) / 2e4;
    let wanted = area / ROOF_PER_BOX + dice();
    for (; wanted >= 1; wanted--) {
      let [u, v] = [dice(), dice()];
      if (u + v > 1) [u, v] = [1 - u, 1 - v];
      const x = ax + u * (block.x[b]! - ax) + v * (block.x[c]! - ax);
      const y = ay + u * (block.y[b]! - ay) + v * (block.y[c]! - ay);
      const long = dice() < 0.5;
      const w = (long ? 220 : 120) + 240 * dice();
      const d = (long ? 110 : 200) + 160 * dice();
      if (clearance(block, g, x, y) < Math.hypot(w, d) / 2 + 110) continue;
      box(mesh, x, y, w / 2, d / 2, level.top + 110 + 130 * dice(), level);
    }
  }
}

function box(mesh: Mesh, x: number, y: number, w: number, d: number, top: number, level: Level): void {
  const ring = [x - w, y - d, x + w, y - d, x + w, y + d, x - w, y + d];
  for (let i = 0; i < 8; i += 2) {
    const j = (i + 2) % 8;
    mesh.wall(ring[i]!, ring[i + 1]!, ring[j]!, ring[j + 1]!, level.top, top, level, NO_SLOT, Part.box);
  }
  // its lid lies between the first edge and the one across
  mesh.strip(ring, [ring[6]!, ring[7]!, ring[4]!, ring[5]!], 0, 2, top, level, Part.box);
}

/** Distance [cm] of a place from the nearest edge of a group's rings. */
function clearance(block: Block, g: number, x: number, y: number): number {
  let least = Infinity;
  for (let r = block.groupRing[g]!; r < block.groupRing[g + 1]!; r++) {
    const start = block.ringStart[r]!;
    const n = block.ringStart[r + 1]! - start;
    for (let p = 0; p < n; p++) {
      const i = start + p;
      const j = start + ((p + 1) % n);
      const dx = block.x[j]! - block.x[i]!;
      const dy = block.y[j]! - block.y[i]!;
      const k = Math.min(1, Math.max(0, ((x - block.x[i]!) * dx + (y - block.y[i]!) * dy) / (dx * dx + dy * dy)));
      least = Math.min(least, Math.hypot(block.x[i]! + k * dx - x, block.y[i]! + k * dy - y));
    }
  }
  return least;
}

/** A small seeded generator (mulberry32): the same campus gets the same roofs. */
function random(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
