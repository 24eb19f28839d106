// Links in the scene: arcs over the campus, or the wires of the building in hand along its corridors. What is drawn is decided
// when something changes; a frame costs two draw calls.

import { Change, type LayerContext } from '../layer.ts';
import { type Pin, placePins } from '../layers/pins.ts';
import type { Hit } from '../pick.ts';
import { Show } from '../storeys.ts';
import { type Arc, arcsOf, type Arcs, pointAt } from './curves.ts';
import { badness, Form, look, type Look } from './look.ts';
import type { LinkEnd, LinkModel, LinkRow, LinkValue, Place } from './model.ts';
import { apart } from './names.ts';
import { type Piece, type Stand, standsOf, wiresOf } from './wires.ts';
import { Strands, type Strand } from './strands.ts';
import { endName, flowText, linkLines, useText } from './words.ts';

/** A strand is under the pointer within this many pixels of its edge [CSS px]. */
const REACH = 5;
/** A strand that lies so much further than what is drawn there is hidden by it [m]. */
const BEHIND = 2;
const MOST_CROSSES = 60;

interface Drawn {
  row: LinkRow;
  value: LinkValue | undefined;
  look: Look;
  curves: { curve: ArrayLike<number>; from: number; to: number; straight: boolean }[];
}

export class LinkDrawing {
  private readonly ctx: LayerContext;
  private readonly model: LinkModel;
  private readonly curved: Strands;
  private readonly straight: Strands;
  private readonly pinned = document.createElement('div');
  private readonly note = document.createElement('div');
  private readonly pins: Pin[] = [];
  /** Those of the pins that are names of places outside. */
  private names: { pin: Pin; up: boolean }[] = [];
  private arcs: Arcs = { arcs: [], stems: [] };
  private pieces: Map<LinkRow, Piece[]> = new Map();
  private stands: Stand[] = [];
  private drawn: Drawn[] = [];
  private key = '';
  private seen = -1;
  private over: LinkRow | null = null;

  constructor(ctx: LayerContext, model: LinkModel) {
    this.ctx = ctx;
    this.model = model;
    this.curved = new Strands(ctx.world, ctx.uniforms, 28, 1);
    this.straight = new Strands(ctx.world, ctx.uniforms, 1, 1);
    this.pinned.className = 'campus-link-pins';
    this.pinned.setAttribute('aria-hidden', 'true');
    this.note.className = 'campus-link-note';
    this.note.hidden = true;
    this.note.style.cssText =
      'position:absolute;left:0;top:0;padding:0.5rem 0.75rem;border-radius:4px;font-size:0.8125rem;line-height:1.45;white-space:pre;pointer-events:none;z-index:4';
    ctx.overlay.append(this.pinned, this.note);
  }

  update(change: number): void {
    const { hex } = this.ctx.tokens;
    if (change & Change.Theme) {
      for (const strands of [this.curved, this.straight]) strands.setColours(hex['text-3'], hex.select, hex.bg);
      this.note.style.background = hex.raised;
      this.note.style.color = hex['text-1'];
      this.note.style.border = `1px solid ${hex.line}`;
    }
    const wanted = Change.Links | Change.Theme | Change.Lens | Change.Storeys | Change.Building | Change.Selection | Change.Texts | Change.Lang | Change.Mode | Change.Legend;
    if (change & wanted) this.rebuild();
  }

  /** Shown at all: a network channel, and not the plan. */
  private get shown(): boolean {
    return this.ctx.links.shown && this.ctx.view.mode !== 'plan' && this.model.layout !== '';
  }

  /** The building whose inside is shown, -1 the campus. */
  private get opened(): number {
    const { view, index } = this.ctx;
    if (view.storey >= 0) return index.file.storeys.building[view.storey] ?? -1;
    return view.mode === '3d' && (view.explode > 0 || view.xray) ? view.focus : -1;
  }

  private rebuild(): void {
    const key = this.layoutKey();
    if (key !== this.key) {
      this.key = key;
      this.layOut();
    }
    this.paint();
  }

  private layoutKey(): string {
    if (!this.shown) return '';
    const { opened } = this;
    const { index, storeys, loaded } = this.ctx;
    const parts: (string | number)[] = [this.model.version, opened, index.labels === null ? 0 : 1];
    if (opened >= 0) {
      const [first, count] = index.file.buildings[opened]!.storeys;
      parts.push(loaded[opened] ? 1 : 0);
      for (let j = first; j < first + count; j++) parts.push(this.isOpen(j) ? 1 : 0);
      parts.push(storeys.lift(first + count - 1) > 0 ? 1 : 0);
    }
    return parts.join();
  }

