// Many curved or straight strands in one draw call: instanced strips that the vertex shader lays along cubic curves, as wide as
// they are in the scene and never thinner than a few pixels, with an edge so that the palest class still stands out.

import {
  BufferAttribute, CustomBlending, GLSL3, type Group, InstancedBufferAttribute, InstancedBufferGeometry, Mesh, OneFactor,
  OneMinusSrcAlphaFactor, RawShaderMaterial, Vector3,
} from 'three'; // prettier-ignore
import { VERTEX_HEAD } from '../chunks.ts';
import type { SharedUniforms } from '../layer.ts';
import { bytes } from '../tokens.ts';
import type { Look } from './look.ts';

/** Drawn after everything that has a surface, before the words. */
export const STRAND_ORDER = 1000;

const VERTEX = /* glsl */ `${VERTEX_HEAD}
uniform float uEdge;
uniform float uCap;
in vec2 aAt;
in vec3 aA;
in vec3 aB;
in vec3 aC;
in vec3 aD;
in vec3 aColour;
in vec4 aForm;
in vec4 aRun;
out float vAcross;
out float vAlong;
out vec3 vWorld;
flat out float vHalf;
flat out vec3 vColour;
flat out ivec2 vForm;

vec3 lifted(vec3 p, float storey) {
  return storey < 0.0 ? p : p + vec3(0.0, 0.0, storeyTexel(uint(storey)).x);
}

void main() {
  vec3 a = lifted(aA, aRun.z), b = lifted(aB, aRun.z), c = lifted(aC, aRun.w), d = lifted(aD, aRun.w);
  float t = aAt.x, u = 1.0 - t;
  vec3 p = u * u * u * a + 3.0 * u * u * t * b + 3.0 * u * t * t * c + t * t * t * d;
  vec3 direction = u * u * (b - a) + 2.0 * u * t * (c - b) + t * t * (d - c);
  mat4 m = projectionMatrix * viewMatrix;
  vec4 here = m * vec4(p, 1.0);
  vec4 next = m * vec4(p + 0.5 * normalize(direction + vec3(0.0, 0.0, 1e-6)), 1.0);
  if (here.w < 0.01 || next.w < 0.01) { gl_Position = NOWHERE; return; }
  vec2 at = here.xy / here.w * uScreen.xy * 0.5;
  vec2 way = next.xy / next.w * uScreen.xy * 0.5 - at;
  float span = length(way);
  vec2 along = span < 1e-5 ? vec2(1.0, 0.0) : way / span;
  float perMetre = projectionMatrix[1][1] * 0.5 * uScreen.y / here.w;
  float half_ = 0.5 * max(aForm.y * uScreen.z, aForm.x * perMetre);
  float wide = half_ + (uEdge + aForm.w) * uScreen.z + 1.0;
  vec2 place = at + vec2(-along.y, along.x) * aAt.y * wide;
  // straight pieces of a route overlap at their corners
  place += along * uCap * half_ * (t < 0.001 ? -1.0 : t > 0.999 ? 1.0 : 0.0);
  vAcross = aAt.y * wide;
  vHalf = half_;
  vAlong = (aRun.x + t * aRun.y) / uScreen.w;
  vColour = aColour;
  vForm = ivec2(int(aForm.z), aForm.w > 0.0 ? 1 : 0);
  vWorld = p;
  gl_Position = vec4(place / (uScreen.xy * 0.5) * here.w, here.z - 2e-5 * here.w, here.w);
}
`;

const FRAGMENT = /* glsl */ `
precision highp float;
precision highp int;
uniform vec4 uScreen;
uniform vec4 uSection;
uniform float uEdge;
uniform vec3 uEdgeColour;
uniform vec3 uInk;
uniform vec3 uPaper;
in float vAcross;
in float vAlong;
in vec3 vWorld;
flat in float vHalf;
flat in vec3 vColour;
flat in ivec2 vForm;
out vec4 outColour;

void main() {
#ifdef SECTION
  if (dot(uSection.xyz, vWorld) > uSection.w) discard;
#endif
  float px = uScreen.z;
  float d = abs(vAcross);
  float edge = (uEdge + float(vForm.y)) * px;
  vec3 colour = vColour;
  if (vForm.x == 1) {
    if (mod(vAlong, 9.0 * px) > 4.5 * px) discard;
    edge = float(vForm.y) * px;
  } else if (vForm.x == 2) {
    float hatch = step(mod(gl_FragCoord.x + gl_FragCoord.y, 6.0 * px), 3.0 * px);
    colour = mix(uPaper, vColour, hatch);
  } else if (vForm.x == 3) {
    if (mod(vAlong, 26.0 * px) > 15.0 * px) discard;
  } else if (vForm.x == 4) {
    float x = mod(vAlong, 8.0 * px) - 4.0 * px;
    if (x * x + vAcross * vAcross < 1.4 * px * px) colour = uPaper;
  }
  float rim = clamp(d - vHalf + 0.5, 0.0, 1.0);
  colour = mix(colour, vForm.y == 1 ? uInk : uEdgeColour, rim);
  float cover = clamp(vHalf + edge - d + 0.5, 0.0, 1.0);
  if (cover <= 0.0) discard;
  outColour = vec4(colour * cover, cover);
}
`;

