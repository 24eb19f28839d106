// One alarm in full: what and where, since when, what it means and what to do, the course of its value, what was done so far.
// Beside the list on /alarms, and over the panel of the console.
(function () {
  "use strict";
  const alarms = window.campusAlarms;
  const words = alarms.words;
  const { make, text, sign, name } = words;
  const KINDS_OF_POINTS = new Set(["threshold", "state", "loss"]);
  const STEPS = 30;
  /** What may be done, in the order of the buttons; the first that is allowed is the one to press. */
  const ORDER = ["ack", "reset", "unshelve", "in-service", "shelve", "out-of-service"];

  function address(path, query) {
    const now = new URLSearchParams(location.search);
    const kept = ["lang", "theme", "at"].filter((key) => now.get(key)).map((key) => [key, now.get(key)]);
    return `${path}?${new URLSearchParams([...Object.entries(query), ...kept])}`.replaceAll("%2F", "/").replaceAll("%3A", ":");
  }

  /** Where an alarm is seen in the scene. */
  const scene = (alarm) => address("/", { ...(alarm.place ? { sel: alarm.place } : {}), alarm: alarm.id });
  const page = (alarm) => address("/alarms", { alarm: alarm.id });

  const row = (label, ...fact) => make("div", { class: "row" }, make("dt", {}, label), make("dd", { class: "fact" }, ...fact));

  function facts(alarm, now) {
    const { local } = window.campus.timeAxis;
    const since = words.since(alarm);
    const left = words.left(alarm, now);
    const measured = alarm.value === null || alarm.kind === "state" ? "" : words.withUnit(alarm.value, alarm.unit);
    return make("dl", { class: "rows" },
      row(text("alarms.since"), `${local.full(since)} · ${words.age((now - since) / 1000)}`),
      measured ? row(text("alarms.value"), measured + (alarm.limit === null ? "" : ` · ${text("alarms.limit")} ${words.withUnit(alarm.limit, alarm.unit)}`)) : null,
      left === null ? null : row(text("alarms.respond"), make("span", { class: "alarm-left", "data-over": left < 0 }, words.leftText(alarm, now))),
      alarm.incident ? row(text("alarms.incident"), make("a", { class: "link", href: address(`/incidents/${alarm.incident}`, {}) }, text("alarms.incident-n", { n: alarm.incident.slice(1) }))) : null,
      name(alarm.owner) ? row(text("alarms.owner"), name(alarm.owner)) : null,
      alarm.acked_by ? row(text("alarms.acked-by"), `${alarm.acked_by} · ${words.clock(Date.parse(alarm.acked), now)}${alarm.comment ? ` · ${alarm.comment}` : ""}`) : null,
      held(alarm, now),
      row(text("alarms.data"), text(`alarms.data.${alarm.data}`), alarm.simulated ? make("span", { class: "origin" }, text("alarms.simulated")) : null));
  }

  /** Who holds it back, why, until when. */
  function held(alarm, now) {
    if (alarm.out_of_service) {
      const until = alarm.review ? ` · ${text("alarms.review-on", { at: words.clock(Date.parse(alarm.review), now) })}` : "";
      return row(words.state({ state: "I" }), `${alarm.removed_by} · ${alarm.removed_why}${until}`);
    }
    if (alarm.suppressed_by.length) return row(words.state({ state: "H" }), alarm.suppressed_why.map(name).join(" · "));
    if (!alarm.shelved_until) return null;
    const until = alarm.one_shot ? text("alarms.act.until-returns") : text("alarms.until", { at: words.clock(Date.parse(alarm.shelved_until), now) });
    return row(words.state({ state: "G" }), `${alarm.shelved_by} · ${alarm.shelved_why} · ${until}`);
  }

  function part(title, told, more = "") {
    if (!told) return null;
    return make("section", { class: `alarm-part ${more}` }, make("h3", {}, title), make("p", {}, told));
  }

  function step(of, now) {
    const reason = name(of.reason_text) || of.reason;
    const who = of.actor === "system" ? "" : of.actor;
    return make("li", {},
      make("time", { datetime: of.time }, words.clock(Date.parse(of.time), now)),
      make("span", {}, make("b", {}, text(`alarms.event.${of.event}`)), [who, reason].filter(Boolean).map((told) => ` · ${told}`).join("")));
  }

  function history(steps, total, now) {
    if (!steps.length) return null;
    const more = total > STEPS ? make("p", { class: "note" }, text("alarms.steps.more", { n: total - STEPS })) : null;
    return make("section", { class: "alarm-part" }, make("h3", {}, text("alarms.steps")), make("ol", { class: "alarm-steps" }, steps.slice(0, STEPS).map((of) => step(of, now))), more);
  }

  /** On the page of alarms the keys belong to what is chosen in the list. */
  function buttons(alarm, inScene) {
    const allowed = ORDER.filter((act) => alarms.act.allowed(act, alarm));
    return make("div", { class: "alarm-acts" }, allowed.map((act, place) =>
      make("button", { class: "button", type: "button", "data-alarm-act": act, "data-first": place === 0, "aria-keyshortcuts": inScene && act === "ack" ? "A" : null }, text(`alarms.act.${act}`))));
  }

  function links(alarm, inScene) {
    const node = alarm.nodes[0];
    const link = (href, label, more = {}) => make("a", { href, class: "see-trend", ...more }, label);
    return make("p", { class: "alarm-links" },
      inScene ? link(page(alarm), text("alarms.see.list")) : link(scene(alarm), text("alarms.see.scene"), { "data-alarm-scene": true }),
      node ? link(address("/", { ...(alarm.place ? { sel: alarm.place } : {}), impact: node, alarm: alarm.id }), text("alarms.see.impact")) : null,
      KINDS_OF_POINTS.has(alarm.kind) ? link(address("/trends", { what: alarm.source }), text("trends.see")) : null);
  }

  /**
   * A card in `place`. `show(id, {known, at})` shows an alarm ('' none): `known` is what is known of it already, `at`
   * 'live' or an instant. `closed` is called when the reader closes it.
   */
  function card(place, { inScene = false, closed }) {
    let shown = "";
    let at = "live";
    let alarm = null;
    let asking = null;
    let timer = 0;

    const now = () => (at === "live" ? Date.now() : Date.parse(at));

    function head() {
      return make("header", { class: "alarm-head" },
        make("div", { class: "alarm-title" },
          sign(alarm.priority, { calling: alarms.calls(alarm) }),
          make("div", {}, make("h2", { tabindex: -1 }, words.what(alarm)),
            make("p", { class: "alarm-where" }, words.place(alarm), make("span", { class: "alarm-state" }, `${alarm.state} ${words.state(alarm)}`)))),
        make("button", { class: "tool quiet alarm-close", type: "button", "aria-label": text("alarms.close"), title: `${text("alarms.close")} (Esc)` }, "×"));
    }

    function draw(steps, total) {
      const acts = alarms.act.may() && at === "live" ? buttons(alarm, inScene) : null;
      const trend = make("div", { class: "alarm-trend-place" });
      const watched = KINDS_OF_POINTS.has(alarm.kind);
      const had = place.contains(document.activeElement);
      place.replaceChildren(head(), ...[
        acts, part(text("alarms.action"), name(alarm.action), "is-action"), facts(alarm, now()),
        part(text("alarms.cause"), name(alarm.cause)), part(text("alarms.consequence"), name(alarm.consequence)), part(text("alarms.runbook"), name(alarm.runbook)),
        watched ? make("section", { class: "alarm-part" }, make("h3", {}, text("alarms.trend")), trend) : null,
        links(alarm, inScene), history(steps, total, now()),
      ].filter(Boolean));
      place.hidden = false;
      place.dataset.alarm = alarm.id;
      if (had) place.querySelector("h2").focus({ preventScroll: true });
      if (watched) alarms.trend(trend, alarm, now(), asking.signal);
    }

    function say(sentence) {
      place.hidden = false;
      place.replaceChildren(make("header", { class: "alarm-head" }, make("p", { class: "alarm-nothing" }, sentence),
        make("button", { class: "tool quiet alarm-close", type: "button", "aria-label": text("alarms.close") }, "×")));
    }

    async function told(signal) {
      if (at === "live") {
        const reply = await fetch(`/api/v1/alarms/${alarms.act.path(shown)}`, { signal });
        const body = await reply.json();
        if (!reply.ok) throw Object.assign(new Error(body.detail ?? String(reply.status)), { status: reply.status });
        return { alarm: body.alarm, steps: body.steps, total: body.total_steps };
      }
      const query = new URLSearchParams({ alarm: shown, to: at, limit: "100" });
      const reply = await fetch(`/api/v1/alarms/journal?${query}`, { signal });
      const body = await reply.json();
      if (!reply.ok) throw new Error(body.detail ?? String(reply.status));
      return { alarm: body.items[0]?.alarm ?? alarm, steps: body.items, total: body.total };
    }

    async function ask() {
      clearTimeout(timer);
      timer = 0;
      asking?.abort();
      const mine = (asking = new AbortController());
      const of = shown;
      try {
        const came = await told(mine.signal);
        if (mine.signal.aborted || of !== shown) return;
        if (!came.alarm) return say(text("alarms.unknown", { id: shown }));
        alarm = came.alarm;
        draw(came.steps, came.total);
      } catch (error) {
        if (mine.signal.aborted || of !== shown) return;
        if (!alarm || error.status === 404) say(error.status === 404 ? text("alarms.unknown", { id: shown }) : text("alarms.gone"));
        else timer = setTimeout(ask, 5000);
      }
    }

    function show(id, { known = null, moment = "live" } = {}) {
      if (id === shown && moment === at) return;
      shown = id;
      at = moment;
      alarm = known;
      clearTimeout(timer);
      timer = 0;
      asking?.abort();
      asking = new AbortController();
      place.hidden = id === "";
      delete place.dataset.alarm;
      if (id === "") return place.replaceChildren();
      if (alarm) draw([], 0);
      else place.replaceChildren(make("div", { class: "state", "aria-busy": "true" }, make("span", { class: "loading-bar" })));
      ask();
    }

    /** What the stream said: a step of this alarm is asked for in full, soon. */
    function follow(steps) {
      if (at !== "live" || timer || !steps.some((of) => of.alarm.id === shown)) return;
      timer = setTimeout(ask, 150);
    }

    // ages and what is left of the time go on while nothing else does
    setInterval(() => {
      const rows = place.querySelector(":scope > dl.rows");
      if (rows && alarm && at === "live" && !document.hidden) rows.replaceWith(facts(alarm, now()));
    }, 5000);

    place.addEventListener("click", (event) => {
      if (event.target.closest(".alarm-close")) return void closed();
      const button = event.target.closest("[data-alarm-act]");
      if (!button || !alarm) return;
      if (button.dataset.alarmAct === "ack") alarms.act.quick(alarm, button);
      else alarms.act.ask(button.dataset.alarmAct, [alarm]);
    });
    return { show, follow, get shown() { return shown; }, get alarm() { return alarm; } };
  }

  alarms.card = card;
  alarms.links = { scene, page };
})();
