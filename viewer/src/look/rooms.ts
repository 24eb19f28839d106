// Shaders of the room prisms.

import { FRAGMENT_HEAD, VERTEX_HEAD } from '../chunks.ts';
import { STATE_MARKS } from './envelope-shader.ts';
import { LIGHT } from './light.ts';

export const ROOM_VERTEX = /* glsl */ `${VERTEX_HEAD}
uniform vec3 uEye;
in uvec4 aPlace;
in uvec2 aSlot;
out vec3 vWorld;
out vec3 vView;
flat out uvec3 vState;
flat out uint vSlot;
flat out vec4 vStorey;

void main() {
  vStorey = storeyTexel(aPlace.w);
  vSlot = aSlot.x | (aSlot.y << 16);
  vState = slotState(vSlot);
  vec4 world = modelMatrix * vec4(vec3(aPlace.xyz), 1.0);
  world.z += vStorey.x;
  vWorld = world.xyz;
  vView = world.xyz - uEye;
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

export const ROOM_FRAGMENT = /* glsl */ `${FRAGMENT_HEAD}${LIGHT}${STATE_MARKS}
uniform uint uSelected;
uniform uint uHovered;
in vec3 vWorld;
in vec3 vView;
flat in uvec3 vState;
flat in uint vSlot;
flat in vec4 vStorey;
out vec4 outColour;

void main() {
  clipSection(vWorld);
  if (vStorey.y > 1.5 && fract(dot(floor(gl_FragCoord.xy), vec2(0.7548777, 0.5698403))) > 0.12) discard;
  vec3 normal = normalize(cross(dFdx(vView), dFdy(vView)));
  bool data = vState.x != 0u;
  if (uSurface > 0.5) { outColour = surface(normal, 1.0, 1.0, 0.0); return; }
  vec3 light = lightAt(vWorld, normal, 1.0, 1.0, 1.0);
  vec3 colour = data ? dataLit(marked(paletteColour(vState), vState), light) : shoulder(uClay * 0.93 * light);
  if (!data && (vState.y & 3u) == 3u) colour *= 1.0 - 0.22 * dots();
  // walls of prisms a little darker than their tops: the plan reads at a glance
  if (normal.z < 0.5) colour *= 0.86;
  colour *= mix(0.82, 1.0, vStorey.w);
  if (vSlot == uHovered) colour = mix(colour, vec3(1.0), 0.14);
  if (vSlot == uSelected) colour = mix(colour, vec3(1.0), 0.26);
  outColour = finish(colour, vWorld);
}
`;
