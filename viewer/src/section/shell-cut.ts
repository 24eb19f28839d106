// Caps of authored shells: their walls, slabs and roofs as the model has them, cut triangle by triangle.

import { ShellClass } from '../look/shell-file.ts';
import type { Section } from '../props.ts';
import { Cap, type CapBuffers, type Face } from './buffers.ts';
import { fill } from './fill.ts';

/** A shell as it lies in memory: vertices of four numbers (x, y, z steps; storey and class), and where it stands. */
export interface ShellSolid {
  building: number;
  vertices: Uint16Array;
  indices: Uint32Array;
  scale: number;
  translation: readonly number[];
}

/** Glass is too thin to be drawn as solid. */
const SOLID: readonly number[] = [ShellClass.clay, ShellClass.roof, ShellClass.dark];

/**
 * Cuts a shell and fills what is solid. `level` gives the height at which a storey (its number in the building; -1 none)
 * is cut by a level plane, `face` what its faces are tagged with.
 */
export function cutShell(
  shell: ShellSolid, section: Section, level: (storey: number) => number, face: (storey: number) => Face, out: CapBuffers,
): void {
  const bundles = new Map<number, number[]>();
  const axis = 'xyz'.indexOf(section.axis);
  const { vertices, indices, scale, translation } = shell;
  for (let i = 0; i < indices.length; i += 3) {
    const tag = vertices[4 * indices[i]! + 3]!;
    if (!SOLID.includes(tag >> 12)) continue;
    const storey = (tag & 0xfff) === 0xfff ? -1 : tag & 0xfff;
    const at = axis === 2 ? level(storey) : section.at;
    const plane = (at - translation[axis]!) / scale;
    const segment = slice(vertices, indices, i, axis, plane);
    if (segment === null) continue;
    let bundle = bundles.get(tag);
    if (bundle === undefined) bundles.set(tag, (bundle = []));
    // the plane's own two ways, so that they, with the axis, turn right-handed
    const [u, v] = WAYS[axis]!;
    for (let k = 0; k < 4; k += 2) bundle.push(segment[k]! * scale + translation[u]!, segment[k + 1]! * scale + translation[v]!);
  }
  for (const [tag, bundle] of bundles) {
    const storey = (tag & 0xfff) === 0xfff ? -1 : tag & 0xfff;
    emit(bundle, axis, axis === 2 ? level(storey) : section.at, { ...face(storey), kind: Cap.solid }, out);
  }
}

/** Pieces that meet along an edge overlap by this [m], or pixels between them would stay free. */
const OVERLAP = 0.002;
/** The two ways of the plane across each axis. */
const WAYS = [[1, 2], [2, 0], [0, 1]] as const; // prettier-ignore
const segment: [number, number, number, number] = [0, 0, 0, 0];

/** Where the plane cuts a triangle, the solid (behind its face) on the left as seen from beyond the plane; null if not. */
function slice(vertices: Uint16Array, indices: Uint32Array, i: number, axis: number, plane: number): [number, number, number, number] | null {
  const [u, v] = WAYS[axis]!;
  let rising = -1;
  let falling = -1;
  for (let k = 0; k < 3; k++) {
    const a = vertices[4 * indices[i + k]! + axis]! > plane;
    const b = vertices[4 * indices[i + ((k + 1) % 3)]! + axis]! > plane;
    if (!a && b) rising = k;
    if (a && !b) falling = k;
  }
  if (rising < 0) return null;
  // the edge that comes up is where the way along the cut begins
  for (const [k, to] of [[rising, 2], [falling, 0]] as const) {
    const a = 4 * indices[i + k]!;
    const b = 4 * indices[i + ((k + 1) % 3)]!;
    const t = (plane - vertices[a + axis]!) / (vertices[b + axis]! - vertices[a + axis]!);
    segment[to] = vertices[a + u]! + t * (vertices[b + u]! - vertices[a + u]!);
    segment[to + 1] = vertices[a + v]! + t * (vertices[b + v]! - vertices[a + v]!);
  }
  return segment;
}

function emit(bundle: readonly number[], axis: number, at: number, face: Face, out: CapBuffers): void {
  const [u, v] = WAYS[axis]!;
  const place = [0, 0, 0];
  const corner = (a: number, b: number): number => {
    place[axis] = at;
    place[u] = a;
    place[v] = b;
    return out.vertex(face, place[0]!, place[1]!, place[2]!);
  };
  fill(bundle, (low, high, leftLow, leftHigh, rightLow, rightHigh) => {
    const [from, to] = [low - OVERLAP, high + OVERLAP];
    out.quad(corner(leftLow, from), corner(rightLow, from), corner(rightHigh, to), corner(leftHigh, to));
  });
}
