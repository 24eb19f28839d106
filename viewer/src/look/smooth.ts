// Smooth edges for the picture at rest of a slow machine, which draws without antialiasing: the scene is drawn a few times
// more, each a fraction of a pixel aside. Of every pixel that tells its mean colour without values, and how much of it is
// its own surface and how much a neighbour's; new values then cost two looks more a pixel, not the samples again.

import {
  type BufferGeometry, Camera, CustomBlending, GLSL3, HalfFloatType, Matrix4, Mesh, NearestFilter, OneFactor, PlaneGeometry, RawShaderMaterial, UnsignedByteType, WebGLRenderTarget,
} from 'three'; // prettier-ignore
import type { LayerContext } from '../layer.ts';
import { KEPT_VERTEX } from './kept-shader.ts';
import { WITHIN_PIXEL } from './samples.ts';
import { release } from './target.ts';
import { MEAN_FRAGMENT, SAMPLE_FRAGMENT, SMOOTH_FRAGMENT } from './smooth-shader.ts';

/** After a sample that took longer than this [ms], the machine is left to its other work for a while [ms]. */
const SLOWEST = 1500;
const PAUSE = 2500;
/** How often to look whether a sample is drawn [ms]. */
const LOOK_MS = 15;
const EXACT = { minFilter: NearestFilter, magFilter: NearestFilter, stencilBuffer: false, depthBuffer: false };

type Pass = Mesh<PlaneGeometry | BufferGeometry, RawShaderMaterial>;

export class Smooth {
  private readonly ctx: LayerContext;
  private readonly eye = new Camera();
  private readonly plane = new PlaneGeometry(2, 2);
  private readonly adder: Pass;
  private readonly meaner: Pass;
  private readonly painter: Pass;
  /** While samples are taken: their sums. */
  private sums: WebGLRenderTarget | null = null;
  private sample: WebGLRenderTarget | null = null;
  /** From then on: the mean, and what values change at every pixel. */
  private mean: WebGLRenderTarget | null = null;
  private changes: WebGLRenderTarget | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private fence: WebGLSync | null = null;

  constructor(ctx: LayerContext) {
    this.ctx = ctx;
    this.adder = this.pass(SAMPLE_FRAGMENT, ['uSample', 'uSamplePlaces', 'uPlaces'], true);
    this.meaner = this.pass(MEAN_FRAGMENT, ['uColours', 'uNeighbours', 'uCount']);
    this.painter = this.pass(SMOOTH_FRAGMENT, ['uMean', 'uChanges']);
  }

  private pass(fragmentShader: string, own: readonly string[], adds = false): Pass {
    const blending = adds ? ({ transparent: true, blending: CustomBlending, blendSrc: OneFactor, blendDst: OneFactor } as const) : {};
    const material = new RawShaderMaterial({
      glslVersion: GLSL3, vertexShader: KEPT_VERTEX, fragmentShader, depthTest: false, depthWrite: false, ...blending,
      uniforms: Object.fromEntries(own.map((name) => [name, { value: null as unknown }])),
    }); // prettier-ignore
    const mesh = new Mesh(this.plane, material);
    mesh.frustumCulled = false;
    return mesh;
  }

  /** Where the changes that values make are to be painted; null until the edges are known. */
  get target(): WebGLRenderTarget | null {
    return this.changes;
  }

  /**
   * Takes the samples, one at a time and none in the way of a frame: `draw` draws the scene with the camera as it is into a
   * target of the same kind as `places`. Calls `done` when all are there.
   */
  start(places: WebGLRenderTarget, fresh: () => WebGLRenderTarget, draw: (target: WebGLRenderTarget) => void, done: () => void): void {
    this.stop();
    const { width, height } = places;
    this.sample = fresh();
    this.sums = new WebGLRenderTarget(width, height, { ...EXACT, count: 2, type: HalfFloatType });
    const [picture, , owners] = this.sample.textures;
    set(this.adder, { uSample: picture, uSamplePlaces: owners, uPlaces: places.textures[2] });
    this.step(0, draw, done);
  }

