// Labels: at most 200, painted from one atlas in one draw, none on another. Buildings carry theirs on a leader.

import { typeScale } from '../type-scale.ts';
import {
  CustomBlending, GLSL3, InstancedBufferAttribute, InstancedBufferGeometry, Mesh, OneFactor, OneMinusSrcAlphaFactor, RawShaderMaterial, Vector2, DynamicDrawUsage,
} from 'three'; // prettier-ignore
import { Change, type Layer, type LayerContext } from '../layer.ts';
import { FAMILY, type Glyphs, TextAtlas, type TextStyle } from '../look/atlas.ts';
import { loadGround } from '../look/ground-file.ts';
import { type Anchor, buildingAnchors, roomAnchors, siteAnchors, storeyAnchors } from '../look/label-anchors.ts';
import { type Placed, placeLabels, type Wish } from '../look/label-place.ts';
import { cutAway, labelHeight } from '../section/cut.ts';
import { Show } from '../storeys.ts';

const MOST = 200;
/** Quads a label may need: its words, a leader, a dot. */
const QUADS = MOST * 3;
const WORDS = 9;

const VERTEX = /* glsl */ `
precision highp float;
in vec4 aBox;
in vec4 aCut;
in float aAlpha;
uniform vec2 uSize;
out vec2 vCut;
out float vAlpha;
void main() {
  vec2 corner = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1));
  vCut = mix(aCut.xy, aCut.zw, corner);
  vAlpha = aAlpha;
  vec2 at = (aBox.xy + aBox.zw * corner) / uSize;
  gl_Position = vec4(at.x * 2.0 - 1.0, 1.0 - at.y * 2.0, 0.0, 1.0);
}`;
const FRAGMENT = /* glsl */ `
precision mediump float;
in vec2 vCut;
in float vAlpha;
uniform sampler2D uAtlas;
out vec4 outColour;
void main() { outColour = texture(uAtlas, vCut) * vAlpha; }`;

/** Type of each kind: size [CSS pixels], weight, rank, and the least size of the thing on the screen [CSS pixels]. */
const STYLE = {
  site: { size: 20, weight: 550, rank: 700, least: 0 },
  building: { size: 14, weight: 550, rank: 500, least: 190 },
  storey: { size: 13, weight: 500, rank: 400, least: 13 },
  ground: { size: 13, weight: 400, rank: 300, least: 0 },
  space: { size: 13, weight: 500, rank: 100, least: 46 },
} as const;
/** Where no site's name stands over its buildings, they have nothing but their own [CSS pixels]. */
const LEAST_ALONE = 40;
const BUILDING_LIFTS = [26, 44, 64, 88];
/** Over the mark of a building (layers/beacons.ts), whose stem leads to it. */
const MARKED_LIFTS = [63, 84];
/** Sites stand off the buildings: above them, or below them in the near half of the picture. */
const SITE_LIFTS = Array.from({ length: 16 }, (_, i) => 30 + 20 * i);
/** On the other side only the nearest places: a leader across the whole block says less than a name on its roofs. */
const ACROSS = 4;
const FLAT_LIFTS = [0];
/** Ground whose name helps to find one's way; roads and the campus's own land do without. */
const NAMED_GROUND = new Set(['water', 'green', 'sport', 'plaza']);

interface Shown extends Wish {
  anchor: Anchor;
  glyphs: Glyphs;
}

export class LabelsLayer implements Layer {
  readonly name = 'labels';
  private ctx: LayerContext | null = null;
  private atlas: TextAtlas | null = null;
  private mesh: Mesh | null = null;
  private readonly rows = new Float32Array(QUADS * WORDS);
  private readonly size = { value: new Vector2(1, 1) };
  private fixed: Anchor[] = [];
  private leastBuilding: number = STYLE.building.least;
  private rooms: Anchor[] = [];
  private readonly shown = new Set<Anchor>();
  private ready = false;
  private stale = true;
  private cameraVersion = -1;
  private obstacles = -1;
  /** Of the page's type (type-scale.ts). */
  private scale = 1;
  private gone = false;

