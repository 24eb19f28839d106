// Every layer, in the order in which they are drawn and updated.

import type { Layer } from '../layer.ts';
import { BeaconsLayer } from './beacons.ts';
import { EdgesLayer } from './edges.ts';
import { EnvelopeLayer } from './envelope.ts';
import { GroundLayer } from './ground.ts';
import { HudLayer } from './hud.ts';
import { LabelsLayer } from './labels.ts';
import { LightLayer } from './light.ts';
import { LinksLayer } from './links.ts';
import { MarkersLayer } from './markers.ts';
import { MeasureLayer } from './measure.ts';
import { OutlineLayer } from './outline.ts';
import { RestLayer } from './rest.ts';
import { RoomsLayer } from './rooms.ts';
import { SectionLayer } from './section.ts';
import { ShadowLayer } from './shadow.ts';
import { ShellsLayer } from './shells.ts';
import { TreesLayer } from './trees.ts';

export function createLayers(): Layer[] {
  return [
    new LightLayer(),
    new RoomsLayer(),
    new ShellsLayer(),
    new EnvelopeLayer(),
    new SectionLayer(),
    new TreesLayer(),
    new GroundLayer(),
    new LinksLayer(),
    new BeaconsLayer(), // before the names, which keep off it
    new LabelsLayer(),
    new EdgesLayer(),
    new OutlineLayer(),
    new MeasureLayer(),
    new MarkersLayer(),
    new HudLayer(),
    new ShadowLayer(),
    new RestLayer(),
  ];
}
