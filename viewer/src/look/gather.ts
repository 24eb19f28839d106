// The shader that gathers light at rest: for every pixel the surface is known (its depth, normal, and how its slab shades
// it), so that one sample costs two depth pictures and one pass over the screen, however heavy the scene is.

import { OPENNESS, SEEN } from './light.ts';

export const GATHER_VERTEX = /* glsl */ `
in vec3 position;
void main() { gl_Position = vec4(position.xy, 0.0, 1.0); }
`;

export const GATHER_FRAGMENT = /* glsl */ `
precision highp float;
precision highp int;
uniform highp sampler2D uNormals;
uniform highp sampler2D uDepth;
uniform mat4 uUnproject;
uniform vec3 uSunDirection;
uniform vec3 uSun;
uniform vec3 uSkyUp;
uniform vec3 uSkySide;
uniform vec3 uBounce;
uniform vec4 uShadow;
uniform highp sampler2D uSunMap;
uniform mat4 uSunMatrix;
uniform vec3 uRay;
uniform highp sampler2D uRayMap;
uniform mat4 uRayMatrix;
out vec4 outColour;
/** Share of the dome's light that is gathered; the rest is the baked sum. */
uniform float uGathered;
${OPENNESS}${SEEN}

void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  vec4 s = texelFetch(uNormals, at, 0);
  if (s.a == 0.0) { outColour = vec4(0.0); return; }
  float depth = texelFetch(uDepth, at, 0).r;
  vec4 q = uUnproject * vec4(gl_FragCoord.xy / vec2(textureSize(uDepth, 0)) * 2.0 - 1.0, depth * 2.0 - 1.0, 1.0);
  vec3 p = q.xyz / q.w;
  vec3 n = normalize(s.xyz);
  float crown = s.a < 0.0 ? 1.0 : 0.0;
  float cover = floor(abs(s.a)) / 100.0;
  float shade = clamp((fract(abs(s.a)) - 0.25) * 2.0, 0.0, 1.0);
  vec3 off = n * (1.0 + crown);
  // a crown lets light through: it is lit a little way round
  float sky = max(0.0, (dot(n, uRay) + 0.15 * crown) / (1.0 + 0.15 * crown));
  float sun = max(0.0, (dot(n, uSunDirection) + 0.25 * crown) / (1.0 + 0.25 * crown));
  vec3 light = uBounce * (0.55 - 0.45 * n.z * (1.0 - crown));
  if (uGathered > 0.0 && sky > 0.0) {
    light += mix(uSkySide, uSkyUp, uRay.z) * 2.0 * sky * cover * uGathered * seen(uRayMap, uRayMatrix, p, off);
  }
  if (uGathered < 1.0) {
    float lifted = n.z > 0.6 && p.z > uHeightScale.w + 0.6 && heightAt(p.xy) > p.z + 2.0 ? 1.0 : 0.0;
    float open = crown > 0.5 ? 0.5 + 0.5 * smoothstep(-0.9, 0.8, n.z) : openness(p, n, lifted) * (0.56 + 0.44 * n.z);
    light += mix(uSkySide, uSkyUp, 0.5 + 0.5 * n.z) * open * cover * (1.0 - uGathered);
  }
  if (sun > 0.0) light += uSun * sun * shade * seen(uSunMap, uSunMatrix, p, off);
  // the samples add up, and the last number counts them
  outColour = vec4(light, 1.0);
}
`;
