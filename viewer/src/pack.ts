// Decodes one building's block of a room pack (docs/reference/scene-format.md) to flat arrays. Runs in the worker and,
// for the SVG plans, on the main thread; it touches neither three.js nor the page.

const MAGIC = 0x32525443; // 'CTR2', little-endian
export const FLAG_DERIVED = 1;
export const FLAG_SCHEMATIC = 2;
export const FLAG_SYNTHETIC = 4;
const FLAG_OWN_HEIGHT = 8;
/** The storeys above cover the room. */
export const FLAG_COVERED = 16;
const HOLE = 0x8000;

/**
 * The rings of one building. Plan coordinates are steps of the building's frame (blockframe.ts); heights are
 * centimetres above the campus datum. Ring r has the points ringStart[r] .. ringStart[r + 1]; a group (an outer ring and
 * its holes) has the rings groupRing[g] .. groupRing[g + 1] and the cap triangles groupTri[g] .. groupTri[g + 1].
 */
export interface Block {
  storeys: number;
  spaces: number;
  elevation: Int32Array;
  height: Uint16Array;
  spaceStorey: Uint16Array;
  spaceFlags: Uint8Array;
  spaceFloor: Int32Array;
  spaceTop: Int32Array;
  ringStart: Uint32Array;
  groupRing: Uint32Array;
  groupTri: Uint32Array;
  /** First group of each storey's outline, of its roof (what no storey above covers), and of each space. */
  storeyGroup: Uint32Array;
  roofGroup: Uint32Array;
  spaceGroup: Uint32Array;
  x: Uint16Array;
  y: Uint16Array;
  tri: Uint16Array;
  /** For each point of the spaces' rings, 1 where a room as high lies behind its wall to the next point. */
  inner: Uint8Array;
}

class Reader {
  private at: number;
  private readonly buffer: ArrayBuffer;
  private readonly end: number;

  constructor(buffer: ArrayBuffer, offset: number, length: number) {
    this.buffer = buffer;
    this.at = offset;
    this.end = offset + length;
    if (offset % 4 !== 0 || this.end > buffer.byteLength) {
      throw new Error(`a block at ${offset}..${this.end} does not fit a pack of ${buffer.byteLength} bytes`);
    }
  }

  private take(count: number, size: number): number {
    const start = this.at;
    const bytes = count * size;
    if (start + bytes > this.end) throw new Error(`a room block ends ${start + bytes - this.end} bytes early`);
    this.at = start + bytes + ((4 - (bytes % 4)) % 4);
    return start;
  }

  u8(count: number): Uint8Array {
    return new Uint8Array(this.buffer, this.take(count, 1), count);
  }

  u16(count: number): Uint16Array {
    return new Uint16Array(this.buffer, this.take(count, 2), count);
  }

  i16(count: number): Int16Array {
    return new Int16Array(this.buffer, this.take(count, 2), count);
  }

  i32(count: number): Int32Array {
    return new Int32Array(this.buffer, this.take(count, 4), count);
  }

  u32(count: number): Uint32Array {
    return new Uint32Array(this.buffer, this.take(count, 4), count);
  }
}

/** Absolute coordinates: steps from point to point modulo 65536, a ring's first point from that of the ring before. */
function integrate(deltas: Uint16Array, ringStart: Uint32Array): Uint16Array {
  const out = new Uint16Array(deltas.length);
  let first = 0;
  for (let r = 0; r + 1 < ringStart.length; r++) {
    const start = ringStart[r]!;
    const end = ringStart[r + 1]!;
    if (start === end) continue;
    let value = (first + deltas[start]!) & 0xffff;
    first = value;
    out[start] = value;
    for (let i = start + 1; i < end; i++) {
      value = (value + deltas[i]!) & 0xffff;
      out[i] = value;
    }
  }
  return out;
}

function prefixSum(counts: ArrayLike<number>): Uint32Array {
  const out = new Uint32Array(counts.length + 1);
  for (let i = 0; i < counts.length; i++) out[i + 1] = out[i]! + counts[i]!;
  return out;
}

/** Ring ranges of the owners (storeys, then spaces) turned into group ranges. */
function ownersToGroups(rings: Uint32Array, groupOfRing: Uint32Array, groups: number): Uint32Array {
  const out = new Uint32Array(rings.length);
  for (let i = 0; i < rings.length; i++) {
    const ring = rings[i]!;
    out[i] = ring < groupOfRing.length ? groupOfRing[ring]! : groups;
  }
  return out;
}

