// GLSL that every material shares: where a vertex of a storey stands, what its slot shows, where the section cuts.

import { STATE_WIDTH } from './state.ts';
import { STOREY_WIDTH } from './storeys.ts';

/** What a slot shows now. */
export const SLOT_STATE = /* glsl */ `
uniform lowp sampler2D uValue;
uniform lowp sampler2D uPrevious;
uniform lowp sampler2D uFlags;

/** (display byte, flags, display byte before the cross-fade) of a slot. */
uvec3 slotState(uint slot) {
  ivec2 at = ivec2(slot & ${STATE_WIDTH - 1}u, slot >> ${Math.log2(STATE_WIDTH)}u);
  return uvec3(
    uint(texelFetch(uValue, at, 0).r * 255.0 + 0.5),
    uint(texelFetch(uFlags, at, 0).r * 255.0 + 0.5),
    uint(texelFetch(uPrevious, at, 0).r * 255.0 + 0.5));
}
`;

/** Head of every vertex shader. */
export const VERTEX_HEAD = /* glsl */ `
precision highp float;
precision highp int;
uniform mat4 modelMatrix;
uniform mat4 viewMatrix;
uniform mat4 projectionMatrix;
uniform highp sampler2D uStoreys;
uniform vec4 uScreen;
${SLOT_STATE}
/** (lift [m], rooms, envelope, emphasis) of a storey. */
vec4 storeyTexel(uint storey) {
  return texelFetch(uStoreys, ivec2(storey % ${STOREY_WIDTH}u, storey / ${STOREY_WIDTH}u), 0);
}

/** Outside every clip volume: what a hidden storey's vertices become. */
const vec4 NOWHERE = vec4(0.0, 0.0, 2.0, 1.0);
`;

/** Factors of c^(1/2), c^(1/4), c^(1/8) and c in the fit of the display curve above 0.0031308. */
export const SRGB_ROOTS = [0.64236246, 0.71211392, -0.33687134, -0.01756188] as const;

/** Head of every fragment shader. Colours are linear; outputColour() ends a shader. */
export const FRAGMENT_HEAD = /* glsl */ `
precision highp float;
precision highp int;
uniform lowp sampler2D uPalette;
uniform float uFade;
uniform vec4 uSection;
uniform vec4 uScreen;

/** Takes away what the section plane cuts off. */
void clipSection(vec3 world) {
#ifdef SECTION
  if (dot(uSection.xyz, world) > uSection.w) discard;
#endif
}

/** Linear colour of a slot's state, cross-faded. */
vec3 paletteColour(uvec3 state) {
  vec3 now = texelFetch(uPalette, ivec2(int(state.x), 0), 0).rgb;
  if (uFade >= 1.0) return now;
  return mix(texelFetch(uPalette, ivec2(int(state.z), 1), 0).rgb, now, uFade);
}

/** 0 or 1: 12 px diagonals in screen space, for stale. */
float hatchLines() {
  float period = 12.0 * uScreen.z;
  float at = mod(gl_FragCoord.x + gl_FragCoord.y, period);
  return step(at, 0.3 * period);
}

/** 0 or 1: 8 px dots in screen space, for simulated under the trust lens and for derived rooms. */
float dots() {
  vec2 cell = mod(gl_FragCoord.xy, 8.0 * uScreen.z) - 4.0 * uScreen.z;
  return step(dot(cell, cell), 3.0 * uScreen.z * uScreen.z);
}

/**
 * The curve of IEC 61966-2-1 by three square roots in place of a power, which a software renderer pays dearly for: within
 * 0.02/255 of it; tests/colour.test.ts checks the fit.
 */
vec3 toSrgb(vec3 c) {
  vec3 a = sqrt(max(c, vec3(0.0)));
  vec3 b = sqrt(a);
  vec3 d = sqrt(b);
  return max(12.92 * min(c, vec3(0.0031308)), ${SRGB_ROOTS[0]} * a + ${SRGB_ROOTS[1]} * b - ${-SRGB_ROOTS[2]} * d - ${-SRGB_ROOTS[3]} * c);
}

/** A dither of one step: what changes slowly shows no bands. */
vec4 dithered(vec3 c) {
  float noise = fract(52.9829189 * fract(dot(gl_FragCoord.xy, vec2(0.06711056, 0.00583715)))) - 0.5;
  return vec4(c + noise / 255.0, 1.0);
}
`;
