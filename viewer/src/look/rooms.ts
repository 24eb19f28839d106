// Shaders of the room prisms.

import { FRAGMENT_HEAD, VERTEX_HEAD } from '../chunks.ts';

export const ROOM_VERTEX = /* glsl */ `${VERTEX_HEAD}
in uvec4 aPlace;
in uvec2 aSlot;
out vec3 vWorld;
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
  gl_Position = vStorey.y < 0.5 ? NOWHERE : projectionMatrix * viewMatrix * world;
}
`;

export const ROOM_FRAGMENT = /* glsl */ `${FRAGMENT_HEAD}
uniform uint uSelected;
uniform uint uHovered;
in vec3 vWorld;
flat in uvec3 vState;
flat in uint vSlot;
flat in vec4 vStorey;
out vec4 outColour;

void main() {
  clipSection(vWorld);
  if (vStorey.y > 1.5 && fract(dot(floor(gl_FragCoord.xy), vec2(0.7548777, 0.5698403))) > 0.12) discard;
  vec3 normal = normalize(cross(dFdx(vWorld), dFdy(vWorld)));
  vec3 colour = paletteColour(vState);
  float light = 0.72 + 0.28 * max(normal.z, 0.0) + 0.12 * dot(normal, vec3(-0.5, -0.7, 0.0));
  if ((vState.y & 4u) != 0u) colour = mix(colour, colour * 0.55, hatchLines());
  if (vState.x == 0u && (vState.y & 3u) == 3u) colour = mix(colour * 0.86, colour * 0.6, dots());
  if (vSlot == uHovered) light += 0.08;
  if (vSlot == uSelected) light += 0.16;
  outColour = vec4(toSrgb(colour * light), 1.0);
}
`;
