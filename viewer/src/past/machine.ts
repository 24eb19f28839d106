// The time machine of a view: which instant is wanted, what of it has come, what is on the screen, and the clock of playing.
// While an instant is shown the live stream goes on unseen; what it said is there at once when the view returns to it.
//
// The page's own scripts steer it by events on the view's element (docs/reference/time-machine.md), so that dragging along a
// time axis asks no server for anything but frames; properties of Dash follow when the cursor rests.

import type { Feed } from '../feed.ts';
import { type Frame, FrameKind } from '../frame.ts';
import { Change } from '../layer.ts';
import type { LinkHost } from '../links/host.ts';
import type { LiveText } from '../livetext.ts';
import type { Compare, Mode, Props } from '../props.ts';
import { SpaceState } from '../state.ts';
import { SlotValues } from '../values.ts';
import type { View } from '../view.ts';
import { askFrame, frameAddress } from './address.ts';
import { FrameCache } from './cache.ts';
import { PlayClock } from './clock.ts';
import { LinksThen } from './links.ts';
import { type PastError, Pipeline } from './pipeline.ts';
import { Sunlight } from './sunlight.ts';
import { Swipe } from './swipe.ts';

/** Frames that are kept [bytes]: some hundred of a campus of 20,000 rooms. */
const KEPT_BYTES = 64 * 1024 * 1024;
/** What is younger than this [ms] may still become another: it is not kept. */
const SETTLED_MS = 600_000;
/** The newest instant of the past: this long before now [ms]. */
const BEHIND_MS = 2000;
const TICK_MS = 40;
/** A longer step is a jump: nobody knows where the next one leads [ms]. */
const LONG_STEP_MS = 4 * 3_600_000;
const PAUSE_MS = 80;
const AHEAD = 3;
/** The cursor rests when nothing has moved for so long [ms]. */
const REST_MS = 250;
/** Links are asked for so often while time runs [ms]. */
const LINKS_MS = 1000;

/** What is wanted [ms since epoch]; NaN: now, nothing to compare with. */
interface Wish {
  at: number;
  against: number;
  compare: Compare;
}

/** What the page's scripts may say (event `campus:time`). */
export interface Command {
  /** Show that instant [ms], null: live. */
  at?: number | null;
  /** Compare with that instant [ms]. */
  against?: number;
  /** Play so many times faster than life; 0 stops. */
  play?: number;
}

const isoOf = (at: number): string => (Number.isNaN(at) ? 'live' : new Date(at).toISOString());
/** An instant of a property [ms]; NaN for 'live' and for what is none. */
export const instantOf = (text: string | undefined): number => (text === undefined || text === 'live' ? Number.NaN : Date.parse(text));

export class TimeMachine {
  /** What is on the screen: 'live' or an ISO instant; '' before anything of the past has come. */
  shown = 'live';
  readonly clock = new PlayClock();
  readonly swipe: Swipe | null;
  private readonly view: View;
  private readonly parts: { feed: Feed; text: LiveText; links: LinkHost };
  private readonly pipeline: Pipeline<Frame>;
  private readonly cache = new FrameCache<Frame>(KEPT_BYTES);
  private readonly wishes = new WeakMap<readonly string[], Wish>();
  private wish: Wish = { at: Number.NaN, against: Number.NaN, compare: '' };
  /** Of which instant the values in the state are. */
  private applied = Number.NaN;
  /** What the live stream says meanwhile; null while it is shown. */
  private live: SlotValues | null = null;
  private other: SpaceState | null = null;
  /** By how much the instant moved last [ms]. */
  private step = Number.NaN;
  private liveUrl = '';
  private channel = '';
  private mode: Mode = '3d';
  private ticker: ReturnType<typeof setInterval> | undefined;
  private restTimer: ReturnType<typeof setTimeout> | undefined;
  private aheadTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly linksThen: LinksThen;
  private readonly sun: Sunlight;
  private readonly abort = new AbortController();

