// What does not depend on any value (ground, trees), kept as a picture with depth while nothing moves: on a machine without
// a GPU shading it again with every change of a value would cost most of the frame.

import {
  AlwaysDepth, DepthTexture, GLSL3, Mesh, NearestFilter, PlaneGeometry, RawShaderMaterial, UnsignedIntType, WebGLRenderTarget,
} from 'three'; // prettier-ignore
import type { LayerContext } from '../layer.ts';

const STILL = Symbol('does not depend on values');
/** three.js's own layer of what the backdrop stands for; no camera draws it. */
const PUT_AWAY = 1;

const VERTEX = /* glsl */ `
in vec3 position;
void main() { gl_Position = vec4(position.xy, 0.0, 1.0); }
`;
const FRAGMENT = /* glsl */ `
precision highp float;
uniform lowp sampler2D uPicture;
uniform highp sampler2D uDepth;
out vec4 outColour;
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  float depth = texelFetch(uDepth, at, 0).r;
  if (depth >= 1.0) discard;
  gl_FragDepth = depth;
  outColour = texelFetch(uPicture, at, 0);
}
`;

/** Marks a mesh as one whose look depends on no value. */
export function standsStill(mesh: Mesh): void {
  (mesh.userData as Record<symbol, boolean>)[STILL] = true;
}

export class Backdrop {
  private readonly ctx: LayerContext;
  private target: WebGLRenderTarget | null = null;
  private quad: Mesh | null = null;
  private away: Mesh[] = [];

  constructor(ctx: LayerContext) {
    this.ctx = ctx;
  }

  /** From now on a picture stands for everything still, until `drop`. */
  take(): void {
    if (this.away.length > 0) return;
    const { world } = this.ctx;
    this.away = world.children.filter((c) => c.visible && (c.userData as Record<symbol, boolean>)[STILL]) as Mesh[];
    if (this.away.length === 0) return;
    this.draw();
    for (const mesh of this.away) mesh.layers.set(PUT_AWAY);
    this.quad ??= this.screen();
    const { uniforms } = this.quad.material as RawShaderMaterial;
    uniforms['uPicture']!.value = this.target!.texture;
    uniforms['uDepth']!.value = this.target!.depthTexture;
    this.quad.visible = true;
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
    const [width, height] = [Math.floor(x), Math.floor(y)];
    if (this.target?.width !== width || this.target.height !== height) {
      this.release();
      this.target = new WebGLRenderTarget(width, height, { minFilter: NearestFilter, magFilter: NearestFilter, stencilBuffer: false });
      this.target.depthTexture = new DepthTexture(width, height, UnsignedIntType);
    }
    const others = world.children.filter((c) => c.visible && !this.away.includes(c as Mesh));
    for (const child of others) child.visible = false;
    renderer.setRenderTarget(this.target);
    renderer.clear();
    renderer.render(world, rig.camera);
    renderer.setRenderTarget(null);
    for (const child of others) child.visible = true;
  }

  private screen(): Mesh {
    const material = new RawShaderMaterial({
      glslVersion: GLSL3, vertexShader: VERTEX, fragmentShader: FRAGMENT, depthFunc: AlwaysDepth,
      uniforms: { uPicture: { value: null }, uDepth: { value: null } },
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
