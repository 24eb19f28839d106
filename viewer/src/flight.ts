// Camera flights: from pose to pose with a cubic easing; any input stops them; reduced motion cuts.

import { type CameraRig, copyPose, type Pose, wrapAngle } from './camera.ts';

/** Cubic in-out. */
export function ease(t: number): number {
  return t < 0.5 ? 4 * t * t * t : 1 - (-2 * t + 2) ** 3 / 2;
}

function mix(a: number, b: number, k: number): number {
  return a + (b - a) * k;
}

/** A pose between two: distances by ratio, long ways rise on an arc so that one sees where one goes. */
export function between(from: Pose, to: Pose, k: number, out: Pose): Pose {
  const way = Math.hypot(to.x - from.x, to.y - from.y, to.z - from.z);
  const reach = Math.max(from.distance, to.distance);
  const arc = way > reach ? Math.log(way / reach) * 4 * k * (1 - k) * 0.5 : 0;
  out.azimuth = from.azimuth + wrapAngle(to.azimuth - from.azimuth) * k;
  out.elevation = mix(from.elevation, to.elevation, k);
  out.distance = Math.exp(mix(Math.log(from.distance), Math.log(to.distance), k) + arc);
  out.x = mix(from.x, to.x, k);
  out.y = mix(from.y, to.y, k);
  out.z = mix(from.z, to.z, k);
  out.flat = mix(from.flat, to.flat, k);
  return out;
}

export class Flight {
  private readonly from: Pose;
  private readonly to: Pose;
  private readonly rig: CameraRig;
  private start = -1;
  private duration = 0;
  active = false;

  constructor(rig: CameraRig) {
    this.rig = rig;
    this.from = { ...rig.pose };
    this.to = { ...rig.pose };
  }

  /** Sets off to a pose; `duration` 0 [ms] cuts. */
  fly(to: Pose, duration: number): void {
    copyPose(to, this.to);
    this.rig.limit(this.to);
    copyPose(this.rig.pose, this.from);
    this.duration = duration;
    this.start = -1;
    this.active = true;
    if (duration <= 0) this.finish();
  }

  /** Where the flight will end, or where the camera is. */
  get goal(): Pose {
    return this.active ? this.to : this.rig.pose;
  }

  /** Any input: the camera stays where it is, except that a half-narrowed lens goes where it was going. */
  stop(): void {
    if (!this.active) return;
    this.active = false;
    const pose = this.rig.pose;
    if (pose.flat > 0 && pose.flat < 1) {
      pose.flat = this.to.flat;
      if (pose.flat >= 1) {
        pose.elevation = this.to.elevation;
        pose.azimuth = this.to.azimuth;
      }
    }
    this.rig.apply();
  }

  /** One step at `now` [ms]; true while flying. */
  step(now: number): boolean {
    if (!this.active) return false;
    if (this.start < 0) this.start = now;
    const t = (now - this.start) / this.duration;
    if (t >= 1) {
      this.finish();
      return false;
    }
    between(this.from, this.to, ease(t), this.rig.pose);
    this.rig.apply();
    return true;
  }

  private finish(): void {
    this.active = false;
    copyPose(this.to, this.rig.pose);
    this.rig.apply();
  }
}
