// The links of the network as of the instant shown: asked for beside the frames, and less often.

import type { LinkHost } from '../links/host.ts';
import { ask, linksAddress } from './address.ts';

export class LinksThen {
  private readonly links: LinkHost;
  private flight: AbortController | null = null;
  private asked = 0;
  private at = Number.NaN;

  constructor(links: LinkHost) {
    this.links = links;
  }

  /** Asks for those as of `at` [ms since epoch], not sooner than `every` [ms] after the last time. */
  async ask(liveUrl: string, at: number, every = 0): Promise<void> {
    const now = performance.now();
    if (!this.links.shown || Number.isNaN(at) || at === this.at || now - this.asked < every) return;
    this.stop();
    this.asked = now;
    this.at = at;
    const { signal } = (this.flight = new AbortController());
    try {
      const text = new TextDecoder().decode(await ask(linksAddress(liveUrl, at, location.href), signal));
      if (!signal.aborted) this.links.asOf(text, at / 1000);
    } catch (error) {
      if (signal.aborted) return;
      this.at = Number.NaN;
      console.info(`the links as of ${new Date(at).toISOString()} cannot be had: ${String(error)}`);
    }
  }

  /** What is on its way is of no use any more. */
  stop(): void {
    this.flight?.abort();
    this.flight = null;
    this.at = Number.NaN;
  }
}
