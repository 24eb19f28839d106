// The register of visits: counters of the year, the month as a calendar, who comes next, and the form to book or change.
(function () {
  "use strict";
  const { campus } = window;
  const STEP_MS = 60_000;
  const SURE_MS = 4000;
  const KINDS = ["school", "university", "government", "company", "international", "other"];
  const STATES = ["booked", "given", "cancelled"];
  const zone = campus.facts.timezone ?? "UTC";
  const parts = new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  let told = null;
  let rows = [];
  let counts = null;
  let month = null;
  let timer = 0;

  const byId = (id) => document.getElementById(id);
  const say = (key, figures = {}) => (told.texts[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => figures[name] ?? whole);
  const local = (iso) => Object.fromEntries(parts.formatToParts(new Date(iso)).map(({ type, value }) => [type, value]));
  const clock = (iso) => `${local(iso).hour}:${local(iso).minute}`;

  function make(tag, className = "", ...children) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
    return element;
  }

  function button(label, does, className = "button") {
    const element = make("button", className, label);
    element.type = "button";
    element.addEventListener("click", does);
    return element;
  }

  async function ask(address, method = "GET", body = null) {
    const answer = await fetch(address, {
      method, headers: body ? { "Content-Type": "application/json" } : {}, body: body ? JSON.stringify(body) : null, signal: AbortSignal.timeout(20_000),
    });
    const got = answer.status === 204 ? null : await answer.json().catch(() => null);
    if (!answer.ok) throw new Error(got?.detail ?? String(answer.status));
    return got;
  }

  function says(text) {
    const place = byId("visits-says");
    if (place && place.textContent !== text) place.textContent = text;
  }

  /** An instant of the campus's own clock as the server takes it, whatever zone this browser is in. */
  function instant(text) {
    let at = Date.parse(`${text}:00Z`);
    for (let turn = 0; turn < 2; turn += 1) {
      const seen = local(new Date(at).toISOString());
      at += Date.parse(`${text}:00Z`) - Date.parse(`${seen.year}-${seen.month}-${seen.day}T${seen.hour}:${seen.minute}:00Z`);
    }
    return new Date(at).toISOString();
  }
  const field = (iso) => {
    const at = local(iso);
    return `${at.year}-${at.month}-${at.day}T${at.hour}:${at.minute}`;
  };

  async function load() {
    try {
      const first = `${Math.min(month.year, Number(local(new Date().toISOString()).year))}-01-01T00:00:00Z`;
      const found = await ask(`/api/v1/visits?from=${encodeURIComponent(first)}`);
      [rows, counts] = [found.items, found.counts];
      says("");
      state("ready");
      draw();
    } catch (error) {
      says(say("visits.failed", { why: error.message }));
      state(rows.length ? "stale" : "error");
    }
  }
  const state = (word) => document.querySelector('[data-page="visits"]')?.setAttribute("data-state", word);

  // ---- the year

  function figure(number, unit, under) {
    return make("div", "visits-figure", make("p", "", make("b", "", number), make("span", "", unit)), make("p", "note", under));
  }

  function draw() {
    byId("visits-year").textContent = say("visits.year", { year: counts.year });
    const grouped = (n) => n.toLocaleString("en-US").replaceAll(",", "\u202f");
    byId("visits-counts").replaceChildren(
      figure(grouped(counts.groups), say("visits.groups"), [say("visits.before", { n: counts.groups_before }), say("visits.booked", { n: counts.booked })].join(" \u00b7 ")),
      figure(grouped(counts.people), say("visits.people"), say("visits.before", { n: grouped(counts.people_before) })),
      figure(counts.stars === null ? "\u2013" : counts.stars.toFixed(1), say("visits.stars"), counts.taps ? say("visits.taps", counts) : say("visits.no-taps")),
    );
    calendar();
    next();
    said();
  }

  // ---- the month

  function calendar() {
    const { year, month: of } = month;
    const first = new Date(Date.UTC(year, of - 1, 1));
    const before = (first.getUTCDay() + 6) % 7;
    const days = new Date(Date.UTC(year, of, 0)).getUTCDate();
    const today = local(new Date().toISOString());
    const names = Array.from({ length: 7 }, (_, n) => new Intl.DateTimeFormat(told.lang === "zh" ? "zh-CN" : "en-GB", { weekday: "short", timeZone: "UTC" }).format(new Date(Date.UTC(2024, 0, 1 + n))));
    const cells = Array.from({ length: Math.ceil((before + days) / 7) * 7 }, (_, n) => {
      const day = n - before + 1;
      if (day < 1 || day > days) return make("td");
      const own = rows.filter((row) => {
        const at = local(row.begins);
        return Number(at.year) === year && Number(at.month) === of && Number(at.day) === day;
      });
      const cell = make("td", "", make("span", "visits-day", String(day)), ...own.map(chip));
      if (Number(today.year) === year && Number(today.month) === of && Number(today.day) === day) cell.setAttribute("aria-current", "date");
      return cell;
    });
    const lines = Array.from({ length: cells.length / 7 }, (_, n) => make("tr", "", ...cells.slice(n * 7, n * 7 + 7)));
    const head = make("div", "visits-month-head", make("h2", "", say("visits.month", { year, month: String(of).padStart(2, "0") })),
      step("\u2039", -1, "visits.month-before"), step("\u203a", 1, "visits.month-after"));
    byId("visits-month").replaceChildren(head, make("table", "visits-table", make("thead", "", make("tr", "", ...names.map((name) => make("th", "", name)))), make("tbody", "", ...lines)));
  }

  function step(label, by, key) {
    const element = button(label, () => {
      const at = new Date(Date.UTC(month.year, month.month - 1 + by, 1));
      month = { year: at.getUTCFullYear(), month: at.getUTCMonth() + 1 };
      calendar();
      load();
    }, "choice");
    element.setAttribute("aria-label", say(key));
    return element;
  }

  function chip(row) {
    const element = button(String(row.people), () => form(row), "visits-chip");
    element.dataset.state = row.state;
    const label = say("visits.row", { time: clock(row.begins), name: row.name, people: row.people, state: say(`visits.state.${row.state}`) });
    element.setAttribute("aria-label", label);
    element.title = label;
    return element;
  }

  // ---- who comes next, what they said

  function next() {
    const now = Date.now();
    const row = rows.find(({ begins, minutes, state: stands }) => stands === "booked" && Date.parse(begins) + minutes * 60_000 > now);
    const place = byId("visits-next");
    if (!row) return place.replaceChildren(make("h2", "", say("visits.next")), make("p", "note", say("visits.none")));
    const date = new Intl.DateTimeFormat(told.lang === "zh" ? "zh-CN" : "en-GB", { timeZone: zone, month: "long", day: "numeric", weekday: "short" }).format(new Date(row.begins));
    const facts = [`${row.people} ${say("visits.people")}`, new Intl.DisplayNames([told.lang], { type: "language" }).of(row.lang), row.guide, told.tours[row.tour] ?? ""].filter(Boolean).join(" \u00b7 ");
    const lead = make("a", "button visits-lead", say("visits.lead"));
    lead.href = `/guide/${encodeURIComponent(row.tour || Object.keys(told.tours)[0])}?visit=${encodeURIComponent(row.id)}`;
    place.replaceChildren(make("h2", "", say("visits.next")), make("p", "visits-when", make("b", "", clock(row.begins)), make("span", "", date)), make("p", "visits-name", row.name), make("p", "", facts),
      make("p", "note", row.note), make("div", "walls-buttons", lead, button(say("visits.change"), () => form(row))));
  }

  function said() {
    const stars = [5, 4, 3, 2, 1].map((star) => [star, rows.reduce((sum, row) => sum + (row.stars[star] ?? 0), 0)]);
    const most = Math.max(1, ...stars.map(([, n]) => n));
    const bars = stars.map(([star, n]) => {
      const bar = make("i");
      bar.style.width = `${((100 * n) / most).toFixed(1)}%`;
      const row = make("li", "", make("span", "", String(star)), make("span", "visits-bar", bar), make("span", "", String(n)));
      row.setAttribute("aria-label", `${star}: ${say("visits.times", { n })}`);
      return row;
    });
    byId("visits-said").replaceChildren(make("h2", "", say("visits.said")), make("ul", "visits-bars", ...bars));
  }

  // ---- the form

  function input(name, type, value, more = {}) {
    const element = make(type === "textarea" ? "textarea" : "input");
    if (type !== "textarea") element.type = type;
    Object.assign(element, { name, value, ...more });
    return element;
  }

  function select(name, options, value) {
    const element = make("select", "", ...options.map(([key, label]) => new Option(label, key)));
    Object.assign(element, { name, value });
    return element;
  }

  function form(row) {
    const dialog = byId("visits-form");
    const soon = new Date(Math.ceil((Date.now() + 86_400_000) / 1_800_000) * 1_800_000).toISOString();
    const given = row ?? { begins: soon, minutes: 30, name: "", kind: "school", people: 20, lang: "zh", guide: "", tour: "", contact: "", note: "", state: "booked" };
    const fields = [
      ["begins", input("begins", "datetime-local", field(given.begins), { required: true })], ["minutes", input("minutes", "number", given.minutes, { min: 5, max: 600, required: true })],
      ["name", input("name", "text", given.name, { maxLength: 120, required: true })], ["kind", select("kind", KINDS.map((kind) => [kind, say(`visits.kind.${kind}`)]), given.kind)],
      ["people-field", input("people", "number", given.people, { min: 1, max: 2000, required: true })], ["lang", input("lang", "text", given.lang, { maxLength: 12, pattern: "[a-z]{2,3}(-[A-Za-z0-9]{2,8})?", required: true })],
      ["guide", input("guide", "text", given.guide, { maxLength: 200 })], ["tour", select("tour", [["", say("visits.tour-none")], ...Object.entries(told.tours)], given.tour)],
      ["contact", input("contact", "text", given.contact, { maxLength: 200 })], ["state", select("state", STATES.map((word) => [word, say(`visits.state.${word}`)]), given.state)],
      ["note", input("note", "textarea", given.note, { maxLength: 1000, rows: 2 })],
    ].map(([key, element]) => {
      element.setAttribute("aria-label", say(`visits.${key}`));
      return make("label", `visits-field visits-field-${key}`, make("span", "", say(`visits.${key}`)), element);
    });
    const wrong = make("p", "note");
    wrong.setAttribute("role", "alert");
    const save = make("button", "button visits-lead", say("visits.save"));
    const buttons = make("div", "walls-buttons", save, button(say("visits.close"), () => dialog.close()), row ? remover(row, dialog, wrong) : null);
    const lasted = row?.lasted_min ? make("p", "note", say("visits.lasted", { n: row.lasted_min })) : null;
    const body = make("form", "", make("h2", "", row ? row.name : say("visits.book")), make("div", "visits-fields", ...fields), lasted, wrong, buttons);
    body.addEventListener("submit", async (event) => {
      event.preventDefault();
      const entries = Object.fromEntries(new FormData(body));
      const asked = { ...entries, begins: instant(entries.begins), minutes: Number(entries.minutes), people: Number(entries.people) };
      try {
        await ask(row ? `/api/v1/visits/${encodeURIComponent(row.id)}` : "/api/v1/visits", row ? "PUT" : "POST", asked);
        dialog.close();
        load();
      } catch (error) {
        wrong.textContent = say("visits.failed", { why: error.message });
      }
    });
    dialog.setAttribute("aria-label", row ? row.name : say("visits.book"));
    dialog.replaceChildren(body);
    dialog.showModal();
  }

  function remover(row, dialog, wrong) {
    let sure = 0;
    const element = button(say("visits.remove"), async () => {
      if (performance.now() > sure) {
        sure = performance.now() + SURE_MS;
        element.textContent = say("visits.remove-sure");
        return;
      }
      try {
        await ask(`/api/v1/visits/${encodeURIComponent(row.id)}`, "DELETE");
        dialog.close();
        load();
      } catch (error) {
        wrong.textContent = say("visits.failed", { why: error.message });
      }
    });
    return element;
  }

  // ---- a calendar of others

  function take() {
    const chooser = input("calendar", "file", "", { accept: ".ics,text/calendar" });
    chooser.addEventListener("change", async () => {
      try {
        const [file] = chooser.files;
        const found = await ask("/api/v1/visits/calendar", "POST", { calendar: await file.text() });
        await load();
        says(say("visits.taken", found));
      } catch (error) {
        says(say("visits.failed", { why: error.message }));
      }
    });
    chooser.click();
  }

  document.addEventListener("campus:page", () => {
    clearInterval(timer);
    const main = document.querySelector("[data-visits]");
    if (!main) return;
    told = JSON.parse(main.dataset.visits);
    const today = local(new Date().toISOString());
    month = { year: Number(today.year), month: Number(today.month) };
    byId("visits-book").addEventListener("click", () => form(null));
    byId("visits-take").addEventListener("click", take);
    timer = setInterval(() => !document.hidden && !byId("visits-form")?.open && load(), STEP_MS);
    load();
  });
})();