  private isOpen(storey: number): boolean {
    const { storeys } = this.ctx;
    return storeys.rooms(storey) === Show.solid && storeys.envelope(storey) !== Show.solid;
  }

  private layOut(): void {
    this.arcs = { arcs: [], stems: [] };
    this.pieces = new Map();
    this.stands = [];
    if (!this.shown) return;
    const { opened } = this;
    if (opened < 0) {
      this.arcs = arcsOf(this.model.lines, (end) => this.seat(end));
      return;
    }
    const { index, loaded } = this.ctx;
    const data = loaded[opened];
    const rows = this.model.of(index.file.buildings[opened]!.id);
    if (!data || !rows) return;
    this.pieces = wiresOf(rows, index, data.block, opened, (j) => this.isOpen(j));
    this.stands = standsOf(rows, index, index.file.buildings[opened]!.id, (j) => this.isOpen(j));
  }

  /** Where a line of the map ends: over the roof, or at its place outside. */
  private seat(end: LinkEnd): Place | null {
    const { index } = this.ctx;
    if (end.outside) return end.position;
    const slot = index.slot(end.building);
    const row = slot > 0 && slot <= index.buildings ? index.file.buildings[slot - 1] : undefined;
    if (row === undefined) return end.position;
    // in the map the roofs are off: a line begins over the storey that lies open
    return [row.anchor[0], row.anchor[1], row.anchor[2]];
  }

  private paint(): void {
    const { view, tokens } = this.ctx;
    const values = this.pieces.size > 0 ? this.model.linkValues : this.model.lineValues;
    const looked = (row: LinkRow): Drawn => {
      const value = values.get(row.number);
      return { row, value, look: look(value, this.model.breaks, tokens, view.lens), curves: [] };
    };
    this.drawn = [];
    for (const arc of this.arcs.arcs) this.drawn.push({ ...looked(arc.line), curves: [{ curve: arc.curve, from: -1, to: -1, straight: false }] });
    for (const [row, pieces] of this.pieces) {
      const one = looked(row);
      // inside a building a wire is a line, not a tube
      one.look = { ...one.look, metres: 0.12 * one.look.metres, pixels: Math.max(1.5, 0.9 * one.look.pixels) };
      this.drawn.push({ ...one, curves: pieces.map((p) => ({ ...p, straight: true })) });
    }
    this.drawn.sort((a, b) => badness(a.value) - badness(b.value));
    const lengths = new Map<LinkRow, Arc>(this.arcs.arcs.map((arc) => [arc.line, arc]));
    const curved: Strand[] = [];
    const straight: Strand[] = [];
    for (const one of this.drawn) {
      const strong = this.isStrong(one.row);
      for (const c of one.curves) {
        const strand = { curve: c.curve, from: c.from, to: c.to, look: one.look, strong, start: 0, length: lengths.get(one.row)?.length ?? 0 };
        if (c.straight) straight.push({ ...strand, ...runOf(c.curve) });
        else curved.push(strand);
      }
    }
    for (const [top, roof] of this.arcs.stems) straight.unshift(stem(top, roof, tokens.hex['text-3']));
    for (const one of this.stands) straight.push(stand(one, tokens.hex[one.upper ? 'text-1' : 'text-2']));
    this.curved.set(curved);
    this.straight.set(straight);
    this.pin();
    this.told();
  }

  private isStrong(row: LinkRow): boolean {
    if (row === this.over) return true;
    const { view, index } = this.ctx;
    if (view.selection <= 0) return false;
    const id = index.id(view.selection);
    return this.pieces.size > 0 ? row.lower.place === id : row.lower.building === id && index.kind(view.selection) === 'building';
  }

  /** Crosses on links that are down, names of what lies outside. */
  private pin(): void {
    const { hex } = this.ctx.tokens;
    this.pinned.replaceChildren();
    this.pins.length = 0;
    this.names = [];
    this.seen = -1;
    let crosses = 0;
    for (const one of this.drawn) {
      const down = one.look.form === Form.down || (one.value?.down ?? 0) > 0;
      const middle = one.curves[one.curves.length >> 1];
      if (!down || middle === undefined || ++crosses > MOST_CROSSES) continue;
      const element = document.createElement('span');
      element.className = 'campus-link-cross';
      element.style.cssText =
        `position:absolute;left:-9px;top:-9px;width:18px;height:18px;border-radius:50%;background:${hex.bg};border:1.5px solid ${hex['text-1']};` +
        `box-sizing:border-box;color:${hex['text-1']};font:600 11px/15px sans-serif;text-align:center`;
      element.textContent = '\u2715';
      this.pinAt(element, middle.curve, 0.5, middle.from);
    }
    for (const arc of this.arcs.arcs) this.nameOutside(arc);
  }

