// Shaders of the closed building: clay slabs and roofs, and glazed bands that carry the data.

import { FRAGMENT_HEAD, VERTEX_HEAD } from '../chunks.ts';
import { LEAN_FRAGMENT, LEAN_VERTEX } from './lean.ts';
import { LIGHT } from './light.ts';
import { STATE_MARKS } from './marks.ts';

export const ENVELOPE_VERTEX = /* glsl */ `${VERTEX_HEAD}${LEAN_VERTEX}
uniform vec3 uEye;
in uvec4 aPlace;
in uvec4 aMore;
out vec3 vView;
out vec2 vWall;
flat out uint vPart;
flat out vec4 vStorey;
#ifndef LEAN
flat out uvec3 vState;
flat out uint vSlot;
#endif

void main() {
  vStorey = storeyTexel(aPlace.w);
  vPart = aMore.z;
  uint slot = aMore.x | ((aMore.y & 255u) << 16);
  uvec3 state = slot == 0xffffffu ? uvec3(0u) : slotState(slot);
  vec4 world = modelMatrix * vec4(vec3(aPlace.xyz), 1.0);
  world.z += vStorey.x;
  vView = world.xyz - uEye;
#ifdef LEAN
  // the slab takes some of the light from the glass below it
  uvec3 shownState = vPart == 0u ? state : uvec3(0u);
  tint(shownState, slot, vPart == 0u ? 0.66 : vPart == 3u ? 0.975 : vPart >= 6u ? 0.93 : 1.0, vStorey.w);
  if (vPart < 6u && vStorey.z > 1.5) vTint = vec4(shown(mix(uClay * uGain * 0.72, uPage, 0.4)), 0.0);
  vAway = away(world.xyz, uEye);
#else
  vSlot = slot;
  vState = state;
#endif
  // way along the wall, and how far below the slab's edge [m]
  vWall = vec2(float(aMore.w) * 0.05, float(aMore.y >> 8) * 0.1);
  bool plate = vPart >= 6u;
  bool shown = plate ? vStorey.y > 0.5 : vStorey.z > 0.5;
  gl_Position = shown ? projectionMatrix * viewMatrix * world : NOWHERE;
}
`;

/** Depth from the sun: the same places, no colour. Storeys drawn as outlines cast nothing. */
export const ENVELOPE_DEPTH_VERTEX = /* glsl */ `${VERTEX_HEAD}
in uvec4 aPlace;
in uvec4 aMore;
out vec3 vWorld;

void main() {
  vec4 storey = storeyTexel(aPlace.w);
  vec4 world = modelMatrix * vec4(vec3(aPlace.xyz), 1.0);
  world.z += storey.x;
  vWorld = world.xyz;
  float show = aMore.z >= 6u ? storey.y : storey.z;
  gl_Position = show > 0.5 && show < 1.5 ? projectionMatrix * viewMatrix * world : NOWHERE;
}
`;

export const DEPTH_FRAGMENT = /* glsl */ `
precision highp float;
uniform vec4 uSection;
in vec3 vWorld;
out vec4 outColour;
void main() {
  if (dot(uSection.xyz, vWorld) > uSection.w) discard;
  outColour = vec4(1.0);
}
`;

const FULL = /* glsl */ `${LIGHT}${STATE_MARKS}
flat in uvec3 vState;
flat in uint vSlot;

/** Mullions between bays of 3 m and a slight difference from bay to bay, both gone where a bay is below 3 px. */
float bays(float way, float height) {
  float grain = fwidth(way);
  float fade = 1.0 - smoothstep(0.35, 1.0, grain);
  if (fade <= 0.0) return 1.0;
  float at = way / 3.0;
  float f = abs(fract(at) - 0.5) * 3.0;
  float edge = max(grain, 0.02);
  float mullion = 1.0 - smoothstep(0.13 - edge, 0.13 + edge, 1.5 - f);
  float variety = fract(sin(floor(at) * 12.9898 + floor(height) * 4.1414) * 43758.5453) - 0.5;
  return 1.0 + fade * (0.05 * variety - 0.17 * (1.0 - mullion));
}

void whole(bool ghost) {
  vec3 vWorld = vView + uEye;
  vec3 normal = normalize(cross(dFdx(vView), dFdy(vView)));
  bool glass = vPart == 0u;
  vec3 albedo = uClay;
  float shade = 1.0;
  float cover = 1.0;
  if (glass) {
    // the slab above: it takes sky from the glass below it, and throws an edge of shadow
    float recess = 0.5;
    cover = 1.0 - 0.55 * recess * inversesqrt(recess * recess + vWall.y * vWall.y);
    vec2 across = normalize(uSunDirection.xy);
    float toward = max(dot(across, normal.xy), 0.08);
    float drop = recess * uSunDirection.z / (length(uSunDirection.xy) * toward);
    float blur = 0.06 + fwidth(vWall.y);
    shade = smoothstep(drop - blur, drop + blur, vWall.y);
    albedo = uClay * 0.8;
  } else if (vPart == 3u) {
    albedo = uClay * 0.975;
  } else if (vPart >= 6u) {
    albedo = uClay * 0.93;
  }
#ifndef KEPT
  if (uSurface > 0.5) { outColour = surface(normal, shade, cover, 0.0); return; }
#endif
  vec3 light = lightAt(vWorld, normal, shade, cover, vPart >= 6u ? 1.0 : 0.0);
  float bay = glass ? bays(vWall.x, vWorld.z) : 1.0;
  float dull = mix(0.82, 1.0, vStorey.w);
  float share = (0.6 + 0.4 * bay) * dataShare(light);
  float missing = 1.0;
  if (glass) {
    // no data under a shown metric: a dashed line along the band
    float dash = step(fract(vWall.x / 3.0), 0.5) * (1.0 - smoothstep(0.12, 0.12 + fwidth(vWall.y), abs(vWall.y - 1.2)));
    missing = 1.0 - 0.4 * dash * (1.0 - smoothstep(0.3, 0.9, fwidth(vWall.x)));
  }
  vec3 colour = shoulder(albedo * light * bay) * dull;
  if (ghost) colour = mix(uClay * uGain * 0.72, uPage, 0.4);
#ifdef KEPT
  outPlace = placeOf(vSlot, glass && !ghost, share * dull, dissolve(vWorld));
  outMissing = finish(colour * missing, vWorld);
#else
  if (glass && !ghost && vState.x != 0u) colour = marked(paletteColour(vState), vState) * (share * dull);
  else if (!ghost && (vState.y & 3u) == 3u) colour *= missing;
  colour = mix(colour, vec3(1.0), emphasised(vSlot));
#endif
  outColour = finish(colour, vWorld);
}
`;

export const ENVELOPE_FRAGMENT = /* glsl */ `${FRAGMENT_HEAD}
in vec3 vView;
in vec2 vWall;
flat in uint vPart;
flat in vec4 vStorey;
#ifdef LEAN
uniform vec3 uEye;
${LEAN_FRAGMENT}
#else
${FULL}
#endif

void main() {
  clipSection(vView + uEye);
  bool ghost = false;
#ifdef GHOST
  ghost = vPart < 6u && vStorey.z > 1.5;
  // of a storey that is out of the way only the edge of its slab stays, a thin line that lets the rooms below be read
  if (ghost && (vPart != 1u || vWall.y > 0.3)) discard;
#endif
#ifdef LEAN
  plain(vView);
#else
  whole(ghost);
#endif
}
`;