  constructor(view: View, parts: { feed: Feed; text: LiveText; links: LinkHost }) {
    this.view = view;
    this.parts = parts;
    this.linksThen = new LinksThen(parts.links);
    this.sun = new Sunlight(view);
    this.swipe = view.stage ? new Swipe(view.stage.overlay, () => view.change(Change.State)) : null;
    this.pipeline = new Pipeline(this.cache, {
      load: askFrame,
      deliver: (keys, frames) => this.take(this.wishes.get(keys)!, frames),
      failed: (keys, error) => this.failed(this.wishes.get(keys)!, error),
    });
    view.root.addEventListener('campus:time', (e) => {
      this.command((e as CustomEvent<Command>).detail);
      // without a GPU the page is composed by the processor that draws: what is moved for itself holds up the picture
      if (view.stage?.slow && this.past) e.preventDefault();
    }, { signal: this.abort.signal }); // prettier-ignore
  }

  /** Whether an instant of the past is wanted or shown: the live values go elsewhere. */
  get past(): boolean {
    return !Number.isNaN(this.wish.at);
  }

  /** How two moments are compared, where that can be shown. */
  private get compare(): Compare {
    const { compare, against } = this.wish;
    if (Number.isNaN(against) || (compare === 'difference' && !this.past)) return '';
    return compare === 'swipe' && (this.swipe === null || this.mode === 'plan') ? '' : compare;
  }

  /** Properties of Dash that changed. */
  follow(props: Props, before: Props): void {
    if (props.against !== before.against || props.compare !== before.compare) {
      this.wish = { ...this.wish, against: instantOf(props.against || undefined), compare: props.compare ?? '' };
      if (props.time === before.time) this.ask();
    }
    if (props.time === before.time) return;
    const at = instantOf(props.time);
    const jump = !Object.is(at, this.wish.at);
    this.go(at);
    // who names an instant wants its light; the hand that moves along the axis has been heard already
    if (jump) this.sun.move(isoOf(at));
  }

  private command({ at, against, play }: Command): void {
    if (against !== undefined) this.wish = { ...this.wish, against: Math.round(against) };
    if (at !== undefined) this.go(at === null ? Number.NaN : Math.round(at));
    if (play !== undefined) this.play(play);
  }

  /** Another stream, or another picture: what was fetched of the old one is of no use now. */
  listen(liveUrl: string, channel: string, mode: Mode): void {
    const same = liveUrl === this.liveUrl && channel === this.channel;
    if (same && mode === this.mode) return;
    this.liveUrl = liveUrl;
    this.channel = channel;
    this.mode = mode;
    if (!same) this.live?.clear();
    this.ask();
  }

  /** Shows an instant [ms], NaN: live. */
  go(at: number): void {
    if (Object.is(at, this.wish.at)) return;
    const step = at - this.wish.at;
    this.wish = { ...this.wish, at };
    if (this.clock.playing) this.clock.start(at, this.clock.speed, performance.now());
    if (this.past) this.leave();
    else this.comeBack();
    this.hurry(this.past);
    if (this.past) this.restLater();
    this.ask();
    // who steps along in equal steps goes on, most often, as he came; where a hand that drags goes next nobody knows, and
    // what would be fetched for nothing holds up what is wanted
    clearTimeout(this.aheadTimer);
    if (step === this.step && Math.abs(step) < LONG_STEP_MS) this.aheadTimer = setTimeout(() => this.ahead([at + step, at + 2 * step]), PAUSE_MS);
    this.step = step;
  }

  /** What may be wanted next. */
  private ahead(instants: number[]): void {
    if (this.liveUrl === '' || this.channel === '') return;
    const compare = this.compare;
    this.pipeline.ahead(instants.filter((at) => at < this.newest()).flatMap((at) => this.keys({ ...this.wish, at, compare })));
  }

  /** The newest instant that can be shown [ms]. */
  private newest(): number {
    return Date.now() + (this.view.scene?.state.clockOffset ?? 0) - BEHIND_MS;
  }

  /** The live stream goes on unseen from here. */
  private leave(): void {
    const { scene } = this.view;
    if (!scene || this.live) return;
    this.live = new SlotValues(scene.index);
    this.live.copy(scene.state);
    this.parts.links.hold(true);
    if (scene.state.seq === 0) this.shown = '';
  }

