// Two moments side by side in one picture: the scene is drawn twice, each time into its half of the canvas and with the
// textures of its moment. The line between the halves is a handle; over each half stands which moment it is.

import type { SharedUniforms } from '../layer.ts';
import type { Stage } from '../stage.ts';
import type { SpaceState } from '../state.ts';
import type { Tokens } from '../tokens.ts';

const WORDS = {
  zh: { handle: '两个时刻的分界', live: '实时', share: '左侧' },
  en: { handle: 'Border between the two moments', live: 'live', share: 'left' },
} as const;
/** Steps of the arrow keys, alone and with shift [share of the width]. */
const STEP = 0.02;
const LONG_STEP = 0.1;
const PLATE =
  'position:absolute;top:84px;padding:6px 12px;border-radius:10px;font:550 15px/1.3 var(--font);font-variant-numeric:tabular-nums;white-space:nowrap;pointer-events:none';
const ARROWS =
  '<svg viewBox="-16 -16 32 32" width="32" height="32" aria-hidden="true"><path d="M-13 0-7-5V-2H7V-5L13 0 7 5V2H-7V5Z" fill="currentColor"/></svg>';

type Lang = 'zh' | 'en';

export class Swipe {
  readonly element = document.createElement('div');
  /** Share of the width that the earlier moment has. */
  share = 0.5;
  private readonly handle = document.createElement('button');
  private readonly mark = document.createElement('span');
  private readonly plates = [document.createElement('span'), document.createElement('span')] as const;
  private readonly changed: () => void;
  private readonly overlay: HTMLElement;
  private readonly abort = new AbortController();
  private pointer = -1;
  private lang: Lang = 'zh';

  constructor(overlay: HTMLElement, changed: () => void) {
    this.overlay = overlay;
    this.changed = changed;
    const { element, handle, mark, plates } = this;
    element.className = 'campus-swipe';
    element.hidden = true;
    element.style.cssText = 'position:absolute;top:0;bottom:0;width:0;left:50%;z-index:2';
    handle.type = 'button';
    handle.setAttribute('role', 'slider');
    handle.setAttribute('aria-orientation', 'horizontal');
    handle.setAttribute('aria-valuemin', '0');
    handle.setAttribute('aria-valuemax', '100');
    handle.style.cssText =
      'position:absolute;left:-22px;top:calc(50% - 22px);width:44px;height:44px;padding:6px;border:0;background:none;pointer-events:auto;cursor:ew-resize;touch-action:none';
    mark.style.cssText = 'display:block;width:32px;height:32px;border-radius:50%';
    mark.innerHTML = ARROWS;
    handle.append(mark);
    plates[0].style.cssText = `${PLATE};right:16px`;
    plates[1].style.cssText = `${PLATE};left:16px`;
    element.append(handle, ...plates);
    overlay.append(element);
    const on = { signal: this.abort.signal };
    handle.addEventListener('pointerdown', (e) => this.begin(e), on);
    handle.addEventListener('pointermove', (e) => this.follow(e), on);
    for (const end of ['pointerup', 'pointercancel'] as const) handle.addEventListener(end, () => (this.pointer = -1), on);
    handle.addEventListener('keydown', (e) => this.keydown(e), on);
  }

  /** Shows which moments [ms, NaN: now] stand left and right. */
  show(left: number, right: number, zone: string, lang: Lang, tokens: Tokens): void {
    this.lang = lang;
    const format = new Intl.DateTimeFormat(lang === 'zh' ? 'zh-CN' : 'en-GB', {
      timeZone: zone, weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hour12: false,
    }); // prettier-ignore
    [left, right].forEach((at, side) => {
      const text = Number.isNaN(at) ? WORDS[lang].live : format.format(at).replace(/(日)\s*(周)/, '$1 $2');
      if (this.plates[side]!.textContent !== text) this.plates[side]!.textContent = text;
    });
    this.handle.setAttribute('aria-label', WORDS[lang].handle);
    if (!this.element.hidden) return;
    this.element.hidden = false;
    this.paint(tokens);
    this.place();
  }

  hide(): void {
    this.element.hidden = true;
  }

  paint({ hex }: Tokens): void {
    this.mark.style.cssText += `;background:${hex.select};color:${hex['on-select']};outline:2px solid ${hex.bg}`;
    for (const plate of this.plates) plate.style.cssText += `;background:${hex.surface};color:${hex['text-1']};box-shadow:0 0 0 1px ${hex.line}`;
    this.element.style.boxShadow = `0 0 0 1px ${hex.select}, 0 0 0 2px ${hex.bg}`;
  }

  /** Draws the scene in two halves. */
  splitter(stage: Stage, uniforms: SharedUniforms, right: SpaceState, left: SpaceState): (draw: () => void) => void {
    const use = (state: SpaceState): void => {
      uniforms.uValue.value = state.value;
      uniforms.uFlags.value = state.flags;
      uniforms['uPrevious']!.value = state.previous;
    };
    return (draw) => {
      const { renderer, rig } = stage;
      const x = Math.round(this.share * rig.width);
      renderer.setScissorTest(true);
      use(left);
      renderer.setScissor(0, 0, x, rig.height);
      if (x > 0) draw();
      use(right);
      renderer.setScissor(x, 0, rig.width - x, rig.height);
      if (x < rig.width) draw();
      renderer.setScissorTest(false);
    };
  }

  private begin(event: PointerEvent): void {
    this.pointer = event.pointerId;
    this.handle.setPointerCapture(event.pointerId);
  }

  private follow(event: PointerEvent): void {
    if (event.pointerId !== this.pointer) return;
    const box = this.overlay.getBoundingClientRect();
    this.move((event.clientX - box.left) / box.width);
  }

  private keydown(event: KeyboardEvent): void {
    const step = event.shiftKey ? LONG_STEP : STEP;
    const to = { ArrowLeft: this.share - step, ArrowRight: this.share + step, Home: 0, End: 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.move(to);
  }

  private move(share: number): void {
    this.share = Math.min(1, Math.max(0, share));
    this.place();
    this.changed();
  }

  private place(): void {
    const percent = Math.round(100 * this.share);
    this.element.style.left = `${100 * this.share}%`;
    this.plates[0].style.visibility = percent < 12 ? 'hidden' : 'visible';
    this.plates[1].style.visibility = percent > 88 ? 'hidden' : 'visible';
    this.handle.setAttribute('aria-valuenow', String(percent));
    this.handle.setAttribute('aria-valuetext', `${WORDS[this.lang].share} ${percent} %`);
  }

  dispose(): void {
    this.abort.abort();
    this.element.remove();
  }
}
