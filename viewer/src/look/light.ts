// Light on the clay model: a soft dome, one sun, a little light from the ground, and how much of each a place gets.
// The sums are scaled so that open level ground in full light gets `gain`: the theme sets the exposure, not the hour,
// and what is open and level shows its token's colour.

import { Matrix4, Vector3, Vector4 } from 'three';
import type { SharedUniforms } from '../layer.ts';
import type { Rgb } from '../tokens.ts';
import { KEPT_OUT } from './kept-shader.ts';
import type { SunPosition } from './sun.ts';

const DEG = Math.PI / 180;

/** Light of one moment, linear. */
export interface Light {
  /** Towards the sun (at night: towards a soft lamp that keeps the form readable). */
  direction: [number, number, number];
  sun: Rgb;
  skyUp: Rgb;
  skySide: Rgb;
  bounce: Rgb;
}

interface Sky {
  up: Rgb;
  side: Rgb;
  sun: Rgb;
  /** Share of the sun in the light of level ground. */
  share: number;
}

const DAY: Sky = { up: [0.95, 0.98, 1.03], side: [1.01, 1.0, 0.98], sun: [1.0, 0.96, 0.89], share: 0.42 };
const DUSK: Sky = { up: [0.93, 0.97, 1.08], side: [0.98, 0.99, 1.03], sun: [1.14, 0.86, 0.62], share: 0.28 };
const NIGHT: Sky = { up: [0.95, 0.98, 1.05], side: [0.96, 0.985, 1.04], sun: [0.95, 0.98, 1.04], share: 0.26 };
/** The lamp of the night stands here above the horizon [deg]. */
const LAMP = 38;
/** The sun on the model never stands lower than this: longer shadows would only cover it [deg]. */
const LOWEST = 7;

function mix(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}

function mixSky(a: Sky, b: Sky, t: number): Sky {
  const rgb = (p: Rgb, q: Rgb): Rgb => [mix(p[0], q[0], t), mix(p[1], q[1], t), mix(p[2], q[2], t)];
  return { up: rgb(a.up, b.up), side: rgb(a.side, b.side), sun: rgb(a.sun, b.sun), share: mix(a.share, b.share, t) };
}

function smooth(from: number, to: number, value: number): number {
  const t = Math.min(1, Math.max(0, (value - from) / (to - from)));
  return t * t * (3 - 2 * t);
}

export function luminance(c: Rgb): number {
  return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
}

/** The light of a moment; `gain` is what open level ground gets. */
export function lightOf(sun: SunPosition, gain: number): Light {
  const night = sun.elevation < -1;
  const elevation = night ? LAMP : Math.max(LOWEST, sun.elevation);
  const azimuth = night ? sun.azimuth + 180 : sun.azimuth;
  const day = mixSky(DUSK, DAY, smooth(8, 32, sun.elevation));
  const sky = night ? NIGHT : mixSky({ ...NIGHT, share: 0.12 }, day, smooth(-1, 6, sun.elevation));
  const ce = Math.cos(elevation * DEG);
  const direction: [number, number, number] = [
    Math.sin(azimuth * DEG) * ce,
    Math.cos(azimuth * DEG) * ce,
    Math.sin(elevation * DEG),
  ];
  // a low sun would have to be blinding to light level ground: it is capped, the dome takes the rest
  const strength = Math.min(1.05, sky.share / Math.max(0.05, direction[2]));
  const share = strength * direction[2];
  const bounce = 0.2;
  const dome = 1 - share - bounce * 0.1;
  const scaled = (c: Rgb, k: number): Rgb => c.map((v) => (v * k * gain) / luminance(c)) as Rgb;
  const light = {
    direction,
    sun: scaled(sky.sun, strength),
    skyUp: scaled(sky.up, dome),
    skySide: scaled(sky.side, dome * 0.98),
    bounce: scaled(sky.side, bounce),
  };
  return balanced(light, gain);
}

