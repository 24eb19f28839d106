// What a section takes away: the half space beyond its plane. The shaders' clipSection() in words of the main thread.

import type { Section } from '../props.ts';

/** A place on the plane itself, or off it by rounding, still belongs to what is kept [m]. */
const SLACK = 0.02;

/** Whether the section takes a place [m] away. */
export function cutAway(section: Section | null, x: number, y: number, z: number): boolean {
  if (section === null) return false;
  const along = section.axis === 'x' ? x : section.axis === 'y' ? y : z;
  return section.flip ? along < section.at - SLACK : along > section.at + SLACK;
}

/** Where the name of something that reaches from `low` to `high` [m] stands: on its top, or on the face of a level cut. */
export function labelHeight(section: Section | null, low: number, high: number): number {
  if (section === null || section.axis !== 'z' || section.flip) return high;
  return low < section.at ? Math.min(high, section.at) : high;
}
