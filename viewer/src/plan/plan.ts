// The view without WebGL: the same campus as SVG plans, and as a list for screen readers and keyboards. It reads the
// same scene, the same state and the same properties as the engine, and answers with the same selection.

import { FLAG_SIMULATED, FLAG_STALE, QUALITY, QUALITY_NONE } from '../frame.ts';
import { BlockFrame } from '../blockframe.ts';
import { Impact } from '../impact.ts';
import { type Block, decodeBlock } from '../pack.ts';
import type { Legend } from '../props.ts';
import type { SceneIndex } from '../scene.ts';
import { classOf } from '../ramp.ts';
import type { SpaceState } from '../state.ts';
import type { Tokens } from '../tokens.ts';
import type { LinkHost } from '../links/host.ts';
import { PlanBeacons } from './beacons.ts';
import { PlanLinks } from './links.ts';
import { PlaceList, type Place } from './list.ts';
import { type Box, groupBox, groupPath, labelSeat, textWidth, union } from './shapes.ts';
import { type Patterns, patterns, ScaleBar, svg, ViewBox } from './svg.ts';
import { type Lang, word } from './words.ts';

/** What the plan needs to know of the view. */
export interface PlanView {
  lang: Lang;
  selection: number;
  /** Storey shown (global index), -1 the map. */
  storey: number;
  legend: Legend | null;
  labels: boolean;
  tokens: Tokens;
}

/** What the plan asks of the component. */
export interface PlanActions {
  select(slot: number): void;
  hover(slot: number): void;
  openStorey(storey: number): void;
}

interface Shape {
  slot: number;
  path: SVGPathElement;
  over: SVGPathElement;
  shown: string;
}

let plans = 0;

export class Plan {
  readonly element: HTMLElement;
  private readonly prefix = `plan${plans++}`;
  private readonly root: SVGSVGElement;
  private readonly note: HTMLElement;
  private readonly list: PlaceList;
  private readonly scale: ScaleBar;
  private readonly box: ViewBox;
  private readonly packs = new Map<number, Promise<ArrayBuffer>>();
  private readonly blocks = new Map<number, Block>();
  private readonly index: SceneIndex;
  private readonly state: SpaceState;
  private readonly actions: PlanActions;
  private readonly links: PlanLinks;
  private readonly beacons: PlanBeacons;
  private view: PlanView;
  private shapes: Shape[] = [];
  private seats: SVGGElement[] = [];
  private place: Place = { building: -1, storey: -1 };
  private drawn = '';
  private fills: Patterns | null = null;
  private disposed = false;

  constructor(parent: HTMLElement, index: SceneIndex, state: SpaceState, links: LinkHost, view: PlanView, actions: PlanActions) {
    this.index = index;
    this.state = state;
    this.view = view;
    this.actions = actions;
    this.element = document.createElement('div');
    this.element.className = 'plan';
    this.element.style.cssText = 'position:absolute;inset:0';
    this.root = svg('svg', { class: 'plan-drawing', role: 'img', tabindex: 0, preserveAspectRatio: 'xMidYMid meet' });
    this.note = document.createElement('p');
    this.note.className = 'plan-note';
    this.note.style.cssText = 'position:absolute;inset:auto 0 50% 0;margin:0;text-align:center;pointer-events:none';
    this.root.style.cssText = 'position:absolute;inset:0;width:100%;height:100%;touch-action:none;outline-offset:-3px';
    this.scale = new ScaleBar();
    this.note.setAttribute('role', 'status');
    this.list = new PlaceList(index, state, (slot) => this.choose(slot), () => this.leave());
    this.links = new PlanLinks(links, index, (slot) => this.actions.select(slot));
    this.list.element.append(this.links.section);
    this.element.append(this.root, this.note, this.scale.element, this.list.element);
    parent.append(this.element);
    this.beacons = new PlanBeacons(this.element, this.root, index);
    this.box = new ViewBox(this.root, () => this.fit());
    this.root.addEventListener('click', this.onClick);
    this.root.addEventListener('dblclick', this.onDoubleClick);
    this.root.addEventListener('pointerover', this.onHover);
  }

  /** Takes the properties over; draws anew only when the place, the language or the theme changed. */
  update(view: PlanView): void {
    this.view = view;
    this.element.hidden = false;
    this.element.style.background = view.tokens.hex.bg;
    this.element.style.color = view.tokens.hex['text-2'];
    const storey = view.storey;
    const building = storey >= 0 ? (this.index.file.storeys.building[storey] ?? -1) : -1;
    this.place = { building, storey };
    const key = [building, storey, view.lang, view.tokens.theme, view.labels, this.index.labels !== null, this.links.key].join();
    if (key === this.drawn) {
      this.recolour();
      return;
    }
    this.drawn = key;
    void this.draw(key);
  }

