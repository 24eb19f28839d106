// Plane geometry of storey outlines: the ring drawn inwards, and which room stands behind which piece of a wall.
// Rings are flat arrays x0, y0, x1, y1 ... in centimetres, the solid on their left (outer rings counter-clockwise).

/** A stretch of one edge of a ring: metres... in cm along the edge, and the slot of the room behind it. */
export interface Piece {
  edge: number;
  from: number;
  to: number;
  slot: number;
}

/** One wall of a room: from (ax, ay) to (bx, by), the room on its left. */
export interface RoomEdge {
  ax: number;
  ay: number;
  bx: number;
  by: number;
  slot: number;
}

/** A room's wall belongs to a facade when it lies this near behind it [cm]. */
const DEEPEST = 170;
const OUTERMOST = -60;
/** Gaps between two rooms up to this are walls and are shared out [cm]. */
const WALL = 150;
/** Cosine of the angle up to which two walls are parallel. */
const PARALLEL = 0.985;

/** The ring moved inwards by `distance`; corners are mitred, edges that would turn round shrink to a point. */
export function inset(ring: ArrayLike<number>, distance: number): Float64Array {
  const n = ring.length / 2;
  const out = new Float64Array(ring.length);
  for (let i = 0; i < n; i++) {
    const h = ((i + n - 1) % n) * 2;
    const j = ((i + 1) % n) * 2;
    const x = ring[2 * i]!;
    const y = ring[2 * i + 1]!;
    let [ax, ay, bx, by] = [x - ring[h]!, y - ring[h + 1]!, ring[j]! - x, ring[j + 1]! - y];
    const before = Math.sqrt(ax * ax + ay * ay) || 1;
    const after = Math.sqrt(bx * bx + by * by) || 1;
    ax /= before;
    ay /= before;
    bx /= after;
    by /= after;
    // inward normals are the edges turned left
    const mx = -ay - by;
    const my = ax + bx;
    const scale = distance / Math.max(0.35, 1 + ax * bx + ay * by);
    out[2 * i] = x + mx * scale;
    out[2 * i + 1] = y + my * scale;
  }
  for (let i = 0; i < n; i++) {
    const j = (i + 1) % n;
    const dx = ring[2 * j]! - ring[2 * i]!;
    const dy = ring[2 * j + 1]! - ring[2 * i + 1]!;
    if ((out[2 * j]! - out[2 * i]!) * dx + (out[2 * j + 1]! - out[2 * i + 1]!) * dy >= 0) continue;
    const mx = (out[2 * i]! + out[2 * j]!) / 2;
    const my = (out[2 * i + 1]! + out[2 * j + 1]!) / 2;
    out[2 * i] = out[2 * j] = mx;
    out[2 * i + 1] = out[2 * j + 1] = my;
  }
  return out;
}

/** Where an axis-parallel wall of direction `way` (0 east, 1 north, 2 west, 3 south) stands across its way. */
function lineOf(e: RoomEdge, way: number): number {
  return way & 1 ? e.ax : e.ay;
}

/** Direction of a wall along an axis, 0 to 3; -1 for a slanted one. */
function wayOf(dx: number, dy: number): number {
  if (dy === 0) return dx > 0 ? 0 : 2;
  if (dx === 0) return dy > 0 ? 1 : 3;
  return -1;
}

/** The rooms' walls of a storey, so kept that those near a facade are found at once: most stand along the axes. */
export class RoomWalls {
  private readonly along: [RoomEdge[], RoomEdge[], RoomEdge[], RoomEdge[]] = [[], [], [], []];
  private readonly slanted: RoomEdge[] = [];
  private sorted = false;

  constructor(edges: Iterable<RoomEdge> = []) {
    for (const edge of edges) this.add(edge);
  }

  add(edge: RoomEdge): void {
    const way = wayOf(edge.bx - edge.ax, edge.by - edge.ay);
    (way < 0 ? this.slanted : this.along[way]!).push(edge);
    this.sorted = false;
  }

