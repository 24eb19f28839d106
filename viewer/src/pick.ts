// Analytic picking: ray -> building box -> storey slab -> room box -> prism, with the same lifts, hidden storeys and
// section as the shaders. A tenth of a millisecond, and right on exploded floors; an id buffer is only the tests' oracle.

import { BlockFrame } from './blockframe.ts';
import type { CameraRig, Ray } from './camera.ts';
import type { Block } from './pack.ts';
import { CEILING_GAP, prismTop } from './prisms.ts';
import type { Section } from './props.ts';
import type { SceneIndex } from './scene.ts';
import { Show, type StoreyState } from './storeys.ts';

export interface Hit {
  /** Slot of the space (or of the storey, on a closed envelope behind which no room is found); -1 nothing. */
  slot: number;
  building: number;
  storey: number;
  /** Distance along the ray [m], and the point [m]. */
  t: number;
  x: number;
  y: number;
  z: number;
}

/** Rings as the picking reads them: for each space its box, so that most are skipped without touching points. */
interface Pickable {
  block: Block;
  /** xmin, ymin, xmax, ymax [steps] of each space. */
  boxes: Uint16Array;
  /** First space of each storey, by local index. */
  firstSpace: Uint32Array;
  frame: BlockFrame;
}

function pickable(block: Block, frame: ConstructorParameters<typeof BlockFrame>[0]): Pickable {
  const boxes = new Uint16Array(4 * block.spaces);
  const firstSpace = new Uint32Array(block.storeys + 1);
  let storey = 0;
  for (let k = 0; k < block.spaces; k++) {
    while (storey < block.spaceStorey[k]!) firstSpace[++storey] = k;
    let [x0, y0, x1, y1] = [65535, 65535, 0, 0];
    const start = block.ringStart[block.groupRing[block.spaceGroup[k]!]!]!;
    const end = block.ringStart[block.groupRing[block.spaceGroup[k + 1]!]!]!;
    for (let i = start; i < end; i++) {
      x0 = Math.min(x0, block.x[i]!);
      x1 = Math.max(x1, block.x[i]!);
      y0 = Math.min(y0, block.y[i]!);
      y1 = Math.max(y1, block.y[i]!);
    }
    boxes.set([x0, y0, x1, y1], 4 * k);
  }
  while (storey < block.storeys) firstSpace[++storey] = block.spaces;
  return { block, boxes, firstSpace, frame: new BlockFrame(frame) };
}

/** Whether (x, y) lies inside the rings first .. last, by the even-odd rule. */
export function insideRings(block: Block, first: number, last: number, x: number, y: number): boolean {
  let inside = false;
  for (let r = first; r < last; r++) {
    const start = block.ringStart[r]!;
    const end = block.ringStart[r + 1]!;
    for (let i = start, j = end - 1; i < end; j = i++) {
      const yi = block.y[i]!;
      const yj = block.y[j]!;
      if (yi > y !== yj > y && x < ((block.x[j]! - block.x[i]!) * (y - yi)) / (yj - yi) + block.x[i]!) inside = !inside;
    }
  }
  return inside;
}

/** Parameter of the ray's entry into a box, or Infinity; `t0..t1` limits the ray. */
export function boxEntry(ray: Ray, x0: number, y0: number, z0: number, x1: number, y1: number, z1: number, t0: number, t1: number): number {
  let near = t0;
  let far = t1;
  for (let axis = 0; axis < 3; axis++) {
    const o = axis === 0 ? ray.ox : axis === 1 ? ray.oy : ray.oz;
    const d = axis === 0 ? ray.dx : axis === 1 ? ray.dy : ray.dz;
    const low = axis === 0 ? x0 : axis === 1 ? y0 : z0;
    const high = axis === 0 ? x1 : axis === 1 ? y1 : z1;
    if (Math.abs(d) < 1e-12) {
      if (o < low || o > high) return Infinity;
      continue;
    }
    const a = (low - o) / d;
    const b = (high - o) / d;
    near = Math.max(near, Math.min(a, b));
    far = Math.min(far, Math.max(a, b));
    if (near > far) return Infinity;
  }
  return near;
}

/** A ray in the coordinates of one block (steps, steps, centimetres; t stays in metres) and the part that the section leaves. */
export interface Local {
  ox: number;
  oy: number;
  oz: number;
  dx: number;
  dy: number;
  dz: number;
  from: number;
  to: number;
}

/**
 * First crossing of the ray with the surface of the prism over the groups first .. last between the heights low and
 * high [cm]; Infinity when there is none. Only surfaces that face the ray count. What the section cuts is solid: a ray
 * that comes through its plane (`capped`) inside the prism meets it there.
 */
