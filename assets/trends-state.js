// The state of the trends page: one object, mirrored in the address, so that a link shows the same.
(function () {
  "use strict";
  const campus = window.campus;
  const HOUR = 3_600_000;
  const DEFAULTS = {
    span: "24h", from: "", to: "", step: "", compare: "", normalise: "", view: "curve", at: "live",
    of: "buildings", by: "energy", worst: "0", limits: "",
  };
  const SPANS = { "24h": 24 * HOUR, "7d": 7, "30d": 30 };
  /** A running chart of so short a span shows what is to come. */
  const AHEAD = new Set(["24h", "7d"]);
  let state = { ...DEFAULTS, what: [] };

  function read() {
    const query = new URLSearchParams(location.search);
    state = { ...DEFAULTS, what: query.getAll("what").slice(0, 8) };
    for (const key of Object.keys(DEFAULTS)) if (query.has(key)) state[key] = query.get(key);
    if (!Number.isFinite(Date.parse(state.at))) state.at = "live";
    if (!Number.isFinite(Date.parse(state.from)) || !Number.isFinite(Date.parse(state.to))) state.from = state.to = "";
    if (!state.what.length) state.what = [`${campus.facts.campus.id}:power`];
    return state;
  }

  function address(of) {
    const query = new URLSearchParams();
    for (const what of of.what) query.append("what", what);
    for (const [key, plain] of Object.entries(DEFAULTS)) if (of[key] !== plain) query.set(key, of[key]);
    const now = new URLSearchParams(location.search);
    for (const key of ["lang", "theme"]) if (now.get(key)) query.set(key, now.get(key));
    return `${location.pathname}?${query}`.replaceAll("%2F", "/").replaceAll("%3A", ":").replaceAll("%2C", ",");
  }

  /** The instant that is now for this page [ms]: the one that is replayed, else the present. */
  const instant = () => (state.at === "live" ? Date.now() : Date.parse(state.at));

  /** The window shown: {from, to} [ms]; `to` may lie ahead of now. */
  function windowOf(of = state) {
    if (of.from) return { from: Date.parse(of.from), to: Date.parse(of.to), ahead: false };
    const { local } = campus.timeAxis;
    const now = instant();
    if (of.span === "month" || of.span === "year") {
      const parts = new Intl.DateTimeFormat("en-GB", { timeZone: campus.facts.timezone, day: "numeric", month: "numeric" }).formatToParts(now);
      const read = Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]));
      let first = local.midnight(now, 1 - read.day);
      for (let month = read.month; of.span === "year" && month > 1; month -= 1) {
        const before = new Intl.DateTimeFormat("en-GB", { timeZone: campus.facts.timezone, day: "numeric" }).format(first - HOUR);
        first = local.midnight(first - HOUR, 1 - Number(before));
      }
      return { from: first, to: now, ahead: false };
    }
    const span = SPANS[of.span] ?? SPANS["24h"];
    const from = span > 1000 ? now - span : local.shiftDays(now, -span);
    // the rest of today and all of tomorrow: what the forecast tells
    const ahead = of.view === "curve" && !of.compare && of.at === "live" && AHEAD.has(of.span);
    return { from, to: now, ahead: ahead ? local.midnight(now, 2) : false };
  }

  /** Change the state; `push` makes a step of history. */
  function set(patch, push = true) {
    Object.assign(state, patch);
    history[push ? "pushState" : "replaceState"](null, "", address(state));
    document.dispatchEvent(new CustomEvent("campus:trends", { detail: patch }));
  }

  /** The address with fixed ends: a link to what stands here now. */
  function fixed() {
    const { from, to } = windowOf();
    return location.origin + address({ ...state, from: iso(from), to: iso(to), span: DEFAULTS.span });
  }

  /** '2026-11-27T10:00' on the campus's clock, and back to an instant; null where that is none. */
  const written = (at) => new Date(at + campus.timeAxis.local.offset(at)).toISOString().slice(0, 16);
  function clocked(words) {
    const wall = Date.parse(`${words}:00Z`);
    if (!Number.isFinite(wall)) return null;
    // the zone's distance from UTC may be another before a change of clocks
    const guess = wall - campus.timeAxis.local.offset(wall);
    return wall - campus.timeAxis.local.offset(guess);
  }

  const iso = (at) => new Date(at).toISOString().replace(/\.\d+Z$/, "Z");

  campus.trendsState = { read, get: () => state, set, windowOf, instant, fixed, iso, written, clocked };
})();
