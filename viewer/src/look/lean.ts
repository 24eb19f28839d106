// Plain light for a slow machine while its camera moves: colours are made a vertex and already encoded for the display,
// a fragment only finds out which way its face looks. Walls and tops keep their form, shadows come with the rest.

/** Vertex part: needs VERTEX_HEAD before it. Marks: 0 clay, 1 data, 2 stale, 3 dots. */
export const LEAN_VERTEX = /* glsl */ `
#ifdef LEAN
uniform lowp sampler2D uPalette;
uniform float uFade;
uniform vec4 uFade2;
uniform vec4 uFadeHalf;
uniform vec3 uClay;
uniform vec3 uPage;
uniform float uGain;
uniform float uTrust;
uniform uint uHovered;
flat out vec4 vTint;
out float vAway;

vec3 shown(vec3 c) {
  vec3 a = sqrt(max(c, vec3(0.0)));
  vec3 b = sqrt(a);
  return max(12.92 * min(c, vec3(0.0031308)), 0.64236246 * a + 0.71211392 * b - 0.33687134 * sqrt(b) - 0.01756188 * c);
}

/** What a slot's state looks like in level light, and its mark; 'clay' is the tone of what carries no value. */
void tint(uvec3 state, uint slot, float clay, float emphasis) {
  bool data = state.x != 0u;
  vec3 colour = uClay * uGain * clay;
  if (data) {
    colour = texelFetch(uPalette, ivec2(int(state.x), 0), 0).rgb;
    if (uFade < 1.0) colour = mix(texelFetch(uPalette, ivec2(int(state.z), 1), 0).rgb, colour, uFade);
  }
  colour *= mix(0.82, 1.0, emphasis);
  if (slot == uHovered) colour = mix(colour, vec3(1.0), 0.14);
  float mark = !data ? 0.0 : (state.y & 4u) != 0u ? 2.0 : uTrust > 0.5 && state.x == 4u ? 3.0 : 1.0;
  vTint = vec4(shown(colour), mark);
}

/** How far a place has dissolved into the page. */
float away(vec3 p, vec3 eye) {
  float rim = smoothstep(uFadeHalf.z, uFadeHalf.z + uFadeHalf.w, length(max(abs(p.xy - uFade2.xy) - uFadeHalf.xy, 0.0)));
  float far = max(length(p - eye) - uFade2.z, 0.0) / uFade2.w;
  return max(rim, 1.0 - exp(-far * far));
}
#endif
`;

/** Fragment part: needs FRAGMENT_HEAD before it. */
export const LEAN_FRAGMENT = /* glsl */ `
#ifdef LEAN
uniform vec3 uSunDirection;
/** Sun, dome and light from the ground as shares of what open level ground gets, and the page as it is shown. */
uniform vec3 uLean;
uniform vec3 uPageShown;
flat in vec4 vTint;
in float vAway;
out vec4 outColour;

/** Ends a lean shader: 'view' is the place as seen from the eye, its derivatives give the face's normal. */
void plain(vec3 view) {
  vec3 n = cross(dFdx(view), dFdy(view));
  n *= inversesqrt(dot(n, n));
  bool level = n.z > 0.5;
  float light = level ? 1.0 : uLean.x * max(dot(n, uSunDirection), 0.0) + 0.45 * uLean.y + 0.48 * uLean.z;
  // data keeps its colour, in a moving picture too; a display's curve is near a square root
  if (vTint.a > 0.5) light = clamp(0.87 + 0.13 * light, 0.9, 1.02);
  else if (!level) light *= 0.86;
  vec3 colour = vTint.rgb * sqrt(light);
  if (vTint.a > 1.5) colour = mix(colour, vTint.a < 2.5 ? uPageShown : vec3(1.0), 0.5 * (vTint.a < 2.5 ? hatchLines() : dots()));
  outColour = vec4(mix(colour, uPageShown, vAway), 1.0);
}
#endif
`;
