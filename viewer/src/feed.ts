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
/** A display is back within ten seconds of its server, however long that was away. */
const LAST_RETRY_MS = 8_000;
/** A WebSocket that has not opened by then will not [ms]: some proxies swallow the request for one. */
export const OPEN_MS = 6_000;
/** After this many WebSockets in a row that never spoke, every second try is SSE. */
const TRIES_BEFORE_SSE = 2;
/** While SSE carries the values, a WebSocket is tried beside it: first after this long, then ever more seldom [ms]. */
export const FIRST_PROBE_MS = 10_000;
const LAST_PROBE_MS = 300_000;

/** Wait before try `n` (from 0) [ms]: doubles up to 8 s, and a random half of it is taken away. */
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

/** What carries the values now. */
export type Carrier = '' | 'ws' | 'sse';

export class Feed {
  /** Frames that could not be read, for diagnostics. */
  garbage = 0;
  /** What carries the values now; '' while nothing does. */
  via: Carrier = '';
  private readonly events: FeedEvents;
  private readonly build: number;
  private socket: WebSocket | null = null;
  private source: EventSource | null = null;
  private probe: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private watchdog: ReturnType<typeof setTimeout> | undefined;
  private probeTimer: ReturnType<typeof setTimeout> | undefined;
  private url = '';
  private channel = '';
  private tries = 0;
  /** WebSockets in a row, and SSE between them, that brought nothing. */
  private silent = 0;
  private probes = 0;
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
    this.silent = 0;
    if (url !== '' && channel !== '') this.connect();
  }

  /** Everything once more: what came meanwhile was not looked at. */
  again(): void {
    if (this.via === 'ws') this.socket?.send('key');
    else if (this.via === 'sse') this.lost();
  }

  close(): void {
    clearTimeout(this.timer);
    clearTimeout(this.watchdog);
    this.drop();
    this.url = '';
    this.channel = '';
  }

  private drop(): void {
    clearTimeout(this.probeTimer);
    hangUp(this.socket);
    hangUp(this.probe);
    this.source?.close();
    this.socket = this.probe = null;
    this.source = null;
    this.via = '';
  }

  private connect(): void {
    const sse = this.silent >= TRIES_BEFORE_SSE && this.silent % 2 === TRIES_BEFORE_SSE % 2;
    this.silent++;
    if (sse) this.openSource();
    else this.openSocket();
  }

  private openSocket(): void {
    this.guard(OPEN_MS);
    const socket = this.newSocket();
    socket.onopen = () => this.guard();
    socket.onmessage = (e) => {
      this.silent = 0;
      this.via = 'ws';
      this.receive(e.data as ArrayBuffer);
    };
    socket.onclose = () => this.lost();
    this.socket = socket;
  }

  private openSource(): void {
    this.guard();
    const source = new EventSource(liveAddress(this.url, this.channel, location.href, true));
    source.onmessage = (e) => {
      if (this.via !== 'sse') {
        this.via = 'sse';
        this.probes = 0;
        this.probeLater();
      }
      // it works here: when it breaks, it is the first to be tried again
      this.silent = TRIES_BEFORE_SSE;
      this.receive(fromBase64(e.data as string));
    };
    source.onerror = () => this.lost();
    this.source = source;
  }

  private newSocket(): WebSocket {
    const socket = new WebSocket(liveAddress(this.url, this.channel, location.href, false));
    socket.binaryType = 'arraybuffer';
    return socket;
  }

  /** Beside SSE, in a while, another WebSocket: the proxy may have been mended. */
  private probeLater(): void {
    clearTimeout(this.probeTimer);
    const wait = Math.min(LAST_PROBE_MS, FIRST_PROBE_MS * 2 ** Math.min(this.probes++, 10));
    this.probeTimer = setTimeout(() => this.tryProbe(), wait * (0.75 + 0.5 * Math.random()));
  }

  private tryProbe(): void {
    const probe = this.newSocket();
    this.probe = probe;
    const failed = (): void => {
      hangUp(probe);
      this.probe = null;
      this.probeLater();
    };
    this.probeTimer = setTimeout(failed, OPEN_MS);
    probe.onclose = failed;
    // its first frame is a keyframe: nothing is missed between the one and the other
    probe.onmessage = (e) => {
      clearTimeout(this.probeTimer);
      this.source?.close();
      this.source = null;
      this.probe = null;
      this.socket = probe;
      this.silent = 0;
      this.via = 'ws';
      probe.onmessage = (next) => this.receive(next.data as ArrayBuffer);
      probe.onclose = () => this.lost();
      this.receive(e.data as ArrayBuffer);
    };
  }

  private guard(wait = SILENCE_MS): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.lost(), wait);
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
    this.tell(true);
    if (frame.build !== 0 && this.build !== 0 && frame.build !== this.build) this.events.newBuild(frame.build);
    if (frame.kind === FrameKind.Event) this.events.event(frame.event);
    else this.events.frame(frame);
  }
}

/** Closes a socket that is to say nothing more. */
function hangUp(socket: WebSocket | null): void {
  if (socket === null) return;
  socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null;
  socket.close();
}
