// Mouse, wheel, touch and keyboard to camera movements. Orbit in 3D, pan in the map; every input stops a flight.

import { type CameraRig, TOP, wrapAngle } from './camera.ts';
import { Fingers, type Gesture } from './fingers.ts';

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

const ORBIT = 0.0055;
/** A drag moves the ground by at most this many times what it does at the target: near the horizon a pixel is a mile. */
const MOST_PAN = 4;

export class Controls {
  private readonly fingers = new Fingers();
  private readonly rig: CameraRig;
  private readonly element: HTMLElement;
  private readonly events: ControlEvents;
  private readonly abort = new AbortController();
  private panning = false;
  /** The last press was of a finger: double taps are ours, not the browser's. */
  private touch = false;
  private readonly before = new Float64Array(3);
  private readonly after = new Float64Array(3);

  constructor(element: HTMLElement, rig: CameraRig, events: ControlEvents) {
    this.element = element;
    this.rig = rig;
    this.events = events;
    // a long press is no start of a text selection
    element.style.userSelect = element.style.webkitUserSelect = 'none';
    const on = { signal: this.abort.signal };
    element.addEventListener('pointerdown', (e) => this.down(e), on);
    element.addEventListener('pointermove', (e) => this.move(e), on);
    element.addEventListener('pointerup', (e) => this.up(e), on);
    element.addEventListener('pointercancel', (e) => this.cancel(e), on);
    element.addEventListener('pointerleave', () => this.events.leave(), on);
    element.addEventListener('dblclick', (e) => { if (!this.touch) this.events.doubleClick(...this.place(e), e); }, on); // prettier-ignore
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
    this.touch = e.pointerType === 'touch';
    this.fingers.press(e.pointerId, ...this.place(e), e.timeStamp, e.isPrimary, this.touch);
    this.element.setPointerCapture(e.pointerId);
    this.panning = this.rig.isFlat ? !(e.ctrlKey || e.altKey) : e.button === 1 || e.button === 2 || e.shiftKey;
    this.events.touched();
  }

  private move(e: PointerEvent): void {
    const [x, y] = this.place(e);
    if (!this.fingers.has(e.pointerId)) {
      if (e.pointerType === 'mouse') this.events.hover(x, y);
      return;
    }
    const gesture = this.fingers.move(e.pointerId, x, y);
    if (gesture === null) return;
    if (gesture.fingers === 2) this.pinch(gesture);
    else if (this.panning) this.pan(gesture.fromX, gesture.fromY, gesture.toX, gesture.toY);
    else this.orbit(gesture.toX - gesture.fromX, gesture.toY - gesture.fromY);
    this.changed();
  }

  private up(e: PointerEvent): void {
    const [x, y] = this.place(e);
    const press = this.fingers.release(e.pointerId, x, y, e.timeStamp);
    if (press === 'none' || e.button !== 0) return;
    this.events.click(x, y, e);
    if (press === 'double') this.events.doubleClick(x, y, e);
  }

  private cancel(e: PointerEvent): void {
    this.fingers.cancel(e.pointerId);
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
    const way = Math.hypot(toX - fromX, toY - fromY) * rig.metresPerPixel();
    this.shift(Math.min(0.5 * pose.distance, (MOST_PAN * way) / Math.max(0.15, Math.sin(pose.elevation))));
  }

  /** Takes the target along from `after` to `before`, at most so far [m]. */
  private shift(most: number): void {
    const { before, after } = this;
    const { pose } = this.rig;
    const dx = before[0]! - after[0]!;
    const dy = before[1]! - after[1]!;
    const share = Math.min(1, most / Math.max(1e-9, Math.hypot(dx, dy)));
    pose.x += share * dx;
    pose.y += share * dy;
  }

  /** Brings the place under the pointer nearer by `factor`, without moving it on the screen. */
  zoom(x: number, y: number, factor: number): void {
    const { rig, before, after } = this;
    const pose = rig.pose;
    const had = rig.onPlane(x, y, pose.z, before);
    pose.distance *= factor;
    rig.limit(pose);
    rig.apply();
    if (had && rig.onPlane(x, y, pose.z, after)) this.shift(pose.distance);
    this.changed();
  }

  private wheel(e: WheelEvent): void {
    e.preventDefault();
    this.events.touched();
    const lines = e.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const delta = Math.max(-240, Math.min(240, e.deltaY * lines));
    this.zoom(...this.place(e), Math.exp(delta * (e.ctrlKey ? 0.008 : 0.0016)));
  }

  /** Two fingers: their distance zooms, their angle turns, and the ground between them stays between them. */
  private pinch(gesture: Gesture): void {
    const { rig, before, after } = this;
    const { fromX, fromY, toX, toY, scale, turn } = gesture;
    this.pan(fromX, fromY, toX, toY);
    rig.apply();
    if (scale === 1 && turn === 0) return;
    const { pose } = rig;
    const had = rig.onPlane(toX, toY, pose.z, before);
    pose.azimuth = wrapAngle(pose.azimuth - turn);
    pose.distance /= scale;
    rig.limit(pose);
    rig.apply();
    if (had && rig.onPlane(toX, toY, pose.z, after)) this.shift(pose.distance);
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
