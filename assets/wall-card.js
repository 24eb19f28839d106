// The card of an incident in four bands: what and where; how many; what follows from it; who acts, the next step, the time left.
// With several there is a list of titles under the one that is open; a flood is a list with its count.
(function () {
  "use strict";
  const { wall } = window.campus;
  const { make, write } = wall;
  const SHAPES = ["diamond", "triangle", "square", "circle"];
  const LISTED = 6;
  const ROOM = 3;
  const AGAIN_MS = 30_000;
  let people = null;
  let drawn = "";
  let current = null;

  const root = () => document.getElementById("wall-incident");

  /** The sign of a priority: its shape, its letter, its colour. */
  function sign(priority, flashing = false, figure = true) {
    const element = make("span", `wall-sign wall-${SHAPES[priority - 1]}`, make("b", "", figure ? String(priority) : ""));
    element.toggleAttribute("data-flashing", flashing);
    element.setAttribute("aria-hidden", "true");
    return element;
  }
  wall.sign = sign;

  /** What would need a second line in the large size is written in the next one; a Chinese sign is as wide as two others. */
  function long(text, beside = false) {
    const wide = [...text].reduce((sum, sign) => sum + (sign.charCodeAt(0) > 0x2e7f ? 1 : 0.56), 0);
    return wide * 77 > (beside ? 690 : 800) ? " wall-longer" : "";
  }

  /** What is not to be torn apart at the end of a line: a code at its hyphens, a figure from its word. */
  const kept = (text) => text.replace(/(\w)-(?=\w)/g, "$1\u2011").replace(/ (?=\d)/g, "\u00a0");

  function head(row) {
    // what happened is never smaller than where
    const size = long(wall.name(row.text), true) || long(wall.name(row.placeNames));
    return make("div", "wall-band",
      make("h1", `wall-what${size}`, sign(row.priority, !row.acknowledged && !row.over), make("span", "", kept(wall.name(row.text)))),
      make("p", `wall-where${size}`, kept(wall.name(row.placeNames))),
      make("p", "wall-since"),
    );
  }

  function since(row, now) {
    const priority = wall.say(`wall.priority.${row.priority}`);
    return wall.say("wall.since", { time: wall.clock.seconds(row.opened), long: wall.stretch((now - row.opened) / 1000), priority });
  }

  function many(row) {
    const cells = [];
    const rooms = people?.id === row.id && people.rooms !== null ? people.rooms : row.affected;
    if (rooms) cells.push(cell(wall.grouped(rooms, 0), wall.say("wall.rooms")));
    if (people?.id === row.id && people.count !== null) cells.push(cell(wall.grouped(people.count, 0), wall.say("wall.people")));
    if (!cells.length && row.value) {
      const [number, unit] = wall.figure(row.value.value, row.value.unit, Math.abs(row.value.value) < 100 ? 1 : 0);
      cells.push(cell(number, unit));
      if (row.value.limit !== null) cells.push(make("p", "wall-limit", wall.say("wall.limit", { limit: wall.figure(row.value.limit, row.value.unit, 0).join(" ") })));
    }
    return cells.length ? make("div", "wall-band wall-many", ...cells) : null;
  }

  const cell = (number, name) => make("p", "wall-count", make("b", "", number), make("span", "", name));

  function grouped(row) {
    const counts = Object.entries(row.counts).filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]).slice(0, 4);
    if (!row.consequences || !counts.length) return null;
    const rows = counts.map(([domain, n]) => make("div", "", make("dd", "", wall.grouped(n, 0)), make("dt", "", domainName(domain))));
    return make("div", "wall-band", make("p", "wall-quiet", wall.say("wall.grouped", { n: wall.grouped(row.consequences, 0) })), make("dl", "wall-counts", ...rows));
  }

  function domainName(domain) {
    return wall.domains[domain] ? wall.name(wall.domains[domain]) : wall.texts[wall.lang][`wall.domain.${domain}`] ?? domain;
  }

  function acting(row) {
    const acked = row.ackedBy ? wall.say("wall.acked", { who: row.ackedBy }) : wall.say("wall.acked-plain");
    const state = row.over ? wall.say("wall.over") : row.acknowledged ? acked : wall.say("wall.unacked");
    const who = make("p", "wall-who", wall.say("wall.acts"), make("b", "", row.assignee || wall.name(row.owner)), ` · ${state}`);
    return make("div", "wall-band", who, make("p", "wall-action", wall.name(row.action)), make("p", "wall-left"));
  }

  function left(row, now) {
    if (!row.respond) return "";
    const rest = row.respond - (now - row.opened) / 1000;
    const span = wall.stretch(row.respond);
    return rest >= 0 ? wall.say("wall.left", { span, rest: wall.stretch(rest) }) : wall.say("wall.late-by", { span, rest: wall.stretch(-rest) });
  }

  /** The place of a title in a list, where the title itself does not name its building. */
  function elsewhere(row) {
    const building = wall.model?.path(row.place).find((step) => wall.model.kind(step) === "building");
    const told = building && wall.name(row.text).includes(wall.model.label(building));
    return told ? null : make("span", "", kept(wall.name(row.placeNames)));
  }

  function titles(rows, most) {
    const items = rows.slice(0, most).map((row) => make("li", "", sign(row.priority, !row.acknowledged), make("p", "", make("b", "", kept(wall.name(row.text))), elsewhere(row))));
    return make("ul", "wall-titles", ...items);
  }

  function more(row, rows) {
    const others = rows.filter(({ id }) => id !== row.id);
    if (!others.length) return null;
    return make("div", "wall-band", make("p", "wall-quiet", wall.say("wall.more", { n: others.length })), titles(others, ROOM));
  }

  function flood(rows) {
    const recent = rows.filter((row) => !row.acknowledged);
    const counts = [1, 2, 3, 4].map((p) => [p, recent.filter((row) => row.priority === p).length]).filter(([, n]) => n);
    return [
      make("div", "wall-band", make("h1", "wall-what", make("span", "", wall.say("wall.flood"))), make("p", "wall-quiet", wall.say("wall.flood-text"))),
      make("div", "wall-band wall-many", cell(wall.grouped(recent.length, 0), wall.say("wall.flood-count")),
        make("p", "wall-shares", ...counts.map(([p, n]) => make("span", "", sign(p), String(n))))),
      make("div", "wall-band", titles(recent, LISTED)),
    ];
  }

  /** Draws the card anew only when what it says has changed; the clock in it goes on by itself. */
  function draw(row, rows, { flooded }) {
    current = row;
    if (row.node && !flooded) asked(row);
    const said = JSON.stringify([row, rows.map(({ id, acknowledged }) => [id, acknowledged]), flooded, wall.lang, Boolean(wall.model), people?.rooms, people?.count]);
    if (said !== drawn) {
      drawn = said;
      const others = rows.some(({ id }) => id !== row.id);
      const parts = flooded ? flood(rows) : [head(row), many(row), others ? null : grouped(row), acting(row), more(row, rows)];
      root().replaceChildren(...parts.filter(Boolean));
      root().dataset.many = String(rows.length);
      document.getElementById("wall-keys").replaceChildren(make("i", "wall-key-cause"), wall.say("wall.key-cause"), make("i", "wall-key-hit"), wall.say("wall.key-hit"));
      tick();
      squeeze();
    }
    tick();
  }

  /** What does not fit stands closer, then goes from the least important on: nothing of a wall is cut off. */
  function squeeze() {
    const card = root();
    const over = () => card.scrollHeight > card.clientHeight + 1;
    card.removeAttribute("data-tight");
    const away = (what) => () => card.querySelector(what)?.remove();
    const steps = [
      () => card.setAttribute("data-tight", ""), away(".wall-titles li:nth-child(3)"), away(".wall-counts > :nth-child(n + 3)"), away(".wall-counts > :nth-child(n + 3)"),
      () => card.querySelector(".wall-action")?.setAttribute("data-short", ""), away(".wall-counts"), away(".wall-titles li:nth-child(2)"), away(".wall-action"),
      ...Array.from({ length: LISTED }, () => away(".wall-titles li:last-child")),
    ];
    for (const step of steps) {
      if (!over()) return;
      step();
    }
  }

  function tick() {
    if (!current) return;
    const now = wall.now();
    write(root().querySelector(".wall-since"), since(current, now));
    write(root().querySelector(".wall-left"), left(current, now));
    write(document.getElementById("wall-paused"), paused());
    const origin = document.getElementById("wall-incident-origin");
    const words = [wall.model?.index.campus.schematic ? wall.say("wall.schematic") : "", current.simulated ? wall.say("wall.simulated") : ""];
    write(origin, words.filter(Boolean).join(" · "));
    // where no room is lit there is nothing to explain
    document.getElementById("wall-keys").hidden = !current.node || (people?.id === current.id && people.rooms === 0);
  }

  /** That the round stands still, and how old the word of the alarms is. */
  function paused() {
    const age = wall.alarmAge?.() ?? null;
    return [wall.say("wall.paused"), age === null ? "" : wall.say("wall.data-age", { age: wall.age(age) })].filter(Boolean).join(" · ");
  }

  /** How many rooms and people a failure concerns: asked at once, and again while it is shown, for people come and go. */
  async function asked(row) {
    if (people?.id === row.id && performance.now() - people.asked < AGAIN_MS) return;
    people = people?.id === row.id ? { ...people, asked: performance.now() } : { id: row.id, rooms: null, count: null, asked: performance.now() };
    try {
      const answer = await wall.fetched(`/api/v1/impact?${new URLSearchParams({ node: row.node })}`, 5000);
      if (people.id !== row.id) return;
      people = { ...people, rooms: answer.lost_spaces + answer.weakened_spaces, count: answer.users?.withheld ? null : answer.users?.people ?? null };
      drawn = "";
    } catch {
      // nobody knows what hangs on it: the card says what the alarm says
    }
  }

  wall.card = { draw, clear: () => ((current = null), (drawn = ""), root().replaceChildren()) };
  wall.on("second", tick);
})();