  /** Another mode is shown. */
  hide(): void {
    this.element.hidden = true;
  }

  /** New values: fills and texts follow. */
  recolour(): void {
    for (const shape of this.shapes) this.fill(shape);
    this.list.refresh(this.view.selection, this.view.legend, this.view.lang);
    this.links.refresh(this.view.tokens, this.view.lang);
  }

  dispose(): void {
    this.disposed = true;
    this.box.dispose();
    this.beacons.dispose();
    this.element.remove();
  }

  private async draw(key: string): Promise<void> {
    const { lang } = this.view;
    this.note.textContent = word('loading', lang);
    this.list.show(this.place, this.view.selection, this.view.legend, lang);
    const wanted = this.place.building >= 0 ? [this.place.building] : [...this.index.file.buildings.keys()];
    try {
      for (const building of wanted) await this.load(building);
    } catch (error) {
      this.note.textContent = `${word('failed', lang)}: ${error instanceof Error ? error.message : String(error)}`;
      return;
    }
    // Something else was asked for while the pack was on its way.
    if (this.disposed || key !== this.drawn) return;
    this.shapes = [];
    this.seats = [];
    this.beacons.seats.clear();
    this.root.replaceChildren();
    const box = this.place.storey >= 0 ? this.extent([this.place.building], this.place.storey) : this.extent(wanted, -1);
    this.note.textContent = box === null ? word('empty', lang) : '';
    if (box === null) return;
    this.box.fit(box);
    this.fills = patterns(this.prefix, this.view.tokens, this.box.scale);
    this.root.append(this.fills.defs);
    this.root.setAttribute('aria-label', `${word(this.place.storey >= 0 ? 'plan' : 'map', lang)}: ${this.ownerName()}`);
    if (this.place.storey >= 0) this.drawStorey(this.place.building, this.place.storey);
    else for (const building of wanted) this.drawFootprint(building);
    const { building, storey } = this.place;
    this.links.draw(this.root, building, storey, this.blocks.get(building) ?? null, (b) => this.anchorOf(b));
    for (const { x, y, name } of this.links.outside(this.view.lang)) this.named(x, y, name);
    for (const seat of this.seats) this.root.append(seat);
    this.recolour();
    this.fit();
  }

  private ownerName(): string {
    const { building, storey } = this.place;
    return this.index.name(storey >= 0 ? this.index.storeySlot(storey) : building >= 0 ? 1 + building : 0, this.view.lang);
  }

