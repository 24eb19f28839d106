// The ground file (docs/reference/scene-format.md), fetched once for all layers that draw from it.

import type { LayerContext } from '../layer.ts';
import type { SceneIndex } from '../scene.ts';

export interface GroundMesh {
  kind: string;
  x: number[];
  y: number[];
  tri: number[];
}

export interface GroundFile {
  z: number;
  origin: [number, number];
  step: number;
  meshes: GroundMesh[];
  names: { kind: string; names: Record<string, string>; x: number; y: number }[];
  trees: { x: number[]; y: number[]; z: number[]; r: number[] };
}

const asked = new WeakMap<SceneIndex, Promise<GroundFile | null>>();

/** The campus's ground, or null where it has none or it cannot be read (the twin works without). */
export function loadGround(ctx: LayerContext): Promise<GroundFile | null> {
  let answer = asked.get(ctx.index);
  if (!answer) {
    answer = fetchGround(ctx.index.file.ground?.url ?? null);
    asked.set(ctx.index, answer);
  }
  return answer;
}

async function fetchGround(url: string | null): Promise<GroundFile | null> {
  if (url === null) return null;
  try {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    return (await answer.json()) as GroundFile;
  } catch (error) {
    console.warn(`the ground ${url} could not be read: ${String(error)}`);
    return null;
  }
}
