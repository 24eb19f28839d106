// Which buildings are drawn by their authored shell just now, so that their simple envelope stays away.

import type { SceneIndex } from '../scene.ts';

const shown = new WeakMap<SceneIndex, Set<number>>();

/** The set of building indices; one a scene. */
export function shellsShown(index: SceneIndex): Set<number> {
  let set = shown.get(index);
  if (!set) {
    set = new Set();
    shown.set(index, set);
  }
  return set;
}
