// Canvas, renderer and the loop that draws only when something asked for it; sizes, context loss, counters.

import { Group, Scene, Vector3, Vector4, WebGLRenderer } from 'three';
import { CameraRig } from './camera.ts';
import { Flight } from './flight.ts';
import { follow, type Variant } from './variants.ts';

/** What tests and benchmarks read. */
export interface Counters {
  frames: number;
  drawCalls: number;
  triangles: number;
  /** Main-thread time of the last drawn frame and of the last recolour [ms]. */
  drawMs: number;
  recolourMs: number;
  /** When the first complete frame was drawn [ms since the page began]; 0 before. */
  firstFrame: number;
  geometryBytes: number;
}

export interface StageEvents {
  /** Before a frame; true asks for the next one too. */
  beforeDraw(now: number): boolean;
  afterDraw(): void;
  resized(): void;
  contextLost(): void;
  contextRestored(): void;
}

/** Device pixels of the canvas are capped: beyond this, sharpness costs more than it shows. */
const MOST_PIXELS = 3840 * 2160;
/** The camera has come to rest after this long without movement [ms]. */
const RESTED_MS = 220;
/** How often to look whether programs are compiled [ms]. */
const COMPILING_MS = 30;
/** How often to look whether a frame is on the screen [ms]. */
const DRAWN_MS = 10;
/** Least time between the frames of a scene that is still coming in, on a slow machine [ms]. */
const UNHURRIED_MS = 1000;
/** A frame that takes longer than this [ms] is not waited for: its end may never be told. */
const BUSY_MS = 3000;

export class Stage {
  readonly canvas = document.createElement('canvas');
  readonly overlay = document.createElement('div');
  readonly renderer: WebGLRenderer;
  readonly scene = new Scene();
  readonly world = new Group();
  readonly rig = new CameraRig();
  readonly flight = new Flight(this.rig);
  readonly screen = new Vector4(1, 1, 1, 1);
  readonly eye = new Vector3();
  readonly counters: Counters = { frames: 0, drawCalls: 0, triangles: 0, drawMs: 0, recolourMs: 0, firstFrame: 0, geometryBytes: 0 };
  /** Share of the device's pixels that are drawn while the camera moves; 1 at rest. */
  movingScale = 1;
  /** Time between frames while the camera moves, smoothed [ms]; 0 before any. */
  movingMs = 0;
  /** A scene is coming in: a slow machine then draws what there is now and then, so that the whole comes sooner. */
  unhurried = false;
  private scale = 1;
  /** Drawn with plain light: on a slow machine the first frame, and those of a moving camera. */
  lean: boolean;
  /** A software renderer: whatever is drawn costs the processor. */
  readonly slow: boolean;
  /** The next picture is wanted sooner than it is fine: the hand is on its way to another one. */
  hurried = false;
  /** What the shaders of the next frame need (variants.ts). */
  readonly wanted: Record<Variant, boolean> = { LEAN: false, KEPT: false, SECTION: false, GHOST: false };
  /** Draws the scene in parts, each by calling what it is given; null: as a whole. */
  split: ((draw: () => void) => void) | null = null;
  private restTimer: ReturnType<typeof setTimeout> | undefined;
  private keepTimer: ReturnType<typeof setTimeout> | undefined;
  private held: ReturnType<typeof setTimeout> | undefined;
  private lastDraw = 0;
  /** On a slow machine: passed once the renderer has drawn the last frame. */
  private fence: WebGLSync | null = null;
  private readonly events: StageEvents;
  private readonly root: HTMLElement;
  private readonly observer: ResizeObserver;
  private readonly abort = new AbortController();
  private pending = 0;
  private gone = false;

