// The strip of alarms under the bar: one quiet line while nothing is wrong, else how many of each priority and the one that
// needs somebody first, with a list that opens below it. What is chosen in it is shown in the scene, and as a card.
(function () {
  "use strict";
  const alarms = window.campusAlarms;
  const words = alarms.words;
  const { make, text, sign } = words;
  const LISTED = 60;
  const NEWS = 2;
  let now = null;
  let parts = null;
  let card = null;
  let stop = null;
  let calmSince = null;
  let lead = null;
  let open = false;

  const view = () => window.campus.view;
  const write = (element, told) => {
    if (element.textContent !== told) element.textContent = told;
  };
  const instant = () => (now.at === "live" ? Date.now() : Date.parse(now.at));
  const url = (query) => {
    const kept = new URLSearchParams(location.search);
    for (const key of ["lang", "theme", "at"]) if (kept.get(key)) query[key] = kept.get(key);
    return `/alarms?${new URLSearchParams(query)}`;
  };

  function build(place) {
    const counts = [1, 2, 3, 4].map((priority) => {
      const number = make("span", { class: "strip-count" }, "0");
      return { priority, number, sign: sign(priority), box: make("a", { class: "strip-priority", href: url({ priority: String(priority) }) }) };
    });
    for (const one of counts) one.box.append(one.sign, one.number);
    const leadSign = make("span", { class: "strip-lead-sign" });
    const leadText = make("span", { class: "strip-lead-what" });
    const leadMore = make("span", { class: "strip-lead-more" });
    parts = {
      place, counts, leadSign, leadText, leadMore,
      calm: make("p", { class: "strip-calm" }),
      lead: make("button", { class: "strip-lead", type: "button" }, leadSign, leadText, leadMore),
      ack: alarms.act.may() ? make("button", { class: "button strip-ack", type: "button", hidden: true }, text("alarms.act.ack")) : null,
      total: make("button", { class: "strip-total", type: "button", "aria-expanded": "false", "aria-controls": "alarm-drawer" }),
      asOf: place.querySelector("[data-strip=as-of]"),
      drawer: document.getElementById("alarm-drawer"),
    };
    place.querySelector("[data-strip=body]").replaceChildren(...[parts.calm, make("span", { class: "strip-counts" }, counts.map(({ box }) => box)), parts.lead, parts.ack].filter(Boolean));
    place.querySelector("[data-strip=total]").replaceChildren(parts.total);
    parts.lead.addEventListener("click", () => lead && choose(lead));
    parts.ack?.addEventListener("click", () => lead && alarms.act.quick(lead, parts.ack));
    parts.total.addEventListener("click", () => unfold(!open));
    parts.drawer.addEventListener("click", picked);
  }

  /** Show an alarm: its place in the scene, and its card. */
  function choose(alarm) {
    if (alarm.place && alarm.place !== view().get().sel) view().go(alarm.place);
    view().set({ alarm: alarm.id });
    parts.place.scrollIntoView({ block: "nearest" });
  }

  function picked(event) {
    const line = event.target.closest("[data-alarm]");
    const alarm = line && now.alarms.get(line.dataset.alarm);
    if (!alarm) return;
    const ack = event.target.closest("[data-alarm-act=ack]");
    if (ack) alarms.act.quick(alarm, ack);
    else choose(alarm);
  }

  function unfold(on) {
    open = on;
    parts.total.setAttribute("aria-expanded", String(on));
    parts.drawer.hidden = !on;
    if (on) list();
  }

  /** Since when nothing stands: of the last step, which the journal knows where this page has not seen it. */
  async function sinceCalm() {
    if (calmSince !== null) return;
    calmSince = 0;
    try {
      const body = await (await fetch("/api/v1/alarms/journal?limit=1")).json();
      if (body.items?.length) calmSince = Date.parse(body.items[0].time);
    } catch {
      // without a journal the line says only that nothing is wrong
    }
    if (now && parts) draw();
  }

  function counted() {
    const found = { 1: 0, 2: 0, 3: 0, 4: 0, calling: { 1: 0, 2: 0, 3: 0, 4: 0 } };
    for (const alarm of now.alarms.values()) {
      found[alarm.priority] += 1;
      if (alarms.calls(alarm)) found.calling[alarm.priority] += 1;
    }
    return found;
  }

  const incidentOf = (alarm) => [...now.incidents.values()].find((incident) => incident.alarms?.includes(alarm.id));

  /** One key, one alarm: that of the card while there is one. */
  function shortcut() {
    if (!parts.ack) return;
    if (parts.ack.hidden || view().get().alarm) parts.ack.removeAttribute("aria-keyshortcuts");
    else parts.ack.setAttribute("aria-keyshortcuts", "A");
  }

  function drawLead() {
    parts.lead.hidden = !lead;
    if (parts.ack) parts.ack.hidden = !lead || !alarms.calls(lead) || now.at !== "live";
    shortcut();
    if (!lead) return;
    const calling = alarms.calls(lead);
    const key = `${lead.priority}${calling}`;
    if (parts.leadSign.dataset.key !== key) {
      parts.leadSign.replaceChildren(sign(lead.priority, { calling }));
      parts.leadSign.dataset.key = key;
    }
    write(parts.leadText, words.whatWhere(lead));
    ages();
  }

  /** What grows older by itself. */
  function ages() {
    if (!now || !parts) return;
    if (lead) {
      const left = words.leftText(lead, instant());
      const more = alarms.calls(lead) ? (left && text("alarms.respond-left", { left })) : text("alarms.acked-short", { who: lead.acked_by || words.state(lead) });
      const incident = incidentOf(lead);
      const wide = incident?.consequences ? text("alarms.consequences-n", { n: incident.consequences }) : "";
      write(parts.leadMore, [text("alarms.since-short", { at: words.clock(words.since(lead), instant()), age: words.age((instant() - words.since(lead)) / 1000) }), wide, more].filter(Boolean).join(" · "));
    }
    const at = now.time ? window.campus.timeAxis.local.full(Date.parse(now.time)).match(/\d\d:\d\d:\d\d/)?.[0] : "";
    const told = { loading: "alarms.loading", error: now.why === "none" ? "alarms.none-here" : "alarms.gone", stale: "alarms.stale", ready: now.at === "live" ? "alarms.as-of" : "alarms.then" }[now.state];
    write(parts.asOf, text(told, { at: at || "–" }));
  }

  function drawCalm(calm) {
    parts.calm.hidden = !calm;
    if (!calm) {
      calmSince = null;
      return;
    }
    const past = now.at !== "live";
    if (!past && calmSince === null) sinceCalm();
    write(parts.calm, calmSince && !past ? text("alarms.calm-since", { at: words.clock(calmSince) }) : text("alarms.calm"));
  }

  function draw() {
    const { place, counts, total } = parts;
    if (place.dataset.state !== now.state) place.dataset.state = now.state;
    const found = counted();
    for (const one of counts) {
      write(one.number, String(found[one.priority]));
      one.box.toggleAttribute("data-none", found[one.priority] === 0);
      one.sign.toggleAttribute("data-calling", found.calling[one.priority] > 0);
      one.box.href = url({ priority: String(one.priority) });
    }
    const sorted = [...now.alarms.values()].sort(alarms.urgency);
    lead = sorted.find(alarms.calls) ?? sorted[0] ?? null;
    const known = now.state === "ready" || now.state === "stale";
    const calm = known && now.total === 0;
    place.toggleAttribute("data-calm", calm || !known);
    drawCalm(calm);
    drawLead();
    total.hidden = now.total === 0;
    write(total, text("alarms.total", { n: now.total, calling: Object.values(found.calling).reduce((sum, n) => sum + n, 0) }));
    if (now.total === 0 && open) unfold(false);
    if (open) list(sorted);
    alarms.flash(now.at === "live" && sorted.some(alarms.calls));
  }

  function line(alarm) {
    const left = words.leftText(alarm, instant());
    const may = alarms.act.may() && alarms.calls(alarm) && now.at === "live";
    return make("li", { class: "drawer-line", "data-alarm": alarm.id, "data-selected": alarm.id === view().get().alarm },
      make("button", { class: "drawer-go", type: "button" },
        sign(alarm.priority, { calling: alarms.calls(alarm) }), make("span", { class: "drawer-what" }, words.what(alarm)),
        make("span", { class: "drawer-where" }, words.place(alarm)), make("span", { class: "drawer-since" }, words.clock(words.since(alarm), instant())),
        make("span", { class: "drawer-left" }, left || words.state(alarm))),
      may ? make("button", { class: "button", type: "button", "data-alarm-act": "ack" }, text("alarms.act.ack")) : null);
  }

  function list(sorted = [...now.alarms.values()].sort(alarms.urgency)) {
    const { drawer } = parts;
    const key = JSON.stringify([sorted.slice(0, LISTED).map((a) => [a.id, a.state, a.priority]), view().get().alarm, now.at]);
    if (drawer.dataset.key === key) return;
    drawer.dataset.key = key;
    // the line that has the focus keeps it
    const focus = document.activeElement?.closest?.("#alarm-drawer [data-alarm]")?.dataset.alarm;
    const rest = now.total - Math.min(LISTED, sorted.length);
    drawer.replaceChildren(make("ul", { class: "drawer-list" }, sorted.slice(0, LISTED).map(line)),
      make("p", { class: "drawer-foot" }, make("a", { href: url({}), class: "see-trend" }, rest > 0 ? text("alarms.see.more", { n: rest }) : text("alarms.see.list"))));
    if (focus) drawer.querySelector(`[data-alarm="${CSS.escape(focus)}"] button`)?.focus({ preventScroll: true });
  }

  function follow(given) {
    now = given;
    draw();
    card?.follow(given.steps);
    for (const { before, alarm } of given.steps) {
      if (alarm.state === "B" && before !== "B" && alarm.priority <= NEWS) window.campus.announce(`${words.priorityName(alarm.priority)}: ${words.what(alarm)}`);
    }
  }

  /** The address names an alarm: its card stands over the panel. */
  function reflect({ detail }) {
    if (!card || !parts?.place.isConnected) return;
    const { alarm, at } = detail;
    shortcut();
    card.show(alarm ?? "", { known: now?.alarms.get(alarm) ?? null, moment: at });
    document.getElementById("details")?.toggleAttribute("data-behind", Boolean(alarm));
    if (open && now) list();
  }

  document.addEventListener("campus:view", reflect);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !open || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    unfold(false);
    parts.total.focus();
    event.preventDefault();
  });

  document.addEventListener("campus:page", () => {
    stop?.();
    [stop, card, parts, open, calmSince, lead] = [null, null, null, false, null, null];
    const place = document.getElementById("alarm-strip");
    if (!place) return;
    build(place);
    const holder = document.getElementById("alarm-card");
    if (holder) card = alarms.card(holder, { inScene: true, closed: () => view().set({ alarm: "" }) });
    stop = alarms.standing(follow);
  });
  setInterval(() => parts && now && !document.hidden && ages(), 1000);
})();
