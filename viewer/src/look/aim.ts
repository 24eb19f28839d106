// The sun's eye: an orthographic camera that sees the whole campus along the sun's rays.

import { type Camera, Matrix4, Vector3 } from 'three';
import type { CameraRig } from '../camera.ts';

/** Clip space -1..1 to texture space 0..1. */
export const HALF = new Matrix4().set(0.5, 0, 0, 0.5, 0, 0.5, 0, 0.5, 0, 0, 0.5, 0.5, 0, 0, 0, 1);

const right = new Vector3();
const up = new Vector3();
const corner = new Vector3();

/**
 * Turns `eye` so that it looks from `direction` and just holds `bounds` [m], with everything of `all` that may stand
 * before it; the size of one of `size` texels [m]. `jitter` (two numbers, -0.5..0.5) moves the texels.
 */
export function aim(
  eye: Camera, direction: Vector3, bounds: readonly number[], size: number, all = bounds, jitter: readonly [number, number] = [0, 0],
): number {
  right.set(-direction.y, direction.x, 0);
  if (right.lengthSq() < 1e-8) right.set(1, 0, 0);
  right.normalize();
  up.crossVectors(direction, right);
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  stretch(bounds, direction, low, high, 2);
  stretch(all, direction, low, high, 3);
  const [x, y, z] = [0, 1, 2].map((i) => (low[i]! + high[i]!) / 2) as [number, number, number];
  const w = (high[0]! - low[0]!) / 2;
  const h = (high[1]! - low[1]!) / 2;
  const d = (high[2]! - low[2]!) / 2 + 1;
  const texel = (2 * Math.max(w, h)) / size;
  eye.matrixWorld.makeBasis(right, up, direction);
  corner.set(0, 0, 0).addScaledVector(right, x + jitter[0] * texel).addScaledVector(up, y + jitter[1] * texel).addScaledVector(direction, z);
  eye.matrixWorld.setPosition(corner);
  eye.matrix.copy(eye.matrixWorld);
  eye.matrixWorldInverse.copy(eye.matrixWorld).invert();
  eye.projectionMatrix.makeOrthographic(-w, w, h, -h, -d, d);
  eye.projectionMatrixInverse.copy(eye.projectionMatrix).invert();
  return texel;
}

/** Widens low..high to hold a box: across the rays (axes 0 and 1, `upTo` 2) or along them (axis 2, `upTo` 3). */
function stretch(bounds: readonly number[], direction: Vector3, low: number[], high: number[], upTo: 2 | 3): void {
  // a little room round the box: trees stand at its rim
  const margin = 25;
  for (let k = 0; k < 8; k++) {
    corner.set(
      k & 1 ? bounds[3]! + margin : bounds[0]! - margin,
      k & 2 ? bounds[4]! + margin : bounds[1]! - margin,
      k & 4 ? bounds[5]! + 12 : bounds[2]!,
    );
    const along = [corner.dot(right), corner.dot(up), corner.dot(direction)];
    for (let i = upTo === 2 ? 0 : 2; i < upTo; i++) {
      low[i] = Math.min(low[i]!, along[i]!);
      high[i] = Math.max(high[i]!, along[i]!);
    }
  }
}

const spot = new Float64Array(3);

/** The part of `bounds` [m] that the picture shows: depth pictures spend their texels on it. */
export function regionSeen(rig: CameraRig, bounds: readonly number[]): number[] {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (let k = 0; k < 8; k++) {
    const z = bounds[k & 4 ? 5 : 2]!;
    if (!rig.onPlane(k & 1 ? rig.width : 0, k & 2 ? rig.height : 0, z, spot)) return [...bounds];
    box[0] = Math.min(box[0]!, spot[0]!);
    box[1] = Math.min(box[1]!, spot[1]!);
    box[2] = Math.max(box[2]!, spot[0]!);
    box[3] = Math.max(box[3]!, spot[1]!);
  }
  const low = [Math.max(bounds[0]!, box[0]!), Math.max(bounds[1]!, box[1]!)];
  const high = [Math.min(bounds[3]!, box[2]!), Math.min(bounds[4]!, box[3]!)];
  if (high[0]! <= low[0]! || high[1]! <= low[1]!) return [...bounds];
  return [low[0]!, low[1]!, bounds[2]!, high[0]!, high[1]!, bounds[5]!];
}
