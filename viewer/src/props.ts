// What Dash hands to the view and gets back. The table of docs/reference/campus-view.md; a test compares both with
// the Python class. Intent only: geometry and live values never travel in properties.

/** Fixed limits of the ramp. `breaks` are the six borders between its seven classes [unit]. */
export interface Legend {
  low: number;
  high: number;
  breaks: number[];
  unit: string;
  zh: string;
  en: string;
  decimals: number;
  /** When the ramp shows the value a square metre instead: number = value * factor / area, in `unit`. */
  density?: { unit: string; factor: number; low: number; high: number; breaks: number[] } | null;
  /** The scale of differences between two moments, about none; its `factor` is 0 where values are shown as they are. */
  difference?: { unit: string; factor: number; low: number; high: number; breaks: number[] } | null;
  /** Made by the view itself: numbers are differences, and their colours go two ways. */
  diverging?: boolean;
}

/** A cut: everything beyond `at` [m] along `axis` is taken away (`flip`: everything before it). */
export interface Section {
  axis: 'x' | 'y' | 'z';
  at: number;
  flip: boolean;
}

/** A remark pinned to a place of the campus, for example a finding of the model check. */
export interface Marker {
  id: string;
  entity: string;
  position: [number, number, number] | null;
  kind: string;
  label: string;
}

export type Mode = '3d' | '2d' | 'plan';
/** How two moments are shown: side by side, or how much more the one has than the other. */
export type Compare = '' | 'swipe' | 'difference';
export type Lens = 'data' | 'trust';
export type Tier = 'a' | 'b' | 'c';

/** What the view says of itself; mirrored on the root element's data attributes. */
export interface Status {
  state: 'loading' | 'ready' | 'stale' | 'error';
  buildings: number;
  spaces: number;
  mode: Mode;
  tier: Tier;
  seq: number;
}

export interface Props {
  id?: string;
  sceneUrl?: string;
  liveUrl?: string;
  channel?: string;
  legend?: Legend | null;
  lang?: 'zh' | 'en';
  theme?: 'light' | 'dark';
  mode?: Mode;
  lens?: Lens;
  selection?: string;
  hover?: string;
  storey?: string;
  explode?: number;
  xray?: boolean;
  section?: Section | null;
  measure?: boolean;
  camera?: string;
  flyTo?: string;
  time?: string;
  against?: string;
  compare?: Compare;
  impact?: string;
  markers?: Marker[] | null;
  quality?: 'auto' | Tier;
  labels?: boolean;
  status?: Status | null;
}

/** What Dash adds to every component. */
export interface DashProps extends Props {
  setProps?: (changed: Partial<Props>) => void;
}

/** Properties that are written by the view only. */
export const OUT_ONLY: ReadonlySet<string> = new Set(['hover', 'status']);
