// The sun's shadow: one depth picture, made again only when the sun steps or something moves. Last in the list of layers:
// what the others built for this frame is then in it.

import {
  Camera, DepthTexture, GLSL3, type Mesh, NearestFilter, type Object3D, RawShaderMaterial, UnsignedIntType, Vector3, WebGLRenderTarget,
} from 'three'; // prettier-ignore
import { Change, type Layer, type LayerContext, type SharedUniforms } from '../layer.ts';
import { aim, HALF } from '../look/aim.ts';

const CASTER = Symbol('depth material');
/** Texels along a side of the map. */
export const SIZE = 2048;

/** Marks a mesh as throwing shadow, drawn from the sun with its own short shaders. */
export function castsShadow(mesh: Mesh, vertexShader: string, fragmentShader: string, uniforms: SharedUniforms): void {
  const material = new RawShaderMaterial({ glslVersion: GLSL3, vertexShader, fragmentShader, uniforms, colorWrite: false });
  (mesh.userData as Record<symbol, unknown>)[CASTER] = material;
  mesh.addEventListener('removed', () => material.dispose());
}

const MOVES = Change.Building | Change.Storeys | Change.Scene | Change.Mode | Change.Quality;

export class ShadowLayer implements Layer {
  readonly name = 'shadow';
  private ctx: LayerContext | null = null;
  private target: WebGLRenderTarget | null = null;
  private readonly eye = new Camera();
  private readonly drawnFrom = new Vector3();
  private dirty = true;

  init(ctx: LayerContext): void {
    this.ctx = ctx;
    this.eye.matrixAutoUpdate = false;
    this.eye.matrixWorldAutoUpdate = false;
  }

  update(change: number): void {
    if (change & MOVES) this.dirty = true;
  }

  beforeDraw(): boolean {
    const direction = this.ctx!.uniforms['uSunDirection']!.value as Vector3;
    if (this.dirty || !direction.equals(this.drawnFrom)) {
      this.dirty = false;
      this.drawnFrom.copy(direction);
      this.drawShadows(direction);
    }
    return false;
  }

  /** One depth picture from the sun. */
  private drawShadows(direction: Vector3): void {
    const ctx = this.ctx!;
    const { uniforms } = ctx;
    if (!this.target) this.target = shadowTarget();
    const texel = aim(this.eye, direction, ctx.index.file.bounds, SIZE);
    uniforms['uShadowMatrix']!.value
      .multiplyMatrices(this.eye.projectionMatrix, this.eye.matrixWorldInverse)
      .premultiply(HALF);
    drawDepth(ctx, this.eye, this.target);
    uniforms['uShadowMap']!.value = this.target.depthTexture;
    uniforms['uShadow']!.value.set(ctx.view.mode === '3d' ? 1 : 0.8, texel, 1 / SIZE, ctx.view.tier === 'c' ? 1 : 4);
  }

  dispose(): void {
    this.target?.depthTexture?.dispose();
    this.target?.dispose();
  }
}

/** A depth picture of everything that casts shadow, from `eye` into `target`. */
export function drawDepth(ctx: LayerContext, eye: Camera, target: WebGLRenderTarget): void {
  const { renderer, world, uniforms } = ctx;
  const swapped: [Mesh, unknown][] = [];
  const hidden: Object3D[] = [];
  for (const child of world.children) {
    const depth = (child.userData as Record<symbol, unknown>)[CASTER] as RawShaderMaterial | undefined;
    if (depth && child.visible) {
      swapped.push([child as Mesh, (child as Mesh).material]);
      (child as Mesh).material = depth;
    } else if (child.visible) {
      hidden.push(child);
      child.visible = false;
    }
  }
  const before = renderer.getRenderTarget();
  const kept: unknown = uniforms['uShadowMap']!.value;
  uniforms['uShadowMap']!.value = null;
  renderer.setRenderTarget(target);
  renderer.clear();
  renderer.render(world, eye);
  renderer.setRenderTarget(before);
  for (const [mesh, material] of swapped) mesh.material = material as RawShaderMaterial;
  for (const child of hidden) child.visible = true;
  uniforms['uShadowMap']!.value = kept;
}

export function shadowTarget(size = SIZE): WebGLRenderTarget {
  const target = new WebGLRenderTarget(size, size, { depthBuffer: true, stencilBuffer: false });
  target.depthTexture = new DepthTexture(size, size, UnsignedIntType);
  target.depthTexture.minFilter = target.depthTexture.magFilter = NearestFilter;
  return target;
}
