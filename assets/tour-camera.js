// The camera of a tour: which pose shows a place beside the words, and where cards stand that point at places. Pure: no page is
// needed to work it out.
(function () {
  "use strict";
  /** The camera of the walls; its file is read after this one. */
  const lens = () => window.campus.wall.camera;
  const FILL = { opening: 1, night: 1, step: 0.8, planner: 0.9, map: 0.94 };

  /** The part of the window [px] that words leave free; a title alone leaves the whole width below it, ends of links need room. */
  function free(width, height, unit, form, { titled = false, links = false } = {}) {
    if (titled && form !== "portrait") return { left: 0.06 * width, right: 0.94 * width, top: 400 * unit, bottom: height - 250 * unit };
    if (form === "portrait") return { left: 40 * unit, right: width - 40 * unit, top: 620 * unit, bottom: height - 420 * unit };
    return { left: 0.4 * width, right: links ? 0.85 * width : width - 90 * unit, top: 150 * unit, bottom: height - 200 * unit };
  }

  /** A building alone fills a picture like a stamp: what stands around it belongs to it. [m] */
  function roomy(boxes, shot) {
    if (shot !== "step") return boxes;
    const least = 260;
    return boxes.map(([x0, y0, z0, x1, y1, z1]) => {
      const [dx, dy] = [Math.max(0, least - (x1 - x0)) / 2, Math.max(0, least - (y1 - y0)) / 2];
      return [x0 - dx, y0 - dy, z0, x1 + dx, y1 + dy, z1];
    });
  }

  /** Key poses of a step as the view takes them: [{pose, rest_s}], those of places that the model does not know left out. */
  function path(model, camera, view) {
    const found = [];
    for (const key of camera) {
      const boxes = lens().boxes(model, key.of || model.index.campus.id);
      if (!boxes.length) continue;
      const angles = { azimuth: key.azimuth, elevation: key.shot === "map" ? 90 : key.pitch, fill: FILL[key.shot] ?? 1 };
      const pose = lens().framing(roomy(boxes, key.shot), angles, view.free, view.width, view.height);
      found.push({ pose, rest_s: key.rest_s, flat: key.shot === "map" });
    }
    return found;
  }

  /** Where the dot of a place stands [px]: the middle of its roofs. */
  function roof(model, id, pose, width, height) {
    const boxes = lens().boxes(model, id);
    if (!boxes.length) return null;
    const [x, y] = [0, 1].map((n) => (Math.min(...boxes.map((b) => b[n])) + Math.max(...boxes.map((b) => b[n + 3]))) / 2);
    const at = lens().project(pose, [x, y, Math.max(...boxes.map((b) => b[5]))], width, height);
    return at.depth > 0 ? at : null;
  }

  /**
   * Places cards over their dots: upright, inside the safe area, none over another. A card without room is left out, not
   * squeezed. `cards` are [{at: {x, y}, width, height}]; the answer has {left, top} or null for each.
   */
  function settle(cards, safe, gap) {
    const taken = [];
    return cards.map(({ at, width, height }) => {
      if (!at || at.x < safe.left || at.x > safe.right || at.y < safe.top || at.y > safe.bottom) return null;
      const left = Math.max(safe.left, Math.min(safe.right - width, at.x - width / 3));
      if (at.x < left || at.x > left + width) return null;
      for (let top = safe.top; top + height + gap <= at.y; top += height / 2) {
        const box = { left, top, right: left + width, bottom: top + height };
        const clash = taken.some((b) => box.left < b.right + gap && b.left < box.right + gap && box.top < b.bottom + gap && b.top < box.bottom + gap);
        if (clash) continue;
        taken.push(box);
        return { left, top };
      }
      return null;
    });
  }

  window.campus.tourCamera = { free, path, roof, settle };
})();
