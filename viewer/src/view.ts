// One view: takes the properties, loads the scene, and keeps stage, state, layers, feed and plan in step.

import { formatPose } from './camera.ts';
import { Describer } from './describe.ts';
import { Fade } from './fade.ts';
import { Feed } from './feed.ts';
import { type Frame, FrameKind } from './frame.ts';
import { Change } from './layer.ts';
import { ImpactShade } from './impact.ts';
import { LinkHost } from './links/host.ts';
import { type Holder, Loaded } from './loaded.ts';
import { LiveText } from './livetext.ts';
import { expandPacks, type HeadStart, headStart, loadLabels, packJobs, type Part } from './loader.ts';
import { Navigator } from './navigator.ts';
import { TimeMachine } from './past/machine.ts';
import { PlanHost } from './plan/host.ts';
import type { Props, Status } from './props.ts';
import { frameTime, MOVING_SCALE, tierFor } from './quality.ts';
import type { SceneIndex } from './scene.ts';
import { initialView, otherNumbers, readProps, reloadOnce, sectionPlane } from './shared.ts';
import { Stage } from './stage.ts';
import { StatusBoard } from './status.ts';
import type { SpaceState } from './state.ts';
import { type Tokens, tokensOf } from './tokens.ts';

declare const __BUILD__: number;

/** The first frames compile and upload: the frame that sets the tier is measured after them [ms]. */
const TIER_AFTER_MS = 400;
/** The values of another channel come within this, or the campus is shown without [ms]. */
const ANSWER_MS = 400;

export class View {
  readonly root: HTMLElement;
  readonly stage: Stage | null;
  readonly state = initialView();
  readonly navigator: Navigator | null;
  tokens: Tokens = tokensOf('light');
  scene: Loaded | null = null;
  props: Props = {};
  private readonly setProps: (changed: Partial<Props>) => void;
  private readonly describer: Describer;
  private readonly feed: Feed;
  private readonly text = new LiveText();
  private readonly impact = new ImpactShade(this);
  private readonly links = new LinkHost(() => this.change(Change.Links), () => this.state.lang);
  private loading = new AbortController();
  private begun: HeadStart | null = null;
  readonly machine: TimeMachine;
  private readonly board: StatusBoard;
  private pending = 0;
  private readonly fade = new Fade();
  private complete = false;
  private connected = true;
  private failed = '';
  private tierTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(root: HTMLElement, setProps: (changed: Partial<Props>) => void, smooth: () => boolean = () => true, sceneUrl = '') {
    this.root = root;
    // before the graphics context, which may take the page a tenth of a second
    if (sceneUrl !== '') this.begun = headStart(sceneUrl);
    this.setProps = setProps;
    this.stage = this.createStage(smooth());
    this.stage?.renderer.setClearColor(this.tokens.hex.bg, 1);
    this.navigator = this.stage ? new Navigator(this, this.stage) : null;
    this.board = new StatusBoard(root);
    this.describer = new Describer(root, this.stage?.canvas ?? null);
    this.feed = new Feed(__BUILD__, {
      frame: (frame) => this.receive(frame),
      event: (text) => {
        this.links.event(text);
        root.dispatchEvent(new CustomEvent('campus-event', { detail: text, bubbles: true }));
      },
      connected: (is) => this.onConnected(is),
      newBuild: (build) => reloadOnce(`build-${build}`),
    });
    this.machine = new TimeMachine(this, { feed: this.feed, text: this.text, links: this.links });
  }

  private createStage(smooth: boolean): Stage | null {
    try {
      return new Stage(this.root, {
        beforeDraw: (now) => this.beforeDraw(now),
        afterDraw: () => this.afterDraw(),
        resized: () => this.change(Change.Size),
        // What the lost context held is gone: let go of it now, the new one would complain of strangers.
        contextLost: () => { this.unload(); this.publish({ state: 'loading' }); },
        contextRestored: () => void this.load(this.props.sceneUrl ?? ''),
      }, smooth); // prettier-ignore
    } catch (error) {
      // No WebGL 2 here: the same campus as SVG plans.
      console.info(`campus view without WebGL: ${String(error)}`);
      return null;
    }
  }

