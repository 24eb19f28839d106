// The scene index (docs/reference/scene-format.md): which entity is which slot, where it stands, what it is called.

export interface BuildingRow {
  id: string;
  names: Record<string, string>;
  site: string;
  category: string;
  schematic: boolean;
  bounds: [number, number, number, number, number, number];
  /** Corner [m], turn [rad] and step [m] of the plan coordinates in the pack. */
  frame: [number, number, number, number];
  anchor: [number, number, number];
  storeys: [number, number];
  spaces: [number, number];
  pack: number;
  offset: number;
  length: number;
  shell: number | null;
}

export interface SceneFile {
  version: number;
  campus: {
    id: string;
    names: Record<string, string>;
    latitude: number | null;
    longitude: number | null;
    timezone: string;
    schematic: boolean;
  };
  bounds: [number, number, number, number, number, number];
  counts: { buildings: number; storeys: number; spaces: number };
  sites: { id: string; names: Record<string, string> }[];
  buildings: BuildingRow[];
  storeys: {
    id: string[];
    names: Record<string, string>[];
    ordinal: number[];
    elevation: number[];
    height: number[];
    building: number[];
    spaces: [number, number][];
  };
  packs: { url: string; spaces: number; bytes: number }[];
  shells: { url: string; building: number; triangles: number; bytes: number }[];
  ground: { url: string | null; z: number };
  light: { url: string; bytes: number } | null;
  labels: string | null;
}

/** Texts of the spaces, in space order; loaded after the first frame. */
export interface LabelFile {
  id: string[];
  number: string[];
  zh: string[];
  en: string[];
  category: string[];
  area: (number | null)[];
}

export type Kind = 'campus' | 'building' | 'storey' | 'space';

export class SceneIndex {
  readonly file: SceneFile;
  readonly buildings: number;
  readonly storeys: number;
  readonly spaces: number;
  readonly slots: number;
  labels: LabelFile | null = null;
  private readonly byId = new Map<string, number>();
  private spaceById: Map<string, number> | null = null;

  constructor(file: SceneFile) {
    if (file.version !== 1) throw new Error(`scene index version ${file.version}: this viewer reads version 1`);
    this.file = file;
    this.buildings = file.buildings.length;
    this.storeys = file.storeys.id.length;
    this.spaces = file.counts.spaces;
    this.slots = 1 + this.buildings + this.storeys + this.spaces;
    this.byId.set(file.campus.id, 0);
    file.buildings.forEach((b, i) => this.byId.set(b.id, 1 + i));
    file.storeys.id.forEach((id, j) => this.byId.set(id, 1 + this.buildings + j));
  }

  /** First slot of the spaces. */
  get firstSpace(): number {
    return 1 + this.buildings + this.storeys;
  }

  kind(slot: number): Kind {
    if (slot <= 0) return 'campus';
    if (slot <= this.buildings) return 'building';
    return slot < this.firstSpace ? 'storey' : 'space';
  }

  /** Building index of a slot, or -1 for the campus. */
  buildingOf(slot: number): number {
    if (slot <= 0 || slot >= this.slots) return -1;
    if (slot <= this.buildings) return slot - 1;
    if (slot < this.firstSpace) return this.file.storeys.building[slot - 1 - this.buildings] ?? -1;
    return this.file.storeys.building[this.storeyOf(slot)] ?? -1;
  }

  /** Storey index (global) of a storey's or a space's slot, else -1. */
  storeyOf(slot: number): number {
    if (slot <= this.buildings || slot >= this.slots) return -1;
    if (slot < this.firstSpace) return slot - 1 - this.buildings;
    const space = slot - this.firstSpace;
    const ranges = this.file.storeys.spaces;
    let low = 0;
    let high = ranges.length - 1;
    while (low < high) {
      const mid = (low + high + 1) >> 1;
      if ((ranges[mid]?.[0] ?? Infinity) <= space) low = mid;
      else high = mid - 1;
    }
    // A storey without spaces shares its first with the next one: step back to the one that has them.
    while (low > 0 && (ranges[low]?.[1] ?? 0) === 0) low--;
    return low;
  }

  storeySlot(storey: number): number {
    return 1 + this.buildings + storey;
  }

  /** Id of a slot; '' for a space whose labels have not come yet. */
  id(slot: number): string {
    if (slot === 0) return this.file.campus.id;
    if (slot <= this.buildings) return this.file.buildings[slot - 1]?.id ?? '';
    if (slot < this.firstSpace) return this.file.storeys.id[slot - 1 - this.buildings] ?? '';
    return this.labels?.id[slot - this.firstSpace] ?? '';
  }

  /** Slot of an id, or -1 when it is unknown (yet: spaces are known once the labels have come). */
  slot(id: string): number {
    const known = this.byId.get(id);
    if (known !== undefined) return known;
    if (this.labels === null) return -1;
    if (this.spaceById === null) {
      this.spaceById = new Map();
      for (let k = 0; k < this.labels.id.length; k++) this.spaceById.set(this.labels.id[k] ?? '', k);
    }
    const space = this.spaceById.get(id);
    return space === undefined ? -1 : this.firstSpace + space;
  }

  /** Name of a slot in a language, falling back to the other, to the unnamed language and to the id. */
  name(slot: number, lang: 'zh' | 'en'): string {
    if (slot >= this.firstSpace) {
      const k = slot - this.firstSpace;
      const text = lang === 'zh' ? this.labels?.zh[k] || this.labels?.en[k] : this.labels?.en[k] || this.labels?.zh[k];
      const number = this.labels?.number[k] ?? '';
      return [number, text].filter(Boolean).join(' ') || this.id(slot);
    }
    const names =
      slot === 0
        ? this.file.campus.names
        : slot <= this.buildings
          ? this.file.buildings[slot - 1]?.names
          : this.file.storeys.names[slot - 1 - this.buildings];
    const other = lang === 'zh' ? 'en' : 'zh';
    return names?.[lang] || names?.[''] || names?.[other] || this.id(slot);
  }
}
