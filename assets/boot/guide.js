// The guide's phone: leads a tour with one hand. It may lose its network: what stands is the server's, and comes back whole.
(function () {
  "use strict";
  const { phone } = window;
  const { make, byId, say, text, write, told } = phone;
  const SURE_MS = 4000;
  let state = null;
  let picture = null;
  let line = false;
  let heard = 0;
  let stop = null;
  let trouble = "";
  let id = new URLSearchParams(location.search).get("telling") ?? "";
  const steps = told.chapters.flatMap(({ steps: rows }) => rows);

  // ---- asking

  async function ask(address, body) {
    const answer = await fetch(address, {
      method: body ? "POST" : "GET", headers: body ? { "Content-Type": "application/json" } : {}, body: body ? JSON.stringify(body) : null,
      signal: AbortSignal.timeout(8000),
    });
    const got = await answer.json().catch(() => null);
    if (!answer.ok) throw Object.assign(new Error(got?.detail ?? String(answer.status)), { status: answer.status });
    return got;
  }

  async function act(what, value = "") {
    try {
      const now = await ask(`/api/v1/tellings/${encodeURIComponent(id)}/act`, { do: what, value: String(value) });
      trouble = "";
      take("state", now);
    } catch (error) {
      if (error.status === 404) return over();
      trouble = say("guide.failed", { why: error.message });
      draw();
    }
  }

  // ---- before: begin, or join what is under way

  async function start() {
    const place = byId("start");
    byId("lead").hidden = byId("hands").hidden = true;
    place.hidden = false;
    let running = [];
    try {
      running = (await ask("/api/v1/tellings")).filter(({ tour }) => tour === told.tour);
      trouble = "";
    } catch (error) {
      trouble = say("guide.failed", { why: error.message });
    }
    const lengths = [[0, say("guide.all", { n: Math.max(1, Math.round(told.seconds / 60)) })], ...told.minutes.map((n) => [n, say("tours.minutes", { n })])];
    const begins = lengths.map(([minutes, label]) => button(label, () => begin(minutes)));
    await visits();
    const joins = running.map((row) => {
      const where = row.wall ? `${text(told.walls[row.wall]) || row.wall} \u00b7 ` : "";
      return button(say("guide.under", { where, n: row.n, who: row.guided ? say("guide.takes-short") : say("guide.nobody") }), () => join(row.id));
    });
    place.replaceChildren(...[
      trouble ? make("p", "phone-says", trouble) : null,
      make("h2", "", say("guide.begin")), groups.length ? make("label", "guide-field", make("span", "", say("guide.group")), group) : null,
      make("div", "guide-choices", ...begins),
      ...(joins.length ? [make("h2", "", say("guide.join")), make("div", "guide-choices", ...joins)] : []),
    ].filter(Boolean));
    phone.main.dataset.state = "ready";
  }

  // ---- the group that it is for

  let groups = [];
  const group = make("select");
  async function visits() {
    const [from, to] = [-6, 18].map((hours) => new Date(Date.now() + hours * 3_600_000).toISOString());
    try {
      const found = await ask(`/api/v1/visits?from=${encodeURIComponent(from)}&to=${encodeURIComponent(to)}`);
      groups = found.items.filter(({ state: stands, tour }) => stands === "booked" && (!tour || tour === told.tour));
    } catch {
      groups = []; // a tour can be led without the register
    }
    const wanted = new URLSearchParams(location.search).get("visit") ?? "";
    group.replaceChildren(new Option(say("guide.group-none"), ""), ...groups.map((row) => new Option(`${phone.time(new Date(row.begins))} ${row.name} (${row.people})`, row.id)));
    group.value = groups.some(({ id: key }) => key === wanted) ? wanted : "";
  }

  function button(label, does) {
    const element = make("button", "guide-choice", label);
    element.type = "button";
    element.addEventListener("click", does);
    return element;
  }

  async function begin(minutes) {
    try {
      join((await ask("/api/v1/tellings", { tour: told.tour, minutes, lang: phone.lang, lead: true, visit: group.value })).id);
    } catch (error) {
      trouble = say("guide.failed", { why: error.message });
      byId("start").prepend(make("p", "phone-says", trouble));
    }
  }

  function join(which) {
    id = which;
    const query = new URLSearchParams(location.search);
    query.set("telling", id);
    history.replaceState(null, "", `${location.pathname}?${query}`);
    stop?.();
    stop = window.campusLine(`/sse/telling/${encodeURIComponent(id)}?as=guide`, ["state", "picture", "over"], take);
    act("join");
  }

  function over() {
    stop?.();
    stop = null;
    id = "";
    state = picture = null;
    const query = new URLSearchParams(location.search);
    query.delete("telling");
    history.replaceState(null, "", `${location.pathname}${query.size ? `?${query}` : ""}`);
    start().then(() => byId("start").prepend(make("p", "phone-quiet", say("guide.over"))));
  }

  function take(name, body) {
    if (name === "line") {
      if (line !== body && !body && id) ask(`/api/v1/tellings/${encodeURIComponent(id)}`).catch(({ status }) => status === 404 && over());
      line = body;
    } else if (name === "state") {
      if (state && body.version < state.version) return;
      state = { ...body, you: body.you || state?.you || "" };
      heard = performance.now();
    } else if (name === "picture") picture = body;
    else return over();
    draw();
  }

  // ---- under way

  const leads = () => state.holder === state.you;

  function draw() {
    if (!state) return;
    byId("start").hidden = true;
    byId("lead").hidden = byId("hands").hidden = false;
    phone.main.dataset.state = line ? "ready" : "stale";
    phone.main.dataset.step = state.step;
    write("name", text(told.names));
    write("line", [state.wall ? text(told.walls[state.wall]) : "", say(line ? "guide.connected" : "guide.broken")].filter(Boolean).join(" \u00b7 "));
    write("chapter", `${state.n} ${text(state.chapter.names)}`);
    words();
    bars();
    coming();
    chips();
    fields();
    buttons();
    write("says", trouble || (leads() ? "" : say(state.holder ? "guide.takes" : "guide.nobody", { who: state.holder })));
    second();
  }

  function words() {
    const fits = picture && picture.step === state.step;
    write("sentence", fits ? text(picture.text) : "");
    write("notes", fits ? text(picture.notes) : "");
    const when = fits ? phone.when(picture.moment) : "";
    byId("facts").replaceChildren(...(fits && picture.number ? [make("b", "", (picture.number.said[phone.lang] ?? picture.number.said.en).text), ...phone.origin(picture.number)] : []), ...(when ? [make("span", "", when)] : []));
    if (fits) phone.draw(phone.places(picture));
    const named = (step) => text(steps.find((row) => row.id === step)?.text).replace(/\{[^}]*\}/g, "\u2026");
    byId("passed").replaceChildren(...state.notes.map(({ step, why }) => make("li", "", say("guide.passed", { step: named(step), why: text(why) }))));
  }

  function bars() {
    const place = byId("bars");
    if (place.childElementCount !== state.of) place.replaceChildren(...Array.from({ length: state.of }, () => make("i", "", make("b"))));
    place.setAttribute("aria-label", say("tour.step", { n: state.n, of: state.of }));
  }

  function coming() {
    const after = state.path[state.path.indexOf(state.step) + 1];
    const row = steps.find(({ id: step }) => step === after);
    byId("coming").replaceChildren(...(row ? [make("span", "", say("guide.next-is")), make("b", "", plain(row))] : [make("span", "", say("guide.last"))]));
  }
  const plain = (row) => text(row.text).replace(/\{[^}]*\}/g, "\u2026");

  let drawn = "";
  function chips() {
    const said = JSON.stringify([state.step, state.path, state.left_out, phone.lang]);
    if (said === drawn) return;
    drawn = said;
    const out = new Set(state.left_out.map(({ step }) => step));
    const row = told.chapters.flatMap((chapter) => chapter.steps.map((step, n) => {
      const element = button(n === 0 ? text(chapter.names) : `\u00b7 ${plain(step).slice(0, 10)}`, () => act("jump", step.id));
      element.className = "guide-chip";
      element.title = plain(step);
      element.setAttribute("aria-label", `${text(chapter.names)}: ${plain(step)}`);
      element.disabled = out.has(step.id);
      if (step.id === state.step) element.setAttribute("aria-current", "step");
      return element;
    }));
    byId("chips").replaceChildren(...row);
    byId("chips").querySelector("[aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
  }

  function fields() {
    const [wall, length] = [byId("wall"), byId("length")];
    const fill = (select, rows, value) => {
      if (select.childElementCount !== rows.length) select.replaceChildren(...rows.map(([key, label]) => new Option(label, key)));
      if (document.activeElement !== select) select.value = value;
      select.disabled = !leads();
    };
    fill(wall, [["", say("guide.wall-none")], ...Object.entries(told.walls).map(([key, names]) => [key, text(names) || key])], state.wall);
    fill(length, [["0", say("guide.all", { n: Math.round(told.seconds / 60) })], ...state.lengths.map((n) => [String(n), say("tours.minutes", { n })])], String(state.minutes));
    byId("end").disabled = !leads();
    byId("langs").replaceChildren(...told.languages.map((lang) => {
      const element = button(lang === "zh" ? "中文" : lang.toUpperCase(), () => act("lang", lang));
      element.className = "guide-lang";
      element.setAttribute("aria-pressed", String(state.lang === lang));
      element.disabled = !leads();
      return element;
    }));
  }

  function buttons() {
    const own = leads();
    for (const element of byId("hands").querySelectorAll("[data-does]")) {
      const what = element.dataset.does;
      element.hidden = !own && what !== "next";
      element.textContent = own ? say(what === "hold" && state.held ? "tour.resume" : `tour.${what}`) : say("guide.take");
      element.disabled = own && ((what === "next" && state.phase === "ended") || (what === "back" && state.n <= 1 && state.phase !== "ended"));
    }
  }

  /** What goes on without news: the clocks. */
  function second() {
    if (!state) return;
    const gone = state.held || state.phase === "ended" ? 0 : (performance.now() - heard) / 1000;
    const elapsed = state.elapsed_s + gone;
    const left = Math.max(0, state.left_s - Math.min(gone, Math.max(0, state.dwell_s - state.elapsed_s)));
    write("clock", `${phone.stretch(elapsed)} / ${phone.stretch(state.dwell_s)}`);
    byId("clock").toggleAttribute("data-late", elapsed > state.dwell_s);
    write("left", phone.stretch(left));
    write("ends", phone.time(Date.now() + left * 1000));
    [...byId("bars").children].forEach((bar, at) => {
      const share = at + 1 < state.n || state.phase === "ended" ? 1 : at + 1 === state.n ? Math.min(1, elapsed / state.dwell_s) : 0;
      bar.firstChild.style.transform = `scaleX(${share.toFixed(3)})`;
    });
  }

  // ---- hands

  byId("hands").addEventListener("click", ({ target }) => {
    const what = target.closest("[data-does]")?.dataset.does;
    if (!what || !state) return;
    if (!leads()) act("take-over");
    else act(what === "hold" && state.held ? "resume" : what);
  });
  byId("wall").addEventListener("change", ({ target }) => act("wall", target.value));
  byId("length").addEventListener("change", ({ target }) => act("length", target.value));
  let sure = 0;
  byId("end").addEventListener("click", ({ target }) => {
    if (performance.now() < sure) return act("end");
    sure = performance.now() + SURE_MS;
    target.textContent = say("guide.end-sure");
    setTimeout(() => {
      target.textContent = say("guide.end");
    }, SURE_MS);
  });

  // ---- questions: any building, any room, and its numbers

  let asking = 0;
  byId("find").addEventListener("input", ({ target }) => {
    clearTimeout(asking);
    asking = setTimeout(() => find(target.value.trim()), 200);
  });

  async function find(words_) {
    const place = byId("found");
    if (!words_) {
      if (state?.pointer && leads()) act("point", "");
      return place.replaceChildren();
    }
    try {
      const hits = await ask(`/api/v1/search?limit=6&q=${encodeURIComponent(words_)}`);
      place.replaceChildren(...(hits.length ? hits.map(hit) : [make("li", "phone-quiet", say("guide.none"))]));
    } catch (error) {
      place.replaceChildren(make("li", "phone-quiet", say("guide.failed", { why: error.message })));
    }
  }

  function hit(row) {
    const numbers = make("p", "phone-facts");
    const label = phone.lang === "zh" ? row.label_zh : row.label_en;
    const element = make("li", "", button(label, async () => {
      if (leads()) act("point", row.id);
      if (!["building", "storey", "campus"].includes(row.kind)) return;
      try {
        const found = await ask(`/api/v1/kpis?domain=energy&entity=${encodeURIComponent(row.id)}`);
        numbers.replaceChildren(...found.kpis.filter(({ value }) => value !== null).slice(0, 4).map(({ names, value, unit, decimals, age_s: age }) => make("span", "",
          `${text(names)} ${value.toFixed(decimals)} ${unit}${age === null ? "" : ` (${phone.age(age)})`}`)));
      } catch {
        numbers.replaceChildren();
      }
    }), numbers);
    element.firstChild.title = say("guide.point");
    return element;
  }

  setInterval(second, 1000);
  document.addEventListener("visibilitychange", () => !document.hidden && id && state && leads() && act("touch"));
  if (id) join(id);
  else start();
})();