  private nameOutside(arc: Arc): void {
    const end = arc.line.upper.outside ? arc.line.upper : arc.line.lower.outside ? arc.line.lower : null;
    if (end === null) return;
    const { tokens, view } = this.ctx;
    const { hex } = tokens;
    const value = this.model.lineValues.get(arc.line.number);
    const element = document.createElement('span');
    element.className = 'campus-link-name';
    element.dataset['overView'] = '';
    // on the far side of where the line comes from
    const other = end === arc.line.upper ? arc.line.lower : arc.line.upper;
    const up = (this.seat(other)?.[1] ?? 0) <= end.position![1];
    const shift = up ? 'calc(-100% - 5px)' : '5px';
    element.style.cssText =
      `position:absolute;left:0;top:0;translate:-50% ${shift};white-space:nowrap;font-size:0.8125rem;font-weight:500;color:${hex['text-1']};` +
      `text-shadow:0 0 4px ${hex.bg},0 0 4px ${hex.bg},0 0 2px ${hex.bg};text-align:center`;
    const capacity = arc.line.capacity_mbit_s;
    const used = value && !Number.isNaN(value.used) ? ` · ${useText(value, view.lang)}` : '';
    const small = document.createElement('span');
    small.style.cssText = `display:block;font-weight:400;color:${hex['text-2']}`;
    small.textContent = `${capacity === null ? '' : flowText(capacity)}${used}`;
    element.append(endName(end, view.lang), small);
    const [x, y, z] = end.position!;
    this.pinned.append(element);
    const pin = { element, x, y, z };
    this.pins.push(pin);
    this.names.push({ pin, up });
  }

  /** Names that would lie on each other step aside. */
  private partNames(): void {
    const { rig } = this.ctx;
    const seen = this.names.filter(({ pin }) => rig.toScreen(pin.x, pin.y, pin.z, spot) && pin.element.style.visibility !== 'hidden');
    const boxes = seen.map(({ pin, up }) => {
      rig.toScreen(pin.x, pin.y, pin.z, spot);
      return { x: spot[0]!, y: spot[1]!, width: pin.element.offsetWidth, height: pin.element.offsetHeight, up };
    });
    apart(boxes, rig.height).forEach((move, k) => (seen[k]!.pin.element.style.marginTop = `${move}px`));
  }

  private pinAt(element: HTMLElement, curve: ArrayLike<number>, t: number, storey: number): void {
    pointAt(curve, t, spot);
    const lift = storey < 0 ? 0 : this.ctx.storeys.lift(storey);
    this.pinned.append(element);
    this.pins.push({ element, x: spot[0]!, y: spot[1]!, z: spot[2]! + lift });
  }

  /** Says on the view's element what is drawn: tests and photographs wait for it. */
  private told(): void {
    const root = this.ctx.overlay.parentElement;
    if (root) root.dataset['links'] = String(this.drawn.length);
  }

  beforeDraw(): boolean {
    const { rig, view } = this.ctx;
    if (rig.version === this.seen) return false;
    this.seen = rig.version;
    placePins(this.pins, rig, view.section);
    this.partNames();
    return false;
  }

  // --- pointer ---

  /** The link under a place of the canvas [CSS px]; `hit` is what else is there. */
  at(x: number, y: number, hit: Hit): LinkRow | null {
    const { rig, storeys } = this.ctx;
    let [limit, near] = [Infinity, Infinity];
    if (hit.building >= 0 && rig.toScreen(hit.x, hit.y, hit.z, spot)) limit = spot[2]! + BEHIND;
    let best: LinkRow | null = null;
    for (const one of this.drawn) {
      for (const c of one.curves) {
        const [from, to] = [c.from < 0 ? 0 : storeys.lift(c.from), c.to < 0 ? 0 : storeys.lift(c.to)];
        const pieces = c.straight ? 1 : 24;
        for (let k = 0; k < pieces; k++) {
          const [t0, t1] = [k / pieces, (k + 1) / pieces];
          if (!this.project(c.curve, t0, from + t0 * (to - from), before) || !this.project(c.curve, t1, from + t1 * (to - from), after)) continue;
          const [gap, depth] = distance(x, y);
          if (gap < near && gap <= REACH + 0.5 * one.look.pixels && depth <= limit) [near, best] = [gap, one.row];
        }
      }
    }
    return best;
  }

