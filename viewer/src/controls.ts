// Mouse, wheel, touch and keyboard to camera movements. Orbit in 3D, pan in the map; every input stops a flight.

import { type CameraRig, TOP, wrapAngle } from './camera.ts';

export interface ControlEvents {
  /** The camera moved by hand. */
  moved(): void;
  /** Input began: flights stop. */
  touched(): void;
  /** A press without movement. */
  click(x: number, y: number, event: PointerEvent): void;
  doubleClick(x: number, y: number, event: MouseEvent): void;
  hover(x: number, y: number): void;
  leave(): void;
  /** A key that is not a camera movement; true when it was used. */
  key(event: KeyboardEvent): boolean;
}

/** A press that moves further than this [CSS px] is a drag. */
const SLOP = 5;
const ORBIT = 0.0055;

interface Finger {
  x: number;
  y: number;
}

export class Controls {
  private readonly fingers = new Map<number, Finger>();
  private readonly rig: CameraRig;
  private readonly element: HTMLElement;
  private readonly events: ControlEvents;
  private readonly abort = new AbortController();
  private travelled = 0;
  private panning = false;
  private readonly before = new Float64Array(3);
  private readonly after = new Float64Array(3);

  constructor(element: HTMLElement, rig: CameraRig, events: ControlEvents) {
    this.element = element;
    this.rig = rig;
    this.events = events;
    const on = { signal: this.abort.signal };
    element.addEventListener('pointerdown', (e) => this.down(e), on);
    element.addEventListener('pointermove', (e) => this.move(e), on);
    element.addEventListener('pointerup', (e) => this.up(e), on);
    element.addEventListener('pointercancel', (e) => this.cancel(e), on);
    element.addEventListener('pointerleave', () => this.events.leave(), on);
    element.addEventListener('dblclick', (e) => this.events.doubleClick(...this.place(e), e), on);
    element.addEventListener('contextmenu', (e) => e.preventDefault(), on);
    element.addEventListener('wheel', (e) => this.wheel(e), { ...on, passive: false });
    element.addEventListener('keydown', (e) => this.keydown(e), on);
  }

  dispose(): void {
    this.abort.abort();
    this.fingers.clear();
  }

  private place(e: { clientX: number; clientY: number }): [number, number] {
    const box = this.element.getBoundingClientRect();
    return [e.clientX - box.left, e.clientY - box.top];
  }

  private down(e: PointerEvent): void {
    const [x, y] = this.place(e);
    if (this.fingers.size === 0) this.travelled = 0;
    this.fingers.set(e.pointerId, { x, y });
    this.element.setPointerCapture(e.pointerId);
    this.panning = this.rig.isFlat ? !(e.ctrlKey || e.altKey) : e.button === 1 || e.button === 2 || e.shiftKey;
    this.events.touched();
  }

  private move(e: PointerEvent): void {
    const [x, y] = this.place(e);
    const finger = this.fingers.get(e.pointerId);
    if (finger === undefined) {
      if (e.pointerType === 'mouse') this.events.hover(x, y);
      return;
    }
    const dx = x - finger.x;
    const dy = y - finger.y;
    this.travelled += Math.abs(dx) + Math.abs(dy);
    if (this.travelled > SLOP) {
      if (this.fingers.size >= 2) this.pinch(e.pointerId, x, y);
      else if (this.panning) this.pan(finger.x, finger.y, x, y);
      else this.orbit(dx, dy);
      this.changed();
    }
    finger.x = x;
    finger.y = y;
  }

  private up(e: PointerEvent): void {
    const known = this.fingers.delete(e.pointerId);
    if (!known || this.travelled > SLOP || this.fingers.size > 0) return;
    const [x, y] = this.place(e);
    if (e.button === 0) this.events.click(x, y, e);
  }

  private cancel(e: PointerEvent): void {
    this.fingers.delete(e.pointerId);
  }

