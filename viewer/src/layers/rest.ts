// The picture at rest: when nothing has moved for half a second, light is gathered from many directions of the dome and
// points of the sun, one sample at a time, into a buffer of light only. Recolouring multiplies new colours into it.

import {
  Camera, CustomBlending, DepthTexture, FloatType, GLSL3, HalfFloatType, Matrix4, Mesh, NearestFilter, OneFactor, PlaneGeometry, RawShaderMaterial, Scene, UnsignedIntType, Vector3, Vector4, WebGLRenderTarget,
} from 'three'; // prettier-ignore
import { Change, type Layer, type LayerContext } from '../layer.ts';
import { aim, HALF, regionSeen } from '../look/aim.ts';
import { GATHER_FRAGMENT, GATHER_VERTEX } from '../look/gather.ts';
import { alone, keepable } from '../look/keepable.ts';
import type { Kept } from '../look/kept.ts';
import { shellsShown } from '../look/lod.ts';
import { fibonacciDome, sunPoint } from '../look/samples.ts';
import { release } from '../look/target.ts';
import { drawDepth, shadowTarget } from './shadow.ts';

/** How long the camera must have rested [ms], and how long the gathered light takes to come in. */
const WAIT = 500;
const FADE = 500;
/** How often to ask whether there is a whole light to gather [ms]. */
const AGAIN = 100;
/** A sample that takes longer than this ends the gathering [ms]: the machine has other work. */
const SLOWEST = 1200;
/** Samples by tier: what a machine of that tier gathers in a few seconds. */
const SAMPLES = { a: 64, b: 32, c: 8 } as const;
/** Share of the dome that is gathered: few directions would draw their own shadows, the baked sum keeps them down. */
const GATHERED = { a: 0.8, b: 0.6, c: 0 } as const;
/** Texels along a side of the depth pictures. */
const SIZES = { a: 2048, b: 2048, c: 1024 } as const;
/** Radius of the sun as it lights the model [rad]: a little softer than the real one. */
const SUN_RADIUS = 0.022;
const UNDONE =
  Change.Building | Change.Storeys | Change.Scene | Change.Mode | Change.Quality | Change.Size | Change.Theme | Change.Time |
  Change.Section | Change.Xray; // prettier-ignore

export class RestLayer implements Layer {
  readonly name = 'rest';
  private ctx: LayerContext | null = null;
  private now: WebGLRenderTarget | null = null;
  private sum: WebGLRenderTarget | null = null;
  private sunMap: WebGLRenderTarget | null = null;
  private rayMap: WebGLRenderTarget | null = null;
  private readonly eye = new Camera();
  private readonly own = {
    uNormals: { value: null as unknown },
    uDepth: { value: null as unknown },
    uUnproject: { value: new Matrix4() },
    uSunDirection: { value: new Vector3() },
    uSunMap: { value: null as unknown },
    uSunMatrix: { value: new Matrix4() },
    uRay: { value: new Vector3() },
    uRayMap: { value: null as unknown },
    uRayMatrix: { value: new Matrix4() },
    uShadow: { value: new Vector4(1, 1, 1, 4) },
    uGathered: { value: 1 },
  };
  /** On a slow machine: stands for nearly everything from then on. */
  private mayKeep = false;
  private kept: Kept | null = null;
  /** Whether its edges are smoothed once all else is done; pictures that are compared pixel by pixel go without. */
  smooths = true;
  /** Whether light is gathered at all: without a GPU that takes both cores of a small machine for seconds. */
  gathers = true;
  /** No more samples than this, whatever the tier: one is enough for a picture that nobody looks at for its light. */
  samples = Infinity;
  private screen: Mesh | null = null;
  private readonly screenScene = new Scene();
  private timer = 0;
  private fence: WebGLSync | null = null;
  private sample = 0;
  private sampleAt = 0;
  private cameraVersion = -1;
  private sunAt = new Vector3();
  /** When the gathered light began to come in; 0 while there is none. */
  private since = 0;
  /** The picture has been taken, or is about to be. */
  private framed = false;
  /** Buildings that are drawn by their shells. */
  private shells = 0;

