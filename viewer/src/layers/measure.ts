// Measuring: two places, the straight way between them, its rise, and what it is on the ground.

import { Change, type Layer, type LayerContext } from '../layer.ts';
import { Ribbons } from '../ribbons.ts';
import { cutAway } from '../section/cut.ts';
import { type Pin, placePins } from './pins.ts';

type Place = [number, number, number];

/** '12.34 m', and where the way rises its plan length and rise too. */
export function measureText(from: Place, to: Place, lang: 'zh' | 'en'): string {
  const plan = Math.hypot(to[0] - from[0], to[1] - from[1]);
  const rise = to[2] - from[2];
  const length = Math.hypot(plan, rise);
  const text = `${length.toFixed(2)} m`;
  if (Math.abs(rise) < 0.05) return text;
  const words = lang === 'zh' ? ['水平', '高差'] : ['plan', 'rise'];
  return `${text} · ${words[0]} ${plan.toFixed(2)} · ${words[1]} ${rise.toFixed(2)}`;
}

export class MeasureLayer implements Layer {
  readonly name = 'measure';
  readonly places: Place[] = [];
  private ctx!: LayerContext;
  private ribbons!: Ribbons;
  private readonly label = document.createElement('output');
  private readonly pins: Pin[] = [];

  init(ctx: LayerContext): void {
    this.ctx = ctx;
    this.ribbons = new Ribbons(ctx.world, ctx.uniforms, 2.5, true, 30, false);
    this.label.className = 'campus-measure';
    ctx.overlay.append(this.label);
  }

  /** One more place [m]; the third begins anew. */
  add(x: number, y: number, z: number): void {
    if (this.places.length >= 2) this.places.length = 0;
    this.places.push([x, y, z]);
    this.show();
  }

  clear(): void {
    this.places.length = 0;
    this.show();
  }

  private show(): void {
    // a place that was cut away takes the measure with it until it is back
    const places = this.places.some((place) => cutAway(this.ctx.view.section, ...place)) ? [] : this.places;
    const [from, to] = places;
    const arm = Math.min(0.6, 8 * this.ctx.rig.metresPerPixel());
    const segments: number[] = [];
    for (const [x, y, z] of places) {
      segments.push(x - arm, y, z, x + arm, y, z, -1, x, y - arm, z, x, y + arm, z, -1);
    }
    if (from && to) segments.push(...from, ...to, -1);
    this.ribbons.set(segments);
    this.pins.length = 0;
    this.label.hidden = !to;
    if (from && to) {
      this.label.textContent = measureText(from, to, this.ctx.view.lang);
      this.pins.push({ element: this.label, x: (from[0] + to[0]) / 2, y: (from[1] + to[1]) / 2, z: (from[2] + to[2]) / 2 });
    }
    this.ctx.requestDraw();
  }

  update(change: number): void {
    if (change & Change.Theme) {
      const { hex } = this.ctx.tokens;
      this.ribbons.setColour(hex.select);
      this.label.style.cssText = `position:absolute;left:10px;top:-26px;padding:2px 8px;border-radius:5px;font-size:15px;white-space:nowrap;background:${hex.select};color:${hex['on-select']}`;
      this.show();
    }
    if (change & (Change.Lang | Change.Section) && this.places.length > 0) this.show();
    if (change & Change.Mode && !this.ctx.view.measure && this.places.length > 0) this.clear();
  }

  beforeDraw(): boolean {
    placePins(this.pins, this.ctx.rig, null);
    return false;
  }

  dispose(): void {
    this.ribbons.dispose();
    this.label.remove();
  }
}
