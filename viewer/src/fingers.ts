// From presses and moves of fingers (or of the mouse) to what they mean: a drag, a pinch, a tap, a double tap. Knows no
// camera and no page.

import { wrapAngle } from './camera.ts';

/** A press that moves further than this from where it began [CSS px] is a drag; fingers are less steady than a mouse. */
const SLOP = { mouse: 5, touch: 10 } as const;
/** A finger that rests longer than this [ms] means nothing. */
const LONG_PRESS_MS = 500;
/** A second tap within this time [ms] and distance [CSS px] makes a double tap. */
const DOUBLE_MS = 350;
const DOUBLE_PX = 32;
/** Two fingers turn the view only once they have turned by this [rad]: a pinch is never quite straight. */
const LEAST_TURN = 0.14;
/** Fingers nearer than this [CSS px] give no scale and no angle. */
const LEAST_GAP = 16;

interface Finger {
  x: number;
  y: number;
  downX: number;
  downY: number;
  downAt: number;
}

/** One finger's way, or that of the middle of two, with their scale (over 1: apart) and turn [rad, clockwise on the screen]. */
export interface Gesture {
  fingers: 1 | 2;
  fromX: number;
  fromY: number;
  toX: number;
  toY: number;
  scale: number;
  turn: number;
}

export type Press = 'none' | 'tap' | 'double';

export class Fingers {
  private readonly down_ = new Map<number, Finger>();
  private readonly gesture: Gesture = { fingers: 1, fromX: 0, fromY: 0, toX: 0, toY: 0, scale: 1, turn: 0 };
  private dragging = false;
  /** More than one finger took part, or one was taken away: whatever ends now is no tap. */
  private several = false;
  private turned = 0;
  private slop: number = SLOP.mouse;
  private lastTap = { x: 0, y: 0, at: -Infinity };

  get count(): number {
    return this.down_.size;
  }

  has(id: number): boolean {
    return this.down_.has(id);
  }

  /** A press; `primary` says that it is the first finger, so that any other is one whose end was missed. */
  press(id: number, x: number, y: number, at: number, primary: boolean, touch: boolean): void {
    if (primary) this.down_.clear();
    if (this.down_.size === 0) {
      this.dragging = this.several = false;
      this.slop = touch ? SLOP.touch : SLOP.mouse;
    } else {
      this.several = true;
    }
    this.turned = 0;
    this.down_.set(id, { x, y, downX: x, downY: y, downAt: at });
  }

  /** A move: what it does, or null while it is within the slop or of a third finger. The answer is overwritten by the next. */
  move(id: number, x: number, y: number): Gesture | null {
    const finger = this.down_.get(id);
    if (finger === undefined) return null;
    const { x: fromX, y: fromY } = finger;
    finger.x = x;
    finger.y = y;
    this.dragging ||= Math.hypot(x - finger.downX, y - finger.downY) > this.slop;
    if (!this.dragging) return null;
    const { gesture } = this;
    if (this.down_.size === 1) return Object.assign(gesture, { fingers: 1, fromX, fromY, toX: x, toY: y, scale: 1, turn: 0 });
    const [first, second] = this.down_.values() as unknown as [Finger, Finger];
    if (finger !== first && finger !== second) return null;
    const other = finger === first ? second : first;
    return this.pinch(fromX, fromY, x, y, other);
  }

  private pinch(fromX: number, fromY: number, x: number, y: number, other: Finger): Gesture {
    const was = Math.hypot(fromX - other.x, fromY - other.y);
    const is = Math.hypot(x - other.x, y - other.y);
    const far = was > LEAST_GAP && is > LEAST_GAP;
    const step = far ? wrapAngle(Math.atan2(y - other.y, x - other.x) - Math.atan2(fromY - other.y, fromX - other.x)) : 0;
    this.turned += step;
    return Object.assign(this.gesture, {
      fingers: 2,
      fromX: (fromX + other.x) / 2,
      fromY: (fromY + other.y) / 2,
      toX: (x + other.x) / 2,
      toY: (y + other.y) / 2,
      scale: far ? is / was : 1,
      turn: Math.abs(this.turned) > LEAST_TURN ? step : 0,
    });
  }

  /** The end of a press: whether it was a tap. The fingers that stay begin anew where they are. */
  release(id: number, x: number, y: number, at: number): Press {
    const finger = this.down_.get(id);
    if (finger === undefined) return 'none';
    this.down_.delete(id);
    if (this.down_.size > 0) {
      this.rest();
      return 'none';
    }
    const touch = this.slop === SLOP.touch;
    if (this.dragging || this.several || (touch && at - finger.downAt > LONG_PRESS_MS)) return 'none';
    if (!touch) return 'tap';
    const { lastTap } = this;
    const double = at - lastTap.at < DOUBLE_MS && Math.hypot(x - lastTap.x, y - lastTap.y) < DOUBLE_PX;
    this.lastTap = { x, y, at: double ? -Infinity : at };
    return double ? 'double' : 'tap';
  }

  /** A press that the system took away means nothing. */
  cancel(id: number): void {
    this.down_.delete(id);
    this.several = true;
    this.rest();
  }

  /** A finger was lifted: the others, which lift next and not quite straight, must move on purpose to move anything. */
  private rest(): void {
    this.dragging = false;
    this.turned = 0;
    for (const finger of this.down_.values()) {
      finger.downX = finger.x;
      finger.downY = finger.y;
    }
  }

  clear(): void {
    this.down_.clear();
  }
}
