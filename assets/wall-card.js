// The card of an incident in four bands: what and where; how many; what follows from it; who acts, the next step, the time left.
// With several there is a list of titles under the one that is open; a flood is a list with its count.
(function () {
  "use strict";
  const { wall } = window.campus;
  const { make, write } = wall;
  const SHAPES = ["diamond", "triangle", "square", "circle"];
  const LISTED = 6;
  const ROOM = 3;
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

  function head(row) {
    return make("div", "wall-band",
      make("h1", "wall-what", sign(row.priority, !row.acknowledged), make("span", "", wall.name(row.text))),
      make("p", "wall-where", wall.name(row.placeNames)),
      make("p", "wall-since"),
    );
  }

  function since(row, now) {
    const priority = wall.say(`wall.priority.${row.priority}`);
    return wall.say("wall.since", { time: wall.clock.seconds(row.opened), long: wall.stretch((now - row.opened) / 1000), priority });
  }

  function many(row) {
    const cells = [];
    const rooms = people?.id === row.id ? people.rooms ?? row.affected : row.affected;
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
    const state = row.acknowledged ? wall.say("wall.acked", { who: row.ackedBy }) : wall.say("wall.unacked");
    const who = make("p", "wall-who", wall.say("wall.acts"), make("b", "", row.assignee || wall.name(row.owner)), ` · ${state}`);
    return make("div", "wall-band", who, make("p", "wall-action", wall.name(row.action)), make("p", "wall-left"));
  }

  function left(row, now) {
    if (!row.respond) return "";
    const rest = row.respond - (now - row.opened) / 1000;
    const span = wall.stretch(row.respond);
    return rest >= 0 ? wall.say("wall.left", { span, rest: wall.stretch(rest) }) : wall.say("wall.late-by", { span, rest: wall.stretch(-rest) });
  }

  function titles(rows, most) {
    const items = rows.slice(0, most).map((row) => make("li", "", sign(row.priority, !row.acknowledged), make("b", "", wall.name(row.text)), make("span", "", wall.name(row.placeNames))));
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
    const said = JSON.stringify([row, rows.map(({ id, acknowledged }) => [id, acknowledged]), flooded, wall.lang, people]);
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

  /** What does not fit is taken away from the least important: nothing of a wall is cut off. */
  function squeeze() {
    const card = root();
    for (const what of [".wall-counts > :last-child", ".wall-titles li:nth-child(3)", ".wall-action", ".wall-titles li:last-child"]) {
      for (let turn = 0; turn < LISTED && card.scrollHeight > card.clientHeight + 1; turn += 1) card.querySelector(what)?.remove();
    }
  }

  function tick() {
    if (!current) return;
    const now = wall.now();
    write(root().querySelector(".wall-since"), since(current, now));
    write(root().querySelector(".wall-left"), left(current, now));
    write(document.getElementById("wall-paused"), paused());
    const origin = document.getElementById("wall-incident-origin");
    write(origin, current.simulated ? wall.say("wall.simulated") : "");
    document.getElementById("wall-keys").hidden = !current.node;
  }

  /** That the round stands still, and how old the word of the alarms is. */
  function paused() {
    const age = wall.alarmAge?.() ?? null;
    return [wall.say("wall.paused"), age === null ? "" : wall.say("wall.data-age", { age: wall.age(age) })].filter(Boolean).join(" · ");
  }

  /** How many rooms and people a failure concerns: asked once an incident. */
  async function asked(row) {
    if (people?.id === row.id) return;
    people = { id: row.id, rooms: null, count: null };
    try {
      const answer = await wall.fetched(`/api/v1/impact?${new URLSearchParams({ node: row.node })}`, 5000);
      if (people.id !== row.id) return;
      people = { id: row.id, rooms: answer.lost_spaces + answer.weakened_spaces || null, count: answer.users?.withheld ? null : answer.users?.people ?? null };
      drawn = "";
    } catch {
      // nobody knows what hangs on it: the card says what the alarm says
    }
  }

  wall.card = { draw, people: asked, clear: () => ((current = null), (drawn = ""), root().replaceChildren()) };
  wall.on("second", tick);
})();
