import assert from 'node:assert/strict';
import { test } from 'node:test';
import { neighbourStorey, parentOf } from '../src/intent.ts';
import { SceneIndex, type SceneFile } from '../src/scene.ts';
import { Show } from '../src/storeys.ts';
import { jsonOf, tinyIndex } from './golden.ts';
import { initialStoreys } from './storeys.ts';

const index = tinyIndex();

test('slots are campus, buildings, storeys, spaces, and ids lead back to them', () => {
  assert.equal(index.slots, 1 + 2 + 5 + 18);
  for (let slot = 0; slot < index.slots; slot++) assert.equal(index.slot(index.id(slot)), slot);
  assert.deepEqual([0, 1, 3, 8].map((s) => index.kind(s)), ['campus', 'building', 'storey', 'space']);
  assert.equal(index.slot('nowhere'), -1);
});

test('every space knows its storey and building', () => {
  for (let slot = index.firstSpace; slot < index.slots; slot++) {
    const [building, level] = index.id(slot).split('/');
    assert.equal(index.file.storeys.id[index.storeyOf(slot)], `${building}/${level}`);
    assert.equal(index.file.buildings[index.buildingOf(slot)]!.id, building);
  }
});

test('a storey without spaces does not steal its neighbour’s', () => {
  const file = structuredClone(jsonOf<SceneFile>('pack/scene.json'));
  file.storeys.spaces = [[0, 0], [0, 3], [3, 0], [3, 6], [9, 9]];
  const gaps = new SceneIndex(file);
  assert.deepEqual([0, 2, 3, 8, 9].map((k) => gaps.storeyOf(gaps.firstSpace + k)), [1, 1, 3, 3, 4]);
});

test('names fall back to the other language and the id', () => {
  assert.equal(index.name(1, 'zh'), '甲楼');
  assert.equal(index.name(2, 'zh'), 'Block B');
  assert.equal(index.name(0, 'en'), 'Tiny');
});

test('an unknown version is refused', () => {
  assert.throws(() => new SceneIndex({ ...jsonOf<SceneFile>('pack/scene.json'), version: 9 }), /version 9/);
});

test('levels up and storeys up and down', () => {
  const room = index.slot('a/0/1');
  assert.equal(index.id(parentOf(room, index)), 'a/0');
  assert.equal(index.id(parentOf(parentOf(room, index), index)), 'a');
  assert.equal(parentOf(1, index), -1);
  assert.equal(neighbourStorey(1, 1, index), 2);
  assert.equal(neighbourStorey(2, 1, index), 2, 'the top storey of a building has nothing above');
  assert.equal(neighbourStorey(3, -1, index), 3);
});

test('isolating opens one storey, outlines those above, keeps those below', () => {
  const s = initialStoreys(index, { storey: 1, focus: 0 });
  assert.deepEqual([0, 1, 2, 3].map((j) => [s.rooms(j), s.envelope(j)]), [
    [Show.hidden, Show.solid], [Show.solid, Show.hidden], [Show.hidden, Show.ghost], [Show.hidden, Show.solid],
  ]); // prettier-ignore
});

test('exploding lifts the storeys of the focused building only, the basement above the ground', () => {
  const s = initialStoreys(index, { explode: 1, focus: 0 });
  assert.deepEqual([3, 4].map((j) => s.lift(j)), [0, 0]);
  const lifts = [0, 1, 2].map((j) => s.lift(j));
  assert.equal(lifts[0], 4, 'a basement 4 m deep comes up to the ground');
  assert.ok(lifts[1]! > lifts[0]! && lifts[2]! > lifts[1]!);
  assert.equal(s.rooms(2), Show.solid);
});

test('the map opens the ground floor, or the isolated storey', () => {
  const map = initialStoreys(index, { mode: '2d' });
  assert.deepEqual([0, 1, 2, 3, 4].map((j) => map.rooms(j)), [0, 1, 0, 1, 0]);
  const plan = initialStoreys(index, { mode: '2d', storey: 2, focus: 0 });
  assert.deepEqual([0, 1, 2].map((j) => plan.rooms(j)), [0, 0, 1]);
});
