// Shaders of the room prisms.

import { FRAGMENT_HEAD, VERTEX_HEAD } from '../chunks.ts';
import { LEAN_FRAGMENT, LEAN_VERTEX } from './lean.ts';
import { LIGHT } from './light.ts';
import { STATE_MARKS } from './marks.ts';

export const ROOM_VERTEX = /* glsl */ `${VERTEX_HEAD}${LEAN_VERTEX}
uniform vec3 uEye;
in uvec4 aPlace;
in uvec2 aSlot;
out vec3 vView;
flat out vec4 vStorey;
#ifndef LEAN
flat out uvec3 vState;
flat out uint vSlot;
#endif

void main() {
  vStorey = storeyTexel(aPlace.w);
  vec4 world = modelMatrix * vec4(vec3(aPlace.xyz), 1.0);
  world.z += vStorey.x;
  vView = world.xyz - uEye;
  uint slot = aSlot.x | (aSlot.y << 16);
#ifdef LEAN
  tint(slotState(slot), slot, 0.93, vStorey.w);
  vAway = away(world.xyz, uEye);
#else
  vSlot = slot;
  vState = slotState(slot);
#endif
  gl_Position = vStorey.y < 0.5 ? NOWHERE : projectionMatrix * viewMatrix * world;
}
`;

/** Depth from the sun; rooms drawn as ghosts cast nothing. */
export const ROOM_DEPTH_VERTEX = /* glsl */ `${VERTEX_HEAD}
in uvec4 aPlace;
out vec3 vWorld;

void main() {
  vec4 storey = storeyTexel(aPlace.w);
  vec4 world = modelMatrix * vec4(vec3(aPlace.xyz), 1.0);
  world.z += storey.x;
  vWorld = world.xyz;
  gl_Position = storey.y > 0.5 && storey.y < 1.5 ? projectionMatrix * viewMatrix * world : NOWHERE;
}
`;

const FULL = /* glsl */ `${LIGHT}${STATE_MARKS}
flat in uvec3 vState;
flat in uint vSlot;

void whole() {
  vec3 vWorld = vView + uEye;
  vec3 normal = normalize(cross(dFdx(vView), dFdy(vView)));
#ifndef KEPT
  if (uSurface > 0.5) { outColour = surface(normal, 1.0, 1.0, 0.0); return; }
#endif
  vec3 light = lightAt(vWorld, normal, 1.0, 1.0, 1.0);
  // walls of prisms a little darker than their tops: the plan reads at a glance
  float dull = mix(0.82, 1.0, vStorey.w) * (normal.z < 0.5 ? 0.86 : 1.0);
  float share = dataShare(light);
  float missing = 1.0 - 0.22 * dots();
  vec3 colour = shoulder(uClay * 0.93 * light) * dull;
#ifdef KEPT
  outPlace = placeOf(vSlot, true, share * dull, dissolve(vWorld));
  outMissing = finish(colour * missing, vWorld);
#else
  if (vState.x != 0u) colour = marked(paletteColour(vState), vState) * (share * dull);
  else if ((vState.y & 3u) == 3u) colour *= missing;
  colour = mix(colour, vec3(1.0), emphasised(vSlot));
#endif
  outColour = finish(colour, vWorld);
}
`;

export const ROOM_FRAGMENT = /* glsl */ `${FRAGMENT_HEAD}
in vec3 vView;
flat in vec4 vStorey;
#ifdef LEAN
uniform vec3 uEye;
${LEAN_FRAGMENT}
#else
${FULL}
#endif

void main() {
  clipSection(vView + uEye);
#ifdef GHOST
  if (vStorey.y > 1.5 && fract(dot(floor(gl_FragCoord.xy), vec2(0.7548777, 0.5698403))) > 0.12) discard;
#endif
#ifdef LEAN
  plain(vView);
#else
  whole();
#endif
}
`;
