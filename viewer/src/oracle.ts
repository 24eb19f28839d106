// The tests' oracle of picking: every drawn surface rendered with its slot as colour. Loaded only when a test asks.

import { BackSide, BufferGeometry, Color, FrontSide, GLSL3, Group, Mesh, NearestFilter, RawShaderMaterial, Scene, WebGLRenderTarget } from 'three';
import { FRAGMENT_HEAD, VERTEX_HEAD } from './chunks.ts';
import { buildingMatrix } from './layers/rooms.ts';
import { packedGeometry } from './look/room-group.ts';
import type { Block } from './pack.ts';
import { CEILING_GAP, extrude, ownPlace } from './prisms.ts';
import { buildCaps } from './section/build.ts';
import { Cap, CapBuffers } from './section/buffers.ts';
import { attach } from './section/caps.ts';
import { CAP_PLACE } from './section/shader.ts';
import type { Section } from './props.ts';
import type { Loaded } from './loaded.ts';
import type { View } from './view.ts';

const NEIGHBOURS = [[0, 0], [-1, -1], [0, -1], [1, -1], [-1, 0], [1, 0], [-1, 1], [0, 1], [1, 1]] as const; // prettier-ignore

const VERTEX = /* glsl */ `${VERTEX_HEAD}
in uvec4 aPlace;
in uvec2 aSlot;
uniform float uEnvelope;
out vec3 vWorld;
flat out uint vSlot;
void main() {
  vec4 storey = storeyTexel(aPlace.w);
  vSlot = aSlot.x | (aSlot.y << 16);
  vec4 world = modelMatrix * vec4(vec3(aPlace.xyz), 1.0);
  world.z += storey.x;
  vWorld = world.xyz;
  bool shown = uEnvelope > 0.5 ? storey.y < 0.5 && abs(storey.z - 1.0) < 0.5 : storey.y > 0.5;
  gl_Position = shown ? projectionMatrix * viewMatrix * world : NOWHERE;
}
`;

/** The caps without lines between the rooms; what stands between them belongs to the storey. */
const CAPS = /* glsl */ `${VERTEX_HEAD}${CAP_PLACE}
uniform vec4 uSection;
out vec3 vWorld;
flat out uint vSlot;
void main() {
  vec4 storey = capStorey();
  vSlot = capSlot();
  vec3 world = capPlace(storey);
  // on the plane itself, where rounding must not cut
  vWorld = -1e6 * uSection.xyz;
  uint kind = kindOf();
  bool solid = kind == ${Cap.base}u || kind == ${Cap.hollow}u || kind == ${Cap.room}u;
  gl_Position = solid && capShown(storey) ? projectionMatrix * viewMatrix * vec4(world, 1.0) : NOWHERE;
  gl_Position.z -= 1e-5 * float(kind + 1u) * gl_Position.w;
}
`;

const FRAGMENT = /* glsl */ `${FRAGMENT_HEAD}
in vec3 vWorld;
flat in uint vSlot;
out vec4 outColour;
void main() {
  clipSection(vWorld);
  uint id = vSlot + 1u;
  outColour = vec4(uvec4(id & 255u, (id >> 8) & 255u, (id >> 16) & 255u, 255u)) / 255.0;
}
`;

function material(scene: Loaded, envelope: boolean): RawShaderMaterial {
  return new RawShaderMaterial({
    glslVersion: GLSL3,
    vertexShader: VERTEX,
    fragmentShader: FRAGMENT,
    defines: { SECTION: '' },
    uniforms: { ...scene.uniforms, uEnvelope: { value: envelope ? 1 : 0 } },
  });
}