  private project(curve: ArrayLike<number>, t: number, lift: number, out: Float64Array): boolean {
    pointAt(curve, t, spot);
    return this.ctx.rig.toScreen(spot[0]!, spot[1]!, spot[2]! + lift, out);
  }

  /** The pointer is at (x, y); true when a link is under it. */
  hover(x: number, y: number, hit: Hit | null): boolean {
    const row = hit === null ? null : this.at(x, y, hit);
    if (row !== null) this.tell(row, x, y);
    this.note.hidden = row === null;
    if (row !== this.over) {
      this.over = row;
      this.paint();
      this.ctx.requestDraw();
    }
    return row !== null;
  }

  private tell(row: LinkRow, x: number, y: number): void {
    const { view, rig } = this.ctx;
    const one = this.drawn.find((drawn) => drawn.row === row);
    const [title, ...rest] = linkLines(row, one?.value, this.model.now(), view.lang);
    const text = [title, ...rest].join('\n');
    if (this.note.textContent !== text) this.note.textContent = text;
    const left = x > rig.width - 280;
    const high = y > rig.height - 130;
    this.note.style.transform = `translate(${left ? `calc(${x - 14}px - 100%)` : `${x + 14}px`}, ${high ? `calc(${y - 14}px - 100%)` : `${y + 14}px`})`;
  }

  /** Selects what the link under the pointer hangs below; false where there is none. */
  click(x: number, y: number, hit: Hit): boolean {
    const row = this.at(x, y, hit);
    if (row === null) return false;
    const end = row.lower.outside ? row.upper : row.lower;
    this.ctx.select(end.place);
    return true;
  }

  dispose(): void {
    this.curved.dispose();
    this.straight.dispose();
    this.pinned.remove();
    this.note.remove();
    delete this.ctx.overlay.parentElement?.dataset['links'];
  }
}

/** Where the dashes of a straight piece fall: by its place along its own axis, so that wires that share a way agree. */
function runOf(c: ArrayLike<number>): { start: number; length: number } {
  const [dx, dy, dz] = [c[9]! - c[0]!, c[10]! - c[1]!, c[11]! - c[2]!];
  const length = Math.hypot(dx, dy, dz);
  if (length === 0) return { start: 0, length };
  const turned = Math.abs(dx) > Math.abs(dy) ? dx < 0 : dy < 0;
  const along = (c[0]! * dx + c[1]! * dy + c[2]! * dz) / length;
  return turned ? { start: -along, length: -length } : { start: along, length };
}

function stem(top: Place, roof: Place, colour: string): Strand {
  const curve = [...top, ...top, ...roof, ...roof];
  const form: Look = { form: Form.flow, colour, step: -1, metres: 2.4, pixels: 2 };
  return { curve, start: 0, length: top[2] - roof[2], from: -1, to: -1, look: form, strong: false };
}

/** A small square where a device stands, a larger one where others hang on it. */
function stand({ place, storey, upper }: Stand, colour: string): Strand {
  const [x, y, z] = place;
  const curve = [x, y, z, x, y, z, x + 0.02, y, z, x + 0.02, y, z];
  const form: Look = { form: Form.flow, colour, step: -1, metres: upper ? 1.4 : 0.6, pixels: upper ? 7 : 3 };
  return { curve, start: 0, length: 0, from: storey, to: storey, look: form, strong: false };
}

/** Distance [px] of (x, y) from the stretch before..after, and the depth of its nearest point [m]. */
function distance(x: number, y: number): [number, number] {
  const [dx, dy] = [after[0]! - before[0]!, after[1]! - before[1]!];
  const span = dx * dx + dy * dy;
  const t = span === 0 ? 0 : Math.min(1, Math.max(0, ((x - before[0]!) * dx + (y - before[1]!) * dy) / span));
  return [Math.hypot(x - before[0]! - t * dx, y - before[1]! - t * dy), before[2]! + t * (after[2]! - before[2]!)];
}

const spot = new Float64Array(3);
const before = new Float64Array(3);
const after = new Float64Array(3);
