// The sun stands where the almanacs say: the reference case of NREL's solar position algorithm (Reda and Andreas 2004,
// doi:10.1016/j.solener.2003.12.003, appendix A.5), and the ends of the day.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gainOf, lightOf, luminance } from '../src/look/light.ts';
import { sunPosition, sunStep } from '../src/look/sun.ts';

test('the reference case: zenith 50.11162, azimuth 194.34024', () => {
  const sun = sunPosition(Date.parse('2003-10-17T12:30:30-07:00'), 39.742476, -105.1786);
  assert.ok(Math.abs(90 - sun.elevation - 50.11162) < 0.05, `zenith ${90 - sun.elevation}`);
  assert.ok(Math.abs(sun.azimuth - 194.34024) < 0.05, `azimuth ${sun.azimuth}`);
});

test('the sun rises in the east and is below the horizon at midnight', () => {
  const morning = sunPosition(Date.parse('2026-03-20T06:45:00+08:00'), 34.25, 108.65);
  assert.ok(Math.abs(morning.azimuth - 90) < 6, `azimuth ${morning.azimuth}`);
  assert.ok(Math.abs(morning.elevation) < 4, `elevation ${morning.elevation}`);
  assert.ok(sunPosition(Date.parse('2026-06-21T00:00:00+08:00'), 34.25, 108.65).elevation < -20);
});

test('noon at midsummer stands at 90 - latitude + tilt', () => {
  const sun = sunPosition(Date.parse('2026-06-21T04:47:00Z'), 34.25, 108.65);
  assert.ok(Math.abs(sun.elevation - (90 - 34.25 + 23.44)) < 0.1, `elevation ${sun.elevation}`);
});

test('the sun on the model moves in steps of ten minutes', () => {
  assert.equal(sunStep(Date.parse('2026-04-15T10:24:07Z')), Date.parse('2026-04-15T10:20:00Z'));
});

test('open level ground gets the theme\'s light at every hour, so that tokens stay true', () => {
  for (const theme of ['light', 'dark'] as const) {
    for (let hour = 0; hour < 24; hour += 0.5) {
      const sun = sunPosition(Date.UTC(2026, 3, 15) + hour * 3_600_000, 34.25, 108.65);
      const light = lightOf(sun, gainOf(theme));
      const sum = luminance(light.skyUp) + luminance(light.sun) * light.direction[2] + luminance(light.bounce) * 0.1;
      assert.ok(Math.abs(sum - gainOf(theme)) < 0.01, `${theme} at ${hour} h: ${sum}`);
      assert.ok(light.direction[2] > 0.1, 'the light never comes from below');
    }
  }
});