  init(ctx: LayerContext): void {
    this.ctx = ctx;
    this.atlas = new TextAtlas();
    this.scale = typeScale();
    const sites = siteAnchors(ctx.index);
    this.fixed = [...sites, ...buildingAnchors(ctx.index)];
    if (sites.length === 0) this.leastBuilding = LEAST_ALONE;
    const geometry = new InstancedBufferGeometry();
    geometry.setIndex([0, 2, 1, 1, 2, 3]);
    for (const [name, size] of [['aBox', 4], ['aCut', 4], ['aAlpha', 1]] as const) {
      const attribute = new InstancedBufferAttribute(new Float32Array(QUADS * size), size);
      attribute.setUsage(DynamicDrawUsage);
      geometry.setAttribute(name, attribute);
    }
    geometry.instanceCount = 0;
    const material = new RawShaderMaterial({
      glslVersion: GLSL3,
      vertexShader: VERTEX,
      fragmentShader: FRAGMENT,
      uniforms: { uAtlas: { value: this.atlas.texture }, uSize: this.size },
      transparent: true,
      depthTest: false,
      depthWrite: false,
      blending: CustomBlending,
      blendSrc: OneFactor,
      blendDst: OneMinusSrcAlphaFactor,
    });
    this.mesh = new Mesh(geometry, material);
    this.mesh.frustumCulled = false;
    this.mesh.renderOrder = 1001;
    this.mesh.matrixAutoUpdate = false;
    ctx.world.add(this.mesh);
    void this.awaitFonts();
    void loadGround(ctx).then((file) => {
      if (!file || this.gone) return;
      for (const n of file.names) {
        if (!NAMED_GROUND.has(n.kind)) continue;
        this.fixed.push({ kind: 'ground', slot: -1, names: n.names, x: n.x, y: n.y, z: file.z, low: file.z, extent: 100, storey: -1 });
      }
      this.again();
    });
  }

  /** Words are painted when the webfonts are there: painted text does not change by itself. */
  private async awaitFonts(): Promise<void> {
    const { index } = this.ctx!;
    const words = [index.file.campus.names, ...index.file.sites.map((s) => s.names), ...index.file.buildings.map((b) => b.names)];
    const sample = [...new Set(words.flatMap((n) => Object.values(n)).join(''))].join('') + '0123456789层';
    await this.loadFonts(sample);
    this.ready = true;
    this.again();
  }

  private async loadFonts(sample: string): Promise<void> {
    // a font that cannot be had is no reason to show nothing
    await Promise.allSettled([450, 550].map((weight) => document.fonts.load(`${weight} 14px ${FAMILY}`, sample)));
  }

  private again(): void {
    this.stale = true;
    this.ctx!.requestDraw();
  }

  update(change: number): void {
    const ctx = this.ctx!;
    if (change & Change.Size) this.scale = typeScale();
    if (change & (Change.Theme | Change.Lang | Change.Size)) this.atlas!.wipe(ctx.tokens, ctx.uniforms.uScreen.value.z as number);
    if (change & (Change.Storeys | Change.Texts | Change.Building | Change.Selection)) this.collectRooms();
    if (change & Change.Texts) void this.fontsOfRooms();
    if (change & ~Change.State) this.stale = true;
  }

  private async fontsOfRooms(): Promise<void> {
    const { labels } = this.ctx!.index;
    if (!labels) return;
    await this.loadFonts([...new Set([...new Set(labels.zh), ...new Set(labels.en)].join(''))].join(''));
    if (this.gone) return;
    this.atlas!.wipe(this.ctx!.tokens, this.ctx!.uniforms.uScreen.value.z as number);
    this.again();
  }

  /** Rooms of storeys that lie open; storeys' names where a building stands apart. */
  private collectRooms(): void {
    const { index, storeys, loaded, view } = this.ctx!;
    this.rooms = [];
    for (const data of loaded) {
      if (!data) continue;
      const [first, count] = index.file.buildings[data.building]!.storeys;
      let open = 0;
      for (let j = first; j < first + count; j++) if (storeys.rooms(j) === Show.solid) open++;
      if (open === 0) continue;
      // stacked storeys hide each other's rooms: each has its own name, and rooms only where something is selected
      const stacked = open > 1 && view.mode === '3d';
      if (stacked && view.explode > 0) this.rooms.push(...storeyAnchors(index, data.building));
      const chosen = stacked ? index.storeyOf(view.selection) : -1;
      if (stacked && (chosen < first || chosen >= first + count)) continue;
      for (const anchor of roomAnchors(index, data)) {
        if (storeys.rooms(anchor.storey) === Show.solid && (!stacked || anchor.storey === chosen)) this.rooms.push(anchor);
      }
    }
  }

  beforeDraw(): boolean {
    const { rig, view, obstacles } = this.ctx!;
    if (!this.ready || this.mesh === null) return false;
    this.mesh.visible = view.labels;
    if (!view.labels || (!this.stale && rig.version === this.cameraVersion && obstacles.version === this.obstacles)) return false;
    this.cameraVersion = rig.version;
    this.obstacles = obstacles.version;
    this.stale = false;
    this.layOut();
    return false;
  }

