import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Vector3 } from 'three';
import { CameraRig, formatPose, framing, parsePose, type Pose, type Ray, TOP, wrapAngle } from '../src/camera.ts';
import { between, ease, Flight } from '../src/flight.ts';

const DEG = Math.PI / 180;

function rigAt(pose: Partial<Pose>): CameraRig {
  const rig = new CameraRig();
  Object.assign(rig.pose, { azimuth: 0.3, elevation: 0.6, distance: 400, x: 10, y: 20, z: 5, flat: 0 }, pose);
  rig.setSize(1148, 780);
  return rig;
}

const POSES: Record<string, Partial<Pose>> = {
  'seen from the side': {},
  'from above, perspective': { elevation: TOP },
  'half way to the map': { flat: 0.7, elevation: 1.2 },
  'the map': { flat: 1, elevation: TOP, azimuth: 0 },
  'a turned map': { flat: 1, elevation: TOP, azimuth: -2 },
};

for (const [name, pose] of Object.entries(POSES)) {
  test(`${name}: our own projection is that of the matrices`, () => {
    const rig = rigAt(pose);
    const out = new Float64Array(3);
    for (const [x, y, z] of [[10, 20, 5], [60, -30, 0], [-90, 100, 40]] as const) {
      const ndc = new Vector3(x, y, z).applyMatrix4(rig.camera.matrixWorldInverse).applyMatrix4(rig.camera.projectionMatrix);
      assert.ok(rig.toScreen(x, y, z, out));
      assert.ok(Math.abs(out[0]! - ((ndc.x + 1) / 2) * 1148) < 0.02, `${out[0]} ${ndc.x}`);
      assert.ok(Math.abs(out[1]! - ((1 - ndc.y) / 2) * 780) < 0.02);
      assert.ok(ndc.z > -1 && ndc.z < 1, 'the point lies between the clip planes');
    }
  });

  test(`${name}: a ray goes through the point it was aimed at`, () => {
    const rig = rigAt(pose);
    const at = new Float64Array(3);
    const ray: Ray = { ox: 0, oy: 0, oz: 0, dx: 0, dy: 0, dz: 0 };
    rig.toScreen(60, -30, 12, at);
    rig.ray(at[0]!, at[1]!, ray);
    const [x, y, z] = [60 - ray.ox, -30 - ray.oy, 12 - ray.oz];
    const t = x * ray.dx + y * ray.dy + z * ray.dz;
    const miss = Math.hypot(x - t * ray.dx, y - t * ray.dy, z - t * ray.dz);
    assert.ok(miss < 0.02, `misses by ${miss} m`);
    assert.ok(Math.abs(Math.hypot(ray.dx, ray.dy, ray.dz) - 1) < 1e-12);
  });
}

test('north is up in the map', () => {
  const rig = rigAt({ flat: 1, elevation: TOP, azimuth: 0 });
  const [a, b] = [new Float64Array(3), new Float64Array(3)];
  rig.toScreen(10, 20, 0, a);
  rig.toScreen(10, 70, 0, b);
  assert.ok(b[1]! < a[1]! - 10 && Math.abs(b[0]! - a[0]!) < 1e-6);
});

test('the scale at the target is the same in space and on the map', () => {
  const space = rigAt({}).metresPerPixel();
  const map = rigAt({ flat: 1, elevation: TOP }).metresPerPixel();
  assert.ok(Math.abs(space - map) < 1e-9);
});

test('a pose survives being written and read', () => {
  const pose = { azimuth: 18 * DEG, elevation: 34 * DEG, distance: 812.34567, x: -3.00004, y: 1e3, z: 4.5, flat: 0 };
  assert.equal(formatPose(pose), '18,34,812.3457,-3,1000,4.5');
  const back = parsePose(formatPose(pose), 0)!;
  assert.equal(formatPose(back), formatPose(pose));
  for (const bad of ['', '1,2,3', '1,2,x,4,5,6', '1,2,-3,4,5,6', '1,2,3,4,5,6,7']) assert.equal(parsePose(bad, 0), null, bad);
});