/** Takes most of the tint off level ground, where the page begins; walls and shadows keep theirs against it. */
function balanced(light: Light, gain: number): Light {
  const level = [0, 1, 2].map((i) => light.skyUp[i]! + light.sun[i]! * light.direction[2] + light.bounce[i]! * 0.1);
  const k = level.map((v) => 1 + 0.8 * (gain / v - 1));
  const turn = (c: Rgb): Rgb => [c[0] * k[0]!, c[1] * k[1]!, c[2] * k[2]!];
  return { ...light, sun: turn(light.sun), skyUp: turn(light.skyUp), skySide: turn(light.skySide), bounce: turn(light.bounce) };
}

/** What open level ground gets in a theme: full in the light one, dimmed in the dark one. */
export function gainOf(theme: 'light' | 'dark'): number {
  return theme === 'light' ? 1 : 0.52;
}

/** Adds the light's uniforms to those that all materials share. */
export function addLightUniforms(uniforms: SharedUniforms): void {
  Object.assign(uniforms, {
    uSunDirection: { value: new Vector3(0, 0, 1) },
    uSun: { value: new Vector3() },
    uSkyUp: { value: new Vector3(1, 1, 1) },
    uSkySide: { value: new Vector3(1, 1, 1) },
    uBounce: { value: new Vector3() },
    uGain: { value: 1 },
    uMaps: { value: null },
    uLightBox: { value: new Vector4(0, 0, 1, 1) },
    uHeightScale: { value: new Vector4(0, 1, 0, 0) },
    uShadowMap: { value: null },
    uShadowMatrix: { value: new Matrix4() },
    uShadow: { value: new Vector4(0, 1, 1 / 2048, 0) },
    uPage: { value: new Vector3() },
    uClay: { value: new Vector3() },
    uFade2: { value: new Vector4(0, 0, 1e5, 1) },
    uFadeHalf: { value: new Vector4(1e5, 1e5, 1e6, 1e6) },
    uTrust: { value: 0 },
    uLean: { value: new Vector3(0.4, 0.6, 0.2) },
    uPageShown: { value: new Vector3() },
    uFine: { value: 1 },
    uRestLight: { value: null },
    uRestNormals: { value: null },
    uRestDepth: { value: null },
    uRest: { value: 0 },
    uSurface: { value: 0 },
  });
}

/** GLSL: how much of a depth map's light reaches a place. */
export const SEEN = /* glsl */ `
/** 0 in the shadow of a depth map .. 1 in its light. */
float seen(highp sampler2D map, mat4 matrix, vec3 p, vec3 n) {
#ifdef LEAN
  return 1.0;
#else
  if (uShadow.x <= 0.0) return 1.0;
  vec3 q = (matrix * vec4(p + n * (uShadow.y * 1.8 + 0.02), 1.0)).xyz;
  if (any(lessThan(q, vec3(0.0))) || any(greaterThan(q, vec3(1.0)))) return 1.0;
  float z = q.z - 0.0007;
  float t = uShadow.z;
  if (uShadow.w < 2.0) return mix(1.0, step(z, texture(map, q.xy).r), uShadow.x);
  // 2 x 2 texels, weighted by the place between them
  vec2 at = q.xy / t - 0.5;
  vec2 f = fract(at);
  vec2 base = (floor(at) + 0.5) * t;
  vec4 s = vec4(
    step(z, texture(map, base).r),
    step(z, texture(map, base + vec2(t, 0.0)).r),
    step(z, texture(map, base + vec2(0.0, t)).r),
    step(z, texture(map, base + vec2(t, t)).r));
  float light = mix(mix(s.x, s.y, f.x), mix(s.z, s.w, f.x), f.y);
  return mix(1.0, light, uShadow.x);
#endif
}
`;