  /** What is known of the edges is void. */
  stop(): void {
    clearTimeout(this.timer);
    this.unfence();
    this.forgetSamples();
    for (const target of [this.mean, this.changes]) target?.dispose();
    this.mean = this.changes = null;
  }

  private step(i: number, draw: (target: WebGLRenderTarget) => void, done: () => void): void {
    if (i === WITHIN_PIXEL.length) {
      this.finish();
      done();
      return;
    }
    const gl = this.ctx.renderer.getContext() as WebGL2RenderingContext;
    this.ctx.keep(() => {
      const began = performance.now();
      this.aside(i, () => draw(this.sample!));
      this.into(this.sums!, this.adder, i === 0);
      this.fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
      gl.flush();
      const look = (): void => {
        if (this.fence !== null && gl.getSyncParameter(this.fence, gl.SYNC_STATUS) !== gl.SIGNALED) {
          this.timer = setTimeout(look, LOOK_MS);
          return;
        }
        this.unfence();
        const pause = performance.now() - began > SLOWEST ? PAUSE : 0;
        this.timer = setTimeout(() => this.step(i + 1, draw, done), pause);
      };
      this.timer = setTimeout(look, LOOK_MS);
    });
  }

  private unfence(): void {
    if (this.fence !== null) (this.ctx.renderer.getContext() as WebGL2RenderingContext).deleteSync(this.fence);
    this.fence = null;
  }

  /** Calls `draw` with a camera that looks a fraction of a pixel aside. */
  private aside(i: number, draw: () => void): void {
    const { projectionMatrix } = this.ctx.rig.camera;
    const straight = projectionMatrix.clone();
    const { width, height } = this.sample!;
    const [x, y] = WITHIN_PIXEL[i]!;
    projectionMatrix.premultiply(new Matrix4().makeTranslation((2 * x) / width, (2 * y) / height, 0));
    draw();
    projectionMatrix.copy(straight);
  }

  private finish(): void {
    const { width, height } = this.sums!;
    this.mean = new WebGLRenderTarget(width, height, { ...EXACT, type: UnsignedByteType });
    this.changes = new WebGLRenderTarget(width, height, { ...EXACT, type: HalfFloatType });
    const [colours, neighbours] = this.sums!.textures;
    set(this.meaner, { uColours: colours, uNeighbours: neighbours, uCount: WITHIN_PIXEL.length });
    set(this.painter, { uMean: this.mean.texture, uChanges: this.changes.texture });
    this.into(this.mean, this.meaner, true);
    this.forgetSamples();
  }

  /** Paints the parts of the screen that `geometry` covers, from the mean and the changes. */
  paint(geometry: BufferGeometry, shown: WebGLRenderTarget): void {
    this.painter.geometry = geometry;
    this.into(shown, this.painter, false);
  }

  private into(target: WebGLRenderTarget, pass: Pass, clear: boolean): void {
    const { renderer } = this.ctx;
    const clears = renderer.autoClear;
    renderer.autoClear = false;
    renderer.setRenderTarget(target);
    if (clear) {
      renderer.setClearColor(0x000000, 0);
      renderer.clear();
      renderer.setClearColor(this.ctx.tokens.hex.bg, 1);
    }
    renderer.render(pass, this.eye);
    renderer.setRenderTarget(null);
    renderer.autoClear = clears;
  }

  private forgetSamples(): void {
    for (const target of [this.sums, this.sample]) release(target);
    this.sums = this.sample = null;
  }

  dispose(): void {
    this.stop();
    this.plane.dispose();
    for (const { material } of [this.adder, this.meaner, this.painter]) material.dispose();
  }
}

function set(pass: Pass, values: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(values)) pass.material.uniforms[name]!.value = value;
}
