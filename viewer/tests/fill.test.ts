import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ShellClass } from '../src/look/shell-file.ts';
import { CapBuffers } from '../src/section/buffers.ts';
import { fill } from '../src/section/fill.ts';
import { cutShell, type ShellSolid } from '../src/section/shell-cut.ts';

/** Segments round a loop of corners, counter-clockwise. */
function loop(corners: readonly (readonly [number, number])[]): number[] {
  return corners.flatMap(([x, y], i) => [x, y, ...corners[(i + 1) % corners.length]!]);
}

const box = (x: number, y: number, w: number, h: number): number[] => loop([[x, y], [x + w, y], [x + w, y + h], [x, y + h]]); // prettier-ignore

function filled(segments: readonly number[]): { area: number; pieces: number } {
  let area = 0;
  let pieces = 0;
  fill(segments, (low, high, a, b, c, d) => {
    assert.ok(high > low && c >= a - 1e-9 && d >= b - 1e-9);
    area += ((c - a + d - b) / 2) * (high - low);
    pieces++;
  });
  return { area, pieces };
}

const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-6 * Math.max(1, Math.abs(b)), `${a} is not ${b}`);

test('a box is one piece, a triangle its area', () => {
  assert.deepEqual(filled(box(1, 2, 3, 4)), { area: 12, pieces: 1 });
  near(filled(loop([[0, 0], [4, 0], [1, 3]])).area, 6); // prettier-ignore
});

test('bodies that overlap are filled once, holes stay free', () => {
  near(filled([...box(0, 0, 4, 4), ...box(2, 2, 4, 4)]).area, 28);
  const hole = loop([[1, 1], [1, 3], [3, 3], [3, 1]]); // prettier-ignore
  near(filled([...box(0, 0, 4, 4), ...hole]).area, 12);
  near(filled([...box(0, 0, 4, 4), ...box(0, 0, 4, 4)]).area, 16);
});

test('a loop that turns the wrong way is solid all the same', () => {
  near(filled(loop([[0, 0], [0, 2], [3, 2], [3, 0]])).area, 6); // prettier-ignore
});

test('a body of which one side is turned the wrong way is filled too', () => {
  const wrong = box(0, 0, 2, 3);
  // its left side runs up as the right one does
  [wrong[12], wrong[13], wrong[14], wrong[15]] = [wrong[14]!, wrong[15]!, wrong[12]!, wrong[13]!];
  near(filled([...wrong, ...box(4, 1, 2, 1)]).area, 8);
});

test('what is not closed does not run across the picture', () => {
  const open = box(0, 0, 2, 2).slice(0, 12);
  near(filled(open).area, 0);
  near(filled([...open, ...box(5, 3, 2, 2)]).area, 4);
});

test('seed 3: stars are filled with their own area', () => {
  let a = 3;
  const roll = (): number => ((a = (Math.imul(a, 1664525) + 1013904223) >>> 0) / 4294967296);
  for (let round = 0; round < 50; round++) {
    const n = 5 + Math.floor(roll() * 20);
    // no gap of half a turn: then no two edges cross
    const angles = Array.from({ length: n }, (_, i) => ((i + 0.9 * roll()) * 2 * Math.PI) / n);
    const corners = angles.map((t) => {
      const r = 2 + 8 * roll();
      return [r * Math.cos(t), r * Math.sin(t)] as const;
    });
    let twice = 0;
    corners.forEach(([x, y], i) => {
      const [nx, ny] = corners[(i + 1) % n]!;
      twice += x * ny - nx * y;
    });
    const area = Math.abs(twice) / 2;
    const got = filled(loop(corners)).area;
    // corners less than a millimetre apart in height count as one
    assert.ok(Math.abs(got - area) < 0.001 * n * 20, `round ${round}: ${got} is not ${area}`);
  }
});

/** A box as triangles that look outwards: x, y, z from and to [steps], with a storey and class. */
function solid(from: readonly number[], to: readonly number[], tag: number): { vertices: number[]; indices: number[] } {
  const vertices: number[] = [];
  for (let k = 0; k < 8; k++) vertices.push(k & 1 ? to[0]! : from[0]!, k & 2 ? to[1]! : from[1]!, k & 4 ? to[2]! : from[2]!, tag);
  const faces = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]]; // prettier-ignore
  return { vertices, indices: faces.flatMap(([a, b, c, d]) => [a!, b!, c!, a!, c!, d!]) };
}