  private layOut(): void {
    const { uniforms, rig } = this.ctx!;
    const ratio = uniforms.uScreen.value.z as number;
    let wishes = this.wishes(ratio);
    if (wishes === null) {
      // the atlas was full: begin it anew with what is wanted now
      this.atlas!.wipe(this.ctx!.tokens, ratio);
      wishes = this.wishes(ratio) ?? [];
    }
    const placed = placeLabels(wishes, rig.width * ratio, rig.height * ratio, MOST, this.panels(ratio), this.buildingBoxes(ratio));
    this.shown.clear();
    for (const p of placed) this.shown.add(wishes[p.wish]!.anchor);
    this.write(wishes, placed, ratio);
  }

  /** What of the page stands over the view (`data-over-view`): no name is written under it. */
  private panels(ratio: number): number[][] {
    const view = this.ctx!.overlay.getBoundingClientRect();
    const found: number[][] = [];
    for (const element of document.querySelectorAll('[data-over-view]')) {
      const box = element.getBoundingClientRect();
      const [x0, y0] = [Math.max(0, box.left - view.left), Math.max(0, box.top - view.top)];
      const [x1, y1] = [Math.min(view.width, box.right - view.left), Math.min(view.height, box.bottom - view.top)];
      if (x1 > x0 && y1 > y0) found.push([x0 * ratio, y0 * ratio, (x1 - x0) * ratio, (y1 - y0) * ratio]);
    }
    return found;
  }

  /** Where buildings stand on the screen: names of sites keep off them. */
  private buildingBoxes(ratio: number): number[][] {
    const { rig, index } = this.ctx!;
    if (!this.fixed.some((a) => a.kind === 'site')) return [];
    return index.file.buildings.map((row) => {
      const b = row.bounds;
      let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
      for (let k = 0; k < 8; k++) {
        if (!rig.toScreen(b[k & 1 ? 3 : 0]!, b[k & 2 ? 4 : 1]!, b[k & 4 ? 5 : 2]!, spot)) return [0, 0, 0, 0];
        [x0, y0] = [Math.min(x0, spot[0]!), Math.min(y0, spot[1]!)];
        [x1, y1] = [Math.max(x1, spot[0]!), Math.max(y1, spot[1]!)];
      }
      return [x0 * ratio, y0 * ratio, (x1 - x0) * ratio, (y1 - y0) * ratio];
    });
  }

  private wishes(ratio: number): Shown[] | null {
    const found: Shown[] = [];
    const { view } = this.ctx!;
    for (const list of [this.fixed, this.rooms]) {
      for (const anchor of list) {
        const wish = this.wish(anchor, ratio, anchor.slot >= 0 && anchor.slot === view.selection);
        if (wish === null) return null;
        if (wish) found.push(wish);
      }
    }
    return found;
  }

  /** Where an anchor's building ends now [m]: a storey that stands alone has nothing above it. */
  private top(anchor: Anchor): number {
    const { index, view } = this.ctx!;
    const { building, elevation, height } = index.file.storeys;
    const alone = anchor.kind === 'building' && view.storey >= 0 && 1 + building[view.storey]! === anchor.slot;
    return alone ? elevation[view.storey]! + height[view.storey]! : Infinity;
  }

