import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockFrame } from '../src/blockframe.ts';
import { decodeBlock, FLAG_COVERED, FLAG_DERIVED } from '../src/pack.ts';
import { extrude, ownPlace, storeyRange, VERTEX_WORDS } from '../src/prisms.ts';
import { initialStoreys } from './storeys.ts';
import { boundsOf } from '../src/shared.ts';
import { bytesOf, jsonOf, loadedOf, tinyBlocks, tinyIndex } from './golden.ts';

interface Room {
  area: number | null;
  bounds: number[] | null;
  floor: number;
  height: number;
}
const rooms = jsonOf<Record<string, Room>>('pack/expected.json');
const index = tinyIndex();
const blocks = tinyBlocks(index);

test('every room has its place, floor and height', () => {
  const storeys = initialStoreys(index);
  const loaded = loadedOf(blocks);
  for (const [id, room] of Object.entries(rooms)) {
    const slot = index.slot(id);
    const got = boundsOf(slot, index, storeys, loaded)!;
    if (room.bounds === null) continue;
    const want = [room.bounds[0]!, room.bounds[1]!, room.floor, room.bounds[2]!, room.bounds[3]!, room.floor + room.height];
    got.forEach((value, i) => assert.ok(Math.abs(value - want[i]!) < 0.021, `${id}: ${got.join()} is not ${want.join()}`));
  }
});

test('the cap triangles cover each room exactly', () => {
  for (let b = 0; b < blocks.length; b++) {
    const block = blocks[b]!;
    const row = index.file.buildings[b]!;
    const step = new BlockFrame(row.frame).step;
    for (let k = 0; k < block.spaces; k++) {
      let area = 0;
      for (let g = block.spaceGroup[k]!; g < block.spaceGroup[k + 1]!; g++) {
        const first = block.ringStart[block.groupRing[g]!]!;
        for (let t = 3 * block.groupTri[g]!; t < 3 * block.groupTri[g + 1]!; t += 3) {
          const [p, q, r] = [block.tri[t]! + first, block.tri[t + 1]! + first, block.tri[t + 2]! + first];
          const twice =
            (block.x[q]! - block.x[p]!) * (block.y[r]! - block.y[p]!) - (block.x[r]! - block.x[p]!) * (block.y[q]! - block.y[p]!);
          assert.ok(twice > 0, 'triangles are counter-clockwise');
          area += (twice / 2) * step * step;
        }
      }
      const want = rooms[index.id(index.firstSpace + row.spaces[0] + k)]!.area ?? 0;
      assert.ok(Math.abs(area - want) < 0.05 * Math.sqrt(want + 1), `${area} m2 instead of ${want}`);
    }
  }
});

test('a derived room says so, and a mezzanine has its own height', () => {
  const block = blocks[0]!;
  assert.equal(block.spaceFlags[3]! & FLAG_DERIVED, FLAG_DERIVED);
  assert.equal(block.spaceFlags[4]! & FLAG_DERIVED, 0);
  assert.deepEqual([block.spaceFloor[8], block.spaceTop[8]], [550, 750]);
});

test('prisms are closed, point outwards and have the volume of area times height below the ceiling', () => {
  for (let b = 0; b < blocks.length; b++) {
    const block = blocks[b]!;
    const row = index.file.buildings[b]!;
    const base = Math.floor(row.bounds[2] * 100);
    const mesh = extrude([{ block, firstStorey: row.storeys[0], firstSlot: index.firstSpace + row.spaces[0], place: ownPlace(base) }]);
    const { far, storeyStart } = mesh.ranges[0]!;
    const volume = new Map<number, number>();
    const edges = new Map<string, number>();
    const at = (i: number): number[] => Array.from(mesh.vertices.subarray(i * VERTEX_WORDS, i * VERTEX_WORDS + 3));
    for (let t = 0; t < mesh.indices.length - far; t += 3) {
      const corner = [mesh.indices[t]!, mesh.indices[t + 1]!, mesh.indices[t + 2]!];
      const [p, q, r] = corner.map(at) as [number[], number[], number[]];
      const slot = mesh.vertices[corner[0]! * VERTEX_WORDS + 4]! | (mesh.vertices[corner[0]! * VERTEX_WORDS + 5]! << 16);
      const six =
        p[0]! * (q[1]! * r[2]! - q[2]! * r[1]!) - p[1]! * (q[0]! * r[2]! - q[2]! * r[0]!) + p[2]! * (q[0]! * r[1]! - q[1]! * r[0]!);
      volume.set(slot, (volume.get(slot) ?? 0) + six / 6e6);
      for (let e = 0; e < 3; e++) {
        const [from, to] = [corner[e]!, corner[(e + 1) % 3]!];
        const key = from < to ? `${from},${to}` : `${to},${from}`;
        edges.set(key, (edges.get(key) ?? 0) + (from < to ? 1 : -1));
      }
    }
    for (const [edge, count] of edges) assert.equal(count, 0, `edge ${edge} is open`);
    for (const [slot, value] of volume) {
      const room = rooms[index.id(slot)]!;
      assert.ok(Math.abs(value - room.area! * (room.height - 0.1)) < 0.01 * room.area! * room.height + 0.2, `${index.id(slot)}: ${value} m3`);
    }
    assert.equal(storeyStart[0], 0);
    assert.equal(storeyStart[block.storeys]! + far, mesh.indices.length);
    for (let s = 0; s < block.storeys; s++) {
      const [begin, count] = storeyRange(storeyStart, s, s);
      const seen = new Set([...mesh.indices.subarray(begin, begin + count)].map((i) => mesh.vertices[i * VERTEX_WORDS + 3]));
      assert.ok([...seen].every((level) => level === row.storeys[0] + s), `storey ${s} has only its own rooms`);
    }
    assert.deepEqual(storeyRange(storeyStart, 0, block.storeys - 1), [0, mesh.indices.length - far]);
  }
});

test('from afar a whole building is its outer walls and the tops under the sky', () => {
  const block = blocks[0]!;
  const first = block.ringStart[block.groupRing[block.spaceGroup[0]!]!]!;
  const walls = block.x.length - first;
  assert.equal(block.inner.length, walls);
  const inner = block.inner.reduce((sum, is) => sum + is, 0);
  assert.ok(inner > 0 && inner < walls, `${inner} of ${walls} walls have a room behind them`);
  const mesh = extrude([{ block, firstStorey: 0, firstSlot: 0, place: ownPlace(0) }]);
  const range = mesh.ranges[0]!;
  let tops = 0;
  for (let k = 0; k < block.spaces; k++) {
    if (block.spaceFlags[k]! & FLAG_COVERED) continue;
    tops += block.groupTri[block.spaceGroup[k + 1]!]! - block.groupTri[block.spaceGroup[k]!]!;
  }
  assert.equal(range.far, 6 * (walls - inner) + 3 * tops);
  const far = [...mesh.indices.subarray(range.storeyStart[block.storeys])];
  assert.ok(far.every((i) => 2 * walls > i), 'of the same vertices');
});

test('a damaged block says what does not fit', () => {
  const pack = bytesOf('pack/rooms.bin');
  assert.throws(() => decodeBlock(pack, 4, 100), /not with 'CTR2'/);
  assert.throws(() => decodeBlock(pack, 0, 200), /ends \d+ bytes early/);
  assert.throws(() => decodeBlock(pack, 0, 1e6), /does not fit a pack of/);
});
