import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { Feed, fromBase64, liveAddress, retryDelay, SILENCE_MS } from '../src/feed.ts';
import type { Frame } from '../src/frame.ts';
import { bytesOf } from './golden.ts';

class FakeSocket {
  static all: FakeSocket[] = [];
  url: string;
  closed = false;
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
  assert.equal(retryDelay(1000, 1), 30_000);
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

test('where no WebSocket opens, Server-Sent Events are tried in turn', () => {
  const f = feed();
  f.listen('/ws/live', 'c');
  for (let i = 0; i < 3; i++) {
    last().onclose!();
    mock.timers.tick(31_000);
  }
  const source = last() as FakeSource;
  assert.ok(source instanceof FakeSource && source.url.includes('/sse/live'));
  const text = Buffer.from(bytesOf('frames/keyframe.bin')).toString('base64');
  source.onmessage!({ data: text as unknown as ArrayBuffer });
  assert.equal(heard.frames[0]!.seq, 41);
  assert.deepEqual(new Uint8Array(fromBase64(text)), new Uint8Array(bytesOf('frames/keyframe.bin')));
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
