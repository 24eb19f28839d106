// The state of the view: one object, mirrored in the address, the twin's properties and every button that shows it.
// A change by the reader pushes a step of the browser's history; a moving camera only rewrites the last one.
(function () {
  "use strict";
  const campus = window.campus;
  const root = document.documentElement;
  const DEFAULTS = {
    sel: "", storey: "", mode: "3d", ch: campus.facts.channel ?? "", lens: "data", x: "0", xray: "0", labels: "1",
    cut: "", cutat: "", cutflip: "0", cam: "", at: "live", vs: "", cmp: "", measure: "0", impact: "", alarm: "",
  };
  const HIDDEN = new Set(["measure"]);
  /** Words follow the picture after this at the latest [ms]. */
  const AFTER_SCENE_MS = 400;
  let state = { ...DEFAULTS };
  /** The domain of the channel; without a channel the last one stays. */
  let domain = DEFAULTS.ch.split(".")[0];
  let flights = 0;
  let model = null;
  let rewrite = 0;
  /** The place that the heading was last asked for. */
  let told = {};
  /** Ends the wait for the scene. */
  let calm = () => {};
  /** Sections that the page gave the twin, in words: Dash hands each of them back. */
  let given = [];

  function parse(search) {
    const query = new URLSearchParams(search);
    const read = { ...DEFAULTS };
    for (const key of Object.keys(DEFAULTS)) if (query.has(key) && !HIDDEN.has(key)) read[key] = query.get(key);
    if (!read.sel && campus.facts.path.building) read.sel = campus.facts.path.building;
    // an instant that is none is no instant: the present, which says so, is better than a wrong moment
    if (!Number.isFinite(Date.parse(read.at))) read.at = "live";
    if (!Number.isFinite(Date.parse(read.vs))) read.vs = read.cmp = "";
    return read;
  }

  function address() {
    const query = new URLSearchParams();
    const home = campus.facts.path.building ?? "";
    for (const [key, value] of Object.entries(state)) {
      const plain = key === "sel" ? home : DEFAULTS[key];
      if (value !== plain && !HIDDEN.has(key)) query.set(key, value);
    }
    for (const key of ["lang", "theme"]) {
      const kept = new URLSearchParams(location.search).get(key);
      if (kept) query.set(key, kept);
    }
    // Slashes and commas are plain in a query; ids and cameras stay readable.
    const text = query.toString().replaceAll("%2F", "/").replaceAll("%2C", ",");
    return location.pathname + (text ? `?${text}` : "") + location.hash;
  }

  function section() {
    const now = campus.section.property(state);
    given = [...given.slice(-50), JSON.stringify(now)];
    return now;
  }

  /** What the view's own handle did; what comes back of the page's own doing is no news. */
  function fromHandle(now) {
    if (given.includes(JSON.stringify(now))) return {};
    given = [];
    return now ? { cut: now.axis, cutat: String(now.at), cutflip: now.flip ? "1" : "0" } : { cut: "" };
  }

  const TWIN = {
    sel: () => ({ selection: state.sel }),
    storey: () => ({ storey: state.storey }),
    mode: () => ({ mode: state.mode }),
    ch: () => {
      const legend = (campus.facts.legends ?? {})[state.ch];
      return { channel: state.ch, legend: legend ?? null };
    },
    lens: () => ({ lens: state.lens }),
    x: () => ({ explode: Number(state.x) || 0 }),
    xray: () => ({ xray: state.xray === "1" }),
    labels: () => ({ labels: state.labels !== "0" }),
    measure: () => ({ measure: state.measure === "1" }),
    cut: () => ({ section: section() }),
    cutat: () => ({ section: section() }),
    cutflip: () => ({ section: section() }),
    cam: () => (state.cam ? { camera: state.cam } : {}),
    at: () => ({ time: state.at }),
    impact: () => ({ impact: state.impact && `/api/v1/impact/scene?node=${encodeURIComponent(state.impact)}` }),
    alarm: () => ({}),
    vs: () => ({ against: state.vs }),
    cmp: () => ({ compare: { swipe: "swipe", diff: "difference" }[state.cmp] ?? "" }),
  };

  /** Buttons, sliders and legends show the state. */
  function reflect() {
    domain = state.ch.split(".")[0] || domain;
    for (const button of document.querySelectorAll("[data-set]")) {
      const [key, value] = split(button.dataset.set);
      if (button.dataset.domain) {
        button.setAttribute("aria-pressed", String(button.dataset.domain === domain));
        continue;
      }
      const now = key === "lang" ? campus.facts.lang : key === "mode" ? modeShown() : state[key];
      if (key === "mode") button.disabled = value !== "plan" && withoutWebGL();
      button.setAttribute("aria-pressed", String(now === value));
    }
    for (const button of document.querySelectorAll("[data-flip]")) {
      const key = button.dataset.flip;
      if (key === "theme") continue;
      button.setAttribute("aria-pressed", String(key === "lens" ? state.lens === "trust" : state[key] === "1"));
    }
    for (const legend of document.querySelectorAll("[data-legend]")) {
      const wanted = state.impact ? "impact" : state.lens === "trust" ? "trust" : state.ch;
      legend.hidden = legend.dataset.legend !== wanted;
    }
    for (const group of document.querySelectorAll("[data-channels-of]")) {
      group.hidden = state.impact !== "" || group.dataset.channelsOf !== domain;
    }
    for (const line of document.querySelectorAll("[data-row]")) {
      line.toggleAttribute("data-selected", line.dataset.row === state.sel);
    }
    const slider = document.getElementById("explode");
    if (slider && document.activeElement !== slider) slider.value = state.x;
    campus.section.reflect(state, model);
    document.dispatchEvent(new CustomEvent("campus:view", { detail: state }));
  }

  /** Where the browser draws no scene, the view shows plans whatever is asked for. */
  function withoutWebGL() {
    return document.getElementById("twin")?.dataset.mode === "plan" && state.mode !== "plan";
  }

  function modeShown() {
    return withoutWebGL() ? "plan" : state.mode;
  }

  function split(pair) {
    const at = pair.indexOf("=");
    return [pair.slice(0, at), pair.slice(at + 1)];
  }

  /**
   * Change the state. `push` makes a step of history; `from` "twin" means that the view already shows it, "history"
   * that the address already does; `fly` is an entity to fly to.
   */
  function set(patch, { push = true, from = "", fly = "" } = {}) {
    const changed = Object.keys(patch).filter((key) => key in state && state[key] !== patch[key]);
    Object.assign(state, Object.fromEntries(changed.map((key) => [key, patch[key]])));
    if (fly && state.cam && !changed.includes("cam")) state.cam = "";
    if (changed.length) write(push, from);
    const props = {};
    if (from !== "twin") for (const key of changed) Object.assign(props, TWIN[key]());
    if (fly) props.flyTo = `${fly}#${(flights += 1)}`;
    if (Object.keys(props).length) campus.setProps("twin", props);
    if (["sel", "storey", "at"].some((key) => changed.includes(key))) focus();
    else if (changed.includes("ch")) afterScene(focus);
    // a plane that is drawn along changes nothing else on the page
    if (changed.length === 1 && changed[0] === "cutat") campus.section.reflect(state, model);
    else if (changed.length) reflect();
  }

  /** The address follows; what a drag rewrites is written when it pauses: browsers slow down who writes too often. */
  function write(push, from) {
    clearTimeout(rewrite);
    if (from === "history") return;
    if (push) history.pushState(null, "", address());
    else rewrite = setTimeout(() => history.replaceState(null, "", address()), 120);
  }

  function focusData() {
    return { sel: state.sel, storey: state.storey, ch: state.ch, at: state.at };
  }

  function placeData() {
    return { sel: state.sel, storey: state.storey, at: state.at };
  }

  function focus() {
    calm(); // what waited for the scene is told now
    const place = placeData();
    if (Object.keys(place).some((key) => place[key] !== told[key])) campus.setProps("place", { data: (told = place) });
    campus.setProps("focus", { data: focusData() });
    titles();
  }

  /** Once the scene shows what was asked of it, or soon: a page that draws its words first holds up the picture. */
  function afterScene(then) {
    calm();
    const twin = document.getElementById("twin");
    const drawn = new MutationObserver(() => finish());
    const late = setTimeout(() => finish(), AFTER_SCENE_MS);
    calm = () => {
      clearTimeout(late);
      drawn.disconnect();
    };
    function finish() {
      calm();
      then();
    }
    if (twin) drawn.observe(twin, { attributeFilter: ["data-seq"] });
  }

  /** The browser's title names the selection, so that tabs and history can be told apart. */
  function titles() {
    const page = document.title.split(" | ").at(-1);
    document.title = state.sel && model && state.sel !== campus.facts.path.building ? `${model.label(state.sel)} | ${page}` : page;
  }

  /**
   * Select an entity as from a list: its storey stands alone and the camera goes to what gives it its surroundings: a
   * room's storey, unless that is in view already.
   */
  function go(id) {
    const kind = model ? model.kind(id) : "other";
    const storey = kind === "space" ? model.storeyOf(id) : kind === "storey" ? id : "";
    const place = kind === "space" ? (storey === state.storey ? "" : storey) : id;
    set({ sel: kind === "campus" ? "" : id, storey }, { fly: place });
    if (model) campus.announce(model.label(id));
  }

  function flip(key) {
    if (key === "theme") {
      root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
      campus.remember("theme", root.dataset.theme);
      const query = new URLSearchParams(location.search);
      query.set("theme", root.dataset.theme);
      history.replaceState(null, "", `${location.pathname}?${query}`.replaceAll("%2F", "/").replaceAll("%2C", ","));
      campus.setProps("twin", { theme: root.dataset.theme });
    } else if (key === "lens") set({ lens: state.lens === "trust" ? "data" : "trust" });
    else set({ [key]: state[key] === "1" ? "0" : "1" }, { push: key !== "measure" && key !== "cutflip" });
  }

  function speak(lang) {
    campus.remember("lang", lang);
    const query = new URLSearchParams(location.search);
    query.set("lang", lang);
    location.search = query.toString().replaceAll("%2F", "/").replaceAll("%2C", ",");
  }

  function choose(pair) {
    const [key, value] = split(pair);
    if (key === "lang") speak(value);
    else if (key === "storey") set({ storey: value, sel: value || building() }, { fly: value || building() });
    else if (key === "impact") set({ impact: value === state.impact ? "" : value });
    else if (key === "cut" && model) set(campus.section.fresh(value, state, model));
    else set({ [key]: value });
  }

  function building() {
    return model ? (model.path(state.storey || state.sel).find((id) => model.kind(id) === "building") ?? "") : "";
  }

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const target = event.target.closest("[data-go],[data-set],[data-flip],[data-do]");
    if (!target) return;
    event.preventDefault();
    const { go: entity, set: pair, flip: key, do: what } = target.dataset;
    if (entity) go(entity);
    else if (pair !== undefined) choose(pair);
    else if (key) flip(key);
    else if (what === "home") set({ sel: "", storey: "", x: "0", cut: "" }, { fly: campus.facts.path.building ?? campus.facts.campus.id });
  });

  document.addEventListener("input", (event) => {
    if (event.target.id === "explode") set({ x: String(Number(event.target.value)) }, { push: false });
    if (["section-at", "section-metres"].includes(event.target.id)) {
      set(campus.section.read(event.target.value, state, model), { push: false });
    }
  });

  window.addEventListener("popstate", () => {
    const read = parse(location.search);
    set(read, { from: "history", fly: read.cam ? "" : read.sel || campus.facts.campus.id });
  });

  /** Dash hands over what the view itself changed: a click in it, a storey, the camera's rest. */
  function fromTwin({ section: moved, ...patch }) {
    if (moved !== undefined) Object.assign(patch, fromHandle(moved));
    const steps = ["sel", "storey", "mode"].some((key) => key in patch && patch[key] !== state[key]);
    set(patch, { push: steps, from: "twin" });
  }

  function start() {
    state = parse(location.search);
    campus.model().then((loaded) => {
      model = loaded;
      return loaded.ready;
    }).then(() => {
      titles();
      // A link may name a room alone: its storey is shown alone as well, once we know which one it is.
      const wanted = model.kind(state.sel) === "space" && !new URLSearchParams(location.search).has("storey");
      if (wanted) set({ storey: model.storeyOf(state.sel) }, { push: false });
      const known = model.kind(state.sel) !== "other" && state.sel;
      if (known && !state.cam) set({}, { fly: state.storey || state.sel });
      if (state.cut && state.cutat === "") set(campus.section.fresh(state.cut, state, model), { push: false });
      else if (state.cut) campus.setProps("twin", { section: section() });
      campus.section.reflect(state, model);
    }, (error) => console.warn(`the scene index cannot be read: ${error.message}`));
    const rest = { explode: Number(state.x) || 0, xray: state.xray === "1", ...TWIN.at(), ...TWIN.vs(), ...TWIN.cmp() };
    campus.setProps("twin", rest);
    reflect();
    const twin = document.getElementById("twin");
    if (twin) new MutationObserver(reflect).observe(twin, { attributeFilter: ["data-mode"] });
    told = placeData();
    return [focusData(), told];
  }

  window.campus.view = { get: () => ({ ...state }), set, go, start, fromTwin, reflect };
})();
