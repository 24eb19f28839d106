// What keeps a display alive for months (assets/wall-display.js, wall-play.js): loaded anew at night, at another build and when
// its page was stuck, never twice in a row, and then where it was.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mock, test } from 'node:test';

declare const __ROOT__: string;

type Fn = (detail?: unknown) => void;
interface Wall { [name: string]: unknown; incident: string | null; playing: string; tell(name: string, detail?: unknown): void; step(what: string, value?: string): void }
interface Page { wall: Wall; reloads: number; said: (data: object) => void; leave(): void; seconds(n: number): void }

const NIGHT = 270;
const BUILD = 'b1';

class Kept {
  private readonly rows = new Map<string, string>();
  getItem(key: string): string | null {
    return this.rows.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.rows.set(key, value);
  }
}

/** Everything that a browser keeps for a tab, over its reloads. */
const browser = (): { local: Kept; session: Kept } => ({ local: new Kept(), session: new Kept() });

/** A wall with three scenes of a minute each, `minute` of the day at its begin, the page open since `open` [ms]. */
function page(tab: ReturnType<typeof browser>, { minute = 600, open = 0 } = {}): Page {
  const heard = new Map<string, Fn[]>();
  const leaving: Fn[] = [];
  let at = open;
  let told: ((event: { data: object }) => void) | null = null;
  const scene = { title: { zh: '一', en: 'One' }, dwell_s: 60, during: {} };
  const element = { append: () => undefined, replaceChildren: () => undefined, setAttribute: () => undefined, removeAttribute: () => undefined, addEventListener: () => undefined, dataset: {}, style: {}, hidden: false };
  const wall = {
    id: 'lobby', build: BUILD, written: '', incident: null, playing: '', ticks: 0, fixed: {},
    screen: { id: 'main', scenes: ['a', 'b', 'c'] }, state: { held: [], written: '' },
    data: { scenes: { a: scene, b: scene, c: scene }, reload_at: NIGHT },
    on: (name: string, fn: Fn) => void heard.set(name, [...(heard.get(name) ?? []), fn]),
    tell: (name: string, detail?: unknown) => heard.get(name)?.forEach((fn) => fn(detail)),
    make: () => ({ ...element }), write: () => undefined, say: (key: string) => key, name: () => 'One', show: () => undefined, redraw: () => undefined,
    takeState: () => undefined, holds: () => true, now: () => Date.now(),
    clock: { local: () => [1, Math.floor(minute + (at - open) / 60_000) % 1440] },
  } as unknown as Wall;
  const made = { wall, reloads: 0 } as Page;
  class Worker {
    addEventListener(_: string, fn: (event: { data: object }) => void): void {
      told = fn;
    }
    postMessage(): void {}
    terminate(): void {}
  }
  const window = { campus: { wall } };
  const document = { hidden: false, getElementById: () => ({ ...element }), getElementsByTagName: () => [], addEventListener: () => undefined };
  const scope = {
    window, document, Worker, localStorage: tab.local, sessionStorage: tab.session, innerWidth: 1920, innerHeight: 1080, devicePixelRatio: 1,
    location: { reload: () => (made.reloads += 1) }, performance: { now: () => at }, console: { info: () => undefined, error: () => undefined },
    addEventListener: (name: string, fn: Fn) => name === 'pagehide' && leaving.push(fn), fetch: async () => ({}),
  };
  for (const file of ['wall-display.js', 'wall-play.js']) {
    new Function(...Object.keys(scope), readFileSync(join(__ROOT__, 'assets', file), 'utf8'))(...Object.values(scope));
  }
  wall.tell('begin');
  return Object.assign(made, {
    said: (data: object) => told?.({ data }),
    leave: () => leaving.forEach((fn) => fn()),
    seconds: (n: number) => {
      for (let second = 0; second < n; second += 1) {
        at += 1000;
        mock.timers.tick(1000);
        wall.tell('second', Date.now());
      }
    },
  });
}

const HOUR = 3_600_000;
const answer = (build: string, reload = false): object => ({ answer: { build, reload, state: { written: '' }, outdoor: null } });

test.beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1e12 }));
test.afterEach(() => mock.timers.reset());

test('a page is loaded anew at the hour of the night, once, and goes on with its scene', () => {
  const tab = browser();
  const before = page(tab, { minute: NIGHT - 1, open: 5 * HOUR });
  before.wall.step('scene', 'b');
  before.seconds(20);
  assert.equal(before.reloads, 0);
  before.seconds(44); // the minute has come, and the two seconds over which displays spread
  assert.equal(before.reloads, 1);
  assert.equal(before.wall.playing, 'c', 'its minute was over meanwhile');
  before.leave();
  const after = page(tab, { minute: NIGHT });
  assert.equal(after.wall.playing, 'c');
  after.seconds(50);
  assert.equal(after.reloads, 0, 'a page that is just open is not loaded again in the same minute');
  after.seconds(8);
  assert.equal(after.wall.playing, 'a', 'the scene goes on with the time that it had had');
});

test('nothing is loaded anew while an incident has the screen', () => {
  const wall = page(browser(), { minute: NIGHT - 1, open: 5 * HOUR });
  wall.wall.incident = 'i1';
  wall.seconds(63);
  assert.equal(wall.reloads, 0);
  wall.wall.incident = null;
  wall.seconds(3);
  assert.equal(wall.reloads, 1);
});

test('another build loads the page anew, and one that does not come does not make it spin', () => {
  const tab = browser();
  const wall = page(tab);
  wall.said(answer(BUILD));
  wall.seconds(3);
  assert.equal(wall.reloads, 0);
  wall.said(answer('b2'));
  wall.seconds(3);
  assert.equal(wall.reloads, 1);
  const again = page(tab); // a proxy that keeps the old page
  again.said(answer('b2'));
  again.seconds(30);
  assert.equal(again.reloads, 0);
  again.seconds(100);
  again.said(answer('b2'));
  again.seconds(3);
  assert.equal(again.reloads, 1);
});

test('an operator, a page that was stuck, and a display that was revoked', () => {
  for (const said of [answer(BUILD, true), { stuck: true }, { status: 401 }]) {
    const wall = page(browser());
    wall.said(said);
    wall.seconds(3);
    assert.equal(wall.reloads, 1, JSON.stringify(said));
  }
});
