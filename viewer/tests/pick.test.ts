import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CameraRig, TOP } from '../src/camera.ts';
import type { Section } from '../src/props.ts';
import { boxEntry, type Hit, Picker } from '../src/pick.ts';
import { boundsOf } from '../src/shared.ts';
import type { StoreyView } from '../src/storeys.ts';
import { loadedOf, tinyBlocks, tinyIndex } from './golden.ts';
import { initialStoreys } from './storeys.ts';

const index = tinyIndex();
const blocks = tinyBlocks(index);

function setUp(view: Partial<StoreyView>, pose: object) {
  const storeys = initialStoreys(index, view);
  const picker = new Picker(index, storeys);
  blocks.forEach((block, b) => picker.add(b, block));
  const rig = new CameraRig();
  rig.bounds = index.file.bounds;
  Object.assign(rig.pose, { azimuth: 0.2, elevation: 0.7, distance: 200, x: 30, y: 15, z: 0, flat: 0 }, pose);
  rig.setSize(1000, 700);
  const hit: Hit = { slot: -1, building: -1, storey: -1, t: 0, x: 0, y: 0, z: 0 };
  const place = new Float64Array(3);
  return {
    /** Id of what is seen at a point [m]. */
    at(x: number, y: number, z: number, section: Section | null = null): string {
      rig.toScreen(x, y, z, place);
      picker.pick(rig, place[0]!, place[1]!, section, hit);
      return hit.slot < 0 ? '' : index.id(hit.slot);
    },
    hit,
    storeys,
  };
}

test('from above each room of the top storey is found, holes and gaps are not', () => {
  const { at } = setUp({ rooms: true }, { elevation: TOP, flat: 1, azimuth: 0 });
  assert.equal(at(2, 7, 8), 'a/1/0', 'the long arm of the L');
  assert.equal(at(20, 2, 8), 'a/1/1');
  assert.equal(at(16.5, 4.5, 8), '', 'through the column of every storey');
  assert.equal(at(24, 2, 8), 'a/1/2');
  assert.equal(at(24, 7, 8), 'a/1/2', 'the second part');
  assert.equal(at(24, 4.5, 8), '', 'between the parts');
  assert.equal(at(9, 7, 8), '', 'beside the L');
});

test('a turned building is picked in its own frame', () => {
  const { at } = setUp({ rooms: true }, { elevation: TOP, flat: 1, azimuth: 0 });
  const loaded = loadedOf(blocks);
  for (let k = 0; k < 4; k++) {
    const box = boundsOf(index.slot(`b/1/${k}`), index, initialStoreys(index), loaded)!;
    assert.equal(at((box[0] + box[3]) / 2, (box[1] + box[4]) / 2, 6.5), `b/1/${k}`);
  }
});

test('exploded storeys are hit where they are drawn', () => {
  const { at, storeys } = setUp({ explode: 1, focus: 0 }, { elevation: 0.15 });
  for (const level of [-1, 0, 1]) {
    const storey = index.storeyOf(index.slot(`a/${level}`));
    assert.equal(at(8, 0, level * 4 + 2 + storeys.lift(storey)), `a/${level}/0`);
  }
});

test('an isolated storey hides what is above it', () => {
  const { at } = setUp({ storey: 1, focus: 0 }, { elevation: TOP, flat: 1, azimuth: 0 });
  assert.equal(at(20, 2, 4), 'a/0/1');
});

test('a closed building answers with the room behind the facade', () => {
  const { at, hit } = setUp({}, { elevation: 0.3 });
  assert.equal(at(8, 0, 6), 'a/1/0');
  assert.equal(hit.storey, 2);
  assert.ok(hit.z > 4 && hit.z < 8);
});

test('the section plane opens the view to what lies behind it', () => {
  const { at } = setUp({ rooms: true }, { elevation: TOP, flat: 1, azimuth: 0 });
  const cut = { axis: 'z', at: 2, flip: false } as const;
  assert.equal(at(20, 2, 2, cut), 'a/0/1', 'the cap of the room that is cut open');
  assert.equal(at(20, 2, 2, { axis: 'x', at: 19, flip: false }), '', 'beyond the plane is nothing');
  assert.equal(at(20, 2, 2, { axis: 'x', at: 19, flip: true }), 'a/1/1');
});

test('rays and boxes', () => {
  const ray = { ox: -5, oy: 0.5, oz: 0.5, dx: 1, dy: 0, dz: 0 };
  assert.equal(boxEntry(ray, 0, 0, 0, 1, 1, 1, 0, Infinity), 5);
  assert.equal(boxEntry(ray, 0, 2, 0, 1, 3, 1, 0, Infinity), Infinity);
  assert.equal(boxEntry(ray, 0, 0, 0, 1, 1, 1, 0, 4), Infinity);
  assert.equal(boxEntry({ ...ray, ox: 0.5 }, 0, 0, 0, 1, 1, 1, 0, Infinity), 0);
});
