// How alarms are said and drawn, the same everywhere: symbols of the priorities, states, ages, values, time to respond.
(function () {
  "use strict";
  const alarms = window.campusAlarms;
  const NS = "http://www.w3.org/2000/svg";
  const THIN = "\u202f";
  const lang = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
  const PRIORITIES = ["", "critical", "high", "medium", "low"];
  /** Letters of states that wait for somebody to acknowledge. */
  const CALLING = "BDE";
  const SHAPES = {
    1: ["path", { d: "M12 1 23 12 12 23 1 12Z" }], 2: ["path", { d: "M12 1.5 23.5 22H.5Z" }],
    3: ["rect", { x: 2.5, y: 2.5, width: 19, height: 19 }], 4: ["circle", { cx: 12, cy: 12, r: 10.5 }],
  };
  const text = (key, figures) => window.campus.text(key, figures);

  function svg(name, attributes, ...children) {
    const element = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
    element.append(...children);
    return element;
  }

  /** An element; attributes that are null, undefined or false are left out, as are children that are nothing. */
  function make(name, attributes = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value === true) element.setAttribute(key, "");
      else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, String(value));
    }
    element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
    return element;
  }

  const calls = (alarm) => CALLING.includes(alarm.state);
  const priorityName = (priority) => text(`alarms.priority.${PRIORITIES[priority] ?? "low"}`);

  /** The symbol of a priority: shape, digit and colour; that of an alarm that nobody acknowledged flashes (alarms.css). */
  function sign(priority, { calling = false, named = true } = {}) {
    const [shape, how] = SHAPES[priority] ?? SHAPES[4];
    const digit = svg("text", { x: 12, y: priority === 2 ? 18.5 : 16.2, "text-anchor": "middle" }, String(priority));
    const drawing = svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, svg(shape, { ...how, class: "sign-shape" }), digit);
    const words = named ? make("span", { class: "sr-only" }, priorityName(priority)) : null;
    return make("span", { class: "alarm-sign", "data-priority": priority, "data-calling": calling }, drawing, words);
  }

  const name = (names) => (names && (names[lang] || names.en || names.zh || Object.values(names)[0])) || "";
  const what = (alarm) => name(alarm.text) || alarm.id;
  const place = (alarm) => name(alarm.place_names) || window.campus.facts.campus.name;

  /** What, and where if the words do not say it. */
  function whatWhere(alarm) {
    const [said, where] = [what(alarm), place(alarm)];
    return alarm.place && !said.includes(where) ? `${said} · ${where}` : said;
  }

  /** '5 s', '12 min', '3 h', '2 d'. */
  function age(seconds) {
    const steps = [[1, 60, "s", " 秒"], [60, 60, "min", " 分钟"], [3600, 48, "h", " 小时"], [86400, Infinity, "d", " 天"]];
    const [size, , latin, cjk] = steps.find(([step, limit]) => seconds / step < limit);
    return `${Math.max(0, Math.floor(seconds / size))}${lang === "zh" ? cjk : THIN + latin}`;
  }

  /** A number as short as it is exact enough: three figures at least. */
  function number(value) {
    const size = Math.abs(value);
    const decimals = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2;
    const told = size.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).replaceAll(",", THIN);
    return (value < 0 && /[1-9]/.test(told) ? "\u2212" : "") + told;
  }

  const withUnit = (value, unit) => (value === null ? "" : number(value) + (unit && unit !== "1" ? THIN + unit : ""));

  /** The value that raised it beside its limit: '2 140 ppm / 2 000'. */
  function value(alarm) {
    // a state has no limit, and its words say what it is
    if (alarm.value === null || alarm.value === undefined || alarm.kind === "state") return "";
    return withUnit(alarm.value, alarm.unit) + (alarm.limit === null ? "" : ` / ${number(alarm.limit)}`);
  }

  /** Seconds that are left to respond [s], below 0 where that time is over; null where nothing is waited for. */
  function left(alarm, now) {
    if (!calls(alarm) || !alarm.respond_s || !alarm.shown) return null;
    return alarm.respond_s - (now - Date.parse(alarm.shown)) / 1000;
  }

  function leftText(alarm, now) {
    const seconds = left(alarm, now);
    if (seconds === null) return "";
    return seconds >= 0 ? age(seconds) : text("alarms.overdue", { for: age(-seconds) });
  }

  const state = (alarm) => text(`alarms.state.${alarm.state}`);
  const since = (alarm) => Date.parse(alarm.raised ?? alarm.changed);

  /** '03:12', and with the day where it is not today's. */
  function clock(at, now = Date.now()) {
    const { local } = window.campus.timeAxis;
    const same = local.midnight(at) === local.midnight(now);
    return same ? local.clock(at) : `${local.date(at).replace(/\s?\d{4}年?|,?\s\d{4}/, "")} ${local.clock(at)}`;
  }

  /** How two alarms are ordered: as the server does. */
  function urgency(a, b) {
    return a.priority - b.priority || Number(calls(b)) - Number(calls(a)) || since(b) - since(a) || (a.id < b.id ? -1 : 1);
  }

  Object.assign(alarms, {
    words: { lang, text, make, svg, sign, name, what, place, whatWhere, age, number, withUnit, value, left, leftText, state, since, clock, priorityName, PRIORITIES },
    calls, urgency,
  });
})();
