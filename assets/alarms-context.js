// The state of the page of alarms: one object, mirrored in the address, so that a link shows the same.
(function () {
  "use strict";
  const DEFAULTS = { view: "active", state: "", priority: "", building: "", domain: "", kind: "", rule: "", q: "", needs: "", sort: "urgency", alarm: "", at: "live", span: "7" };
  /** Rows of a selection that an address holds. */
  const MOST = 40;
  const VIEWS = { active: "B,C,D,E,F", shelved: "G", suppressed: "H", service: "I", all: "B,C,D,E,F,G,H,I" };
  const CHOICES = {
    view: [...Object.keys(VIEWS), "figures"], state: ["", ..."BCDEF"], kind: ["", "threshold", "state", "loss", "finding", "source", "external"],
    sort: ["urgency", "newest", "oldest", "changed", "place"], needs: ["", "1"], span: ["1", "7", "30"],
  };
  const WRITE_MS = 150;
  let state = { ...DEFAULTS, picked: [] };
  let writing = 0;

  function read() {
    clearTimeout(writing);
    const query = new URLSearchParams(location.search);
    state = { ...DEFAULTS, picked: query.getAll("pick").slice(0, MOST) };
    for (const key of Object.keys(DEFAULTS)) if (query.has(key)) state[key] = query.get(key).slice(0, 500);
    // what an address says wrong is as if it had not said it
    for (const [key, allowed] of Object.entries(CHOICES)) if (!allowed.includes(state[key])) state[key] = DEFAULTS[key];
    state.priority = [...new Set(state.priority.split(","))].filter((one) => ["1", "2", "3", "4"].includes(one)).sort().join(",");
    if (!Number.isFinite(Date.parse(state.at))) state.at = "live";
    return state;
  }

  function address() {
    const query = new URLSearchParams();
    for (const [key, plain] of Object.entries(DEFAULTS)) if (state[key] !== plain) query.set(key, state[key]);
    for (const id of state.picked.slice(0, MOST)) query.append("pick", id);
    const now = new URLSearchParams(location.search);
    for (const key of ["lang", "theme"]) if (now.get(key)) query.set(key, now.get(key));
    const text = query.toString().replaceAll("%2F", "/").replaceAll("%3A", ":").replaceAll("%2C", ",");
    return location.pathname + (text ? `?${text}` : "");
  }

  /** Change it; `push` makes a step of history. */
  function set(patch, push = true) {
    const changed = Object.keys(patch).filter((key) => JSON.stringify(state[key]) !== JSON.stringify(patch[key]));
    Object.assign(state, patch);
    if (!changed.length) return;
    clearTimeout(writing);
    if (push) history.pushState(null, "", address());
    // a key that is held changes it many times a second: browsers slow down who writes so often
    else writing = setTimeout(() => history.replaceState(null, "", address()), WRITE_MS);
    document.dispatchEvent(new CustomEvent("campus:alarms", { detail: new Set(changed) }));
  }

  /** What the list asks the server for. */
  function query() {
    const letters = state.view === "active" && state.state ? state.state : (VIEWS[state.view] ?? VIEWS.active);
    const asked = new URLSearchParams({ state: state.needs && state.view === "active" ? "B,D,E" : letters, sort: state.sort });
    for (const key of ["priority", "building", "domain", "kind", "rule", "q"]) if (state[key]) asked.set(key, state[key]);
    if (state.at !== "live") asked.set("at", state.at);
    return asked;
  }

  const filtered = () => ["state", "priority", "building", "domain", "kind", "rule", "q", "needs"].some((key) => state[key] !== "");
  const cleared = { state: "", priority: "", building: "", domain: "", kind: "", rule: "", q: "", needs: "" };

  window.campusAlarms.page = { read, get: () => state, set, query, filtered, cleared, VIEWS };
})();
