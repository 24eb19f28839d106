// Alarms on the SVG plan: the same marks, over buildings on the map, over rooms on a storey; they keep their size when it is
// zoomed.

import { BeaconBoard } from '../beacons/board.ts';
import { BeaconHost } from '../beacons/host.ts';
import { grouped, merged, type Placed } from '../beacons/model.ts';
import type { SceneIndex } from '../scene.ts';
import { typeScale } from '../type-scale.ts';

const LIFT = 30;

export class PlanBeacons {
  private readonly board: BeaconBoard;
  private readonly host: BeaconHost;
  private readonly root: SVGSVGElement;
  private readonly index: SceneIndex;
  /** Where what is drawn has its seat in the drawing [m, y down], by slot. */
  readonly seats = new Map<number, readonly [number, number]>();

  constructor(parent: HTMLElement, root: SVGSVGElement, index: SceneIndex) {
    this.root = root;
    this.index = index;
    this.board = new BeaconBoard(parent);
    this.host = new BeaconHost(() => this.lay());
  }

  /** A slot is drawn, with its seat there. */
  sit(slot: number, seat: { x: number; y: number } | null): void {
    if (seat) this.seats.set(slot, [seat.x, seat.y]);
  }

  /** Puts every mark where its seat is on the screen now. */
  lay(): void {
    // the first marks come while this is being made
    const matrix = (this.host as BeaconHost | undefined) && this.root.getScreenCTM();
    if (!matrix) return;
    const frame = this.root.getBoundingClientRect();
    const lift = LIFT * typeScale();
    const placed: Placed[] = [];
    for (const beacon of grouped(this.host.marks, this.index, (slot) => this.shownAt(slot))) {
      const seat = this.seats.get(beacon.slot);
      if (!seat) continue;
      const x = matrix.a * seat[0] + matrix.c * seat[1] + matrix.e - frame.left;
      const y = matrix.b * seat[0] + matrix.d * seat[1] + matrix.f - frame.top;
      placed.push({ ...beacon, x, y: y - lift, footX: x, footY: y });
    }
    this.board.show(merged(placed), this.host.selected, frame.width, frame.height);
  }

  /** On its own place where that is drawn, else on the storey or building that is. */
  private shownAt(slot: number): number {
    if (this.seats.has(slot)) return slot;
    const storey = this.index.storeyOf(slot);
    if (storey >= 0 && this.seats.has(this.index.storeySlot(storey))) return this.index.storeySlot(storey);
    const building = 1 + this.index.buildingOf(slot);
    return building > 0 && this.seats.has(building) ? building : -1;
  }

  dispose(): void {
    this.host.dispose();
    this.board.dispose();
  }
}