/** What the section cuts, as the view's own caps have it. */
function capMesh(scene: Loaded, section: Section): Mesh {
  const buffers = new CapBuffers();
  buildCaps({ ...scene, block: (b) => scene.buildings[b]?.block ?? null, shells: [] }, section, buffers);
  const geometry = new BufferGeometry();
  attach(geometry, buffers);
  return new Mesh(
    geometry,
    new RawShaderMaterial({
      glslVersion: GLSL3,
      vertexShader: CAPS,
      fragmentShader: FRAGMENT,
      uniforms: { ...scene.uniforms, uLines: { value: 0 } },
      side: section.flip ? BackSide : FrontSide,
    }),
  );
}

/** The storeys' outlines as if each were one room of its storey. */
function storeyBlock(block: Block): Block {
  return {
    ...block,
    spaces: block.storeys,
    spaceStorey: Uint16Array.from(block.elevation.keys()),
    spaceGroup: block.storeyGroup,
    spaceFloor: block.elevation,
    spaceTop: block.elevation.map((low, s) => low + block.height[s]! + CEILING_GAP),
    spaceFlags: new Uint8Array(block.storeys),
    inner: new Uint8Array(0),
  };
}

/** Slots (or -1) under the given places [CSS pixels] as the GPU sees them: each place's own, then its eight neighbours'. */
export function idsAt(view: View, places: readonly (readonly [number, number])[]): number[][] {
  const { scene, stage } = view;
  if (!scene || !stage) return [];
  const { renderer, rig } = stage;
  const world = new Group();
  const made: { dispose(): void }[] = [];
  const rooms = material(scene, false);
  const shells = material(scene, true);
  made.push(rooms, shells);
  const { section } = view.state;
  if (section !== null) {
    const caps = capMesh(scene, section);
    caps.frustumCulled = false;
    made.push(caps.geometry, caps.material as RawShaderMaterial);
    world.add(caps);
  }
  for (const data of scene.buildings) {
    if (!data) continue;
    const row = scene.index.file.buildings[data.building]!;
    const base = Math.floor(row.bounds[2] * 100);
    const parts = [
      { block: data.block, slot: scene.index.firstSpace + row.spaces[0], material: rooms },
      { block: storeyBlock(data.block), slot: scene.index.storeySlot(row.storeys[0]), material: shells },
    ];
    for (const part of parts) {
      const arrays = extrude([{ block: part.block, firstStorey: row.storeys[0], firstSlot: part.slot, place: ownPlace(base) }]);
      const mesh = new Mesh(packedGeometry(arrays.vertices, arrays.indices), part.material);
      mesh.geometry.setDrawRange(0, arrays.indices.length - arrays.ranges[0]!.far);
      mesh.matrixAutoUpdate = false;
      buildingMatrix(row, mesh.matrix);
      mesh.matrixWorld.copy(mesh.matrix);
      mesh.frustumCulled = false;
      made.push(mesh.geometry);
      world.add(mesh);
    }
  }
  const target = new WebGLRenderTarget(rig.width, rig.height, { minFilter: NearestFilter, magFilter: NearestFilter, samples: 0 });
  made.push(target);
  const stageScene = new Scene();
  stageScene.matrixWorldAutoUpdate = false;
  stageScene.add(world);
  const clear = renderer.getClearColor(new Color());
  renderer.setClearColor(0x000000, 0);
  renderer.setRenderTarget(target);
  renderer.clear();
  renderer.render(stageScene, rig.camera);
  const pixels = new Uint8Array(4 * rig.width * rig.height);
  renderer.readRenderTargetPixels(target, 0, 0, rig.width, rig.height, pixels);
  const slotAt = (x: number, y: number): number => {
    const at = 4 * ((rig.height - 1 - y) * rig.width + x);
    return ((pixels[at] ?? 0) | ((pixels[at + 1] ?? 0) << 8) | ((pixels[at + 2] ?? 0) << 16)) - 1;
  };
  const out = places.map(([x, y]) => NEIGHBOURS.map(([dx, dy]) => slotAt(Math.floor(x) + dx, Math.floor(y) + dy)));
  renderer.setRenderTarget(null);
  renderer.setClearColor(clear, 1);
  for (const thing of made) thing.dispose();
  return out;
}