/** Area of a shell's cut [m2], counted against its way of facing, and how far a corner lies from the plane at the most [m]. */
function areaOfCut(shell: ShellSolid, axis: 'x' | 'y' | 'z', at: number): { area: number; away: number } {
  const out = new CapBuffers();
  cutShell(shell, { axis, at, flip: false }, () => at, (storey) => ({ kind: 0, storey: storey + 1, slot: 0 }), out);
  let [area, away] = [0, 0];
  const k = 'xyz'.indexOf(axis);
  for (let i = 0; i < out.indices; i += 3) {
    const [a, b, c] = [0, 1, 2].map((j) => [0, 1, 2].map((d) => out.place[3 * out.index[i + j]! + d]!)) as [number[], number[], number[]];
    const e = a.map((x, d) => b[d]! - x);
    const f = a.map((x, d) => c[d]! - x);
    const normal = [e[1]! * f[2]! - e[2]! * f[1]!, e[2]! * f[0]! - e[0]! * f[2]!, e[0]! * f[1]! - e[1]! * f[0]!];
    area += normal[k]! / 2;
    away = Math.max(away, Math.abs(a[k]! - at));
  }
  return { area, away };
}

test('a shell is cut to its walls, glass is left out, faces look along the axis', () => {
  const parts = [
    solid([0, 0, 0], [1000, 30, 300], ShellClass.clay << 12),
    solid([0, 0, 300], [1000, 800, 330], 1 | (ShellClass.roof << 12)),
    solid([200, 10, 100], [400, 12, 200], ShellClass.glass << 12),
  ];
  const vertices = new Uint16Array(parts.flatMap((p) => p.vertices));
  const indices = new Uint32Array(parts.flatMap((p, k) => p.indices.map((i) => i + 8 * k)));
  const shell = { building: 0, vertices, indices, scale: 0.01, translation: [5, 6, 7] };
  const cut = (axis: 'x' | 'y' | 'z', at: number): { area: number; away: number } => areaOfCut(shell, axis, at);
  const expected = { x: 0.3 * 3 + 8 * 0.3, y: 10 * 3 + 10 * 0.3, z: 10 * 0.3 };
  for (const [axis, at] of [['x', 8], ['y', 6.15], ['z', 8.5]] as const) {
    const { area, away } = cut(axis, at);
    // pieces overlap by two millimetres at their lower and upper ends
    assert.ok(area >= expected[axis] - 1e-3 && area < expected[axis] + 0.12, `${axis}: ${area} is not ${expected[axis]}`);
    assert.ok(away < 1e-5);
  }
  assert.equal(cut('x', 99).area, 0);
});

test('a gable roof is cut to its own slope: a chevron across the ridge, two strips along it', () => {
  // across the ridge (x, z): the outer line up and down, then the inner one back, 30 steps below
  const profile = [[0, 300], [500, 600], [1000, 300], [1000, 270], [500, 570], [0, 270]] as const; // prettier-ignore
  const n = profile.length;
  const tag = ShellClass.roof << 12;
  const vertices = new Uint16Array([0, 800].flatMap((y) => profile.flatMap(([x, z]) => [x, y, z, tag])));
  const sides = profile.flatMap((_, k) => [k, n + ((k + 1) % n), n + k, k, (k + 1) % n, n + ((k + 1) % n)]);
  const end = [[0, 5, 4], [0, 4, 1], [1, 4, 3], [1, 3, 2]] as const; // prettier-ignore
  const ends = end.flatMap(([a, b, c]) => [a, b, c, n + a, n + c, n + b]);
  const shell = { building: 0, vertices, indices: new Uint32Array([...sides, ...ends]), scale: 0.01, translation: [5, 6, 7] };
  // 0.3 m upright all the way; level at 4.5 m both slopes are met over 0.5 m of their run
  const expected = { y: [10, 10 * 0.3], z: [11.5, 2 * 0.5 * 8], x: [7.75, 0.3 * 8] } as const;
  for (const axis of ['x', 'y', 'z'] as const) {
    const [at, right] = expected[axis];
    const { area, away } = areaOfCut(shell, axis, at);
    // pieces overlap by two millimetres at their lower and upper ends
    assert.ok(area >= right - 1e-3 && area < 1.03 * right, `${axis}: ${area} is not ${right}`);
    assert.ok(away < 1e-5);
  }
});
