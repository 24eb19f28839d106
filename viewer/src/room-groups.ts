// Buildings that stand near one another share their arrays: one draw then shows them all. Runs in the worker.

import { BlockFrame } from './blockframe.ts';
import type { BuildingJob } from './jobs.ts';
import type { Block } from './pack.ts';
import { type Placement, roomPoints } from './prisms.ts';

/** What a group gets at most: its width [m], and its vertices. */
interface Limits {
  widest: number;
  vertices: number;
}

/** Heights are always told in centimetres [m]. */
const HIGHEST = 655;
/** 65,535 steps of a centimetre, and indices of two bytes. */
const NARROW: Limits = { widest: 655, vertices: 65_535 };
/** On a large campus, where the hand-over of its draws would take longest: steps of two centimetres. */
const WIDE: Limits = { widest: 1310, vertices: 262_144 };

/** `[x0, y0, base, step]`: lowest corner and height [m] of a group, length of a step [m]. */
export type GroupFrame = [number, number, number, number];

export interface Member {
  job: BuildingJob;
  block: Block;
}

type Box = [number, number, number, number, number, number];

/** Members in their order, parted where a group would become too wide or too large; a member alone may be either. */
export function grouped(members: Member[], wide = false): Member[][] {
  const limits = wide ? WIDE : NARROW;
  const groups: Member[][] = [];
  let box: Box | null = null;
  let vertices = 0;
  for (const member of members) {
    const own = 2 * roomPoints(member.block);
    const joined: Box = box ? union(box, member.job.bounds) : [...member.job.bounds];
    const fits = [0, 1, 2].every((k) => joined[k + 3]! - joined[k]! < (k === 2 ? HIGHEST : limits.widest)) && vertices + own <= limits.vertices;
    if (box && fits) {
      groups[groups.length - 1]!.push(member);
      box = joined;
      vertices += own;
    } else {
      groups.push([member]);
      box = [...member.job.bounds];
      vertices = own;
    }
  }
  return groups;
}

export function groupFrame(members: Member[]): GroupFrame {
  let box: Box = [...members[0]!.job.bounds];
  for (const { job } of members) box = union(box, job.bounds);
  // a frame's corner may lie a step outside of the bounds, which are rounded to centimetres
  const [x0, y0] = [Math.floor(box[0] * 100 - 2) / 100, Math.floor(box[1] * 100 - 2) / 100];
  const step = Math.max(0.01, Math.ceil(Math.max(box[3] - x0, box[4] - y0) * 100 + 2) / 100 / 65_535);
  return [x0, y0, Math.floor(box[2] * 100) / 100, step];
}

/** From the steps of a building's frame to those of its group's. */
export function placeIn([x0, y0, base, step]: GroupFrame, row: BuildingJob['frame']): Placement {
  const frame = new BlockFrame(row);
  const k = frame.step / step;
  return {
    xu: frame.cos * k, xv: -frame.sin * k, x0: (frame.x0 - x0) / step,
    yu: frame.sin * k, yv: frame.cos * k, y0: (frame.y0 - y0) / step,
    z0: -Math.round(base * 100),
  }; // prettier-ignore
}

function union(a: readonly number[], b: readonly number[]): Box {
  return a.map((value, k) => (k < 3 ? Math.min(value, b[k]!) : Math.max(value, b[k]!))) as Box;
}
