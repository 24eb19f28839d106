// How well the alarms serve the people who live with them: rates against their aims, floods, priorities, what calls most.
(function () {
  "use strict";
  const alarms = window.campusAlarms;
  const words = alarms.words;
  const page = alarms.page;
  const { make, text } = words;
  const DAY_MS = 86_400_000;
  const EVERY_MS = 60_000;

  const dash = "–";
  const rounded = (value, digits = 0) => (value === null ? dash : value.toFixed(digits));
  /** What is little is not nothing. */
  function percent(share, digits = 0) {
    if (share === null) return dash;
    const least = 10 ** -digits;
    return share > 0 && 100 * share < least / 2 ? `<\u202f${least}\u202f%` : `${(100 * share).toFixed(digits)}\u202f%`;
  }

  /** A figure with its aim; what misses the aim says so in words, not by a colour. */
  function figure(label, value, aim, good) {
    const kept = good === null ? "" : text(good ? "alarms.figures.kept" : "alarms.figures.missed");
    return make("div", { class: "alarms-figure", "data-missed": good === false },
      make("dt", {}, label), make("dd", {}, make("span", { class: "figure-value" }, value), make("span", { class: "figure-aim" }, [aim, kept].filter(Boolean).join(" · "))));
  }

  const test = (value, within) => (value === null ? null : within(value));

  function headline(of) {
    const per = (n) => text("alarms.figures.aim", { aim: n });
    return make("dl", { class: "alarms-figures-row" },
      figure(text("alarms.figures.per-day"), rounded(of.per_day), per(`≤ ${of.per_day_aim}`), test(of.per_day, (n) => n <= of.per_day_aim)),
      figure(text("alarms.figures.per-ten"), rounded(of.per_ten_minutes, 2), per("≤ 1"), test(of.per_ten_minutes, (n) => n <= 1)),
      figure(text("alarms.figures.most"), String(of.most_in_ten_minutes), per("≤ 10"), of.most_in_ten_minutes <= 10),
      figure(text("alarms.figures.flood"), percent(of.flood_share, 1), per("< 1\u202f%"), test(of.flood_share, (n) => n < 0.01)),
      figure(text("alarms.figures.stale"), String(of.stale_total), per("0"), of.stale_total === 0),
      figure(text("alarms.figures.chattering"), String(of.chattering.length), per("0"), of.chattering.length === 0),
      figure(text("alarms.figures.ack"), of.ack_median_s === null ? dash : words.age(of.ack_median_s), of.ack_p90_s === null ? "" : text("alarms.figures.p90", { age: words.age(of.ack_p90_s) }), null),
      figure(text("alarms.figures.now"), String(of.standing), text("alarms.figures.held", { shelved: of.shelved, suppressed: of.suppressed, service: of.out_of_service }), null));
  }

  function shares(of) {
    const rows = of.priorities.map((row) => make("tr", {}, make("td", {}, text(`alarms.figures.${row.priority}`)), make("td", { class: "right" }, String(row.calls)),
      make("td", { class: "right" }, percent(row.share)), make("td", { class: "right" }, percent(row.target))));
    const head = ["priority", "calls", "share", "target"].map((name, i) => make("th", { scope: "col", class: i ? "right" : null }, text(`alarms.figures.${name}`)));
    return make("section", {}, make("h3", {}, text("alarms.figures.priorities")), make("table", { class: "table" }, make("thead", {}, make("tr", {}, head)), make("tbody", {}, rows)));
  }

  function callers(title, list, { shelve = false } = {}) {
    if (!list.length) return make("section", {}, make("h3", {}, title), make("p", { class: "quiet-line" }, text("alarms.figures.none")));
    const rows = list.map((row) => make("tr", {}, make("td", {}, make("button", { class: "figure-open", type: "button", "data-figure-alarm": row.alarm }, words.name(row.text) || row.alarm)),
      make("td", { class: "right" }, row.calls === undefined ? words.clock(Date.parse(row.since)) : String(row.calls)),
      make("td", { class: "right" }, row.share === undefined ? "" : percent(row.share)),
      shelve ? make("td", { class: "right" }, alarms.act.may() ? make("button", { class: "button small", type: "button", "data-figure-shelve": row.alarm }, text("alarms.act.shelve")) : "") : null));
    return make("section", {}, make("h3", {}, title), make("table", { class: "table" }, make("tbody", {}, rows)));
  }

  function people(of) {
    const rows = Object.entries(of.acknowledged_by).sort(([, a], [, b]) => b - a).slice(0, 10).map(([who, n]) => make("tr", {}, make("td", {}, who), make("td", { class: "right" }, String(n))));
    if (!rows.length) return null;
    return make("section", {}, make("h3", {}, text("alarms.figures.people")), make("table", { class: "table" }, make("tbody", {}, rows)));
  }

  function spans() {
    return make("div", { class: "choices small", role: "group", "aria-label": text("alarms.figures.span") }, ["1", "7", "30"].map((days) =>
      make("button", { class: "choice", type: "button", "data-figure-span": days, "aria-pressed": String(page.get().span === days) }, text("alarms.figures.days", { n: days }))));
  }

  /** The figures in `place`; `show()` asks for them, and again every minute while they are in sight. */
  function figures(place) {
    let timer = 0;
    let asking = null;
    let shown = "";

    function known(of) {
      const { local } = window.campus.timeAxis;
      const begins = of.known_since === null ? text("alarms.figures.unknown") : text("alarms.figures.known", { share: percent(of.coverage), since: local.full(Date.parse(of.known_since)) });
      const marked = of.simulated ? ` · ${text("alarms.figures.simulated", { n: of.simulated })}` : "";
      return make("p", { class: "alarms-figures-known" }, `${local.full(Date.parse(of.start))} – ${local.full(Date.parse(of.end))} · ${begins}${marked}`);
    }

    function draw(of) {
      place.replaceChildren(make("div", { class: "alarms-figures-head" }, spans(), known(of)), headline(of),
        make("div", { class: "alarms-figures-parts" }, callers(text("alarms.figures.worst"), of.worst, { shelve: true }), callers(text("alarms.figures.chatter-list"), of.chattering, { shelve: true }),
          callers(text("alarms.figures.stale-list"), of.stale), shares(of), people(of)));
    }

    async function ask() {
      clearTimeout(timer);
      asking?.abort();
      if (!place.isConnected || place.hidden) return;
      const mine = (asking = new AbortController());
      const { at, span } = page.get();
      const end = at === "live" ? Date.now() : Date.parse(at);
      const query = new URLSearchParams({ from: new Date(end - Number(span) * DAY_MS).toISOString(), to: new Date(end).toISOString() });
      try {
        const reply = await fetch(`/api/v1/alarms/figures?${query}`, { signal: mine.signal });
        const body = await reply.json();
        if (mine.signal.aborted) return;
        if (!reply.ok) throw new Error(body.detail ?? String(reply.status));
        draw(body);
        place.dataset.state = "ready";
      } catch (error) {
        if (mine.signal.aborted) return;
        place.dataset.state = "error";
        place.replaceChildren(make("div", { class: "state", role: "status" }, make("p", { class: "state-title" }, text("alarms.figures.failed")), make("p", { class: "state-text" }, error instanceof TypeError ? text("alarms.gone") : error.message)));
      } finally {
        if (asking === mine && at === "live") timer = setTimeout(ask, EVERY_MS);
      }
    }

    place.addEventListener("click", async (event) => {
      const { figureSpan, figureAlarm, figureShelve } = event.target.closest("button")?.dataset ?? {};
      if (figureSpan) page.set({ span: figureSpan });
      else if (figureAlarm) page.set({ view: "all", alarm: figureAlarm, ...page.cleared });
      else if (figureShelve) {
        const reply = await fetch(`/api/v1/alarms/${alarms.act.path(figureShelve)}`);
        if (reply.ok) alarms.act.ask("shelve", [(await reply.json()).alarm]);
      }
    });
    /** What is shown is of this span and moment; else it is asked for, and until then something says so. */
    function show() {
      const { span, at } = page.get();
      const wanted = `${span} ${at}`;
      if (shown === wanted) return;
      shown = wanted;
      if (!place.firstChild) place.replaceChildren(make("div", { class: "state", "aria-busy": "true" }, make("span", { class: "loading-bar" })));
      ask();
    }
    return { show };
  }

  alarms.figures = figures;
})();
