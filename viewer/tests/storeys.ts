// Storey states for the tests.

import type { SceneIndex } from '../src/scene.ts';
import { StoreyState, type StoreyView } from '../src/storeys.ts';

export const PLAIN: StoreyView = { mode: '3d', storey: -1, focus: -1, explode: 0, xray: false, rooms: false };

export function initialStoreys(index: SceneIndex, view: Partial<StoreyView> = {}): StoreyState {
  const storeys = new StoreyState(index);
  storeys.update({ ...PLAIN, ...view });
  return storeys;
}
