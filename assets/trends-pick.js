// What is shown: the search over everything that can be, and the lines that are chosen.
(function () {
  "use strict";
  const campus = window.campus;
  const look = campus.trendsLook;
  const { make } = look;
  const WAIT_MS = 120;
  const MOST = 8;
  let timer = 0;
  let asking = null;
  /** Names of lines that the answer has not told yet. */
  const known = new Map();
  const asked = new Set();

  const el = (id) => document.getElementById(id);

  /** The field stands once on a page. */
  function field() {
    const slot = el("trends-query-slot");
    if (!slot || slot.firstChild) return;
    const input = make("input", {
      id: "trends-query", type: "search", placeholder: slot.dataset.placeholder, autocomplete: "off", role: "combobox", "aria-expanded": "false",
      "aria-controls": "trends-results", maxlength: 100,
    });
    slot.append(input);
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(find, WAIT_MS);
    });
    input.addEventListener("focus", find);
    input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") close(true);
      if (event.key === "ArrowDown") {
        el("trends-results").querySelector("button:not(:disabled)")?.focus();
        event.preventDefault();
      }
    });
  }

  async function find() {
    const query = el("trends-query").value.trim();
    asking?.abort();
    const mine = (asking = new AbortController());
    try {
      const reply = await fetch(`/api/v1/trends/find?${new URLSearchParams({ q: query, limit: "12" })}`, { signal: mine.signal });
      if (!reply.ok) throw new Error(String(reply.status));
      show(await reply.json(), query);
    } catch {
      if (mine.signal.aborted) return;
      list([make("p", { class: "results-none", role: "status" }, campus.text("trends.gone"))]);
    }
  }

  function list(children) {
    const box = el("trends-results");
    box.replaceChildren(...children);
    box.hidden = false;
    el("trends-query").setAttribute("aria-expanded", "true");
  }

  function close(focus) {
    el("trends-results").hidden = true;
    el("trends-query").setAttribute("aria-expanded", "false");
    if (focus) el("trends-query").focus();
  }

  function show({ items }, query) {
    if (!items.length) return list([make("p", { class: "results-none", role: "status" }, campus.text("search.none", { query }))]);
    const chosen = new Set(campus.trendsState.get().what);
    list(items.map((item) => make("div", { class: "trends-hit", role: "group", "aria-label": look.name(item.names) },
      make("p", {}, make("b", {}, look.name(item.names)), make("span", { class: "note" }, look.name(item.above))),
      item.trends.length
        ? make("div", { class: "chips" }, item.trends.map((trend) => {
          known.set(trend.what, `${look.name(item.names)} · ${look.name(trend.names)}`);
          const full = chosen.size >= MOST && !chosen.has(trend.what);
          return make("button", { class: "chip", "data-trend-add": trend.what, "aria-pressed": String(chosen.has(trend.what)), disabled: full }, look.name(trend.names));
        }))
        : make("p", { class: "note" }, campus.text("trends.nothing-here")))));
  }

  /** The chosen lines, each with its stroke, and the way to let it go. */
  function reflect() {
    field();
    const box = el("trends-lines");
    if (!box) return;
    const { what } = campus.trendsState.get();
    const told = new Map((campus.trends?.answer()?.lines ?? []).map((line) => [line.what, line]));
    box.replaceChildren(...what.map((each, i) => {
      const line = told.get(each);
      if (line) known.set(each, look.name(line.names));
      const name = known.get(each) ?? each;
      const remove = make("button", { class: "tool quiet", "data-trend-remove": each, "aria-label": `${campus.text("trends.remove")}: ${name}`, title: campus.text("trends.remove"), disabled: what.length < 2 }, "×");
      const marks = [line && look.unitText(line.unit), line?.simulated && campus.text("trends.simulated")].filter(Boolean).join(" · ");
      return make("li", {}, make("span", { class: "trends-number" }, String(i + 1)), look.sample(i), make("span", { class: "trends-name" }, name, marks ? make("span", { class: "note" }, marks) : null), remove);
    }));
    name();
  }

  /** Names of lines that neither a search nor an answer told: a view may not tell them. */
  async function name() {
    const missing = campus.trendsState.get().what.filter((each) => !known.has(each) && !asked.has(each));
    if (!missing.length) return;
    for (const each of missing) asked.add(each);
    const query = new URLSearchParams(missing.map((each) => ["what", each]));
    try {
      const reply = await fetch(`/api/v1/trends/names?${query}`);
      if (!reply.ok) return;
      for (const { what, names } of (await reply.json()).items) known.set(what, look.name(names));
      reflect();
    } catch {
      // the line stands with its id; the chart says that the server does not answer
    }
  }

  function add(what) {
    const now = campus.trendsState.get().what;
    if (now.includes(what)) return remove(what);
    if (now.length >= MOST) return;
    campus.trendsState.set({ what: [...now, what] });
    campus.announce(campus.text("trends.added", { name: known.get(what) ?? what }));
  }

  function remove(what) {
    const now = campus.trendsState.get().what.filter((each) => each !== what);
    if (now.length) campus.trendsState.set({ what: now });
  }

  document.addEventListener("click", (event) => {
    const adding = event.target.closest("[data-trend-add]");
    const removing = event.target.closest("[data-trend-remove]");
    if (adding) {
      add(adding.dataset.trendAdd);
      adding.setAttribute("aria-pressed", String(campus.trendsState.get().what.includes(adding.dataset.trendAdd)));
    } else if (removing) remove(removing.dataset.trendRemove);
    else if (el("trends-results") && !el("trends-results").hidden && !event.target.closest(".trends-search")) close(false);
  });
  document.addEventListener("keydown", (event) => {
    const box = el("trends-results");
    if (!box || box.hidden || !box.contains(event.target)) return;
    if (event.key === "Escape") close(true);
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const buttons = [...box.querySelectorAll("button:not(:disabled)")];
    buttons[buttons.indexOf(document.activeElement) + step]?.focus();
    event.preventDefault();
  });
  document.addEventListener("focusin", (event) => {
    if (el("trends-results") && !el("trends-results").hidden && !event.target.closest(".trends-search")) close(false);
  });
  document.addEventListener("campus:trends-drawn", reflect);

  campus.trendsPick = { reflect };
})();
