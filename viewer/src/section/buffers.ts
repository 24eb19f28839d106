// Vertices of the caps, in arrays that grow and are used again: a section that is dragged allocates next to nothing.

/** What a face of the cut is; the shader knows the numbers, and draws the higher over the lower. */
export const Cap = { earth: 0, base: 1, plate: 2, parapet: 3, hollow: 4, wall: 5, room: 6, slab: 7, solid: 8 } as const;
/** Flag beside the kind: this end of the face is lower where the storey lies open (prisms end below the next floor). */
export const DROPS = 0x100;
/** Storey of what belongs to none. */
export const NO_STOREY = 0xffff;

/** What all vertices of a face share. */
export interface Face {
  kind: number;
  /** Global index of the storey. */
  storey: number;
  slot: number;
}

export class CapBuffers {
  /** x, y, z [m], without the storey's lift. */
  place = new Float32Array(3 * 1024);
  /** Direction in which a line round the face is taken off it, and how far that may go [m]. */
  inset = new Float32Array(4 * 1024);
  /** Storey, kind, low and high half of the slot. */
  tag = new Uint16Array(4 * 1024);
  index = new Uint32Array(6 * 1024);
  vertices = 0;
  indices = 0;

  clear(): void {
    this.vertices = 0;
    this.indices = 0;
  }

  vertex(face: Face, x: number, y: number, z: number, dx = 0, dy = 0, dz = 0, most = 0, flags = 0): number {
    const v = this.vertices++;
    if (3 * v + 3 > this.place.length) {
      this.place = grown(this.place);
      this.inset = grown(this.inset);
      this.tag = grown(this.tag);
    }
    const { place, inset, tag } = this;
    place[3 * v] = x;
    place[3 * v + 1] = y;
    place[3 * v + 2] = z;
    inset[4 * v] = dx;
    inset[4 * v + 1] = dy;
    inset[4 * v + 2] = dz;
    inset[4 * v + 3] = most;
    tag[4 * v] = face.storey;
    tag[4 * v + 1] = face.kind | flags;
    tag[4 * v + 2] = face.slot & 0xffff;
    tag[4 * v + 3] = face.slot >>> 16;
    return v;
  }

  triangle(a: number, b: number, c: number): void {
    if (this.indices + 3 > this.index.length) this.index = grown(this.index);
    this.index[this.indices++] = a;
    this.index[this.indices++] = b;
    this.index[this.indices++] = c;
  }

  /** The four corners a, b, c, d, counter-clockwise. */
  quad(a: number, b: number, c: number, d: number): void {
    this.triangle(a, b, c);
    this.triangle(a, c, d);
  }
}

function grown<T extends Float32Array | Uint16Array | Uint32Array>(array: T): T {
  const bigger = new (array.constructor as new (length: number) => T)(array.length * 2);
  bigger.set(array);
  return bigger;
}
