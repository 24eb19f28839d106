// Links inside a storey: from the device along the corridors to the switch, in right angles of the building's own axes.
// Corridors that are rectangles are walked along their middle lines; others are taken as the box round them all, as of a
// courtyard. Where neither fits, two legs that stay inside the storey serve.

import { BlockFrame } from '../blockframe.ts';
import type { Block } from '../pack.ts';
import { insideRings } from '../pick.ts';
import { Halls } from './halls.ts';

/** Points of a route in plan, x and y [m] by turns. */
export type Route = number[];

type Point = readonly [number, number];
type Box = readonly [number, number, number, number];

/** How many times its length a leg outside the storey counts. */
const OUTSIDE = 6;
const STEP_M = 2;

export class StoreyRoutes {
  private readonly frame: BlockFrame;
  private readonly block: Block;
  private readonly rings: readonly [number, number];
  private readonly corridor: Box | null;
  private readonly halls: Halls | null;

  /** `corridors` are local numbers of the storey's corridors. */
  constructor(block: Block, frame: BlockFrame, storey: number, corridors: readonly number[]) {
    this.block = block;
    this.frame = frame;
    this.rings = [block.groupRing[block.storeyGroup[storey]!]!, block.groupRing[block.storeyGroup[storey + 1]!]!];
    const boxes = corridors.flatMap((k) => this.boxOf(k));
    this.corridor = ringOf(boxes);
    this.halls = boxes.length > 0 && corridors.every((k) => this.corners(k) <= 4) ? new Halls(boxes, 1.5 / frame.step) : null;
  }

  private boxOf(k: number): Box[] {
    const { block } = this;
    const box: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
    const begin = block.ringStart[block.groupRing[block.spaceGroup[k]!]!]!;
    for (let i = begin; i < begin + this.corners(k); i++) {
      box[0] = Math.min(box[0], block.x[i]!);
      box[1] = Math.min(box[1], block.y[i]!);
      box[2] = Math.max(box[2], block.x[i]!);
      box[3] = Math.max(box[3], block.y[i]!);
    }
    return Number.isFinite(box[0]) ? [box] : [];
  }

  /** Points of a space's outlines. */
  private corners(k: number): number {
    const { block } = this;
    return block.ringStart[block.groupRing[block.spaceGroup[k + 1]!]!]! - block.ringStart[block.groupRing[block.spaceGroup[k]!]!]!;
  }

  /** The route between two places [m]. */
  between(from: Point, to: Point): Route {
    const [a, b] = [this.local(from), this.local(to)];
    let best: Point[] = [];
    let least = Infinity;
    const along = this.halls?.between(a, b);
    for (const way of along ? [along, ...this.ways(a, b)] : this.ways(a, b)) {
      // along the corridors it may be a little longer: there the cables lie
      const cost = this.cost(way) * (way === along ? 0.6 : 1);
      if (cost >= least) continue;
      least = cost;
      best = way;
    }
    return straightened(best).flatMap(([x, y]) => [this.frame.east(x, y), this.frame.north(x, y)]);
  }

  private local([x, y]: Point): Point {
    const { frame } = this;
    return [frame.alongU(x - frame.x0, y - frame.y0), frame.alongV(x - frame.x0, y - frame.y0)];
  }

  private ways(a: Point, b: Point): Point[][] {
    const ways: Point[][] = [
      [a, [a[0], b[1]], b],
      [a, [b[0], a[1]], b],
    ];
    if (this.corridor === null) return ways;
    const [p, q] = [onBox(a, this.corridor), onBox(b, this.corridor)];
    const corners = cornersOf(this.corridor);
    for (const turn of [1, 3]) ways.push([a, ...bend(a, p), ...around(p, q, corners, turn), ...bend(b, q).reverse(), b]);
    return ways;
  }

