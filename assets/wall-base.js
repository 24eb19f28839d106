// What every part of a wall shares: what the server says of it, its texts in both languages, numbers as a wall writes them.
// A wall speaks the language that was chosen for it, not the browser's; it changes without being loaded anew.
(function () {
  "use strict";
  const campus = window.campus;
  /** Between groups of three: as wide as on paper, a fifth of a sign. */
  const THIN = "\u2009";
  const MINUS = "\u2212";
  /** From so many of a unit on the larger one is written: [unit, from, divisor, larger, decimals]. */
  const LARGER = [
    ["kW", 1000, 1000, "MW", 2], ["kWh", 10_000, 1000, "MWh", 1], ["kg", 10_000, 1000, "t", 1], ["Mbit/s", 1000, 1000, "Gbit/s", 2],
  ];
  const wall = (campus.wall = { data: null, texts: null, screen: null, id: "", lang: "zh", theme: "dark" });
  const listeners = new Map();

  /** Tell the parts of the wall of each other without their knowing each other. */
  wall.on = (name, fn) => listeners.set(name, [...(listeners.get(name) ?? []), fn]);
  wall.tell = function (name, detail) {
    for (const fn of listeners.get(name) ?? []) {
      try {
        fn(detail);
      } catch (error) {
        console.error(error); // a part that fails must not stop a display that runs for months
      }
    }
  };

  /** The wall's own text of `key`, with its {figures}. */
  wall.say = function (key, figures = {}) {
    const line = wall.texts[wall.lang][key] ?? key;
    return line.replace(/\{(\w+)\}/g, (whole, name) => figures[name] ?? whole);
  };

  /** A name in the wall's language, else in the other. */
  wall.name = (names) => names?.[wall.lang] || names?.[wall.lang === "zh" ? "en" : "zh"] || names?.[""] || "";
  wall.otherLang = () => (wall.lang === "zh" ? "en" : "zh");

  wall.make = function (tag, className = "", ...children) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
    return element;
  };

  wall.write = function (element, text) {
    if (element && element.textContent !== text) element.textContent = text;
  };

  function grouped(value, decimals) {
    const text = Math.abs(value).toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    const plain = text.replaceAll(",", THIN);
    return value < 0 && /[1-9]/.test(plain) ? MINUS + plain : plain;
  }
  wall.grouped = grouped;

  /** A value as a wall writes it: [number, unit], in a larger unit where that reads better. */
  wall.figure = function (value, unit, decimals = 0) {
    if (value === null || value === undefined || Number.isNaN(value)) return ["\u2013", ""];
    const larger = LARGER.find(([name, from]) => name === unit && Math.abs(value) >= from);
    if (!larger) return [grouped(value, decimals), unit];
    const [, , divisor, name, digits] = larger;
    return [grouped(value / divisor, digits), name];
  };

  /** How old something is, in one word. */
  wall.age = function (seconds) {
    const steps = [[1, 90, "s"], [60, 90, "min"], [3600, 48, "h"], [86_400, Infinity, "d"]];
    const [size, , unit] = steps.find(([step, limit]) => seconds / step < limit);
    return wall.say(`wall.age.${unit}`, { n: Math.floor(Math.max(0, seconds) / size) });
  };

  /** A stretch of time to the second: '8 min 42 s'. */
  wall.stretch = function (seconds) {
    const whole = Math.max(0, Math.floor(seconds));
    if (whole >= 3600) return wall.say("wall.stretch.h", { h: Math.floor(whole / 3600), m: Math.floor((whole % 3600) / 60) });
    if (whole >= 60 && whole % 60 === 0) return wall.say("wall.stretch.whole", { m: whole / 60 });
    if (whole >= 60) return wall.say("wall.stretch.min", { m: Math.floor(whole / 60), s: whole % 60 });
    return wall.say("wall.stretch.s", { s: whole });
  };

  const zone = { timeZone: campus.facts.timezone ?? "UTC" };
  const seconds = new Intl.DateTimeFormat("en-GB", { ...zone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const minutes = new Intl.DateTimeFormat("en-GB", { ...zone, hour: "2-digit", minute: "2-digit" });
  const dates = {
    zh: new Intl.DateTimeFormat("zh-CN", { ...zone, month: "long", day: "numeric", weekday: "short" }),
    en: new Intl.DateTimeFormat("en-GB", { ...zone, day: "numeric", month: "short", weekday: "short" }),
  };
  const parts = new Intl.DateTimeFormat("en-GB", { ...zone, weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

  /** The campus's clock: with seconds, without, the date, and [day of the week from 1, minute of the day]. */
  wall.clock = {
    seconds: (at) => seconds.format(at),
    minutes: (at) => minutes.format(at),
    date: (at) => dates[wall.lang].format(at).replace(/(日)\s*(周)/, "$1 $2"),
    local(at) {
      const found = Object.fromEntries(parts.formatToParts(at).map(({ type, value }) => [type, value]));
      return [DAYS.indexOf(found.weekday) + 1, Number(found.hour) * 60 + Number(found.minute)];
    },
  };

  /** What time the server has: a display's own clock may be wrong by hours. */
  wall.offset = 0;
  wall.now = () => Date.now() + wall.offset;

  /** Whether a weekly schedule holds at an instant; a span that ends before it begins belongs to the day of its begin. */
  wall.holds = function ({ days, spans }, at) {
    const [day, minute] = wall.clock.local(at);
    const before = day === 1 ? 7 : day - 1;
    return spans.some(([from, to]) => {
      if (to > from) return days.includes(day) && minute >= from && minute < to;
      return (minute >= from && days.includes(day)) || (minute < to && days.includes(before));
    });
  };

  wall.reduced = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  /** Sizes follow the screen's profile: one unit, in CSS pixels of this window. */
  function measure() {
    const { screen } = wall;
    if (!screen) return;
    const scale = Math.min(innerWidth / screen.width, innerHeight / screen.height);
    const unit = screen.unit * scale;
    document.documentElement.style.setProperty("--u", `${unit.toFixed(4)}px`);
    const form = innerWidth >= 2.6 * innerHeight ? "wide" : innerWidth < innerHeight ? "portrait" : "landscape";
    const page = document.getElementById("wall");
    if (page.dataset.form !== form) page.dataset.form = form;
    wall.unit = unit;
    wall.form = form;
    wall.tell("size");
  }

  wall.measure = measure;

  wall.setTheme = function (theme) {
    wall.theme = theme;
    if (document.documentElement.dataset.theme !== theme) document.documentElement.dataset.theme = theme;
    campus.setProps("twin", { theme });
  };

  wall.setLang = function (lang) {
    wall.lang = lang;
    campus.facts.lang = lang; // names of places come in the wall's language, whatever the browser's is
    document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
    campus.setProps("twin", { lang });
  };

  /** What only a screen reader hears. */
  function names() {
    document.getElementById("wall-list").setAttribute("aria-label", wall.say("wall.playlist"));
    document.getElementById("wall-incident").setAttribute("aria-label", wall.say("wall.incident"));
  }
  wall.on("language", names);

  let watched = false;
  document.addEventListener("campus:page", () => {
    const page = document.getElementById("wall");
    if (!page) return;
    const told = JSON.parse(page.dataset.wall);
    Object.assign(wall, { data: told.wall, texts: told.texts, domains: told.domains, build: told.build });
    const asked = new URLSearchParams(location.search);
    wall.id = told.wall.id;
    wall.screen = told.wall.screens[asked.get("screen")] ?? Object.values(told.wall.screens)[0];
    wall.display = told.display;
    // an address that names a language or theme is obeyed, whatever was chosen for the wall
    wall.fixed = { lang: ["zh", "en"].includes(asked.get("lang")), theme: ["dark", "light"].includes(asked.get("theme")) };
    wall.setLang(wall.fixed.lang ? asked.get("lang") : told.state.lang);
    wall.setTheme(wall.fixed.theme ? asked.get("theme") : told.state.theme);
    // a preview (assets/wall-preview.js) is nobody's to hold
    wall.preview = asked.has("preview");
    wall.state = wall.preview ? { ...told.state, held: [], selection: "" } : told.state;
    wall.written = told.state.written;
    page.toggleAttribute("data-preview", wall.preview);
    if (!watched) addEventListener("resize", measure);
    watched = true;
    // the panel of the console is told to grow old every three seconds: a wall has none
    window.dash_clientside.set_props("pulse", { disabled: true });
    measure();
    wall.tell("begin", told);
    names();
  });
})();
