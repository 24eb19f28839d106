// The rooms of one building: all of its open storeys, or, from afar, what of the whole building can be seen at all.

import { Sphere, type Vector3 } from 'three';
import type { CameraRig } from '../camera.ts';
import { type RoomRanges, storeyRange } from '../prisms.ts';
import type { BuildingRow } from '../scene.ts';

/** The gap between two rooms is below a pixel where one covers this much [m]; a little less to come back. */
const FAR = 0.3;
const NEAR = 0.24;

export class RoomPart {
  /** Round the building [m, campus]. */
  readonly sphere: Sphere;
  /** First index and number of indices that are drawn. */
  first = 0;
  count = 0;
  /** Its storeys have parted: it reaches out of its sphere. */
  lifted = false;
  private readonly ranges: RoomRanges;
  private readonly row: BuildingRow;
  private open: [number, number] = [0, 0];
  /** Every storey stands in its place. */
  private whole = false;
  private near = true;

  constructor(ranges: RoomRanges, row: BuildingRow) {
    this.ranges = ranges;
    this.row = row;
    const [x0, y0, z0, x1, y1, z1] = row.bounds;
    this.sphere = new Sphere();
    this.sphere.center.set((x0 + x1) / 2, (y0 + y1) / 2, (z0 + z1) / 2);
    this.sphere.radius = Math.hypot(x1 - x0, y1 - y0, z1 - z0) / 2 + 1;
  }

  /** Draws the local storeys of the span, null none; `whole` when these are all of them, `lifted` when they have parted. */
  show(span: [number, number] | null, whole: boolean, lifted: boolean): void {
    this.open = span ? storeyRange(this.ranges.storeyStart, ...span) : [0, 0];
    this.whole = whole && !lifted;
    this.lifted = lifted;
    [this.first, this.count] = this.open;
  }

  /** Before each frame: what of the building the eye can make out; `cut` where a section may have opened the building. */
  look(rig: CameraRig, eye: Vector3, pixelRatio: number, cut: boolean): void {
    if (this.open[1] === 0) return;
    const { bounds } = this.row;
    const [x, y] = [within(eye.x, bounds[0], bounds[3]), within(eye.y, bounds[1], bounds[4])];
    const metres = rig.metresPerPixelAt(x, y, bounds[5]) / pixelRatio;
    this.near = metres < (this.near ? FAR : NEAR);
    // an eye that is lower than the roof sees undersides
    const far = this.whole && !this.near && !cut && eye.z > bounds[5];
    const { storeyStart, far: count } = this.ranges;
    [this.first, this.count] = far ? [storeyStart[storeyStart.length - 1]!, count] : this.open;
  }
}

function within(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