  /** Length, what lies outside counting more; bends count a little, so that of two equal ways the plainer one is taken. */
  private cost(way: readonly Point[]): number {
    const { block } = this;
    const step = STEP_M / this.frame.step;
    let sum = 0;
    for (let i = 1; i < way.length; i++) {
      const [p, q] = [way[i - 1]!, way[i]!];
      const length = Math.abs(q[0] - p[0]) + Math.abs(q[1] - p[1]);
      if (length === 0) continue;
      const n = Math.max(1, Math.round(length / step));
      let out = 0;
      for (let k = 0; k < n; k++) {
        const t = (k + 0.5) / n;
        if (!insideRings(block, this.rings[0], this.rings[1], p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1]))) out++;
      }
      sum += length * (1 + (OUTSIDE * out) / n) + 0.5 * step;
    }
    return sum;
  }
}

/** The box of the corridors' middle lines [steps]; null without corridors. */
function ringOf(boxes: readonly Box[]): Box | null {
  if (boxes.length === 0) return null;
  const [x0, y0] = [0, 1].map((i) => Math.min(...boxes.map((b) => b[i]!))) as [number, number];
  const [x1, y1] = [2, 3].map((i) => Math.max(...boxes.map((b) => b[i]!))) as [number, number];
  const inset = Math.min(...boxes.map(([a, b, c, d]) => Math.min(c - a, d - b))) / 2;
  const [mx, my] = [(x0 + x1) / 2, (y0 + y1) / 2];
  return [Math.min(x0 + inset, mx), Math.min(y0 + inset, my), Math.max(x1 - inset, mx), Math.max(y1 - inset, my)];
}

/** The nearest place on the edge of a box, along one axis. */
function onBox([x, y]: Point, [x0, y0, x1, y1]: Box): Point {
  const cx = Math.min(x1, Math.max(x0, x));
  const cy = Math.min(y1, Math.max(y0, y));
  if (cx !== x || cy !== y) return [cx, cy];
  const gaps = [x - x0, x1 - x, y - y0, y1 - y];
  const side = gaps.indexOf(Math.min(...gaps));
  return side === 0 ? [x0, y] : side === 1 ? [x1, y] : side === 2 ? [x, y0] : [x, y1];
}

/** The corner between a place and where it joins the box, when they differ in both axes. */
function bend(a: Point, p: Point): Point[] {
  return a[0] !== p[0] && a[1] !== p[1] ? [[a[0], p[1]], p] : [p];
}

function cornersOf([x0, y0, x1, y1]: Box): Point[] {
  return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]; // prettier-ignore
}

/** Side of the box on which a place lies: 0 south, 1 east, 2 north, 3 west. */
function sideOf([x, y]: Point, corners: readonly Point[]): number {
  const [[x0, y0], , [x1, y1]] = corners as [Point, Point, Point, Point];
  const gaps = [Math.abs(y - y0), Math.abs(x - x1), Math.abs(y - y1), Math.abs(x - x0)];
  return gaps.indexOf(Math.min(...gaps));
}

/** The corners passed on the way along the box from p to q: `turn` 1 counter-clockwise, 3 clockwise. */
function around(p: Point, q: Point, corners: readonly Point[], turn: number): Point[] {
  let side = sideOf(p, corners);
  const goal = sideOf(q, corners);
  const way: Point[] = [];
  for (let k = 0; side !== goal && k < 4; k++) {
    way.push(corners[turn === 1 ? (side + 1) % 4 : side]!);
    side = (side + turn) % 4;
  }
  return [...way, q];
}

/** The points without those that stand where they are passed anyhow. */
function straightened(way: readonly Point[]): Point[] {
  const kept: Point[] = [];
  for (const p of way) {
    const [a, b] = [kept.at(-2), kept.at(-1)];
    if (b && b[0] === p[0] && b[1] === p[1]) continue;
    if (a && b && ((a[0] === b[0] && b[0] === p[0]) || (a[1] === b[1] && b[1] === p[1]))) kept.pop();
    kept.push(p);
  }
  return kept;
}
