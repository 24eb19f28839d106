// Where the eye stands. A long lens on an orbit round a target; the map is the same orbit seen from straight above, with
// the lens narrowed until it is orthographic, so that going from one to the other is one movement.

import { Camera, Matrix4, type Vector3 } from 'three';

/** Everything that a view of the scene needs; angles in radians, lengths in metres. */
export interface Pose {
  /** Compass bearing of the view's direction: 0 looks north. */
  azimuth: number;
  /** Angle under which the eye looks down: pi/2 is straight down. */
  elevation: number;
  /** Distance of the eye at the long lens; in the map it sets the scale all the same. */
  distance: number;
  x: number;
  y: number;
  z: number;
  /** 0 perspective .. 1 orthographic. */
  flat: number;
}

export type Bounds = readonly [number, number, number, number, number, number];

/** Half of the long lens' field of view (24 deg). */
export const HALF_LENS = Math.tan((12 * Math.PI) / 180);
/** The lens is never narrower than this before it becomes orthographic (about half a degree). */
const NARROWEST = 0.005;
const DEG = Math.PI / 180;
export const TOP = Math.PI / 2;

export interface Ray {
  ox: number;
  oy: number;
  oz: number;
  dx: number;
  dy: number;
  dz: number;
}

export function copyPose(from: Pose, to: Pose): Pose {
  return Object.assign(to, from);
}

export function wrapAngle(angle: number): number {
  const turn = 2 * Math.PI;
  return ((((angle + Math.PI) % turn) + turn) % turn) - Math.PI;
}

/** `azimuth,elevation,distance,x,y,z`, angles in degrees, four significant decimals. */
export function formatPose(p: Pose): string {
  const round = (v: number): string => String(Math.round(v * 1e4) / 1e4);
  return [wrapAngle(p.azimuth) / DEG, p.elevation / DEG, p.distance, p.x, p.y, p.z].map(round).join(',');
}

/** The inverse of formatPose; null when the text is not six numbers. */
export function parsePose(text: string, flat: number): Pose | null {
  const parts = text.split(',').map(Number);
  if (parts.length !== 6 || parts.some((v) => !Number.isFinite(v))) return null;
  const [azimuth, elevation, distance, x, y, z] = parts as [number, number, number, number, number, number];
  if (distance <= 0) return null;
  return { azimuth: azimuth * DEG, elevation: elevation * DEG, distance, x, y, z, flat };
}

export class CameraRig {
  readonly camera = new Camera();
  readonly pose: Pose = { azimuth: 18 * DEG, elevation: 34 * DEG, distance: 1000, x: 0, y: 0, z: 0, flat: 0 };
  width = 1;
  height = 1;
  /** Increases with every change of the matrices. */
  version = 0;
  bounds: Bounds = [-500, -500, 0, 500, 500, 50];
  /** Radius of the ground that must lie between the clip planes [m]. */
  reach = 1200;
  private readonly right = new Float64Array(3);
  private readonly up = new Float64Array(3);
  private readonly forward = new Float64Array(3);
  private eyeDistance = 1000;
  private viewHalf = 100;

  get isFlat(): boolean {
    return this.pose.flat >= 1;
  }

  get size(): number {
    const b = this.bounds;
    return Math.hypot(b[3] - b[0], b[4] - b[1]);
  }

  /** Keeps a pose where it makes sense. */
  limit(p: Pose): void {
    const b = this.bounds;
    const slack = 0.3 * this.size;
    p.x = Math.min(b[3] + slack, Math.max(b[0] - slack, p.x));
    p.y = Math.min(b[4] + slack, Math.max(b[1] - slack, p.y));
    p.z = Math.min(b[5] + slack, Math.max(b[2], p.z));
    p.distance = Math.min(6 * this.size + 200, Math.max(8, p.distance));
    p.elevation = Math.min(TOP, Math.max(4 * DEG, p.elevation));
  }

  setSize(width: number, height: number): void {
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
    this.apply();
  }

