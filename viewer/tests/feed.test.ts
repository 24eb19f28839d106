import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { Feed, FIRST_PROBE_MS, fromBase64, liveAddress, OPEN_MS, retryDelay, SILENCE_MS } from '../src/feed.ts';
import type { Frame } from '../src/frame.ts';
import { bytesOf } from './golden.ts';

class FakeSocket {
  static all: FakeSocket[] = [];
  url: string;
  closed = false;
  onopen: (() => void) | null = null;
  onmessage: ((e: { data: ArrayBuffer }) => void) | null = null;
  onclose: (() => void) | null = null;
  constructor(url: string) {
    this.url = url;
    FakeSocket.all.push(this);
  }
  close(): void {
    this.closed = true;
  }
}

class FakeSource extends FakeSocket {
  onerror: (() => void) | null = null;
}

const heard: { frames: Frame[]; events: string[]; up: boolean[]; builds: number[] } = { frames: [], events: [], up: [], builds: [] };

function feed(build = 0): Feed {
  return new Feed(build, {
    frame: (f) => heard.frames.push(f),
    event: (t) => heard.events.push(t),
    connected: (is) => heard.up.push(is),
    newBuild: (b) => heard.builds.push(b),
  });
}

beforeEach(() => {
  FakeSocket.all = [];
  heard.frames = [];
  heard.events = [];
  heard.up = [];
  heard.builds = [];
  mock.timers.enable({ apis: ['setTimeout'] });
  Object.assign(globalThis, { WebSocket: FakeSocket, EventSource: FakeSource, location: { href: 'http://h:1/p' } });
});
afterEach(() => mock.timers.reset());

const last = (): FakeSocket => FakeSocket.all.at(-1)!;

test('addresses of the stream', () => {
  assert.equal(liveAddress('/ws/live', 'energy.power', 'https://x/a/b', false), 'wss://x/ws/live?channel=energy.power');
  assert.equal(liveAddress('/ws/live?scope=a', 'c', 'http://x/', true), 'http://x/sse/live?scope=a&channel=c');
  assert.equal(liveAddress('ws://y:2/ws/live', 'c', 'http://x/', true), 'http://y:2/sse/live?channel=c');
});

test('waits double with jitter up to half a minute, for ever', () => {
  assert.equal(retryDelay(0, 1), 500);
  assert.equal(retryDelay(3, 0), 2000);
  assert.equal(retryDelay(1000, 1), 8_000);
});

test('frames and events are handed on; garbage is counted and survives', () => {
  const f = feed();
  f.listen('/ws/live', 'c');
  last().onmessage!({ data: bytesOf('frames/keyframe.bin') });
  last().onmessage!({ data: new ArrayBuffer(7) });
  last().onmessage!({ data: bytesOf('frames/event.bin') });
  assert.equal(heard.frames.length, 1);
  assert.equal(f.garbage, 1);
  assert.deepEqual(heard.events, ['{"kind":"告警"}']);
  assert.deepEqual(heard.up, [true]);
  f.close();
});

test('a closed socket is opened again, and again', () => {
  const f = feed();
  f.listen('/ws/live', 'c');
  for (let i = 1; i <= 6; i++) {
    last().onmessage!({ data: bytesOf('frames/heartbeat.bin') });
    last().onclose!();
    mock.timers.tick(501);
    assert.equal(FakeSocket.all.length, i + 1);
  }
  assert.equal(heard.up.at(-1), false);
  f.close();
  mock.timers.tick(60_000);
  assert.equal(FakeSocket.all.length, 7, 'a closed feed stays closed');
});

test('an open and silent connection is dropped', () => {
  const f = feed();
  f.listen('/ws/live', 'c');
  last().onmessage!({ data: bytesOf('frames/keyframe.bin') });
  mock.timers.tick(SILENCE_MS + 1);
  assert.ok(FakeSocket.all[0]!.closed);
  assert.equal(heard.up.at(-1), false);
  mock.timers.tick(501);
  assert.equal(FakeSocket.all.length, 2);
  f.close();
});

const KEYFRAME = Buffer.from(bytesOf('frames/keyframe.bin')).toString('base64') as unknown as ArrayBuffer;

/** A feed whose WebSockets are refused and whose SSE has brought a frame. */
function onEvents(): { f: Feed; source: FakeSource } {
  const f = feed();
  f.listen('/ws/live', 'c');
  for (let i = 0; i < 2; i++) {
    last().onclose!();
    mock.timers.tick(31_000);
  }
  const source = last() as FakeSource;
  assert.ok(source instanceof FakeSource && source.url.includes('/sse/live'));
  source.onmessage!({ data: KEYFRAME });
  return { f, source };
}

/** Ticks on, with a frame every five seconds as heartbeats come. */
function pass(milliseconds: number, source: FakeSource): void {
  for (let at = 0; at < milliseconds; at += 5000) {
    mock.timers.tick(5000);
    source.onmessage?.({ data: KEYFRAME });
  }
}

