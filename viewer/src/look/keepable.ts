// What one picture can stand for while nothing moves (kept.ts).

import type { Group, Mesh } from 'three';

const KEPT = Symbol('the picture at rest can stand for it');

/** Marks a mesh whose shaders know the variant KEPT (variants.ts): one picture stands for all such at rest. */
export function canBeKept(mesh: Mesh): void {
  (mesh.userData as Record<symbol, boolean>)[KEPT] = true;
}

/** What is shown now and can be kept: all that light falls on. */
export function keepable(world: Group): Mesh[] {
  return world.children.filter((c) => c.visible && (c.userData as Record<symbol, boolean>)[KEPT]) as Mesh[];
}

/** Calls `draw` with nothing of the world shown but these. */
export function alone(world: Group, meshes: readonly Mesh[], draw: () => void): void {
  const others = world.children.filter((c) => c.visible && !meshes.includes(c as Mesh));
  for (const child of others) child.visible = false;
  draw();
  for (const child of others) child.visible = true;
}
