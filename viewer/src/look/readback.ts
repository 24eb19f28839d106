// Whole numbers of a picture read back from the graphics card without waiting for it.

import type { WebGLRenderer, WebGLRenderTarget } from 'three';

export class Readback {
  /** Numbers a pixel: every system tells four, some also the two that there are. */
  stride = 4;
  private readonly renderer: WebGLRenderer;
  private readonly gl: WebGL2RenderingContext;
  private buffer: WebGLBuffer | null = null;
  private fence: WebGLSync | null = null;
  private width = 0;

  constructor(renderer: WebGLRenderer) {
    this.renderer = renderer;
    this.gl = renderer.getContext() as WebGL2RenderingContext;
  }

  /** Asks for an attachment of a target with two whole numbers (u32) a pixel. */
  ask(target: WebGLRenderTarget, attachment: number): void {
    this.forget();
    const { gl, renderer } = this;
    this.width = target.width;
    renderer.setRenderTarget(target);
    gl.readBuffer(gl.COLOR_ATTACHMENT0 + attachment);
    const two = gl.getParameter(gl.IMPLEMENTATION_COLOR_READ_FORMAT) === gl.RG_INTEGER;
    this.stride = two ? 2 : 4;
    this.buffer = gl.createBuffer();
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, this.buffer);
    gl.bufferData(gl.PIXEL_PACK_BUFFER, 4 * this.stride * target.width * target.height, gl.STREAM_READ);
    gl.readPixels(0, 0, target.width, target.height, two ? gl.RG_INTEGER : gl.RGBA_INTEGER, gl.UNSIGNED_INT, 0);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    gl.readBuffer(gl.COLOR_ATTACHMENT0);
    renderer.setRenderTarget(null);
    this.fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
  }

  /** Whether what was asked for has come. */
  ready(): boolean {
    const { fence, gl } = this;
    return fence !== null && gl.getSyncParameter(fence, gl.SYNC_STATUS) === gl.SIGNALED;
  }

  /** Some rows of pixels from `y` on; only when ready. */
  rows(y: number, count: number): Uint32Array {
    const { gl, stride, width } = this;
    const out = new Uint32Array(stride * width * count);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, this.buffer);
    gl.getBufferSubData(gl.PIXEL_PACK_BUFFER, 4 * stride * width * y, out);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    return out;
  }

  /** Lets go of the answer, or of the question. */
  forget(): void {
    if (this.fence) this.gl.deleteSync(this.fence);
    if (this.buffer) this.gl.deleteBuffer(this.buffer);
    this.fence = this.buffer = null;
  }
}
