// North arrow and scale bar.

import { typeScale } from '../type-scale.ts';
import { Change, type Layer, type LayerContext } from '../layer.ts';

const STEPS = [1, 2, 5];
const WIDEST = 150;

/** The longest round length [m] whose bar is at most WIDEST CSS pixels. */
export function roundLength(metresPerPixel: number): number {
  const most = metresPerPixel * WIDEST;
  const power = 10 ** Math.floor(Math.log10(most));
  let best = power;
  for (const step of STEPS) if (step * power <= most) best = step * power;
  return best;
}

export function lengthText(metres: number): string {
  return metres >= 1000 ? `${metres / 1000} km` : metres >= 1 ? `${metres} m` : `${Math.round(metres * 100)} cm`;
}

export class HudLayer implements Layer {
  readonly name = 'hud';
  private ctx!: LayerContext;
  private readonly root = document.createElement('div');
  private readonly north = document.createElement('div');
  private readonly bar = document.createElement('div');
  private readonly label = document.createElement('span');
  private seen = -1;
  private shownLength = '';

  init(ctx: LayerContext): void {
    this.ctx = ctx;
    this.root.className = 'campus-hud';
    this.root.setAttribute('aria-hidden', 'true');
    this.root.style.cssText = 'position:absolute;right:0.75rem;bottom:0.75rem;padding:0.25rem 0.5rem;border-radius:0.375rem;display:flex;gap:1rem;align-items:flex-end;font-size:0.8125rem;line-height:1rem';
    this.bar.style.cssText = 'height:0.375rem;border:solid;border-width:0 1px 1px 1px;box-sizing:border-box';
    this.north.style.cssText = 'width:2.125rem;height:2.125rem;position:relative';
    this.north.innerHTML =
      '<svg viewBox="-17 -17 34 34" width="100%" height="100%"><g><path d="M0-7 4.2 6 0 3.2-4.2 6Z" fill="currentColor"/>' +
      '<text y="-9" text-anchor="middle" font-size="9" font-weight="600" fill="currentColor"></text></g></svg>';
    const scale = document.createElement('div');
    scale.style.cssText = 'text-align:center';
    scale.append(this.label, this.bar);
    this.root.append(scale, this.north);
    ctx.overlay.append(this.root);
  }

  update(change: number): void {
    if (change & Change.Theme) {
      this.root.style.color = this.ctx.tokens.hex['text-2'];
      // over a building they must be read, too
      this.root.style.background = `${this.ctx.tokens.hex.bg}C8`;
      this.seen = -1;
    }
    if (change & Change.Lang) this.north.querySelector('text')!.textContent = this.ctx.view.lang === 'zh' ? '北' : 'N';
  }

  beforeDraw(): boolean {
    const { rig } = this.ctx;
    if (rig.version === this.seen) return false;
    this.seen = rig.version;
    const metresPerPixel = rig.metresPerPixel();
    const length = roundLength(metresPerPixel * typeScale());
    const text = lengthText(length);
    if (text !== this.shownLength) this.label.textContent = this.shownLength = text;
    this.bar.style.width = `${(length / metresPerPixel).toFixed(1)}px`;
    this.north.style.transform = `rotate(${((-rig.pose.azimuth * 180) / Math.PI).toFixed(2)}deg)`;
    return false;
  }

  dispose(): void {
    this.root.remove();
  }
}
