// What may carry a label, and where it stands: the selection, sites, buildings, storeys laid open, rooms, waters.

import type { BuildingData } from '../jobs.ts';
import { BlockFrame } from '../blockframe.ts';
import type { Block } from '../pack.ts';
import type { BuildingRow, SceneIndex } from '../scene.ts';

export type LabelKind = 'site' | 'building' | 'storey' | 'space' | 'ground';

export interface Anchor {
  kind: LabelKind;
  /** Slot, or -1 for what is no entity (a site, a river). */
  slot: number;
  names: Record<string, string> | null;
  x: number;
  y: number;
  z: number;
  /** The foot of the thing [m]: a level cut between it and z shows the thing cut, and its name on the cut. */
  low: number;
  /** Width of the thing [m]: labels come when it is large enough on the screen. */
  extent: number;
  /** Storey (global index) that must lie open, -1 none. */
  storey: number;
}

export function buildingAnchors(index: SceneIndex): Anchor[] {
  return index.file.buildings.map((row, i) => ({
    kind: 'building',
    slot: 1 + i,
    names: null,
    x: row.anchor[0],
    y: row.anchor[1],
    z: row.anchor[2],
    low: row.bounds[2],
    extent: Math.hypot(row.bounds[3] - row.bounds[0], row.bounds[4] - row.bounds[1]),
    storey: -1,
  }));
}

/** One anchor a site, over the building nearest to the middle of all of its buildings. */
export function siteAnchors(index: SceneIndex): Anchor[] {
  const anchors: Anchor[] = [];
  for (const site of index.file.sites) {
    const mine = index.file.buildings.filter((b) => b.site === site.id);
    if (mine.length < 2 || Object.keys(site.names).length === 0) continue;
    const x = mean(mine, (b) => b.anchor[0]);
    const y = mean(mine, (b) => b.anchor[1]);
    const far = (b: BuildingRow): number => Math.hypot(b.anchor[0] - x, b.anchor[1] - y);
    const near = mine.reduce((a, b) => (far(b) < far(a) ? b : a));
    const [ax, ay, az] = near.anchor;
    anchors.push({ kind: 'site', slot: -1, names: site.names, x: ax, y: ay, z: az, low: near.bounds[2], extent: 200, storey: -1 });
  }
  return anchors;
}

function mean(rows: readonly BuildingRow[], value: (row: BuildingRow) => number): number {
  return rows.reduce((sum, row) => sum + value(row), 0) / rows.length;
}

/** Anchors of a building's rooms, on the storey's floor at the middle of each. */
export function roomAnchors(index: SceneIndex, data: BuildingData): Anchor[] {
  const { block } = data;
  const row = index.file.buildings[data.building]!;
  const frame = new BlockFrame(row.frame);
  const anchors: Anchor[] = [];
  for (let k = 0; k < block.spaces; k++) {
    const g = block.spaceGroup[k]!;
    if (g === block.spaceGroup[k + 1]) continue;
    const spot = middle(block, g);
    anchors.push({
      kind: 'space',
      slot: index.firstSpace + row.spaces[0] + k,
      names: null,
      x: frame.east(spot[0], spot[1]),
      y: frame.north(spot[0], spot[1]),
      z: block.spaceTop[k]! / 100,
      low: block.spaceFloor[k]! / 100,
      extent: spot[2] * row.frame[3],
      storey: row.storeys[0] + block.spaceStorey[k]!,
    });
  }
  return anchors;
}

/** A place inside a group and the width there [steps]: its centroid, or that of its largest triangle. */
export function middle(block: Block, g: number): [number, number, number] {
  const start = block.ringStart[block.groupRing[g]!]!;
  let [x, y, sum, bestX, bestY, best] = [0, 0, 0, 0, 0, 0];
  for (let t = block.groupTri[g]!; t < block.groupTri[g + 1]!; t++) {
    const [a, b, c] = [0, 1, 2].map((k) => start + block.tri[3 * t + k]!) as [number, number, number];
    const [ax, ay, bx, by, cx, cy] = [block.x[a]!, block.y[a]!, block.x[b]!, block.y[b]!, block.x[c]!, block.y[c]!];
    const area = ((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)) / 2;
    const [mx, my] = [(ax + bx + cx) / 3, (ay + by + cy) / 3];
    x += mx * area;
    y += my * area;
    sum += area;
    if (area > best) [best, bestX, bestY] = [area, mx, my];
  }
  if (sum <= 0) return [block.x[start]!, block.y[start]!, 0];
  const centre: [number, number] = [x / sum, y / sum];
  const inside = contains(block, g, centre[0], centre[1]);
  const [px, py] = inside ? centre : [bestX, bestY];
  return [px, py, Math.sqrt(inside ? sum : best)];
}

function contains(block: Block, g: number, x: number, y: number): boolean {
  const start = block.ringStart[block.groupRing[g]!]!;
  for (let t = block.groupTri[g]!; t < block.groupTri[g + 1]!; t++) {
    let inside = true;
    for (let k = 0; k < 3 && inside; k++) {
      const a = start + block.tri[3 * t + k]!;
      const b = start + block.tri[3 * t + ((k + 1) % 3)]!;
      const turn = (block.x[b]! - block.x[a]!) * (y - block.y[a]!) - (block.y[b]! - block.y[a]!) * (x - block.x[a]!);
      inside = turn >= 0;
    }
    if (inside) return true;
  }
  return false;
}

/** Anchors of storeys that stand apart: at the building's left edge as drawn, halfway up. */
export function storeyAnchors(index: SceneIndex, building: number): Anchor[] {
  const row = index.file.buildings[building]!;
  const { elevation, height } = index.file.storeys;
  return Array.from({ length: row.storeys[1] }, (_, s) => {
    const j = row.storeys[0] + s;
    return {
      kind: 'storey' as const,
      slot: index.storeySlot(j),
      names: null,
      x: row.bounds[0],
      y: row.bounds[1],
      z: elevation[j]! + height[j]! / 2,
      low: elevation[j]!,
      extent: height[j]!,
      storey: j,
    };
  });
}