  private async load(building: number): Promise<Block> {
    const known = this.blocks.get(building);
    if (known) return known;
    const row = this.index.file.buildings[building]!;
    let pack = this.packs.get(row.pack);
    if (pack === undefined) {
      pack = fetch(this.index.file.packs[row.pack]!.url).then((answer) => {
        if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}`);
        return answer.arrayBuffer();
      });
      pack.catch(() => this.packs.delete(row.pack));
      this.packs.set(row.pack, pack);
    }
    const block = decodeBlock(await pack, row.offset, row.length);
    this.blocks.set(building, block);
    return block;
  }

  private extent(buildings: number[], storey: number): Box | null {
    return union(
      buildings.map((b) => {
        const block = this.blocks.get(b)!;
        const { storeys } = this.index.file.buildings[b]!;
        const local = storey < 0 ? this.groundOf(b) : storey - storeys[0];
        const frame = this.frameOf(b);
        const rooms = this.roomsOf(b, local).map((k) => groupBox(block, block.spaceGroup[k]!, block.spaceGroup[k + 1]!, frame));
        return union([groupBox(block, block.storeyGroup[local]!, block.storeyGroup[local + 1]!, frame), ...rooms]);
      }),
    );
  }

  /** Where a building's lines end on the map [m]. */
  private anchorOf(building: number): readonly [number, number] {
    const [x, y] = this.index.file.buildings[building]!.anchor;
    return [x, y];
  }

  private frameOf(building: number): BlockFrame {
    return new BlockFrame(this.index.file.buildings[building]!.frame);
  }

  /** Local index of a building's ground storey: the lowest that is not below ground. */
  private groundOf(building: number): number {
    const [first, count] = this.index.file.buildings[building]!.storeys;
    for (let j = 0; j < count; j++) if ((this.index.file.storeys.ordinal[first + j] ?? 0) >= 0) return j;
    return Math.max(0, count - 1);
  }

  private roomsOf(building: number, local: number): number[] {
    const { storeys, spaces } = this.index.file.buildings[building]!;
    const [first, count] = this.index.file.storeys.spaces[storeys[0] + local] ?? [0, 0];
    return Array.from({ length: count }, (_, k) => first - spaces[0] + k);
  }

  private drawFootprint(building: number): void {
    const block = this.blocks.get(building)!;
    const frame = this.frameOf(building);
    const local = this.groundOf(building);
    const [first, last] = [block.storeyGroup[local]!, block.storeyGroup[local + 1]!];
    this.shape(1 + building, groupPath(block, first, last, frame));
    if (first < last) this.seat(1 + building, [this.index.name(1 + building, this.view.lang)], block, first, frame);
  }

  private drawStorey(building: number, storey: number): void {
    const block = this.blocks.get(building)!;
    const { storeys, spaces } = this.index.file.buildings[building]!;
    const frame = this.frameOf(building);
    const local = storey - storeys[0];
    const outline = groupPath(block, block.storeyGroup[local]!, block.storeyGroup[local + 1]!, frame);
    svg('path', { d: outline, class: 'plan-outline', fill: this.view.tokens.hex.raised, stroke: this.view.tokens.hex['text-3'], 'stroke-width': 1.5, 'vector-effect': 'non-scaling-stroke' }, this.root);
    this.beacons.sit(this.index.storeySlot(storey), labelSeat(block, block.storeyGroup[local]!, frame));
    const slot0 = this.index.firstSpace + spaces[0];
    const rooms = this.roomsOf(building, local).filter((k) => block.spaceGroup[k]! < block.spaceGroup[k + 1]!);
    for (const k of rooms) {
      this.shape(slot0 + k, groupPath(block, block.spaceGroup[k]!, block.spaceGroup[k + 1]!, frame));
    }
    if (!this.view.labels || this.index.labels === null) return;
    for (const k of rooms) {
      const { number, zh, en } = this.index.labels;
      const name = (this.view.lang === 'zh' ? zh : en)[spaces[0] + k] ?? '';
      this.seat(slot0 + k, [name, number[spaces[0] + k] ?? ''].filter(Boolean), block, block.spaceGroup[k]!, frame);
    }
  }

  private shape(slot: number, d: string): void {
    const path = svg('path', { d, class: 'plan-shape', 'data-slot': slot, 'fill-rule': 'evenodd', 'vector-effect': 'non-scaling-stroke' }, this.root);
    const over = svg('path', { d, class: 'plan-over', 'fill-rule': 'evenodd', 'pointer-events': 'none' }, this.root);
    this.shapes.push({ slot, path, over, shown: '' });
  }

  /** A text of one or two lines at the seat of a ring group; shown only where it fits (fit). */
  private seat(slot: number, lines: string[], block: Block, group: number, frame: BlockFrame): void {
    const seat = labelSeat(block, group, frame);
    this.beacons.sit(slot, seat);
    if (seat === null || lines.length === 0) return;
    const holder = svg('g', { class: 'plan-label', transform: `translate(${seat.x} ${seat.y})`, 'pointer-events': 'none' }, this.root);
    holder.dataset['slot'] = String(slot);
    // A building's name stands over its edges too, on a halo of the page.
    if (this.index.kind(slot) === 'building') {
      const { bg } = this.view.tokens.hex;
      for (const [key, value] of Object.entries({ stroke: bg, 'stroke-width': 3, 'stroke-linejoin': 'round', 'paint-order': 'stroke' })) {
        holder.setAttribute(key, String(value));
      }
    }
    holder.dataset['width'] = String(seat.width);
    holder.dataset['height'] = String(seat.height);
    for (const line of lines) svg('text', { 'text-anchor': 'middle' }, holder).textContent = line;
    this.seats.push(holder);
  }

  /** A name of its own place, on a halo of the page. */
  private named(x: number, y: number, name: string): void {
    const { bg } = this.view.tokens.hex;
    const how = { class: 'plan-label', transform: `translate(${x} ${y})`, stroke: bg, 'stroke-width': 3, 'stroke-linejoin': 'round', 'paint-order': 'stroke' };
    const holder = svg('g', { ...how, fill: this.view.tokens.hex['text-1'], 'pointer-events': 'none' }, this.root);
    svg('text', { 'text-anchor': 'middle' }, holder).textContent = name;
    this.seats.push(holder);
  }

  /** Texts keep 13 CSS pixels: both lines where they fit, else the number alone, else none. */
  private fit(): void {
    this.scale.update(this.box.scale);
    this.beacons.lay();
    const size = 13 * this.box.scale;
    for (const holder of this.seats) {
      const width = Number(holder.dataset['width']);
      const height = Number(holder.dataset['height']);
      const texts = [...holder.children] as SVGTextElement[];
      const free = holder.hasAttribute('paint-order');
      const fits = texts.map((text) => free || textWidth(text.textContent ?? '') * size < width * 0.94);
      const both = texts.length > 1 && fits.every(Boolean) && height > 2.5 * size;
      const last = texts.length - 1;
      texts.forEach((text, i) => {
        const shown = both || (i === last && fits[last] === true && (free || height > 1.2 * size));
        text.style.display = shown ? '' : 'none';
        text.setAttribute('font-size', size.toFixed(3));
        if (free) text.setAttribute('stroke-width', (0.25 * size).toFixed(3));
        text.setAttribute('y', ((both ? (i === 0 ? -0.2 : 0.95) : 0.35) * size).toFixed(3));
      });
    }
  }

  private fill(shape: Shape): void {
    const { hex } = this.view.tokens;
    const { state } = this;
    if (state.impact) {
      this.shade(shape, state.impact[shape.slot] ?? Impact.plain);
      return;
    }
    const byte = state.shownByte(shape.slot);
    const flags = state.wireFlags[shape.slot] ?? QUALITY_NONE;
    const selected = shape.slot === this.view.selection;
    const none = byte === 0 || (flags & QUALITY) === QUALITY_NONE;
    const stale = (flags & FLAG_STALE) !== 0;
    const simulated = (flags & FLAG_SIMULATED) !== 0;
    const steps = this.view.legend?.diverging ? hex.diverge : hex.ramp;
    const key = `${none ? 'n' : byte}|${stale}|${simulated}|${selected}|${hex.bg}|${steps[0]}`;
    if (key === shape.shown) return;
    shape.shown = key;
    const colour = none ? hex.surface : this.view.legend ? steps[classOf(byte)]! : steps[3]!;
    shape.path.setAttribute('fill', stale ? (this.fills?.stale ?? colour) : colour);
    shape.path.setAttribute('stroke', selected ? hex.select : none ? hex['text-3'] : hex.bg);
    shape.path.setAttribute('stroke-dasharray', none ? '3 3' : '');
    shape.path.setAttribute('stroke-width', selected ? '3' : '1');
    shape.path.classList.toggle('is-selected', selected);
    shape.over.setAttribute('fill', simulated && !stale && !none ? (this.fills?.simulated ?? 'none') : 'none');
    // Texts on the three steps nearest the text colour turn over; CSS reads this.
    const label = this.seats.find((seat) => Number(seat.dataset['slot']) === shape.slot);
    const halo = label?.hasAttribute('paint-order') ?? false;
    const dark = !halo && !none && !stale && this.view.legend !== null && classOf(byte) >= 4;
    label?.setAttribute('fill', dark ? hex['on-select'] : hex['text-1']);
  }

  /** A failure in place of values: lost full, weakened hatched, the cause with a thick edge. */
  private shade(shape: Shape, byte: number): void {
    const { hex } = this.view.tokens;
    const selected = shape.slot === this.view.selection;
    const key = `impact|${byte}|${selected}|${hex.bg}`;
    if (key === shape.shown) return;
    shape.shown = key;
    const full = hex.ramp[6]!;
    shape.path.setAttribute('fill', byte === Impact.plain ? hex.surface : byte === Impact.weakened ? (this.fills?.stale ?? full) : full);
    shape.path.setAttribute('stroke', selected || byte === Impact.cause ? hex.select : hex['text-3']);
    shape.path.setAttribute('stroke-dasharray', '');
    shape.path.setAttribute('stroke-width', byte === Impact.cause ? '5' : selected ? '3' : '1');
    shape.path.classList.toggle('is-selected', selected);
    shape.over.setAttribute('fill', 'none');
    const label = this.seats.find((seat) => Number(seat.dataset['slot']) === shape.slot);
    const onFull = byte >= Impact.lost && !label?.hasAttribute('paint-order');
    label?.setAttribute('fill', onFull ? hex['on-select'] : hex['text-1']);
  }

  private slotAt(event: Event): number {
    const slot = (event.target as Element).getAttribute('data-slot');
    return slot === null ? -1 : Number(slot);
  }

  private readonly onClick = (event: MouseEvent): void => {
    if (this.box.travelled < 5) this.actions.select(this.slotAt(event));
  };

  private readonly onDoubleClick = (event: MouseEvent): void => {
    const slot = this.slotAt(event);
    if (this.index.kind(slot) === 'building' && slot > 0) this.enter(slot - 1);
  };

  private readonly onHover = (event: PointerEvent): void => this.actions.hover(this.slotAt(event));

  private enter(building: number): void {
    const [first] = this.index.file.buildings[building]!.storeys;
    this.actions.select(1 + building);
    this.actions.openStorey(first + this.groundOf(building));
  }

  private choose(slot: number): void {
    const kind = this.index.kind(slot);
    if (kind === 'building') this.enter(slot - 1);
    else if (kind === 'storey') {
      this.actions.select(slot);
      this.actions.openStorey(this.index.storeyOf(slot));
    } else this.actions.select(slot);
  }

  private leave(): void {
    this.actions.openStorey(-1);
  }
}