  /** New properties from Dash. */
  update(props: Props): void {
    const before = this.props;
    this.props = { ...props };
    this.apply(readProps(this.props, this.state, this.scene?.index ?? null), before);
    this.machine.follow(this.props, before);
    if (props.sceneUrl !== before.sceneUrl) void this.load(props.sceneUrl ?? '');
  }

  /** What the user did: applied at once and told to Dash. */
  set(changed: Partial<Props>): void {
    const before = this.props;
    this.props = { ...this.props, ...changed };
    this.apply(readProps(this.props, this.state, this.scene?.index ?? null), before);
    this.setProps(changed);
  }

  /** Tells Dash without applying: what the view already shows. */
  tell(changed: Partial<Props>): void {
    this.props = { ...this.props, ...changed };
    this.setProps(changed);
  }

  private apply(bits: number, before: Props): void {
    const { state } = this;
    if (bits & Change.Theme) {
      this.tokens = tokensOf(state.theme);
      // before any scene has come, too: a page that waits is a page, not a black hole
      this.stage?.renderer.setClearColor(this.tokens.hex.bg, 1);
      this.stage?.requestDraw();
    }
    if (!this.scene) return;
    this.impact.follow(this.props.impact ?? '');
    this.links.listen(this.props.liveUrl ?? '', state.channel);
    this.feed.listen(this.props.liveUrl ?? '', state.channel);
    if (bits & (Change.Theme | Change.Lens | Change.Legend)) this.repaint(otherNumbers(this.props, before));
    this.machine.listen(this.props.liveUrl ?? '', state.channel, state.mode);
    if (bits & Change.Quality && this.stage && this.complete) this.stage.movingScale = MOVING_SCALE[state.tier];
    if (bits & Change.Section) sectionPlane(state.section, this.scene.uniforms.uSection.value);
    if (bits & Change.Lens) this.text.fill();
    this.navigator?.propsChanged(this.props, before, bits);
    this.change(bits);
    this.describer.update(state, this.scene.index, this.scene.state);
    this.publish({});
  }

  /** Something changed: layers hear of it with the next frame. */
  change(bits: number): void {
    if (bits === 0) return;
    this.pending |= bits;
    this.stage?.requestDraw();
    if (!this.stage || this.state.mode === 'plan') this.updatePlan();
    else this.scene?.plan.hide();
  }

  private async load(url: string): Promise<void> {
    this.unload();
    if (url === '') return;
    this.publish({ state: 'loading', buildings: 0, spaces: 0 });
    const begun = this.takeHeadStart(url) ?? headStart(url);
    this.loading = begun.loading;
    const { signal } = this.loading;
    const base = begun.url;
    try {
      const index = await begun.index;
      if (signal.aborted) throw new DOMException('the view was closed', 'AbortError');
      if (this.stage) this.stage.unhurried = true;
      const jobs = packJobs(index, base, this.state.rooms || this.state.mode !== '3d' || (this.props.storey ?? '') !== '' ? 'rooms' : 'extras');
      const expanded = this.stage && expandPacks(begun.worker, jobs, signal, (part) => this.add(part));
      this.build(index);
      await expanded?.shown;
      this.complete = true;
      if (this.stage) this.stage.unhurried = false;
      this.change(Change.Building);
      const drawn = this.stage?.drawn();
      const rest = expanded && drawn?.then(() => expanded.rest());
      rest?.catch(() => undefined); // awaited below
      await loadLabels(index, base, signal, drawn);
      this.onTexts();
      await rest;
      // what came second asks for a frame only once
      if (expanded) this.change(Change.Building);
      this.navigator?.moreCame();
    } catch (error) {
      if (signal.aborted) return;
      this.failed = error instanceof Error ? error.message : String(error);
      console.warn(`campus view: ${this.failed}`);
      this.publish({ state: 'error' });
    } finally {
      begun.worker.terminate();
    }
  }