  /** Throws when the browser gives no WebGL 2 context. */
  constructor(root: HTMLElement, events: StageEvents, antialias: boolean) {
    this.events = events;
    this.root = root;
    this.slow = this.lean = !antialias;
    const { canvas, overlay } = this;
    canvas.className = 'campus-canvas';
    canvas.style.cssText = 'position:absolute;inset:0;width:100%;height:100%;display:block;touch-action:none;outline-offset:-3px';
    overlay.className = 'campus-overlay';
    overlay.style.cssText = 'position:absolute;inset:0;pointer-events:none;overflow:hidden';
    const context = canvas.getContext('webgl2', { alpha: false, antialias, stencil: false, powerPreference: 'high-performance' });
    if (context === null) throw new Error('no WebGL 2');
    this.renderer = new WebGLRenderer({ canvas, context, antialias, alpha: false, stencil: false, powerPreference: 'high-performance' });
    this.renderer.info.autoReset = true;
    this.scene.matrixWorldAutoUpdate = false;
    this.scene.add(this.world);
    if (getComputedStyle(root).position === 'static') root.style.position = 'relative';
    root.append(canvas, overlay);
    const on = { signal: this.abort.signal };
    canvas.addEventListener('webglcontextlost', (e) => { e.preventDefault(); this.fence = null; events.contextLost(); }, on); // prettier-ignore
    canvas.addEventListener('webglcontextrestored', () => events.contextRestored(), on);
    document.addEventListener('visibilitychange', () => this.requestDraw(), on);
    this.observer = new ResizeObserver(() => {
      this.resize();
      // Observers run after this frame's callbacks: a canvas of a new size would be shown empty.
      this.drawNow();
    });
    this.observer.observe(root);
    this.resize();
  }

  private resize(): void {
    const { root } = this;
    const width = Math.max(1, root.clientWidth);
    const height = Math.max(1, root.clientHeight);
    const most = Math.sqrt(MOST_PIXELS / (width * height));
    const ratio = Math.min(window.devicePixelRatio || 1, most) * this.scale;
    this.renderer.setPixelRatio(ratio);
    this.renderer.setSize(width, height, false);
    this.rig.setSize(width, height);
    this.screen.set(width * ratio, height * ratio, ratio, this.screen.w);
    this.events.resized();
    this.requestDraw();
  }

  /** The camera moves: fewer pixels and, on a slow machine, plain light, until it has rested a moment. */
  moving(): void {
    this.settle();
    this.lean = this.slow;
    this.setScale(this.movingScale);
  }

  /** In a moment, all pixels and the whole light. */
  private settle(): void {
    clearTimeout(this.restTimer);
    this.restTimer = setTimeout(() => {
      this.setScale(1);
      if (this.lean) this.prepareWhole();
    }, RESTED_MS);
  }

  /** The whole light's programs compile beside the page; when all are there, the next frame uses them. */
  private prepareWhole(): void {
    this.restTimer = this.prepare('LEAN', false, (timer) => (this.restTimer = timer), () => {
      this.lean = false;
      this.requestDraw();
    });
  }

  /**
   * Calls `draw` once, with the shaders of the picture at rest: on a slow machine, when they are compiled and the whole light
   * is drawn. null: that is void, and whatever draws next finds the shaders of every day.
   */
  keep(draw: (() => void) | null): void {
    clearTimeout(this.keepTimer);
    if (this.wanted.KEPT) this.wear('KEPT', false);
    if (draw === null || !this.slow) return;
    this.keepTimer = this.prepare('KEPT', true, (timer) => (this.keepTimer = timer), () => {
      if (!this.whole()) {
        this.keepTimer = setTimeout(() => this.keep(draw), COMPILING_MS);
        return;
      }
      this.wear('KEPT', true);
      draw();
      this.wear('KEPT', false);
      this.requestDraw();
    });
  }

  private wear(variant: Variant, on: boolean): void {
    this.wanted[variant] = on;
    this.world.traverse((object) => follow(object, this.wanted));
  }

  /**
   * Whether the whole light is drawn; if so every shader is the one that knows it, whatever was drawn last. Who draws a
   * picture of his own asks before: plain light knows nothing of surfaces.
   */
  whole(): boolean {
    if (this.lean) return false;
    this.wanted.LEAN = this.wanted.KEPT = false;
    this.world.traverse((object) => follow(object, this.wanted));
    return true;
  }

  /** Compiles the programs of a variant, not in the page's way, and says when they are there; answers the timer that waits. */
  private prepare(
    variant: Variant, on: boolean, again: (timer: ReturnType<typeof setTimeout>) => void, ready: () => void,
  ): ReturnType<typeof setTimeout> {
    this.wear(variant, on);
    this.renderer.compile(this.scene, this.rig.camera);
    const programs = (this.renderer.info.programs ?? []) as unknown as { isReady(): boolean }[];
    const check = (): void => {
      if (this.gone) return;
      if (programs.every((program) => program.isReady())) ready();
      else again(setTimeout(check, COMPILING_MS));
    };
    return setTimeout(check, 0);
  }