/** GLSL: how open a place is, by the baked maps. */
export const OPENNESS = /* glsl */ `
/** Roof height and share of the sky, baked. */
uniform lowp sampler2D uMaps;
uniform vec4 uLightBox;
/** (level of 0 [m], metres of 255, whether the maps are there and count, level of the ground [m]). */
uniform vec4 uHeightScale;
uniform float uFine;

/** Height of the roofs [m]. */
float heightAt(vec2 xy) {
  vec2 at = (xy - uLightBox.xy) * uLightBox.zw;
  return uHeightScale.x + uHeightScale.y * texture(uMaps, at).r;
}

/** Sky over a level place, from those texels round it that lie at its own height: a wall's foot is not its roof. */
float skyAt(vec3 p) {
  vec2 size = vec2(textureSize(uMaps, 0));
  vec2 at = (p.xy - uLightBox.xy) * uLightBox.zw * size - 0.5;
  vec2 f = fract(at);
  ivec2 base = ivec2(floor(at));
  ivec2 last = ivec2(size) - 1;
  // where nothing around lies at this height, a building stands over the place
  float sum = 0.02 * 0.4;
  float weight = 0.02;
  float top = -1e6;
  for (int k = 0; k < 4; k++) {
    ivec2 d = ivec2(k & 1, k >> 1);
    vec2 texel = texelFetch(uMaps, clamp(base + d, ivec2(0), last), 0).rg;
    float w = (d.x == 1 ? f.x : 1.0 - f.x) * (d.y == 1 ? f.y : 1.0 - f.y) + 0.02;
    float height = uHeightScale.x + uHeightScale.y * texel.r;
    top = max(top, height);
    w *= abs(height - p.z) < 1.6 ? 1.0 : 0.0;
    sum += w * texel.g;
    weight += w;
  }
  // a model's own roof stands over the rooms that the maps were made of: nothing is above it
  return top < p.z - 1.6 ? 0.97 : sum / weight;
}

/** Share of its half of the dome that a place sees, by the baked maps. */
float openness(vec3 p, vec3 n, float storeyOpen) {
#ifdef LEAN
  return n.z > 0.6 ? 0.97 : 0.8;
#else
  if (uHeightScale.z < 0.5) return 1.0;
  vec2 inside = (p.xy - uLightBox.xy) * uLightBox.zw;
  if (any(lessThan(inside, vec2(0.004))) || any(greaterThan(inside, vec2(0.996)))) return 1.0;
  if (n.z > 0.6) {
    // inside an opened building the map tells of the roof above, not of this floor
    return storeyOpen > 0.5 ? 0.94 : skyAt(p);
  }
  vec2 out2 = normalize(n.xy + 1e-5);
  float near = (heightAt(p.xy + out2 * 5.0) - p.z) / 5.0;
  float far = (heightAt(p.xy + out2 * 16.0) - p.z) / 16.0;
  float slope = max(0.0, max(near, far));
  if (uFine > 0.5) slope = max(slope, (heightAt(p.xy + out2 * 34.0) - p.z) / 34.0);
  float sky = 1.0 - slope * inversesqrt(1.0 + slope * slope);
  float foot = smoothstep(-1.0, 9.0, p.z - uHeightScale.w);
  return sky * mix(0.72, 1.0, foot);
#endif
}
`;

