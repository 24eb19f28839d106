// The alarms of the moment that a page shows: those of the stream, or, while the time machine shows a past moment, those of
// then, asked for once. The scene, the strip and the drawer all show the same.
(function () {
  "use strict";
  const alarms = window.campusAlarms;
  /** A hand that scrubs asks for nothing. */
  const RESTED_MS = 300;
  const MOST = 500;
  const watchers = new Set();
  let shown = { alarms: new Map(), incidents: new Map(), total: 0, seq: 0, time: null, state: "loading", why: "", steps: [], at: "live" };
  let at = "live";
  let timer = 0;
  let asking = null;
  let stop = null;

  function tell() {
    for (const fn of [...watchers]) fn(shown);
  }

  function put(next) {
    shown = { ...next, at };
    tell();
  }

  function follow() {
    if (stop || !watchers.size) return;
    stop = alarms.watch((now) => at === "live" && put(now));
  }

  async function ask() {
    asking?.abort();
    const mine = (asking = new AbortController());
    const wanted = at;
    try {
      const reply = await fetch(`/api/v1/alarms?${new URLSearchParams({ at: wanted, limit: String(MOST) })}`, { signal: mine.signal });
      const body = await reply.json();
      if (!reply.ok) throw new Error(body.detail ?? String(reply.status));
      const found = new Map(body.items.map((alarm) => [alarm.id, alarm]));
      if (at === wanted) put({ alarms: found, incidents: new Map(), total: body.total, seq: body.seq, time: wanted, state: "ready", why: "", steps: [] });
    } catch (error) {
      if (mine.signal.aborted || at !== wanted) return;
      put({ alarms: new Map(), incidents: new Map(), total: 0, seq: 0, time: wanted, state: "error", why: error.message, steps: [] });
    }
  }

  function turned(to) {
    if (to === at) return;
    at = to;
    clearTimeout(timer);
    asking?.abort();
    if (!watchers.size) return;
    stop?.();
    stop = null;
    if (at === "live") follow();
    else {
      put({ alarms: new Map(), incidents: new Map(), total: 0, seq: 0, time: null, state: "loading", why: "", steps: [] });
      timer = setTimeout(ask, RESTED_MS);
    }
  }

  document.addEventListener("campus:view", ({ detail }) => turned(detail.at ?? "live"));

  /** Tell `fn` of the alarms of the moment that is shown, as `watch` does, with `at`; until the answer is called. */
  function standing(fn) {
    watchers.add(fn);
    if (at === "live") follow();
    fn(shown);
    return () => {
      watchers.delete(fn);
      if (watchers.size) return;
      stop?.();
      stop = null;
    };
  }

  alarms.standing = standing;
})();
