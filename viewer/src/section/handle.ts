// The handle of the section: a button that stands on the plane and takes it along when it is dragged.

import type { LayerContext } from '../layer.ts';
import type { Section } from '../props.ts';

/** Steps of the arrow keys, alone and with shift [m]. */
const STEP = 0.1;
const LONG_STEP = 1;
const ARROW =
  '<svg viewBox="-16 -16 32 32" width="32" height="32" aria-hidden="true"><path d="M0-13 5-7H2V7H5L0 13-5 7H-2V-7H-5Z" fill="currentColor"/></svg>';
const WORDS = { zh: '剖切面位置', en: 'Position of the section' } as const;
const AXES = { x: [1, 0, 0], y: [0, 1, 0], z: [0, 0, 1] } as const;

const at = new Float64Array(3);

export class Handle {
  readonly element = document.createElement('button');
  private readonly ctx: LayerContext;
  private readonly mark = document.createElement('span');
  private readonly abort = new AbortController();
  /** Screen pixels along the axis for a metre of it. */
  private pull = { x: 0, y: 0 };
  private drag: { pointer: number; x: number; y: number; from: number; pull: { x: number; y: number } } | null = null;
  private key = '';

  constructor(ctx: LayerContext) {
    this.ctx = ctx;
    const { element, mark } = this;
    element.type = 'button';
    element.className = 'campus-section-handle';
    element.setAttribute('role', 'slider');
    element.style.cssText =
      'position:absolute;left:-22px;top:-22px;width:44px;height:44px;padding:6px;border:0;background:none;pointer-events:auto;cursor:grab;touch-action:none';
    mark.style.cssText = 'display:block;width:32px;height:32px;border-radius:50%';
    mark.innerHTML = ARROW;
    element.append(mark);
    const on = { signal: this.abort.signal };
    element.addEventListener('pointerdown', (e) => this.begin(e), on);
    element.addEventListener('pointermove', (e) => this.follow(e), on);
    for (const end of ['pointerup', 'pointercancel'] as const) element.addEventListener(end, () => this.end(), on);
    element.addEventListener('keydown', (e) => this.keydown(e), on);
    ctx.overlay.append(element);
    this.paint();
  }

  paint(): void {
    const { hex } = this.ctx.tokens;
    this.mark.style.background = hex.select;
    this.mark.style.color = hex['on-select'];
    this.mark.style.outline = `2px solid ${hex.bg}`;
    this.key = '';
  }

  /** Where the handle stands for the camera of now. */
  place(section: Section): void {
    const { rig, view, storeys } = this.ctx;
    const key = `${rig.version} ${section.axis} ${section.at} ${view.focus} ${view.lang} ${storeys.texture.version}`;
    if (key === this.key) return;
    this.key = key;
    const [x, y, z] = this.anchor(section);
    const [dx, dy, dz] = AXES[section.axis];
    const seen = rig.toScreen(x, y, z, at);
    const [px, py] = [at[0]!, at[1]!];
    // a metre is a short way in the picture of a campus: ten of them give a steadier direction
    rig.toScreen(x + 10 * dx, y + 10 * dy, z + 10 * dz, at);
    this.pull = { x: (at[0]! - px) / 10, y: (at[1]! - py) / 10 };
    const usable = Math.hypot(this.pull.x, this.pull.y) * 10 * rig.metresPerPixel() > 1;
    const inside = px > 0 && py > 0 && px < rig.width && py < rig.height;
    const { style } = this.element;
    style.visibility = seen && inside && (usable || this.drag) ? 'visible' : 'hidden';
    style.transform = `translate(${px.toFixed(1)}px, ${py.toFixed(1)}px)`;
    this.mark.style.rotate = `${(Math.atan2(this.pull.x, -this.pull.y) * 180) / Math.PI}deg`;
    this.tell(section);
  }

