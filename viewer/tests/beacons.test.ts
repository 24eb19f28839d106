// Which alarms are marked as one, and where: by building far away, by room near by, never more than can be read.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mark } from '../src/beacons/host.ts';
import { grouped, merged, MOST, type Placed, slotOf } from '../src/beacons/model.ts';
import { tinyIndex } from './golden.ts';

const index = tinyIndex();
const building = index.file.buildings[0]!.id;
const rooms = index.labels!.id.filter((id) => index.buildingOf(index.slot(id)) === 0);
const mark = (id: string, entity: string, priority = 3, calling = false): Mark => ({ id, entity, building, priority, calling, label: `alarm ${id}` });
const own = (slot: number): number => slot;
const whole = (slot: number): number => 1 + index.buildingOf(slot);

test('the most urgent speaks for all of a place, and one that calls makes all call', () => {
  const marks = [mark('a', rooms[0]!, 3), mark('b', rooms[0]!, 1), mark('c', rooms[1]!, 4, true), mark('d', '', 2)];
  assert.deepEqual(grouped(marks, index, own).map((b) => [b.slot, b.priority, b.calling, b.ids, b.label]), [
    [index.slot(rooms[0]!), 1, false, ['a', 'b'], 'alarm b'], [1, 2, false, ['d'], 'alarm d'], [index.slot(rooms[1]!), 4, true, ['c'], 'alarm c'],
  ]); // prettier-ignore
  assert.deepEqual(grouped(marks, index, whole).map((b) => [b.slot, b.priority, b.calling, b.ids.length]), [[1, 1, true, 4]]);
});

test('what has no place of the scene is marked on its building, or not at all', () => {
  assert.equal(slotOf(mark('x', 'nowhere'), index), 1);
  assert.equal(slotOf({ ...mark('x', ''), building: '' }, index), -1);
  assert.deepEqual(grouped([{ ...mark('x', ''), building: '' }], index, own), []);
  assert.deepEqual(grouped([mark('x', rooms[0]!)], index, () => -1), []);
});

test('more than can be read are marked with their building', () => {
  const many = Array.from({ length: MOST + 1 }, (_, i) => mark(`m${i}`, rooms[i % rooms.length]!, 4));
  const slots = new Map(many.map((m, i) => [index.slot(m.entity), i]));
  const beacons = grouped(many, index, slots.size > MOST ? own : (slot) => slot);
  assert.ok(beacons.length <= MOST);
  assert.equal(beacons.reduce((sum, b) => sum + b.ids.length, 0), many.length);
});

test('marks of one building on one spot are one, those of two buildings stay apart', () => {
  const at = (slot: number, of: number, x: number, priority: number): Placed => ({
    slot, building: of, priority, calling: slot === 2, ids: [`s${slot}`], label: `l${slot}`, x, y: 0, footX: x, footY: 40,
  }); // prettier-ignore
  const kept = merged([at(1, 0, 0, 4), at(2, 0, 10, 3), at(3, 0, 100, 4), at(4, 1, 5, 1)]);
  assert.deepEqual(kept.map((k) => [k.slot, k.ids, k.calling]), [[4, ['s4'], false], [2, ['s2', 's1'], true], [3, ['s3'], false]]);
});