test('where no WebSocket opens, Server-Sent Events bring the same bytes', () => {
  const { f } = onEvents();
  assert.equal(heard.frames[0]!.seq, 41);
  assert.deepEqual(new Uint8Array(fromBase64(KEYFRAME as unknown as string)), new Uint8Array(bytesOf('frames/keyframe.bin')));
  assert.deepEqual([f.via, heard.up], ['sse', [true]]);
  f.close();
});

test('a WebSocket that is swallowed on the way is given up before silence would be', () => {
  const f = feed();
  f.listen('/ws/live', 'c');
  mock.timers.tick(OPEN_MS + 1);
  assert.ok(FakeSocket.all[0]!.closed);
  mock.timers.tick(501);
  assert.equal(FakeSocket.all.length, 2);
  last().onopen!();
  mock.timers.tick(OPEN_MS + 1);
  assert.ok(!last().closed, 'one that is open has until silence');
  f.close();
});

test('beside Server-Sent Events a WebSocket is tried again and takes over with its first frame', () => {
  const { f, source } = onEvents();
  const before = FakeSocket.all.length;
  pass(FIRST_PROBE_MS * 1.25, source);
  assert.equal(FakeSocket.all.length, before + 1);
  const probe = last();
  assert.ok(probe.url.startsWith('ws://') && !source.closed, 'meanwhile the values go on');
  probe.onmessage!({ data: bytesOf('frames/keyframe.bin') });
  assert.ok(source.closed);
  assert.equal(f.via, 'ws');
  assert.deepEqual(heard.up, [true], 'no break is seen');
  probe.onclose!();
  mock.timers.tick(501);
  assert.ok(!(last() instanceof FakeSource), 'and when it is lost, a WebSocket is first');
  f.close();
});

test('a refused or swallowed probe disturbs nothing, and the next waits longer', () => {
  const { f, source } = onEvents();
  const before = FakeSocket.all.length;
  pass(FIRST_PROBE_MS * 1.25, source);
  last().onclose!();
  pass(FIRST_PROBE_MS * 1.25, source);
  assert.equal(FakeSocket.all.length, before + 1);
  pass(FIRST_PROBE_MS * 1.25 + 5000, source);
  assert.equal(FakeSocket.all.length, before + 2);
  const swallowed = last();
  pass(OPEN_MS + 5000, source);
  assert.ok(swallowed.closed);
  assert.deepEqual([f.via, heard.up, source.closed], ['sse', [true], false]);
  f.close();
  mock.timers.tick(900_000);
  assert.equal(FakeSocket.all.length, before + 2, 'a closed feed probes no more');
});

test('Server-Sent Events that break are tried first, then in turn with WebSockets, for ever', () => {
  const { f, source } = onEvents();
  source.onerror!();
  assert.equal(heard.up.at(-1), false);
  const kinds: boolean[] = [];
  for (let i = 0; i < 6; i++) {
    mock.timers.tick(31_000 - SILENCE_MS);
    if (last().closed) mock.timers.tick(SILENCE_MS);
    kinds.push(last() instanceof FakeSource);
    if (last() instanceof FakeSource) (last() as FakeSource).onerror!();
    else last().onclose!();
  }
  assert.deepEqual(kinds, [true, false, true, false, true, false]);
  f.close();
});

test('events that are swallowed on the way are silence', () => {
  const { f, source } = onEvents();
  mock.timers.tick(SILENCE_MS + 1);
  assert.ok(source.closed);
  assert.equal(heard.up.at(-1), false);
  f.close();
});

test('another build of the viewer is told, the same one is not', () => {
  const f = feed(1);
  f.listen('/ws/live', 'c');
  last().onmessage!({ data: bytesOf('frames/heartbeat.bin') });
  assert.deepEqual(heard.builds, [0xa1b2c3d4]);
  f.close();
  const g = feed(0xa1b2c3d4);
  g.listen('/ws/live', 'c');
  last().onmessage!({ data: bytesOf('frames/heartbeat.bin') });
  assert.equal(heard.builds.length, 1);
  g.close();
});

test('another channel is another connection', () => {
  const f = feed();
  f.listen('/ws/live', 'a');
  f.listen('/ws/live', 'a');
  assert.equal(FakeSocket.all.length, 1);
  f.listen('/ws/live', 'b');
  assert.ok(FakeSocket.all[0]!.closed);
  assert.equal(last().url, 'ws://h:1/ws/live?channel=b');
  f.listen('/ws/live', '');
  assert.ok(last().closed);
});

test('everything comes once more when it is asked for, over whatever carries the values', () => {
  const sent: string[] = [];
  const it = feed();
  it.again();
  it.listen('/ws/live', 'c');
  Object.assign(last(), { send: (text: string) => sent.push(text) });
  last().onmessage!({ data: bytesOf('frames/keyframe.bin') });
  it.again();
  assert.deepEqual(sent, ['key']);
  it.close();
});
