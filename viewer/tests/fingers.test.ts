import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fingers } from '../src/fingers.ts';

const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-9, `${a} is not ${b}`);

test('a press that stays is a tap, one that moves is a drag of what is past the slop', () => {
  const f = new Fingers();
  f.press(1, 100, 100, 0, true, true);
  assert.equal(f.move(1, 106, 100), null, 'a finger trembles');
  assert.equal(f.release(1, 106, 100, 80), 'tap');
  f.press(1, 300, 100, 1000, true, true);
  assert.equal(f.move(1, 308, 100), null);
  const g = f.move(1, 312, 100)!;
  assert.deepEqual([g.fingers, g.fromX, g.toX], [1, 308, 312]);
  assert.equal(f.move(1, 301, 100)!.toX, 301, 'back within the slop it is still a drag');
  assert.equal(f.release(1, 301, 100, 1100), 'none');
});

test('a mouse is steadier than a finger, rests as long as it likes, and its double clicks are the browser’s', () => {
  const f = new Fingers();
  f.press(1, 0, 0, 0, true, false);
  assert.notEqual(f.move(1, 6, 0), null);
  assert.equal(f.release(1, 6, 0, 10), 'none');
  for (const at of [1000, 1100]) {
    f.press(1, 0, 0, at, true, false);
    assert.equal(f.release(1, 0, 0, at + 50), 'tap');
  }
  f.press(1, 0, 0, 2000, true, false);
  assert.equal(f.release(1, 0, 0, 4000), 'tap');
});

test('two quick taps at one place are a double tap, three are not two', () => {
  const f = new Fingers();
  const tap = (x: number, at: number): string => {
    f.press(1, x, 0, at, true, true);
    return f.release(1, x, 0, at + 40);
  };
  assert.deepEqual([tap(0, 0), tap(10, 200), tap(0, 400)], ['tap', 'double', 'tap']);
  assert.deepEqual([tap(0, 2000), tap(80, 2200)], ['tap', 'tap'], 'too far apart');
  assert.deepEqual([tap(0, 4000), tap(0, 4500)], ['tap', 'tap'], 'too slow');
});

test('a long press means nothing', () => {
  const f = new Fingers();
  f.press(1, 0, 0, 0, true, true);
  assert.equal(f.release(1, 0, 0, 700), 'none');
});

test('two fingers: middle, scale and turn', () => {
  const f = new Fingers();
  f.press(1, 100, 100, 0, true, true);
  f.press(2, 300, 100, 10, false, true);
  f.move(2, 320, 100);
  const g = f.move(2, 400, 100)!;
  assert.deepEqual([g.fingers, g.fromX, g.toX, g.fromY, g.toY, g.turn], [2, 210, 250, 100, 100, 0]);
  near(g.scale, 300 / 220);
  assert.equal(f.move(2, 400, 130)!.turn, 0, 'hardly any turn is none');
  near(f.move(2, 400, 400)!.turn, Math.PI / 4 - Math.atan2(30, 300));
  assert.equal(f.release(2, 400, 400, 500), 'none');
  assert.equal(f.release(1, 100, 100, 510), 'none', 'the last of two is no tap');
});

test('a finger that stays when another lifts moves nothing until it moves on purpose', () => {
  const f = new Fingers();
  f.press(1, 100, 100, 0, true, true);
  f.press(2, 300, 100, 10, false, true);
  assert.notEqual(f.move(2, 400, 100), null);
  f.release(2, 400, 100, 100);
  assert.equal(f.move(1, 104, 103), null, 'lifting it shakes it');
  const g = f.move(1, 120, 100)!;
  assert.deepEqual([g.fingers, g.fromX, g.toX], [1, 104, 120]);
  assert.equal(f.release(1, 120, 100, 300), 'none');
});

test('a third finger is ignored, a missed end is forgotten, a taken press is no tap', () => {
  const f = new Fingers();
  f.press(1, 0, 0, 0, true, true);
  f.press(2, 100, 0, 1, false, true);
  f.press(3, 200, 0, 2, false, true);
  f.move(2, 130, 0);
  assert.equal(f.move(3, 400, 0), null);
  f.press(9, 50, 50, 5000, true, true);
  assert.equal(f.count, 1, 'the first finger of a new touch');
  f.cancel(9);
  assert.equal(f.release(9, 50, 50, 5010), 'none');
});