  private changed(): void {
    this.rig.limit(this.rig.pose);
    this.rig.apply();
    this.events.moved();
  }

  private orbit(dx: number, dy: number): void {
    const pose = this.rig.pose;
    pose.azimuth = wrapAngle(pose.azimuth + dx * ORBIT);
    if (!this.rig.isFlat) pose.elevation = Math.min(TOP - 0.02, pose.elevation + dy * ORBIT);
  }

  /** The point of the target's plane under the pointer stays under it. */
  private pan(fromX: number, fromY: number, toX: number, toY: number): void {
    const { rig, before, after } = this;
    const pose = rig.pose;
    if (!rig.onPlane(fromX, fromY, pose.z, before) || !rig.onPlane(toX, toY, pose.z, after)) return;
    const most = 0.5 * pose.distance;
    pose.x += Math.max(-most, Math.min(most, before[0]! - after[0]!));
    pose.y += Math.max(-most, Math.min(most, before[1]! - after[1]!));
  }

  /** Brings the place under the pointer nearer by `factor`, without moving it on the screen. */
  zoom(x: number, y: number, factor: number): void {
    const { rig, before, after } = this;
    const pose = rig.pose;
    const had = rig.onPlane(x, y, pose.z, before);
    pose.distance *= factor;
    rig.limit(pose);
    rig.apply();
    if (had && rig.onPlane(x, y, pose.z, after)) {
      const most = pose.distance;
      pose.x += Math.max(-most, Math.min(most, before[0]! - after[0]!));
      pose.y += Math.max(-most, Math.min(most, before[1]! - after[1]!));
    }
    this.changed();
  }

  private wheel(e: WheelEvent): void {
    e.preventDefault();
    this.events.touched();
    const lines = e.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const delta = Math.max(-240, Math.min(240, e.deltaY * lines));
    this.zoom(...this.place(e), Math.exp(delta * (e.ctrlKey ? 0.008 : 0.0016)));
  }

  /** Two fingers: their distance zooms, their middle pans, their angle turns. */
  private pinch(moved: number, x: number, y: number): void {
    const old = this.fingers.get(moved);
    let other: Finger | null = null;
    for (const [id, finger] of this.fingers) if (id !== moved) other = finger;
    if (old === undefined || other === null) return;
    const was = Math.hypot(old.x - other.x, old.y - other.y);
    const is = Math.hypot(x - other.x, y - other.y);
    const turn = wrapAngle(Math.atan2(y - other.y, x - other.x) - Math.atan2(old.y - other.y, old.x - other.x));
    const middleX = (x + other.x) / 2;
    const middleY = (y + other.y) / 2;
    this.pan((old.x + other.x) / 2, (old.y + other.y) / 2, middleX, middleY);
    this.rig.pose.azimuth = wrapAngle(this.rig.pose.azimuth - turn);
    this.rig.apply();
    if (was > 8 && is > 8) this.zoom(middleX, middleY, was / is);
  }

  private keydown(e: KeyboardEvent): void {
    if (e.altKey || e.metaKey || e.ctrlKey) return;
    if (this.cameraKey(e)) {
      e.preventDefault();
      this.events.touched();
      this.changed();
    } else if (this.events.key(e)) {
      e.preventDefault();
    }
  }

  private cameraKey(e: KeyboardEvent): boolean {
    const { width, height } = this.rig;
    if (e.key === '+' || e.key === '=' || e.key === '-') {
      this.zoom(width / 2, height / 2, e.key === '-' ? 1.25 : 0.8);
      return true;
    }
    const step = ARROWS[e.key];
    if (step === undefined) return false;
    const [dx, dy] = step;
    if (this.rig.isFlat || e.shiftKey) {
      this.pan(width / 2 + dx * 60, height / 2 + dy * 60, width / 2, height / 2);
    } else {
      this.orbit(dx * 16, -dy * 12);
    }
    return true;
  }
}

const ARROWS: Record<string, [number, number] | undefined> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
