// Shaders that smooth the edges of the picture at rest: how much of every pixel is its own surface, and how much a neighbour's.

import { WITHIN_PIXEL } from './samples.ts';

/** Steps of a share that a pixel has of itself, or of its neighbour: as many as there are samples, three bits each. */
const STEPS = WITHIN_PIXEL.length;

/** GLSL: the four neighbours of a pixel, and who stands at a place: the slot, and whether its value is shown. */
const NEIGHBOURS = /* glsl */ `
const ivec2 TO[4] = ivec2[4](ivec2(1, 0), ivec2(0, 1), ivec2(-1, 0), ivec2(0, -1));
uint who(uvec2 place) { return place.x | (place.y & 0x1000000u); }
`;

/** Adds one sample, a little beside the middle of the pixels: its colour, and to whom of the pixel and its neighbours it belongs. */
export const SAMPLE_FRAGMENT = /* glsl */ `
precision highp float;
precision highp int;
uniform lowp sampler2D uSample;
uniform highp usampler2D uSamplePlaces;
uniform highp usampler2D uPlaces;
layout(location = 0) out vec4 outColour;
layout(location = 1) out vec4 outNeighbours;
${NEIGHBOURS}
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  uint sampled = who(texelFetch(uSamplePlaces, at, 0).rg);
  bool own = sampled == who(texelFetch(uPlaces, at, 0).rg);
  vec4 of = vec4(0.0);
  for (int k = 0; k < 4; k++) of[k] = !own && sampled == who(texelFetch(uPlaces, at + TO[k], 0).rg) ? 1.0 : 0.0;
  outColour = vec4(texelFetch(uSample, at, 0).rgb, own ? 1.0 : 0.0);
  // corners belong to two neighbours
  outNeighbours = of / max(1.0, dot(of, vec4(1.0)));
}
`;

/** The mean of the samples; its alpha holds the share of the pixel itself, of one neighbour, and which. */
export const MEAN_FRAGMENT = /* glsl */ `
precision highp float;
precision highp int;
uniform highp sampler2D uColours;
uniform highp sampler2D uNeighbours;
uniform float uCount;
out vec4 outColour;

void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  vec4 sum = texelFetch(uColours, at, 0) / uCount;
  vec4 of = texelFetch(uNeighbours, at, 0) / uCount;
  uint k = 0u;
  for (uint i = 1u; i < 4u; i++) if (of[i] > of[k]) k = i;
  // what two neighbours share goes to the greater
  float other = dot(of, vec4(1.0));
  uint bits = uint(sum.a * ${STEPS}.0 + 0.5) | uint(other * ${STEPS}.0 + 0.5) << 3 | k << 6;
  outColour = vec4(sum.rgb, float(bits) / 255.0);
}
`;

/** The mean, and what the values of this moment change of it. */
export const SMOOTH_FRAGMENT = /* glsl */ `
precision highp float;
precision highp int;
uniform lowp sampler2D uMean;
uniform highp sampler2D uChanges;
out vec4 outColour;
${NEIGHBOURS}
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  vec4 mean = texelFetch(uMean, at, 0);
  uint bits = uint(mean.a * 255.0 + 0.5);
  vec2 share = vec2(float(bits & 7u), float(bits >> 3 & 7u)) / ${STEPS}.0;
  vec3 changed = share.x * texelFetch(uChanges, at, 0).rgb + share.y * texelFetch(uChanges, at + TO[bits >> 6], 0).rgb;
  outColour = vec4(mean.rgb + changed, 1.0);
}
`;