  /** Matrices from the pose. */
  apply(): void {
    const p = this.pose;
    const sa = Math.sin(p.azimuth);
    const ca = Math.cos(p.azimuth);
    const se = Math.sin(p.elevation);
    const ce = Math.cos(p.elevation);
    const { right, up, forward } = this;
    right[0] = ca;
    right[1] = -sa;
    right[2] = 0;
    up[0] = sa * se;
    up[1] = ca * se;
    up[2] = ce;
    forward[0] = sa * ce;
    forward[1] = ca * ce;
    forward[2] = -se;
    this.viewHalf = p.distance * HALF_LENS;
    const tangent = Math.max(NARROWEST, HALF_LENS * (1 - p.flat));
    this.eyeDistance = this.isFlat ? this.size + this.reach + p.distance : this.viewHalf / tangent;
    const d = this.eyeDistance;
    this.camera.matrixAutoUpdate = false;
    this.camera.matrixWorldAutoUpdate = false;
    this.camera.matrixWorld.set(
      right[0], up[0], -forward[0], p.x - forward[0] * d,
      right[1], up[1], -forward[1], p.y - forward[1] * d,
      right[2], up[2], -forward[2], p.z - forward[2] * d,
      0, 0, 0, 1,
    ); // prettier-ignore
    this.camera.matrix.copy(this.camera.matrixWorld);
    this.camera.matrixWorldInverse.copy(this.camera.matrixWorld).invert();
    this.project(tangent);
    this.version++;
  }

  private project(tangent: number): void {
    const [near, far] = this.depthRange();
    const m: Matrix4 = this.camera.projectionMatrix;
    const aspect = this.width / this.height;
    if (this.isFlat) {
      const h = this.viewHalf;
      m.makeOrthographic(-h * aspect, h * aspect, h, -h, near, far);
    } else {
      const h = near * tangent;
      m.makePerspective(-h * aspect, h * aspect, h, -h, near, far);
    }
    this.camera.projectionMatrixInverse.copy(m).invert();
  }

  /** Depths [m] between which everything lies. */
  private depthRange(): [number, number] {
    const b = this.bounds;
    const f = this.forward;
    const e = this.camera.matrixWorld.elements;
    const r = this.reach;
    let near = Infinity;
    let far = -Infinity;
    for (let corner = 0; corner < 8; corner++) {
      const x = (corner & 1 ? b[3] + r : b[0] - r) - e[12]!;
      const y = (corner & 2 ? b[4] + r : b[1] - r) - e[13]!;
      const z = (corner & 4 ? 2 * b[5] - b[2] + 60 : b[2] - 5) - e[14]!;
      const depth = x * f[0]! + y * f[1]! + z * f[2]!;
      near = Math.min(near, depth);
      far = Math.max(far, depth);
    }
    const least = this.isFlat ? 1 : Math.max(0.5, 0.02 * Math.min(this.eyeDistance, this.pose.distance));
    near = Math.max(least, near);
    return [near, Math.max(far, near + 1)];
  }

  /**
   * Where the eye of the long lens would stand: what haze goes by. The real one draws back to infinity as the lens
   * narrows to the map's.
   */
  eye(out: Vector3): Vector3 {
    const { pose, forward } = this;
    const d = pose.distance;
    return out.set(pose.x - d * forward[0]!, pose.y - d * forward[1]!, pose.z - d * forward[2]!);
  }

  /** Metres that one CSS pixel covers at a depth `t` [m] along the view from the target (0 = at the target). */
  metresPerPixel(t = 0): number {
    const scale = (2 * this.viewHalf) / this.height;
    return this.isFlat ? scale : (scale * (this.eyeDistance + t)) / this.eyeDistance;
  }

  /** Metres that one CSS pixel covers at a point. */
  metresPerPixelAt(x: number, y: number, z: number): number {
    const p = this.pose;
    const f = this.forward;
    return this.metresPerPixel((x - p.x) * f[0]! + (y - p.y) * f[1]! + (z - p.z) * f[2]!);
  }

