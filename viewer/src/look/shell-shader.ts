// Shaders of authored shells: clay as the rest of the campus; windows carry the colour of their storey.

import { FRAGMENT_HEAD, VERTEX_HEAD } from '../chunks.ts';
import { LIGHT } from './light.ts';
import { STATE_MARKS } from './marks.ts';

const PLACE = /* glsl */ `
uniform uint uFirstStorey;
uniform uint uFirstStoreySlot;
in uvec4 aPlace;
uint storeyOf() {
  uint own = aPlace.w & 0xfffu;
  return own == 0xfffu ? 0u : own;
}
`;

export const SHELL_VERTEX = /* glsl */ `${VERTEX_HEAD}${PLACE}
uniform vec3 uEye;
out vec3 vWorld;
out vec3 vView;
flat out uvec3 vState;
flat out uint vSlot;
flat out uint vClass;
flat out vec4 vStorey;

void main() {
  vStorey = storeyTexel(uFirstStorey + storeyOf());
  vSlot = uFirstStoreySlot + storeyOf();
  vState = slotState(vSlot);
  vClass = aPlace.w >> 12;
  vec4 world = modelMatrix * vec4(vec3(aPlace.xyz), 1.0);
  world.z += vStorey.x;
  vWorld = world.xyz;
  vView = world.xyz - uEye;
  gl_Position = vStorey.z < 0.5 ? NOWHERE : projectionMatrix * viewMatrix * world;
}
`;

export const SHELL_DEPTH_VERTEX = /* glsl */ `${VERTEX_HEAD}${PLACE}
out vec3 vWorld;
void main() {
  vec4 storey = storeyTexel(uFirstStorey + storeyOf());
  vec4 world = modelMatrix * vec4(vec3(aPlace.xyz), 1.0);
  world.z += storey.x;
  vWorld = world.xyz;
  gl_Position = storey.z > 0.5 && storey.z < 1.5 ? projectionMatrix * viewMatrix * world : NOWHERE;
}
`;

export const SHELL_FRAGMENT = /* glsl */ `${FRAGMENT_HEAD}${LIGHT}${STATE_MARKS}
in vec3 vWorld;
in vec3 vView;
flat in uvec3 vState;
flat in uint vSlot;
flat in uint vClass;
flat in vec4 vStorey;

void main() {
  clipSection(vWorld);
#ifdef GHOST
  if (vStorey.z > 1.5 && fract(dot(floor(gl_FragCoord.xy), vec2(0.7548777, 0.5698403))) > 0.05) discard;
#endif
  vec3 normal = normalize(cross(dFdx(vView), dFdy(vView)));
#ifndef KEPT
  if (uSurface > 0.5) { outColour = surface(normal, 1.0, 1.0, 0.0); return; }
#endif
  vec3 light = lightAt(vWorld, normal, 1.0, 1.0, 0.0);
  bool glass = vClass == 2u;
  float tone = glass ? 0.72 : vClass == 3u ? 0.86 : vClass == 1u ? 0.97 : 1.0;
  float share = dataShare(light);
  float dull = mix(0.82, 1.0, vStorey.w);
  vec3 colour = shoulder(uClay * tone * light) * dull;
#ifdef KEPT
  outPlace = glass ? placeOf(vSlot, true, share * dull, dissolve(vWorld)) : NO_PLACE;
  outMissing = finish(colour, vWorld);
#else
  if (glass && vState.x != 0u) colour = marked(paletteColour(vState), vState) * (share * dull);
  if (glass) colour = mix(colour, vec3(1.0), emphasised(vSlot));
#endif
  outColour = finish(colour, vWorld);
}
`;
