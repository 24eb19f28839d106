// The legend of a difference: the same channel, its ramp about 'no more, no less'.

import type { Legend } from '../props.ts';

/** The legend of how much more one moment has than another; null where there is none. */
export function differenceLegend(legend: Legend | null): Legend | null {
  const scale = legend?.difference;
  if (!legend || !scale) return legend;
  const { low, high, breaks } = scale;
  return { ...legend, low, high, breaks, density: scale.factor > 0 ? scale : null, diverging: true };
}