export function prismEntry(ray: Local, block: Block, first: number, last: number, low: number, high: number, capped: boolean): number {
  let best = Infinity;
  const firstRing = block.groupRing[first]!;
  const lastRing = block.groupRing[last]!;
  if (capped) {
    const z = ray.oz + ray.from * ray.dz;
    if (z >= low && z < high && insideRings(block, firstRing, lastRing, ray.ox + ray.from * ray.dx, ray.oy + ray.from * ray.dy)) return ray.from;
  }
  if (ray.dz !== 0) {
    const t = ((ray.dz < 0 ? high : low) - ray.oz) / ray.dz;
    if (t >= ray.from && t <= ray.to && insideRings(block, firstRing, lastRing, ray.ox + t * ray.dx, ray.oy + t * ray.dy)) best = t;
  }
  for (let r = firstRing; r < lastRing; r++) {
    const start = block.ringStart[r]!;
    const end = block.ringStart[r + 1]!;
    for (let i = end - 1, j = start; j < end; i = j++) {
      const ax = block.x[i]!;
      const ay = block.y[i]!;
      const ex = block.x[j]! - ax;
      const ey = block.y[j]! - ay;
      const facing = ray.dx * ey - ray.dy * ex;
      if (facing >= 0) continue;
      const t = ((ax - ray.ox) * ey - (ay - ray.oy) * ex) / facing;
      if (t < ray.from || t > ray.to || t >= best) continue;
      const s = ((ax - ray.ox) * ray.dy - (ay - ray.oy) * ray.dx) / facing;
      if (s < 0 || s > 1) continue;
      const z = ray.oz + t * ray.dz;
      if (z >= low && z <= high) best = t;
    }
  }
  return best;
}

export class Picker {
  private readonly index: SceneIndex;
  private readonly storeys: StoreyState;
  private readonly blocks: (Block | undefined)[] = [];
  private readonly parts: (Pickable | undefined)[] = [];
  private readonly ray: Ray = { ox: 0, oy: 0, oz: 0, dx: 0, dy: 0, dz: 0 };
  private readonly local: Local = { ox: 0, oy: 0, oz: 0, dx: 0, dy: 0, dz: 0, from: 0, to: 0 };
  private from = 0;
  private to = Infinity;
  /** The ray comes from what is cut away: where it enters what is left it meets the caps. */
  private capped = false;

  constructor(index: SceneIndex, storeys: StoreyState) {
    this.index = index;
    this.storeys = storeys;
  }

  add(building: number, block: Block): void {
    this.blocks[building] = block;
  }

  /** A building as it is picked, made when a ray first comes near: a scene that comes in has no time for it. */
  private part(building: number, block: Block): Pickable {
    return (this.parts[building] ??= pickable(block, this.index.file.buildings[building]!.frame));
  }

  /** What lies under a place of the canvas [CSS pixels]. */
  pick(rig: CameraRig, px: number, py: number, section: Section | null, out: Hit): Hit {
    const ray = rig.ray(px, py, this.ray);
    out.slot = out.building = out.storey = -1;
    out.t = Infinity;
    this.from = 0;
    this.to = Infinity;
    this.capped = false;
    if (section !== null && !this.cut(section)) return out;
    this.blocks.forEach((block, b) => block && this.building(b, block, out));
    if (out.building >= 0) {
      out.x = ray.ox + out.t * ray.dx;
      out.y = ray.oy + out.t * ray.dy;
      out.z = ray.oz + out.t * ray.dz;
    }
    return out;
  }

  /** Limits the ray to the side that the section leaves; false when nothing of it is left. */
  private cut(section: Section): boolean {
    const { ray } = this;
    const sign = section.flip ? -1 : 1;
    const o = sign * (section.axis === 'x' ? ray.ox : section.axis === 'y' ? ray.oy : ray.oz);
    const d = sign * (section.axis === 'x' ? ray.dx : section.axis === 'y' ? ray.dy : ray.dz);
    const w = sign * section.at;
    if (d === 0) return o <= w;
    const t = (w - o) / d;
    if (d > 0) this.to = t;
    else if (t > 0) {
      this.from = t;
      this.capped = true;
    }
    return this.to > this.from;
  }

  private building(b: number, block: Block, out: Hit): void {
    const { ray, storeys } = this;
    const row = this.index.file.buildings[b]!;
    const [first, count] = row.storeys;
    const most = count > 0 ? storeys.lift(first + count - 1) : 0;
    const [x0, y0, z0, x1, y1, z1] = row.bounds;
    if (boxEntry(ray, x0 - 1, y0 - 1, z0 - 1, x1 + 1, y1 + 1, z1 + most + 1, this.from, this.to) >= out.t) return;
    const part = this.part(b, block);
    for (let s = 0; s < count; s++) {
      const storey = first + s;
      const rooms = storeys.rooms(storey);
      const envelope = storeys.envelope(storey);
      if (rooms === Show.hidden && envelope !== Show.solid) continue;
      this.aim(part, storeys.lift(storey));
      if (rooms !== Show.hidden) this.rooms(b, part, storey, s, out);
      else this.envelope(b, part, storey, s, out);
      if (rooms !== Show.hidden && this.capped) this.walls(b, part, storey, s, out);
    }
  }

