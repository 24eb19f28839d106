// The light of the scene: the sun of the campus's place and hour, and the baked maps of height and sky. First in the list
// of layers: the others read its uniforms.

import { ClampToEdgeWrapping, DataTexture, LinearFilter, RGFormat, UnsignedByteType } from 'three';
import { Change, type Layer, type LayerContext } from '../layer.ts';
import { addLightUniforms, gainOf, lightOf, luminance } from '../look/light.ts';
import { decodeLight } from '../look/light-file.ts';
import { sunPosition, sunStep } from '../look/sun.ts';
import { bytes } from '../tokens.ts';

export class LightLayer implements Layer {
  readonly name = 'light';
  private ctx: LayerContext | null = null;
  private map: DataTexture | null = null;
  private gone = false;
  private step = 0;

  init(ctx: LayerContext): void {
    this.ctx = ctx;
    addLightUniforms(ctx.uniforms);
    this.extent();
    const url = ctx.index.file.light?.url;
    if (url) void this.loadMaps(url);
  }

  private set(name: string, value: unknown): void {
    this.ctx!.uniforms[name]!.value = value;
  }

  /** Where the plain dissolves: the campus's box keeps clear. */
  private extent(): void {
    const { uniforms, index } = this.ctx!;
    const b = index.file.bounds;
    const size = Math.max(120, b[3] - b[0], b[4] - b[1]);
    uniforms['uFade2']!.value.set((b[0] + b[3]) / 2, (b[1] + b[4]) / 2, 2.6 * size + 400, 2.2 * size + 300);
    uniforms['uFadeHalf']!.value.set((b[3] - b[0]) / 2, (b[4] - b[1]) / 2, 0.035 * size, 0.3 * size);
  }

  private async loadMaps(url: string): Promise<void> {
    try {
      const answer = await fetch(url);
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      const file = decodeLight(await answer.arrayBuffer());
      if (this.gone) return;
      const map = new DataTexture(file.maps, file.width, file.height, RGFormat, UnsignedByteType);
      map.minFilter = map.magFilter = LinearFilter;
      map.wrapS = map.wrapT = ClampToEdgeWrapping;
      map.unpackAlignment = 1;
      map.needsUpdate = true;
      this.map = map;
      this.set('uMaps', map);
      const { uniforms } = this.ctx!;
      uniforms['uLightBox']!.value.set(file.x0, file.y0, 1 / (file.x1 - file.x0), 1 / (file.y1 - file.y0));
      uniforms['uHeightScale']!.value.set(file.z0, 255 * file.zStep, 0, this.ctx!.index.file.ground?.z ?? file.z0);
      this.ctx!.requestDraw();
    } catch (error) {
      console.warn(`the light ${url} could not be read: ${String(error)}`);
    }
  }

  update(change: number): void {
    const ctx = this.ctx!;
    if (change & Change.Theme) {
      const { bg, clay } = ctx.tokens;
      ctx.uniforms['uPage']!.value.set(...bg);
      ctx.uniforms['uPageShown']!.value.set(...bytes(ctx.tokens.hex.bg).map((v) => v / 255));
      ctx.uniforms['uClay']!.value.set(...clay);
      ctx.uniforms['uGain']!.value = gainOf(ctx.view.theme);
      this.step = 0;
    }
    if (change & Change.Lens) this.set('uTrust', ctx.view.lens === 'trust' ? 1 : 0);
  }

  /** A new position every ten minutes of the campus's clock, a new theme, or a jump in time. */
  private moveSun(): void {
    const { view, index, uniforms, state } = this.ctx!;
    const told = view.time === 'live' ? Number.NaN : Date.parse(view.time);
    view.instant = Number.isFinite(told) ? told : Date.now() + state.clockOffset;
    const step = sunStep(view.instant);
    if (step === this.step) return;
    this.step = step;
    const { latitude, longitude } = index.file.campus;
    const sun = sunPosition(step, latitude ?? 34, longitude ?? 0);
    const light = lightOf(sun, gainOf(view.theme));
    uniforms['uSunDirection']!.value.set(...light.direction);
    uniforms['uSun']!.value.set(...light.sun);
    uniforms['uSkyUp']!.value.set(...light.skyUp);
    uniforms['uSkySide']!.value.set(...light.skySide);
    uniforms['uBounce']!.value.set(...light.bounce);
    const gain = gainOf(view.theme);
    uniforms['uLean']!.value.set(...[light.sun, light.skyUp, light.bounce].map((c) => luminance(c) / gain));
  }

  beforeDraw(): boolean {
    const fine = this.ctx!.view.tier !== 'c';
    this.set('uFine', fine ? 1 : 0);
    // On the plan of a storey the ground lies bare where the rest of its building stands, dark by the maps and in steps.
    const plan = this.ctx!.view.mode !== '3d' && this.ctx!.view.storey >= 0;
    this.ctx!.uniforms['uHeightScale']!.value.z = this.map && !plan ? 1 : 0;
    this.moveSun();
    return false;
  }

  dispose(): void {
    this.gone = true;
    this.map?.dispose();
  }
}
