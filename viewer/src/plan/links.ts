// Links on the SVG plan, and as a list that is sorted by how bad they are: lines between buildings on the map, wires along the
// corridors of a storey.

import type { LinkHost } from '../links/host.ts';
import type { LinkEnd, LinkRow, LinkValue } from '../links/model.ts';
import type { SceneIndex } from '../scene.ts';
import type { Block } from '../pack.ts';
import type { Tokens } from '../tokens.ts';
import { svg } from './svg.ts';
import { type Lang, word } from './words.ts';

/** Dashes by form, in CSS pixels: flow, none, stale, down, dotted. */
const DASHES = ['', '4 4', '2 2', '14 9', ''];
/** Links that the list holds; the API has them all. */
const MOST = 100;

export class PlanLinks {
  readonly section = document.createElement('section');
  private readonly heading = document.createElement('h3');
  private readonly items = document.createElement('ul');
  private readonly host: LinkHost;
  private readonly index: SceneIndex;
  private shapes: { row: LinkRow; path: SVGPathElement; edge: SVGPathElement }[] = [];
  private rows: LinkRow[] = [];
  private ofLines = true;

  constructor(host: LinkHost, index: SceneIndex, choose: (slot: number) => void) {
    this.host = host;
    this.index = index;
    this.section.className = 'plan-links';
    this.section.append(this.heading, this.items);
    this.items.addEventListener('click', (event) => {
      const button = (event.target as Element).closest('button');
      if (button) choose(Number(button.dataset['slot']));
    });
  }

  /** Whether links came, went, or are others than those drawn: the plan is drawn anew. */
  get key(): string {
    const { model, shown } = this.host;
    return shown && model ? String(model.version) : '';
  }

  /** Draws the links of a storey (or of the map, storey -1) into `parent`; `seat` says where a building's line ends [m]. */
  draw(
    parent: SVGElement, building: number, storey: number, block: Block | null, seat: (building: number) => readonly [number, number] | null,
  ): void {
    const { model, part, shown } = this.host;
    this.shapes = [];
    this.rows = [];
    if (!shown || !model || !part) return;
    this.ofLines = storey < 0;
    if (storey < 0) {
      for (const row of model.lines) {
        const [a, b] = [this.seatOf(row.lower, seat), this.seatOf(row.upper, seat)];
        if (a && b) this.shape(parent, row, `M${a[0]} ${-a[1]}L${b[0]} ${-b[1]}`);
      }
      this.rows = model.lines;
      return;
    }
    const rows = block && model.of(this.index.file.buildings[building]!.id);
    if (!block || !rows) return;
    for (const [row, pieces] of part.wiresOf(rows, this.index, block, building, (j) => j === storey)) {
      const d = pieces.map(({ curve: c }) => `M${c[0]} ${-c[1]!}L${c[9]} ${-c[10]!}`).join('');
      this.shape(parent, row, d);
      this.rows.push(row);
    }
  }

  /** Names of what lies outside, as the plan's own labels: a place [m] and a name. */
  outside(lang: Lang): { x: number; y: number; name: string }[] {
    const { model, part, shown } = this.host;
    if (!shown || !model || !part || !this.ofLines) return [];
    const ends = model.lines.flatMap((row) => [row.lower, row.upper]).filter((end) => end.outside && end.position !== null);
    return ends.map((end) => ({ x: end.position![0], y: -end.position![1], name: part.endName(end, lang) }));
  }

  private seatOf(end: LinkEnd, seat: (building: number) => readonly [number, number] | null): readonly [number, number] | null {
    if (end.outside) return end.position && [end.position[0], end.position[1]];
    const slot = this.index.slot(end.building);
    return slot > 0 ? seat(slot - 1) : null;
  }

  private shape(parent: SVGElement, row: LinkRow, d: string): void {
    const how = { d, fill: 'none', 'vector-effect': 'non-scaling-stroke', 'stroke-linecap': 'butt' };
    const edge = svg('path', { ...how, class: 'plan-link-edge', 'pointer-events': 'none' }, parent);
    const path = svg('path', { ...how, class: 'plan-link', 'data-link-id': row.id, 'data-slot': this.slotOf(row), 'pointer-events': 'stroke' }, parent);
    svg('title', {}, path);
    this.shapes.push({ row, path, edge });
  }

  /** What a click on a link selects: where its lower device stands. */
  private slotOf(row: LinkRow): number {
    return this.index.slot((row.lower.outside ? row.upper : row.lower).place);
  }

  /** Colours, forms and the list, after values came. */
  refresh(tokens: Tokens, lang: Lang): void {
    const { model, part } = this.host;
    const { hex } = tokens;
    this.section.hidden = this.rows.length === 0;
    if (!model || !part) return;
    const values = this.ofLines ? model.lineValues : model.linkValues;
    const now = model.now();
    for (const { row, path, edge } of this.shapes) {
      const value = values.get(row.number);
      const look = part.look(value, model.breaks, tokens, 'data');
      path.setAttribute('stroke', look.colour);
      path.setAttribute('stroke-width', String(look.pixels + 0.5));
      path.setAttribute('stroke-dasharray', DASHES[look.form]!);
      path.dataset['form'] = String(look.form);
      edge.setAttribute('stroke', look.form === part.Form.flow ? hex['text-3'] : 'none');
      edge.setAttribute('stroke-width', String(look.pixels + 2.5));
      path.firstElementChild!.textContent = part.linkLines(row, value, now, lang).join('\n');
    }
    this.list(values, now, lang);
  }

  private list(values: ReadonlyMap<number, LinkValue>, now: number, lang: Lang): void {
    const { part } = this.host;
    const sorted = [...this.rows].sort((a, b) => part!.badness(values.get(b.number)) - part!.badness(values.get(a.number)));
    const shown = sorted.slice(0, MOST);
    this.heading.textContent = `${word('links', lang)} (${this.rows.length})`;
    while (this.items.children.length > shown.length) this.items.lastElementChild!.remove();
    shown.forEach((row, i) => {
      const button = this.button(i);
      const text = part!.linkLines(row, values.get(row.number), now, lang).join(', ');
      button.dataset['slot'] = String(this.slotOf(row));
      if (button.textContent !== text) button.textContent = text;
    });
  }

  private button(i: number): HTMLButtonElement {
    const known = this.items.children[i]?.firstElementChild as HTMLButtonElement | undefined;
    if (known) return known;
    const item = document.createElement('li');
    const button = document.createElement('button');
    button.type = 'button';
    item.append(button);
    this.items.append(item);
    return button;
  }
}
