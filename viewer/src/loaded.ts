// Everything that exists once a scene's index has come: its state, its layers, and the parts that come in bit by bit.

import type { BuildingData, RoomGroupData } from './jobs.ts';
import type { Layer, LayerContext, SharedUniforms, ViewState } from './layer.ts';
import { createLayers } from './layers/index.ts';
import type { LinkHost } from './links/host.ts';
import type { Part } from './loader.ts';
import { roomAreas } from './pack.ts';
import { Picker } from './pick.ts';
import type { PlanHost } from './plan/host.ts';
import type { Section } from './props.ts';
import type { SceneIndex } from './scene.ts';
import { sharedUniforms } from './shared.ts';
import type { Stage } from './stage.ts';
import { SpaceState } from './state.ts';
import { StoreyState } from './storeys.ts';
import type { Tokens } from './tokens.ts';

/** What the layers of a scene need of its view. */
export interface Holder {
  readonly state: ViewState;
  readonly links: LinkHost;
  readonly tokens: Tokens;
  select(id: string): void;
  cut(section: Section | null): void;
  pick(x: number, y: number): number;
}

export class Loaded {
  readonly index: SceneIndex;
  readonly state: SpaceState;
  readonly storeys: StoreyState;
  readonly picker: Picker;
  readonly uniforms: SharedUniforms;
  readonly plan: PlanHost;
  readonly buildings: (BuildingData | null)[] = [];
  readonly rooms: RoomGroupData[] = [];
  layers: Layer[] = [];
  ctx: LayerContext | null = null;

  constructor(index: SceneIndex, planOf: (state: SpaceState) => PlanHost) {
    this.index = index;
    this.state = new SpaceState(index);
    this.storeys = new StoreyState(index);
    this.picker = new Picker(index, this.storeys);
    this.uniforms = sharedUniforms(this.state, this.storeys);
    this.plan = planOf(this.state);
  }

  /** Makes the layers; without a stage the campus is its plans. */
  drawOn(stage: Stage, view: Holder): void {
    this.uniforms['uScreen'] = { value: stage.screen };
    this.uniforms['uEye'] = { value: stage.eye };
    this.ctx = this.context(stage, view);
    this.layers = createLayers();
    for (const layer of this.layers) layer.init(this.ctx);
  }

  private context(stage: Stage, view: Holder): LayerContext {
    return {
      renderer: stage.renderer,
      world: stage.world,
      camera: stage.rig.camera,
      rig: stage.rig,
      index: this.index,
      state: this.state,
      storeys: this.storeys,
      view: view.state,
      uniforms: this.uniforms,
      links: view.links,
      loaded: this.buildings,
      rooms: this.rooms,
      overlay: stage.overlay,
      obstacles: { version: 0, marked: new Set() },
      get tokens() { return view.tokens; }, // prettier-ignore
      get lean() { return stage.lean; }, // prettier-ignore
      slow: stage.slow,
      get hurried() { return stage.hurried; }, // prettier-ignore
      keep: (draw) => stage.keep(draw),
      whole: () => stage.whole(),
      requestDraw: () => stage.requestDraw(),
      select: (id) => view.select(id),
      cut: (section) => view.cut(section),
      pick: (x, y) => view.pick(x, y),
    };
  }

  /** A part of the scene has come. */
  add(part: Part): void {
    if (part.kind === 'rooms') this.rooms.push(part.data);
    else if (part.kind === 'extra') this.buildings[part.building]!.extra = part.extra;
    else {
      const { building, block } = part;
      this.buildings[building] = { building, block, extra: {} };
      this.picker.add(building, block);
      const row = this.index.file.buildings[building]!;
      this.state.setGeometry(building, block.spaceFlags, roomAreas(block, row.frame[3]));
    }
  }

  dispose(): void {
    for (const layer of this.layers) layer.dispose();
    this.state.dispose();
    this.storeys.dispose();
    this.plan.dispose();
  }
}
