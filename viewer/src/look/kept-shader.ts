// Shaders of the picture at rest: what every surface writes of itself, and how that gets the colours of this moment.

import { FRAGMENT_HEAD, SLOT_STATE } from '../chunks.ts';
import { STATE_MARKS } from './marks.ts';

/** The slot of pixels that belong to none; also all bits of a slot. */
export const NOBODY = 0xffffff;
/** Steps of a share of the slot's colour (up to 1.25), and of the fog: 12 bits each. */
const SHARE_STEPS = 3276;
const FOG_STEPS = 4095;

/** GLSL of a surface under KEPT: its colour without a value, that of a value that is missing, and what a value's becomes there. */
export const KEPT_OUT = /* glsl */ `
#ifdef KEPT
layout(location = 0) out vec4 outColour;
layout(location = 1) out vec4 outMissing;
layout(location = 2) out uvec2 outPlace;

/**
 * Where this pixel gets its colour from: the slot, whether its value is shown here, the share of the value's colour that is
 * left by light and form, the fog before it, and whether it lies on a line of the hatching or on a dot.
 */
uvec2 placeOf(uint slot, bool carries, float share, float fog) {
  uint bits = (carries ? 1u : 0u) | (hatchLines() > 0.5 ? 2u : 0u) | (dots() > 0.5 ? 4u : 0u);
  return uvec2(slot & ${NOBODY}u, uint(share * ${SHARE_STEPS}.0 + 0.5) | (uint(fog * ${FOG_STEPS}.0 + 0.5) << 12) | (bits << 24));
}
/** Of what belongs to nobody. */
const uvec2 NO_PLACE = uvec2(${NOBODY}u, 0u);
#else
out vec4 outColour;
#endif
`;

export const KEPT_VERTEX = /* glsl */ `
in vec3 position;
out vec2 vAt;
void main() { gl_Position = vec4(position.xy, 0.0, 1.0); vAt = 0.5 * position.xy + 0.5; }
`;

/** What stands for the scene on the screen; DEPTH where something else is drawn before it or behind. */
export const SHOWN_FRAGMENT = /* glsl */ `
precision highp float;
uniform lowp sampler2D uShown;
uniform highp sampler2D uDepth;
in vec2 vAt;
out vec4 outColour;
void main() {
#ifdef DEPTH
  ivec2 at = ivec2(gl_FragCoord.xy);
  gl_FragDepth = texelFetch(uDepth, at, 0).r;
#endif
  outColour = texture(uShown, vAt);
}
`;

/**
 * Paints the colours of this moment. Variants, for a software renderer computes all of a shader for every pixel: FADE while
 * one recolour fades into the next, LIFT where something is under the pointer, CHANGES where it is what the
 * moment changes of the picture without values that is painted.
 */
export const KEPT_FRAGMENT = /* glsl */ `${FRAGMENT_HEAD}${SLOT_STATE}
uniform lowp sampler2D uPicture;
uniform lowp sampler2D uMissing;
uniform highp usampler2D uPlaces;
uniform vec3 uPage;
uniform float uTrust;
out vec4 outColour;
${STATE_MARKS}
/** The display's curve back to light (IEC 61966-2-1). */
vec3 fromSrgb(vec3 c) {
  return mix(c / 12.92, pow((c + 0.055) / 1.055, vec3(2.4)), step(0.04045, c));
}

void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  uvec2 place = texelFetch(uPlaces, at, 0).rg;
  // nobody has no texel: any will do
  uint slot = place.x == ${NOBODY}u ? 0u : place.x;
  uvec3 state = slotState(slot);
  bool carries = (place.y & 0x1000000u) != 0u;
  bool data = carries && state.x != 0u;
  vec4 picture = texelFetch(uPicture, at, 0);
  vec4 clay = carries && (state.y & 3u) == 3u ? texelFetch(uMissing, at, 0) : picture;
  float fog = float((place.y >> 12) & ${FOG_STEPS}u) / ${FOG_STEPS}.0;
  float share = float(place.y & ${FOG_STEPS}u) / ${SHARE_STEPS}.0;
#ifdef FADE
  vec3 colour = paletteColour(state);
#else
  vec3 colour = texelFetch(uPalette, ivec2(int(state.x), 0), 0).rgb;
#endif
  bool hatched = (state.y & 4u) != 0u && (place.y & 0x2000000u) != 0u;
  bool dotted = uTrust > 0.5 && (state.y & 4u) == 0u && state.x == 4u && (place.y & 0x4000000u) != 0u;
  colour = mix(colour, dotted ? vec3(1.0) : uPage, hatched || dotted ? FADED : 0.0);
  // what of the light comes from the surface itself
  vec3 own = colour * (share * (1.0 - fog));
  bool painted = data;
#ifdef LIFT
  float lift = place.x == ${NOBODY}u ? 0.0 : emphasised(slot);
  if (!data) own = max(fromSrgb(clay.rgb) - uPage * fog, 0.0);
  own = mix(own, vec3(1.0 - fog), lift);
  painted = data || lift > 0.0;
#endif
#ifdef CHANGES
  outColour = vec4((painted ? toSrgb(own + uPage * fog) : clay.rgb) - picture.rgb, 1.0);
#else
  outColour = painted ? dithered(toSrgb(own + uPage * fog)) : clay;
#endif
}
`;
