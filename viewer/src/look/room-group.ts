// The rooms of some neighbouring buildings, drawn at once: of each the indices that it shows just now.

import {
  BufferAttribute, BufferGeometry, type Camera, Frustum, IntType, InterleavedBuffer, InterleavedBufferAttribute, Matrix4, Mesh,
  type RawShaderMaterial, Sphere, Vector3,
} from 'three'; // prettier-ignore
import type { RoomGroupData } from '../jobs.ts';
import { VERTEX_WORDS } from '../prisms.ts';
import type { GroupFrame } from '../room-groups.ts';
import type { RoomPart } from './room-part.ts';

/** The mesh's arrays are dropped once the GPU has them. */
function release(this: BufferAttribute | InterleavedBuffer): void {
  (this as { array: unknown }).array = null;
}

/** GPU geometry of 12-byte vertices. */
export function packedGeometry(vertices: Uint16Array, indices: Uint16Array | Uint32Array): BufferGeometry {
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
  geometry.boundingSphere = new Sphere();
  return geometry;
}

/** What three.js takes of a mesh that draws several ranges of its indices in one call (as its own BatchedMesh has it). */
interface ManyDraws {
  isBatchedMesh: boolean;
  _colorsTexture: null;
  /** Bytes into the indices, and how many indices. */
  _multiDrawStarts: Int32Array;
  _multiDrawCounts: Int32Array;
  _multiDrawCount: number;
}

const FRUSTUM = new Frustum();
const SEEN = new Matrix4();
const EYE = new Vector3();

export class RoomGroup {
  readonly mesh: Mesh;
  readonly parts: RoomPart[];
  private readonly draws: ManyDraws;
  private readonly indexBytes: number;
  /** Of each part, how far it is from the eye; the nearest is drawn first, and what it hides is then not shaded. */
  private readonly away: Float64Array;

  constructor(data: RoomGroupData, parts: RoomPart[], material: RawShaderMaterial) {
    this.parts = parts;
    this.indexBytes = data.indices.BYTES_PER_ELEMENT;
    this.away = new Float64Array(parts.length);
    this.mesh = new Mesh(packedGeometry(data.vertices, data.indices), material);
    this.mesh.matrixAutoUpdate = false;
    groupMatrix(data.frame, this.mesh.matrix);
    this.mesh.matrixWorld.copy(this.mesh.matrix);
    this.mesh.visible = false;
    // each building is looked for in the camera's view below
    this.mesh.frustumCulled = false;
    const middle = this.mesh.geometry.boundingSphere!.center;
    for (const part of parts) middle.addScaledVector(part.sphere.center, 1 / parts.length);
    middle.applyMatrix4(SEEN.copy(this.mesh.matrix).invert());
    this.draws = Object.assign(this.mesh as unknown as ManyDraws, {
      isBatchedMesh: true,
      _colorsTexture: null,
      _multiDrawStarts: new Int32Array(parts.length),
      _multiDrawCounts: new Int32Array(parts.length),
      _multiDrawCount: 0,
    });
    this.mesh.onBeforeRender = (_renderer, _scene, camera) => this.aim(camera);
  }

  /** Indices that the last frame drew. */
  get drawn(): number {
    const { _multiDrawCount: n, _multiDrawCounts: counts } = this.draws;
    return this.mesh.visible ? counts.subarray(0, n).reduce((sum, count) => sum + count, 0) : 0;
  }

  /** The parts that a camera can see, the nearest first. */
  private aim(camera: Camera): void {
    const { away, draws, parts } = this;
    FRUSTUM.setFromProjectionMatrix(SEEN.multiplyMatrices(camera.projectionMatrix, camera.matrixWorldInverse));
    EYE.setFromMatrixPosition(camera.matrixWorld);
    let n = 0;
    for (let k = 0; k < parts.length; k++) {
      const part = parts[k]!;
      if (part.count === 0 || !(part.lifted || FRUSTUM.intersectsSphere(part.sphere))) continue;
      const distance = EYE.distanceToSquared(part.sphere.center);
      let at = n++;
      for (; at > 0 && away[at - 1]! > distance; at--) {
        away[at] = away[at - 1]!;
        draws._multiDrawStarts[at] = draws._multiDrawStarts[at - 1]!;
        draws._multiDrawCounts[at] = draws._multiDrawCounts[at - 1]!;
      }
      away[at] = distance;
      draws._multiDrawStarts[at] = part.first * this.indexBytes;
      draws._multiDrawCounts[at] = part.count;
    }
    draws._multiDrawCount = n;
  }

  dispose(): void {
    this.mesh.removeFromParent();
    this.mesh.geometry.dispose();
  }
}

/** From the steps of a group to the campus [m]. */
function groupMatrix([x0, y0, base, step]: GroupFrame, out: Matrix4): Matrix4 {
  return out.set(step, 0, 0, x0, 0, step, 0, y0, 0, 0, 0.01, base, 0, 0, 0, 1);
}