  init(ctx: LayerContext): void {
    this.ctx = ctx;
    this.mayKeep = ctx.slow;
    if (ctx.slow) void this.load(ctx);
    this.eye.matrixAutoUpdate = false;
    this.eye.matrixWorldAutoUpdate = false;
    const shared = ['uSun', 'uSkyUp', 'uSkySide', 'uBounce', 'uMaps', 'uLightBox', 'uHeightScale', 'uFine'];
    const material = new RawShaderMaterial({
      glslVersion: GLSL3, vertexShader: GATHER_VERTEX, fragmentShader: GATHER_FRAGMENT,
      uniforms: { ...this.own, ...Object.fromEntries(shared.map((name) => [name, ctx.uniforms[name]!])) },
      depthTest: false, depthWrite: false, transparent: true, blending: CustomBlending, blendSrc: OneFactor, blendDst: OneFactor,
    }); // prettier-ignore
    this.screen = new Mesh(new PlaneGeometry(2, 2), material);
    this.screen.frustumCulled = false;
    this.screenScene.add(this.screen);
  }

  /** Machines with a GPU need none of this, and do not load it. */
  private async load(ctx: LayerContext): Promise<void> {
    const loaded = await import('../look/kept.ts').catch(() => null);
    if (this.ctx !== ctx) return;
    // a server that has gone meanwhile: everything is drawn anew each time
    if (loaded === null) this.mayKeep = false;
    else this.kept = new loaded.Kept(ctx);
    ctx.requestDraw();
  }

  update(change: number): void {
    if (change & UNDONE) this.restart();
  }

  beforeDraw(now: number): boolean {
    const { index, rig, uniforms, view } = this.ctx!;
    const sun = uniforms['uSunDirection']!.value as Vector3;
    const shells = shellsShown(index).size;
    if (rig.version !== this.cameraVersion || shells !== this.shells || (!sun.equals(this.sunAt) && this.sample === 0)) {
      this.cameraVersion = rig.version;
      this.shells = shells;
      this.restart();
    }
    if (this.since === 0) return false;
    const cut = view.reducedMotion || view.tier === 'c';
    uniforms['uRest']!.value = cut ? 1 : Math.min(1, (now - this.since) / FADE);
    if (uniforms['uRest']!.value < 1) return true;
    if (this.kept && !this.framed) {
      this.framed = true;
      this.ctx!.keep(() => this.kept!.take(() => this.told('yes'), this.smooths ? () => this.told('yes', 'yes') : null));
    }
    this.kept?.beforeDraw();
    return false;
  }

  /** Whether one picture stands for all that can be kept. */
  get keeps(): boolean {
    return this.kept?.stands ?? false;
  }

  /** What was gathered is void; the wait begins anew. */
  private restart(): void {
    clearTimeout(this.timer);
    // a sample of the former gathering says nothing of the next one: its age would end that before it has any light
    this.unfence();
    this.since = 0;
    this.sample = 0;
    this.framed = false;
    this.kept?.drop();
    this.ctx!.keep(null);
    this.ctx!.uniforms['uRest']!.value = 0;
    this.told('no');
    this.timer = window.setTimeout(() => this.begin(), WAIT);
  }

  private begin(): void {
    const { renderer, uniforms, view } = this.ctx!;
    if (!this.ctx!.whole()) {
      // the programs of the whole light are still being compiled
      this.timer = window.setTimeout(() => this.begin(), AGAIN);
      return;
    }
    // two moments side by side are drawn twice each time: no picture stands for both
    if (!this.gathers || document.hidden || view.mode === 'plan' || view.compare === 'swipe' || !renderer.extensions.has('EXT_color_buffer_float')) return;
    this.sunAt.copy(uniforms['uSunDirection']!.value as Vector3);
    this.resize();
    this.drawSurfaces();
    this.timer = window.setTimeout(() => this.gather(), 0);
  }

  /** Depth and normal of every pixel, once; the sum begins at zero. */
  private drawSurfaces(): void {
    const { renderer, uniforms, world, rig, tokens } = this.ctx!;
    uniforms['uSurface']!.value = 1;
    renderer.setClearColor(0x000000, 0);
    renderer.setRenderTarget(this.sum);
    renderer.clear();
    renderer.setRenderTarget(this.now);
    renderer.clear();
    alone(world, keepable(world), () => renderer.render(world, rig.camera));
    renderer.setRenderTarget(null);
    renderer.setClearColor(tokens.hex.bg, 1);
    uniforms['uSurface']!.value = 0;
    this.own.uNormals.value = uniforms['uRestNormals']!.value = this.now!.texture;
    this.own.uDepth.value = uniforms['uRestDepth']!.value = this.now!.depthTexture;
    this.own.uUnproject.value.multiplyMatrices(rig.camera.projectionMatrix, rig.camera.matrixWorldInverse).invert();
  }

