import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { decodeFrame, FLAG_STALE } from '../src/frame.ts';
import { frameAddress, linksAddress } from '../src/past/address.ts';
import { LinkHost } from '../src/links/host.ts';
import { LinkModel } from '../src/links/model.ts';
import { FrameCache } from '../src/past/cache.ts';
import { LEAD_MS, PlayClock, SPEEDS, stepOf } from '../src/past/clock.ts';
import { differenceLegend } from '../src/past/legend.ts';
import { instantOf } from '../src/past/machine.ts';
import { AGAIN_MS, PastError, Pipeline } from '../src/past/pipeline.ts';
import { SpaceState } from '../src/state.ts';
import { SlotValues } from '../src/values.ts';
import { bytesOf, tinyIndex } from './golden.ts';

test('addresses of the past keep server and scope of the live stream', () => {
  const page = 'https://x/building/1?at=2026';
  assert.equal(frameAddress('/ws/live', 'energy.power', 1000, Number.NaN, page), 'https://x/api/v1/frames?channel=energy.power&at=1000');
  assert.equal(
    frameAddress('wss://y:2/ws/live?scope=a', 'c', 5, 3, page),
    'https://y:2/api/v1/frames?scope=a&channel=c&at=5&against=3',
  );
  assert.equal(linksAddress('/ws/live', 7, page), 'https://x/api/v1/frames/links?at=7');
});

test('instants of properties', () => {
  assert.ok(Number.isNaN(instantOf('live')));
  assert.ok(Number.isNaN(instantOf(undefined)));
  assert.ok(Number.isNaN(instantOf('yesterday')));
  assert.equal(instantOf('1970-01-01T08:00:01+08:00'), 1000);
});

test('the cache keeps what was used last, up to its bytes', () => {
  const cache = new FrameCache<number>(100);
  for (const key of ['a', 'b', 'c']) cache.put(key, key.charCodeAt(0), 40);
  assert.deepEqual(['a', 'b', 'c'].map((key) => cache.has(key)), [false, true, true]);
  assert.equal(cache.get('b'), 98);
  cache.put('d', 1, 40);
  assert.deepEqual(['b', 'c', 'd'].map((key) => cache.has(key)), [true, false, true]);
  cache.put('b', 2, 10);
  assert.equal(cache.bytes, 50);
  cache.put('huge', 3, 500);
  assert.ok(cache.has('huge'), 'what is wanted now is kept, however large');
  assert.equal(cache.bytes, 500);
  cache.clear();
  assert.equal(cache.bytes, 0);
});

interface Asked {
  key: string;
  signal: AbortSignal;
  give(): Promise<void>;
  refuse(error: unknown): Promise<void>;
}

function harness() {
  const asked: Asked[] = [];
  const got: string[] = [];
  const failed: PastError[] = [];
  const turn = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) await Promise.resolve();
  };
  const pipeline = new Pipeline<string>(new FrameCache<string>(1000), {
    load: (key, signal) =>
      new Promise((resolve, reject) => {
        asked.push({
          key, signal,
          give: async () => { resolve({ value: key.toUpperCase(), bytes: 1 }); await turn(); },
          refuse: async (error) => { reject(error); await turn(); },
        }); // prettier-ignore
      }),
    deliver: (keys, values) => got.push(`${keys.join('+')}=${values.join('+')}`),
    failed: (_, error) => failed.push(error),
  });
  return { pipeline, asked, got, failed };
}

test('one request at a time, and the newest wish wins; what was overtaken is shown while nothing newer is there', async () => {
  const { pipeline, asked, got } = harness();
  for (const key of ['a', 'b', 'c', 'd']) pipeline.want([key]);
  assert.deepEqual(asked.map((a) => a.key), ['a']);
  await asked[0]!.give();
  assert.deepEqual(got, ['a=A']);
  assert.deepEqual(asked.map((a) => a.key), ['a', 'd'], 'b and c were passed and are never asked for');
  await asked[1]!.give();
  assert.deepEqual(got, ['a=A', 'd=D']);
  assert.equal(pipeline.busy, false);
  pipeline.want(['a']);
  assert.deepEqual(got.at(-1), 'a=A');
  assert.equal(asked.length, 2, 'what is kept is shown at once');
});

