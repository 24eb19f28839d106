// The uniforms that every material shares, and the defaults of the view's state.

import { Vector3, Vector4 } from 'three';
import type { SharedUniforms, ViewState } from './layer.ts';
import type { SpaceState } from './state.ts';
import type { StoreyState } from './storeys.ts';

/** 'No slot' for the shaders. */
export const NO_SLOT = 0xffffffff;

export function sharedUniforms(state: SpaceState, storeys: StoreyState): SharedUniforms {
  return {
    uValue: { value: state.value },
    uPrevious: { value: state.previous },
    uFlags: { value: state.flags },
    uPalette: { value: state.palette },
    uFade: { value: 1 },
    uStoreys: { value: storeys.texture },
    uSection: { value: new Vector4(0, 0, 0, 1) },
    uSelected: { value: NO_SLOT },
    uHovered: { value: NO_SLOT },
    uScreen: { value: new Vector4(1, 1, 1, 1) },
    uEye: { value: new Vector3() },
    uTime: { value: 0 },
  };
}

export function initialView(): ViewState {
  return {
    lang: 'zh',
    theme: 'light',
    mode: '3d',
    lens: 'data',
    channel: '',
    legend: null,
    selection: -1,
    hover: -1,
    storey: -1,
    focus: -1,
    explode: 0,
    xray: false,
    rooms: false,
    section: null,
    measure: false,
    markers: [],
    labels: true,
    tier: 'b',
    time: 'live',
    instant: Date.now(),
    reducedMotion: matchMedia('(prefers-reduced-motion: reduce)').matches,
  };
}

const AXES = { x: [1, 0, 0], y: [0, 1, 0], z: [0, 0, 1] } as const;

/** The section as the shaders' plane: what has dot(xyz, world) > w is cut off. */
export function sectionPlane(section: ViewState['section'], out: Vector4): Vector4 {
  if (section === null) return out.set(0, 0, 0, 1);
  const sign = section.flip ? -1 : 1;
  const [x, y, z] = AXES[section.axis];
  return out.set(sign * x, sign * y, sign * z, sign * section.at);
}
