// The ground: roads, paths, green, water and squares as one mesh without overlaps, on a plain that dissolves into the
// page. Two draws.

import {
  BufferAttribute, BufferGeometry, GLSL3, IntType, Mesh, RawShaderMaterial, Uint8BufferAttribute, Vector3,
} from 'three'; // prettier-ignore
import { Change, type Layer, type LayerContext } from '../layer.ts';
import { canBeKept } from '../look/keepable.ts';
import { type GroundFile, type GroundMesh, loadGround } from '../look/ground-file.ts';
import { GROUND_FRAGMENT, GROUND_VERTEX } from '../look/ground-shader.ts';
import { linear } from '../tokens.ts';

/** The shader's number of each kind; 0 is the plain. */
const KINDS = ['plain', 'land', 'road', 'path', 'green', 'water', 'plaza', 'sport', 'parking'] as const;
/** The plain lies this far below the features [m]. */
const BELOW = 0.12;

export class GroundLayer implements Layer {
  readonly name = 'ground';
  private ctx: LayerContext | null = null;
  private readonly meshes: Mesh[] = [];
  private readonly colours = { value: KINDS.map(() => new Vector3()) };
  private gone = false;

  init(ctx: LayerContext): void {
    this.ctx = ctx;
    this.paint();
    const b = ctx.index.file.bounds;
    // Just past where the surroundings have dissolved (layers/light.ts, extent): what is farther shows the page itself.
    const r = 0.36 * Math.max(300, b[3] - b[0], b[4] - b[1]);
    const plain: GroundMesh = { kind: 'plain', x: [0, 1, 0, -1], y: [0, 0, 1, 0], tri: [0, 1, 2, 0, 2, 3] };
    const side = 2 * r + Math.max(b[3] - b[0], b[4] - b[1]);
    const origin: [number, number] = [(b[0] + b[3] - side) / 2, (b[1] + b[4] - side) / 2];
    const z = ctx.index.file.ground?.z ?? 0;
    this.add([plain], origin, side, z - BELOW);
    void loadGround(ctx).then((file) => {
      if (file && !this.gone) this.build(file);
    });
  }

  private build(file: GroundFile): void {
    this.add(file.meshes, file.origin, file.step, file.z);
    this.ctx!.requestDraw();
  }

  private add(parts: GroundMesh[], origin: [number, number], step: number, z: number): void {
    const points = parts.reduce((sum, p) => sum + p.x.length, 0);
    if (points === 0) return;
    const places = new Float32Array(points * 2);
    const kinds = new Uint8Array(points);
    const index: number[] = [];
    let at = 0;
    for (const part of parts) {
      const kind = Math.max(0, KINDS.indexOf(part.kind as (typeof KINDS)[number]));
      for (const t of part.tri) index.push(at + t);
      let x = 0;
      let y = 0;
      for (let i = 0; i < part.x.length; i++, at++) {
        x += part.x[i]!;
        y += part.y[i]!;
        places[2 * at] = x;
        places[2 * at + 1] = y;
        kinds[at] = kind;
      }
    }
    const geometry = new BufferGeometry();
    geometry.setAttribute('aPlace', new BufferAttribute(places, 2));
    const kind = new Uint8BufferAttribute(kinds, 1);
    (kind as unknown as { gpuType: number }).gpuType = IntType;
    geometry.setAttribute('aKind', kind);
    geometry.setIndex(index);
    const mesh = new Mesh(geometry, this.material(origin, step, z));
    mesh.frustumCulled = false;
    mesh.matrixAutoUpdate = false;
    // After the buildings, and the plain after the features that lie on it: what is hidden is then never shaded. Before all
    // lines, which leave no depth.
    mesh.renderOrder = this.meshes.length === 0 ? 6 : 5;
    canBeKept(mesh);
    this.meshes.push(mesh);
    this.ctx!.world.add(mesh);
  }

  private material(origin: [number, number], step: number, z: number): RawShaderMaterial {
    return new RawShaderMaterial({
      glslVersion: GLSL3,
      vertexShader: GROUND_VERTEX,
      fragmentShader: GROUND_FRAGMENT,
      uniforms: {
        ...this.ctx!.uniforms,
        uOrigin: { value: new Vector3(origin[0], origin[1], z) },
        uStep: { value: step },
        uKinds: this.colours,
      },
    });
  }

  private paint(): void {
    const { hex } = this.ctx!.tokens;
    KINDS.forEach((kind, i) => {
      const colour = kind === 'plain' ? hex.bg : hex.ground[kind];
      this.colours.value[i]!.set(...linear(colour));
    });
  }

  update(change: number): void {
    if (change & Change.Theme) this.paint();
  }

  dispose(): void {
    this.gone = true;
    for (const mesh of this.meshes) {
      mesh.removeFromParent();
      mesh.geometry.dispose();
      (mesh.material as RawShaderMaterial).dispose();
    }
    this.meshes.length = 0;
  }
}
