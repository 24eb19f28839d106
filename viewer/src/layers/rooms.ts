// The rooms: one mesh a building, one material for all. A building none of whose storeys lies open costs nothing.

import {
  BufferAttribute, BufferGeometry, FrontSide, GLSL3, IntType, InterleavedBuffer, InterleavedBufferAttribute, Matrix4, Mesh,
  RawShaderMaterial, Sphere, Vector3,
} from 'three'; // prettier-ignore
import { BlockFrame } from '../blockframe.ts';
import type { BuildingData } from '../jobs.ts';
import { Change, type Layer, type LayerContext } from '../layer.ts';
import { DEPTH_FRAGMENT } from '../look/envelope-shader.ts';
import { ROOM_DEPTH_VERTEX, ROOM_FRAGMENT, ROOM_VERTEX } from '../look/rooms.ts';
import { storeyRange, VERTEX_WORDS } from '../prisms.ts';
import type { BuildingRow } from '../scene.ts';
import { Show } from '../storeys.ts';
import { castsShadow } from './shadow.ts';

/** The mesh's arrays are dropped once the GPU has them. */
function release(this: BufferAttribute | InterleavedBuffer): void {
  (this as { array: unknown }).array = null;
}

/** From the 12-byte vertices of a building (steps, steps, centimetres above its base) to the campus [m]. */
export function buildingMatrix(row: BuildingRow, out: Matrix4): Matrix4 {
  const frame = new BlockFrame(row.frame);
  const { cos, sin, step } = frame;
  const base = Math.floor(row.bounds[2] * 100) / 100;
  return out.set(cos * step, -sin * step, 0, frame.x0, sin * step, cos * step, 0, frame.y0, 0, 0, 0.01, base, 0, 0, 0, 1);
}

/** GPU geometry of 12-byte vertices; its bounding sphere is in the same coordinates. */
export function packedGeometry(vertices: Uint16Array, indices: Uint16Array | Uint32Array, row: BuildingRow): BufferGeometry {
  const geometry = new BufferGeometry();
  const buffer = new InterleavedBuffer(vertices, VERTEX_WORDS);
  const place = new InterleavedBufferAttribute(buffer, 4, 0);
  const slot = new InterleavedBufferAttribute(buffer, 2, 4);
  for (const attribute of [place, slot]) (attribute as unknown as { gpuType: number }).gpuType = IntType;
  geometry.setAttribute('aPlace', place);
  geometry.setAttribute('aSlot', slot);
  const index = new BufferAttribute(indices, 1);
  geometry.setIndex(index);
  buffer.onUpload(release);
  index.onUpload(release);
  const [x0, y0, z0, x1, y1, z1] = row.bounds;
  const inverse = buildingMatrix(row, new Matrix4()).invert();
  const middle = new Vector3((x0 + x1) / 2, (y0 + y1) / 2, (z0 + z1) / 2).applyMatrix4(inverse);
  // The sphere is scaled by the matrix's largest axis, which is that of the plan (a step is at least a centimetre).
  geometry.boundingSphere = new Sphere(middle, (Math.hypot(x1 - x0, y1 - y0, z1 - z0) / 2 + 1) / row.frame[3]);
  return geometry;
}

export class RoomsLayer implements Layer {
  readonly name = 'rooms';
  readonly meshes: (Mesh | null)[] = [];
  material: RawShaderMaterial | null = null;
  private ctx: LayerContext | null = null;
  private starts: (Uint32Array | null)[] = [];

  init(ctx: LayerContext): void {
    this.ctx = ctx;
    this.material = new RawShaderMaterial({
      glslVersion: GLSL3,
      vertexShader: ROOM_VERTEX,
      fragmentShader: ROOM_FRAGMENT,
      uniforms: ctx.uniforms,
      side: FrontSide,
    });
  }

  update(change: number): void {
    if (change & Change.Building) this.addNew();
    if (change & (Change.Storeys | Change.Building)) this.showOpen();
  }

  private addNew(): void {
    const { loaded } = this.ctx!;
    for (let b = 0; b < loaded.length; b++) {
      const data = loaded[b];
      if (data && !this.meshes[b]) this.add(data);
    }
  }

  private add(data: BuildingData): void {
    const ctx = this.ctx!;
    const row = ctx.index.file.buildings[data.building]!;
    const mesh = new Mesh(packedGeometry(data.rooms.vertices, data.rooms.indices, row), this.material!);
    mesh.matrixAutoUpdate = false;
    buildingMatrix(row, mesh.matrix);
    mesh.matrixWorld.copy(mesh.matrix);
    mesh.visible = false;
    castsShadow(mesh, ROOM_DEPTH_VERTEX, DEPTH_FRAGMENT, ctx.uniforms);
    this.meshes[data.building] = mesh;
    this.starts[data.building] = data.rooms.storeyStart;
    ctx.world.add(mesh);
    data.rooms = { ...data.rooms, vertices: EMPTY, indices: EMPTY };
  }

  /** Draws the span of open storeys; closed ones in between collapse in the vertex shader. */
  private showOpen(): void {
    const { index, storeys } = this.ctx!;
    for (let b = 0; b < this.meshes.length; b++) {
      const mesh = this.meshes[b];
      const starts = this.starts[b];
      if (!mesh || !starts) continue;
      const [first, count] = index.file.buildings[b]!.storeys;
      let low = -1;
      let high = -1;
      let lift = 0;
      for (let s = 0; s < count; s++) {
        if (storeys.rooms(first + s) === Show.hidden) continue;
        if (low < 0) low = s;
        high = s;
        lift = Math.max(lift, storeys.lift(first + s));
      }
      const [begin, indices] = low < 0 ? [0, 0] : storeyRange(starts, low, high);
      mesh.visible = indices > 0;
      if (!mesh.visible) continue;
      mesh.geometry.setDrawRange(begin, indices);
      mesh.frustumCulled = lift === 0;
    }
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

const EMPTY = new Uint16Array(0);
