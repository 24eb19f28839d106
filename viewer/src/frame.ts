// Reads the frames of /ws/live. The one description of the format stands in twin/frame.py; tests/viewer/frames holds
// golden files that both languages read.

export const FrameKind = { Keyframe: 1, Delta: 2, Heartbeat: 3, Event: 4 } as const;
export const NO_VALUE = 65535;
export const STEPS = 65534;
export const QUALITY = 0x03;
export const QUALITY_NONE = 3;
export const FLAG_STALE = 0x04;
export const FLAG_SIMULATED = 0x08;
export const FLAG_ESTIMATED = 0x40;
export const FLAG_DERIVED = 0x80;

const HEADER = 40;

export interface Frame {
  kind: number;
  seq: number;
  timeMs: number;
  low: number;
  high: number;
  build: number;
  slots: number;
  leafSlot: Uint32Array;
  leafValue: Uint16Array;
  leafFlags: Uint8Array;
  totalSlot: Uint32Array;
  totalValue: Float32Array;
  have: Uint16Array;
  of: Uint16Array;
  age: Uint16Array;
  totalFlags: Uint8Array;
  event: string;
}

const NO_BYTES = new ArrayBuffer(0);

function body(buffer: ArrayBuffer, n: number, m: number) {
  let at = buffer === NO_BYTES ? 0 : HEADER;
  const take = (count: number, size: number): number => {
    const start = at;
    if (start + count * size > buffer.byteLength) {
      throw new Error(`${n} leaves and ${m} totals do not fit in a frame of ${buffer.byteLength} bytes`);
    }
    at = start + Math.ceil((count * size) / 4) * 4;
    return start;
  };
  return {
    leafSlot: new Uint32Array(buffer, take(n, 4), n),
    leafValue: new Uint16Array(buffer, take(n, 2), n),
    leafFlags: new Uint8Array(buffer, take(n, 1), n),
    totalSlot: new Uint32Array(buffer, take(m, 4), m),
    totalValue: new Float32Array(buffer, take(m, 4), m),
    have: new Uint16Array(buffer, take(m, 2), m),
    of: new Uint16Array(buffer, take(m, 2), m),
    age: new Uint16Array(buffer, take(m, 2), m),
    totalFlags: new Uint8Array(buffer, take(m, 1), m),
  };
}

/** A frame as views on its bytes (nothing is copied); throws an Error when the bytes are not a frame. */
export function decodeFrame(buffer: ArrayBuffer): Frame {
  if (buffer.byteLength < HEADER) throw new Error(`a frame has a header of ${HEADER} bytes; these are ${buffer.byteLength}`);
  const head = new DataView(buffer);
  if (head.getUint16(0) !== 0x4354 || head.getUint8(2) !== 1) throw new Error('not a live frame of version 1');
  const kind = head.getUint8(3);
  if (kind < FrameKind.Keyframe || kind > FrameKind.Event) throw new Error(`frame kind ${kind} is not known`);
  const n = head.getUint32(16, true);
  const m = head.getUint32(20, true);
  const isEvent = kind === FrameKind.Event;
  if (isEvent && buffer.byteLength !== HEADER + n) {
    throw new Error(`an event of ${n} bytes was announced; ${buffer.byteLength - HEADER} came`);
  }
  const hasBody = kind === FrameKind.Keyframe || kind === FrameKind.Delta;
  return {
    kind,
    seq: head.getUint32(4, true),
    timeMs: head.getFloat64(8, true),
    low: head.getFloat32(24, true),
    high: head.getFloat32(28, true),
    build: head.getUint32(32, true),
    slots: head.getUint32(36, true),
    ...(hasBody ? body(buffer, n, m) : body(NO_BYTES, 0, 0)),
    event: isEvent ? new TextDecoder().decode(new Uint8Array(buffer, HEADER)) : '',
  };
}
