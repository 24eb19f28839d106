// How a scene is framed beside the words: the pose whose picture of a box fills the free part of the screen, and where a point
// of the campus then stands. The lens is that of the view (24 degrees); see docs/reference/campus-view.md, camera.
(function () {
  "use strict";
  const { wall } = window.campus;
  const HALF_LENS = Math.tan((12 * Math.PI) / 180);
  const DEG = Math.PI / 180;

  function axes(pose) {
    const [sa, ca] = [Math.sin(pose.azimuth * DEG), Math.cos(pose.azimuth * DEG)];
    const [se, ce] = [Math.sin(pose.elevation * DEG), Math.cos(pose.elevation * DEG)];
    return { right: [ca, -sa, 0], up: [sa * se, ca * se, ce], forward: [sa * ce, ca * ce, -se] };
  }
  const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

  /** Where a point [m] stands in a window of `width` by `height` [px]. */
  function project(pose, [x, y, z], width, height) {
    const { right, up, forward } = axes(pose);
    const from = [x - pose.x, y - pose.y, z - pose.z];
    const depth = pose.distance + dot(from, forward);
    const scale = height / (2 * HALF_LENS * Math.max(depth, 1));
    return { x: width / 2 + dot(from, right) * scale, y: height / 2 - dot(from, up) * scale, depth };
  }

  const corners = (b) => Array.from({ length: 8 }, (_, n) => [b[n & 1 ? 3 : 0], b[n & 2 ? 4 : 1], b[n & 4 ? 5 : 2]]);

  /** The box of the window that the points cover. */
  function cover(pose, points, width, height) {
    const seen = points.map((point) => project(pose, point, width, height));
    const [xs, ys] = [seen.map(({ x }) => x), seen.map(({ y }) => y)];
    return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
  }

  /** The pose from which `boxes` fill `free` (left, top, right, bottom [px]) of a window, seen under the given angles. */
  function framing(boxes, { azimuth, elevation, fill }, free, width, height) {
    const points = boxes.flatMap(corners);
    const bounds = around(boxes);
    const pose = {
      azimuth, elevation, distance: 2 * Math.hypot(bounds[3] - bounds[0], bounds[4] - bounds[1], 20),
      x: (bounds[0] + bounds[3]) / 2, y: (bounds[1] + bounds[4]) / 2, z: (bounds[2] + bounds[5]) / 2,
    };
    const { right, up } = axes(pose);
    for (let turn = 0; turn < 12; turn += 1) {
      const box = cover(pose, points, width, height);
      const grown = Math.max((box.right - box.left) / (free.right - free.left), (box.bottom - box.top) / (free.bottom - free.top)) / fill;
      pose.distance *= Math.max(0.2, Math.min(5, grown));
      const now = cover(pose, points, width, height);
      const metres = (2 * HALF_LENS * pose.distance) / height;
      const dx = ((now.left + now.right) / 2 - (free.left + free.right) / 2) * metres;
      const dy = ((now.top + now.bottom) / 2 - (free.top + free.bottom) / 2) * metres;
      for (const [axis, key] of [[0, "x"], [1, "y"], [2, "z"]]) pose[key] += right[axis] * dx - up[axis] * dy;
      // the target stays at its height: along the view it goes where it was
      const { forward } = axes(pose);
      const lift = (pose.z - (bounds[2] + bounds[5]) / 2) / forward[2];
      for (const [axis, key] of [[0, "x"], [1, "y"], [2, "z"]]) pose[key] -= forward[axis] * lift;
      pose.distance -= lift;
    }
    return pose;
  }

  const round = (value) => String(Math.round(value * 1e4) / 1e4);
  const format = ({ azimuth, elevation, distance, x, y, z }) => [azimuth, elevation, distance, x, y, z].map(round).join(",");

  function parse(text) {
    const [azimuth, elevation, distance, x, y, z] = text.split(",").map(Number);
    return { azimuth, elevation, distance, x, y, z };
  }

  /** The boxes [m] that a place is made of: the buildings of a campus, one of a building or storey; none where it is not known. */
  function boxes(model, id) {
    if (!model) return [];
    const { index } = model;
    const kind = model.kind(id);
    if (kind === "campus") return index.buildings.map((row) => row.bounds);
    if (kind === "site") return index.buildings.filter(({ site }) => site === id).map((row) => row.bounds);
    const row = index.buildings[model.buildingRow.get(model.path(id).find((step) => model.kind(step) === "building"))];
    if (!row) return [];
    const storey = model.storeyRow.get(kind === "space" ? model.storeyOf(id) : id);
    if (kind === "building" || storey === undefined) return [row.bounds];
    const floor = index.storeys.elevation[storey];
    return [[row.bounds[0], row.bounds[1], floor, row.bounds[3], row.bounds[4], floor + (index.storeys.height[storey] || 4)]];
  }

  function around(boxes) {
    return [0, 1, 2].map((n) => Math.min(...boxes.map((b) => b[n]))).concat([3, 4, 5].map((n) => Math.max(...boxes.map((b) => b[n]))));
  }

  wall.camera = { framing, format, parse, project, boxes };
})();
