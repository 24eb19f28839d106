// The picture at rest of a machine without a GPU: of every pixel its colour without any value, and which room stands there
// and how light, facade and fog change that room's colour. A recolour then paints the tiles in which something changed.

import {
  AlwaysDepth, Camera, DepthTexture, GLSL3, type Material, Mesh, NearestFilter, PlaneGeometry, RawShaderMaterial, RGIntegerFormat, UnsignedIntType, WebGLRenderTarget,
} from 'three'; // prettier-ignore
import type { LayerContext } from '../layer.ts';
import { NO_SLOT } from '../shared.ts';
import { define } from '../variants.ts';
import { alone, keepable } from './keepable.ts';
import { KEPT_FRAGMENT, KEPT_VERTEX, NOBODY, SHOWN_FRAGMENT } from './kept-shader.ts';
import { Tiles } from './kept-tiles.ts';
import { Readback } from './readback.ts';
import { Smooth } from './smooth.ts';
import { release } from './target.ts';

/** three.js's own layer of what the picture stands for; no camera draws it. */
const PUT_AWAY = 1;
/** Numbers that are read at once: each reading waits for the card, and one of a whole 4K screen would wait for memory. */
const AT_ONCE = 1 << 22;
/** How often to look whether they are there [ms]. */
const LOOK_MS = 10;
const EXACT = { minFilter: NearestFilter, magFilter: NearestFilter, stencilBuffer: false };

/** What the picture showed when it was last painted. */
interface Painted {
  values: Uint32Array;
  flags: Uint32Array;
  palette: number;
  hovered: number;
  faded: boolean;
}

export class Kept {
  private readonly ctx: LayerContext;
  /** What is known of every pixel, and the picture as it is shown now. */
  private places: WebGLRenderTarget | null = null;
  private shown: WebGLRenderTarget | null = null;
  private readonly screen: Mesh<PlaneGeometry, RawShaderMaterial>;
  private readonly painter: Mesh;
  private readonly eye = new Camera();
  private tiles: Tiles | null = null;
  private painted: Painted | null = null;
  /** Which tiles a slot is seen in is known. */
  private learnt = false;
  private readback: Readback | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private away: Mesh[] = [];
  private readonly smooth: Smooth;
  /** What is shown has edges that could be smoother: in the tiles that values change, or everywhere. */
  private rough: '' | 'seen' | 'all' = '';

  constructor(ctx: LayerContext) {
    this.ctx = ctx;
    this.smooth = new Smooth(ctx);
    const material = (fragmentShader: string, own: readonly string[]): RawShaderMaterial =>
      new RawShaderMaterial({
        glslVersion: GLSL3, vertexShader: KEPT_VERTEX, fragmentShader, depthFunc: AlwaysDepth,
        uniforms: { ...ctx.uniforms, ...Object.fromEntries(own.map((name) => [name, { value: null }])) },
      }); // prettier-ignore
    this.screen = new Mesh(new PlaneGeometry(2, 2), material(SHOWN_FRAGMENT, ['uShown', 'uDepth']));
    this.screen.renderOrder = -100;
    this.screen.visible = false;
    this.painter = new Mesh(undefined, material(KEPT_FRAGMENT, ['uPicture', 'uMissing', 'uPlaces']));
    this.screen.frustumCulled = this.painter.frustumCulled = false;
    ctx.world.add(this.screen);
  }

  get stands(): boolean {
    return this.away.length > 0;
  }

  /**
   * From now on a picture stands for everything that can be kept, until `drop`. Its shaders must be the variant KEPT. Calls
   * `settled` when it is known what is where, and `smoothed` when the edges are known as well; null
   * leaves them as they are.
   */
  take(settled: () => void, smoothed: (() => void) | null): void {
    if (this.stands) return;
    this.away = keepable(this.ctx.world);
    if (!this.stands) return settled();
    this.resize();
    this.draw(this.places!);
    for (const mesh of this.away) mesh.layers.set(PUT_AWAY);
    this.screen.visible = true;
    this.painted = null;
    this.learn(() => {
      settled();
      if (smoothed) this.smoothen(smoothed);
    });
  }