  /** Hands over every wall that may stand behind a facade from (x, y) in the direction (ux, uy); others may be among them. */
  behind(x: number, y: number, ux: number, uy: number, each: (edge: RoomEdge) => void): void {
    if (!this.sorted) this.along.forEach((walls, way) => walls.sort((a, b) => lineOf(a, way) - lineOf(b, way)));
    this.sorted = true;
    for (const edge of this.slanted) each(edge);
    const way = wayOf(ux, uy);
    if (way < 0) {
      for (const walls of this.along) for (const edge of walls) each(edge);
      return;
    }
    // a solid lies on the left of its edges: inwards is up the lines for east and south, down for north and west
    const up = way === 0 || way === 3;
    const at = way & 1 ? x : y;
    const high = at + (up ? DEEPEST : -OUTERMOST);
    const walls = this.along[way]!;
    for (let i = firstFrom(walls, way, at + (up ? OUTERMOST : -DEEPEST)); i < walls.length && lineOf(walls[i]!, way) <= high; i++) each(walls[i]!);
  }
}

/** Index of the first wall on or beyond a line. */
function firstFrom(walls: readonly RoomEdge[], way: number, line: number): number {
  let low = 0;
  let high = walls.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lineOf(walls[middle]!, way) < line) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Cuts every edge of a ring where the room behind changes. A stretch without a room near behind it belongs to its
 * neighbour when it is short (a wall), else to `fallback` (the storey).
 */
export function facadePieces(ring: ArrayLike<number>, rooms: RoomWalls, fallback: number): Piece[] {
  const pieces: Piece[] = [];
  const n = ring.length / 2;
  for (let i = 0; i < n; i++) {
    const j = (i + 1) % n;
    const dx = ring[2 * j]! - ring[2 * i]!;
    const dy = ring[2 * j + 1]! - ring[2 * i + 1]!;
    const length = Math.hypot(dx, dy);
    if (length < 1) continue;
    const found = stretches(rooms, ring[2 * i]!, ring[2 * i + 1]!, dx / length, dy / length, length);
    share(found, i, length, fallback, pieces);
  }
  return pieces;
}

/** A room behind an edge, from and to [cm along it], and how far behind [cm]. */
interface Stretch {
  from: number;
  to: number;
  slot: number;
  depth: number;
}

/** The rooms behind an edge from (x, y) in the direction (ux, uy), in the order of where they begin. */
function stretches(rooms: RoomWalls, x: number, y: number, ux: number, uy: number, length: number): Stretch[] {
  const found: Stretch[] = [];
  rooms.behind(x, y, ux, uy, (e) => {
    const dx = e.bx - e.ax;
    const dy = e.by - e.ay;
    const along = dx * ux + dy * uy;
    if (along < 20 || along < PARALLEL * Math.hypot(dx, dy)) return;
    const depth = (e.ay + e.by - 2 * y) * 0.5 * ux - (e.ax + e.bx - 2 * x) * 0.5 * uy;
    if (depth > DEEPEST || depth < OUTERMOST) return;
    const from = Math.max(0, (e.ax - x) * ux + (e.ay - y) * uy);
    const to = Math.min(length, (e.bx - x) * ux + (e.by - y) * uy);
    if (to - from > 5) found.push({ from, to, slot: e.slot, depth });
  });
  return found.sort((a, b) => a.from - b.from || a.depth - b.depth);
}

/** Shares an edge out among the rooms behind it. */
function share(found: readonly Stretch[], edge: number, length: number, fallback: number, out: Piece[]): void {
  let at = 0;
  let last = -1;
  for (const f of found) {
    if (f.to <= at + 5) continue;
    let from = Math.max(f.from, at);
    if (from - at > WALL) {
      out.push({ edge, from: at, to: from, slot: fallback });
    } else if (from > at) {
      // a wall between two rooms: half each
      const middle = last >= 0 ? (at + from) / 2 : at;
      if (last >= 0) out[out.length - 1]!.to = middle;
      from = middle;
    }
    out.push({ edge, from, to: f.to, slot: f.slot });
    at = f.to;
    last = f.slot;
  }
  if (last >= 0 && length - at <= WALL) out[out.length - 1]!.to = length;
  else if (length - at > 1) out.push({ edge, from: at, to: length, slot: fallback });
}
