// Reads our own shells (docs/reference/scene-format.md): glTF binary with EXT_meshopt_compression, one mesh a storey and
// class. All meshes of a building become one: 8 bytes a vertex, the fourth number says storey and class.

export interface ShellMesh {
  /** x, y, z steps and (storey | class << 12), four u16 a vertex. */
  vertices: Uint16Array<ArrayBuffer>;
  indices: Uint32Array<ArrayBuffer>;
  scale: number;
  translation: [number, number, number];
}

/** Decodes one compressed view into `target`. */
export type Decode = (target: Uint8Array, count: number, size: number, source: Uint8Array, mode: string) => void;

/** Storey number of a mesh that belongs to no storey. */
export const NO_STOREY = 0xfff;
/** What a class is drawn as. */
export const ShellClass = { clay: 0, roof: 1, glass: 2, dark: 3 } as const;

interface View {
  extensions: { EXT_meshopt_compression: { byteOffset: number; byteLength: number; byteStride: number; count: number; mode: string } };
}

interface Document {
  nodes: {
    mesh?: number;
    children?: number[];
    translation?: [number, number, number];
    scale?: [number, number, number];
    extras?: { storey: string; category: string };
  }[];
  meshes: { primitives: { attributes: { POSITION: number }; indices: number }[] }[];
  accessors: { bufferView: number; count: number }[];
  bufferViews: View[];
}

const JSON_CHUNK = 0x4e4f534a;

/** Splits a GLB; throws an Error that says what is wrong. */
export function readGlb(buffer: ArrayBuffer): { document: Document; body: Uint8Array<ArrayBuffer> } {
  const view = new DataView(buffer);
  if (buffer.byteLength < 28 || view.getUint32(0, true) !== 0x46546c67) throw new Error('not a glTF binary');
  const length = view.getUint32(12, true);
  if (view.getUint32(16, true) !== JSON_CHUNK) throw new Error('the first chunk of the glTF binary is not JSON');
  const document = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 20, length))) as Document;
  const size = view.getUint32(20 + length, true);
  return { document, body: new Uint8Array(buffer, 28 + length, size) };
}

export function classOf(category: string): number {
  const c = category.toLowerCase();
  if (c.includes('window') || c.includes('curtain') || c.includes('glass') || c.includes('glaz')) return ShellClass.glass;
  if (c.includes('roof') || c.includes('cover')) return ShellClass.roof;
  return c.includes('door') || c.includes('rail') || c.includes('member') ? ShellClass.dark : ShellClass.clay;
}

/** One mesh of all; `storeyOf` gives the building's storey index of a storey id, -1 unknown. */
export function joinShell(buffer: ArrayBuffer, decode: Decode, storeyOf: (id: string) => number): ShellMesh {
  const { document, body } = readGlb(buffer);
  const { nodes, meshes, accessors, bufferViews } = document;
  const unpack = (accessor: number): Uint8Array<ArrayBuffer> => {
    const packed = bufferViews[accessors[accessor]!.bufferView]!.extensions.EXT_meshopt_compression;
    const target = new Uint8Array(packed.count * packed.byteStride);
    const source = body.subarray(packed.byteOffset, packed.byteOffset + packed.byteLength);
    decode(target, packed.count, packed.byteStride, source, packed.mode);
    return target;
  };
  const parts = (nodes[0]?.children ?? []).map((n) => {
    const node = nodes[n]!;
    const primitive = meshes[node.mesh!]!.primitives[0]!;
    const points = new Uint16Array(unpack(primitive.attributes.POSITION).buffer);
    const raw = unpack(primitive.indices);
    const wide = raw.byteLength === accessors[primitive.indices]!.count * 4;
    const corners = wide ? new Uint32Array(raw.buffer) : new Uint16Array(raw.buffer);
    const storey = storeyOf(node.extras?.storey ?? '');
    const tag = (storey < 0 ? NO_STOREY : storey) | (classOf(node.extras?.category ?? '') << 12);
    for (let i = 3; i < points.length; i += 4) points[i] = tag;
    return { points, corners };
  });
  const vertices = new Uint16Array(parts.reduce((sum, p) => sum + p.points.length, 0));
  const indices = new Uint32Array(parts.reduce((sum, p) => sum + p.corners.length, 0));
  let [v, i] = [0, 0];
  for (const { points, corners } of parts) {
    vertices.set(points, v);
    for (const corner of corners) indices[i++] = corner + v / 4;
    v += points.length;
  }
  const root = nodes[0]!;
  return { vertices, indices, scale: root.scale?.[0] ?? 1, translation: root.translation ?? [0, 0, 0] };
}
