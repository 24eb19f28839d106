// The trends page: reads the address, asks the server, shows the answer, says what is wrong. One question at a time, the newest wins.
(function () {
  "use strict";
  const campus = window.campus;
  const { get, set, read, windowOf, fixed, iso } = campus.trendsState;
  const look = campus.trendsLook;
  const EVERY_MS = 60_000;
  const OLD_MS = 180_000;
  const SOON_MS = 3000;
  let asking = null;
  let timer = 0;
  let answer = null;
  let shown = 0;
  /** What the chart showed before a hand drew a stretch of it. */
  const before = [];

  const page = () => document.querySelector('[data-page="trends"]');
  const el = (id) => document.getElementById(id);

  function question(state) {
    const { from, to, ahead } = windowOf(state);
    const query = new URLSearchParams({ from: iso(from), to: iso(ahead || to) });
    for (const what of state.what) query.append("what", what);
    for (const key of ["step", "compare", "normalise"]) if (state[key]) query.set(key, state[key]);
    // this month with the month before, not with as many days before
    if (state.compare === "previous" && !state.from && ["month", "year"].includes(state.span)) query.set("compare", state.span);
    return query;
  }

  /** 'ready', 'loading', 'error', 'empty', 'stale': what the page is, for the reader and for tests. */
  function stand(state, title = "", text = "") {
    page().dataset.state = state;
    const box = el("trends-state");
    box.hidden = state === "ready" || state === "stale" || (state === "loading" && answer !== null);
    el("trends-canvas").classList.toggle("is-waiting", state === "loading" && answer !== null);
    el("trends-canvas").style.visibility = box.hidden ? "" : "hidden";
    if (state === "error" || state === "empty") {
      box.replaceChildren(look.make("div", { class: "state", role: "status" }, look.make("p", { class: "state-title" }, title), look.make("p", { class: "state-text" }, text)));
    }
    if (state !== "error" && state !== "empty") return;
    for (const id of ["trends-legend", "trends-totals", "trends-numbers", "trends-method", "trends-extra"]) el(id)?.replaceChildren();
  }

  async function ask() {
    clearTimeout(timer);
    if (!page() || !el("trends-chart")) return;
    asking?.abort();
    const mine = (asking = new AbortController());
    const state = get();
    const view = campus.trendsViews[state.view] ?? campus.trendsViews.curve;
    if (answer?.view !== view) answer = null;
    stand("loading");
    try {
      const reply = await fetch(`/api/v1/${view.path}?${view.question(state, question)}`, { signal: mine.signal, headers: { Accept: "application/json" } });
      take(view, reply, await reply.json(), mine);
    } catch (error) {
      if (mine.signal.aborted || asking !== mine) return;
      if (error instanceof SyntaxError || !(error instanceof TypeError)) console.warn(`the trends cannot be drawn: ${error.message}`);
      gone();
    } finally {
      if (asking === mine) timer = setTimeout(again, EVERY_MS);
    }
  }

  function take(view, reply, told, mine) {
    if (asking !== mine) return;
    if (!reply.ok) return refuse(told, reply.status);
    answer = { view, told };
    shown = Date.now();
    el("trends-stale").hidden = true;
    draw();
  }

  /** What cannot be answered: for good, with what to do; or not yet (503), and it is asked again soon. */
  function refuse(told, status) {
    answer = null;
    const later = status === 503;
    stand("error", campus.text(later ? "trends.later" : "trends.refused"), told.words?.[look.lang] ?? told.detail ?? "");
    if (later) setTimeout(() => page()?.dataset.state === "error" && ask(), SOON_MS);
  }

  /** The server does not answer: what stands on the screen is told to be old; with nothing there, that is said. */
  function gone() {
    if (!answer) return stand("error", campus.text("trends.gone"), campus.text("trends.gone.text"));
    const note = el("trends-stale");
    note.textContent = campus.text("feeds.stale", { time: campus.timeAxis.local.time(shown) });
    note.hidden = false;
    stand("stale");
  }

  /** While it reaches to now it is asked for again; nobody looks at a hidden page. */
  function again() {
    const state = get();
    if (!page() || document.hidden || state.from || state.at !== "live") return;
    ask();
  }

  function draw() {
    if (!answer || !el("trends-chart")) return;
    const { view, told } = answer;
    const width = el("trends-canvas").clientWidth - look.px(116);
    if (view.isEmpty(told)) {
      stand("empty", campus.text("trends.empty"), campus.text("trends.empty.text"));
    } else {
      const figure = view.figure(told, width);
      el("trends-canvas").style.height = figure.height ? `${figure.height}px` : "";
      campus.setProps("trends-chart", { figure: { data: figure.data, layout: figure.layout } });
      stand("ready");
    }
    el("trends-title").textContent = view.title(told);
    el("trends-canvas").setAttribute("aria-label", `${view.title(told)}. ${campus.text("trends.chart.help")}`);
    el("trends-legend").replaceChildren(...view.legend(told).map(([sign, words, extra]) => look.make("span", { class: `legend-item ${extra ?? ""}` }, sign, words)));
    el("trends-method").textContent = told.method?.[look.lang] ?? "";
    el("trends-extra").replaceChildren(...(view.extra?.(told) ?? []));
    campus.trendsTables.fill(view, told, question(get()));
    campus.trendsNotes?.fill(told.notes ?? []);
    document.dispatchEvent(new CustomEvent("campus:trends-drawn", { detail: told }));
  }

  /** Buttons and lists show the state. */
  function reflect() {
    const state = get();
    for (const button of document.querySelectorAll("[data-trend-set]")) {
      const [key, value] = button.dataset.trendSet.split("=");
      button.setAttribute("aria-pressed", String(state[key] === value && !(key === "span" && state.from)));
    }
    for (const list of document.querySelectorAll("select[data-trend]")) list.value = state[list.dataset.trend];
    const view = campus.trendsViews[state.view] ?? campus.trendsViews.curve;
    for (const label of document.querySelectorAll(".trends-select")) {
      const key = label.querySelector("select").dataset.trend;
      label.hidden = !view.uses.includes(key);
    }
    el("trends-wider").hidden = !before.length;
    campus.trendsWindow?.reflect();
    campus.trendsPick?.reflect();
  }

  /** A hand drew a stretch of time: it is asked for, with finer steps. */
  function zoomed(moved) {
    const range = moved?.["xaxis.range[0]"] === undefined ? moved?.["xaxis.range"] : [moved["xaxis.range[0]"], moved["xaxis.range[1]"]];
    const view = campus.trendsViews[get().view];
    if (!range || !view?.zooms || !answer) return;
    const [from, to] = [Math.round(Math.max(range[0], answer.told.start)), Math.round(Math.min(range[1], answer.told.end))];
    if (to - from < 60_000 || (from === answer.told.start && to === answer.told.end)) return;
    const { span, from: wasFrom, to: wasTo, step } = get();
    before.push({ span, from: wasFrom, to: wasTo, step });
    set({ from: iso(from), to: iso(to), step: "" });
  }

  function wider() {
    const last = before.pop();
    if (last) set(last);
  }

  /** An instant of the chart: the way to it in the twin. */
  function clicked(what) {
    const point = what?.points?.[0];
    const place = el("trends-moment");
    if (!point || !place) return;
    const view = campus.trendsViews[get().view];
    const found = view?.moment?.(point, answer.told);
    if (!found) return;
    const { local } = campus.timeAxis;
    const links = [];
    if (found.at && found.at <= answer.told.now) {
      const query = new URLSearchParams({ at: iso(found.at) });
      if (found.entity && found.entity !== campus.facts.campus.id) query.set("sel", found.entity);
      const href = `/?${query}`.replaceAll("%2F", "/").replaceAll("%3A", ":");
      links.push(look.make("a", { href, class: "button small" }, campus.text("trends.show-moment")));
      links.push(look.make("button", { class: "button small", "data-trends": "note-here", "data-at": found.at }, campus.text("trends.note-here")));
    }
    if (found.href) links.push(look.make("a", { href: found.href, class: "button small" }, campus.text("trends.open")));
    place.replaceChildren(look.make("b", {}, found.title ?? local.full(found.at)), look.make("span", {}, found.text ?? ""), ...links);
  }

  async function copy(button) {
    const word = button.querySelector("span");
    const was = word.textContent;
    try {
      await navigator.clipboard.writeText(fixed());
      word.textContent = campus.text("trends.copied");
    } catch {
      history.replaceState(null, "", fixed());
      word.textContent = campus.text("trends.in-address");
    }
    campus.announce(word.textContent);
    setTimeout(() => (word.textContent = was), 2500);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-trend-set],[data-trends]");
    if (!button) return;
    const pair = button.dataset.trendSet;
    if (pair) {
      const at = pair.indexOf("=");
      const patch = { [pair.slice(0, at)]: pair.slice(at + 1) };
      if ("span" in patch) {
        Object.assign(patch, { from: "", to: "", step: "" });
        before.length = 0;
      }
      set(patch);
    } else if (button.dataset.trends === "copy") copy(button);
    else if (button.dataset.trends === "wider") wider();
  });

  document.addEventListener("change", (event) => {
    const list = event.target.closest?.("select[data-trend]");
    if (list) set({ [list.dataset.trend]: list.value });
  });

  function fresh() {
    if (!page()) return;
    reflect();
    el("trends-moment")?.replaceChildren();
    ask();
  }

  document.addEventListener("campus:trends", fresh);
  document.addEventListener("campus:page", () => {
    if (!page() || !el("trends-chart")) return;
    answer = null;
    read();
    fresh();
  });
  window.addEventListener("popstate", () => {
    if (!page()) return;
    read();
    fresh();
  });
  document.addEventListener("visibilitychange", again);
  setInterval(() => answer && page()?.dataset.state === "ready" && Date.now() - shown > OLD_MS && !get().from && get().at === "live" && !document.hidden && gone(), 15_000);
  let size = 0;
  window.addEventListener("resize", () => {
    if (!page() || size === window.innerWidth) return;
    size = window.innerWidth;
    draw();
  });
  new MutationObserver(() => page() && draw()).observe(document.documentElement, { attributeFilter: ["data-theme"] });

  campus.trends = { zoomed, clicked, ask, answer: () => answer?.told };
})();
