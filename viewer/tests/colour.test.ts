import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SRGB_ROOTS } from '../src/chunks.ts';

test('the display curve by square roots is the one of IEC 61966-2-1', () => {
  const [p, q, r, s] = SRGB_ROOTS;
  for (let i = 0; i <= 100_000; i++) {
    const c = i / 100_000;
    const exact = c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055;
    const fit = p * c ** 0.5 + q * c ** 0.25 + r * c ** 0.125 + s * c;
    const got = Math.max(12.92 * Math.min(c, 0.0031308), fit);
    assert.ok(Math.abs(got - exact) * 255 < 0.02, `${c}: ${got} for ${exact}`);
  }
});
