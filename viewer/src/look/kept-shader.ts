// Shaders of the picture at rest: what every surface writes of itself, and how that gets the colours of this moment.

import { FRAGMENT_HEAD, SLOT_STATE } from '../chunks.ts';
import { STATE_MARKS } from './marks.ts';

/** The slot of pixels that belong to none; also all bits of a slot. */
export const NOBODY = 0xffffff;
/** Steps of a share of the slot's colour (up to 1.25), and of the fog: 12 bits each. */
const SHARE_STEPS = 3276;
const FOG_STEPS = 4095;

/** GLSL of a surface under KEPT: its colour without a value, and what a value's colour becomes there. */
export const KEPT_OUT = /* glsl */ `
#ifdef KEPT
layout(location = 0) out vec4 outColour;
layout(location = 1) out uvec2 outPlace;

/**
 * Where this pixel gets its colour from: the slot, whether its value is shown here, the share of the value's colour that is
 * left by light and form, the fog before it, and what a missing value leaves of the clay.
 */
uvec2 placeOf(uint slot, bool carries, float share, float fog, float missing) {
  return uvec2((slot & ${NOBODY}u) | (uint(missing * 255.0 + 0.5) << 24),
    uint(share * ${SHARE_STEPS}.0 + 0.5) | (uint(fog * ${FOG_STEPS}.0 + 0.5) << 12) | (carries ? 1u << 24 : 0u));
}
/** Of what belongs to nobody. */
const uvec2 NO_PLACE = uvec2(${NOBODY}u, 0u);
#else
out vec4 outColour;
#endif
`;

export const KEPT_VERTEX = /* glsl */ `
in vec3 position;
void main() { gl_Position = vec4(position.xy, 0.0, 1.0); }
`;

export const KEPT_FRAGMENT = /* glsl */ `${FRAGMENT_HEAD}${SLOT_STATE}
uniform lowp sampler2D uPicture;
uniform highp usampler2D uPlaces;
uniform highp sampler2D uDepth;
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
  gl_FragDepth = texelFetch(uDepth, at, 0).r;
  outColour = texelFetch(uPicture, at, 0);
  uvec2 place = texelFetch(uPlaces, at, 0).rg;
  uint slot = place.x & ${NOBODY}u;
  if (slot == ${NOBODY}u) return;
  uvec3 state = slotState(slot);
  bool carries = (place.y >> 24) != 0u;
  bool data = carries && state.x != 0u;
  bool missing = carries && !data && (state.y & 3u) == 3u;
  float lifted = emphasised(slot);
  if (!data && !missing && lifted == 0.0) return;
  float fog = float((place.y >> 12) & 4095u) / ${FOG_STEPS}.0;
  vec3 page = uPage * fog;
  // what of the light comes from the surface itself
  vec3 own = data ? marked(paletteColour(state), state) * (float(place.y & 4095u) * (1.0 - fog) / ${SHARE_STEPS}.0) : max(fromSrgb(outColour.rgb) - page, 0.0);
  if (missing) own *= float(place.x >> 24) / 255.0;
  own = mix(own, vec3(1.0 - fog), lifted);
  outColour = dithered(toSrgb(own + page));
}
`;