  /** The ray through a place of the canvas [CSS pixels from its upper left corner]; its direction has length 1. */
  ray(px: number, py: number, out: Ray): Ray {
    const nx = ((2 * px) / this.width - 1) * (this.width / this.height);
    const ny = 1 - (2 * py) / this.height;
    const { right, up, forward } = this;
    const e = this.camera.matrixWorld.elements;
    const h = this.viewHalf;
    const s = this.isFlat ? h : h / this.eyeDistance;
    const ax = (right[0]! * nx + up[0]! * ny) * s;
    const ay = (right[1]! * nx + up[1]! * ny) * s;
    const az = (right[2]! * nx + up[2]! * ny) * s;
    const flat = this.isFlat ? 1 : 0;
    out.ox = e[12]! + flat * ax;
    out.oy = e[13]! + flat * ay;
    out.oz = e[14]! + flat * az;
    out.dx = forward[0]! + (1 - flat) * ax;
    out.dy = forward[1]! + (1 - flat) * ay;
    out.dz = forward[2]! + (1 - flat) * az;
    const length = Math.hypot(out.dx, out.dy, out.dz);
    out.dx /= length;
    out.dy /= length;
    out.dz /= length;
    return out;
  }

  /** Where a point stands on the canvas: out = [x, y in CSS pixels, depth in metres]; false when behind the eye. */
  toScreen(x: number, y: number, z: number, out: Float64Array): boolean {
    const e = this.camera.matrixWorld.elements;
    const vx = x - e[12]!;
    const vy = y - e[13]!;
    const vz = z - e[14]!;
    const { right, up, forward } = this;
    const depth = vx * forward[0]! + vy * forward[1]! + vz * forward[2]!;
    const half = this.isFlat ? this.viewHalf : (this.viewHalf * depth) / this.eyeDistance;
    const sx = (vx * right[0]! + vy * right[1]! + vz * right[2]!) / half;
    const sy = (vx * up[0]! + vy * up[1]! + vz * up[2]!) / half;
    out[0] = (this.width + sx * this.height) / 2;
    out[1] = (this.height - sy * this.height) / 2;
    out[2] = depth;
    return depth > 0;
  }

  /** Where the ray through a canvas place meets the horizontal plane at `z`; false when it does not. */
  onPlane(px: number, py: number, z: number, out: Float64Array): boolean {
    const ray = this.ray(px, py, scratchRay);
    if (Math.abs(ray.dz) < 1e-6) return false;
    const t = (z - ray.oz) / ray.dz;
    if (t <= 0) return false;
    out[0] = ray.ox + t * ray.dx;
    out[1] = ray.oy + t * ray.dy;
    out[2] = z;
    return true;
  }
}

const scratchRay: Ray = { ox: 0, oy: 0, oz: 0, dx: 0, dy: 0, dz: 0 };

/** The pose from which `bounds` fill a share `fill` of the view, seen from where it is seen now. */
export function framing(bounds: Bounds, from: Pose, aspect: number, fill = 0.9): Pose {
  const x = (bounds[0] + bounds[3]) / 2;
  const y = (bounds[1] + bounds[4]) / 2;
  const flat = from.flat >= 1;
  const z = flat ? bounds[2] : (bounds[2] + bounds[5]) / 2;
  const [sa, ca] = [Math.sin(from.azimuth), Math.cos(from.azimuth)];
  const [se, ce] = [Math.sin(from.elevation), Math.cos(from.elevation)];
  const tangent = HALF_LENS * fill;
  let distance = 0;
  for (let corner = 0; corner < 8; corner++) {
    const dx = bounds[corner & 1 ? 3 : 0] - x;
    const dy = bounds[corner & 2 ? 4 : 1] - y;
    const dz = bounds[corner & 4 ? 5 : 2] - z;
    const across = Math.abs(dx * ca - dy * sa) / aspect;
    const up = Math.abs((dx * sa + dy * ca) * se + dz * ce);
    const deep = flat ? 0 : (dx * sa + dy * ca) * ce - dz * se;
    distance = Math.max(distance, Math.max(across, up) / tangent - deep);
  }
  return { ...from, distance: Math.max(distance, 12), x, y, z };
}