  private comeBack(): void {
    this.play(0);
    clearTimeout(this.restTimer);
    this.hurry(false);
    this.linksThen.stop();
    const { scene } = this.view;
    if (scene && this.live) scene.state.copy(this.live);
    this.live = null;
    if (scene) scene.state.asOf = Number.NaN;
    this.parts.links.hold(false);
    this.parts.feed.again();
    this.applied = Number.NaN;
    this.sun.move(isoOf(this.applied));
    this.view.change(Change.State);
  }

  /** The scene has come: what is wanted can be shown. */
  begin(): void {
    this.other = null;
    if (this.past) this.leave();
    this.ask();
  }

  /** A frame of the live stream: true when it is not to be shown. */
  takes(frame: Frame): boolean {
    if (this.live === null) return false;
    if (frame.kind !== FrameKind.Heartbeat) this.live.apply(frame, performance.now() / 1000);
    return true;
  }

  /** The live stream is lost: true when what it said is not shown anyway. */
  lost(): boolean {
    this.live?.markStale();
    return this.live !== null;
  }

  private keys(wish: Wish): string[] {
    const address = (at: number, against: number): string => frameAddress(this.liveUrl, this.channel, at, against, location.href);
    const keys = Number.isNaN(wish.at) ? [] : [address(wish.at, wish.compare === 'difference' ? wish.against : Number.NaN)];
    if (wish.compare === 'swipe') keys.push(address(wish.against, Number.NaN));
    return keys;
  }

  private ask(): void {
    const { root, scene } = this.view;
    const wish = { ...this.wish, compare: this.compare };
    if (root.dataset['compare'] !== wish.compare) root.dataset['compare'] = wish.compare;
    if (wish.compare !== 'swipe') this.unsplit();
    const keys = this.liveUrl === '' || this.channel === '' || !scene ? [] : this.keys(wish);
    if (keys.length === 0) {
      this.pipeline.stop();
      // without a channel there is nothing to fetch: what is shown is clay, of whatever instant
      if (this.past && scene) this.stand(this.wish.at);
      return;
    }
    this.wishes.set(keys, wish);
    this.pipeline.want(keys);
  }

  private take(wish: Wish, frames: readonly Frame[]): void {
    const { scene } = this.view;
    if (!scene || !frames.every((frame) => this.view.fits(frame))) return;
    const now = performance.now() / 1000;
    const queue = [...frames];
    if (!Number.isNaN(wish.at)) {
      scene.state.apply(queue.shift()!, now);
      this.stand(wish.at);
    }
    if (wish.compare === 'swipe') this.split(wish, queue.shift()!, now);
    for (const key of this.keys(wish)) if (Date.now() - Math.max(wish.at || 0, wish.against || 0) < SETTLED_MS) this.cache.drop(key);
    // without a picture that only takes new colours, a machine without a GPU draws as it does while the camera moves
    const { stage } = this.view;
    if (stage?.slow && this.view.root.dataset['still'] !== 'yes') stage.moving();
    this.view.change(Change.State);
    if (stage?.slow) stage.drawSoon();
  }

  /** Whether another picture is on its way, so that this one need not be fine. */
  private hurry(is: boolean): void {
    const { stage } = this.view;
    if (!stage || stage.hurried === is) return;
    stage.hurried = is;
    if (!is) this.view.change(Change.State);
  }

  /** From now on the state holds what was known at an instant. */
  private stand(at: number): void {
    this.view.scene!.state.asOf = this.applied = at;
    this.view.change(Change.State);
  }

  private split(wish: Wish, frame: Frame, now: number): void {
    const { scene, stage, state } = this.view;
    this.other ??= new SpaceState(scene!.index, scene!.state);
    this.other.apply(frame, now);
    this.other.asOf = wish.against;
    this.recolour();
    this.swipe!.show(wish.against, wish.at, scene!.index.file.campus.timezone, state.lang, this.view.tokens);
    stage!.split = this.swipe!.splitter(stage!, scene!.uniforms, scene!.state, this.other);
  }

