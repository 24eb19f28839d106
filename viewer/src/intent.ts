// What a click, a key or a hovering pointer means: from the place that was hit to an entity, by distance and modifiers.

import type { CameraRig } from './camera.ts';
import type { ViewState } from './layer.ts';
import type { Hit } from './pick.ts';
import type { SceneIndex } from './scene.ts';
import { Show, type StoreyState } from './storeys.ts';

/** Storeys that stand lower than this on the screen [CSS px] are too small to aim at: their building is meant. */
const LEAST_STOREY_PX = 7;
const LEAST_ROOM_PX = 10;

/**
 * The slot that a hit means: an open storey's room; on a closed building the building while it is small, else the
 * storey, and the room once a storey is some pixels tall. Shift means the storey, alt the building, always.
 */
export function meant(hit: Hit, keys: { shiftKey: boolean; altKey: boolean }, rig: CameraRig, index: SceneIndex, storeys: StoreyState, view: ViewState): number {
  if (hit.building < 0) return -1;
  const building = 1 + hit.building;
  if (keys.altKey) return building;
  const storey = index.storeySlot(hit.storey);
  if (keys.shiftKey) return storey;
  if (storeys.rooms(hit.storey) !== Show.hidden) return hit.slot;
  if (view.focus === hit.building) return hit.slot;
  const height = (index.file.storeys.height[hit.storey] ?? 3) / rig.metresPerPixelAt(hit.x, hit.y, hit.z);
  if (height < LEAST_STOREY_PX) return building;
  return height < LEAST_ROOM_PX ? storey : hit.slot;
}

/** One level up: room -> storey -> building -> nothing. */
export function parentOf(slot: number, index: SceneIndex): number {
  switch (index.kind(slot)) {
    case 'space':
      return index.storeySlot(index.storeyOf(slot));
    case 'storey':
      return 1 + index.buildingOf(slot);
    default:
      return -1;
  }
}

/** The storey above or below the isolated one in its building; the same one at either end. */
export function neighbourStorey(storey: number, step: number, index: SceneIndex): number {
  const building = index.file.buildings[index.file.storeys.building[storey] ?? -1];
  if (building === undefined) return storey;
  const [first, count] = building.storeys;
  return Math.min(first + count - 1, Math.max(first, storey + step));
}
