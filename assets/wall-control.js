// The control of a wall: what each screen shows now, and what it shall show. Two hands may do it at once: the last one wins, and
// both see what was done and by whom.
(function () {
  "use strict";
  const { campus } = window;
  const { wall } = campus;
  const { make, write } = wall;
  let told = null;
  let state = null;
  let line = true;
  let alarms = null;
  let stops = [];
  let drawn = "";

  const main = () => document.querySelector("[data-control]");
  const say = (key, figures) => wall.say(key, figures);

  function button(label, does, { pressed = null, name = "" } = {}) {
    const element = make("button", "choice control-button", label);
    element.type = "button";
    if (pressed !== null) element.setAttribute("aria-pressed", String(pressed));
    if (name) element.setAttribute("aria-label", name);
    element.addEventListener("click", does);
    return element;
  }

  async function ask(address, body) {
    try {
      const reply = await fetch(address, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal: AbortSignal.timeout(8000),
      });
      const answer = reply.status === 204 ? null : await reply.json();
      if (!reply.ok) throw new Error(answer?.detail ?? String(reply.status));
      says("");
      return answer;
    } catch (error) {
      says(say("control.failed", { why: error.message }));
      return null;
    }
  }

  let trouble = "";
  function says(text) {
    trouble = text;
    head();
  }

  async function control(what, screen = "", value = "") {
    const answer = await ask(`/api/v1/walls/${encodeURIComponent(told.wall.id)}/control`, { do: what, screen, value });
    if (answer) take("state", answer);
  }

  function head() {
    const parts = [];
    if (trouble) parts.push(trouble);
    else if (!line) parts.push(say("control.line"));
    else if (state?.by) parts.push(say("control.by", { who: state.by, time: wall.clock.seconds(Date.parse(state.changed)) }));
    write(document.getElementById("control-state"), parts.join(" · "));
    const page = document.querySelector('[data-page="control"]');
    if (page) page.dataset.state = line ? (state ? "ready" : "loading") : "stale";
  }

  // ---- a card a screen

  function card(screen) {
    const now = state.now[screen.id];
    const held = state.held.includes(screen.id);
    const on = now?.scene;
    const incident = now?.incident ? titleOf(now.incident) : "";
    const shows = !now ? say("control.dark") : incident ? say("control.shows-incident", { text: incident }) : told.wall.scenes[on] ? wall.name(told.wall.scenes[on].title) : "\u2013";
    const scenes = make("div", "control-rows", ...screen.scenes.map((id) =>
      button(wall.name(told.wall.scenes[id].title), () => control("scene", screen.id, id), { pressed: id === on && !incident })));
    const steps = make("div", "control-rows control-steps",
      button("\u2039", () => control("back", screen.id), { name: say("control.back") }),
      button(say(held ? "control.resume" : "control.hold"), () => control(held ? "resume" : "hold", screen.id), { pressed: held }),
      button("\u203a", () => control("next", screen.id), { name: say("control.next") }));
    const element = make("section", "control-card", make("h2", "", wall.name(screen.names)), make("p", "control-shows", shows), steps, scenes);
    element.dataset.screen = screen.id;
    element.dataset.shows = on ?? "";
    return element;
  }

  function whole() {
    const rows = [
      button("中文", () => control("lang", "", "zh"), { pressed: state.lang === "zh" }), button("English", () => control("lang", "", "en"), { pressed: state.lang === "en" }),
      button(say("control.dark-theme"), () => control("theme", "", "dark"), { pressed: state.theme === "dark" }),
      button(say("control.light-theme"), () => control("theme", "", "light"), { pressed: state.theme === "light" }),
    ];
    document.getElementById("control-whole").replaceChildren(...rows);
    const select = document.getElementById("control-selection");
    if (document.activeElement !== select) select.value = state.selection;
  }

  // ---- what is wrong, and that somebody saw it

  const open = () => [...(alarms?.incidents.values() ?? [])].filter((row) => row.state === "open");
  const titleOf = (id) => wall.name((alarms?.incidents.get(id) ?? alarms?.alarms.get(id))?.text) || id;

  function incidents() {
    const place = document.getElementById("control-incidents");
    if (!place) return;
    if (!alarms || alarms.state === "loading") return place.replaceChildren(make("p", "note", say("wall.loading")));
    if (alarms.state === "error") return place.replaceChildren(make("p", "note", say("wall.alarms-unknown")));
    const inside = new Set(open().flatMap((row) => row.alarms));
    const alone = [...alarms.alarms.values()].filter((row) => row.state === "B" && !inside.has(row.id));
    const rows = [
      ...open().map((row) => entry(row, row.acknowledged, `/api/v1/incidents/${encodeURIComponent(row.id)}/ack`)),
      ...alone.sort((a, b) => a.priority - b.priority).slice(0, 30).map((row) => entry(row, false, `/api/v1/alarms/${row.id.split("/").map(encodeURIComponent).join("/")}/ack`)),
    ];
    place.replaceChildren(rows.length ? make("ul", "control-list", ...rows) : make("p", "note", say("wall.alarms-none")));
  }

  function entry(row, acknowledged, address) {
    const words = make("div", "control-words", make("b", "", wall.name(row.text)), make("span", "note", `${say(`wall.priority.${row.priority}`)} · ${wall.name(row.place_names)}`));
    const act = acknowledged ? make("span", "note", say("wall.acked", { who: row.acked_by })) : button(say("control.ack"), () => ask(address, { comment: "" }), { name: `${say("control.ack")}: ${wall.name(row.text)}` });
    return make("li", "", wall.sign(row.priority, !acknowledged, false), words, act);
  }

  // ---- drawn anew where something is another

  function draw() {
    head();
    if (!state || !main()) return;
    const said = JSON.stringify([state.now, state.held, state.lang, state.theme, state.selection, Object.values(state.now).map(({ incident }) => incident && titleOf(incident))]);
    if (said === drawn) return;
    drawn = said;
    const focus = document.activeElement?.closest(".control-card")?.dataset.screen;
    const label = document.activeElement?.textContent;
    document.getElementById("control-screens").replaceChildren(...Object.values(told.wall.screens).map(card));
    whole();
    if (focus) [...document.querySelectorAll(`[data-screen="${focus}"] button`)].find((b) => b.textContent === label)?.focus();
  }

  function take(name, body) {
    if (name === "line") line = body;
    else if (name === "state" && (!state || body.version >= state.version || Date.parse(body.time) > Date.parse(state.time))) state = body;
    draw();
  }

  document.addEventListener("campus:page", () => {
    for (const stop of stops) stop();
    stops = [];
    if (!main()) return;
    told = JSON.parse(main().dataset.control);
    wall.texts = told.texts;
    wall.lang = told.lang;
    state = told.state;
    drawn = "";
    stops.push(campus.wallChannel(told.wall.id, take));
    if (window.campusAlarms) stops.push(window.campusAlarms.watch((known) => {
      alarms = known;
      incidents();
      draw();
    }));
    document.getElementById("control-selection").addEventListener("change", ({ target }) => control("select", "", target.value));
    draw();
    incidents();
  });
})();
