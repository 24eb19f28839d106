// Authored shells: fetched when a building is near enough that its storeys show (about 6 px), drawn in place of its
// envelope, dropped again when too many triangles are resident. One draw a building.

import { BufferAttribute, BufferGeometry, DoubleSide, GLSL3, IntType, InterleavedBuffer, InterleavedBufferAttribute, Mesh, RawShaderMaterial } from 'three';
import { Change, type Layer, type LayerContext } from '../layer.ts';
import { DEPTH_FRAGMENT } from '../look/envelope-shader.ts';
import { canBeKept } from '../look/keepable.ts';
import { shellsShown } from '../look/lod.ts';
import { type Decode, joinShell } from '../look/shell-file.ts';
import { SHELL_DEPTH_VERTEX, SHELL_FRAGMENT, SHELL_VERTEX } from '../look/shell-shader.ts';
import type { ShellSolid } from '../section/shell-cut.ts';
import { castsShadow } from './shadow.ts';

/** Storey height on the screen [CSS pixels] at which a shell comes, and below which it goes again. */
const COMES = 6;
const GOES = 4;
const MOST_TRIANGLES = 2_000_000;

let decoder: Promise<Decode> | null = null;

/** The mesh decoder, fetched with the first shell. */
function loadDecoder(): Promise<Decode> {
  decoder ??= import('three/examples/jsm/libs/meshopt_decoder.module.js').then(async ({ MeshoptDecoder }) => {
    await MeshoptDecoder.ready;
    return (target, count, size, source, mode) => MeshoptDecoder.decodeGltfBuffer(target, count, size, source, mode);
  });
  return decoder;
}

export class ShellsLayer implements Layer {
  readonly name = 'shells';
  private ctx: LayerContext | null = null;
  private readonly meshes = new Map<number, Mesh>();
  private readonly asked = new Set<number>();
  private readonly used = new Map<number, number>();
  private cameraVersion = -1;
  private gone = false;

  init(ctx: LayerContext): void {
    this.ctx = ctx;
  }

  update(change: number): void {
    if (change & (Change.Size | Change.Mode | Change.Scene)) this.cameraVersion = -1;
  }

  beforeDraw(now: number): boolean {
    const { rig, index, view } = this.ctx!;
    if (index.file.shells.length === 0 || rig.version === this.cameraVersion) return false;
    this.cameraVersion = rig.version;
    const shown = shellsShown(index);
    index.file.shells.forEach((shell, i) => {
      const row = index.file.buildings[shell.building]!;
      const [first, count] = row.storeys;
      const height = count > 0 ? index.file.storeys.height[first]! : 3;
      const pixels = height / rig.metresPerPixelAt(row.anchor[0], row.anchor[1], row.anchor[2]);
      const near = view.mode === '3d' && pixels > (shown.has(shell.building) ? GOES : COMES);
      const mesh = this.meshes.get(i);
      if (near && !mesh) this.ask(i);
      if (near) this.used.set(i, now);
      if (mesh) {
        mesh.visible = near;
        if (near) shown.add(shell.building);
        else shown.delete(shell.building);
      }
    });
    this.makeRoom();
    return false;
  }

  private ask(i: number): void {
    if (this.asked.has(i)) return;
    this.asked.add(i);
    void this.load(i).catch((error: unknown) => console.warn(`the shell ${this.ctx!.index.file.shells[i]!.url}: ${String(error)}`));
  }

  private async load(i: number): Promise<void> {
    const ctx = this.ctx!;
    const shell = ctx.index.file.shells[i]!;
    const [decode, answer] = await Promise.all([loadDecoder(), fetch(shell.url)]);
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    const row = ctx.index.file.buildings[shell.building]!;
    const ids = ctx.index.file.storeys.id.slice(row.storeys[0], row.storeys[0] + row.storeys[1]);
    const file = joinShell(await answer.arrayBuffer(), decode, (id) => ids.indexOf(id));
    if (this.gone) return;
    const geometry = new BufferGeometry();
    const place = new InterleavedBufferAttribute(new InterleavedBuffer(file.vertices, 4), 4, 0);
    (place as unknown as { gpuType: number }).gpuType = IntType;
    geometry.setAttribute('aPlace', place);
    geometry.setIndex(new BufferAttribute(file.indices, 1));
    const uniforms = {
      ...ctx.uniforms,
      uFirstStorey: { value: row.storeys[0] },
      uFirstStoreySlot: { value: ctx.index.storeySlot(row.storeys[0]) },
    };
    const material = new RawShaderMaterial({
      glslVersion: GLSL3, vertexShader: SHELL_VERTEX, fragmentShader: SHELL_FRAGMENT, uniforms, side: DoubleSide,
    }); // prettier-ignore
    const mesh = new Mesh(geometry, material);
    mesh.matrixAutoUpdate = false;
    mesh.frustumCulled = false;
    mesh.matrix.makeScale(file.scale, file.scale, file.scale).setPosition(...file.translation);
    mesh.matrixWorld.copy(mesh.matrix);
    canBeKept(mesh);
    castsShadow(mesh, SHELL_DEPTH_VERTEX, DEPTH_FRAGMENT, uniforms);
    const solid: ShellSolid = { building: shell.building, ...file };
    mesh.userData['shell'] = solid;
    this.meshes.set(i, mesh);
    ctx.world.add(mesh);
    this.cameraVersion = -1;
    ctx.requestDraw();
  }

  /** Lets go of the shells that were seen longest ago while too many triangles are resident. */
  private makeRoom(): void {
    const { shells } = this.ctx!.index.file;
    let triangles = 0;
    for (const i of this.meshes.keys()) triangles += shells[i]!.triangles;
    const byAge = [...this.meshes.keys()].sort((a, b) => this.used.get(a)! - this.used.get(b)!);
    for (const i of byAge) {
      if (triangles <= MOST_TRIANGLES || this.meshes.size === 1) return;
      this.drop(i);
      triangles -= shells[i]!.triangles;
    }
  }

  private drop(i: number): void {
    const mesh = this.meshes.get(i)!;
    mesh.removeFromParent();
    mesh.geometry.dispose();
    (mesh.material as RawShaderMaterial).dispose();
    this.meshes.delete(i);
    this.asked.delete(i);
    shellsShown(this.ctx!.index).delete(this.ctx!.index.file.shells[i]!.building);
  }

  dispose(): void {
    this.gone = true;
    for (const i of [...this.meshes.keys()]) this.drop(i);
  }
}