test('an overtaken frame is not shown after the one that overtook it', async () => {
  const { pipeline, asked, got } = harness();
  pipeline.want(['a']);
  await asked[0]!.give();
  pipeline.want(['b']);
  pipeline.want(['a']);
  assert.deepEqual(got, ['a=A', 'a=A']);
  await asked[1]!.give();
  assert.deepEqual(got, ['a=A', 'a=A'], 'b came late: a is what is wanted');
});

test('two moments are shown together, when both are there', async () => {
  const { pipeline, asked, got } = harness();
  pipeline.want(['a', 'z']);
  await asked[0]!.give();
  assert.deepEqual(got, []);
  await asked[1]!.give();
  assert.deepEqual(got, ['a+z=A+Z']);
  pipeline.want(['b', 'z']);
  await asked[2]!.give();
  assert.deepEqual(got.at(-1), 'b+z=B+Z');
  assert.equal(asked.length, 3);
});

test('what is idle fetches ahead, and a wish goes first', async () => {
  const { pipeline, asked, got } = harness();
  pipeline.ahead(['x', 'y']);
  pipeline.want(['a']);
  assert.deepEqual(asked.map((a) => a.key), ['x', 'a']);
  assert.equal(asked[0]!.signal.aborted, true, 'nobody waits for what was only fetched ahead');
  await asked[0]!.give();
  assert.deepEqual(got, []);
  await asked[1]!.give();
  assert.deepEqual(asked.map((a) => a.key), ['x', 'a', 'x']);
  pipeline.want(['x']);
  assert.equal(asked.length, 3, 'what is on its way already is waited for');
  await asked[2]!.give();
  assert.deepEqual(got, ['a=A', 'x=X']);
  await asked[3]!.give();
  assert.deepEqual(got, ['a=A', 'x=X'], 'what came ahead is not shown');
  pipeline.want(['y']);
  assert.deepEqual(got, ['a=A', 'x=X', 'y=Y']);
});

test('stopped, nothing comes any more', async () => {
  const { pipeline, asked, got } = harness();
  pipeline.want(['a']);
  pipeline.stop();
  assert.equal(asked[0]!.signal.aborted, true);
  await asked[0]!.give();
  assert.deepEqual(got, []);
  pipeline.want(['b']);
  await asked[1]!.give();
  assert.deepEqual(got, ['b=B']);
});

test('what may come later is asked for again, what is not there is not', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const { pipeline, asked, got, failed } = harness();
  pipeline.want(['a']);
  await asked[0]!.refuse(new PastError('busy', true));
  assert.deepEqual(failed.map((e) => e.message), ['busy']);
  assert.equal(asked.length, 1);
  mock.timers.tick(AGAIN_MS);
  assert.equal(asked.length, 2);
  await asked[1]!.give();
  assert.deepEqual(got, ['a=A']);
  pipeline.want(['b']);
  await asked[2]!.refuse(new PastError('before the oldest', false));
  mock.timers.tick(10 * AGAIN_MS);
  assert.equal(asked.length, 3);
  assert.equal(pipeline.busy, false);
  pipeline.want(['c']);
  await asked[3]!.refuse(new TypeError('network'));
  assert.equal(failed.at(-1)!.again, true, 'a network that is gone may come back');
  mock.timers.reset();
});

test('the clock goes as fast as it says, in steps that are whole', () => {
  for (const speed of SPEEDS) {
    const clock = new PlayClock();
    const start = Date.UTC(2026, 3, 15, 2);
    clock.start(start, speed, 0);
    const step = stepOf(speed);
    assert.equal(step % 1000, 0);
    let at = start;
    for (let now = 0; now <= 10_000; now += 40) {
      at = clock.wish(now);
      assert.equal(at % step, 0);
      assert.ok(at <= start + now * speed, 'never ahead of its own time');
      clock.drawn(at, now);
    }
    assert.ok(Math.abs(at - (start + 10_000 * speed)) <= step, `${speed} times: ten seconds are ten seconds`);
    assert.ok(Math.abs(clock.reached() / speed - 1) < 0.25, `${speed}: ${clock.reached()}`);
  }
});

test('the clock waits for the picture, goes on from there and says how fast it really went', () => {
  const clock = new PlayClock();
  clock.start(0, 60, 0);
  let at = 0;
  for (let now = 0; now <= 6000; now += 40) at = Math.max(at, clock.wish(now));
  assert.ok(at <= LEAD_MS * 60, 'nothing was drawn: it stands');
  clock.drawn(at, 6000);
  const next = clock.wish(6200);
  assert.ok(next >= at && next <= at + 30_000, 'six seconds of waiting are not made up for');
  for (let now = 6200; now <= 12_000; now += 600) clock.drawn(clock.wish(now), now);
  assert.ok(clock.reached() < 62);
  clock.stop();
  assert.equal(clock.playing, false);
});

