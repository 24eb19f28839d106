// Directions for light gathered at rest: even over the dome, even over the sun's disc.

import { Vector3 } from 'three';

const GOLDEN = Math.PI * (3 - Math.sqrt(5));

/** Direction i of n, evenly over the upper half of the sphere (Fibonacci lattice), none grazing the ground. */
export function fibonacciDome(i: number, n: number): Vector3 {
  // halves of the sequence interleave, so that the first samples already cover the dome
  const z = 0.05 + 0.95 * (((i * 0.618034) % 1) * (1 - 1 / n) + 0.5 / n);
  const r = Math.sqrt(1 - z * z);
  return new Vector3(r * Math.cos(GOLDEN * i), r * Math.sin(GOLDEN * i), z);
}

/** Point i of n of a sun of `radius` [rad], as a direction. */
export function sunPoint(direction: Vector3, i: number, n: number, radius: number): Vector3 {
  const side = new Vector3(-direction.y, direction.x, 0);
  if (side.lengthSq() < 1e-8) side.set(1, 0, 0);
  side.normalize();
  const up = new Vector3().crossVectors(direction, side);
  const r = radius * Math.sqrt((i + 0.5) / n);
  return direction.clone().addScaledVector(side, r * Math.cos(GOLDEN * i)).addScaledVector(up, r * Math.sin(GOLDEN * i)).normalize();
}

/** Four places within a pixel, each in a row and a column of its own, -0.5 .. 0.5: those of a graphics card's antialiasing. */
export const WITHIN_PIXEL: readonly (readonly [number, number])[] = [[-0.125, -0.375], [0.375, -0.125], [0.125, 0.375], [-0.375, 0.125]];