  /** The ray in the block's coordinates, with the storey's lift taken off. */
  private aim(part: Pickable, lift: number): void {
    const { ray, local } = this;
    const { frame } = part;
    local.ox = frame.alongU(ray.ox - frame.x0, ray.oy - frame.y0);
    local.oy = frame.alongV(ray.ox - frame.x0, ray.oy - frame.y0);
    local.oz = (ray.oz - lift) * 100;
    local.dx = frame.alongU(ray.dx, ray.dy);
    local.dy = frame.alongV(ray.dx, ray.dy);
    local.dz = ray.dz * 100;
    local.from = this.from;
    local.to = this.to;
  }

  private rooms(b: number, part: Pickable, storey: number, s: number, out: Hit): void {
    const { local } = this;
    const { block, boxes } = part;
    for (let k = part.firstSpace[s]!; k < part.firstSpace[s + 1]!; k++) {
      const low = block.spaceFloor[k]!;
      const high = prismTop(block, k);
      const at = 4 * k;
      const box = boxEntry(local, boxes[at]!, boxes[at + 1]!, low, boxes[at + 2]!, boxes[at + 3]!, high, local.from, local.to);
      if (box >= out.t) continue;
      const t = prismEntry(local, block, block.spaceGroup[k]!, block.spaceGroup[k + 1]!, low, high, this.capped);
      if (t >= out.t) continue;
      out.t = t;
      out.building = b;
      out.storey = storey;
      out.slot = this.index.firstSpace + this.index.file.buildings[b]!.spaces[0] + k;
    }
  }

  /** What an open storey's cap shows between its rooms: walls, which belong to the storey. */
  private walls(b: number, part: Pickable, storey: number, s: number, out: Hit): void {
    const { local } = this;
    const { block } = part;
    const low = block.elevation[s]!;
    const high = low + block.height[s]! - CEILING_GAP;
    const z = local.oz + local.from * local.dz;
    if (local.from >= out.t || z < low || z >= high) return;
    const x = local.ox + local.from * local.dx;
    const y = local.oy + local.from * local.dy;
    if (!insideRings(block, block.groupRing[block.storeyGroup[s]!]!, block.groupRing[block.storeyGroup[s + 1]!]!, x, y)) return;
    out.t = local.from;
    out.building = b;
    out.storey = storey;
    out.slot = this.index.storeySlot(storey);
  }

  /** A closed storey: its outline's prism, and the room behind the point of the facade that was hit. */
  private envelope(b: number, part: Pickable, storey: number, s: number, out: Hit): void {
    const { local } = this;
    const { block } = part;
    const low = block.elevation[s]!;
    const high = low + block.height[s]!;
    const t = prismEntry(local, block, block.storeyGroup[s]!, block.storeyGroup[s + 1]!, low, high, this.capped);
    if (t >= out.t) return;
    out.t = t;
    out.building = b;
    out.storey = storey;
    out.slot = this.index.storeySlot(storey);
    const first = this.index.firstSpace + this.index.file.buildings[b]!.spaces[0];
    if (this.capped && t === local.from) {
      const k = this.roomAt(part, s, local.ox + t * local.dx, local.oy + t * local.dy, local.oz + t * local.dz);
      if (k >= 0) out.slot = first + k;
      return;
    }
    for (let inward = 0.6; inward <= 4.2; inward += 1.2) {
      const k = this.roomAt(part, s, local.ox + (t + inward) * local.dx, local.oy + (t + inward) * local.dy);
      if (k < 0) continue;
      out.slot = first + k;
      return;
    }
  }

  /** The room at a place of a storey's plan, and at a height [cm] when one is given; -1 none. */
  private roomAt(part: Pickable, s: number, x: number, y: number, z?: number): number {
    const { block, boxes } = part;
    for (let k = part.firstSpace[s]!; k < part.firstSpace[s + 1]!; k++) {
      const at = 4 * k;
      if (x < boxes[at]! || y < boxes[at + 1]! || x > boxes[at + 2]! || y > boxes[at + 3]!) continue;
      if (z !== undefined && (z < block.spaceFloor[k]! || z >= prismTop(block, k))) continue;
      if (insideRings(block, block.groupRing[block.spaceGroup[k]!]!, block.groupRing[block.spaceGroup[k + 1]!]!, x, y)) return k;
    }
    return -1;
  }
}
