// Elements of the page that stand on places of the campus: moved with the camera, hidden behind the eye and where the section has cut.

import type { CameraRig } from '../camera.ts';
import type { Section } from '../props.ts';
import { cutAway, labelHeight } from '../section/cut.ts';

export interface Pin {
  element: HTMLElement;
  x: number;
  y: number;
  z: number;
  /** The foot of what is pinned [m]: a level cut above it takes the pin down to its plane. */
  low?: number;
}

const at = new Float64Array(3);

/**
 * Puts each element's anchor (its left upper corner, shifted by its own CSS) where its place is seen; what the section
 * takes away is not.
 */
export function placePins(pins: readonly Pin[], rig: CameraRig, section: Section | null): void {
  for (const pin of pins) {
    const z = labelHeight(section, pin.low ?? pin.z, pin.z);
    const before = rig.toScreen(pin.x, pin.y, z, at);
    const seen = before && !cutAway(section, pin.x, pin.y, z) && at[0]! > -50 && at[1]! > -50 && at[0]! < rig.width + 50 && at[1]! < rig.height + 50;
    pin.element.style.visibility = seen ? 'visible' : 'hidden';
    if (seen) pin.element.style.transform = `translate(${at[0]!.toFixed(1)}px, ${at[1]!.toFixed(1)}px)`;
  }
}
