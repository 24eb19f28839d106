// Meshes that the worker makes beside the room prisms: name -> builder (jobs.ts).

import type { Builder } from '../jobs.ts';

export const BUILDERS: Record<string, Builder> = {};