  private resize(): void {
    const { x, y } = this.ctx!.uniforms.uScreen.value as { x: number; y: number };
    const [width, height] = [Math.floor(x), Math.floor(y)];
    const size = SIZES[this.ctx!.view.tier];
    if (this.sunMap?.width !== size) {
      for (const target of [this.sunMap, this.rayMap]) release(target);
      this.sunMap = shadowTarget(size);
      this.rayMap = shadowTarget(size);
    }
    if (this.sum?.width === width && this.sum.height === height) return;
    release(this.sum);
    release(this.now);
    const exact = { minFilter: NearestFilter, magFilter: NearestFilter, stencilBuffer: false };
    this.sum = new WebGLRenderTarget(width, height, { ...exact, type: HalfFloatType, depthBuffer: false });
    this.now = new WebGLRenderTarget(width, height, { ...exact, type: FloatType, depthTexture: new DepthTexture(width, height, UnsignedIntType) });
  }

  /** One more sample, once the graphics card has finished the last: the camera stays free to move at once. */
  private gather(): void {
    const { renderer, view } = this.ctx!;
    const gl = renderer.getContext() as WebGL2RenderingContext;
    if (gl.isContextLost()) return;
    if (this.fence !== null) {
      const state = gl.clientWaitSync(this.fence, 0, 0);
      if (state === gl.TIMEOUT_EXPIRED) {
        this.timer = window.setTimeout(() => this.gather(), 8);
        return;
      }
      this.unfence();
      if (performance.now() - this.sampleAt > SLOWEST) {
        // a machine this slow makes do with the samples that it has
        this.shown();
        return;
      }
    }
    const most = Math.min(SAMPLES[view.tier], this.samples);
    if (this.sample < most) {
      this.sampleAt = performance.now();
      this.takeSample(this.sample++, most);
      this.fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
      gl.flush();
      this.timer = window.setTimeout(() => this.gather(), 0);
      return;
    }
    this.shown();
  }

  private unfence(): void {
    if (this.fence !== null) (this.ctx!.renderer.getContext() as WebGL2RenderingContext).deleteSync(this.fence);
    this.fence = null;
  }

  /** The gathered light comes in. From here on a recolour costs a texel of light a pixel, not the light itself. */
  private shown(): void {
    this.ctx!.uniforms['uRestLight']!.value = this.sum!.texture;
    this.since = performance.now();
    if (!this.mayKeep) this.told('yes');
    this.ctx!.requestDraw();
  }

  /** Says on the view's element whether the picture is at rest, and its edges smooth: what photographs wait for. */
  private told(still: string, smooth = this.mayKeep ? 'no' : still): void {
    const root = this.ctx!.overlay.parentElement;
    if (root) Object.assign(root.dataset, { still, smooth });
  }

  private takeSample(i: number, most: number): void {
    const { renderer, index, rig } = this.ctx!;
    const { own, eye } = this;
    const size = this.sunMap!.width;
    const seen = regionSeen(rig, index.file.bounds);
    const all = index.file.bounds;
    const jitter: [number, number] = [((i * 0.7548777) % 1) - 0.5, ((i * 0.5698403) % 1) - 0.5];
    const sun = sunPoint(this.sunAt, i, most, SUN_RADIUS);
    const ray = fibonacciDome(i, most);
    const texel = aim(eye, sun, seen, size, all, jitter);
    own.uSunMatrix.value.multiplyMatrices(eye.projectionMatrix, eye.matrixWorldInverse).premultiply(HALF);
    drawDepth(this.ctx!, eye, this.sunMap!);
    own.uGathered.value = GATHERED[this.ctx!.view.tier];
    let other = 0;
    if (own.uGathered.value > 0) {
      other = aim(eye, ray, seen, size, all, jitter);
      own.uRayMatrix.value.multiplyMatrices(eye.projectionMatrix, eye.matrixWorldInverse).premultiply(HALF);
      drawDepth(this.ctx!, eye, this.rayMap!);
    }
    own.uSunDirection.value.copy(sun);
    own.uRay.value.copy(ray);
    own.uSunMap.value = this.sunMap!.depthTexture;
    own.uRayMap.value = this.rayMap!.depthTexture;
    own.uShadow.value.set((this.ctx!.uniforms['uShadow']!.value as Vector4).x, Math.max(texel, other), 1 / size, 4);
    renderer.setRenderTarget(this.sum);
    const clears = renderer.autoClear;
    renderer.autoClear = false;
    renderer.render(this.screenScene, eye);
    renderer.autoClear = clears;
    renderer.setRenderTarget(null);
  }

  dispose(): void {
    clearTimeout(this.timer);
    if (this.ctx) this.unfence();
    for (const target of [this.now, this.sum, this.sunMap, this.rayMap]) release(target);
    this.kept?.dispose();
    this.screen?.geometry.dispose();
    (this.screen?.material as RawShaderMaterial | undefined)?.dispose();
    this.ctx = null;
  }
}