/** Decodes the block at `offset` [bytes] of a pack; throws an Error that says what does not fit. */
export function decodeBlock(buffer: ArrayBuffer, offset: number, length: number): Block {
  const read = new Reader(buffer, offset, length);
  const [magic = 0, rings = 0, points = 0, spaces = 0, storeys = 0, triangles = 0, groups = 0, own = 0] = read.u32(8);
  if (magic !== MAGIC) throw new Error(`a room block begins with ${magic.toString(16)}, not with 'CTR2'`);
  const elevation = read.i32(storeys).slice();
  const height = read.u16(storeys).slice();
  const outlineRings = read.u16(storeys);
  const roofRings = read.u16(storeys);
  const spaceStorey = read.u16(spaces).slice();
  const spaceRings = read.u16(spaces);
  const spaceFlags = read.u8(spaces).slice();
  const ringPoints = read.u16(rings);
  const counts = new Uint32Array(rings);
  const groupOfRing = new Uint32Array(rings);
  const groupStarts: number[] = [];
  for (let r = 0; r < rings; r++) {
    counts[r] = ringPoints[r]! & ~HOLE;
    if ((ringPoints[r]! & HOLE) === 0) groupStarts.push(r);
    groupOfRing[r] = groupStarts.length - 1;
  }
  if (groupStarts.length !== groups) throw new Error(`a room block has ${groupStarts.length} ring groups, its header says ${groups}`);
  const ringStart = prefixSum(counts);
  if (ringStart[rings] !== points) throw new Error(`the rings have ${ringStart[rings]} points, the header says ${points}`);
  const x = integrate(read.u16(points), ringStart);
  const y = integrate(read.u16(points), ringStart);
  const triCount = read.u16(groups);
  const tri = read.u16(3 * triangles).slice();
  const owners = prefixSum([...outlineRings, ...roofRings, ...spaceRings]);
  const ownerGroups = ownersToGroups(owners, groupOfRing, groups);
  const spaceFloor = new Int32Array(spaces);
  const spaceTop = new Int32Array(spaces);
  const ownOffset = read.i16(own);
  const ownHeight = read.u16(own);
  for (let k = 0, o = 0; k < spaces; k++) {
    const storey = spaceStorey[k]!;
    const has = (spaceFlags[k]! & FLAG_OWN_HEIGHT) !== 0;
    spaceFloor[k] = elevation[storey]! + (has ? ownOffset[o]! : 0);
    spaceTop[k] = spaceFloor[k]! + (has ? ownHeight[o]! : height[storey]!);
    if (has) o++;
  }
  const firstPoint = ringStart[owners[2 * storeys]!]!;
  const bits = read.u8(Math.ceil((points - firstPoint) / 8));
  const inner = new Uint8Array(points - firstPoint);
  for (let i = 0; i < inner.length; i++) inner[i] = (bits[i >> 3]! >> (i & 7)) & 1;
  return {
    storeys,
    spaces,
    elevation,
    height,
    spaceStorey,
    spaceFlags,
    spaceFloor,
    spaceTop,
    ringStart,
    groupRing: Uint32Array.from([...groupStarts, rings]),
    groupTri: prefixSum(triCount),
    storeyGroup: ownerGroups.slice(0, storeys + 1),
    roofGroup: ownerGroups.slice(storeys, 2 * storeys + 1),
    spaceGroup: ownerGroups.slice(2 * storeys),
    x,
    y,
    tri,
    inner,
  };
}

/** Areas of a block's rooms [m2] from their rings (holes are clockwise and count against it); `step` [m]. */
export function roomAreas(block: Block, step: number): Float32Array {
  const out = new Float32Array(block.spaces);
  for (let k = 0; k < block.spaces; k++) {
    let twice = 0;
    for (let r = block.groupRing[block.spaceGroup[k]!]!; r < block.groupRing[block.spaceGroup[k + 1]!]!; r++) {
      const end = block.ringStart[r + 1]!;
      for (let i = block.ringStart[r]!, j = end - 1; i < end; j = i++) twice += block.x[j]! * block.y[i]! - block.x[i]! * block.y[j]!;
    }
    out[k] = Math.max(0, twice / 2) * step * step;
  }
  return out;
}