  /** For those who do not see it: what it is and where it stands. */
  private tell(section: Section): void {
    const { element } = this;
    const [low, high] = this.range(section);
    element.setAttribute('aria-label', WORDS[this.ctx.view.lang]);
    element.setAttribute('aria-orientation', section.axis === 'z' ? 'vertical' : 'horizontal');
    element.setAttribute('aria-valuemin', low.toFixed(1));
    element.setAttribute('aria-valuemax', high.toFixed(1));
    element.setAttribute('aria-valuenow', section.at.toFixed(1));
    element.setAttribute('aria-valuetext', `${section.at.toFixed(1)} m`);
  }

  /** Over the middle of the cut building, else over the ground that is looked at; beside what a level plane cuts. */
  private anchor(section: Section): [number, number, number] {
    const { index, rig, view, storeys } = this.ctx;
    const row = view.focus >= 0 ? index.file.buildings[view.focus] : undefined;
    if (section.axis === 'z') return this.beside(row?.bounds ?? index.file.bounds, section.at);
    const { pose } = rig;
    const [first, count] = row?.storeys ?? [0, 0];
    const top = row ? row.bounds[5] + (count > 0 ? storeys.lift(first + count - 1) : 0) + 2 : index.file.ground.z + 0.5;
    const x = row ? (row.bounds[0] + row.bounds[3]) / 2 : pose.x;
    const y = row ? (row.bounds[1] + row.bounds[4]) / 2 : pose.y;
    return section.axis === 'x' ? [section.at, y, top] : [x, section.at, top];
  }

  /** The corner of a box that stands farthest to the right in the picture. */
  private beside(bounds: readonly number[], z: number): [number, number, number] {
    const { rig } = this.ctx;
    let best: [number, number, number] = [bounds[0]!, bounds[1]!, z];
    let most = -Infinity;
    for (let corner = 0; corner < 4; corner++) {
      const x = bounds[corner & 1 ? 3 : 0]!;
      const y = bounds[corner & 2 ? 4 : 1]!;
      if (!rig.toScreen(x, y, z, at) || at[0]! > rig.width - 30 || at[1]! > rig.height || at[0]! < most) continue;
      most = at[0]!;
      best = [x, y, z];
    }
    return best;
  }

  private range(section: Section): [number, number] {
    const { bounds } = this.ctx.index.file;
    const axis = 'xyz'.indexOf(section.axis);
    return [bounds[axis]!, bounds[axis + 3]!];
  }

  private move(to: number): void {
    const { section } = this.ctx.view;
    if (section === null) return;
    const [low, high] = this.range(section);
    this.ctx.cut({ ...section, at: Math.round(Math.min(high, Math.max(low, to)) * 100) / 100 });
  }

  private begin(e: PointerEvent): void {
    const { section } = this.ctx.view;
    if (section === null || e.button !== 0) return;
    this.element.setPointerCapture(e.pointerId);
    this.element.style.cursor = 'grabbing';
    this.drag = { pointer: e.pointerId, x: e.clientX, y: e.clientY, from: section.at, pull: { ...this.pull } };
  }

  /** The part of the pointer's way that lies along the axis. */
  private follow(e: PointerEvent): void {
    const { drag } = this;
    if (drag === null || e.pointerId !== drag.pointer) return;
    const { x, y } = drag.pull;
    const length = x * x + y * y;
    if (length > 1e-9) this.move(drag.from + ((e.clientX - drag.x) * x + (e.clientY - drag.y) * y) / length);
  }

  private end(): void {
    this.drag = null;
    this.element.style.cursor = 'grab';
  }

  private keydown(e: KeyboardEvent): void {
    const { section } = this.ctx.view;
    const sign = e.key === 'ArrowUp' || e.key === 'ArrowRight' ? 1 : e.key === 'ArrowDown' || e.key === 'ArrowLeft' ? -1 : 0;
    if (section === null || sign === 0) return;
    e.preventDefault();
    this.move(section.at + sign * (e.shiftKey ? LONG_STEP : STEP));
  }

  dispose(): void {
    this.abort.abort();
    this.element.remove();
  }
}
