import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockFrame } from '../src/blockframe.ts';
import { insideRings } from '../src/pick.ts';
import type { Section } from '../src/props.ts';
import { buildCaps } from '../src/section/build.ts';
import { Cap, CapBuffers } from '../src/section/buffers.ts';
import { cutAway } from '../src/section/cut.ts';
import { cutLine, stretches } from '../src/section/plane.ts';
import type { StoreyView } from '../src/storeys.ts';
import { tinyBlocks, tinyIndex } from './golden.ts';
import { initialStoreys } from './storeys.ts';

const index = tinyIndex();
const blocks = tinyBlocks(index);

/** A seeded generator, so that a failure can be had again. */
function dice(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

interface Face {
  kind: number;
  slot: number;
  area: number;
  /** Corners of the triangles [m], three numbers each. */
  corners: number[][];
}

/** Faces of one kind, with their areas [m2], by slot. */
function faces(section: Section, view: Partial<StoreyView> = {}): Face[] {
  const out = new CapBuffers();
  const storeys = initialStoreys(index, view);
  buildCaps({ index, storeys, block: (b) => blocks[b]!, shells: [] }, section, out);
  const byKey = new Map<string, Face>();
  for (let i = 0; i < out.indices; i += 3) {
    const corner = [0, 1, 2].map((k) => out.index[i + k]!);
    const v = corner[0]!;
    const kind = out.tag[4 * v + 1]! & 255;
    const slot = out.tag[4 * v + 2]! | (out.tag[4 * v + 3]! << 16);
    const [a, b, c] = corner.map((p) => [0, 1, 2].map((k) => out.place[3 * p + k]!)) as [number[], number[], number[]];
    const e = a.map((x, k) => b[k]! - x);
    const f = a.map((x, k) => c[k]! - x);
    const normal = [e[1]! * f[2]! - e[2]! * f[1]!, e[2]! * f[0]! - e[0]! * f[2]!, e[0]! * f[1]! - e[1]! * f[0]!];
    const axis = 'xyz'.indexOf(section.axis);
    const lift = axis === 2 ? storeys.lift(out.tag[4 * v]!) : 0;
    for (const p of [a, b, c]) assert.ok(Math.abs(p[axis]! + lift - section.at) < 1e-4, 'in the plane');
    assert.ok(normal[axis]! >= -1e-9, 'faces look along the axis');
    const face = byKey.get(`${kind}/${slot}`) ?? { kind, slot, area: 0, corners: [] };
    face.area += Math.hypot(...normal) / 2;
    face.corners.push(a, b, c);
    byKey.set(`${kind}/${slot}`, face);
  }
  return [...byKey.values()];
}

const near = (a: number, b: number, slack = 1e-3): void => assert.ok(Math.abs(a - b) <= slack, `${a} is not ${b}`);

test('a place belongs to what is kept up to the plane itself', () => {
  const section = { axis: 'y', at: 10, flip: false } as const;
  assert.deepEqual([9, 10, 10.01, 11].map((y) => cutAway(section, 0, y, 0)), [false, false, false, true]);
  assert.deepEqual([9, 10, 11].map((y) => cutAway({ ...section, flip: true }, 0, y, 0)), [true, false, false]);
  assert.equal(cutAway(null, 0, 99, 0), false);
});

test('seed 7: stretches of a plane through random rings are those that points tell', () => {
  const roll = dice(7);
  const frame = new BlockFrame([12, -5, 0.3, 0.01]);
  for (let round = 0; round < 60; round++) {
    const n = 3 + Math.floor(roll() * 9);
    // a star: rings that do not cross themselves, with corners on common whole steps
    const angles = Array.from({ length: n }, () => roll() * 2 * Math.PI).sort((a, b) => a - b);
    const ring = angles.flatMap((a) => {
      const r = 100 + Math.floor(roll() * 8) * 100;
      return [1000 + Math.round(r * Math.cos(a)), 1000 + Math.round(r * Math.sin(a))];
    });
    const hole = [990, 990, 990, 1010, 1010, 1010, 1010, 990];
    const rings = round % 2 ? [ring, hole] : [ring];
    const axis = round % 3 ? 'x' : 'y';
    const centre = axis === 'x' ? frame.east(1000, 1000) : frame.north(1000, 1000);
    const at = centre + (roll() - 0.5) * 12;
    const line = cutLine(axis, at, frame);
    const found: [number, number][] = [];
    stretches(rings, line, (a, b) => found.push([a, b]));
    const block = {
      x: rings.flatMap((r) => r.filter((_, i) => i % 2 === 0)),
      y: rings.flatMap((r) => r.filter((_, i) => i % 2 === 1)),
      ringStart: rings.length === 2 ? [0, n, n + 4] : [0, n],
    } as unknown as Parameters<typeof insideRings>[0];
    for (let i = 0; i < 400; i++) {
      const p = (axis === 'x' ? frame.north(1000, 1000) : frame.east(1000, 1000)) + (roll() - 0.5) * 24;
      if (found.some(([a, b]) => Math.abs(a - p) < 1e-6 || Math.abs(b - p) < 1e-6)) continue;
      const [x, y] = axis === 'x' ? [at, p] : [p, at];
      const [u, v] = [frame.alongU(x - frame.x0, y - frame.y0), frame.alongV(x - frame.x0, y - frame.y0)];
      const inside = insideRings(block, 0, rings.length, u, v);
      assert.equal(found.some(([a, b]) => a < p && p < b), inside, `round ${round}, ${axis} = ${at}, at ${p}`);
    }
  }
});

test('a plane along a wall of the plan cuts each room at most once', () => {
  // x = 12 and y = 4 carry walls of the golden rooms
  for (const section of [{ axis: 'x', at: 12, flip: false }, { axis: 'y', at: 4, flip: false }] as const) {
    for (const face of faces(section)) if (face.kind === Cap.room) assert.ok(face.area > 0 && face.area < 200);
  }
});

test('a level cut fills each room with its own area and looks up', () => {
  const found = faces({ axis: 'z', at: 6, flip: false });
  const rooms = found.filter((f) => f.kind === Cap.room);
  assert.deepEqual(rooms.map((f) => index.id(f.slot)).filter((id) => id.startsWith('a/')).sort(), ['a/1/0', 'a/1/1', 'a/1/2']);
  for (const face of rooms) {
    const b = index.buildingOf(face.slot);
    const row = index.file.buildings[b]!;
    const block = blocks[b]!;
    const k = face.slot - index.firstSpace - row.spaces[0];
    let twice = 0;
    for (let r = block.groupRing[block.spaceGroup[k]!]!; r < block.groupRing[block.spaceGroup[k + 1]!]!; r++) {
      const end = block.ringStart[r + 1]!;
      for (let i = block.ringStart[r]!, j = end - 1; i < end; j = i++) twice += block.x[j]! * block.y[i]! - block.x[i]! * block.y[j]!;
    }
    near(face.area, (twice / 2) * row.frame[3] ** 2, 1e-2);
  }
});

test('an upright cut fills the height of a room', () => {
  const rooms = faces({ axis: 'x', at: 20, flip: false }).filter((f) => f.kind === Cap.room && index.id(f.slot).startsWith('a/'));
  assert.ok(rooms.length >= 3);
  for (const face of rooms) {
    const block = blocks[0]!;
    const k = face.slot - index.firstSpace;
    const z = face.corners.map((p) => p[2]!);
    near(Math.min(...z), block.spaceFloor[k]! / 100);
    near(Math.max(...z), block.spaceTop[k]! / 100 - 0.1);
  }
});

test('seed 11: a cap lies inside its own room, whatever the plane', () => {
  const roll = dice(11);
  for (let round = 0; round < 40; round++) {
    const axis = (['x', 'y', 'z'] as const)[round % 3]!;
    const b = index.file.bounds;
    const low = b['xyz'.indexOf(axis)]!;
    const section = { axis, at: low + roll() * (b['xyz'.indexOf(axis) + 3]! - low), flip: false };
    for (const face of faces(section)) {
      if (face.kind !== Cap.room) continue;
      const building = index.buildingOf(face.slot);
      const row = index.file.buildings[building]!;
      const block = blocks[building]!;
      const frame = new BlockFrame(row.frame);
      const k = face.slot - index.firstSpace - row.spaces[0];
      for (let t = 0; t < face.corners.length; t += 3) {
        const [x, y, z] = [0, 1, 2].map((c) => (face.corners[t]![c]! + face.corners[t + 1]![c]! + face.corners[t + 2]![c]!) / 3) as [number, number, number];
        const [u, v] = [frame.alongU(x - frame.x0, y - frame.y0), frame.alongV(x - frame.x0, y - frame.y0)];
        const [first, last] = [block.groupRing[block.spaceGroup[k]!]!, block.groupRing[block.spaceGroup[k + 1]!]!];
        assert.ok(insideRings(block, first, last, u, v), `${index.id(face.slot)} at ${x}, ${y}`);
        assert.ok(z > block.spaceFloor[k]! / 100 - 1e-3 && z < block.spaceTop[k]! / 100);
      }
    }
  }
});

test('a level cut follows storeys that stand apart', () => {
  const storeys = initialStoreys(index, { explode: 1, focus: 0 });
  const top = index.storeyOf(index.slot('a/1'));
  const at = index.file.storeys.elevation[top]! + storeys.lift(top) + 2;
  const rooms = faces({ axis: 'z', at, flip: false }, { explode: 1, focus: 0 }).filter((f) => f.kind === Cap.room);
  assert.deepEqual(rooms.map((f) => index.id(f.slot)).sort(), ['a/1/0', 'a/1/1', 'a/1/2']);
});

test('what is used again keeps nothing of the plane before', () => {
  const out = new CapBuffers();
  const build = (at: number): number => {
    buildCaps({ index, storeys: initialStoreys(index), block: (b) => blocks[b]!, shells: [] }, { axis: 'x', at, flip: false }, out);
    return out.indices;
  };
  const first = build(20);
  build(5);
  assert.equal(build(20), first);
  assert.equal(build(9999), 6, 'beyond the campus only the earth');
});
