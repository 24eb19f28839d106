// Shaders of the ground and of the trees.

import { FRAGMENT_HEAD, VERTEX_HEAD } from '../chunks.ts';
import { LEAN_FRAGMENT, LEAN_VERTEX } from './lean.ts';
import { LIGHT } from './light.ts';

export const GROUND_VERTEX = /* glsl */ `${VERTEX_HEAD}${LEAN_VERTEX}
in vec2 aPlace;
in uint aKind;
uniform vec3 uOrigin;
uniform float uStep;
uniform vec3 uKinds[9];
uniform vec3 uEye;
out vec3 vWorld;
#ifndef LEAN
flat out vec3 vColour;
flat out uint vKind;
#endif

void main() {
  vWorld = vec3(uOrigin.xy + aPlace * uStep, uOrigin.z);
#ifdef LEAN
  // Open level ground in full light has its token's colour, and the plain's is the page's: it only hides what lies below.
  if (aKind == 0u) vWorld.xy = clamp(vWorld.xy, uFade2.xy - uFadeHalf.xy, uFade2.xy + uFadeHalf.xy);
  vTint = vec4(shown(uKinds[aKind]), 0.0);
  vAway = aKind == 0u ? 1.0 : away(vWorld, uEye);
#else
  vKind = aKind;
  vColour = uKinds[aKind];
#endif
  gl_Position = projectionMatrix * viewMatrix * vec4(vWorld, 1.0);
}
`;

/** Kind 5 is water: lighter at grazing angles, darkened where little sky reaches it. */
export const GROUND_FRAGMENT = /* glsl */ `${FRAGMENT_HEAD}
in vec3 vWorld;
#ifdef LEAN
${LEAN_FRAGMENT}
void main() {
  clipSection(vWorld - vec3(0.0, 0.0, 0.05));
  outColour = vec4(mix(vTint.rgb, uPageShown, vAway), 1.0);
}
#else
${LIGHT}
flat in vec3 vColour;
flat in uint vKind;

void main() {
  clipSection(vWorld - vec3(0.0, 0.0, 0.05));
#ifdef KEPT
  outPlace = NO_PLACE;
  outMissing = vec4(0.0);
#endif
  if (uSurface < 0.5 && dissolve(vWorld) >= 0.999) { outColour = finish(uPage, vWorld); return; }
  vec3 up = vec3(0.0, 0.0, 1.0);
  if (uSurface > 0.5) { outColour = surface(up, 1.0, 1.0, 0.0); return; }
  vec3 light = lightAt(vWorld, up, 1.0, 1.0, 0.0);
  vec3 colour = vColour / uGain * light;
  if (vKind == 5u) {
    vec3 view = normalize(uEye - vWorld);
    float grazing = pow(1.0 - max(view.z, 0.0), 3.0);
    vec3 sky = mix(uSkySide, uSkyUp, 0.4) * (uGain < 0.8 ? 0.35 : 0.85);
    colour = mix(colour, sky * vColour / max(brightness(vColour), 1e-3) * mix(brightness(vColour), 1.0, 0.3), 0.55 * grazing);
  }
  outColour = finish(shoulder(colour), vWorld);
}
#endif
`;

export const TREE_VERTEX = /* glsl */ `${VERTEX_HEAD}
in vec3 position;
in vec4 aTree;
uniform vec4 uSection;
out vec3 vWorld;
out vec3 vNormal;
out float vTone;

void main() {
  float seed = fract(sin(dot(aTree.xy, vec2(12.9898, 78.233))) * 43758.5453);
  float turn = seed * 6.2832;
  mat2 spin = mat2(cos(turn), sin(turn), -sin(turn), cos(turn));
  vec3 body = vec3(spin * position.xy, position.z);
  float r = aTree.w;
  vec3 shape = vec3(r, r, r * (1.02 + 0.3 * seed));
  vWorld = vec3(aTree.xyz) + body * shape + vec3(0.0, 0.0, shape.z * 0.93);
  vNormal = normalize(body / vec3(1.0, 1.0, 1.1));
  vTone = 0.9 + 0.2 * seed;
  // a section takes a tree away or leaves it: nobody wants to see crowns cut open
  bool away = dot(uSection.xyz, aTree.xyz + vec3(0.0, 0.0, shape.z * 0.93)) > uSection.w;
  gl_Position = away ? NOWHERE : projectionMatrix * viewMatrix * vec4(vWorld, 1.0);
}
`;

/** Depth from the sun: the same places. */
export const TREE_DEPTH_VERTEX = TREE_VERTEX.replace(/^(out .*| {2})v(Normal|Tone).*$/gm, '');

export const TREE_FRAGMENT = /* glsl */ `${FRAGMENT_HEAD}${LIGHT}
uniform vec3 uTree;
in vec3 vWorld;
in vec3 vNormal;
in float vTone;

void main() {
#ifdef KEPT
  outPlace = NO_PLACE;
  outMissing = vec4(0.0);
#endif
  vec3 normal = normalize(vNormal);
  // a crown lets light through: the sun reaches round it, underneath it is darker
  float facing = max(0.0, (dot(normal, uSunDirection) + 0.25) / 1.25);
  if (uSurface > 0.5) { outColour = surface(normal, 1.0, 1.0, 1.0); return; }
  vec3 light = mix(uSkySide, uSkyUp, 0.5 + 0.5 * normal.z) * (0.5 + 0.5 * smoothstep(-0.9, 0.8, normal.z));
  light += uSun * facing * sunlit(vWorld, normal * 2.0) + uBounce * 0.4;
#ifdef KEPT
  light = gathered(normal);
#else
  if (uRest > 0.0) light = mix(light, gathered(normal), uRest);
#endif
  outColour = finish(shoulder(uTree / uGain * mix(0.82, 1.0, step(0.8, uGain)) * vTone * light), vWorld);
}
`;
