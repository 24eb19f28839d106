// Lines of a width in pixels: one instanced quad a segment, widened on the screen. Drawn solid where they are seen and
// dashed where something stands before them. Their edges are smooth by themselves: a slow machine has no antialiasing.

import { BufferAttribute, Color, GLSL3, GreaterDepth, type Group, InstancedBufferAttribute, InstancedBufferGeometry, LessEqualDepth, Mesh, RawShaderMaterial } from 'three'; // prettier-ignore
import { VERTEX_HEAD } from './chunks.ts';
import type { SharedUniforms } from './layer.ts';

/** Floats of a segment: from x, y, z, to x, y, z [m], storey (-1: none, it stands still). */
export const SEGMENT = 7;

const VERTEX = /* glsl */ `${VERTEX_HEAD}
uniform float uWidth;
in float aCorner;
in vec3 aFrom;
in vec3 aTo;
in float aStorey;
/** Along the line and across it [device px], times the distance: straight on the screen, not in perspective. */
out vec2 vPlace;
out vec3 vWorld;

void main() {
  float lift = aStorey < 0.0 ? 0.0 : storeyTexel(uint(aStorey)).x;
  mat4 m = projectionMatrix * viewMatrix;
  vec4 from = m * vec4(aFrom + vec3(0.0, 0.0, lift), 1.0);
  vec4 to = m * vec4(aTo + vec3(0.0, 0.0, lift), 1.0);
  // An end behind the eye is brought before it, or the line would turn over.
  const float LEAST = 0.01;
  if (from.w < LEAST && to.w < LEAST) { gl_Position = NOWHERE; return; }
  if (from.w < LEAST) from = mix(to, from, (to.w - LEAST) / (to.w - from.w));
  if (to.w < LEAST) to = mix(from, to, (from.w - LEAST) / (from.w - to.w));
  vec2 a = from.xy / from.w * uScreen.xy * 0.5;
  vec2 b = to.xy / to.w * uScreen.xy * 0.5;
  float span = length(b - a);
  vec2 along = span < 1e-4 ? vec2(1.0, 0.0) : (b - a) / span;
  vec2 across = vec2(-along.y, along.x);
  bool end = aCorner > 1.5;
  vWorld = (end ? aTo : aFrom) + vec3(0.0, 0.0, lift);
  float side = mod(aCorner, 2.0) < 0.5 ? -1.0 : 1.0;
  // half a pixel more on either side, for the edge to fade in
  float half_ = 0.5 * uWidth * uScreen.z + 0.5;
  vec4 at = end ? to : from;
  vec2 place = (end ? b + along * half_ : a - along * half_) + across * side * half_;
  vPlace = vec2(end ? span : 0.0, side * half_) * at.w;
  // A hair nearer than the edge it draws, so that it does not flicker in its own wall.
  gl_Position = vec4(place / (uScreen.xy * 0.5) * at.w, at.z - 2e-5 * at.w, at.w);
}
`;

const FRAGMENT = /* glsl */ `
precision highp float;
uniform vec3 uColour;
uniform vec4 uScreen;
uniform float uWidth;
uniform float uDash;
uniform float uClipped;
uniform vec4 uSection;
in vec2 vPlace;
in vec3 vWorld;
out vec4 outColour;

void main() {
  if (uClipped > 0.5 && dot(uSection.xyz, vWorld) > uSection.w) discard;
  vec2 place = vPlace * gl_FragCoord.w;
  float cover = 0.5 * uWidth * uScreen.z + 0.5 - abs(place.y);
  if (uDash > 0.0) {
    float dash = uDash * uScreen.z;
    cover = min(cover, 0.2 * dash + 0.5 - abs(mod(place.x, dash) - 0.2 * dash));
  }
  outColour = vec4(uColour, clamp(cover, 0.0, 1.0));
}
`;

export class Ribbons {
  readonly meshes: Mesh[] = [];
  private readonly geometry = new InstancedBufferGeometry();
  private readonly colour = new Color();
  private readonly materials: RawShaderMaterial[];
  private capacity = 0;

  /** `width` [CSS px]; `hidden` also draws, dashed, what is covered; the section cuts what is `clipped`. */
  constructor(parent: Group, uniforms: SharedUniforms, width: number, hidden: boolean, order: number, clipped = true) {
    this.geometry.setAttribute('aCorner', new BufferAttribute(new Float32Array([0, 1, 2, 3]), 1));
    this.geometry.setIndex(new BufferAttribute(new Uint16Array([0, 2, 1, 1, 2, 3]), 1));
    this.materials = (hidden ? [false, true] : [false]).map(
      (covered) =>
        new RawShaderMaterial({
          glslVersion: GLSL3,
          vertexShader: VERTEX,
          fragmentShader: FRAGMENT,
          uniforms: { ...uniforms, uWidth: { value: covered ? width * 0.75 : width }, uColour: { value: this.colour }, uDash: { value: covered ? 7 : 0 }, uClipped: { value: clipped ? 1 : 0 } },
          depthFunc: covered ? GreaterDepth : LessEqualDepth,
          depthWrite: false,
          transparent: true,
        }),
    );
    for (const material of this.materials) {
      const mesh = new Mesh(this.geometry, material);
      mesh.frustumCulled = false;
      mesh.visible = false;
      mesh.renderOrder = order;
      mesh.matrixAutoUpdate = false;
      parent.add(mesh);
      this.meshes.push(mesh);
    }
  }

  /** '#RRGGBB', drawn as it is. */
  setColour(hex: string): void {
    const n = Number.parseInt(hex.slice(1), 16);
    this.colour.r = (n >> 16) / 255;
    this.colour.g = ((n >> 8) & 255) / 255;
    this.colour.b = (n & 255) / 255;
  }

  /** The segments to draw, SEGMENT floats each. */
  set(segments: ArrayLike<number>): void {
    const count = segments.length / SEGMENT;
    if (count > this.capacity) this.grow(count);
    for (const mesh of this.meshes) mesh.visible = count > 0;
    this.geometry.instanceCount = count;
    if (count === 0) return;
    const from = this.geometry.getAttribute('aFrom') as InstancedBufferAttribute;
    const to = this.geometry.getAttribute('aTo') as InstancedBufferAttribute;
    const storey = this.geometry.getAttribute('aStorey') as InstancedBufferAttribute;
    for (let i = 0; i < count; i++) {
      const at = i * SEGMENT;
      from.setXYZ(i, segments[at]!, segments[at + 1]!, segments[at + 2]!);
      to.setXYZ(i, segments[at + 3]!, segments[at + 4]!, segments[at + 5]!);
      storey.setX(i, segments[at + 6]!);
    }
    from.needsUpdate = to.needsUpdate = storey.needsUpdate = true;
  }

  private grow(count: number): void {
    // A buffer on the GPU keeps its size: a longer one is another geometry attribute.
    this.geometry.dispose();
    this.capacity = Math.max(64, count * 2);
    this.geometry.setAttribute('aFrom', new InstancedBufferAttribute(new Float32Array(3 * this.capacity), 3));
    this.geometry.setAttribute('aTo', new InstancedBufferAttribute(new Float32Array(3 * this.capacity), 3));
    this.geometry.setAttribute('aStorey', new InstancedBufferAttribute(new Float32Array(this.capacity), 1));
  }

  dispose(): void {
    for (const mesh of this.meshes) mesh.removeFromParent();
    for (const material of this.materials) material.dispose();
    this.geometry.dispose();
  }
}