/** One strand: a cubic curve and how it is drawn. `start` and `length` [m] place its dashes; storeys -1: it stands still. */
export interface Strand {
  curve: ArrayLike<number>;
  start: number;
  length: number;
  from: number;
  to: number;
  look: Look;
  strong: boolean;
}

const SIZES = { aA: 3, aB: 3, aC: 3, aD: 3, aColour: 3, aForm: 4, aRun: 4 } as const;

export class Strands {
  readonly mesh: Mesh;
  private readonly geometry = new InstancedBufferGeometry();
  private readonly material: RawShaderMaterial;
  private capacity = 0;

  /** `pieces` straight pieces make a curve; 1 for what is straight. `edge` [CSS px] is the rim round each strand. */
  constructor(parent: Group, uniforms: SharedUniforms, pieces: number, edge: number) {
    const at: number[] = [];
    const faces: number[] = [];
    for (let k = 0; k <= pieces; k++) {
      at.push(k / pieces, -1, k / pieces, 1);
      if (k < pieces) faces.push(2 * k, 2 * k + 2, 2 * k + 1, 2 * k + 1, 2 * k + 2, 2 * k + 3);
    }
    this.geometry.setAttribute('aAt', new BufferAttribute(new Float32Array(at), 2));
    this.geometry.setIndex(new BufferAttribute(new Uint16Array(faces), 1));
    this.material = new RawShaderMaterial({
      glslVersion: GLSL3,
      vertexShader: VERTEX,
      fragmentShader: FRAGMENT,
      uniforms: {
        ...uniforms, uEdge: { value: edge }, uCap: { value: pieces === 1 ? 1 : 0 }, uEdgeColour: { value: new Vector3() },
        uInk: { value: new Vector3() }, uPaper: { value: new Vector3() },
      }, // prettier-ignore
      defines: {},
      depthWrite: false,
      transparent: true,
      blending: CustomBlending,
      blendSrc: OneFactor,
      blendDst: OneMinusSrcAlphaFactor,
    });
    this.mesh = new Mesh(this.geometry, this.material);
    this.mesh.frustumCulled = false;
    this.mesh.visible = false;
    this.mesh.renderOrder = STRAND_ORDER;
    this.mesh.matrixAutoUpdate = false;
    parent.add(this.mesh);
  }

  /** Colours of rim, emphasis and the gaps of a hatch ('#RRGGBB'). */
  setColours(edge: string, ink: string, paper: string): void {
    for (const [name, hex] of [['uEdgeColour', edge], ['uInk', ink], ['uPaper', paper]] as const) {
      const [r, g, b] = bytes(hex);
      (this.material.uniforms[name]!.value as Vector3).set(r / 255, g / 255, b / 255);
    }
  }

  /** The strands to draw; the last lie on top. */
  set(strands: readonly Strand[]): void {
    if (strands.length > this.capacity) this.grow(strands.length);
    this.mesh.visible = strands.length > 0;
    this.geometry.instanceCount = strands.length;
    if (strands.length === 0) return;
    const of = (name: keyof typeof SIZES): InstancedBufferAttribute => this.geometry.getAttribute(name) as InstancedBufferAttribute;
    strands.forEach((s, i) => {
      const c = s.curve;
      for (const [k, name] of (['aA', 'aB', 'aC', 'aD'] as const).entries()) of(name).setXYZ(i, c[3 * k]!, c[3 * k + 1]!, c[3 * k + 2]!);
      const [r, g, b] = bytes(s.look.colour);
      of('aColour').setXYZ(i, r / 255, g / 255, b / 255);
      of('aForm').setXYZW(i, s.look.metres, s.look.pixels, s.look.form, s.strong ? 1.25 : 0);
      of('aRun').setXYZW(i, s.start, s.length, s.from, s.to);
    });
    for (const name of Object.keys(SIZES)) of(name as keyof typeof SIZES).needsUpdate = true;
  }

  private grow(count: number): void {
    // A buffer on the GPU keeps its size: a longer one is another geometry attribute.
    this.geometry.dispose();
    this.capacity = Math.max(64, count + (count >> 1));
    for (const [name, size] of Object.entries(SIZES)) {
      this.geometry.setAttribute(name, new InstancedBufferAttribute(new Float32Array(size * this.capacity), size));
    }
  }

  dispose(): void {
    this.mesh.removeFromParent();
    this.material.dispose();
    this.geometry.dispose();
  }
}
