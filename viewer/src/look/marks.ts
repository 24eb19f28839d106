// What a slot's state does to its colour, the same wherever a value is shown.

/** What a data colour looks like when its value is stale, simulated or missing. How far the pointer lifts it. */
export const STATE_MARKS = /* glsl */ `
uniform uint uHovered;

/** How much of a colour the lines of stale values and the dots of simulated ones take. */
const float FADED = 0.55;

vec3 marked(vec3 colour, uvec3 state) {
  if ((state.y & 4u) != 0u) return mix(colour, mix(colour, uPage, FADED), hatchLines());
  if (uTrust > 0.5 && state.x == 4u) return mix(colour, mix(colour, vec3(1.0), FADED), dots());
  return colour;
}

/**
 * How far the pointer lifts a slot's colour towards white. The selection does not: it stays, and a colour that is another
 * step of the scale would be read as another value; its outline tells it.
 */
float emphasised(uint slot) {
  return slot == uHovered ? 0.14 : 0.0;
}
`;
