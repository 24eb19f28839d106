// The figures of a wall: those of the domains on the screen, asked for every two seconds as the console does, with age and
// coverage. Where no answer comes they are said to be old; nothing is shown as if it were true now.
(function () {
  "use strict";
  const { wall } = window.campus;
  const EVERY_MS = 2000;
  const LATE_MS = 8000;
  const EXPECTED_MS = 300_000;
  const SOON_MS = 30_000;
  const known = new Map();
  let wanted = [];
  let timer = 0;
  let round = 0;
  let expected = null;
  let expectedAt = 0;

  async function fetched(address, ms) {
    const reply = await fetch(address, { signal: AbortSignal.timeout(ms) });
    if (!reply.ok) throw new Error(String(reply.status));
    return reply.json();
  }
  wall.fetched = fetched;

  async function ask() {
    clearTimeout(timer);
    const mine = (round += 1);
    await Promise.all(wanted.map(async ({ domain, entity }) => {
      const key = `${domain}|${entity}`;
      try {
        const answer = await fetched(`/api/v1/kpis?${new URLSearchParams({ domain, entity })}`, LATE_MS);
        known.set(key, { rows: new Map(answer.kpis.map((row) => [row.key, row])), at: performance.now(), time: Date.parse(answer.time) });
        wall.offset = Date.parse(answer.time) - Date.now();
      } catch {
        // the age of what is known says it
      }
    }));
    if (mine !== round) return;
    wall.tell("figures");
    timer = setTimeout(ask, EVERY_MS);
  }

  /** What stands on the screen from now on: [{domain, entity}]. */
  wall.want = function (next) {
    wanted = next;
    const keys = new Set(next.map(({ domain, entity }) => `${domain}|${entity}`));
    for (const key of known.keys()) if (!keys.has(key) && known.size > 24) known.delete(key);
    ask();
  };

  /**
   * A figure as it stands: `row` of the server's (null before any came), `state`: loading, ready, none, late; `since` is when
   * the last answer came [ms].
   */
  wall.figureOf = function (key, entity) {
    const found = known.get(`${key.split(".")[0]}|${entity}`);
    if (!found) return { row: null, state: "loading", since: null };
    const row = found.rows.get(key) ?? null;
    const silent = performance.now() - found.at;
    const state = silent > LATE_MS ? "late" : row === null || row.value === null ? "none" : "ready";
    const aged = row?.age_s === null || row?.age_s === undefined ? null : row.age_s + silent / 1000;
    return { row, state, since: found.time, age: aged };
  };

  /** The band that is expected of the campus's power this hour; null where none is known. */
  wall.expected = function (now) {
    if (performance.now() > expectedAt) {
      expectedAt = performance.now() + EXPECTED_MS;
      day(now);
    }
    if (!expected) return null;
    const at = expected.times.findLastIndex((time) => time <= now);
    if (at < 0 || now - expected.times[at] > 3_600_000 || expected.low[at] === null) return null;
    return { low: expected.low[at], high: expected.high[at] };
  };
  wall.expectedDay = () => expected;

  async function day(now) {
    const start = wall.midnight(now);
    const end = wall.midnight(now, 1);
    const iso = (at) => new Date(at).toISOString();
    try {
      const answer = await fetched(`/api/v1/forecast?${new URLSearchParams({ from: iso(start), to: iso(end) })}`, LATE_MS);
      expected = { times: answer.times.map((time) => Date.parse(time)), low: answer.low, high: answer.high };
      if (!expected.times.length) expectedAt = performance.now() + SOON_MS;
    } catch {
      expectedAt = performance.now() + SOON_MS;
      expected = null; // a campus without history has no forecast: the line says nothing of it
    }
    wall.tell("figures");
  }

  wall.midnight = (at, more = 0) => window.campus.timeAxis.local.midnight(at, more);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && wall.data) ask();
  });
})();
