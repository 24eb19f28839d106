// The hand on the view: camera flights, clicks, hovering and keys, and what they mean for selection, storey and mode.

import { type Bounds, copyPose, formatPose, framing, parsePose, type Pose, TOP } from './camera.ts';
import { Controls } from './controls.ts';
import { meant, neighbourStorey, parentOf } from './intent.ts';
import { Change } from './layer.ts';
import type { Hit } from './pick.ts';
import type { Props } from './props.ts';
import { MeasureLayer } from './layers/measure.ts';
import { boundsOf, NO_SLOT } from './shared.ts';
import type { Stage } from './stage.ts';
import type { StoreyView } from './storeys.ts';
import { MOTION } from './tokens.ts';
import type { View } from './view.ts';

/** Storeys open in this time [ms]. */
const OPENING_MS = 700;
/** A camera that rested this long [ms] is told to Dash. */
const SETTLED_MS = 250;
const DEG = Math.PI / 180;

export class Navigator {
  private readonly view: View;
  private readonly stage: Stage;
  private readonly controls: Controls;
  private readonly hit: Hit = { slot: -1, building: -1, storey: -1, t: 0, x: 0, y: 0, z: 0 };
  private readonly space: Pose;
  private settle: ReturnType<typeof setTimeout> | undefined;
  private toldCamera = '';
  private wanted = '';
  private explode = 0;
  private explodeFrom = 0;
  private explodeStart = -1;
  private flatNow = false;
  private flying = false;
  private hoverAt: { x: number; y: number } | null = null;
  private onLayer = false;

  constructor(view: View, stage: Stage) {
    this.view = view;
    this.stage = stage;
    this.space = { ...stage.rig.pose };
    this.controls = new Controls(stage.canvas, stage.rig, {
      moved: () => this.moved(),
      touched: () => stage.flight.stop(),
      click: (x, y, event) => this.click(x, y, event),
      doubleClick: (x, y) => this.doubleClick(x, y),
      hover: (x, y) => this.hover(x, y),
      leave: () => this.leave(),
      key: (event) => this.key(event),
    });
  }

  /** What lies under a place of the canvas [CSS pixels]; the answer is overwritten by the next call. */
  pickAt(x: number, y: number): Hit {
    const { scene, state } = this.view;
    if (scene) scene.picker.pick(this.stage.rig, x, y, state.section, this.hit);
    return this.hit;
  }

  private slotAt(x: number, y: number, keys: { shiftKey: boolean; altKey: boolean }): number {
    const { scene, state } = this.view;
    if (!scene) return -1;
    return meant(this.pickAt(x, y), keys, this.stage.rig, scene.index, scene.storeys, state);
  }

  // --- the scene came, properties changed ---

  sceneCame(props: Props): void {
    const { rig } = this.stage;
    const { index } = this.view.scene!;
    rig.bounds = index.file.bounds;
    const flat = this.view.state.mode === '3d' ? 0 : 1;
    const start = { ...rig.pose, azimuth: 18 * DEG, elevation: 34 * DEG, flat: 0 };
    copyPose(framing(index.file.bounds, start, rig.width / rig.height, 1), this.space);
    const given = props.camera ? parsePose(props.camera, flat) : null;
    copyPose(given ?? this.space, rig.pose);
    if (flat) Object.assign(rig.pose, { flat: 1, elevation: TOP, azimuth: given?.azimuth ?? 0 });
    this.toldCamera = props.camera ?? '';
    this.flatNow = flat === 1;
    this.explode = this.view.state.explode;
    // a link shows its place from the first frame on; a room is found when the labels have come
    this.wanted = props.camera ? '' : (props.flyTo ?? '');
    const place = this.placeOf(this.wanted);
    if (place !== null) {
      copyPose(framing(place.bounds, rig.pose, rig.width / rig.height, place.fill), rig.pose);
      this.wanted = '';
    }
    rig.limit(rig.pose);
    rig.apply();
  }

  /** Labels or rooms have come: what could not be found yet may be there now. */
  moreCame(): void {
    if (this.wanted !== '') this.flyTo(this.wanted);
  }

