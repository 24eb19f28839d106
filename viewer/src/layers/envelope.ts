// Closed buildings: slabs, glazed bands in the colours of the rooms behind them, roofs. One mesh a building.

import {
  BufferAttribute, BufferGeometry, FrontSide, GLSL3, IntType, InterleavedBuffer, InterleavedBufferAttribute, Mesh, RawShaderMaterial, Sphere, Vector3,
} from 'three'; // prettier-ignore
import type { BuildingData } from '../jobs.ts';
import { Change, type Layer, type LayerContext } from '../layer.ts';
import { ENVELOPE_WORDS } from '../look/envelope.ts';
import { DEPTH_FRAGMENT, ENVELOPE_DEPTH_VERTEX, ENVELOPE_FRAGMENT, ENVELOPE_VERTEX } from '../look/envelope-shader.ts';
import { canBeKept } from '../look/keepable.ts';
import { shellsShown } from '../look/lod.ts';
import { Show } from '../storeys.ts';
import { castsShadow } from './shadow.ts';
import { buildingMatrix } from './rooms.ts';

/** The arrays are dropped once the GPU has them. */
function release(this: BufferAttribute | InterleavedBuffer): void {
  (this as { array: unknown }).array = EMPTY;
}

const EMPTY = new Uint16Array(0);
/** More open buildings than this show their rooms only. */
const MANY_OPEN = 8;

export class EnvelopeLayer implements Layer {
  readonly name = 'envelope';
  private readonly meshes: (Mesh | null)[] = [];
  private bare: boolean[] = []; // buildings that show their rooms alone
  private material: RawShaderMaterial | null = null;
  private ctx: LayerContext | null = null;

  init(ctx: LayerContext): void {
    this.ctx = ctx;
    this.material = new RawShaderMaterial({
      glslVersion: GLSL3,
      vertexShader: ENVELOPE_VERTEX,
      fragmentShader: ENVELOPE_FRAGMENT,
      uniforms: ctx.uniforms,
      side: FrontSide,
    });
  }

  update(change: number): void {
    if (change & Change.Building) {
      for (const data of this.ctx!.loaded) if (data && !this.meshes[data.building]) this.add(data);
    }
    if (change & (Change.Storeys | Change.Building)) this.cull();
  }

  private add(data: BuildingData): void {
    const ctx = this.ctx!;
    const built = data.extra['envelope'];
    if (!built) return;
    const { vertices, indices } = built.arrays as { vertices: Uint16Array; indices: Uint16Array | Uint32Array };
    const row = ctx.index.file.buildings[data.building]!;
    const geometry = new BufferGeometry();
    const buffer = new InterleavedBuffer(vertices, ENVELOPE_WORDS);
    for (const [name, offset] of [['aPlace', 0], ['aMore', 4]] as const) {
      const attribute = new InterleavedBufferAttribute(buffer, 4, offset);
      (attribute as unknown as { gpuType: number }).gpuType = IntType;
      geometry.setAttribute(name, attribute);
    }
    const index = new BufferAttribute(indices, 1);
    geometry.setIndex(index);
    buffer.onUpload(release);
    index.onUpload(release);
    const mesh = new Mesh(geometry, this.material!);
    mesh.matrixAutoUpdate = false;
    buildingMatrix(row, mesh.matrix);
    mesh.matrixWorld.copy(mesh.matrix);
    // the mesh stands in its own turned frame: a sphere round the box needs no turning
    const b = row.bounds;
    const centre = new Vector3((b[0] + b[3]) / 2, (b[1] + b[4]) / 2, (b[2] + b[5]) / 2);
    const radius = Math.hypot(b[3] - b[0], b[4] - b[1], b[5] - b[2]) / 2 + 3;
    const inverse = mesh.matrixWorld.clone().invert();
    geometry.boundingSphere = new Sphere(centre.applyMatrix4(inverse), radius / mesh.matrixWorld.getMaxScaleOnAxis());
    canBeKept(mesh);
    castsShadow(mesh, ENVELOPE_DEPTH_VERTEX, DEPTH_FRAGMENT, ctx.uniforms);
    this.meshes[data.building] = mesh;
    ctx.world.add(mesh);
    built.arrays = {};
  }

  /** A building whose shell is drawn needs its envelope only for the plates of open storeys: those come with the rooms. */
  beforeDraw(): boolean {
    const shown = shellsShown(this.ctx!.index);
    for (let b = 0; b < this.meshes.length; b++) {
      const mesh = this.meshes[b];
      if (mesh) mesh.visible = !this.bare[b] && !shown.has(b);
    }
    return false;
  }

  /**
   * Exploded storeys stand outside the building's own sphere. Where many buildings lie open (the map, the campus
   * x-rayed) their rooms alone are drawn, so that a building never costs two draw calls in a view of all.
   */
  private cull(): void {
    const { index, storeys } = this.ctx!;
    const rows = index.file.buildings;
    const open = rows.map(({ storeys: [first, count] }) => {
      for (let j = first; j < first + count; j++) if (storeys.rooms(j) !== Show.hidden) return true;
      return false;
    });
    const many = open.filter(Boolean).length > MANY_OPEN;
    this.bare = open.map((isOpen) => many && isOpen);
    this.meshes.forEach((mesh, b) => {
      if (!mesh) return;
      const [first, count] = rows[b]!.storeys;
      mesh.frustumCulled = count === 0 || storeys.lift(first + count - 1) === 0;
    });
  }

  dispose(): void {
    for (const mesh of this.meshes) {
      if (!mesh) continue;
      mesh.removeFromParent();
      mesh.geometry.dispose();
    }
    this.meshes.length = 0;
    this.material?.dispose();
  }
}
