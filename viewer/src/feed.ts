// The live stream: /ws/live in binary frames, endlessly reconnected with jitter; Server-Sent Events with the same bytes
// where a proxy kills WebSockets; a watchdog for connections that are open and silent.

import { decodeFrame, type Frame, FrameKind } from './frame.ts';

export interface FeedEvents {
  frame(frame: Frame): void;
  event(text: string): void;
  /** Whether numbers arrive: false when the connection is lost or silent. */
  connected(is: boolean): void;
  /** The server runs another build of the viewer. */
  newBuild(build: number): void;
}

/** Heartbeats come every 5 s; three missed ones are silence. */
export const SILENCE_MS = 16_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;
/** After this many WebSockets in a row that never opened, the next try is SSE. */
const TRIES_BEFORE_SSE = 3;

/** Wait before try `n` (from 0) [ms]: doubles up to half a minute, and a random half of it is taken away. */
export function retryDelay(n: number, random = Math.random()): number {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(n, 10)) * (0.5 + 0.5 * random);
}

/** Address of the stream for a channel, as a WebSocket or SSE address. */
export function liveAddress(liveUrl: string, channel: string, page: string, sse: boolean): string {
  const url = new URL(liveUrl, page);
  url.searchParams.set('channel', channel);
  if (sse) {
    url.protocol = url.protocol.replace('ws', 'http');
    url.pathname = url.pathname.replace(/\/ws\/([^/]*)$/, '/sse/$1');
  } else {
    url.protocol = url.protocol.replace('http', 'ws');
  }
  return url.href;
}

export function fromBase64(text: string): ArrayBuffer {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes.buffer;
}

export class Feed {
  /** Frames that could not be read, for diagnostics. */
  garbage = 0;
  private readonly events: FeedEvents;
  private readonly build: number;
  private socket: WebSocket | null = null;
  private source: EventSource | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private watchdog: ReturnType<typeof setTimeout> | undefined;
  private url = '';
  private channel = '';
  private tries = 0;
  private unopened = 0;
  private up = false;

  constructor(build: number, events: FeedEvents) {
    this.build = build;
    this.events = events;
  }

  /** Listens to a channel; '' for either stops. */
  listen(url: string, channel: string): void {
    if (url === this.url && channel === this.channel) return;
    this.close();
    this.url = url;
    this.channel = channel;
    this.tries = 0;
    this.unopened = 0;
    if (url !== '' && channel !== '') this.connect();
  }

  close(): void {
    clearTimeout(this.timer);
    clearTimeout(this.watchdog);
    this.drop();
    this.url = '';
    this.channel = '';
  }

  private drop(): void {
    const { socket, source } = this;
    this.socket = null;
    this.source = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null;
      socket.close();
    }
    source?.close();
  }

  private connect(): void {
    const sse = this.unopened >= TRIES_BEFORE_SSE && this.unopened % 2 === 1;
    const address = liveAddress(this.url, this.channel, location.href, sse);
    this.unopened++;
    this.guard();
    if (sse) {
      const source = new EventSource(address);
      source.onmessage = (e) => this.receive(fromBase64(e.data as string));
      source.onerror = () => this.lost();
      this.source = source;
      return;
    }
    const socket = new WebSocket(address);
    socket.binaryType = 'arraybuffer';
    socket.onmessage = (e) => this.receive(e.data as ArrayBuffer);
    socket.onclose = () => this.lost();
    this.socket = socket;
  }

  private guard(): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.lost(), SILENCE_MS);
  }

  private lost(): void {
    this.drop();
    clearTimeout(this.watchdog);
    clearTimeout(this.timer);
    this.tell(false);
    this.timer = setTimeout(() => this.connect(), retryDelay(this.tries++));
  }

  private tell(up: boolean): void {
    if (this.up === up) return;
    this.up = up;
    this.events.connected(up);
  }

  private receive(data: ArrayBuffer): void {
    this.guard();
    let frame: Frame;
    try {
      frame = decodeFrame(data);
    } catch {
      this.garbage++;
      return;
    }
    this.tries = 0;
    this.unopened = 0;
    this.tell(true);
    if (frame.build !== 0 && this.build !== 0 && frame.build !== this.build) this.events.newBuild(frame.build);
    if (frame.kind === FrameKind.Event) this.events.event(frame.event);
    else this.events.frame(frame);
  }
}
