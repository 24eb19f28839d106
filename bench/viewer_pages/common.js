// What every measured page shares: loading the geometry, waiting until a frame is really drawn, memory.
export async function geometry() {
  const get = async (name, Type) => new Type(await (await fetch(`/geometry/${name}`)).arrayBuffer());
  const [positions, triangles, firstVertex, firstTriangle] = await Promise.all([
    get("positions", Float32Array), get("triangles", Uint32Array),
    get("first_vertex", Uint32Array), get("first_triangle", Uint32Array),
  ]);
  return { positions, triangles, firstVertex, firstTriangle, spaces: firstVertex.length - 1 };
}

// Reading a pixel back waits until the GPU (here: the software renderer) has finished everything before it.
export function finish(canvas) {
  const gl = canvas.getContext("webgl2") || canvas.getContext("webgl");
  gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
}

// Time that the main thread is busy for a recolour, the same way for every library: what runs at once, and what runs in
// the callbacks that it asked for (animation frames, timers) until its picture is drawn.
let busy = 0;
for (const name of ["requestAnimationFrame", "setTimeout"]) {
  const ask = window[name].bind(window);
  window[name] = (callback, ...rest) => ask((...given) => timed(() => callback(...given)), ...rest);
}
function timed(run) {
  const begun = performance.now();
  try { return run(); } finally { busy += performance.now() - begun; }
}
export async function measured(start, drawn, canvas) {
  busy = 0;
  const begun = performance.now();
  const started = timed(start);
  await drawn(started);
  const main = busy;
  finish(canvas());
  return { main, drawn: performance.now() - begun };
}

export const frame = () => new Promise((done) => requestAnimationFrame(() => done()));

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

export async function memory() {
  const result = await performance.measureUserAgentSpecificMemory();
  return result.bytes / 1e6;
}

// Classes 0..6 for every space, another one each round, the same for every library.
export function classes(spaces, round) {
  const out = new Uint8Array(spaces);
  let seed = (round * 2654435761) >>> 0;
  for (let i = 0; i < spaces; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    out[i] = (seed >>> 16) % 7;
  }
  return out;
}

export const RAMP = ["#D7DFDB", "#BCC8C2", "#A1B1AA", "#889B92", "#6F857B", "#577065", "#3F5C4F"];
