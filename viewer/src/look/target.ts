// Pictures on the graphics card that are drawn into.

import type { WebGLRenderTarget } from 'three';

/** Frees a target and its depth, which three.js leaves to whoever made it. */
export function release(target: WebGLRenderTarget | null): void {
  target?.depthTexture?.dispose();
  target?.dispose();
}
