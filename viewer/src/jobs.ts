// What the page and the worker say to each other.

import type { Block } from './pack.ts';
import type { MeshArrays, RoomRanges } from './prisms.ts';
import type { GroupFrame } from './room-groups.ts';

/** What a view shows first: closed buildings, or their rooms. The other comes after the first frame. */
export type First = 'extras' | 'rooms';

/** Page -> worker: expand these buildings of one pack. */
export interface PackJob {
  url: string;
  buildings: BuildingJob[];
  first: First;
  /** The campus is so large that its groups of rooms are, too (room-groups.ts). */
  wide: boolean;
}

export interface BuildingJob {
  building: number;
  offset: number;
  length: number;
  firstStorey: number;
  firstSlot: number;
  /** Slot of the building's first storey. */
  firstStoreySlot: number;
  bounds: [number, number, number, number, number, number];
  /** The building's plan frame, as in the scene index. */
  frame: [number, number, number, number];
  category: string;
}

/**
 * One more mesh of a building, made by a builder of look/builders.ts: arrays by name (each goes to the GPU once) and
 * figures by name. They arrive at every layer as `BuildingData.extra[builder]`.
 */
export interface ExtraArrays {
  arrays: Record<string, Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Float32Array>;
  figures: Record<string, number>;
}

export type Builder = (block: Block, job: BuildingJob) => ExtraArrays;

/** Worker -> page: the rooms of some buildings in the same arrays. */
export interface RoomGroupData extends MeshArrays {
  frame: GroupFrame;
  buildings: number[];
  /** One a building of `buildings`. */
  ranges: RoomRanges[];
}

/** One building; `extra` stays empty until that has come. */
export interface BuildingData {
  building: number;
  block: Block;
  extra: Record<string, ExtraArrays>;
}

/**
 * Worker -> page. Every building of a pack comes, and what is shown first of it, before the pack is 'shown'. What comes
 * second of all packs of a worker comes when the page asks for the 'rest', and before 'done'.
 */
export type WorkerAnswer =
  | { kind: 'rooms'; data: RoomGroupData }
  | { kind: 'building'; building: number; block: Block }
  | { kind: 'extra'; building: number; extra: Record<string, ExtraArrays> }
  | { kind: 'shown' }
  | { kind: 'done' }
  | { kind: 'failed'; message: string };
