// The caps of a whole campus, as one list of triangles.

import type { Block } from '../pack.ts';
import type { Section } from '../props.ts';
import type { SceneIndex } from '../scene.ts';
import type { StoreyState } from '../storeys.ts';
import { Cap, type CapBuffers, NO_STOREY } from './buffers.ts';
import { LevelCut } from './level.ts';
import { EARTH } from './measures.ts';
import { cutShell, type ShellSolid } from './shell-cut.ts';
import { UprightCut } from './upright.ts';

/** Parapets, plates and walls stand out of a building's box by less than this [m]. */
const ROUND = 1.5;

/** What is cut: the scene, and of each building its rings (null while they have not come) and whether it has parapets. */
export interface Cuttable {
  index: SceneIndex;
  storeys: StoreyState;
  block(building: number): Block | null;
  /** The shells that are drawn in place of their buildings' simple envelopes. */
  shells: readonly ShellSolid[];
}

/** Fills `out` with the caps of a section. */
export function buildCaps(scene: Cuttable, section: Section, out: CapBuffers): void {
  const { index, storeys } = scene;
  out.clear();
  const { axis, at } = section;
  const cut = axis === 'z' ? new LevelCut(at, storeys, out) : new UprightCut(axis, at, out);
  if (cut instanceof UprightCut) earth(index, section, cut);
  const place = 'xyz'.indexOf(axis);
  const drawn = new Map(scene.shells.map((shell) => [shell.building, shell]));
  index.file.buildings.forEach((row, b) => {
    const [first, count] = row.storeys;
    const lift = axis === 'z' && count > 0 ? storeys.lift(first + count - 1) : 0;
    if (at < row.bounds[place]! - ROUND || at > row.bounds[place + 3]! + lift + ROUND) return;
    const rings = scene.block(b);
    const shell = drawn.get(b);
    // a shell has the parapets that it has
    if (rings) cut.building(index, b, rings, shell === undefined);
    if (shell) solids(scene, shell, section, out);
  });
}

/** The walls, slabs and roofs that a model brought along, over those that are only assumed. */
function solids(scene: Cuttable, shell: ShellSolid, section: Section, out: CapBuffers): void {
  const { index, storeys } = scene;
  const [first] = index.file.buildings[shell.building]!.storeys;
  const global = (storey: number): number => first + Math.max(0, storey);
  cutShell(
    shell,
    section,
    (storey) => section.at - storeys.lift(global(storey)),
    (storey) => ({ kind: Cap.solid, storey: global(storey), slot: index.storeySlot(global(storey)) }),
    out,
  );
}

/** The ground is a sheet: under its cut edge a strip of earth, as far as the ground reaches. */
function earth(index: SceneIndex, section: Section, cut: UprightCut): void {
  const { bounds, ground } = index.file;
  const [low, high] = section.axis === 'x' ? [bounds[1], bounds[4]] : [bounds[0], bounds[3]];
  const beyond = 0.4 * Math.max(300, bounds[3] - bounds[0], bounds[4] - bounds[1]);
  cut.earth(low - beyond, high + beyond, ground.z - EARTH, ground.z, { kind: Cap.earth, storey: NO_STOREY, slot: 0 });
}
