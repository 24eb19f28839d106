// What a slot's state does to its colour, the same wherever a value is shown.

/** What a data colour looks like when its value is stale, simulated or missing. How far selection and pointer lift it. */
export const STATE_MARKS = /* glsl */ `
uniform uint uSelected;
uniform uint uHovered;

/** How much of a colour the lines of stale values and the dots of simulated ones take. */
const float FADED = 0.55;

vec3 marked(vec3 colour, uvec3 state) {
  if ((state.y & 4u) != 0u) return mix(colour, mix(colour, uPage, FADED), hatchLines());
  if (uTrust > 0.5 && state.x == 4u) return mix(colour, mix(colour, vec3(1.0), FADED), dots());
  return colour;
}

/** How far the pointer and the selection lift a slot's colour towards white. */
float emphasised(uint slot) {
  return 1.0 - (slot == uHovered ? 0.86 : 1.0) * (slot == uSelected ? 0.74 : 1.0);
}
`;