test('angles wrap to the nearest turn', () => {
  assert.ok(Math.abs(wrapAngle(3 * Math.PI) + Math.PI) < 1e-9);
  assert.ok(Math.abs(wrapAngle(-190 * DEG) - 170 * DEG) < 1e-9);
});

test('framing a box shows all of it', () => {
  const box = [-200, -100, 0, 300, 250, 60] as const;
  for (const flat of [0, 1]) {
    const rig = rigAt({ flat, elevation: flat ? TOP : 0.6 });
    Object.assign(rig.pose, framing(box, rig.pose, 1148 / 780));
    rig.apply();
    const out = new Float64Array(3);
    for (let corner = 0; corner < 8; corner++) {
      rig.toScreen(box[corner & 1 ? 3 : 0], box[corner & 2 ? 4 : 1], box[corner & 4 ? 5 : 2], out);
      assert.ok(out[0]! > 0 && out[0]! < 1148 && out[1]! > 0 && out[1]! < 780, `corner ${corner} at ${out.join()} (flat ${flat})`);
    }
  }
});

test('a flight eases, ends where it was going and turns the short way', () => {
  assert.equal(ease(0), 0);
  assert.equal(ease(1), 1);
  assert.ok(Math.abs(ease(0.5) - 0.5) < 1e-12);
  const rig = rigAt({ azimuth: 170 * DEG });
  rig.bounds = [-500, -500, 0, 500, 500, 50];
  const flight = new Flight(rig);
  const goal = { ...rig.pose, azimuth: -170 * DEG, x: 60 };
  flight.fly(goal, 1000);
  assert.ok(flight.step(5000));
  assert.ok(flight.step(5500));
  assert.ok(Math.abs(wrapAngle(rig.pose.azimuth - Math.PI)) < 0.01, 'half way it looks south');
  assert.equal(flight.step(6001), false);
  assert.equal(formatPose(rig.pose), formatPose(goal));
  assert.equal(flight.active, false);
});

test('a stopped flight stays where it is, but a half-narrowed lens settles', () => {
  const rig = rigAt({});
  const flight = new Flight(rig);
  flight.fly({ ...rig.pose, flat: 1, elevation: TOP, azimuth: 0 }, 1000);
  flight.step(0.001);
  flight.step(500);
  const x = rig.pose.x;
  flight.stop();
  assert.equal(flight.step(2000), false);
  assert.equal(rig.pose.x, x);
  assert.equal(rig.pose.flat, 1);
  assert.equal(rig.pose.elevation, TOP);
});

test('long ways rise on an arc', () => {
  const from = { azimuth: 0, elevation: 0.6, distance: 100, x: 0, y: 0, z: 0, flat: 0 };
  const middle = between(from, { ...from, x: 2000 }, 0.5, { ...from });
  assert.ok(middle.distance > 200);
  assert.equal(between(from, { ...from, x: 50 }, 0.5, { ...from }).distance.toFixed(3), '100.000');
});

test('limits keep the camera above the ground and near the campus', () => {
  const rig = rigAt({});
  const pose = { ...rig.pose, elevation: -1, distance: 1e9, x: 1e9 };
  rig.limit(pose);
  assert.ok(pose.elevation > 0 && pose.distance < 20_000 && pose.x < 2000);
});

test('the eye that haze goes by stays where it is while the lens narrows to the map', () => {
  const rig = new CameraRig();
  Object.assign(rig.pose, { azimuth: 0.4, elevation: 0.9, distance: 500, x: 10, y: 20, z: 5, flat: 0 });
  rig.apply();
  const eye = rig.eye(new Vector3());
  const real = new Vector3().setFromMatrixPosition(rig.camera.matrixWorld);
  assert.ok(eye.distanceTo(real) < 1e-6, 'of the long lens it is the real one');
  for (const flat of [0.5, 0.99, 1]) {
    rig.pose.flat = flat;
    rig.apply();
    assert.ok(rig.eye(new Vector3()).distanceTo(eye) < 1e-6);
  }
});