  propsChanged(props: Props, before: Props, bits: number): void {
    if (bits & Change.Mode && props.mode !== before.mode) this.changeMode();
    if (this.view.state.explode !== this.explode && this.explodeStart < 0) {
      this.explodeFrom = this.explode;
      this.explodeStart = 0;
    }
    // a plane that is drawn along costs as little as a moving camera, until it has rested
    if (bits & Change.Section && props.section && props.section.axis === before.section?.axis) this.stage.moving();
    if (props.camera !== before.camera && props.camera && props.camera !== this.toldCamera) {
      const pose = parsePose(props.camera, this.view.state.mode === '3d' ? 0 : 1);
      this.toldCamera = props.camera;
      if (pose) this.fly(pose);
    }
    if (props.flyTo !== before.flyTo && props.flyTo) this.flyTo(props.flyTo);
  }

  /** From space to map and back in one movement. */
  private changeMode(): void {
    const { rig, flight } = this.stage;
    const goal = flight.goal;
    if (this.view.state.mode === '3d') {
      this.fly({ ...goal, elevation: this.space.elevation, azimuth: this.space.azimuth, flat: 0 });
      return;
    }
    if (goal.flat < 0.5) copyPose(rig.pose, this.space);
    this.fly({ ...goal, elevation: TOP, azimuth: 0, flat: 1 });
  }

  private fly(pose: Pose): void {
    const reduced = this.view.state.reducedMotion || document.hidden;
    this.stage.flight.fly(pose, reduced ? 0 : MOTION.flight);
    this.flying = true;
    this.stage.requestDraw();
  }

  /** Flies to an entity so that it fills the view; ids of spaces wait for the labels. */
  flyTo(request: string): void {
    const place = this.placeOf(request);
    this.wanted = place === null ? request : '';
    if (place !== null) this.flyToBounds(place.bounds, place.fill);
  }

  /** Where a requested entity is, and how much of the view it is to fill; null while that is not known. */
  private placeOf(request: string): { bounds: Bounds; fill: number } | null {
    const { scene } = this.view;
    const slot = scene ? scene.index.slot(request.split('#')[0] ?? '') : -1;
    if (!scene || slot < 0) return null;
    const bounds = boundsOf(slot, scene.index, scene.storeys, scene.buildings);
    const kind = scene.index.kind(slot);
    return bounds && { bounds, fill: kind === 'space' ? 0.3 : kind === 'campus' ? 1 : 0.66 };
  }

  flyToBounds(bounds: Bounds, fill: number): void {
    const { rig, flight } = this.stage;
    this.fly(framing(bounds, flight.goal, rig.width / rig.height, fill));
  }

  // --- the loop ---

  /** Animations of one frame; true while something moves. */
  beforeDraw(now: number): boolean {
    const flat = this.stage.rig.pose.flat >= 0.5;
    if (flat !== this.flatNow) {
      this.flatNow = flat;
      this.view.change(Change.Storeys);
    }
    if (this.flying && !this.stage.flight.active) {
      this.moved();
      this.flying = false;
    }
    return this.stepExplode(now);
  }

  private stepExplode(now: number): boolean {
    if (this.explodeStart < 0) return false;
    if (this.explodeStart === 0) this.explodeStart = now;
    const k = this.view.state.reducedMotion ? 1 : Math.min(1, (now - this.explodeStart) / OPENING_MS);
    this.explode = this.explodeFrom + (this.view.state.explode - this.explodeFrom) * (1 - (1 - k) ** 3);
    this.view.change(Change.Storeys);
    if (k >= 1) this.explodeStart = -1;
    return k < 1;
  }

  storeyView(): StoreyView {
    const { storey, focus, xray, rooms } = this.view.state;
    return { mode: this.flatNow ? '2d' : '3d', storey, focus, explode: this.explode, xray, rooms };
  }

  private moved(): void {
    if (!this.flying) this.stage.moving();
    this.view.change(Change.Camera);
    clearTimeout(this.settle);
    this.settle = setTimeout(() => {
      const text = formatPose(this.stage.rig.pose);
      if (text === this.toldCamera || this.stage.flight.active) return;
      this.toldCamera = text;
      this.view.tell({ camera: text });
    }, SETTLED_MS);
  }

  // --- pointer and keys ---

