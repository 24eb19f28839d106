// The page's own arithmetic of time (assets/time-axis.js): ticks of days that are not 24 hours long, zones of half hours.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

declare const __ROOT__: string;

interface Tick { at: number; day: boolean; label: string } // prettier-ignore
interface Axis {
  offset(at: number): number;
  midnight(at: number, more?: number): number;
  dayLength(at: number): number;
  shiftDays(at: number, count: number): number;
  ticks(start: number, end: number, width: number, least?: number): Tick[];
  full(at: number): string;
  clock(at: number): string;
}
interface Api {
  axisOf(zone: string, lang: string): Axis;
  snap(at: number, perPixel: number): number;
  duration(ms: number, lang: string): string;
  gaps(shares: number[], start: number, step: number): number[][];
}

const scope = { campus: undefined as unknown as { timeAxis: Api } };
new Function('window', readFileSync(join(__ROOT__, 'assets', 'time-axis.js'), 'utf8'))(scope);
const api = scope.campus.timeAxis;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const at = (iso: string): number => Date.parse(iso);

test('days of the zone have 24 hours, and 23 or 25 where the clocks change', () => {
  const berlin = api.axisOf('Europe/Berlin', 'en');
  assert.equal(berlin.dayLength(at('2026-04-15T12:00Z')) / HOUR, 24);
  assert.equal(berlin.dayLength(at('2026-03-29T12:00Z')) / HOUR, 23);
  assert.equal(berlin.dayLength(at('2026-10-25T12:00Z')) / HOUR, 25);
  assert.equal(api.axisOf('Australia/Lord_Howe', 'en').dayLength(at('2026-04-05T02:00Z')) / HOUR, 24.5);
  assert.equal(api.axisOf('Asia/Shanghai', 'zh').dayLength(at('2026-10-25T12:00Z')) / HOUR, 24);
  assert.equal(berlin.midnight(at('2026-10-25T12:00Z')), at('2026-10-24T22:00Z'));
  assert.equal(berlin.midnight(at('2026-10-25T12:00Z'), 1), at('2026-10-25T23:00Z'));
});

test('a day that begins at one in the morning still begins', () => {
  const beirut = api.axisOf('Asia/Beirut', 'en');
  const day = at('2026-03-29T12:00Z');
  assert.equal(beirut.dayLength(day) / HOUR, 23);
  assert.ok(beirut.ticks(day - DAY, day + DAY, 1000).some((tick) => tick.day && tick.at === beirut.midnight(day)));
});

test('ticks stand at whole hours of the clock, as far apart as the hours really are', () => {
  const berlin = api.axisOf('Europe/Berlin', 'en');
  const start = at('2026-10-24T22:00Z');
  const ticks = berlin.ticks(start, start + 25 * HOUR, 1100, 76);
  const labels = ticks.map((tick) => tick.label);
  assert.deepEqual(labels, ['25 Oct (25\u202fh)', '02:00', '02:00', '04:00', '06:00', '08:00', '10:00', '12:00', '14:00', '16:00', '18:00', '20:00', '22:00', '26 Oct']);
  assert.equal(ticks[2]!.at - ticks[1]!.at, HOUR, 'two o clock comes twice, an hour apart');
  assert.equal(ticks[1]!.at - ticks[0]!.at, 2 * HOUR);
  const spring = berlin.ticks(at('2026-03-28T23:00Z'), at('2026-03-29T22:00Z'), 500, 76);
  assert.deepEqual(spring.map((tick) => tick.label), ['29 Mar (23\u202fh)', '06:00', '12:00', '18:00', '30 Mar']);
  assert.equal(spring[1]!.at - spring[0]!.at, 5 * HOUR);
});

test('zones of half and three quarter hours have their hours', () => {
  for (const [zone, minutes] of [['Asia/Kolkata', 30], ['Asia/Kathmandu', 15], ['Australia/Adelaide', 30]] as const) {
    const axis = api.axisOf(zone, 'en');
    const ticks = axis.ticks(at('2026-06-01T00:00Z'), at('2026-06-01T06:00Z'), 800);
    assert.ok(ticks.length >= 5 && ticks.length <= 13, `${zone}: ${ticks.length}`);
    for (const tick of ticks) assert.ok(tick.day || /:(00|30)$/.test(tick.label), `${zone} ${tick.label}`);
    assert.ok(ticks.some((tick) => (tick.at / 60_000) % 60 === minutes), zone);
  }
});

test('weeks begin on Monday, and no window has more ticks than room', () => {
  const xian = api.axisOf('Asia/Shanghai', 'en');
  const end = at('2026-04-15T02:00Z');
  for (const days of [1 / 24, 0.25, 1, 7, 30]) {
    const ticks = xian.ticks(end - days * DAY, end, 1100, 76);
    assert.ok(ticks.length >= 4 && ticks.length <= 16, `${days} d: ${ticks.length}`);
    for (const tick of ticks) assert.ok(tick.at >= end - days * DAY && tick.at <= end);
  }
  const month = xian.ticks(end - 90 * DAY, end, 1100, 76);
  assert.ok(month.every((tick) => new Date(tick.at + 8 * HOUR).getUTCDay() === 1));
});

test('the same hour last week is the same on the clock, whatever the clocks did', () => {
  const berlin = api.axisOf('Europe/Berlin', 'en');
  const now = at('2026-10-28T09:30Z'); // 10:30, a week after summer time's 10:30
  assert.equal(berlin.shiftDays(now, -7), at('2026-10-21T08:30Z'));
  assert.equal(berlin.shiftDays(at('2026-06-10T09:30Z'), -7), at('2026-06-03T09:30Z'));
  const skipped = berlin.shiftDays(at('2026-04-05T00:30Z'), -7); // 02:30 did not exist on 29 March
  assert.ok(Math.abs(skipped - at('2026-03-29T00:30Z')) <= HOUR);
});

test('instants have their date, weekday and, where the clock is ambiguous, their offset', () => {
  assert.equal(api.axisOf('Asia/Shanghai', 'en').full(at('2026-04-15T02:24:07Z')), 'Wed 15 Apr 2026, 10:24:07');
  assert.equal(api.axisOf('Asia/Shanghai', 'zh').full(at('2026-04-15T02:24:07Z')), '2026年4月15日 周三 10:24:07');
  const berlin = api.axisOf('Europe/Berlin', 'en');
  assert.equal(berlin.clock(at('2026-10-25T00:30Z')), '02:30 UTC+02:00');
  assert.equal(berlin.clock(at('2026-10-25T01:30Z')), '02:30 UTC+01:00');
});

test('a cursor moves in whole steps that suit the window', () => {
  assert.equal(api.snap(123_456, 78_000), 120_000);
  assert.equal(api.snap(123_456, 3_300), 124_000);
  assert.equal(api.snap(123_456, 400), 123_000);
});

test('gaps are runs of steps without anything', () => {
  assert.deepEqual(api.gaps([1, 0, 0, 0.4, 0], 1000, 10), [[1010, 1030], [1040, 1050]]);
  assert.deepEqual(api.gaps([1, 1], 0, 10), []);
  assert.deepEqual([42, 150, 60 * 24 * 3].map((m) => api.duration(m * 60_000, 'en')), ['42\u202fmin', '2.5\u202fh', '3\u202fd']);
  assert.equal(api.duration(42 * 60_000, 'zh'), '42 分钟');
});
