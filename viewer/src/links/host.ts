// The links' place in the view: their code is fetched when the live stream first tells of one, which without a network may be
// never.

import type { LinkModel } from './model.ts';

/** Channels with which the stream tells of links. Clients are people: their rooms are shown, not the wires. */
const CHANNELS: ReadonlySet<string> = new Set(['network.traffic', 'network.utilisation', 'network.state']);

type Part = typeof import('./part.ts');

export class LinkHost {
  /** null until something is known. */
  model: LinkModel | null = null;
  part: Part | null = null;
  private readonly changed: () => void;
  private readonly lang: () => 'zh' | 'en';
  private liveUrl = '';
  private channel = '';
  private panel: InstanceType<Part['LinkPanel']> | null = null;
  private waiting: [text: string, against: string | null][] | null = null;
  private gone = false;
  /** The past is shown: what the stream says of now is not. */
  private held = false;
  private at = Number.NaN;

  constructor(changed: () => void, lang: () => 'zh' | 'en') {
    this.changed = changed;
    this.lang = lang;
  }

  /** Whether the channel that is shown has links. */
  get shown(): boolean {
    return CHANNELS.has(this.channel);
  }

  /** Another stream: what was known of the old one is void. */
  listen(liveUrl: string, channel: string): void {
    if (liveUrl === this.liveUrl && channel === this.channel) return;
    const had = this.shown;
    this.liveUrl = liveUrl;
    this.channel = channel;
    this.waiting = this.waiting && [];
    if (this.shown) return;
    this.model?.clear();
    if (had && this.model) this.changed();
  }

  /** An event of the stream; what is not of links is left alone. */
  event(text: string): void {
    if (!this.held) this.receive(text);
  }

  /** The past is shown from now on, or no longer: what was known is void. */
  hold(on: boolean): void {
    if (on === this.held) return;
    this.held = on;
    this.at = Number.NaN;
    if (!this.model) return;
    this.model.asOf = Number.NaN;
    this.model.clear();
    this.changed();
  }

  /** What was known of the links at an instant [s since epoch]; `against`: and at another, for the difference. */
  asOf(text: string, at: number, against: string | null = null): void {
    this.at = at;
    this.receive(text, against);
  }

  private receive(text: string, against: string | null = null): void {
    if (!this.shown || !text.startsWith('{"kind":"links"')) return;
    if (this.model) this.take(text, against);
    else if (this.waiting) this.waiting.push([text, against]);
    else void this.fetch(text, against);
  }

  private take(text: string, against: string | null): void {
    this.model!.asOf = this.at;
    this.model!.receive(text, against);
    this.panel!.fill();
  }

  private async fetch(first: string, against: string | null): Promise<void> {
    this.waiting = [[first, against]];
    try {
      const part = await import('./part.ts');
      if (this.gone) return;
      const url = new URL(this.liveUrl.replace(/\/(ws|sse)\/[^/]*$/, '/api/v1/links'), location.href);
      url.protocol = location.protocol;
      this.part = part;
      this.model = new part.LinkModel(url.href, this.changed);
      this.panel = new part.LinkPanel(this.model, this.lang);
      for (const [text, other] of this.waiting) this.take(text, other);
    } catch (error) {
      // the next event that says everything tries again
      console.warn(`the links could not be fetched: ${String(error)}`);
    } finally {
      this.waiting = null;
    }
  }

  /** The connection is lost. */
  markStale(): void {
    if (this.held) return;
    this.model?.markStale();
    this.panel?.fill();
  }

  dispose(): void {
    this.gone = true;
    this.panel?.dispose();
    this.model?.dispose();
  }
}
