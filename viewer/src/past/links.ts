// The links of the network as of the instant shown: asked for beside the frames, and less often.

import type { LinkHost } from '../links/host.ts';
import { ask, linksAddress } from './address.ts';

export class LinksThen {
  private readonly links: LinkHost;
  private flight: AbortController | null = null;
  private asked = 0;
  private at = Number.NaN;
  private against = Number.NaN;

  constructor(links: LinkHost) {
    this.links = links;
  }

  /**
   * Asks for those as of `at` [ms since epoch], and for those that they are compared with as of `against` (NaN: none), not
   * sooner than `every` [ms] after the last time.
   */
  async ask(liveUrl: string, at: number, against: number, every = 0): Promise<void> {
    const now = performance.now();
    const same = at === this.at && Object.is(against, this.against);
    if (!this.links.shown || Number.isNaN(at) || same || now - this.asked < every) return;
    this.stop();
    this.asked = now;
    this.at = at;
    this.against = against;
    const { signal } = (this.flight = new AbortController());
    const text = async (when: number): Promise<string> =>
      new TextDecoder().decode(await ask(linksAddress(liveUrl, when, location.href), signal));
    try {
      const [then, other] = await Promise.all([text(at), Number.isNaN(against) ? null : text(against)]);
      if (!signal.aborted) this.links.asOf(then, at / 1000, other);
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
