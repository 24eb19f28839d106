// The sun's shadow: one depth picture, made again only when the sun steps or something moves. Last in the list of layers:
// what the others built for this frame is then in it.

import {
  Camera, DepthTexture, FrontSide, GLSL3, type Mesh, NearestFilter, type Object3D, RawShaderMaterial, type Side, UnsignedIntType, Vector3, WebGLRenderTarget,
} from 'three'; // prettier-ignore
import { Change, type Layer, type LayerContext, type SharedUniforms } from '../layer.ts';
import { aim, HALF, regionSeen } from '../look/aim.ts';

const CASTER = Symbol('depth material');
/** Texels along a side of the map. */
export const SIZE = 2048;

/** Marks a mesh as throwing shadow, drawn from the sun with its own short shaders. */
export function castsShadow(mesh: Mesh, vertexShader: string, fragmentShader: string, uniforms: SharedUniforms, side: Side = FrontSide): void {
  const material = new RawShaderMaterial({ glslVersion: GLSL3, vertexShader, fragmentShader, uniforms, side, colorWrite: false });
  (mesh.userData as Record<symbol, unknown>)[CASTER] = material;
  mesh.addEventListener('removed', () => material.dispose());
}

/** How long the camera must have stood before the map is fitted to what it sees [ms], and how much coarser it may be. */
const SETTLED = 180;
const COARSE = 1.7;
const MOVES = Change.Building | Change.Storeys | Change.Scene | Change.Mode | Change.Quality;

export class ShadowLayer implements Layer {
  readonly name = 'shadow';
  private ctx: LayerContext | null = null;
  private target: WebGLRenderTarget | null = null;
  private readonly eye = new Camera();
  private readonly drawnFrom = new Vector3();
  private dirty = true;
  private cameraVersion = -1;
  private timer = 0;
  private cutTimer = 0;
  /** The ground that the map covers [m]. */
  private covered: number[] = [];

  init(ctx: LayerContext): void {
    this.ctx = ctx;
    this.eye.matrixAutoUpdate = false;
    this.eye.matrixWorldAutoUpdate = false;
  }

  update(change: number): void {
    if (change & MOVES) this.dirty = true;
    // what is cut away throws no shadow: at once on a fast machine, else when the plane has come to rest
    if (change & Change.Section) this.follow(this.ctx!.view.tier === 'a' ? 0 : SETTLED);
  }

  beforeDraw(): boolean {
    const direction = this.ctx!.uniforms['uSunDirection']!.value as Vector3;
    const { rig } = this.ctx!;
    if (rig.version !== this.cameraVersion) {
      this.cameraVersion = rig.version;
      clearTimeout(this.timer);
      this.timer = window.setTimeout(() => this.look(), SETTLED);
    }
    if (this.ctx!.lean) {
      this.dirty = true;
      return false;
    }
    if (this.dirty || !direction.equals(this.drawnFrom)) {
      this.dirty = false;
      this.drawnFrom.copy(direction);
      this.drawShadows(direction);
    }
    return false;
  }

  private follow(after: number): void {
    clearTimeout(this.cutTimer);
    if (after === 0) this.dirty = true;
    else this.cutTimer = window.setTimeout(() => this.redraw(), after);
  }

  private redraw(): void {
    this.dirty = true;
    this.ctx!.requestDraw();
  }

  /** The camera has come to rest: does the map fit what is seen? */
  private look(): void {
    const { rig, index } = this.ctx!;
    const seen = regionSeen(rig, index.file.bounds);
    const c = this.covered;
    const inside = seen[0]! >= c[0]! - 1 && seen[1]! >= c[1]! - 1 && seen[3]! <= c[3]! + 1 && seen[4]! <= c[4]! + 1;
    if (inside && reach(c) < COARSE * reach(seen)) return;
    this.redraw();
  }

  /** One depth picture from the sun. */
  private drawShadows(direction: Vector3): void {
    const ctx = this.ctx!;
    const { uniforms } = ctx;
    if (!this.target) this.target = shadowTarget();
    this.covered = widened(regionSeen(ctx.rig, ctx.index.file.bounds), ctx.index.file.bounds);
    const texel = aim(this.eye, direction, this.covered, SIZE, ctx.index.file.bounds);
    uniforms['uShadowMatrix']!.value
      .multiplyMatrices(this.eye.projectionMatrix, this.eye.matrixWorldInverse)
      .premultiply(HALF);
    drawDepth(ctx, this.eye, this.target);
    uniforms['uShadowMap']!.value = this.target.depthTexture;
    uniforms['uShadow']!.value.set(depthOf(ctx), texel, 1 / SIZE, ctx.view.tier === 'c' ? 1 : 4);
  }

  dispose(): void {
    clearTimeout(this.timer);
    clearTimeout(this.cutTimer);
    this.target?.depthTexture?.dispose();
    this.target?.dispose();
  }
}

/** How dark the sun's shadow is: on a map it tells heights, on the plan of one storey it would only hide the ground. */
function depthOf({ view }: LayerContext): number {
  if (view.mode === '3d') return 1;
  return view.storey >= 0 ? 0 : 0.6;
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

function reach(box: readonly number[]): number {
  return Math.max(box[3]! - box[0]!, box[4]! - box[1]!);
}

/** A region with some room round it, so that small moves keep their shadows. */
function widened(box: readonly number[], all: readonly number[]): number[] {
  const more = 0.15 * reach(box);
  return [
    Math.max(all[0]!, box[0]! - more), Math.max(all[1]!, box[1]! - more), box[2]!,
    Math.min(all[3]!, box[3]! + more), Math.min(all[4]!, box[4]! + more), box[5]!,
  ]; // prettier-ignore
}