  /** The head start of the constructor, if it is of that scene. */
  private takeHeadStart(url: string): HeadStart | null {
    const { begun } = this;
    this.begun = null;
    if (begun === null || begun.url === new URL(url, location.href).href) return begun;
    begun.loading.abort();
    begun.worker.terminate();
    return null;
  }

  private build(index: SceneIndex): void {
    const scene = new Loaded(index, (state) => this.planOf(index, state));
    this.scene = scene;
    if (this.stage) scene.drawOn(this.stage, this.holder());
    this.text.use(index, scene.state, this.state);
    Object.assign(this.board.status, { buildings: index.buildings, spaces: index.spaces });
    readProps(this.props, this.state, index);
    this.navigator?.sceneCame(this.props);
    this.repaint(false);
    this.apply(Change.All & ~(Change.Building | Change.Texts | Change.Mode), this.props);
    this.machine.begin();
  }

  private holder(): Holder {
    const view = this;
    return {
      state: this.state,
      links: this.links,
      get tokens() { return view.tokens; }, // prettier-ignore
      select: (id) => this.set({ selection: id }),
      cut: (section) => this.set({ section }),
      pick: (x, y) => this.navigator?.pickAt(x, y).slot ?? -1,
    };
  }

  /** A part of the scene has come. */
  private add(part: Part): void {
    if (!this.scene) return;
    this.scene.add(part);
    this.pending |= Change.Building;
  }

  private onTexts(): void {
    if (!this.scene) return;
    const bits = readProps(this.props, this.state, this.scene.index);
    this.scene.state.setAreas(this.scene.index.labels?.area ?? []);
    this.text.use(this.scene.index, this.scene.state, this.state);
    this.apply(bits | Change.Texts | Change.State, this.props);
    this.navigator?.moreCame();
  }

  private receive(frame: Frame): void {
    const { scene } = this;
    if (!scene) return;
    scene.state.clockOffset = frame.timeMs - Date.now();
    if (frame.kind === FrameKind.Heartbeat || !this.fits(frame) || this.machine.takes(frame)) return;
    scene.state.apply(frame, performance.now() / 1000);
    this.change(Change.State);
    this.stage?.release();
  }

  /** Whether a frame is of this scene; a page with an older one is loaded again. */
  fits(frame: Frame): boolean {
    if (frame.slots === this.scene?.index.slots) return true;
    reloadOnce(`scene-${frame.slots}-${this.props.sceneUrl}`);
    return false;
  }

  private onConnected(is: boolean): void {
    this.connected = is;
    if (!is && this.scene && !this.machine.lost()) {
      this.scene.state.markStale();
      this.links.markStale();
      this.change(Change.State);
    }
    this.publish({});
  }

  /** New palette or lens: a cross-fade from what is shown now. */
  repaint(forget: boolean): void {
    const { scene, state, stage } = this;
    if (!scene) return;
    scene.state.rememberShown();
    if (forget) {
      scene.state.clear();
      // the values of the other channel are on their way: drawing the empty campus first would only hold them up
      if (state.channel !== '' && this.complete) stage?.hold(ANSWER_MS);
    }
    scene.state.setLens(state.lens);
    scene.state.setActive(state.channel !== '');
    scene.state.setPalette(this.tokens, state.legend);
    this.machine.beside.recolour();
    this.pending |= Change.State;
    this.fade.begin(scene.uniforms.uFade, !stage || state.reducedMotion || state.tier === 'c' || !this.complete);
    stage?.renderer.setClearColor(this.tokens.hex.bg, 1);
  }

