// Labels never lie on each other, never half outside, and the more important one wins.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeLabels, type Wish } from '../src/look/label-place.ts';

function wish(rank: number, x: number, y: number, lifts: number[] = [0]): Wish {
  return { rank, x, y, width: 80, height: 20, lifts };
}

test('of two labels on one place the higher rank stays, the other steps up or goes', () => {
  const placed = placeLabels([wish(1, 200, 200), wish(9, 205, 205)], 800, 600, 200);
  assert.deepEqual(placed.map((p) => p.wish), [1]);
  const lifted = placeLabels([wish(1, 290, 200, [20, 60]), wish(9, 240, 205, [20])], 800, 600, 200);
  assert.deepEqual(lifted.map((p) => [p.wish, p.lift]), [[1, 20], [0, 60]]);
  const crossed = placeLabels([wish(1, 200, 200, [20, 60]), wish(9, 205, 205, [20])], 800, 600, 200);
  assert.deepEqual(crossed.map((p) => p.wish), [1], 'its leader would cross the other label');
});

test('a label that does not fit into the picture is not shown', () => {
  assert.equal(placeLabels([wish(1, 10, 300)], 800, 600, 200).length, 0);
  assert.equal(placeLabels([wish(1, 400, 5, [30])], 800, 600, 200).length, 0);
});

test('no overlap, no more than asked for, reserved places kept free, whatever comes', () => {
  let seed = 11;
  const dice = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
  for (let round = 0; round < 20; round++) {
    const wishes = Array.from({ length: 600 }, () => ({
      rank: dice() * 100, x: dice() * 1900, y: dice() * 1000, width: 20 + dice() * 150, height: 14 + dice() * 30, lifts: [26, 44, 64],
    }));
    const reserved = [500, 300, 300, 200];
    const placed = placeLabels(wishes, 1920, 1080, 200, [reserved]);
    assert.ok(placed.length > 50 && placed.length <= 200);
    const boxes = [reserved, ...placed.map((p) => [p.x, p.y, wishes[p.wish]!.width, wishes[p.wish]!.height])];
    boxes.forEach((a, i) => boxes.slice(0, i).forEach((b) => {
      const apart = a[0]! >= b[0]! + b[2]! || b[0]! >= a[0]! + a[2]! || a[1]! >= b[1]! + b[3]! || b[1]! >= a[1]! + a[3]!;
      assert.ok(apart, `${a} lies on ${b}`);
    }));
  }
});

test('a name keeps off the obstacles where it can, and stands on one rather than nowhere', () => {
  const block = [100, 150, 200, 100];
  const [off] = placeLabels([{ ...wish(1, 200, 240, [20, 60, 120]), clear: true }], 800, 600, 200, [], [block]);
  assert.equal(off?.lift, 120, 'the nearest place that is clear');
  const [on] = placeLabels([{ ...wish(1, 200, 240, [20, 60]), clear: true }], 800, 600, 200, [], [block]);
  assert.equal(on?.lift, 20, 'the nearest place there is');
  assert.equal(placeLabels([{ ...wish(1, 200, 240, [20, 60]), clear: true }], 800, 600, 200, [block], [block]).length, 0, 'never on a panel');
});
