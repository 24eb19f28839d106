// Variants of a shader: what a frame does not need is not compiled into it. A `discard` costs early depth tests on every
// GPU, and the whole light costs a software renderer most of its time.

import type { Mesh, Object3D, RawShaderMaterial } from 'three';

/**
 * LEAN: plain light, for a slow machine's first frame and moving camera. KEPT: what the picture
 * at rest of a slow machine keeps of every pixel (look/kept.ts), by the light that was gathered and no other. SECTION: a plane cuts. GHOST: storeys
 * see-through.
 */
export const VARIANTS = ['LEAN', 'KEPT', 'SECTION', 'GHOST'] as const;
export type Variant = (typeof VARIANTS)[number];

const known = new WeakMap<RawShaderMaterial, Variant[]>();

/** The variants that a material's shaders know: others need not be compiled again for it. */
function variantsOf(material: RawShaderMaterial): Variant[] {
  let found = known.get(material);
  if (found === undefined) {
    const source = material.vertexShader + material.fragmentShader;
    found = VARIANTS.filter((name) => source.includes(name));
    known.set(material, found);
  }
  return found;
}

/** Has a material's shaders compiled with a name defined, or without it. */
export function define(material: RawShaderMaterial, name: string, on: boolean): void {
  if (name in material.defines === on) return;
  if (on) material.defines[name] = '';
  else delete material.defines[name];
  material.needsUpdate = true;
}

/** Sets the defines of an object's material; three.js keeps the program of each set that was once compiled. */
export function follow(object: Object3D, wanted: Readonly<Record<Variant, boolean>>): void {
  const material = (object as Mesh).material as RawShaderMaterial | undefined;
  if (material?.defines === undefined) return;
  for (const name of variantsOf(material)) define(material, name, wanted[name]);
}