  private unsplit(): void {
    const { stage } = this.view;
    if (!stage?.split) return;
    stage.split = null;
    this.swipe?.hide();
    this.view.change(Change.State);
  }

  /** The other moment's colours follow lens, channel and theme. */
  recolour(): void {
    const { other, view } = this;
    if (!other) return;
    other.setLens(view.state.lens);
    other.setActive(view.state.channel !== '');
    other.setPalette(view.tokens, view.state.legend);
    if (view.stage?.split) this.swipe?.paint(view.tokens);
  }

  /** Display bytes of the other moment. */
  refresh(): void {
    if (this.view.stage?.split) this.other?.refresh();
  }

  /** A frame of the scene has been drawn: what the state held is on the screen. */
  drawn(): void {
    const { applied, view } = this;
    const shown = isoOf(applied);
    if (shown === this.shown || (this.live !== null && Number.isNaN(applied))) return;
    this.shown = shown;
    const now = performance.now();
    if (!Number.isNaN(applied)) this.clock.drawn(applied, now);
    view.publish({});
    this.tell('campus:drawn', { at: Number.isNaN(applied) ? null : applied, speed: this.clock.speed, reached: this.clock.reached() });
    if (this.live === null) return;
    void this.linksThen.ask(this.liveUrl, applied, LINKS_MS);
    this.restLater();
    this.sun.follow(isoOf(applied), this.clock.playing, REST_MS);
  }

  private restLater(): void {
    clearTimeout(this.restTimer);
    this.restTimer = setTimeout(() => this.rest(), REST_MS);
  }

  /** Nothing has moved for a moment: words and links are of this instant, too. */
  private rest(): void {
    if (this.clock.playing) return;
    if (this.pipeline.busy) {
      this.restLater();
      return;
    }
    this.hurry(false);
    this.parts.text.fill();
    void this.linksThen.ask(this.liveUrl, this.applied);
  }

  private failed(wish: Wish, error: PastError): void {
    // frozen live values must not stand for an instant that cannot be had
    if (this.live !== null && Number.isNaN(this.applied)) {
      this.view.scene?.state.clear();
      this.stand(wish.at);
    }
    if (!error.again) this.play(0);
    this.tell('campus:past-failed', { at: wish.at, message: error.message, again: error.again });
  }

  /** Plays from what is shown; 0 stops. */
  private play(speed: number): void {
    clearInterval(this.ticker);
    const from = Number.isNaN(this.applied) ? this.wish.at : this.applied;
    if (speed <= 0 || !this.past) {
      if (this.clock.playing) {
        this.clock.stop();
        this.pipeline.ahead([]);
        this.tell('campus:drawn', { at: this.past ? from : null, speed: 0, reached: 0 });
        if (this.past) this.rest();
        this.sun.follow(isoOf(this.applied), false, REST_MS);
      }
      return;
    }
    this.clock.start(from, speed, performance.now());
    this.ticker = setInterval(() => this.tick(), TICK_MS);
  }

  private tick(): void {
    const at = this.clock.wish(performance.now());
    if (at >= this.newest()) {
      this.play(0);
      this.tell('campus:caught-up', {});
      return;
    }
    if (at === this.wish.at) return;
    this.wish = { ...this.wish, at };
    this.hurry(true);
    this.ask();
    this.ahead(this.clock.next(at, AHEAD));
  }

  private tell(name: string, detail: object): void {
    this.view.root.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  }

  /** The scene goes away. */
  stop(): void {
    clearInterval(this.ticker);
    for (const timer of [this.restTimer, this.aheadTimer]) clearTimeout(timer);
    this.sun.stop();
    this.linksThen.stop();
    this.clock.stop();
    this.pipeline.stop();
    this.unsplit();
    this.live = null;
    this.other?.dispose();
    this.other = null;
    this.applied = Number.NaN;
  }

  dispose(): void {
    this.stop();
    this.abort.abort();
    this.swipe?.dispose();
  }
}
