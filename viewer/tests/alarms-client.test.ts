// The one client of the alarms' stream (assets/alarms-client.js): what stands after snapshots and steps, one connection, taken up
// again where it broke, and old when the server is silent.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mock, test } from 'node:test';

declare const __ROOT__: string;

interface Told { alarms: Map<string, { state: string }>; incidents: Map<string, unknown>; total: number; seq: number; time: string | null; state: string; why: string; steps: { seq: number }[] } // prettier-ignore
type Listener = (event: { type: string; data?: string; lastEventId?: string }) => void;

class Source {
  static all: Source[] = [];
  readonly url: string;
  closed = false;
  private readonly heard = new Map<string, Listener>();
  constructor(url: string) {
    this.url = url;
    Source.all.push(this);
  }
  addEventListener(name: string, listener: Listener): void {
    this.heard.set(name, listener);
  }
  close(): void {
    this.closed = true;
  }
  say(type: string, body: unknown, lastEventId = ''): void {
    this.heard.get(type)?.({ type, data: typeof body === 'string' ? body : JSON.stringify(body), lastEventId });
  }
  break(): void {
    this.heard.get('error')?.({ type: 'error' });
  }
}

/** A page with the client in it, its clock in the test's hand. */
function page(status = 200): { client: { watch(fn: (told: Told) => void, how?: object): () => void }; visible(on: boolean): void; tick(ms: number): void; end(): void } {
  Source.all = [];
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] });
  let at = 0;
  const heard: Record<string, () => void> = {};
  const document = { hidden: false, addEventListener: (name: string, fn: () => void) => (heard[name] = fn) };
  const window = { addEventListener: () => undefined } as unknown as { campusAlarms: ReturnType<typeof page>['client'] };
  const performance = { now: () => at };
  const fetch = async (): Promise<{ status: number }> => ({ status });
  const script = readFileSync(join(__ROOT__, 'assets', 'alarms-client.js'), 'utf8');
  new Function('window', 'document', 'EventSource', 'performance', 'fetch', 'console', script)(window, document, Source, performance, fetch, { error: () => undefined });
  const tick = (ms: number): void => {
    for (let left = ms; left > 0; left -= 100) {
      at += 100;
      mock.timers.tick(100);
    }
  };
  return {
    client: window.campusAlarms, tick,
    visible: (on) => { document.hidden = !on; heard['visibilitychange']!(); },
    end: () => mock.timers.reset(),
  }; // prettier-ignore
}

const alarm = (id: string, state = 'B'): object => ({ id, state, priority: 2 });
const step = (seq: number, id: string, before: string, after: string): object => ({ seq, time: '2026-11-28T03:00:00Z', event: 'ack', before, after, alarm: alarm(id, after) });
const BEGIN = { seq: 5, time: '2026-11-28T02:59:00Z', total: 2, alarms: [alarm('a'), alarm('b', 'C')] };

test('nothing connects before somebody watches, and all share one connection', () => {
  const { client, end, tick } = page();
  assert.equal(Source.all.length, 0);
  const told: Told[] = [];
  const first = client.watch((now) => told.push({ ...now, alarms: new Map(now.alarms) }));
  const second = client.watch(() => { throw new Error('one part of the page fails'); }); // prettier-ignore
  assert.deepEqual([Source.all.length, told.at(-1)!.state], [1, 'loading']);
  Source.all[0]!.say('snapshot', BEGIN, 's-5');
  tick(200);
  assert.deepEqual([told.at(-1)!.state, told.at(-1)!.total, [...told.at(-1)!.alarms.keys()]], ['ready', 2, ['a', 'b']]);
  Source.all[0]!.say('steps', { seq: 7, steps: [step(6, 'a', 'B', 'C'), step(7, 'c', 'A', 'B')] }, 's-7');
  tick(200);
  assert.deepEqual([told.at(-1)!.total, told.at(-1)!.alarms.get('a')!.state, told.at(-1)!.steps.map((s) => s.seq)], [3, 'C', [6, 7]]);
  Source.all[0]!.say('steps', { seq: 9, steps: [step(7, 'c', 'A', 'B'), step(8, 'a', 'C', 'A'), step(9, 'b', 'C', 'G')] }, 's-9');
  tick(200);
  assert.deepEqual([told.at(-1)!.total, [...told.at(-1)!.alarms.keys()], told.at(-1)!.steps.length], [1, ['c'], 2], 'a step that was told counts once');
  first();
  assert.equal(Source.all[0]!.closed, false);
  second();
  assert.equal(Source.all[0]!.closed, true);
  end();
});

test('a connection that breaks is taken up where it was, later and later, and a silent one is old', () => {
  const { client, end, tick } = page();
  let now: Told | null = null;
  client.watch((told) => (now = told));
  const seen = (): Told => now!;
  Source.all[0]!.say('snapshot', BEGIN, 's-5');
  tick(14_000);
  assert.equal(seen().state, 'ready');
  tick(2_000);
  assert.deepEqual([seen().state, seen().alarms.size], ['stale', 2], 'what stands is kept, and said to be old');
  Source.all[0]!.say('beat', { seq: 5, time: '2026-11-28T03:01:00Z' });
  tick(200);
  assert.deepEqual([seen().state, seen().time], ['ready', '2026-11-28T03:01:00Z']);
  Source.all[0]!.break();
  tick(1_100);
  assert.deepEqual([Source.all.length, Source.all[1]!.url], [2, '/sse/alarms?since=s-5']);
  for (let tries = 0; tries < 8; tries += 1) {
    Source.all.at(-1)!.break();
    tick(31_000);
  }
  assert.ok(Source.all.length >= 9);
  Source.all.at(-1)!.break();
  const before = Source.all.length;
  tick(4_900);
  assert.equal(Source.all.length, before, 'after many failures it waits at least 5 s');
  tick(5_200);
  assert.equal(Source.all.length, before + 1, 'and 10 s at most');
  Source.all.at(-1)!.say('incidents', { incidents: [{ id: 'i' }] });
  tick(200);
  assert.deepEqual([seen().state, seen().incidents.size], ['ready', 1]);
  Source.all.at(-1)!.say('steps', '{"half an', 's-9');
  tick(2_000);
  assert.equal(Source.all.at(-1)!.url, '/sse/alarms', 'what cannot be read begins anew');
  end();
});

test('a campus without alarms says so, and a tab that nobody sees gives its connection back', async () => {
  const { client, end, tick, visible } = page(404);
  let now: Told | null = null;
  client.watch((told) => (now = told));
  Source.all[0]!.break();
  await Promise.resolve();
  await Promise.resolve();
  tick(200);
  assert.deepEqual([(now as Told | null)!.state, (now as Told | null)!.why], ['error', 'none']);
  tick(2_000);
  const last = Source.all.at(-1)!;
  last.say('snapshot', BEGIN, 's-5');
  visible(false);
  tick(61_000);
  assert.equal(last.closed, true);
  visible(true);
  assert.equal(Source.all.at(-1)!.url, '/sse/alarms?since=s-5');
  const loud = client.watch(() => undefined, { always: true });
  visible(false);
  tick(61_000);
  assert.equal(Source.all.at(-1)!.closed, false, 'who sounds alarms goes on');
  loud();
  end();
});
