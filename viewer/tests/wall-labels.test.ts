// What stands on the model of a wall: words on one line never touch, and stay near what they name (assets/wall-labels.js); under
// the trust lens buildings are counted as the view paints them (assets/wall-trust.js).

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FLAG_SIMULATED, FLAG_STALE } from '../src/frame.ts';
import { Trust, trustByte } from '../src/state.ts';

declare const __ROOT__: string;

interface Place { at: number; width: number; x: number }
interface Wall { spread(words: { at: number; width: number }[], left: number, right: number): Place[]; trust: { kindOf(flags: number): string } }

function scripts(): Wall {
  const wall = { on: () => undefined, make: () => undefined, write: () => undefined };
  const scope = { window: { campus: { wall } }, document: {}, performance };
  for (const file of ['wall-labels.js', 'wall-trust.js']) new Function(...Object.keys(scope), readFileSync(join(__ROOT__, 'assets', file), 'utf8'))(...Object.values(scope));
  return wall as unknown as Wall;
}

test('words that have room stand in the middle over what they name', () => {
  const places = scripts().spread([{ at: 900, width: 200 }, { at: 300, width: 200 }], 0, 1200);
  assert.deepEqual(places.map(({ x }) => x), [200, 800]);
});

test('crowded words do not touch, keep their order and stay on the line', () => {
  const { spread } = scripts();
  for (const ats of [[500, 510, 520], [0, 10, 20], [1190, 1195, 1199], [10, 600, 610], [580, 590, 1199]]) {
    const places = spread(ats.map((at) => ({ at, width: 300 })), 0, 1200);
    assert.ok(places[0]!.x >= 0 && places[2]!.x + 300 <= 1200, String(ats));
    assert.ok(places.every(({ x }, n) => n === 0 || x - places[n - 1]!.x >= 300 - 1e-6), String(ats));
    assert.deepEqual(places.map(({ at }) => at), ats);
  }
});

test('a wall counts what the view paints', () => {
  const { kindOf } = scripts().trust;
  const names = Object.fromEntries(Object.entries(Trust).map(([name, byte]) => [byte, name]));
  for (const quality of [0, 1, 2, 3]) {
    for (const more of [0, FLAG_STALE, FLAG_SIMULATED, FLAG_STALE | FLAG_SIMULATED]) {
      const flags = quality | more;
      assert.equal(kindOf(flags), names[trustByte(100, flags)], flags.toString(2));
    }
  }
});
