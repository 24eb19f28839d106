// One scene of a wall: its words at the left, the model at the right, the facts at the foot. The next one fades in while the
// camera flies; the model itself stays.
(function () {
  "use strict";
  const { campus } = window;
  const { wall } = campus;
  const { make, write } = wall;
  const FADE_MS = 300;
  const TIGHTER = ["data-tight", "data-tighter"];
  /** A large figure of more signs is written smaller, so that it stays in its column. */
  const MOST_SIGNS = 5;
  let model = null;
  let scene = null;
  let fading = 0;

  const page = () => document.getElementById("wall");
  const byId = (id) => document.getElementById(id);

  // ---- words

  function title(names) {
    const second = wall.otherLang();
    const other = make("span", "wall-other", names[second] ?? "");
    other.lang = second === "zh" ? "zh-CN" : "en";
    return make("h1", "wall-title", wall.name(names), other);
  }

  function block({ title: names, domain, hero, numbers }, entity, { main, legend }) {
    const parts = [
      title(names),
      make("p", "wall-hero", make("span", "wall-hero-number"), make("span", "wall-hero-unit")),
      make("p", "wall-hero-name"),
      make("p", "wall-under"),
      make("p", "wall-expected"),
    ];
    if (!main || wall.form === "wide") parts.push(facts(numbers), make("div", "wall-trend"));
    if (legend) parts.push(legend);
    const element = make("section", `wall-block${main ? "" : " wall-beside"}`, ...parts);
    Object.assign(element.dataset, { domain, hero, entity, state: "loading" });
    return element;
  }

  function facts(keys) {
    const rows = keys.map((key) => {
      const row = make("div", "wall-fact", make("dt"), make("dd", "", make("span", "wall-fact-number"), make("span", "wall-fact-unit"), make("span", "wall-fact-since")));
      row.dataset.kpi = key;
      return row;
    });
    return make("dl", "wall-facts", ...rows);
  }

  function legend() {
    if (!scene.panels.includes("legend")) return null;
    if (scene.lens === "trust") return trustLegend();
    const { legend: scale } = scene;
    if (!scale) return null;
    const ramp = scale.density ?? scale;
    const steps = make("div", "wall-ramp", ...Array.from({ length: 7 }, (_, n) => {
      const step = make("i");
      step.style.background = `var(--ramp-${n + 1})`;
      return step;
    }));
    // three of six limits: more could not be read from where people stand
    const ticks = make("div", "wall-ticks", ...[0, 2, 4].map((n) => make("span", "", String(ramp.breaks[n]))));
    const name = make("p", "wall-legend-name", wall.name(scale), make("span", "wall-unit", scale.density ? ramp.unit : scale.unit));
    return make("div", "wall-legend", name, steps, ticks);
  }

  function trustLegend() {
    const rows = wall.trust.kinds.map((kind) => {
      const number = make("b");
      number.dataset.trust = kind;
      return make("li", "", make("i", `key ${kind}`), number, make("span", "", wall.say(`wall.trust.${kind}`)));
    });
    return make("div", "wall-legend", make("ul", "wall-trust", ...rows));
  }

  // ---- figures

  function fill() {
    if (!scene) return;
    for (const element of document.querySelectorAll(".wall-block")) column(element);
    for (const row of document.querySelectorAll(".wall-fact")) fact(row);
    if (scene.lens === "trust") wall.trust.fill();
    simulated();
    tighten();
  }

  /** What stands in one line stays in one where it can: the peak gives way first, then the gaps. */
  function tighten() {
    const line = document.querySelector(".wall-line-of-facts");
    for (const how of TIGHTER) line.removeAttribute(how);
    const tall = 1.6 * Number.parseFloat(getComputedStyle(line).lineHeight);
    for (const how of TIGHTER) if (line.offsetHeight > tall) line.setAttribute(how, "");
  }

  /** Another height of the foot leaves another room for the model. */
  function watchFoot() {
    let before = 0;
    new ResizeObserver(() => {
      const { top } = byId("wall-foot").getBoundingClientRect();
      if (Math.abs(top - before) < 4 || !scene || wall.incident || wall.form === "wide") return;
      before = top;
      clearTimeout(watchFoot.timer);
      watchFoot.timer = setTimeout(() => scene && !wall.incident && dress(), 400);
    }).observe(byId("wall-foot"));
  }

  /** Under the trust lens the large figure is how much of the data is good, whatever else the scene names. */
  const figureOf = (key, entity, main) => (main && scene.lens === "trust" ? wall.trust.figure() : wall.figureOf(key, entity));

  function column(element) {
    const { hero, entity } = element.dataset;
    const { row, state, since, age } = figureOf(hero, entity, !element.classList.contains("wall-beside"));
    if (element.dataset.state !== state) element.dataset.state = state;
    const [number, unit] = row ? wall.figure(row.value, row.unit, row.decimals) : ["\u2013", ""];
    const large = element.querySelector(".wall-hero-number");
    write(large, number);
    large.toggleAttribute("data-long", number.length > MOST_SIGNS);
    write(element.querySelector(".wall-hero-unit"), unit);
    write(element.querySelector(".wall-hero-name"), row ? wall.name(row.names) : "");
    write(element.querySelector(".wall-under"), under(row, state, since, age));
    write(element.querySelector(".wall-expected"), state === "ready" ? expected(row, entity) : "");
  }

  function under(row, state, since, age) {
    if (state === "loading") return wall.say("wall.loading");
    if (state === "late") return wall.say("wall.late", { time: wall.clock.minutes(since) });
    if (!row) return wall.say("wall.no-figure");
    if (row.value === null) return wall.name(row.reason);
    const covered = row.covers.en === "minutes" ? "" : `${wall.grouped(row.have, 0)} / ${wall.grouped(row.of, 0)} ${wall.name(row.covers)}`;
    return [covered, age === null ? "" : wall.say("wall.ago", { age: wall.age(age) })].filter(Boolean).join(" · ");
  }

  /** What is expected now, of the one figure that a forecast is made of: the campus's power. */
  function expected(row, entity) {
    if (row.key !== "energy.power" || entity) return "";
    const band = wall.expected(wall.now());
    if (!band) return "";
    const large = Math.abs(row.value) >= 1000;
    const write_ = (value) => (large ? wall.grouped(value / 1000, 2) : wall.grouped(value, 0));
    return wall.say("wall.expected", { low: write_(band.low), high: write_(band.high) });
  }

  function fact(element) {
    const entity = element.closest("[data-entity]")?.dataset.entity ?? scene.entity;
    const { row, state } = wall.figureOf(element.dataset.kpi, entity);
    element.dataset.state = state;
    write(element.querySelector("dt"), row ? wall.name(row.names) : "");
    const [number, unit] = row ? wall.figure(row.value, row.unit, row.decimals) : ["\u2013", ""];
    write(element.querySelector(".wall-fact-number"), number);
    write(element.querySelector(".wall-fact-unit"), unit);
    // a sum that does not begin at midnight says since when it is one
    const brief = row?.value !== null && row?.brief ? wall.name(row.brief).match(/^(?:since|自) \d\d:\d\d/)?.[0] ?? "" : "";
    write(element.querySelector(".wall-fact-since"), brief);
  }

  /** Where anything on the screen is not measured it says so, and where the model is only a scheme. */
  function simulated() {
    const keys = [...document.querySelectorAll("[data-hero]")].map((e) => [e.dataset.hero, e.dataset.entity])
      .concat([...document.querySelectorAll(".wall-fact")].map((e) => [e.dataset.kpi, e.closest("[data-entity]")?.dataset.entity ?? scene.entity]));
    const made = keys.some(([key, entity]) => wall.figureOf(key, entity).row?.origin === "simulated");
    const plan = byId("twin")?.dataset.mode === "plan" ? wall.say("wall.plan") : "";
    const words = [plan, model?.index.campus.schematic ? wall.say("wall.schematic") : "", made ? wall.say("wall.simulated") : ""];
    write(byId("wall-origin"), words.filter(Boolean).join(" · "));
  }

  // ---- the scene itself

  function draw() {
    const column = byId("wall-column");
    const wide = wall.form === "wide";
    column.replaceChildren(block(scene, scene.entity, { main: true, legend: legend() }));
    column.dataset.entity = scene.entity;
    const beside = scene.beside && wide ? block(scene.beside, scene.entity, { main: false }) : null;
    byId("wall-beside").replaceChildren(...(beside ? [beside] : []));
    byId("wall-foot-facts").replaceChildren(...(wide ? [] : [facts(scene.numbers)]));
    byId("wall-trend").hidden = wide || !scene.panels.includes("trend");
    page().toggleAttribute("data-trend", !wide && scene.panels.includes("trend"));
    const wants = [scene, ...(beside ? [scene.beside] : [])].flatMap(({ hero, numbers }) => [hero, ...numbers]);
    const domains = [...new Set(wants.map((key) => key.split(".")[0]))];
    wall.want(domains.map((domain) => ({ domain, entity: scene.entity })));
    fill();
    wall.tell("drawn", scene);
  }

  /** The part of the window that words leave free [px]: the campus is framed in it. */
  wall.free = function (card = 0) {
    const { unit, form } = wall;
    const [width, height] = [innerWidth, innerHeight];
    const box = (id) => byId(id)?.getBoundingClientRect();
    const gap = 24 * unit;
    const foot = form === "wide" ? height - gap : Math.min(box("wall-foot")?.top ?? height, height - gap);
    const head = (box("wall-clock")?.bottom ?? 0) + gap;
    const words = box(card ? "wall-incident" : "wall-column");
    if (form === "portrait") return { left: 48 * unit, right: width - 48 * unit, top: Math.max(head, words?.bottom ?? 0) + 2 * gap, bottom: foot - 3 * gap };
    const right = form === "wide" && !card ? (box("wall-beside")?.left || width) : width;
    return {
      left: Math.max(words?.right ?? 0, 500 * unit) + 2 * gap, right: right - 64 * unit,
      top: head + (card ? 6 : 4) * gap, bottom: card ? height - 4 * gap : foot - 6 * gap,
    };
  };

  /** Lets the camera fly to a place, beside the words; the pose that it comes to rest at. */
  wall.frame = function ({ of = "", azimuth = 18, elevation = 34, fill = 1, pose = "" }, card = 0) {
    if (pose) {
      campus.setProps("twin", { camera: pose });
      return (wall.pose = wall.camera.parse(pose));
    }
    const place = model && model.kind(of || model.index.campus.id) !== "other" ? of || model.index.campus.id : model?.index.campus.id;
    const boxes = wall.camera.boxes(model, place);
    if (!boxes.length) return null;
    // upright there are no words beside it to run under
    const most = wall.form === "portrait" ? 0.94 : Infinity;
    const found = wall.camera.framing(boxes, { azimuth, elevation, fill: Math.min(fill, most) }, wall.free(card), innerWidth, innerHeight);
    campus.setProps("twin", { camera: wall.camera.format(found) });
    return (wall.pose = found);
  };

  /** What the model shows while no incident has the screen. */
  function dress() {
    const selection = wall.state?.selection ?? "";
    const of = selection || scene.camera.of;
    campus.setProps("twin", {
      channel: scene.channel, legend: scene.legend, lens: scene.lens, impact: "", markers: null, storey: model && model.kind(of) === "storey" ? of : "",
      selection, explode: 0,
    });
    wall.frame(selection ? { of: selection } : scene.camera);
    wall.tell("framed");
  }

  wall.show = function (next, { cut = false } = {}) {
    const fresh = next !== scene;
    scene = wall.scene = next;
    if (wall.incident) return;
    clearTimeout(fading);
    const words = page();
    if (cut || !fresh || wall.reduced()) {
      words.removeAttribute("data-fading");
      draw();
      dress();
      return;
    }
    words.setAttribute("data-fading", "");
    fading = setTimeout(() => {
      draw();
      dress();
      words.removeAttribute("data-fading");
    }, FADE_MS);
  };

  /** The same again: another size, language, selection, or the end of an incident. */
  wall.redraw = () => scene && wall.show(scene, { cut: true });

  wall.on("figures", fill);
  wall.on("second", fill);
  wall.on("size", () => {
    clearTimeout(wall.sizing);
    wall.sizing = setTimeout(wall.redraw, 120);
  });
  wall.on("language", wall.redraw);
  wall.on("begin", () => {
    watchFoot();
    campus.model().then((loaded) => {
      model = wall.model = loaded;
      wall.redraw();
      return loaded.ready.then(() => wall.tell("model"));
    }, () => wall.tell("model"));
  });
})();