  private smoothen(smoothed: () => void): void {
    const places = this.places!;
    const again = (target: WebGLRenderTarget): void => {
      for (const mesh of this.away) mesh.layers.set(0);
      this.draw(target);
      for (const mesh of this.away) mesh.layers.set(PUT_AWAY);
    };
    this.smooth.start(places, () => placesOf(places.width, places.height), again, () => {
      this.painted = null;
      this.ctx.requestDraw();
      smoothed();
    });
  }

  /** The things themselves are drawn again. */
  drop(): void {
    clearTimeout(this.timer);
    this.readback?.forget();
    this.smooth.stop();
    for (const mesh of this.away) mesh.layers.set(0);
    this.away = [];
    this.screen.visible = false;
  }

  private resize(): void {
    const { state, uniforms } = this.ctx;
    const { x, y } = uniforms.uScreen.value as { x: number; y: number };
    const [width, height] = [Math.floor(x), Math.floor(y)];
    if (this.places?.width !== width || this.places.height !== height) this.targets(width, height);
    this.tiles?.dispose();
    this.tiles = new Tiles(width, height, state.raw.length);
  }

  private targets(width: number, height: number): void {
    this.release();
    const places = placesOf(width, height);
    this.shown = new WebGLRenderTarget(width, height, { ...EXACT, depthBuffer: false });
    this.places = places;
    const [picture, missing, owners] = places.textures;
    const set = (mesh: Mesh, values: Record<string, unknown>): void => {
      const { uniforms } = mesh.material as RawShaderMaterial;
      for (const [name, value] of Object.entries(values)) uniforms[name]!.value = value;
    };
    set(this.painter, { uPicture: picture, uMissing: missing, uPlaces: owners });
    set(this.screen, { uShown: this.shown.texture, uDepth: places.depthTexture });
  }

  /** Draws what can be kept, and nothing else, with the camera as it is. */
  private draw(target: WebGLRenderTarget): void {
    const { renderer, rig, world } = this.ctx;
    this.into(target, () => {
      this.clear();
      alone(world, this.away, () => renderer.render(world, rig.camera));
    });
  }

  private into(target: WebGLRenderTarget, draw: () => void): void {
    const { renderer } = this.ctx;
    const clears = renderer.autoClear;
    renderer.autoClear = false;
    renderer.setRenderTarget(target);
    draw();
    renderer.setRenderTarget(null);
    renderer.autoClear = clears;
  }

  /** Page, nobody and the far end everywhere: three.js' own clear does not know of a whole number beside a colour. */
  private clear(): void {
    const { renderer, uniforms } = this.ctx;
    const gl = renderer.getContext() as WebGL2RenderingContext;
    const { x, y, z } = uniforms['uPageShown']!.value as { x: number; y: number; z: number };
    const { color, depth } = renderer.state.buffers;
    color.setMask(true);
    depth.setMask(true);
    gl.clearBufferfv(gl.COLOR, 0, [x, y, z, 1]);
    gl.clearBufferfv(gl.COLOR, 1, [x, y, z, 1]);
    gl.clearBufferuiv(gl.COLOR, 2, [NOBODY, 0, 0, 0]);
    gl.clearBufferfv(gl.DEPTH, 0, [1]);
  }

  /** Finds out which tiles each slot is seen in, once the card has told; until then all tiles are painted. */
  private learn(settled: () => void): void {
    this.learnt = false;
    this.readback ??= new Readback(this.ctx.renderer);
    const { width, height } = this.places!;
    this.readback.ask(this.places!, 2);
    let y = 0;
    const step = (): void => {
      if (this.readback!.ready()) {
        const rows = Math.min(Math.ceil(AT_ONCE / (this.readback!.stride * width)), height - y);
        this.tiles!.learn(this.readback!.rows(y, rows), this.readback!.stride, width, y);
        y += rows;
      }
      this.learnt = y >= height;
      if (!this.learnt) {
        this.timer = setTimeout(step, LOOK_MS);
        return;
      }
      this.readback!.forget();
      settled();
    };
    this.timer = setTimeout(step, LOOK_MS);
  }

