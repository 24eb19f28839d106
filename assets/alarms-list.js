// The rows of the list of alarms: as many as there are, a hundred at a time from the server, and only those in sight drawn.
(function () {
  "use strict";
  const alarms = window.campusAlarms;
  const words = alarms.words;
  const { make, text, sign } = words;
  const CHUNK = 100;
  const KEPT = 30;
  const SPARE = 8;
  /** Height of a row [px at 16 px type]: the token space-row. */
  const ROW = 34;
  /** A flood of steps asks the server so often at most. */
  const AGAIN_MS = 1000;
  const SOON_MS = 120;
  const RETRY_MS = 3000;
  const COLUMNS = ["", "priority", "state", "what", "place", "since", "value", "owner", "left", "acked", "data"];

  const since = (alarm, now) => make("span", { class: "cell-since" }, make("span", {}, words.clock(words.since(alarm), now)), make("span", { class: "cell-age" }, words.age((now - words.since(alarm)) / 1000)));

  /** What the column of the acknowledgement says: who has it, or who holds it back until when. */
  function holder(alarm, now) {
    if (alarm.out_of_service) return [alarm.removed_by, alarm.review ? words.clock(Date.parse(alarm.review), now) : ""].filter(Boolean).join(" → ");
    if (alarm.suppressed_by.length) return alarm.suppressed_why.map(words.name).join(", ");
    if (alarm.shelved_until) return `${alarm.shelved_by} → ${alarm.one_shot ? text("alarms.act.until-returns") : words.clock(Date.parse(alarm.shelved_until), now)}`;
    return alarm.acked_by;
  }

  const why = (alarm) => alarm.removed_why || alarm.suppressed_why.map(words.name).join(", ") || alarm.shelved_why || alarm.comment;

  function cells(alarm, now) {
    const left = words.left(alarm, now);
    const mark = alarm.simulated ? make("span", { class: "origin" }, text("alarms.simulated-short")) : null;
    return [
      make("span", { class: "cell-tick", role: "gridcell" }, make("i", { class: "tick" })),
      make("span", { role: "gridcell" }, sign(alarm.priority, { calling: alarms.calls(alarm) })),
      make("span", { role: "gridcell", class: "cell-state" }, make("b", {}, alarm.state), words.state(alarm)),
      make("span", { role: "gridcell", class: "cell-what", title: words.what(alarm) }, words.what(alarm)),
      make("span", { role: "gridcell", class: "cell-place", title: words.place(alarm) }, words.place(alarm)),
      make("span", { role: "gridcell" }, since(alarm, now)),
      make("span", { role: "gridcell", class: "cell-value" }, words.value(alarm)),
      make("span", { role: "gridcell", class: "cell-owner" }, words.name(alarm.owner)),
      make("span", { role: "gridcell", class: "cell-left", "data-over": left !== null && left < 0 }, words.leftText(alarm, now)),
      make("span", { role: "gridcell", class: "cell-acked", title: why(alarm) || null }, holder(alarm, now)),
      make("span", { role: "gridcell", class: "cell-data" }, alarm.data === "stale" ? text(`alarms.data.${alarm.data}`) : "", mark),
    ];
  }

  /**
   * A list in `box` (scrolls) with `body` inside. `query()` gives what is asked for; `came(answer)` hears of each answer,
   * `failed(why)` of none. `look` says how a row stands: `{cursor, picked(id)}`.
   */
  function rows(box, body, { query, came, failed, look }) {
    let chunks = new Map();
    let total = 0;
    let turn = 0;
    let timer = 0;
    let last = 0;
    let height = ROW;
    let drawn = new Map();
    const waiting = new Set();

    const at = (place) => chunks.get(Math.floor(place / CHUNK))?.[place % CHUNK] ?? null;
    const span = () => {
      const first = Math.max(0, Math.floor(box.scrollTop / height) - SPARE);
      return [first, Math.min(total, Math.ceil((box.scrollTop + box.clientHeight) / height) + SPARE)];
    };

    async function ask(chunk, mine) {
      const key = `${mine} ${chunk}`;
      if (waiting.has(key)) return;
      waiting.add(key);
      try {
        const asked = query();
        asked.set("limit", String(CHUNK));
        asked.set("offset", String(chunk * CHUNK));
        const reply = await fetch(`/api/v1/alarms?${asked}`);
        const answer = await reply.json();
        if (mine !== turn) return;
        if (!reply.ok) throw Object.assign(new Error(answer.detail ?? String(reply.status)), { told: true });
        chunks.set(chunk, answer.items);
        total = answer.total;
        if (chunks.size > KEPT) forget();
        box.setAttribute("aria-busy", "false");
        came(answer);
        draw();
      } catch (error) {
        if (mine !== turn) return;
        failed(error.told ? error.message : "", chunks.size > 0);
        if (!error.told) soon(RETRY_MS);
      } finally {
        waiting.delete(key);
      }
    }

    function forget() {
      const [first, end] = span().map((place) => Math.floor(place / CHUNK));
      for (const chunk of chunks.keys()) if (chunk < first - 2 || chunk > end + 2) chunks.delete(chunk);
    }

    /** Ask again for all that is in sight; what was there stays until the answer comes. */
    function refresh() {
      clearTimeout(timer);
      timer = 0;
      last = performance.now();
      turn += 1;
      const [first, end] = span();
      const near = new Set([Math.floor(first / CHUNK), Math.floor(Math.max(first, end - 1) / CHUNK)]);
      for (const chunk of chunks.keys()) if (!near.has(chunk)) chunks.delete(chunk);
      for (const chunk of near) ask(chunk, turn);
    }

    function soon(wait = Math.max(SOON_MS, last + AGAIN_MS - performance.now())) {
      timer ||= setTimeout(refresh, wait);
    }

    /** Something else is asked for: from the top. */
    function begin() {
      chunks = new Map();
      box.scrollTop = 0;
      box.setAttribute("aria-busy", "true");
      refresh();
    }

    function line(place) {
      const alarm = at(place);
      const { cursor, picked } = look();
      const now = query().get("at") ? Date.parse(query().get("at")) : Date.now();
      const key = alarm ? `${place}|${alarm.id}|${alarm.changed}|${alarm.state}|${alarm.data}|${alarm.id === cursor}|${picked(alarm.id)}|${Math.floor(now / 5000)}` : `${place}|`;
      const known = drawn.get(place);
      if (known?.dataset.key === key) return known;
      const row = make("div", {
        role: "row", class: "alarms-row", id: `alarm-row-${place}`, "aria-rowindex": place + 1, "data-key": key, "data-place": place, "data-alarm": alarm?.id,
        "aria-selected": alarm ? String(picked(alarm.id)) : null, "data-cursor": alarm !== null && alarm.id === cursor, "data-waits": alarm === null,
        "data-calling": alarm !== null && alarms.calls(alarm),
      }, alarm ? cells(alarm, now) : [make("span", { role: "gridcell" }, "…")]);
      row.style.transform = `translateY(${place * height}px)`;
      return row;
    }

    function draw() {
      const now = (ROW * Number.parseFloat(getComputedStyle(document.documentElement).fontSize)) / 16;
      if (now !== height) [height, drawn] = [now, new Map()];
      body.style.height = `${total * height}px`;
      box.setAttribute("aria-rowcount", String(total));
      const [first, end] = span();
      const next = new Map();
      for (let place = first; place < end; place += 1) {
        if (!at(place)) ask(Math.floor(place / CHUNK), turn);
        next.set(place, line(place));
      }
      const wanted = [...next.values()];
      for (const old of [...body.children]) if (!wanted.includes(old)) old.remove();
      wanted.forEach((row, i) => body.children[i] !== row && body.insertBefore(row, body.children[i] ?? null));
      drawn = next;
    }

    let frame = 0;
    box.addEventListener("scroll", () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        draw();
      });
    }, { passive: true });
    const sizes = new ResizeObserver(() => draw());
    sizes.observe(box);

    function show(place) {
      const [top, low] = [place * height, (place + 1) * height];
      if (top < box.scrollTop) box.scrollTop = top;
      else if (low > box.scrollTop + box.clientHeight) box.scrollTop = low - box.clientHeight;
      draw();
    }

    /** Ids from one place to another; those that are not known yet are asked for. */
    async function ids(from, to) {
      const [first, end] = [Math.min(from, to), Math.max(from, to)];
      const asked = query();
      const found = [];
      for (let place = first; place <= end; place += 1) {
        if (!at(place)) {
          asked.set("limit", String(Math.min(1000, end - place + 1)));
          asked.set("offset", String(place));
          const body_ = await (await fetch(`/api/v1/alarms?${asked}`)).json();
          found.push(...body_.items);
          if (!body_.items.length) break;
          place += body_.items.length - 1;
        } else found.push(at(place));
      }
      return found;
    }

    function placeOf(id) {
      for (const [chunk, items] of chunks) {
        const found = items.findIndex((alarm) => alarm.id === id);
        if (found >= 0) return chunk * CHUNK + found;
      }
      return -1;
    }

    return {
      begin, refresh, soon, draw, show, at, placeOf, ids, get total() { return total; },
      page: () => Math.max(1, Math.floor(box.clientHeight / height) - 1), stop: () => { clearTimeout(timer); sizes.disconnect(); turn += 1; },
    };
  }

  const head = () => COLUMNS.map((name) => make("span", { class: name ? `head-${name}` : null }, name ? text(`alarms.column.${name}`) : ""));

  alarms.rows = rows;
  alarms.rowsHead = head;
})();
