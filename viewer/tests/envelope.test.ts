// The closed form of a building: rings drawn inwards, and every stretch of facade in the colour of its own room.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { facadePieces, inset, type RoomEdge, RoomWalls } from '../src/look/outline.ts';

const SQUARE = [0, 0, 1000, 0, 1000, 800, 0, 800];

function area(ring: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < ring.length; i += 2) {
    const j = (i + 2) % ring.length;
    sum += ring[i]! * ring[j + 1]! - ring[j]! * ring[i + 1]!;
  }
  return sum / 2;
}

function edges(ring: number[], slot: number): RoomEdge[] {
  const found: RoomEdge[] = [];
  for (let i = 0; i < ring.length; i += 2) {
    const j = (i + 2) % ring.length;
    found.push({ ax: ring[i]!, ay: ring[i + 1]!, bx: ring[j]!, by: ring[j + 1]!, slot });
  }
  return found;
}

test('an inset ring keeps its distance from every edge', () => {
  assert.deepEqual([...inset(SQUARE, 50)], [50, 50, 950, 50, 950, 750, 50, 750]);
  const hole = [0, 0, 0, 800, 1000, 800, 1000, 0];
  assert.equal(Math.abs(area(inset(hole, 50))), 1100 * 900, 'a hole grows: the solid is on its left');
});

test('a notch narrower than the inset closes instead of turning inside out', () => {
  const notched = [0, 0, 1000, 0, 1000, 800, 530, 800, 530, 780, 470, 780, 470, 800, 0, 800];
  const inner = inset(notched, 50);
  assert.ok([...inner].every(Number.isFinite));
  assert.ok(area(inner) > 0 && area(inner) < area(notched));
});

test('each stretch of wall has the slot of the room behind it, walls shared out, the rest the storey\'s', () => {
  const rooms = [...edges([20, 20, 490, 20, 490, 400, 20, 400], 7), ...edges([510, 20, 980, 20, 980, 400, 510, 400], 8)];
  const south = facadePieces(SQUARE, new RoomWalls(rooms), 99).filter((p) => p.edge === 0);
  assert.deepEqual(south.map((p) => p.slot), [7, 8]);
  assert.deepEqual(south.map((p) => [p.from, p.to]), [[0, 500], [500, 1000]]);
  const north = facadePieces(SQUARE, new RoomWalls(rooms), 99).filter((p) => p.edge === 2);
  assert.deepEqual(north.map((p) => p.slot), [99], 'no room stands within reach of the north wall');
});

test('pieces of an edge join without gap or overlap, whatever stands behind', () => {
  let seed = 5;
  const dice = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
  for (let round = 0; round < 50; round++) {
    const rooms: RoomEdge[] = [];
    for (let k = 0; k < 12; k++) {
      const x = dice() * 900;
      const y = dice() * 250 - 50;
      rooms.push(...edges([x, y, x + 50 + dice() * 300, y, x + 50 + dice() * 300, y + 300, x, y + 300], k));
    }
    for (let edge = 0; edge < 4; edge++) {
      const mine = facadePieces(SQUARE, new RoomWalls(rooms), 99).filter((p) => p.edge === edge);
      assert.equal(mine[0]!.from, 0);
      for (let i = 1; i < mine.length; i++) assert.ok(Math.abs(mine[i]!.from - mine[i - 1]!.to) < 1e-6);
      assert.ok(Math.abs(mine.at(-1)!.to - (edge % 2 ? 800 : 1000)) <= 1);
      assert.ok(mine.every((p) => p.to > p.from));
    }
  }
});
