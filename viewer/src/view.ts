// One view: canvas, scene, camera, layers, and the loop that draws only when something changed.

import { Group, Scene, WebGLRenderer } from 'three';
import { type Bounds, CameraRig, formatPose, framing, parsePose, type Pose, TOP } from './camera.ts';
import { Controls } from './controls.ts';
import { Feed } from './feed.ts';
import { Flight } from './flight.ts';
import { type Frame, FrameKind } from './frame.ts';
import type { BuildingData } from './jobs.ts';
import { Change, type Layer, type LayerContext, type SharedUniforms, type ViewState } from './layer.ts';
import { createLayers } from './layers/index.ts';
import { expandPacks, loadIndex, loadLabels, packJobs } from './loader.ts';
import { Picker } from './pick.ts';
import type { Props, Status } from './props.ts';
import type { SceneIndex } from './scene.ts';
import { initialView, NO_SLOT, sectionPlane, sharedUniforms } from './shared.ts';
import { SpaceState } from './state.ts';
import { Stage } from './stage.ts';
import { StoreyState } from './storeys.ts';
import { MOTION, type Tokens, tokensOf } from './tokens.ts';
