// Tiles of the picture at rest: which of them a slot's new value is painted in.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tiles, TILE } from '../src/look/kept-tiles.ts';

const NOBODY = 0xffffff;
const [WIDTH, HEIGHT] = [3 * TILE, 2 * TILE + 7];

/** A screen on which slot 5 stands at these pixels and nobody elsewhere; which tiles [column, row] its mark paints. */
function painted(places: readonly (readonly [number, number])[], rowsAtOnce = HEIGHT): string[] {
  const tiles = new Tiles(WIDTH, HEIGHT, 8);
  const slots = new Uint32Array(2 * WIDTH * HEIGHT);
  for (let i = 0; i < slots.length; i += 2) slots[i] = NOBODY;
  for (const [x, y] of places) slots[2 * (y * WIDTH + x)] = 5;
  for (let y = 0; y < HEIGHT; y += rowsAtOnce) {
    tiles.learn(slots.subarray(2 * y * WIDTH, 2 * Math.min(HEIGHT, y + rowsAtOnce) * WIDTH), 2, WIDTH, y);
  }
  tiles.mark(5);
  tiles.flush();
  const { index, drawRange } = tiles.geometry;
  const found: string[] = [];
  for (let i = 0; i < drawRange.count; i += 6) {
    const corner = index!.array[i]!;
    found.push(`${corner % (tiles.columns + 1)},${Math.floor(corner / (tiles.columns + 1))}`);
  }
  return found.sort();
}

test('a slot within a tile is painted there alone', () => {
  assert.deepEqual(painted([[40, 10], [50, 20]]), ['1,0']); // prettier-ignore
  assert.deepEqual(painted([]), []);
});

test('a pixel beside the edge of a tile is seen in the next one too: smooth edges take from their neighbours', () => {
  assert.deepEqual(painted([[TILE - 1, 10]]), ['0,0', '1,0']);
  assert.deepEqual(painted([[TILE, 10]]), ['0,0', '1,0']);
  assert.deepEqual(painted([[40, TILE - 1]]), ['1,0', '1,1']);
  assert.deepEqual(painted([[40, TILE]]), ['1,0', '1,1']);
});

test('a wall across tiles is painted in all of them, in however many pieces the screen was read', () => {
  const wall = Array.from({ length: WIDTH }, (_, x) => [x, 10] as const);
  assert.deepEqual(painted(wall), ['0,0', '1,0', '2,0']);
  assert.deepEqual(painted(wall, 3), ['0,0', '1,0', '2,0']);
});

test('at the rim of the screen there is no next tile', () => {
  assert.deepEqual(painted([[0, 0]]), ['0,0']);
  assert.deepEqual(painted([[WIDTH - 1, HEIGHT - 1]]), ['2,2']);
});
