// A shell's file becomes one mesh: storeys and classes in the fourth number, corners moved behind those before them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classOf, joinShell, NO_STOREY, readGlb, ShellClass } from '../src/look/shell-file.ts';

/** A GLB whose 'compressed' views are plain bytes: the test's decoder copies them. */
function plainShell(): ArrayBuffer {
  const points = [new Uint16Array([0, 0, 0, 0, 9, 0, 0, 0, 0, 9, 0, 0]), new Uint16Array([5, 5, 5, 0, 6, 5, 5, 0, 5, 6, 5, 0])];
  const corners = [new Uint16Array([0, 1, 2, 0]), new Uint16Array([2, 1, 0, 0])];
  const body = new Uint8Array(2 * 24 + 2 * 8);
  const views = [];
  let at = 0;
  for (let k = 0; k < 2; k++) {
    for (const [array, stride, mode, count] of [[points[k]!, 8, 'ATTRIBUTES', 3], [corners[k]!, 2, 'TRIANGLES', 3]] as const) {
      body.set(new Uint8Array(array.buffer), at);
      views.push({ extensions: { EXT_meshopt_compression: { byteOffset: at, byteLength: array.byteLength, byteStride: stride, count, mode } } });
      at += array.byteLength;
    }
  }
  const document = {
    nodes: [
      { translation: [1, 2, 3], scale: [0.5, 0.5, 0.5], children: [1, 2] },
      { mesh: 0, extras: { storey: 'a/1', category: 'Window' } },
      { mesh: 1, extras: { storey: '', category: 'wall' } },
    ],
    meshes: [0, 1].map((k) => ({ primitives: [{ attributes: { POSITION: 2 * k }, indices: 2 * k + 1 }] })),
    accessors: [0, 1, 2, 3].map((bufferView) => ({ bufferView, count: 3 })),
    bufferViews: views,
  };
  let text = JSON.stringify(document);
  text += ' '.repeat((4 - (text.length % 4)) % 4);
  const out = new Uint8Array(28 + text.length + body.length);
  const head = new DataView(out.buffer);
  head.setUint32(0, 0x46546c67, true);
  head.setUint32(4, 2, true);
  head.setUint32(8, out.length, true);
  head.setUint32(12, text.length, true);
  head.setUint32(16, 0x4e4f534a, true);
  out.set(new TextEncoder().encode(text), 20);
  head.setUint32(20 + text.length, body.length, true);
  head.setUint32(24 + text.length, 0x004e4942, true);
  out.set(body, 28 + text.length);
  return out.buffer;
}

test('two meshes become one', () => {
  const copy = (target: Uint8Array, _count: number, _size: number, source: Uint8Array): void => {
    target.set(source.subarray(0, target.length));
  };
  const mesh = joinShell(plainShell(), copy, (id) => (id === 'a/1' ? 4 : -1));
  assert.deepEqual([...mesh.indices], [0, 1, 2, 5, 4, 3]);
  assert.equal(mesh.vertices.length, 24);
  assert.equal(mesh.vertices[3], 4 | (ShellClass.glass << 12));
  assert.equal(mesh.vertices[23], NO_STOREY | (ShellClass.clay << 12));
  assert.deepEqual(mesh.translation, [1, 2, 3]);
  assert.equal(mesh.scale, 0.5);
});

test('what is no GLB is refused in words', () => {
  assert.throws(() => readGlb(new ArrayBuffer(64)), /not a glTF binary/);
});

test('classes of many vendors fall into four', () => {
  assert.equal(classOf('CurtainWall'), ShellClass.glass);
  assert.equal(classOf('roof'), ShellClass.roof);
  assert.equal(classOf('railing'), ShellClass.dark);
  assert.equal(classOf('slab'), ShellClass.clay);
});
