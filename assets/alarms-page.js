// The page of alarms: filters and views in the address, the list kept as it is now by the stream, a cursor and a selection by
// keyboard or mouse, the card of one beside it, and what is done with many.
(function () {
  "use strict";
  const alarms = window.campusAlarms;
  const words = alarms.words;
  const page = alarms.page;
  const { make, text, sign } = words;
  const TYPED_MS = 250;
  /** A cursor that runs down the list opens nothing until it rests. */
  const RESTED_MS = 150;
  const OLD_S = 10;
  let here = null;
  let rows = null;
  let card = null;
  let stop = null;
  let cursor = "";
  let anchor = -1;
  let known = new Map();
  let client = null;
  let told = null;
  let typed = 0;
  let opening = 0;
  let figures = null;

  const el = (id) => document.getElementById(id);
  const live = () => page.get().at === "live";
  const picked = () => page.get().picked;
  const write = (element, words_) => element && element.textContent !== words_ && (element.textContent = words_);

  // what is chosen

  function remember(items) {
    for (const alarm of items) known.set(alarm.id, alarm);
    if (known.size > 3000) known = new Map([...known].filter(([id]) => picked().includes(id) || id === cursor).concat(items.map((alarm) => [alarm.id, alarm])));
  }

  const chosen = () => {
    const ids = picked().length ? picked() : cursor ? [cursor] : [];
    return ids.map((id) => known.get(id)).filter(Boolean);
  };

  function pick(ids) {
    page.set({ picked: [...new Set(ids)] }, false);
  }

  /** Put the cursor on a row; `extend` takes all rows from the anchor to it. */
  async function move(place, { extend = false, open = "" } = {}) {
    const to = Math.max(0, Math.min(rows.total - 1, place));
    if (rows.total === 0) return;
    rows.show(to);
    const alarm = rows.at(to) ?? (await rows.ids(to, to))[0];
    if (!alarm) return;
    remember([alarm]);
    cursor = alarm.id;
    if (extend) {
      if (anchor < 0) anchor = to;
      const found = await rows.ids(anchor, to);
      remember(found);
      pick(found.map((one) => one.id));
    } else anchor = to;
    clearTimeout(opening);
    if (open === "now") page.set({ alarm: cursor }, false);
    else opening = setTimeout(() => here?.isConnected && page.set({ alarm: cursor }, false), RESTED_MS);
    rows.draw();
    el("alarms-list").setAttribute("aria-activedescendant", `alarm-row-${to}`);
    tools();
  }

  function toggle(id) {
    pick(picked().includes(id) ? picked().filter((one) => one !== id) : [...picked(), id]);
  }

  const place = () => Math.max(0, rows.placeOf(cursor));

  function keys(event) {
    if (event.ctrlKey || event.metaKey) {
      if (event.key.toLowerCase() !== "a") return;
      rows.ids(0, Math.min(rows.total, 1000) - 1).then((found) => {
        remember(found);
        pick(found.map((one) => one.id));
      });
      event.preventDefault();
      return;
    }
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: rows.page(), PageUp: -rows.page() };
    if (event.key in steps) move(cursor && rows.placeOf(cursor) >= 0 ? place() + steps[event.key] : 0, { extend: event.shiftKey });
    else if (event.key === "Home") move(0, { extend: event.shiftKey });
    else if (event.key === "End") move(rows.total - 1, { extend: event.shiftKey });
    else if (event.key === " ") cursor && toggle(cursor);
    else if (event.key === "Enter") {
      if (!cursor) return;
      clearTimeout(opening);
      page.set({ alarm: cursor }, false);
      el("alarm-side").querySelector("h2")?.focus();
    } else return;
    event.preventDefault();
  }

  function clicked(event) {
    const row = event.target.closest(".alarms-row");
    if (!row?.dataset.alarm) return;
    const at = Number(row.dataset.place);
    if (event.target.closest(".cell-tick") || event.ctrlKey || event.metaKey) {
      cursor = row.dataset.alarm;
      anchor = at;
      toggle(cursor);
      rows.draw();
    } else {
      if (event.shiftKey) getSelection()?.removeAllRanges();
      move(at, { extend: event.shiftKey, open: "now" });
    }
  }

  function escape(event) {
    if (event.key !== "Escape" || !here?.isConnected || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (event.target.closest?.(".alarms-search")) {
      page.set({ q: "" }, false);
      event.target.value = "";
      el("alarms-list").focus();
    } else if (picked().length) pick([]);
    else if (page.get().alarm) {
      clearTimeout(opening);
      page.set({ alarm: "" }, false);
      el("alarms-list").focus();
    } else return;
    event.preventDefault();
  }

  // what the page says

  function tools() {
    const list = chosen();
    const n = picked().length;
    write(el("alarms-chosen"), n ? text("alarms.chosen", { n }) : told ? text("alarms.shown", { n: told.total }) : "");
    const may = alarms.act.may() && live();
    el("alarms-bulk").hidden = !may;
    for (const button of el("alarms-bulk").querySelectorAll("[data-bulk]")) {
      const able = list.filter((alarm) => alarms.act.allowed(button.dataset.bulk, alarm));
      button.disabled = able.length === 0;
      button.hidden = able.length === 0 && !["ack", "shelve"].includes(button.dataset.bulk);
      write(button, text(`alarms.act.${button.dataset.bulk}`) + (able.length > 1 ? ` (${able.length})` : ""));
    }
  }

  function counts() {
    if (!told) return;
    const { by_state: state, by_priority: priority } = told;
    const of = (letters) => [...letters].reduce((sum, letter) => sum + (state[letter] ?? 0), 0);
    const values = { active: of("BCDEF"), shelved: of("G"), suppressed: of("H"), service: of("I"), all: of("BCDEFGHI"), needs: of("BDE") };
    for (const [view, n] of Object.entries(values)) write(here.querySelector(`[data-count="${view}"]`), String(n));
    for (const one of ["1", "2", "3", "4"]) {
      const number = here.querySelector(`[data-priority-count="${one}"]`);
      write(number, String(priority[one] ?? 0));
      number.parentElement.toggleAttribute("data-none", !priority[one]);
    }
    for (const option of here.querySelectorAll('[data-alarms-select="state"] option')) {
      if (option.value) write(option, `${option.value} ${words.state({ state: option.value })} (${state[option.value] ?? 0})`);
    }
  }

  function note(...parts) {
    el("alarms-notes").replaceChildren(...parts.filter(Boolean));
  }

  /** What stands in place of rows, and over them. */
  function notes(why = "") {
    const now = page.get();
    const figuresShown = now.view === "figures";
    const band = live() ? null : make("p", { class: "alarms-then" }, make("b", {}, text("time.replay")), text("alarms.then-at", { at: window.campus.timeAxis.local.full(Date.parse(now.at)) }),
      make("button", { class: "time-live", type: "button", "data-alarms-live": true }, text("time.live")));
    const journal = told && !told.journal.kept ? make("p", { class: "alarms-warn" }, text("alarms.not-kept", { why: told.journal.trouble })) : told?.journal.trouble ? make("p", { class: "alarms-warn" }, told.journal.trouble) : null;
    if (why) return note(band, make("p", { class: "alarms-warn" }, why));
    el("alarms-list").hidden = el("alarms-columns").hidden = figuresShown || (told !== null && told.total === 0);
    if (figuresShown || !told || told.total > 0) return note(band, journal);
    const clear = page.filtered() ? make("button", { class: "button", type: "button", "data-alarms-clear": true }, text("alarms.filter.clear")) : null;
    const title = text(page.filtered() ? "alarms.empty.filtered" : now.view === "active" ? "alarms.empty" : "alarms.empty.view");
    return note(band, journal, make("div", { class: "state", role: "status" }, make("p", { class: "state-title" }, title), clear));
  }

  function asOf() {
    if (!here?.isConnected || !client) return;
    const state = live() ? client.state : "ready";
    if (here.dataset.state !== state) here.dataset.state = state;
    const at = client.time ? window.campus.timeAxis.local.full(Date.parse(client.time)).match(/\d\d:\d\d:\d\d/)?.[0] : "–";
    const words_ = { loading: "alarms.loading", error: client.why === "none" ? "alarms.none-here" : "alarms.gone", stale: "alarms.stale", ready: "alarms.as-of" }[state];
    write(el("alarms-as-of"), live() ? text(words_, { at }) : "");
    el("alarms-as-of").toggleAttribute("data-old", state === "stale" || state === "error");
  }

  function reflect() {
    const now = page.get();
    for (const button of here.querySelectorAll("[data-alarms-view]")) button.setAttribute("aria-pressed", String(button.dataset.alarmsView === now.view));
    for (const button of here.querySelectorAll("[data-alarms-priority]")) button.setAttribute("aria-pressed", String(now.priority.split(",").includes(button.dataset.alarmsPriority)));
    here.querySelector("[data-alarms-needs]").setAttribute("aria-pressed", String(now.needs === "1"));
    for (const select of here.querySelectorAll("[data-alarms-select]")) {
      const wanted = now[select.dataset.alarmsSelect];
      if (select.value !== wanted) select.value = wanted;
      // an address may name what this campus does not have: the list says why it is empty, and the filter shows it
      if (select.value !== wanted && wanted) select.append(make("option", { value: wanted, selected: "" }, wanted));
    }
    const field = el("filter-text");
    if (field && document.activeElement !== field) field.value = now.q;
    const shown = now.view === "figures";
    here.querySelector(".alarms-tools").hidden = el("alarms-filters").hidden = shown;
    here.querySelector('[data-alarms-select="state"]').parentElement.hidden = now.view !== "active" || now.needs === "1";
    el("alarms-figures").hidden = !shown;
    if (shown) figures.show();
    notes();
    card.show(shown ? "" : now.alarm, { known: known.get(now.alarm) ?? null, moment: now.at });
    here.querySelector(".alarms-sheet").toggleAttribute("data-side", !shown && now.alarm !== "");
    tools();
  }

  function came(answer) {
    told = answer;
    remember(answer.items);
    if (cursor === "" && page.get().alarm) cursor = page.get().alarm;
    counts();
    notes();
    tools();
    const at = rows.placeOf(cursor);
    if (at >= 0) el("alarms-list").setAttribute("aria-activedescendant", `alarm-row-${at}`);
  }

  const failed = (why, some) => notes(why || text(some ? "alarms.gone-rows" : "alarms.gone"));

  function follow(given) {
    client = given;
    if (!here?.isConnected) return;
    asOf();
    alarms.flash(live() && [...given.alarms.values()].some(alarms.calls));
    if (!live()) return;
    card.follow(given.steps);
    for (const { alarm } of given.steps) if (known.has(alarm.id)) known.set(alarm.id, alarm);
    if (page.get().view === "figures") return;
    if (given.steps.length || (given.seq && told && given.seq !== told.seq)) rows.soon();
  }

  // what is pressed

  function pressed(event) {
    if (!here?.isConnected) return;
    const target = event.target.closest("[data-alarms-view],[data-alarms-priority],[data-alarms-needs],[data-alarms-clear],[data-alarms-live],[data-bulk]");
    if (!target || !here.contains(target)) return;
    const now = page.get();
    const { alarmsView, alarmsPriority, bulk } = target.dataset;
    if (alarmsView) page.set({ view: alarmsView, picked: [] });
    else if (alarmsPriority) {
      const set = new Set(now.priority.split(",").filter(Boolean));
      if (!set.delete(alarmsPriority)) set.add(alarmsPriority);
      page.set({ priority: [...set].sort().join(","), picked: [] });
    } else if ("alarmsNeeds" in target.dataset) page.set({ needs: now.needs ? "" : "1", state: "", picked: [] });
    else if ("alarmsClear" in target.dataset) page.set({ ...page.cleared });
    else if ("alarmsLive" in target.dataset) page.set({ at: "live", picked: [] });
    else if (bulk) alarms.act.ask(bulk, chosen());
  }

  function selected(event) {
    const select = event.target.closest("[data-alarms-select]");
    if (select && here?.contains(select)) page.set({ [select.dataset.alarmsSelect]: select.value, ...(select.dataset.alarmsSelect === "sort" ? {} : { picked: [] }) });
  }

  async function rulesOf() {
    try {
      const body = await (await fetch("/api/v1/alarms/rules")).json();
      const select = here.querySelector('[data-alarms-select="rule"]');
      select.append(...body.items.map((rule) => make("option", { value: rule.id }, rule.alarms ? `${rule.id} (${rule.alarms})` : rule.id)));
      select.value = page.get().rule;
    } catch {
      // the list of rules is a help, not a need
    }
  }

  function search() {
    const slot = here.querySelector("[data-alarms-search]");
    const label = slot.dataset.alarmsSearch;
    const field = make("input", { type: "search", id: "filter-text", placeholder: label, "aria-label": label, maxlength: 200, autocomplete: "off", value: page.get().q });
    field.addEventListener("input", () => {
      clearTimeout(typed);
      typed = setTimeout(() => page.set({ q: field.value.trim(), picked: [] }, false), TYPED_MS);
    });
    slot.replaceChildren(field);
  }

  const ANEW = ["view", "state", "priority", "building", "domain", "kind", "rule", "q", "needs", "sort", "at"];

  document.addEventListener("campus:alarms", ({ detail: changed }) => {
    if (!here?.isConnected) return;
    if (ANEW.some((key) => changed.has(key))) {
      told = null;
      anchor = -1;
      if (page.get().view !== "figures") rows.begin();
    }
    reflect();
    if (changed.has("picked")) rows.draw();
  });

  window.addEventListener("popstate", () => {
    if (!here?.isConnected) return;
    page.read();
    told = null;
    if (page.get().view !== "figures") rows.begin();
    reflect();
  });

  document.addEventListener("click", pressed);
  document.addEventListener("change", selected);
  document.addEventListener("keydown", escape);

  document.addEventListener("campus:page", () => {
    stop?.();
    rows?.stop();
    [stop, rows, card, here, told, cursor, anchor, known] = [null, null, null, null, null, "", -1, new Map()];
    const found = document.querySelector('[data-page="alarms"]');
    if (!found?.querySelector("#alarms-list")) return;
    here = found;
    page.read();
    for (const slot of here.querySelectorAll("[data-sign]")) slot.replaceChildren(sign(Number(slot.dataset.sign), { named: false }));
    el("alarms-columns").replaceChildren(...alarms.rowsHead());
    search();
    const look = () => ({ cursor, picked: (id) => picked().includes(id) });
    const list = el("alarms-list");
    rows = alarms.rows(list, el("alarms-rows"), { query: page.query, came, failed, look });
    card = alarms.card(el("alarm-side"), { closed: () => page.set({ alarm: "" }, false) });
    figures = alarms.figures(el("alarms-figures"));
    list.addEventListener("keydown", keys);
    list.addEventListener("click", clicked);
    rulesOf();
    if (page.get().view !== "figures") rows.begin();
    reflect();
    stop = alarms.watch(follow);
  });

  setInterval(() => {
    if (!here?.isConnected || document.hidden) return;
    asOf();
    if (Math.floor(Date.now() / 1000) % OLD_S === 0) rows.draw();
  }, 1000);
})();
