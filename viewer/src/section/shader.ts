// Shaders of the caps: what a section cuts through is filled, rooms in their colour, everything solid dark.

import { FRAGMENT_HEAD, VERTEX_HEAD } from '../chunks.ts';
import { LIGHT } from '../look/light.ts';
import { STATE_MARKS } from '../look/marks.ts';
import { CEILING_GAP } from '../prisms.ts';
import { Cap, DROPS, NO_STOREY } from './buffers.ts';
import { MOST_LINE } from './measures.ts';

/** Half of the thinnest line between two rooms: in the model [m], and on the screen [CSS px]. */
const LEAST_M = 0.06;
const LEAST_PX = 0.6;

/** Where a corner stands, and whether its face is shown: the same for the picture, its shadow and the tests' oracle. */
export const CAP_PLACE = /* glsl */ `
in vec3 aPlace;
in vec4 aInset;
in uvec4 aTag;
/** 1: lines are left between rooms; 0: faces fill their outlines. */
uniform float uLines;

uint kindOf() { return aTag.y & 255u; }
uint capSlot() { return aTag.z | (aTag.w << 16); }

vec4 capStorey() {
  return aTag.x == ${NO_STOREY}u ? vec4(0.0, 1.0, 1.0, 1.0) : storeyTexel(aTag.x);
}

bool capShown(vec4 storey) {
  bool closed = abs(storey.z - 1.0) < 0.5;
  bool open = storey.y > 0.5;
  uint kind = kindOf();
  if (kind == ${Cap.slab}u || kind == ${Cap.parapet}u || kind == ${Cap.solid}u) return closed;
  if (kind == ${Cap.plate}u) return open && !closed;
  return closed || open;
}

vec3 capPlace(vec4 storey) {
  vec3 at = aPlace;
  // the prisms of an open storey end below the next floor
  if ((aTag.y & ${DROPS}u) != 0u && abs(storey.z - 1.0) >= 0.5) at.z -= ${CEILING_GAP / 100};
  at.z += storey.x;
  if (uLines < 0.5 || dot(aInset.xyz, aInset.xyz) == 0.0) return at;
  float depth = (projectionMatrix * viewMatrix * vec4(at, 1.0)).w;
  float pixel = 2.0 * abs(depth) * uScreen.z / (projectionMatrix[1][1] * uScreen.y);
  // of rooms a few pixels wide lines would leave only noise
  float room = aInset.w / (${MOST_LINE} * pixel);
  return at + aInset.xyz * min(max(${LEAST_M}, ${LEAST_PX} * pixel), aInset.w) * smoothstep(4.0, 10.0, room);
}
`;

export const CAP_VERTEX = /* glsl */ `${VERTEX_HEAD}${CAP_PLACE}
out vec3 vWorld;
flat out uvec3 vState;
flat out uint vSlot;
flat out uint vKind;
flat out vec4 vStorey;

void main() {
  vStorey = capStorey();
  vKind = kindOf();
  vSlot = capSlot();
  vState = slotState(vSlot);
  vWorld = capPlace(vStorey);
  gl_Position = capShown(vStorey) ? projectionMatrix * viewMatrix * vec4(vWorld, 1.0) : NOWHERE;
  // all lie in one plane: a hair of depth parts them, and keeps them before what ends there
  gl_Position.z -= 1e-5 * float(vKind + 1u) * gl_Position.w;
}
`;

/** The caps close the hole that the sun would shine through. */
export const CAP_DEPTH_VERTEX = /* glsl */ `${VERTEX_HEAD}${CAP_PLACE}
void main() {
  vec4 storey = capStorey();
  bool solid = storey.z > 0.5 ? storey.z < 1.5 : storey.y < 1.5;
  gl_Position = capShown(storey) && solid && kindOf() != ${Cap.earth}u ? projectionMatrix * viewMatrix * vec4(capPlace(storey), 1.0) : NOWHERE;
}
`;

export const CAP_DEPTH_FRAGMENT = /* glsl */ `
precision lowp float;
out vec4 outColour;
void main() { outColour = vec4(1.0); }
`;

export const CAP_FRAGMENT = /* glsl */ `${FRAGMENT_HEAD}${LIGHT}${STATE_MARKS}
uniform vec3 uPoche;
/** Level of the ground, and how deep the earth is drawn [m]. */
uniform vec2 uEarth;
uniform vec3 uFacing;
in vec3 vWorld;
flat in uvec3 vState;
flat in uint vSlot;
flat in uint vKind;
flat in vec4 vStorey;

/** A drawing has no light on it: the colour of a room is that of the legend. */
vec3 roomColour() {
  float dull = mix(0.82, 1.0, vStorey.w);
  float missing = 1.0 - 0.22 * dots();
  vec3 colour = shoulder(uClay * 0.93 * uGain) * dull;
#ifdef KEPT
  outPlace = placeOf(vSlot, true, dull, dissolve(vWorld));
  outMissing = finish(colour * missing, vWorld);
  return colour;
#else
  if (vState.x != 0u) colour = marked(paletteColour(vState), vState) * dull;
  else if ((vState.y & 3u) == 3u) colour *= missing;
  return mix(colour, vec3(1.0), emphasised(vSlot));
#endif
}

void main() {
  bool ghost = vStorey.y > 1.5 && vStorey.z < 0.5;
  if (ghost && fract(dot(floor(gl_FragCoord.xy), vec2(0.7548777, 0.5698403))) > 0.12) discard;
#ifdef KEPT
  outPlace = NO_PLACE;
  outMissing = vec4(0.0);
#else
  if (uSurface > 0.5) { outColour = surface(uFacing, 1.0, 1.0, 0.0); return; }
#endif
  vec3 colour = uPoche;
  if (vKind == ${Cap.room}u) colour = roomColour();
  else if (vKind == ${Cap.hollow}u) colour = mix(uPoche, uPage, 0.62);
  else if (vKind == ${Cap.earth}u) {
    // the ground's own line, and under it earth that fades into the page
    float deep = uEarth.x - vWorld.z;
    float line = max(0.2, 1.5 * uScreen.z * fwidth(deep));
    if (deep > line) colour = mix(mix(uPoche, uPage, 0.66), uPage, smoothstep(0.0, 1.0, deep / uEarth.y));
  }
  outColour = finish(colour, vWorld);
}
`;
