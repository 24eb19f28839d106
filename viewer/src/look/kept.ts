// The picture at rest of a machine without a GPU: of every pixel its colour without any value, and which room stands there
// and how light, facade and fog change that room's colour. A recolour then is one pass over the screen, whatever the campus.

import {
  AlwaysDepth, DepthTexture, GLSL3, type Group, Mesh, NearestFilter, PlaneGeometry, RawShaderMaterial, RGIntegerFormat, UnsignedIntType, WebGLRenderTarget,
} from 'three'; // prettier-ignore
import type { LayerContext } from '../layer.ts';
import { KEPT_FRAGMENT, KEPT_VERTEX, NOBODY } from './kept-shader.ts';

const KEPT = Symbol('the picture at rest can stand for it');
/** three.js's own layer of what the picture stands for; no camera draws it. */
const PUT_AWAY = 1;

/** Marks a mesh whose shaders know the variant KEPT (variants.ts): one picture stands for all such at rest. */
export function canBeKept(mesh: Mesh): void {
  (mesh.userData as Record<symbol, boolean>)[KEPT] = true;
}

/** What is shown now and can be kept: all that light falls on. */
export function keepable(world: Group): Mesh[] {
  return world.children.filter((c) => c.visible && (c.userData as Record<symbol, boolean>)[KEPT]) as Mesh[];
}

/** Calls `draw` with nothing of the world shown but these. */
export function alone(world: Group, meshes: readonly Mesh[], draw: () => void): void {
  const others = world.children.filter((c) => c.visible && !meshes.includes(c as Mesh));
  for (const child of others) child.visible = false;
  draw();
  for (const child of others) child.visible = true;
}

export class Kept {
  private readonly ctx: LayerContext;
  private target: WebGLRenderTarget | null = null;
  private quad: Mesh | null = null;
  private away: Mesh[] = [];

  constructor(ctx: LayerContext) {
    this.ctx = ctx;
  }

  /** From now on a picture stands for everything that can be kept, until `drop`. Its shaders must be the variant KEPT. */
  take(): void {
    if (this.away.length > 0) return;
    this.away = keepable(this.ctx.world);
    if (this.away.length === 0) return;
    this.draw();
    for (const mesh of this.away) mesh.layers.set(PUT_AWAY);
    this.quad ??= this.screen();
    const { uniforms } = this.quad.material as RawShaderMaterial;
    uniforms['uPicture']!.value = this.target!.textures[0];
    uniforms['uPlaces']!.value = this.target!.textures[1];
    uniforms['uDepth']!.value = this.target!.depthTexture;
    this.quad.visible = true;
  }

  get stands(): boolean {
    return this.away.length > 0;
  }

  /** The things themselves are drawn again. */
  drop(): void {
    for (const mesh of this.away) mesh.layers.set(0);
    this.away = [];
    if (this.quad) this.quad.visible = false;
  }

  private draw(): void {
    const { renderer, rig, uniforms, world } = this.ctx;
    const { x, y } = uniforms.uScreen.value as { x: number; y: number };
    const target = this.sized(Math.floor(x), Math.floor(y));
    renderer.setRenderTarget(target);
    this.clear();
    const clears = renderer.autoClear;
    renderer.autoClear = false;
    alone(world, this.away, () => renderer.render(world, rig.camera));
    renderer.autoClear = clears;
    renderer.setRenderTarget(null);
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
    gl.clearBufferuiv(gl.COLOR, 1, [NOBODY, 0, 0, 0]);
    gl.clearBufferfv(gl.DEPTH, 0, [1]);
  }

  private sized(width: number, height: number): WebGLRenderTarget {
    if (this.target?.width === width && this.target.height === height) return this.target;
    this.release();
    const target = new WebGLRenderTarget(width, height, { count: 2, minFilter: NearestFilter, magFilter: NearestFilter, stencilBuffer: false });
    const places = target.textures[1]!;
    places.format = RGIntegerFormat;
    places.type = UnsignedIntType;
    places.internalFormat = 'RG32UI';
    target.depthTexture = new DepthTexture(width, height, UnsignedIntType);
    this.target = target;
    return target;
  }

  private screen(): Mesh {
    const own = { uPicture: { value: null }, uPlaces: { value: null }, uDepth: { value: null } };
    const material = new RawShaderMaterial({
      glslVersion: GLSL3, vertexShader: KEPT_VERTEX, fragmentShader: KEPT_FRAGMENT, depthFunc: AlwaysDepth,
      uniforms: { ...this.ctx.uniforms, ...own },
    }); // prettier-ignore
    const quad = new Mesh(new PlaneGeometry(2, 2), material);
    quad.frustumCulled = false;
    quad.renderOrder = -100;
    this.ctx.world.add(quad);
    return quad;
  }

  private release(): void {
    this.target?.depthTexture?.dispose();
    this.target?.dispose();
    this.target = null;
  }

  dispose(): void {
    this.drop();
    this.release();
    this.quad?.removeFromParent();
    this.quad?.geometry.dispose();
    (this.quad?.material as RawShaderMaterial | undefined)?.dispose();
  }
}
