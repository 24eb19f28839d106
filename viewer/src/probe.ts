// How fast this machine draws, measured before the view's own context is made: whether edges can be smoothed by sampling
// four times is fixed when a context is created, and a software renderer pays for it with most of its time.

import type { Props } from './props.ts';

const SIZE = 256;
/** A GPU draws the probe in well under this; a software renderer takes several times as long [ms]. */
const SLOW_MS = 6;

const VERTEX = `#version 300 es
void main() { gl_Position = vec4(vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0, 0.0, 1.0); }`;
const FRAGMENT = `#version 300 es
precision highp float;
out vec4 colour;
void main() {
  vec2 z = gl_FragCoord.xy / ${SIZE}.0;
  for (int i = 0; i < 128; i++) z = fract(z.yx * 1.7 + 0.31);
  colour = vec4(z, 0.0, 1.0);
}`;

function program(gl: WebGL2RenderingContext): WebGLProgram {
  const made = gl.createProgram();
  for (const [type, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
    const shader = gl.createShader(type)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  return made;
}

/** Milliseconds that a fixed small drawing takes here; Infinity without WebGL 2. */
export function drawingTime(): number {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIZE;
  const gl = canvas.getContext('webgl2', { antialias: false, depth: false });
  if (!gl) return Infinity;
  const pixel = new Uint8Array(4);
  gl.useProgram(program(gl));
  let best = Infinity;
  // The first round compiles; the better of the others counts, so that a busy moment is not taken for a slow machine.
  for (let round = 0; round < 3; round++) {
    const begun = performance.now();
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
    if (round > 0) best = Math.min(best, performance.now() - begun);
  }
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  return best;
}

let measured = -1;

/** Whether edges are smoothed by sampling: asked for by the tier, or found out by measuring (once a page). */
export function smoothEdges(quality: Props['quality']): boolean {
  if (quality === 'a' || quality === 'b') return true;
  if (quality === 'c') return false;
  if (measured < 0) measured = drawingTime();
  return measured < SLOW_MS;
}
