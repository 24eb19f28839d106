import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockFrame } from '../src/blockframe.ts';
import type { Block } from '../src/pack.ts';
import { groupBox, groupPath, labelSeat, textWidth, union } from '../src/plan/shapes.ts';

/** A block of ring groups given as lists of rings of [x, y] in metres. */
function block(groups: [number, number][][][]): Block {
  const x: number[] = [];
  const y: number[] = [];
  const ringStart = [0];
  const groupRing = [0];
  for (const rings of groups) {
    for (const ring of rings) {
      for (const [px, py] of ring) {
        x.push(Math.round(px * 100));
        y.push(Math.round(py * 100));
      }
      ringStart.push(x.length);
    }
    groupRing.push(ringStart.length - 1);
  }
  return {
    x: Uint16Array.from(x),
    y: Uint16Array.from(y),
    ringStart: Uint32Array.from(ringStart),
    groupRing: Uint32Array.from(groupRing),
  } as unknown as Block;
}

const here = new BlockFrame([0, 0, 0, 0.01]);
const square: [number, number][] = [[0, 0], [10, 0], [10, 4], [0, 4]];
const ell: [number, number][] = [[0, 0], [20, 0], [20, 3], [3, 3], [3, 20], [0, 20]];

test('a group becomes a closed path with north up', () => {
  assert.equal(groupPath(block([[square]]), 0, 1, new BlockFrame([100, 50, 0, 0.01])), 'M100.00 -50.00L110.00 -50.00L110.00 -54.00L100.00 -54.00Z');
});

test('boxes hold their rings, and a union holds its boxes', () => {
  const b = block([[square], [ell]]);
  assert.deepEqual(groupBox(b, 0, 1, here), { x: 0, y: -4, width: 10, height: 4 });
  assert.deepEqual(union([groupBox(b, 0, 1, here), null, groupBox(b, 1, 2, new BlockFrame([30, 0, 0, 0.01]))]), { x: 0, y: -20, width: 50, height: 20 });
  assert.equal(groupBox(b, 0, 0, here), null);
  assert.equal(union([null]), null);
});

test('the label of an L stands inside the L, not at its centroid', () => {
  const seat = labelSeat(block([[ell]]), 0, here)!;
  assert.ok(seat.y <= 0 && seat.y >= -3.01, `the long arm is at y 0 to 3, the label at ${-seat.y}`);
  assert.ok(seat.width > 16 && seat.height > 2.5, `${seat.width} x ${seat.height}`);
});

test('the label of a ring does not stand in its courtyard', () => {
  const outer: [number, number][] = [[0, 0], [40, 0], [40, 30], [0, 30]];
  const hole: [number, number][] = [[5, 5], [5, 25], [35, 25], [35, 5]];
  const seat = labelSeat(block([[outer, hole]]), 0, here)!;
  const inHole = seat.x > 5 && seat.x < 35 && -seat.y > 5 && -seat.y < 25;
  assert.ok(!inHole, `${seat.x}, ${-seat.y}`);
});

test('Chinese is wider than Latin', () => {
  assert.equal(textWidth('教室'), 2);
  assert.ok(textWidth('5036') < 2.5);
});
