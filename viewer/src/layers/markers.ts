// Remarks pinned to the campus (findings of the model check): a button each, that selects what it is about.

import { Change, type Layer, type LayerContext } from '../layer.ts';
import type { Marker } from '../props.ts';
import { boundsOf } from '../shared.ts';
import { Show } from '../storeys.ts';
import { type Pin, placePins } from './pins.ts';

/** More than this many pins are a carpet; the page lists them all. */
const MOST = 200;

export class MarkersLayer implements Layer {
  readonly name = 'markers';
  private ctx!: LayerContext;
  private readonly root = document.createElement('div');
  private readonly pins: Pin[] = [];
  private seen = -1;

  init(ctx: LayerContext): void {
    this.ctx = ctx;
    this.root.className = 'campus-markers';
    ctx.overlay.append(this.root);
    this.root.addEventListener('click', (event) => {
      const button = (event.target as Element).closest('button');
      if (button?.dataset['entity']) ctx.select(button.dataset['entity']);
    });
  }

  update(change: number): void {
    if (change & (Change.Markers | Change.Theme | Change.Texts | Change.Building | Change.Storeys)) this.build();
    if (change & Change.Section) this.seen = -1;
  }

  private build(): void {
    this.pins.length = 0;
    this.root.replaceChildren();
    for (const marker of this.ctx.view.markers.slice(0, MOST)) {
      const place = this.placeOf(marker);
      if (place === null) continue;
      const element = this.button(marker);
      this.root.append(element);
      this.pins.push({ element, ...place });
    }
    this.seen = -1;
  }

  /** Where a marker stands [m]; null where its place is unknown or its storey is out of sight. */
  private placeOf(marker: Marker): Omit<Pin, 'element'> | null {
    const { index, storeys, loaded } = this.ctx;
    const slot = marker.entity === '' ? -1 : index.slot(marker.entity);
    const storey = index.storeyOf(slot);
    if (storey >= 0 && storeys.rooms(storey) === Show.hidden && storeys.envelope(storey) !== Show.solid) return null;
    if (marker.position !== null) {
      const [x, y, z] = marker.position;
      return { x, y, z: z + (storey >= 0 ? storeys.lift(storey) : 0) };
    }
    const box = slot < 0 ? null : boundsOf(slot, index, storeys, loaded);
    return box && { x: (box[0] + box[3]) / 2, y: (box[1] + box[4]) / 2, z: box[5], low: box[2] };
  }

  private button(marker: Marker): HTMLButtonElement {
    const { hex } = this.ctx.tokens;
    // the one mark that is no remark: where the failure is that the scene shows
    const cause = marker.kind === 'cause';
    const colour = cause ? hex.bg : marker.kind === 'error' ? hex.alarm[0] : marker.kind === 'warning' ? hex.alarm[1] : hex['text-2'];
    const button = document.createElement('button');
    button.type = 'button';
    button.className = `campus-marker campus-marker-${marker.kind}`;
    button.title = marker.label;
    button.setAttribute('aria-label', marker.label);
    button.dataset['entity'] = marker.entity;
    button.dataset['id'] = marker.id;
    // The target is 44 px, the mark 12: a ring of the page's colour keeps it apart from the model.
    button.style.cssText = `position:absolute;left:-22px;top:-22px;width:44px;height:44px;padding:16px;border:0;background:none;pointer-events:auto;cursor:pointer`;
    const mark = document.createElement('span');
    mark.style.cssText = `display:block;width:12px;height:12px;border-radius:${marker.kind === 'error' ? '0;rotate:45deg' : '50%'};background:${colour};${cause ? `box-shadow:inset 0 0 0 4px ${hex['text-1']};` : ''}outline:2px solid ${hex.bg}`;
    button.append(mark);
    return button;
  }

  beforeDraw(): boolean {
    const { rig } = this.ctx;
    if (rig.version === this.seen) return false;
    this.seen = rig.version;
    placePins(this.pins, rig, this.ctx.view.section);
    return false;
  }

  dispose(): void {
    this.root.remove();
  }
}
