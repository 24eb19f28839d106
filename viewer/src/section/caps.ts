// The caps of the section: one mesh, one draw for the whole campus, built anew when the plane moves. Fetched with the
// first section that is cut.

import {
  BackSide, BufferAttribute, BufferGeometry, DoubleSide, DynamicDrawUsage, FrontSide, GLSL3, IntType, Mesh, RawShaderMaterial, Vector2, Vector3,
} from 'three'; // prettier-ignore
import { Change, type LayerContext } from '../layer.ts';
import { castsShadow } from '../layers/shadow.ts';
import { canBeKept } from '../look/keepable.ts';
import type { Section } from '../props.ts';
import { linear } from '../tokens.ts';
import { buildCaps } from './build.ts';
import { CapBuffers } from './buffers.ts';
import { Handle } from './handle.ts';
import { EARTH } from './measures.ts';
import type { ShellSolid } from './shell-cut.ts';
import { CAP_DEPTH_FRAGMENT, CAP_DEPTH_VERTEX, CAP_FRAGMENT, CAP_VERTEX } from './shader.ts';

/** GPU arrays by name: numbers a vertex. */
const ATTRIBUTES = { aPlace: 3, aInset: 4, aTag: 4 } as const;

export class Caps {
  readonly mesh: Mesh;
  readonly handle: Handle;
  private readonly ctx: LayerContext;
  private readonly buffers = new CapBuffers();
  private readonly geometry = new BufferGeometry();
  private readonly material: RawShaderMaterial;
  private readonly poche = new Vector3();
  private readonly facing = new Vector3();
  private capacity = [0, 0];
  private built = '';

  constructor(ctx: LayerContext) {
    this.ctx = ctx;
    this.handle = new Handle(ctx);
    const uniforms = {
      ...ctx.uniforms,
      uPoche: { value: this.poche },
      uFacing: { value: this.facing },
      uEarth: { value: new Vector2(ctx.index.file.ground.z, EARTH) },
      uLines: { value: 1 },
    };
    this.material = new RawShaderMaterial({ glslVersion: GLSL3, vertexShader: CAP_VERTEX, fragmentShader: CAP_FRAGMENT, uniforms });
    this.mesh = new Mesh(this.geometry, this.material);
    this.mesh.frustumCulled = false;
    this.mesh.matrixAutoUpdate = false;
    // first of all: what lies behind a cut is then never shaded
    this.mesh.renderOrder = -10;
    canBeKept(this.mesh);
    castsShadow(this.mesh, CAP_DEPTH_VERTEX, CAP_DEPTH_FRAGMENT, uniforms, DoubleSide);
    ctx.world.add(this.mesh);
    this.paint();
  }

  private paint(): void {
    this.poche.set(...linear(this.ctx.tokens.hex.poche));
  }

  update(change: number): void {
    const { section } = this.ctx.view;
    if (change & Change.Theme) {
      this.paint();
      this.handle.paint();
    }
    if (change & Change.Building) this.built = '';
    if (section) this.cut(section);
  }

  beforeDraw(): void {
    const { section } = this.ctx.view;
    if (!section) return;
    // shells come and go with the camera
    this.cut(section);
    this.handle.place(section);
  }

  /** Faces for where the plane is now; the same plane again costs nothing. */
  private cut(section: Section): void {
    const { index, storeys, loaded } = this.ctx;
    const { axis, at, flip } = section;
    this.material.side = flip ? BackSide : FrontSide;
    this.facing.set(axis === 'x' ? 1 : 0, axis === 'y' ? 1 : 0, axis === 'z' ? 1 : 0).multiplyScalar(flip ? -1 : 1);
    const shells = this.shells();
    const key = `${axis}${at}${axis === 'z' ? this.lifts() : ''} ${shells.map((shell) => shell.building).join()}`;
    if (key === this.built) return;
    this.built = key;
    const scene = { index, storeys, block: (b: number) => loaded[b]?.block ?? null, shells };
    buildCaps(scene, section, this.buffers);
    this.upload();
  }

  /** What a level cut depends on beside its height. */
  private lifts(): string {
    const { index, storeys } = this.ctx;
    let sum = '';
    for (let j = 0; j < index.storeys; j++) if (storeys.lift(j) !== 0) sum += `,${j}:${storeys.lift(j)}`;
    return sum;
  }

  /** The shells that are drawn now. */
  private shells(): ShellSolid[] {
    return this.ctx.world.children.filter((c) => c.visible && c.userData['shell']).map((c) => c.userData['shell'] as ShellSolid);
  }

  private upload(): void {
    const { buffers, geometry } = this;
    const [vertices, indices] = [buffers.place.length, buffers.index.length];
    if (vertices !== this.capacity[0] || indices !== this.capacity[1]) {
      // a buffer on the GPU keeps its size: longer arrays are other attributes
      geometry.dispose();
      this.capacity = [vertices, indices];
      attach(geometry, buffers);
    }
    for (const [name, size] of Object.entries(ATTRIBUTES)) renew(geometry.getAttribute(name) as BufferAttribute, size * buffers.vertices);
    renew(geometry.index!, buffers.indices);
    geometry.setDrawRange(0, buffers.indices);
    this.mesh.visible = buffers.indices > 0;
  }

  dispose(): void {
    this.handle.dispose();
    this.mesh.removeFromParent();
    this.geometry.dispose();
    this.material.dispose();
  }
}

/** Makes the buffers' arrays the geometry's. */
export function attach(geometry: BufferGeometry, buffers: CapBuffers): void {
  const arrays = { aPlace: buffers.place, aInset: buffers.inset, aTag: buffers.tag };
  for (const [name, size] of Object.entries(ATTRIBUTES)) {
    const attribute = new BufferAttribute(arrays[name as keyof typeof ATTRIBUTES], size);
    if (name === 'aTag') (attribute as unknown as { gpuType: number }).gpuType = IntType;
    geometry.setAttribute(name, attribute.setUsage(DynamicDrawUsage));
  }
  geometry.setIndex(new BufferAttribute(buffers.index, 1).setUsage(DynamicDrawUsage));
  geometry.setDrawRange(0, buffers.indices);
}

/** Only what is used goes to the GPU. */
function renew(attribute: BufferAttribute, used: number): void {
  attribute.clearUpdateRanges();
  attribute.addUpdateRange(0, used);
  attribute.needsUpdate = true;
}
