// The design tokens (assets/tokens.json, the one table of pages and view), colours as linear RGB for the shaders.

import data from '../../assets/tokens.json';

export type Theme = 'light' | 'dark';
export type Rgb = [number, number, number];

type Table = (typeof data.themes)['dark'];

export interface Tokens {
  theme: Theme;
  /** The table as written: hex colours. */
  hex: Table;
  bg: Rgb;
  clay: Rgb;
  ramp: Rgb[];
  trust: Record<keyof Table['trust'], Rgb>;
}

function channel(byte: number): number {
  const c = byte / 255;
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
}

/** '#RRGGBB' as bytes. */
export function bytes(hex: string): Rgb {
  const n = Number.parseInt(hex.slice(1), 16);
  return [n >> 16, (n >> 8) & 255, n & 255];
}

/** '#RRGGBB' as linear RGB 0..1. */
export function linear(hex: string): Rgb {
  const [r, g, b] = bytes(hex);
  return [channel(r), channel(g), channel(b)];
}

export const MOTION = { recolour: data.motion['recolour-ms'], flight: data.motion['flight-ms'] };

export function tokensOf(theme: Theme): Tokens {
  const hex = data.themes[theme];
  const trust = hex.trust;
  return {
    theme,
    hex,
    bg: linear(hex.bg),
    clay: linear(hex.clay).map((c) => c * hex['clay-gain']) as Rgb,
    ramp: hex.ramp.map(linear),
    trust: {
      fresh: linear(trust.fresh),
      late: linear(trust.late),
      stale: linear(trust.stale),
      simulated: linear(trust.simulated),
      none: linear(trust.none),
    },
  };
}
