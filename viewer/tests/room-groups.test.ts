// Buildings that share their arrays: what goes together, and that a corner stands where it stood in the building's own frame.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockFrame } from '../src/blockframe.ts';
import type { BuildingJob } from '../src/jobs.ts';
import { extrude, ownPlace, VERTEX_WORDS } from '../src/prisms.ts';
import { groupFrame, grouped, type Member, placeIn } from '../src/room-groups.ts';
import { tinyBlocks, tinyIndex } from './golden.ts';

const index = tinyIndex();
const blocks = tinyBlocks(index);
const members: Member[] = blocks.map((block, building) => {
  const row = index.file.buildings[building]!;
  const job: BuildingJob = {
    building, offset: row.offset, length: row.length, firstStorey: row.storeys[0], firstSlot: index.firstSpace + row.spaces[0],
    firstStoreySlot: index.storeySlot(row.storeys[0]), bounds: row.bounds, frame: row.frame, category: row.category,
  }; // prettier-ignore
  return { job, block };
});

/** The member somewhere else [m]. */
function moved(member: Member, dx: number, dz: number): Member {
  const [x0, y0, z0, x1, y1, z1] = member.job.bounds;
  const [fx, fy, turn, step] = member.job.frame;
  return { ...member, job: { ...member.job, bounds: [x0 + dx, y0, z0 + dz, x1 + dx, y1, z1 + dz], frame: [fx + dx, fy, turn, step] } };
}

test('neighbours go together, what is far, high above or too much does not', () => {
  const one = members[0]!;
  const sizes = (list: Member[]): number[] => grouped(list).map((group) => group.length);
  assert.deepEqual(sizes([one, moved(one, 300, 0), moved(one, 450, 0), moved(one, 5000, 0)]), [3, 1]);
  assert.deepEqual(sizes([one, moved(one, 0, 700)]), [1, 1]);
  const many = Array.from({ length: 4000 }, () => one);
  const groups = grouped(many);
  assert.ok(groups.length > 1);
  for (const group of groups) {
    const prisms = group.map(({ block, job }) => ({ block, firstStorey: 0, firstSlot: 0, place: placeIn(groupFrame(group), job.frame) }));
    const { vertices, indices } = extrude(prisms);
    assert.ok(vertices.length / VERTEX_WORDS <= 65535);
    assert.ok(indices instanceof Uint16Array);
  }
  assert.deepEqual(grouped([]), []);
  const wide = (list: Member[]): number[] => grouped(list, true).map((group) => group.length);
  assert.deepEqual(wide([one, moved(one, 900, 0), moved(one, 1500, 0)]), [2, 1]);
  assert.deepEqual(wide([one, moved(one, 0, 700)]), [1, 1], 'heights have no larger steps');
  assert.ok(grouped(many, true).length < groups.length);
});

test('a corner stands within a centimetre of its place, and each building draws its own rooms', () => {
  const group = [...members, moved(members[0]!, 400.37, 12.34)];
  const frame = groupFrame(group);
  const shared = extrude(
    group.map(({ block, job }) => ({ block, firstStorey: job.firstStorey, firstSlot: job.firstSlot, place: placeIn(frame, job.frame) })),
  );
  let first = 0; // vertex
  group.forEach(({ block, job }, b) => {
    const base = Math.floor(job.bounds[2] * 100);
    const alone = extrude([{ block, firstStorey: job.firstStorey, firstSlot: job.firstSlot, place: ownPlace(base) }]);
    const own = new BlockFrame(job.frame);
    const count = alone.vertices.length / VERTEX_WORDS;
    for (let k = 0; k < count; k++) {
      const [u, v, z] = alone.vertices.subarray(k * VERTEX_WORDS);
      const words = shared.vertices.subarray((first + k) * VERTEX_WORDS, (first + k + 1) * VERTEX_WORDS);
      assert.ok(Math.abs(frame[0] + words[0]! * frame[3] - own.east(u!, v!)) <= 0.51 * frame[3]);
      assert.ok(Math.abs(frame[1] + words[1]! * frame[3] - own.north(u!, v!)) <= 0.51 * frame[3]);
      if (b < members.length) assert.ok(Math.abs(frame[2] + words[2]! / 100 - (base + z!) / 100) < 0.011);
      assert.deepEqual([...words.subarray(3)], [...alone.vertices.subarray(k * VERTEX_WORDS + 3, (k + 1) * VERTEX_WORDS)]);
    }
    const { storeyStart, far } = shared.ranges[b]!;
    const [mine, from] = [alone.ranges[0]!, storeyStart[0]!];
    assert.deepEqual([...storeyStart].map((i) => i - from), [...mine.storeyStart]);
    assert.equal(far, mine.far);
    const drawn = shared.indices.subarray(from, storeyStart[block.storeys]! + far);
    assert.deepEqual([...drawn].map((i) => i - first), [...alone.indices]);
    first += count;
  });
  assert.equal(first, shared.vertices.length / VERTEX_WORDS);
});
