// Every layer, in the order in which they are drawn and updated.

import type { Layer } from '../layer.ts';
import { RoomsLayer } from './rooms.ts';

export function createLayers(): Layer[] {
  return [new RoomsLayer()];
}
