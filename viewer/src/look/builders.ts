// Meshes that the worker makes beside the room prisms: name -> builder (jobs.ts).

import type { Builder } from '../jobs.ts';
import { buildEnvelope } from './envelope.ts';

export const BUILDERS: Record<string, Builder> = { envelope: buildEnvelope };