  private beforeDraw(now: number): boolean {
    const { scene, stage, state } = this;
    if (!scene || !stage) return false;
    if (this.pending & Change.State) {
      const started = performance.now();
      scene.state.refresh();
      this.machine.beside.refresh();
      stage.counters.recolourMs = performance.now() - started;
    }
    let more = this.navigator!.beforeDraw(now);
    stage.wanted.SECTION = state.section !== null;
    if (this.pending & (Change.Storeys | Change.Mode | Change.Building)) {
      scene.storeys.update(this.navigator!.storeyView());
      stage.wanted.GHOST = scene.storeys.ghosts;
      this.pending |= Change.Storeys;
    }
    if (this.fade.step(scene.uniforms.uFade, now)) more = true;
    scene.uniforms.uTime.value = state.reducedMotion ? 0 : now;
    const bits = this.pending;
    this.pending = 0;
    for (const layer of scene.layers) {
      if (bits !== 0) layer.update(bits);
      if (layer.beforeDraw?.(now)) more = true;
    }
    return more;
  }

  private afterDraw(): void {
    const { scene, stage } = this;
    if (!scene || !stage || this.pending !== 0 || !this.complete) return;
    this.text.drawn();
    this.machine.drawn();
    if (stage.counters.firstFrame === 0) {
      stage.counters.firstFrame = performance.now();
      performance.mark('campus-first-frame');
      this.tierTimer = setTimeout(() => this.measureTier(), TIER_AFTER_MS);
    }
    const { status } = this.board;
    if (status.seq !== scene.state.seq || status.state === 'loading') this.publish({ seq: scene.state.seq });
  }

  /** With quality 'auto' the tier is that of a measured frame; a given tier is kept. */
  private measureTier(): void {
    const { stage, state, props } = this;
    if (!stage || !this.scene || document.hidden) return;
    if (props.quality === undefined || props.quality === 'auto') {
      const gl = stage.renderer.getContext() as WebGL2RenderingContext;
      state.tier = tierFor(frameTime(gl, () => stage.drawNow()), state.tier);
      this.change(Change.Quality);
    }
    stage.movingScale = MOVING_SCALE[state.tier];
    this.publish({});
  }

  /** The status as it is now, with what is known to have changed. */
  publish(changed: Partial<Status>): void {
    const mode = this.stage ? this.state.mode : 'plan';
    const told = this.board.put({ state: this.stateNow(), ...changed, mode, tier: this.state.tier }, this.machine.shown, this.failed);
    if (told) this.tell({ status: told });
  }

  private stateNow(): Status['state'] {
    if (this.failed !== '') return 'error';
    if (!this.scene || !(this.complete || !this.stage)) return 'loading';
    return this.connected || this.state.channel === '' || this.machine.past ? 'ready' : 'stale';
  }

  private planOf(index: SceneIndex, state: SpaceState): PlanHost {
    return new PlanHost(this.root, index, state, this.links, {
      select: (slot) => this.set({ selection: slot < 0 ? '' : index.id(slot) }),
      hover: (slot) => this.tell({ hover: slot < 0 ? '' : index.id(slot) }),
      openStorey: (storey) => this.set({ storey: storey < 0 ? '' : index.id(index.storeySlot(storey)) }),
    });
  }

  private updatePlan(): void {
    const { scene, state } = this;
    if (!scene) return;
    scene.state.refresh();
    scene.plan.show({ ...state, tokens: this.tokens });
    this.board.seq(scene.state.seq);
    this.machine.drawn();
  }

  /** Draws every room and no envelope: tests and benchmarks. */
  showRooms(on: boolean): void {
    this.state.rooms = on;
    this.change(Change.Storeys);
  }

  get pose(): string { return this.stage ? formatPose(this.stage.flight.goal) : ''; } // prettier-ignore

  private unload(): void {
    clearTimeout(this.tierTimer);
    this.loading.abort();
    this.feed.close();
    this.machine.stop();
    this.complete = false;
    this.failed = '';
    this.scene?.dispose();
    this.scene = null;
  }

  dispose(): void {
    this.unload();
    this.machine.dispose();
    this.takeHeadStart('');
    this.navigator?.dispose();
    this.text.dispose();
    this.links.dispose();
    this.describer.dispose();
    this.stage?.dispose();
  }
}
