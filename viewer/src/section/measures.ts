// Thicknesses of what a section cuts where the model tells none [m]: the model has rooms and outlines, no walls.

/** Half of what stands between two rooms, at least; gaps up to twice this are solid. */
export const WALL = 0.2;
/** The outer wall, from the storey's outline inwards. */
export const OUTER_WALL = 0.3;
/** The slab over a closed storey. */
export const SLAB = 0.3;
/** What lies over a room whose ceiling is lower than the slab. */
export const CEILING = 0.12;
/** The plate under an open storey, as the envelope draws it. */
export const PLATE = 0.45;
/** The line round a room takes no more than this share of its width on either side: small rooms keep their colour. */
export const MOST_LINE = 0.1;
/** The strip of earth under the ground's cut edge. */
export const EARTH = 3;