test('the clock never goes back, and knows what comes next', () => {
  const clock = new PlayClock();
  const step = stepOf(600);
  clock.start(step * 5 + 7000, 600, 0);
  assert.equal(clock.wish(0), step * 5 + 7000, 'the grid lies before it: it stays');
  assert.deepEqual(clock.next(step * 5 + 7000, 2), [step * 6, step * 7]);
});

test('a difference has the scale of its channel, about none', () => {
  const legend = {
    low: 0, high: 10, breaks: [1, 2, 3, 4, 5, 6], unit: 'kW', zh: '功率', en: 'Power', decimals: 1,
    density: { unit: 'W/m2', factor: 1000, low: 0, high: 50, breaks: [1, 2, 3, 4, 5, 6] },
    difference: { unit: 'W/m2', factor: 1000, low: -20, high: 20, breaks: [-10, -5, -1, 1, 5, 10] },
  };
  const made = differenceLegend(legend)!;
  assert.deepEqual([made.low, made.high, made.diverging, made.density?.low], [-20, 20, true, -20]);
  const plain = differenceLegend({ ...legend, density: null, difference: { ...legend.difference, factor: 0 } })!;
  assert.equal(plain.density, null);
  assert.equal(differenceLegend(null), null);
});

const index = tinyIndex();
const keyframe = decodeFrame(bytesOf('frames/keyframe.bin'));

test('what goes on unseen is there when the view comes back to it', () => {
  const shown = new SpaceState(index);
  shown.apply(keyframe, 5);
  const live = new SlotValues(index);
  live.copy(shown);
  shown.apply({ ...keyframe, seq: 99, leafSlot: new Uint32Array(0), leafValue: new Uint16Array(0), leafFlags: new Uint8Array(0) }, 6);
  live.apply(decodeFrame(bytesOf('frames/delta.bin')), 7);
  live.markStale();
  assert.ok(Number.isNaN(shown.number(8)));
  shown.copy(live);
  assert.equal(shown.seen[9], 7);
  assert.ok(shown.wireFlags[9]! & FLAG_STALE);
  assert.equal(shown.number(8), live.number(8));
});

test('a second state of a scene shares its areas and has its own values', () => {
  const one = new SpaceState(index);
  const other = new SpaceState(index, one);
  one.setGeometry(0, new Uint8Array(2), [20, 30]);
  assert.equal(other.area[index.firstSpace], 20);
  one.apply(keyframe, 1);
  assert.ok(Number.isNaN(other.number(8)));
});

beforeEach(() => Object.assign(globalThis, { location: { href: 'http://h/p' } }));
afterEach(() => mock.timers.reset());

const linksAt = (time: number, used: number): string =>
  JSON.stringify({ kind: 'links', layout: '', time, full: true, lines: [], links: [[0, 0, used, 1, 1, time - 30, 0, 1, 0]] });

test('links are those of the instant shown, with ages of then; what the stream says of now is left alone', () => {
  const host = new LinkHost(() => undefined, () => 'en');
  host.listen('/ws/live', 'network.traffic');
  const model = (host.model = new LinkModel('', () => undefined));
  Object.assign(host, { panel: { fill: () => undefined } });
  host.event(linksAt(2000, 50));
  assert.equal(model.linkValues.get(0)!.used, 50);
  host.hold(true);
  assert.equal(model.linkValues.size, 0, 'what is known of now is nothing about then');
  host.event(linksAt(2001, 60));
  assert.equal(model.linkValues.size, 0);
  host.asOf(linksAt(1000, 10), 1000);
  assert.equal(model.linkValues.get(0)!.used, 10);
  assert.equal(model.now() - model.linkValues.get(0)!.since, 30);
  host.markStale();
  assert.equal(model.linkValues.get(0)!.flags, 0, 'a line that is lost now says nothing about then');
  host.hold(false);
  assert.equal(model.linkValues.size, 0);
  host.event(linksAt(Date.now() / 1000, 70));
  assert.ok(Math.abs(model.now() - Date.now() / 1000) < 1);
});