  private hover(x: number, y: number): void {
    if (this.hoverAt !== null) {
      this.hoverAt = { x, y };
      return;
    }
    this.hoverAt = { x, y };
    requestAnimationFrame(() => {
      const at = this.hoverAt;
      this.hoverAt = null;
      if (at) this.setHover(this.overLayer(at.x, at.y) ? -1 : this.slotAt(at.x, at.y, NO_KEYS));
    });
  }

  /** Whether the pointer is over something that a layer draws beside the places of the campus. */
  private overLayer(x: number, y: number): boolean {
    const layers = this.view.scene?.layers ?? [];
    let is = false;
    for (const layer of layers) if (layer.over?.(x, y, is ? null : this.pickAt(x, y))) is = true;
    this.onLayer = is;
    this.stage.canvas.style.cursor = is || this.view.state.hover >= 0 ? 'pointer' : 'grab';
    return is;
  }

  private leave(): void {
    for (const layer of this.view.scene?.layers ?? []) layer.over?.(0, 0, null);
    this.onLayer = false;
    this.setHover(-1);
  }

  private setHover(slot: number): void {
    const { scene, state } = this.view;
    if (!scene || slot === state.hover) return;
    state.hover = slot;
    scene.uniforms.uHovered.value = slot < 0 ? NO_SLOT : slot;
    this.stage.canvas.style.cursor = slot < 0 && !this.onLayer ? 'grab' : 'pointer';
    this.view.change(Change.Hover);
    this.view.tell({ hover: slot < 0 ? '' : scene.index.id(slot) });
  }

  private click(x: number, y: number, event: PointerEvent): void {
    this.stage.canvas.focus({ preventScroll: true });
    const { scene, state } = this.view;
    if (!scene) return;
    if (state.measure) this.measureAt(x, y);
    else if (scene.layers.some((layer) => layer.click?.(x, y, this.pickAt(x, y)))) return;
    else this.select(this.slotAt(x, y, event));
  }

  /** A place of the measuring tool: on what was hit, else on the ground. */
  private measureAt(x: number, y: number): void {
    const { scene } = this.view;
    const layer = scene?.layers.find((l): l is MeasureLayer => l instanceof MeasureLayer);
    if (!scene || !layer) return;
    const hit = this.pickAt(x, y);
    const place = new Float64Array(3);
    if (hit.building >= 0) layer.add(hit.x, hit.y, hit.z);
    else if (this.stage.rig.onPlane(x, y, scene.index.file.ground.z, place)) layer.add(place[0]!, place[1]!, place[2]!);
  }

  private doubleClick(x: number, y: number): void {
    const { scene } = this.view;
    if (this.view.state.measure) return;
    const slot = this.slotAt(x, y, NO_KEYS);
    if (!scene || slot < 0) return;
    if (scene.index.kind(slot) === 'space' || scene.index.kind(slot) === 'storey') {
      this.view.set({ storey: scene.index.id(scene.index.storeySlot(scene.index.storeyOf(slot))) });
    }
    this.flyTo(scene.index.id(slot));
  }

  private select(slot: number): void {
    const { scene, state } = this.view;
    if (!scene || slot === state.selection) return;
    this.view.set({ selection: slot < 0 ? '' : scene.index.id(slot) });
  }

  private key(event: KeyboardEvent): boolean {
    const { scene, state } = this.view;
    if (!scene) return false;
    const { index } = scene;
    switch (event.key) {
      case 'Escape':
        if (state.measure) this.view.set({ measure: false });
        else if (state.selection >= 0) this.select(parentOf(state.selection, index));
        else if (state.storey >= 0) this.view.set({ storey: '' });
        else return false;
        return true;
      case 'Enter':
        this.flyTo(index.id(Math.max(0, state.selection)));
        return true;
      case 'Home':
        this.flyTo(index.id(0));
        return true;
      case 'PageUp':
      case 'PageDown': {
        if (state.storey < 0) return false;
        const next = neighbourStorey(state.storey, event.key === 'PageUp' ? 1 : -1, index);
        this.view.set({ storey: index.id(index.storeySlot(next)) });
        return true;
      }
      default:
        return false;
    }
  }

  dispose(): void {
    clearTimeout(this.settle);
    this.controls.dispose();
  }
}

const NO_KEYS = { shiftKey: false, altKey: false };
