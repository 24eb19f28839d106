// Decodes the light file (docs/reference/scene-format.md): how high the campus stands, how much sky each place sees.

const MAGIC = 0x314c5443; // 'CTL1', little-endian
const HEADER = 40;

export interface LightFile {
  width: number;
  height: number;
  x0: number;
  y0: number;
  x1: number;
  y1: number;
  z0: number;
  zStep: number;
  /** Two bytes a texel: roof height, share of the sky. */
  maps: Uint8Array<ArrayBuffer>;
}

/** Throws an Error that says what is wrong with the bytes. */
export function decodeLight(buffer: ArrayBuffer): LightFile {
  if (buffer.byteLength < HEADER) throw new Error(`a light file has at least ${HEADER} bytes, not ${buffer.byteLength}`);
  const view = new DataView(buffer);
  if (view.getUint32(0, true) !== MAGIC) throw new Error("a light file begins with 'CTL1'");
  const width = view.getUint32(4, true);
  const height = view.getUint32(8, true);
  if (buffer.byteLength !== HEADER + 2 * width * height) {
    throw new Error(`a light file of ${width} x ${height} has ${HEADER + 2 * width * height} bytes, not ${buffer.byteLength}`);
  }
  const [x0, y0, x1, y1, z0, zStep] = [0, 1, 2, 3, 4, 5].map((k) => view.getFloat32(12 + 4 * k, true)) as [
    number, number, number, number, number, number,
  ]; // prettier-ignore
  const area = width * height;
  const steps = new Uint8Array(buffer, HEADER, 2 * area);
  const maps = new Uint8Array(2 * area);
  for (let i = 0; i < area; i++) {
    const above = i >= width;
    maps[2 * i] = steps[i]! + (above ? maps[2 * (i - width)]! : 0);
    maps[2 * i + 1] = steps[area + i]! + (above ? maps[2 * (i - width) + 1]! : 0);
  }
  return { width, height, x0, y0, x1, y1, z0, zStep, maps };
}
