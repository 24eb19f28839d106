import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeFrame, type Frame } from '../src/frame.ts';
import { bytesOf, jsonOf } from './golden.ts';

type Expected = Record<string, Record<keyof Frame, unknown>>;
const expected = jsonOf<Expected>('frames/expected.json');

for (const [name, want] of Object.entries(expected)) {
  test(`the golden frame '${name}' reads as Python wrote it`, () => {
    const frame = decodeFrame(bytesOf(`frames/${name}.bin`));
    for (const [key, value] of Object.entries(want)) {
      const got = frame[key as keyof Frame];
      const plain = ArrayBuffer.isView(got) ? Array.from(got as unknown as number[], (v) => (Number.isNaN(v) ? null : v)) : got;
      assert.deepEqual(plain, value, key);
    }
  });
}

test('bytes that are not a frame are refused with the reason', () => {
  const keyframe = bytesOf('frames/keyframe.bin');
  assert.throws(() => decodeFrame(new ArrayBuffer(3)), /header of 40 bytes; these are 3/);
  assert.throws(() => decodeFrame(keyframe.slice(0, 60)), /do not fit in a frame of 60 bytes/);
  assert.throws(() => decodeFrame(bytesOf('frames/event.bin').slice(0, 50)), /an event of 17 bytes was announced; 10 came/);
  const other = keyframe.slice(0);
  new Uint8Array(other)[3] = 9;
  assert.throws(() => decodeFrame(other), /kind 9/);
  new Uint8Array(other)[2] = 2;
  assert.throws(() => decodeFrame(other), /version 1/);
});