  private setScale(scale: number): void {
    if (scale === this.scale || this.gone) return;
    this.scale = scale;
    this.resize();
  }

  /** On a slow machine draws nothing until `release`, for so long at most: what comes next replaces the whole picture. */
  hold(milliseconds: number): void {
    if (!this.slow) return;
    clearTimeout(this.held);
    this.held = setTimeout(() => this.release(), milliseconds);
  }

  release(): void {
    if (this.held === undefined) return;
    clearTimeout(this.held);
    this.held = undefined;
    this.requestDraw();
  }

  /** A frame soon; any number of calls before it make one frame. */
  requestDraw(): void {
    if (this.pending !== 0 || this.held !== undefined || this.gone) return;
    this.pending = requestAnimationFrame((now) => {
      this.pending = 0;
      if (this.busy(now)) this.requestDraw();
      else this.draw(now);
    });
  }

  /** A frame now where the renderer has nothing else to do, else soon. */
  drawSoon(): void {
    if (this.held !== undefined || this.gone || document.hidden || this.busy(performance.now())) this.requestDraw();
    else this.drawNow();
  }

  /**
   * Whether a slow machine still draws the frame before. Browsers let three of them queue up: what a software renderer then
   * shows is a second old.
   */
  private busy(now: number): boolean {
    if (this.fence === null || now - this.lastDraw > BUSY_MS) return false;
    const gl = this.renderer.getContext() as WebGL2RenderingContext;
    if (gl.getSyncParameter(this.fence, gl.SYNC_STATUS) !== gl.SIGNALED) return true;
    gl.deleteSync(this.fence);
    this.fence = null;
    return false;
  }

  private mark(): void {
    if (!this.slow) return;
    const gl = this.renderer.getContext() as WebGL2RenderingContext;
    if (this.fence !== null) gl.deleteSync(this.fence);
    this.fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
  }

  /** Resolves when a frame that is drawn after now is on the screen, at the latest after a while: a hidden page draws none. */
  async drawn(): Promise<void> {
    const { frames } = this.counters;
    const end = performance.now() + BUSY_MS;
    do await new Promise((resolve) => setTimeout(resolve, DRAWN_MS));
    while (!this.gone && performance.now() < end && (this.counters.frames === frames || this.busy(performance.now())));
  }

  /** A frame at once, so that a resized canvas is never shown empty. */
  drawNow(): void {
    if (this.gone) return;
    cancelAnimationFrame(this.pending);
    this.pending = 0;
    this.draw(performance.now());
  }

  private draw(now: number): void {
    if (this.gone || this.renderer.getContext().isContextLost()) return;
    if (this.unhurried && this.slow && now - this.lastDraw < UNHURRIED_MS) {
      this.requestDraw();
      return;
    }
    const { counters, renderer, rig } = this;
    const flying = this.flight.step(now);
    if (flying) this.moving();
    const gap = now - this.lastDraw;
    this.lastDraw = now;
    if (this.scale < 1 && gap < 2000) this.movingMs = this.movingMs === 0 ? gap : 0.8 * this.movingMs + 0.2 * gap;
    this.screen.w = rig.metresPerPixel() / this.screen.z;
    rig.eye(this.eye);
    const more = this.events.beforeDraw(now);
    this.wanted.LEAN = this.lean;
    this.wanted.KEPT = false;
    this.world.traverse((object) => follow(object, this.wanted));
    const started = performance.now();
    const render = (): void => renderer.render(this.scene, rig.camera);
    if (this.split) this.split(render);
    else render();
    this.mark();
    counters.drawMs = performance.now() - started;
    counters.frames++;
    counters.drawCalls = renderer.info.render.calls;
    counters.triangles = renderer.info.render.triangles;
    this.events.afterDraw();
    if (this.lean && this.restTimer === undefined && counters.firstFrame > 0) this.settle();
    if (flying || more) this.requestDraw();
  }

  dispose(): void {
    this.gone = true;
    clearTimeout(this.restTimer);
    clearTimeout(this.keepTimer);
    clearTimeout(this.held);
    cancelAnimationFrame(this.pending);
    this.abort.abort();
    this.observer.disconnect();
    this.renderer.dispose();
    this.renderer.forceContextLoss();
    this.canvas.remove();
    this.overlay.remove();
  }
}
