// Alarms in the scene: a mark over each building with its most urgent one, over storeys and rooms when they are near. Elements
// of the page that the camera moves: an alarm that comes draws no picture but the one in which names make room for it.

import type { BeaconBoard } from '../beacons/board.ts';
import { BeaconHost } from '../beacons/host.ts';
import type { Placed } from '../beacons/model.ts';
import type { Bounds } from '../camera.ts';
import { Change, type Layer, type LayerContext } from '../layer.ts';
import { cutAway, labelHeight } from '../section/cut.ts';
import { boundsOf } from '../shared.ts';
import { Show } from '../storeys.ts';
import { typeScale } from '../type-scale.ts';

/** A building that is so wide on the screen shows where in it its alarms are [CSS pixels]. */
const NEAR = 360;
/** The symbol stands so far over the roof, or the room [CSS pixels]. */
const LIFT = 46;
const LIFT_FLAT = 30;

type Part = typeof import('../beacons/part.ts');

export class BeaconsLayer implements Layer {
  readonly name = 'beacons';
  private ctx!: LayerContext;
  private host!: BeaconHost;
  /** What draws marks: fetched with the first of them, which on a good day never comes. */
  private part: Part | null = null;
  private board: BeaconBoard | null = null;
  private fetching = false;
  private gone = false;
  private readonly boxes = new Map<number, Bounds | null>();
  private seen = -1;
  private drawn = -1;
  private scale = 1;

  init(ctx: LayerContext): void {
    this.ctx = ctx;
    this.scale = typeScale();
    this.host = new BeaconHost(() => this.told());
  }

  /** Marks have come: they stand at once, and names make room with the next picture. */
  private told(): void {
    if (!this.host) return;
    if (this.part === null) return void this.fetch();
    this.lay();
    this.ctx.obstacles.version++;
    this.ctx.requestDraw();
  }

  private async fetch(): Promise<void> {
    if (this.host.marks.length === 0 || this.fetching) return;
    this.fetching = true;
    try {
      const part = await import('../beacons/part.ts');
      if (this.gone) return;
      this.board = new part.BeaconBoard(this.ctx.overlay);
      this.part = part;
      this.told();
    } catch (error) {
      // the next marks that are told try again
      console.warn(`the marks of alarms could not be fetched: ${String(error)}`);
    } finally {
      this.fetching = false;
    }
  }

  update(change: number): void {
    if (change & Change.Size) this.scale = typeScale();
    if (change & (Change.Storeys | Change.Building | Change.Texts | Change.Mode)) this.boxes.clear();
    if (change & ~(Change.State | Change.Hover)) this.seen = -1;
    if (change & Change.Mode) this.lay();
  }

  beforeDraw(): boolean {
    const { rig } = this.ctx;
    if (rig.version === this.seen && this.host.version === this.drawn) return false;
    this.lay();
    return false;
  }

  private lay(): void {
    const { rig, index } = this.ctx;
    const { part } = this;
    this.seen = rig.version;
    this.drawn = this.host.version;
    if (part === null) return;
    // the plan lies over the picture and has marks of its own
    const beacons = this.ctx.view.mode === 'plan' ? [] : part.grouped(this.host.marks, index, (slot) => this.shownAt(slot));
    const placed: Placed[] = [];
    for (const beacon of beacons) {
      const place = this.place(beacon.slot);
      if (place) placed.push({ ...beacon, ...place });
    }
    const shown = part.merged(placed);
    this.ctx.obstacles.marked = new Set(shown.map((one) => one.slot));
    this.board!.show(shown, this.host.selected, rig.width, rig.height);
  }

  private box(slot: number): Bounds | null {
    if (!this.boxes.has(slot)) {
      const { index, storeys, loaded } = this.ctx;
      this.boxes.set(slot, boundsOf(slot, index, storeys, loaded));
    }
    return this.boxes.get(slot) ?? null;
  }

  /** Where an alarm of a slot is marked: on its own place where its building is near, else on the building. */
  private shownAt(slot: number): number {
    const { index, storeys, view, rig } = this.ctx;
    const building = index.buildingOf(slot);
    if (building < 0) return -1;
    const whole = 1 + building;
    const storey = index.storeyOf(slot);
    if (storey < 0) return whole;
    const hidden = storeys.rooms(storey) === Show.hidden && storeys.envelope(storey) !== Show.solid;
    if (hidden || (view.storey >= 0 && storey !== view.storey)) return whole;
    const row = index.file.buildings[building]!;
    const [x0, y0, , x1, y1] = row.bounds;
    const wide = Math.hypot(x1 - x0, y1 - y0) / rig.metresPerPixelAt(row.anchor[0], row.anchor[1], row.anchor[2]);
    return wide < NEAR * this.scale ? whole : slot;
  }

  /** Head and foot on the screen [CSS pixels]; null where they are out of sight or their geometry has not come. */
  private place(slot: number): Pick<Placed, 'x' | 'y' | 'footX' | 'footY'> | null {
    const { index, rig, storeys, view } = this.ctx;
    const box = this.box(slot);
    if (box === null) return null;
    const building = index.buildingOf(slot);
    const row = index.file.buildings[building]!;
    const storey = index.storeyOf(slot);
    // a building's own mark stands where its name does; a room's over the middle of the room
    const [x, y] = storey < 0 ? [row.anchor[0], row.anchor[1]] : [(box[0] + box[3]) / 2, (box[1] + box[4]) / 2];
    const closed = storey < 0 || storeys.envelope(storey) === Show.solid;
    const top = labelHeight(view.section, box[2], closed ? this.roof(building) : box[5]);
    const foot = storey < 0 ? top : Math.min(top, (box[2] + box[5]) / 2);
    if (cutAway(view.section, x, y, foot)) return null;
    if (!rig.toScreen(x, y, top, head) || !rig.toScreen(x, y, foot, low)) return null;
    const lift = (rig.isFlat ? LIFT_FLAT : LIFT) * this.scale;
    return { x: head[0]!, y: head[1]! - lift, footX: low[0]!, footY: low[1]! };
  }

  /** Where a building ends now [m]: a storey that stands alone has nothing above it. */
  private roof(building: number): number {
    const { index, view, storeys } = this.ctx;
    const { elevation, height, building: of } = index.file.storeys;
    const alone = view.storey >= 0 && of[view.storey] === building;
    if (alone) return elevation[view.storey]! + storeys.lift(view.storey) + height[view.storey]!;
    return index.file.buildings[building]!.bounds[5];
  }

  dispose(): void {
    this.gone = true;
    this.host.dispose();
    this.board?.dispose();
  }
}

const head = new Float64Array(3);
const low = new Float64Array(3);
