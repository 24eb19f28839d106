// Names and values on the model: a leader and a dot each, above the far ones and below the near ones, never over one another,
// over words or over the seam between two panels. Parts of the campus where their values add up, else the largest buildings.
(function () {
  "use strict";
  const { wall } = window.campus;
  const { make, write } = wall;
  const STALE = 0x04;
  const QUALITY = 0x03;
  const NONE = 3;
  const ARRIVED_MS = 1900;
  const CHOOSE_MS = 30_000;
  let rows = [];
  let chosen = 0;
  let arriving = 0;
  let scene = null;

  const root = () => document.getElementById("wall-labels");
  /** The values that the view has; the one place where a wall looks into it. */
  function values() {
    const view = window.campusTwin?.views.at(-1);
    return view?.scene ? { state: view.scene.state, index: view.scene.index } : null;
  }

  /** The sum of buildings as far as it is known: value, how many of them count, whether any is late. */
  function sum(buildings) {
    const seen = values();
    const found = { value: 0, have: 0, of: buildings.length, stale: false };
    for (const id of seen ? buildings : []) {
      const slot = seen.index.slot(id);
      const flags = slot < 0 ? NONE : seen.state.wireFlags[slot];
      const value = slot < 0 ? Number.NaN : seen.state.number(slot);
      if ((flags & QUALITY) === NONE || Number.isNaN(value)) continue;
      found.value += value;
      found.have += 1;
      if (flags & STALE) found.stale = true;
    }
    return found;
  }

  function candidates() {
    const { model } = wall;
    const { index } = model;
    const want = Math.max(scene.labels, scene.worst);
    if (!want || scene.lens === "trust") return [];
    if (scene.labels && scene.adds && model.sites.length > 1 && model.sites.length <= scene.labels && !scene.entity) {
      return model.sites.map((site) => {
        const own = index.buildings.filter((row) => row.site === site.id);
        return { id: site.id, buildings: own.map(({ id }) => id), boxes: own.map(({ bounds }) => bounds) };
      }).filter((row) => row.buildings.length);
    }
    if (scene.entity) return [];
    return index.buildings
      .map(({ id, bounds }) => ({ id, buildings: [id], boxes: [bounds], value: sum([id]) }))
      .filter(({ value }) => value.have > 0)
      .sort((a, b) => b.value.value - a.value.value)
      .slice(0, want);
  }

  const roof = (b) => wall.camera.project(wall.pose, [(b[0] + b[3]) / 2, (b[1] + b[4]) / 2, b[5]], innerWidth, innerHeight);

  const planned = () => document.getElementById("twin")?.dataset.mode === "plan";

  /** The part of the window [px] that a building has on the map of a wall without WebGL; null before it is drawn. */
  function drawnAt(id) {
    const slot = values()?.index.slot(id) ?? -1;
    const shape = document.querySelector(`#twin .plan-shape[data-slot="${slot}"]`);
    return shape?.getBoundingClientRect() ?? null;
  }

  const middle = (box) => ({ x: box.left + box.width / 2, y: box.top + box.height / 2 });

  /** Where the dot of a label goes: of a far part of the campus the farthest roof, of a near one the nearest, amid its others. */
  function anchored({ boxes, buildings }, far) {
    const seen = planned() ? buildings.map(drawnAt).filter(Boolean).map(middle) : boxes.map(roof);
    const x = avg(seen.map((at) => at.x));
    const side = far ? 1 : -1;
    return { far, at: seen.sort((a, b) => side * (a.y - b.y) * 2 + Math.abs(a.x - x) - Math.abs(b.x - x))[0] };
  }
  const avg = (numbers) => numbers.reduce((a, b) => a + b, 0) / numbers.length;

  /** The rows of the window [px] that the model itself covers: labels stand outside of them. */
  function covered() {
    if (planned()) {
      const shapes = wall.model.index.buildings.map(({ id }) => drawnAt(id)).filter(Boolean);
      return shapes.length ? { top: Math.min(...shapes.map((box) => box.top)), bottom: Math.max(...shapes.map((box) => box.bottom)) } : null;
    }
    const points = wall.model.index.buildings.flatMap(({ bounds: b }) => [[b[0], b[1], b[2]], [b[3], b[1], b[2]], [b[0], b[4], b[5]], [b[3], b[4], b[5]]]);
    const ys = points.map((point) => wall.camera.project(wall.pose, point, innerWidth, innerHeight).y);
    return { top: Math.min(...ys), bottom: Math.max(...ys) };
  }

  let [free, model] = [null, null];

  function draw() {
    const place = root();
    place.replaceChildren();
    rows = [];
    if (!scene || !wall.pose || !wall.model || wall.incident) return;
    free = wall.free();
    model = covered();
    if (!model) return;
    for (const row of candidates().filter(({ buildings }) => !planned() || buildings.some(drawnAt))) {
      const number = make("span", "wall-label-number");
      const part = make("span", "wall-label-part");
      const text = make("div", "wall-label", make("span", "wall-label-name", wall.model.label(row.id)), number, part);
      const line = make("i", "wall-leader");
      const dot = make("i", "wall-dot");
      place.append(line, dot, text);
      rows.push({ ...row, text, number, part, line, dot });
    }
    fill(divide);
  }

  /** Which of them stand above the model and which below: the division with the shortest leaders that cross least. */
  function divide() {
    const { above, below } = lines();
    const [width, centre] = [free.right - free.left, (model.top + model.bottom) / 2];
    const ends = rows.map((row) => [false, true].map((far) => anchored(row, far)));
    const wide = rows.map(({ text }) => text.offsetWidth + 40 * wall.unit);
    let best = null;
    for (let choice = 0; choice < 1 << rows.length; choice += 1) {
      let cost = 0;
      const placed = [];
      for (const far of [true, false]) {
        const own = rows.map((_, n) => n).filter((n) => Boolean(choice & (1 << n)) === far);
        const more = own.reduce((sum, n) => sum + wide[n], 0) - width;
        if (more > 0) cost += 1e4 + 10 * more; // a line that has no room for them all is the last resort
        for (const { n, x } of spread(own.map((n) => ({ n, at: ends[n][Number(far)].at.x, width: wide[n] })), free.left, free.right)) {
          const { at } = ends[n][Number(far)];
          const foot = Math.max(x, Math.min(x + wide[n] - 40 * wall.unit, at.x));
          const y = far ? above : below;
          cost += 3 * Math.abs(foot - at.x) + Math.abs(y - at.y) + (far === at.y > centre ? 40 * wall.unit : 0);
          placed.push([foot, y, at.x, at.y]);
        }
      }
      for (const [n, one] of placed.entries()) for (const other of placed.slice(n + 1)) if (cross(one, other)) cost += 500 * wall.unit;
      if (!best || cost < best.cost) best = { cost, choice };
    }
    rows.forEach((row, n) => Object.assign(row, ends[n][Number(Boolean(best.choice & (1 << n)))]));
  }

  /** Whether two leaders cross. */
  function cross([ax, ay, bx, by], [cx, cy, dx, dy]) {
    const side = (px, py, qx, qy, x, y) => Math.sign((qx - px) * (y - py) - (qy - py) * (x - px));
    return side(ax, ay, bx, by, cx, cy) !== side(ax, ay, bx, by, dx, dy) && side(cx, cy, dx, dy, ax, ay) !== side(cx, cy, dx, dy, bx, by);
  }

  /** Where words of a `width` each begin [px] on a line from `left` to `right`, each as near over its `at` as the others let it. */
  function spread(words, left, right) {
    const places = words.map((word) => ({ ...word, x: word.at - word.width / 2 })).sort((a, b) => a.at - b.at);
    let edge = left;
    for (const place of places) {
      place.x = Math.max(place.x, edge);
      edge = place.x + place.width;
    }
    edge = right;
    for (const place of [...places].reverse()) {
      place.x = Math.min(place.x, edge - place.width);
      edge = place.x;
    }
    // words that were pushed to the right go back as far as the room before them lets them, halfway to where all want to be
    for (let turn = 0; turn < 8; turn += 1) {
      places.forEach((place, n) => {
        const from = n ? places[n - 1].x + places[n - 1].width : left;
        const to = n < places.length - 1 ? places[n + 1].x - place.width : right - place.width;
        const push = n < places.length - 1 && places[n + 1].x - (place.x + place.width) < 1 ? places[n + 1].x - (places[n + 1].at - places[n + 1].width / 2) : 0;
        place.x = Math.max(from, Math.min(to, place.at - place.width / 2 - Math.max(0, push) / 2));
      });
    }
    return places;
  }

  /** The two lines that words stand on [px]. */
  function lines() {
    const high = rows[0]?.text.offsetHeight ?? 0;
    const { unit } = wall;
    return { above: Math.max(model.top - high - 30 * unit, free.top - high - 30 * unit), below: Math.min(model.bottom + 20 * unit, free.bottom + 28 * unit) };
  }

  /** Labels above or below the model, spread so that none touches another. */
  function settle() {
    const { unit } = wall;
    const { above, below } = lines();
    const far = rows.filter((row) => row.far);
    const near = rows.filter((row) => !row.far);
    const { panels } = wall.screen;
    for (const [group, y] of [[far, above], [near, below]]) {
      // no word within 60 px of the seam between two panels: each panel has its own
      for (let n = 0; n < panels; n += 1) {
        const [from, to] = [(innerWidth * n) / panels, (innerWidth * (n + 1)) / panels];
        const own = group.filter(({ at }) => at.x >= from && (at.x < to || n === panels - 1));
        const left = n > 0 ? from + 60 * unit : 0;
        const right = n < panels - 1 ? to - 60 * unit : innerWidth;
        lay(own, y, { left: Math.max(free.left, left), right: Math.min(free.right, right) }, unit);
      }
    }
  }

  function lay(group, y, free, unit) {
    const gap = 40 * unit;
    const [first, last] = [free.left, free.right];
    const words = group.map((row) => ({ row, at: row.at.x, width: row.text.offsetWidth + gap }));
    for (const { row, x, width: room } of spread(words, first - gap / 2, last + gap / 2).map((place) => ({ ...place, x: place.x + gap / 2 }))) {
      const width = room - gap;
      const { text, line, dot, at } = row;
      const up = y < at.y;
      const foot = Math.max(x + 12 * unit, Math.min(x + width - 12 * unit, at.x));
      text.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
      const from = up ? y + text.offsetHeight : y;
      const length = Math.hypot(at.x - foot, at.y - from);
      line.style.width = `${length.toFixed(1)}px`;
      line.style.transform = `translate(${foot.toFixed(1)}px, ${from.toFixed(1)}px) rotate(${Math.atan2(at.y - from, at.x - foot).toFixed(4)}rad)`;
      dot.style.transform = `translate(${at.x.toFixed(1)}px, ${at.y.toFixed(1)}px)`;
      // one that found no room is left out rather than cut off
      for (const part of [text, line, dot]) part.hidden = x < first - 1 || x + width > last + 1;
    }
  }

  function fill(before = null) {
    const unit = scene?.legend?.unit ?? "";
    const decimals = Math.max(0, (scene?.legend?.decimals ?? 1) - 1);
    for (const row of rows) {
      const { value, have, of, stale } = sum(row.buildings);
      const [number, larger] = have ? wall.figure(value, unit, decimals) : ["\u2013", ""];
      // what the scale beside them is in need not be said of each
      const written = scene?.panels.includes("legend") && !scene.legend?.density && larger === unit ? "" : larger;
      write(row.number, number);
      write(row.part, [written, have < of && of > 1 ? `${have}/${of}` : ""].filter(Boolean).join(" · "));
      row.text.dataset.state = !have ? "none" : stale ? "late" : "ready";
    }
    // a number that grew by a digit must not meet its neighbour
    if (rows.length) {
      before?.();
      settle();
    }
  }

  function arrive(ms) {
    clearTimeout(arriving);
    root().toggleAttribute("data-moving", true);
    arriving = setTimeout(() => {
      chosen = performance.now();
      draw();
      root().removeAttribute("data-moving");
    }, ms);
  }

  wall.on("drawn", (next) => (scene = next));
  // in a window of another size they stand elsewhere: not seen until they do
  wall.on("size", () => rows.length && root()?.toggleAttribute("data-moving", true));
  wall.on("framed", () => arrive(wall.reduced() ? 50 : ARRIVED_MS));
  wall.on("incident", () => root().replaceChildren());
  wall.on("second", () => {
    if (!rows.length || performance.now() - chosen > CHOOSE_MS) {
      if (scene && !wall.incident && performance.now() - chosen > 2000 && !root().hasAttribute("data-moving")) {
        chosen = performance.now();
        draw();
      }
    } else fill();
  });
  wall.spread = spread;
})();
