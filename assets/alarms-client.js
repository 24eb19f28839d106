// The one client of the alarms' stream (/sse/alarms): one connection a tab, opened when somebody watches, taken up again where
// it broke off. Whoever watches gets the alarms and incidents that stand, and whether that is still so. No page is touched here.
(function () {
  "use strict";
  const ADDRESS = "/sse/alarms";
  /** Letters that operators see. */
  const STANDING = "BCDEF";
  /** The server speaks every 5 s: what is silent for so long is not called present. */
  const STALE_MS = 15_000;
  /** Watchers are told at once, and then at most so often. */
  const TELL_MS = 100;
  const FIRST_MS = 1_000;
  /** A display must be back within 20 s of the server's return. */
  const LONGEST_MS = 10_000;
  /** A tab that nobody sees gives its connection back after this: a browser has six for a host. */
  const UNSEEN_MS = 60_000;

  const watchers = new Set();
  /** What is let in although the tab is not seen: who sounds an alarm needs to hear of it. */
  const awake = new Set();
  const known = { alarms: new Map(), incidents: new Map(), total: 0, seq: 0, time: null, state: "loading", why: "" };
  /** Steps that came since the watchers were told. */
  let steps = [];
  let source = null;
  let place = "";
  let heard = 0;
  let opened = 0;
  let tries = 0;
  let told = 0;
  let [later, again, watchdog, unseen] = [0, 0, 0, 0];

  function tell(fn, came) {
    try {
      fn({ ...known, steps: came });
    } catch (error) {
      console.error(error); // one part of the page that fails must not silence the others
    }
  }

  function flush() {
    clearTimeout(later);
    later = 0;
    told = performance.now();
    const came = steps;
    steps = [];
    for (const fn of [...watchers]) tell(fn, came);
  }

  function changed() {
    if (later) return;
    const wait = told + TELL_MS - performance.now();
    if (wait <= 0) flush();
    else later = setTimeout(flush, wait);
  }

  function say(state, why = "") {
    if (known.state === state && known.why === why) return;
    known.state = state;
    known.why = why;
    changed();
  }

  // what the server says

  function snapshot({ alarms, total, seq, time }) {
    known.alarms = new Map(alarms.map((alarm) => [alarm.id, alarm]));
    known.total = total;
    known.seq = seq;
    known.time = time;
    steps = [];
  }

  function follow(came) {
    for (const step of came.steps) {
      if (step.seq <= known.seq) continue;
      const { alarm } = step;
      const [before, after] = [STANDING.includes(step.before), STANDING.includes(step.after)];
      if (after) known.alarms.set(alarm.id, alarm);
      else known.alarms.delete(alarm.id);
      known.total += Number(after) - Number(before);
      known.time = step.time;
      steps.push(step);
    }
    known.seq = came.seq;
  }

  const TAKE = {
    snapshot,
    steps: follow,
    incidents: ({ incidents }) => (known.incidents = new Map(incidents.map((incident) => [incident.id, incident]))),
    beat: ({ time }) => (known.time = time),
  };

  function take(event) {
    let body;
    try {
      body = JSON.parse(event.data);
      TAKE[event.type](body);
    } catch (error) {
      console.error(error); // half an event is none: begin again from a snapshot
      place = "";
      return broken();
    }
    if (event.lastEventId) place = event.lastEventId;
    heard = performance.now();
    tries = 0;
    known.why = "";
    // an error before the first snapshot stays one until there is something to show
    if (event.type === "snapshot" || known.state !== "loading") known.state = "ready";
    changed();
  }

  // the connection

  function open() {
    clearTimeout(again);
    again = 0;
    if (source || !watchers.size) return;
    opened = performance.now();
    source = new EventSource(place ? `${ADDRESS}?since=${encodeURIComponent(place)}` : ADDRESS);
    for (const name of Object.keys(TAKE)) source.addEventListener(name, take);
    source.addEventListener("error", broken);
    clearInterval(watchdog);
    watchdog = setInterval(look, 1000);
  }

  function close() {
    source?.close();
    source = null;
    clearInterval(watchdog);
    clearTimeout(again);
    again = 0;
  }

  /** So long until the next try [ms]: twice as long each time, and never all browsers at once. */
  function pause() {
    const most = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(tries, 10));
    tries += 1;
    return most / 2 + (Math.random() * most) / 2;
  }

  function broken() {
    source?.close();
    source = null;
    if (again || !watchers.size) return;
    // the stream itself does not say why: asking does, and who is signed in no more is sent to sign in
    if (tries % 4 === 0) reason();
    if (known.time === null) say("error", known.why);
    again = setTimeout(open, pause());
  }

  async function reason() {
    try {
      const reply = await fetch(ADDRESS, { method: "HEAD", signal: AbortSignal.timeout(5000) });
      if (reply.status === 404) say("error", "none");
      else if (reply.status === 403) say("error", "refused");
    } catch {
      // nobody answers: the age of the alarms says it
    }
  }

  function look() {
    const silent = performance.now() - heard;
    if (known.state === "ready" && silent > STALE_MS) say("stale");
    // a connection that is open and says nothing is dead
    if (source && performance.now() - Math.max(heard, opened) > 2 * STALE_MS) broken();
  }

  function seen() {
    clearTimeout(unseen);
    if (!document.hidden) {
      if (watchers.size && !source) {
        tries = 0;
        open();
      }
      look();
    } else if (!awake.size) {
      unseen = setTimeout(() => {
        if (document.hidden && !awake.size) close();
      }, UNSEEN_MS);
    }
  }

  /**
   * Tell `fn` of the alarms now and whenever something changes, until the answer is called. It gets `{alarms, incidents}`
   * (maps by id), `total` (standing on the whole campus), `seq`, `time` (the server's, of the last word from it), `state`
   * ('loading', 'ready', 'stale', 'error'), `why` ('', 'none': this campus has no alarms, 'refused') and `steps` (those
   * since the last call). The maps are the client's own: read them, do not change them. `always`: go on in a tab that
   * nobody sees.
   */
  function watch(fn, { always = false } = {}) {
    watchers.add(fn);
    if (always) awake.add(fn);
    open();
    tell(fn, []);
    return () => {
      watchers.delete(fn);
      awake.delete(fn);
      if (!watchers.size) close();
    };
  }

  document.addEventListener("visibilitychange", seen);
  window.addEventListener("online", () => {
    tries = 0;
    if (watchers.size && !source) open();
  });

  window.campusAlarms = { watch, STANDING, STALE_MS };
})();
