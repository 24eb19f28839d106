// Small helpers around SVG elements: making them, the patterns of the plans, and panning by viewBox.

import { typeScale } from '../type-scale.ts';
import type { Tokens } from '../tokens.ts';
import type { Box } from './shapes.ts';

const NS = 'http://www.w3.org/2000/svg';

export function svg<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Record<string, string | number> = {},
  parent?: Element,
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  parent?.append(element);
  return element;
}

/** Ids of the fills that carry more than a colour. */
export interface Patterns {
  stale: string;
  simulated: string;
  defs: SVGDefsElement;
}

/** Hatch for stale values, dots for simulated ones; `scale` is metres a CSS pixel, so both keep their size on screen. */
export function patterns(prefix: string, tokens: Tokens, scale: number): Patterns {
  const defs = svg('defs');
  const hatch = svg('pattern', { id: `${prefix}-stale`, width: 8 * scale, height: 8 * scale, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' }, defs);
  svg('rect', { width: 8 * scale, height: 8 * scale, fill: tokens.hex.surface }, hatch);
  svg('rect', { width: 2.5 * scale, height: 8 * scale, fill: tokens.hex['text-3'] }, hatch);
  const dots = svg('pattern', { id: `${prefix}-simulated`, width: 7 * scale, height: 7 * scale, patternUnits: 'userSpaceOnUse' }, defs);
  svg('circle', { cx: 1.5 * scale, cy: 1.5 * scale, r: 0.9 * scale, fill: tokens.hex['text-1'], opacity: 0.35 }, dots);
  return { stale: `url(#${prefix}-stale)`, simulated: `url(#${prefix}-simulated)`, defs };
}

/** Pan and zoom of an SVG by its viewBox: wheel, drag, pinch, + and - and the arrow keys. */
/** Margins of a drawing that fits [CSS pixels at 16 px type]. */
const [LEFT, RIGHT, ABOVE, BELOW] = [40, 170, 110, 130];

export class ViewBox {
  box: Box = { x: 0, y: 0, width: 1, height: 1 };
  private readonly root: SVGSVGElement;
  private home: Box = { x: 0, y: 0, width: 1, height: 1 };
  private readonly pointers = new Map<number, { x: number; y: number }>();
  private readonly changed: () => void;
  /** How far the pointer went since it came down [px]: a click is under 5. */
  travelled = 0;

  constructor(root: SVGSVGElement, changed: () => void) {
    this.root = root;
    this.changed = changed;
    root.addEventListener('wheel', this.onWheel, { passive: false });
    root.addEventListener('pointerdown', this.onDown);
    root.addEventListener('pointermove', this.onMove);
    root.addEventListener('pointerup', this.onUp);
    root.addEventListener('pointercancel', this.onUp);
    root.addEventListener('keydown', this.onKey);
  }

  /** Metres a CSS pixel. */
  get scale(): number {
    const { clientWidth, clientHeight } = this.root;
    return Math.max(this.box.width / Math.max(1, clientWidth), this.box.height / Math.max(1, clientHeight));
  }

  /** Shows `box` with a margin. */
  fit(box: Box): void {
    // Room for what the page lays over the drawing: heading above, legend below, storeys and tools on the right.
    const { clientWidth, clientHeight } = this.root;
    const unit = typeScale();
    const perPixel = Math.max(
      box.width / Math.max(clientWidth - (LEFT + RIGHT) * unit, 120),
      box.height / Math.max(clientHeight - (ABOVE + BELOW) * unit, 120),
    );
    const [left, right, above, below] = [LEFT, RIGHT, ABOVE, BELOW].map((margin) => margin * unit * perPixel) as [number, number, number, number];
    const spare = (clientWidth * perPixel - left - right - box.width) / 2;
    const high = (clientHeight * perPixel - above - below - box.height) / 2;
    this.home = { x: box.x - left - spare, y: box.y - above - high, width: clientWidth * perPixel, height: clientHeight * perPixel };
    this.box = { ...this.home };
    this.apply();
  }

  zoom(factor: number, fx = 0.5, fy = 0.5): void {
    const width = Math.min(Math.max(this.box.width * factor, this.home.width / 60), this.home.width * 3);
    const k = width / this.box.width;
    this.box.x += fx * this.box.width * (1 - k);
    this.box.y += fy * this.box.height * (1 - k);
    this.box.width = width;
    this.box.height *= k;
    this.apply();
  }

  pan(dx: number, dy: number): void {
    this.box.x += dx;
    this.box.y += dy;
    this.apply();
  }

  dispose(): void {
    this.root.removeEventListener('wheel', this.onWheel);
    this.root.removeEventListener('pointerdown', this.onDown);
    this.root.removeEventListener('pointermove', this.onMove);
    this.root.removeEventListener('pointerup', this.onUp);
    this.root.removeEventListener('pointercancel', this.onUp);
    this.root.removeEventListener('keydown', this.onKey);
  }

  private apply(): void {
    const { x, y, width, height } = this.box;
    this.root.setAttribute('viewBox', `${x} ${y} ${width} ${height}`);
    this.changed();
  }

  private readonly onWheel = (event: WheelEvent): void => {
    event.preventDefault();
    const frame = this.root.getBoundingClientRect();
    const fx = (event.clientX - frame.left) / frame.width;
    const fy = (event.clientY - frame.top) / frame.height;
    this.zoom(Math.exp(Math.max(-80, Math.min(80, event.deltaY)) * 0.004), fx, fy);
  };

  private readonly onDown = (event: PointerEvent): void => {
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.travelled = 0;
  };

  private readonly onMove = (event: PointerEvent): void => {
    const last = this.pointers.get(event.pointerId);
    if (last === undefined) return;
    const dx = event.clientX - last.x;
    const dy = event.clientY - last.y;
    this.travelled += Math.hypot(dx, dy);
    if (this.pointers.size === 1) this.pan(-dx * this.scale, -dy * this.scale);
    else this.pinch(event, last);
    last.x = event.clientX;
    last.y = event.clientY;
  };

  private pinch(event: PointerEvent, last: { x: number; y: number }): void {
    for (const [id, other] of this.pointers) {
      if (id === event.pointerId) continue;
      const before = Math.hypot(last.x - other.x, last.y - other.y);
      const after = Math.hypot(event.clientX - other.x, event.clientY - other.y);
      if (before > 10 && after > 10) this.zoom(before / after);
      return;
    }
  }

  private readonly onUp = (event: PointerEvent): void => {
    this.pointers.delete(event.pointerId);
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const step = this.box.width * 0.08;
    const moves: Record<string, () => void> = {
      '+': () => this.zoom(0.8),
      '=': () => this.zoom(0.8),
      '-': () => this.zoom(1.25),
      '0': () => this.fit(this.home),
      ArrowLeft: () => this.pan(-step, 0),
      ArrowRight: () => this.pan(step, 0),
      ArrowUp: () => this.pan(0, -step),
      ArrowDown: () => this.pan(0, step),
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    move();
  };
}

/** A bar of a round length, and where north is: always up. */
export class ScaleBar {
  readonly element = document.createElement('div');
  private readonly bar = document.createElement('i');
  private readonly text = document.createElement('span');

  constructor() {
    this.element.className = 'plan-scale';
    this.element.setAttribute('aria-hidden', 'true');
    this.element.style.cssText =
      'position:absolute;right:1.25rem;bottom:1.25rem;display:flex;gap:0.6rem;align-items:center;font-size:0.8125rem;pointer-events:none';
    this.bar.style.cssText = 'display:block;height:0.375rem;border:solid currentColor;border-width:0 1.5px 1.5px';
    const north = document.createElement('b');
    north.textContent = '\u25B2 N';
    north.style.cssText = 'font-weight:450;margin-left:0.875rem';
    this.element.append(this.bar, this.text, north);
  }

  /** `metres` a CSS pixel. */
  update(metres: number): void {
    const most = 120 * metres;
    const power = 10 ** Math.floor(Math.log10(most));
    const length = [5, 2, 1].map((k) => k * power).find((k) => k <= most) ?? power;
    this.bar.style.width = `${length / metres}px`;
    this.text.textContent = length >= 1000 ? `${length / 1000} km` : `${length} m`;
  }
}