  /** Before each frame: paints the tiles that no longer show what is. */
  beforeDraw(): void {
    if (!this.stands) return;
    const { world, renderer } = this.ctx;
    // something is drawn before the picture, or behind it
    const deep = world.children.some((c) => c.visible && c !== this.screen && (c.layers.mask & 1) !== 0 && ((c as Mesh).material as Material).depthTest);
    define(this.screen.material, 'DEPTH', deep);
    const tiles = this.tiles!;
    const changes = this.ctx.hurried ? null : this.smooth.target;
    const finer = this.rough !== '' && changes !== null;
    if (finer && this.rough === 'all') this.painted = null;
    const all = !this.find(tiles, finer);
    if (all || tiles.anyMarked) {
      tiles.flush();
      this.painter.geometry = all ? this.screen.geometry : tiles.geometry;
      this.rough = this.smooth.target === null || changes !== null ? '' : all || this.rough === 'all' ? 'all' : 'seen';
      define(this.painter.material as RawShaderMaterial, 'CHANGES', changes !== null);
      this.into(changes ?? this.shown!, () => renderer.render(this.painter, this.eye));
      if (changes) this.smooth.paint(this.painter.geometry, this.shown!);
    }
    tiles.unmark();
  }

  /** Marks what changed since it was painted, with `again` all that values change; false when everything is to be painted. */
  private find(tiles: Tiles, again: boolean): boolean {
    const { state, uniforms } = this.ctx;
    const [values, flags] = [words(state.value.image.data), words(state.flags.image.data)];
    const now = {
      palette: state.palette.version,
      hovered: uniforms.uHovered.value as number,
      faded: (uniforms.uFade.value as number) >= 1,
    };
    const material = this.painter.material as RawShaderMaterial;
    define(material, 'FADE', !now.faded);
    define(material, 'LIFT', now.hovered !== NO_SLOT);
    const known = this.learnt && this.painted !== null;
    const last = (this.painted ??= { values: new Uint32Array(values.length), flags: new Uint32Array(flags.length), palette: -1, hovered: 0, faded: false });
    const few =
      known && !again && now.faded && last.faded && now.palette === last.palette &&
      tiles.compare(values, last.values) && tiles.compare(flags, last.flags); // prettier-ignore
    if (known && !few) tiles.markSeen();
    else if (now.hovered !== last.hovered) [now.hovered, last.hovered].forEach((slot) => tiles.mark(slot));
    Object.assign(last, now);
    last.values.set(values);
    last.flags.set(flags);
    return known;
  }

  private release(): void {
    for (const target of [this.places, this.shown]) release(target);
    this.places = this.shown = null;
  }

  dispose(): void {
    this.drop();
    this.release();
    this.smooth.dispose();
    this.tiles?.dispose();
    this.screen.removeFromParent();
    this.screen.geometry.dispose();
    this.screen.material.dispose();
    (this.painter.material as RawShaderMaterial).dispose();
  }
}

/** Room for the colour of every pixel without a value, that of a value that is missing, and what stands there. */
function placesOf(width: number, height: number): WebGLRenderTarget {
  const places = new WebGLRenderTarget(width, height, { ...EXACT, count: 3 });
  Object.assign(places.textures[2]!, { format: RGIntegerFormat, type: UnsignedIntType, internalFormat: 'RG32UI' });
  places.depthTexture = new DepthTexture(width, height, UnsignedIntType);
  return places;
}

/** Bytes four at a time. */
function words(data: unknown): Uint32Array {
  const { buffer, byteOffset, byteLength } = data as Uint8Array;
  return new Uint32Array(buffer, byteOffset, byteLength >> 2);
}
