// Elements of the page that stand on places of the campus: moved with the camera, hidden behind the eye.

import type { CameraRig } from '../camera.ts';

export interface Pin {
  element: HTMLElement;
  x: number;
  y: number;
  z: number;
}

const at = new Float64Array(3);

/** Puts each element's anchor (its left upper corner, shifted by its own CSS) where its place is seen. */
export function placePins(pins: readonly Pin[], rig: CameraRig): void {
  for (const pin of pins) {
    const before = rig.toScreen(pin.x, pin.y, pin.z, at);
    const seen = before && at[0]! > -50 && at[1]! > -50 && at[0]! < rig.width + 50 && at[1]! < rig.height + 50;
    pin.element.style.visibility = seen ? 'visible' : 'hidden';
    if (seen) pin.element.style.transform = `translate(${at[0]!.toFixed(1)}px, ${at[1]!.toFixed(1)}px)`;
  }
}