/** GLSL: lightAt(), dataShare(), finish() and where a shader's output goes. Needs FRAGMENT_HEAD before it. */
export const LIGHT = /* glsl */ `${KEPT_OUT}
uniform vec3 uSunDirection;
uniform vec3 uSun;
uniform vec3 uSkyUp;
uniform vec3 uSkySide;
uniform vec3 uBounce;
uniform float uGain;
uniform highp sampler2D uShadowMap;
uniform mat4 uShadowMatrix;
/** (strength, size of a texel [m], size of a texel of the map, taps). */
uniform vec4 uShadow;
uniform vec3 uPage;
uniform vec3 uClay;
/** Centre of the campus (x, y), where the fog begins and its scale [m]. */
uniform vec4 uFade2;
/** Half size of the campus (x, y), where its surroundings begin to fade and over how much [m]. */
uniform vec4 uFadeHalf;
uniform float uTrust;
uniform highp sampler2D uRestLight;
uniform float uRest;
uniform float uSurface;
uniform vec3 uEye;

${OPENNESS}${SEEN}
float sunlit(vec3 p, vec3 n) {
  return seen(uShadowMap, uShadowMatrix, p, n);
}

/** Light that falls on a place; 'shade' takes sun away, 'cover' sky (both 1 = none). */
vec3 irradiance(vec3 p, vec3 n, float shade, float cover, float storeyOpen) {
  float open = openness(p, n, storeyOpen) * cover;
  float facing = max(dot(n, uSunDirection), 0.0);
  vec3 light = mix(uSkySide, uSkyUp, 0.5 + 0.5 * n.z) * (0.56 + 0.44 * n.z) * open;
  light += uBounce * (0.55 - 0.45 * n.z) * (0.4 + 0.6 * open);
  if (facing > 0.0) light += uSun * facing * shade * sunlit(p, n);
  return light;
}

#ifdef KEPT
uniform highp sampler2D uRestNormals;
uniform highp sampler2D uRestDepth;
/**
 * Whose light this is: of the pixel and its neighbours the one that shows this surface. The camera may look a fraction of a
 * pixel aside (look/smooth.ts), and light was gathered for what stands in the middle.
 */
ivec2 litLike(vec3 n) {
  const ivec2 TO[5] = ivec2[5](ivec2(0), ivec2(1, 0), ivec2(0, 1), ivec2(-1, 0), ivec2(0, -1));
  ivec2 at = ivec2(gl_FragCoord.xy);
  float away[5];
  float most = 1e-7;
  for (int k = 0; k < 5; k++) {
    away[k] = abs(texelFetch(uRestDepth, at + TO[k], 0).r - gl_FragCoord.z);
    most = max(most, away[k]);
  }
  ivec2 best = at;
  float least = 1e9;
  for (int k = 0; k < 5; k++) {
    vec4 s = texelFetch(uRestNormals, at + TO[k], 0);
    vec3 turned = s.xyz - n;
    // where the surface is one, a shadow's edge stays in its place
    float unlike = (s.a == 0.0 ? 9.0 : dot(turned, turned)) + 0.5 * away[k] / most - (k == 0 ? 0.3 : 0.0);
    if (unlike < least) {
      least = unlike;
      best = at + TO[k];
    }
  }
  return best;
}
#else
ivec2 litLike(vec3 n) {
  return ivec2(gl_FragCoord.xy);
}
#endif

/** The mean of the light samples that were gathered for this surface while the camera rested. */
vec3 gathered(vec3 n) {
  vec4 sum = texelFetch(uRestLight, litLike(n), 0);
  return sum.rgb / max(sum.a, 1.0);
}

/** Light on a place: the cheap sum while things move, or what was gathered while the camera rested. */
vec3 lightAt(vec3 p, vec3 n, float shade, float cover, float storeyOpen) {
#if defined(LEAN)
  return irradiance(p, n, shade, cover, storeyOpen);
#elif defined(KEPT)
  return gathered(n);
#else
  if (uRest >= 1.0) return gathered(n);
  vec3 light = irradiance(p, n, shade, cover, storeyOpen);
  if (uRest > 0.0) light = mix(light, gathered(n), uRest);
  return light;
#endif
}

float brightness(vec3 c) {
  return dot(c, vec3(0.2126, 0.7152, 0.0722));
}

/** Data keeps its colour: light moves it by at most a tenth (15 % would be a step of the ramp), and never its hue. */
float dataShare(vec3 light) {
  return clamp(0.87 + 0.13 * brightness(light) / uGain, 0.9, 1.02);
}

/** Linear up to 0.8, then a soft shoulder. */
vec3 shoulder(vec3 c) {
#ifdef LEAN
  return min(c, 1.0);
#else
  vec3 over = max(c - 0.8, 0.0);
  return min(c, 0.8) + 0.2 * (1.0 - exp(-over / 0.2));
#endif
}

/** How far a place has dissolved into the page. */
float dissolve(vec3 p) {
  vec2 out2 = max(abs(p.xy - uFade2.xy) - uFadeHalf.xy, 0.0);
  float rim = smoothstep(uFadeHalf.z, uFadeHalf.z + uFadeHalf.w, length(out2));
  float away = max(length(p - uEye) - uFade2.z, 0.0) / uFade2.w;
  return max(rim, 1.0 - exp(-away * away));
}

/** What the gathering of light needs of a surface: normal, and shade and cover in one number (negative for crowns). */
vec4 surface(vec3 n, float shade, float cover, float crown) {
  return vec4(n, (floor(cover * 100.0) + 0.5 * shade + 0.25) * (1.0 - 2.0 * crown));
}

/** Fog, display encoding and a dither of one step. */
vec4 finish(vec3 colour, vec3 p) {
  vec3 c = toSrgb(mix(colour, uPage, dissolve(p)));
#ifdef LEAN
  return vec4(c, 1.0);
#else
  return dithered(c);
#endif
}
`;