  /** What an anchor asks for now: false when nothing, null when the atlas is full. */
  private wish(anchor: Anchor, ratio: number, selected: boolean): Shown | false | null {
    const { rig, storeys, view } = this.ctx!;
    const style = STYLE[anchor.kind];
    if (anchor.storey >= 0 && storeys.rooms(anchor.storey) === Show.hidden) return false;
    const lift = anchor.storey >= 0 ? storeys.lift(anchor.storey) : 0;
    const z = labelHeight(view.section, anchor.low + lift, Math.min(anchor.z, this.top(anchor)) + lift);
    if (cutAway(view.section, anchor.x, anchor.y, z)) return false;
    if (!rig.toScreen(anchor.x, anchor.y, z, spot)) return false;
    const [x, y] = [spot[0]!, spot[1]!];
    if (x < 0 || y < 0 || x > rig.width || y > rig.height) return false;
    const pixels = anchor.extent / rig.metresPerPixelAt(anchor.x, anchor.y, z);
    if (!selected && pixels < (anchor.kind === 'building' ? this.leastBuilding : style.least) * this.scale) return false;
    if (anchor.kind === 'site' && (pixels > 420 || view.storey >= 0)) return false;
    if (anchor.kind === 'ground' && pixels < 60) return false;
    const words = this.words(anchor);
    if (words[0] === '') return false;
    const how: TextStyle = { size: Math.round(style.size * this.scale), weight: style.weight, plate: selected };
    if (words[1] !== '' && (selected || anchor.kind !== 'space' || pixels > 70 * this.scale)) how.second = words[1];
    const glyphs = this.atlas!.text(words[0], how);
    if (glyphs === null) return null;
    if (anchor.kind === 'space' && !selected && glyphs.width > pixels * ratio * 1.25) return false;
    const near = y > rig.height * 0.52 ? -1 : 1;
    const bare = anchor.kind === 'building' && this.ctx!.obstacles.marked.has(anchor.slot);
    const lifts =
      bare ? MARKED_LIFTS : anchor.kind === 'site' ? [...SITE_LIFTS.map((l) => near * l), ...SITE_LIFTS.slice(0, ACROSS).map((l) => -near * l)] : anchor.kind === 'building' || selected ? BUILDING_LIFTS : FLAT_LIFTS;
    const rank = (selected ? 1000 : style.rank) + Math.min(90, pixels / 10) + (this.shown.has(anchor) ? 5 : 0);
    return {
      anchor, glyphs, rank, x: x * ratio, y: y * ratio, width: glyphs.width, height: glyphs.height,
      lifts: lifts.map((l) => l * ratio * this.scale), clear: anchor.kind === 'site', bare,
    }; // prettier-ignore
  }

  private words(anchor: Anchor): [string, string] {
    const { index, view } = this.ctx!;
    if (anchor.names) {
      const other = view.lang === 'zh' ? 'en' : 'zh';
      return [anchor.names[view.lang] || anchor.names[''] || anchor.names[other] || '', ''];
    }
    if (anchor.kind !== 'space') return [index.name(anchor.slot, view.lang), ''];
    const { labels } = index;
    if (!labels) return ['', ''];
    const k = anchor.slot - index.firstSpace;
    const name = (view.lang === 'zh' ? labels.zh[k] || labels.en[k] : labels.en[k] || labels.zh[k]) ?? '';
    const number = labels.number[k] ?? '';
    return name === '' ? [number, ''] : [name, number];
  }

  /** One row for each quad: words, and for lifted labels a leader and a dot on the thing. */
  private write(wishes: readonly Shown[], placed: readonly Placed[], ratio: number): void {
    const geometry = this.mesh!.geometry as InstancedBufferGeometry;
    const atlas = this.atlas!;
    let n = 0;
    const put = (g: Glyphs, x: number, y: number, w: number, h: number): void => {
      const s = 1 / atlas.size;
      this.rows.set([x, y, w, h, g.x * s, g.y * s, (g.x + g.width) * s, (g.y + g.height) * s, 1], n++ * WORDS);
    };
    for (const p of placed) {
      const wish = wishes[p.wish]!;
      if (p.lift !== 0 && !wish.bare) {
        const line = 1.5 * ratio;
        const top = p.lift > 0 ? p.y + wish.height : wish.y;
        put(atlas.solid, Math.round(wish.x - line / 2), top, line, Math.abs(p.lift));
        put(atlas.dot, wish.x - 4 * ratio, wish.y - 4 * ratio, 8 * ratio, 8 * ratio);
      }
      put(wish.glyphs, Math.round(p.x), Math.round(p.y), wish.width, wish.height);
    }
    const [box, cut, alpha] = ['aBox', 'aCut', 'aAlpha'].map((name) => geometry.getAttribute(name)) as InstancedBufferAttribute[];
    for (let i = 0; i < n; i++) {
      const at = i * WORDS;
      (box!.array as Float32Array).set(this.rows.subarray(at, at + 4), i * 4);
      (cut!.array as Float32Array).set(this.rows.subarray(at + 4, at + 8), i * 4);
      alpha!.array[i] = this.rows[at + 8]!;
    }
    for (const attribute of [box, cut, alpha]) attribute!.needsUpdate = true;
    geometry.instanceCount = n;
    this.size.value.set(this.ctx!.rig.width * ratio, this.ctx!.rig.height * ratio);
  }

  dispose(): void {
    this.gone = true;
    this.mesh?.removeFromParent();
    this.mesh?.geometry.dispose();
    (this.mesh?.material as RawShaderMaterial | undefined)?.dispose();
    this.atlas?.dispose();
  }
}

const spot = new Float64Array(3);
