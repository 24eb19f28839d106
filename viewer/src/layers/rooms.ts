// The rooms: one mesh for some neighbouring buildings, one material for all. What does not lie open costs nothing.

import { FrontSide, GLSL3, type Matrix4, RawShaderMaterial, type Vector3, type Vector4 } from 'three';
import { BlockFrame } from '../blockframe.ts';
import type { RoomGroupData } from '../jobs.ts';
import { Change, type Layer, type LayerContext } from '../layer.ts';
import { DEPTH_FRAGMENT } from '../look/envelope-shader.ts';
import { canBeKept } from '../look/keepable.ts';
import { RoomGroup } from '../look/room-group.ts';
import { RoomPart } from '../look/room-part.ts';
import { ROOM_DEPTH_VERTEX, ROOM_FRAGMENT, ROOM_VERTEX } from '../look/rooms.ts';
import type { BuildingRow } from '../scene.ts';
import { Show } from '../storeys.ts';
import { castsShadow } from './shadow.ts';

/** From the 12-byte vertices of a building (steps, steps, centimetres above its base) to the campus [m]. */
export function buildingMatrix(row: BuildingRow, out: Matrix4): Matrix4 {
  const frame = new BlockFrame(row.frame);
  const { cos, sin, step } = frame;
  const base = Math.floor(row.bounds[2] * 100) / 100;
  return out.set(cos * step, -sin * step, 0, frame.x0, sin * step, cos * step, 0, frame.y0, 0, 0, 0.01, base, 0, 0, 0, 1);
}

export class RoomsLayer implements Layer {
  readonly name = 'rooms';
  material: RawShaderMaterial | null = null;
  private ctx: LayerContext | null = null;
  private readonly groups: RoomGroup[] = [];
  private readonly parts: (RoomPart | undefined)[] = [];

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

  beforeDraw(): boolean {
    const { rig, uniforms, view } = this.ctx!;
    const ratio = (uniforms.uScreen.value as Vector4).z;
    for (const part of this.parts) part?.look(rig, uniforms.uEye.value as Vector3, ratio, view.section !== null);
    return false;
  }

  /** Indices that the last frame drew. */
  get drawn(): number {
    return this.groups.reduce((sum, group) => sum + group.drawn, 0);
  }

  private addNew(): void {
    for (const data of this.ctx!.rooms.splice(0)) this.add(data);
  }

  private add(data: RoomGroupData): void {
    const { index, uniforms, world } = this.ctx!;
    const parts = data.buildings.map((b, k) => new RoomPart(data.ranges[k]!, index.file.buildings[b]!));
    const group = new RoomGroup(data, parts, this.material!);
    canBeKept(group.mesh);
    castsShadow(group.mesh, ROOM_DEPTH_VERTEX, DEPTH_FRAGMENT, uniforms);
    data.buildings.forEach((b, k) => (this.parts[b] = parts[k]));
    this.groups.push(group);
    world.add(group.mesh);
  }

  /** Draws the span of open storeys; closed ones in between collapse in the vertex shader. */
  private showOpen(): void {
    const { index, storeys } = this.ctx!;
    for (let b = 0; b < this.parts.length; b++) {
      const part = this.parts[b];
      if (!part) continue;
      const [first, count] = index.file.buildings[b]!.storeys;
      let span: [number, number] | null = null;
      let open = 0;
      let lifted = false;
      for (let s = 0; s < count; s++) {
        if (storeys.rooms(first + s) === Show.hidden) continue;
        open++;
        span = [span ? span[0] : s, s];
        lifted ||= storeys.lift(first + s) > 0;
      }
      part.show(span, open === count, lifted);
    }
    for (const { mesh, parts } of this.groups) mesh.visible = parts.some((part) => part.count > 0);
  }

  dispose(): void {
    for (const group of this.groups) group.dispose();
    this.groups.length = this.parts.length = 0;
    this.material?.dispose();
  }
}
