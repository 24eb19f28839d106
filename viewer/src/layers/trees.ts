// Trees: one body of 20 faces for all, placed by one row of four numbers a tree; one draw.

import {
  BufferGeometry, Float32BufferAttribute, GLSL3, IcosahedronGeometry, InstancedBufferAttribute, InstancedBufferGeometry, Mesh, RawShaderMaterial, Vector3,
} from 'three'; // prettier-ignore
import { Change, type Layer, type LayerContext } from '../layer.ts';
import { canBeKept } from '../look/keepable.ts';
import { DEPTH_FRAGMENT } from '../look/envelope-shader.ts';
import { TREE_DEPTH_VERTEX, TREE_FRAGMENT, TREE_VERTEX } from '../look/ground-shader.ts';
import { linear } from '../tokens.ts';
import { castsShadow } from './shadow.ts';
import { type GroundFile, loadGround } from '../look/ground-file.ts';

/** Metres a pixel at the target below which trees get their finer body. */
const NEAR = 0.3;
/** How long the camera must have stood before trees come back on the lowest tier [ms]. */
const SETTLED = 120;

export class TreesLayer implements Layer {
  readonly name = 'trees';
  private ctx: LayerContext | null = null;
  private mesh: Mesh | null = null;
  private readonly colour = { value: new Vector3() };
  private gone = false;
  private cameraVersion = -1;
  private timer = 0;
  /** The crown in 20 faces, and in 80 for trees that are near. */
  private bodies: InstancedBufferGeometry[] = [];

  init(ctx: LayerContext): void {
    this.ctx = ctx;
    void loadGround(ctx).then((file) => {
      if (file && !this.gone) this.build(file);
    });
  }

  private build(file: GroundFile): void {
    const ctx = this.ctx!;
    const { x, y, z, r } = file.trees;
    if (x.length === 0) return;
    const rows = new Float32Array(x.length * 4);
    for (let i = 0; i < x.length; i++) rows.set([x[i]!, y[i]!, z[i]!, r[i]!], i * 4);
    const places = new InstancedBufferAttribute(rows, 4);
    this.bodies = [lumpy(0), lumpy(1)].map((body) => {
      const geometry = new InstancedBufferGeometry();
      geometry.setIndex(body.index);
      geometry.setAttribute('position', body.getAttribute('position'));
      geometry.setAttribute('aTree', places);
      geometry.instanceCount = x.length;
      return geometry;
    });
    const material = new RawShaderMaterial({
      glslVersion: GLSL3,
      vertexShader: TREE_VERTEX,
      fragmentShader: TREE_FRAGMENT,
      uniforms: { ...ctx.uniforms, uTree: this.colour },
    });
    this.mesh = new Mesh(this.bodies[0], material);
    this.mesh.frustumCulled = false;
    this.mesh.matrixAutoUpdate = false;
    canBeKept(this.mesh);
    castsShadow(this.mesh, TREE_DEPTH_VERTEX, DEPTH_FRAGMENT, ctx.uniforms);
    ctx.world.add(this.mesh);
    this.paint();
    ctx.requestDraw();
  }

  private paint(): void {
    this.colour.value.set(...linear(this.ctx!.tokens.hex.ground.tree));
  }

  update(change: number): void {
    if (change & Change.Theme) this.paint();
    if (this.mesh && change & Change.Mode) this.mesh.visible = this.ctx!.view.mode !== 'plan';
    if (change & Change.Section) this.stepAside();
  }

  beforeDraw(): boolean {
    if (!this.mesh) return false;
    const { rig } = this.ctx!;
    this.mesh.geometry = this.bodies[rig.metresPerPixel() < NEAR ? 1 : 0]!;
    const moved = this.cameraVersion >= 0 && rig.version !== this.cameraVersion;
    this.cameraVersion = rig.version;
    if (moved) this.stepAside();
    return false;
  }

  /** A machine without a graphics card draws the campus without its trees while it turns or is cut. */
  private stepAside(): void {
    if (!this.mesh || this.ctx!.view.tier !== 'c') return;
    this.mesh.visible = false;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.comeBack(), SETTLED);
  }

  private comeBack(): void {
    if (this.gone || !this.mesh) return;
    this.mesh.visible = this.ctx!.view.mode !== 'plan';
    this.ctx!.requestDraw();
  }

  dispose(): void {
    this.gone = true;
    clearTimeout(this.timer);
    if (!this.mesh) return;
    this.mesh.removeFromParent();
    for (const body of this.bodies) body.dispose();
    (this.mesh.material as RawShaderMaterial).dispose();
  }
}

/** A ball of 20 or 80 faces with its corners shared and slightly uneven: a crown. */
function lumpy(detail: number): BufferGeometry {
  const raw = new IcosahedronGeometry(1, detail).getAttribute('position');
  const corners: number[] = [];
  const index: number[] = [];
  const known = new Map<string, number>();
  for (let i = 0; i < raw.count; i++) {
    const key = [raw.getX(i), raw.getY(i), raw.getZ(i)].map((v) => v.toFixed(3)).join();
    let at = known.get(key);
    if (at === undefined) {
      at = corners.length / 3;
      known.set(key, at);
      const swell = 0.93 + 0.16 * ((at * 7) % 12) / 12;
      corners.push(raw.getX(i) * swell, raw.getY(i) * swell, raw.getZ(i) * swell);
    }
    index.push(at);
  }
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', new Float32BufferAttribute(corners, 3));
  geometry.setIndex(index);
  return geometry;
}
