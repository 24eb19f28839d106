// The tier by measured frame time, never by user agent: what a frame costs the machine decides what it is asked to draw.

import type { Tier } from './props.ts';

/** A whole frame below this is tier a, below that tier b [ms]. */
const FAST = 14;
const SLOW = 45;
/** Share of the device's pixels that are drawn while the camera moves. */
export const MOVING_SCALE: Record<Tier, number> = { a: 1, b: 0.66, c: 0.5 };

/** Tier for a frame's time [ms]; leaving a tier takes a clear difference, so that it does not swing. */
export function tierFor(frameMs: number, now: Tier): Tier {
  const ease = 1.4;
  if (now === 'a') return frameMs > SLOW * ease ? 'c' : frameMs > FAST * ease ? 'b' : 'a';
  if (now === 'c') return frameMs < FAST / ease ? 'a' : frameMs < SLOW / ease ? 'b' : 'c';
  return frameMs > SLOW * ease ? 'c' : frameMs < FAST / ease ? 'a' : 'b';
}

/** Time of one frame, to the last pixel [ms]: draws and waits until the GPU has finished. */
export function frameTime(gl: WebGL2RenderingContext, draw: () => void): number {
  const pixel = new Uint8Array(4);
  const started = performance.now();
  draw();
  // Reading a pixel waits for everything before it; gl.finish() does not in every browser.
  gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
  return performance.now() - started;
}
