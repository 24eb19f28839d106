// What every part of the audience's view shares: what the server says of the tour, texts in the language of the wall, its unit.
(function () {
  "use strict";
  const { campus } = window;
  const tour = (campus.tour = { data: null, id: "", lang: "zh", unit: 1, state: null, picture: null, line: true });
  const listeners = new Map();
  const zone = { timeZone: campus.facts.timezone ?? "UTC" };
  const day = new Intl.DateTimeFormat("en-CA", { ...zone, year: "numeric", month: "2-digit", day: "2-digit" });
  const clock = new Intl.DateTimeFormat("en-GB", { ...zone, hour: "2-digit", minute: "2-digit" });
  const dates = {
    zh: new Intl.DateTimeFormat("zh-CN", { ...zone, month: "long", day: "numeric", weekday: "short" }),
    en: new Intl.DateTimeFormat("en-GB", { ...zone, day: "numeric", month: "long", weekday: "short" }),
  };

  tour.on = (name, fn) => listeners.set(name, [...(listeners.get(name) ?? []), fn]);
  tour.tell = function (name, detail) {
    for (const fn of listeners.get(name) ?? []) {
      try {
        fn(detail);
      } catch (error) {
        console.error(error); // a part that fails must not stop the tour
      }
    }
  };

  /** The interface's own languages are two; a tour may be told in more. */
  const own = (lang) => (lang === "zh" ? "zh" : "en");
  tour.say = function (key, figures = {}, lang = tour.lang) {
    const line = tour.data.texts[own(lang)][key] ?? key;
    return line.replace(/\{(\w+)\}/g, (whole, name) => figures[name] ?? whole);
  };

  /** The second language on the wall. */
  tour.other = () => (tour.lang === "zh" ? "en" : tour.lang === "en" ? "zh" : "en");
  tour.text = (texts, lang = tour.lang) => texts?.[lang] || texts?.en || texts?.zh || "";
  tour.tag = (lang) => (lang === "zh" ? "zh-CN" : lang);

  tour.make = function (tag, className = "", ...children) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
    return element;
  };

  /** An element in one of the tour's languages. */
  tour.spoken = function (tag, className, text, lang) {
    if (!text) return null;
    const element = tour.make(tag, className, text);
    element.lang = tour.tag(lang);
    return element;
  };

  tour.age = function (seconds) {
    const steps = [[1, 90, "s"], [60, 90, "min"], [3600, 48, "h"], [86_400, Infinity, "d"]];
    const [size, , unit] = steps.find(([step, limit]) => seconds / step < limit);
    return (lang) => tour.say(`tour.age.${unit}`, { n: Math.floor(Math.max(0, seconds) / size) }, lang);
  };

  /** An instant of the campus: the time, with the day where that is not today's. */
  tour.when = function (iso, lang = tour.lang) {
    const at = new Date(iso);
    const time = clock.format(at);
    return day.format(at) === day.format(tour.now()) ? time : `${dates[own(lang)].format(at)} ${time}`;
  };

  /** The day and the time of an instant of the campus. */
  tour.parts = (iso, lang = tour.lang) => [dates[own(lang)].format(new Date(iso)), clock.format(new Date(iso))];

  tour.offset = 0;
  tour.now = () => Date.now() + tour.offset;
  tour.reduced = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  /** One unit is a pixel of a full-HD screen: every size is a multiple of it. */
  function measure() {
    const page = document.getElementById("tour");
    if (!page) return;
    const upright = innerWidth < innerHeight;
    tour.unit = upright ? Math.min(innerWidth / 1080, innerHeight / 1500) : Math.min(innerWidth / 1920, innerHeight / 1080);
    document.documentElement.style.setProperty("--u", `${tour.unit.toFixed(4)}px`);
    page.dataset.form = upright ? "portrait" : "landscape";
    tour.tell("size");
  }

  tour.setLang = function (lang) {
    tour.lang = lang;
    document.documentElement.lang = tour.tag(lang);
    campus.setProps("twin", { lang: own(lang) });
  };

  let watched = false;
  document.addEventListener("campus:page", () => {
    const page = document.getElementById("tour");
    if (!page) return;
    tour.data = JSON.parse(page.dataset.tour);
    tour.asked = new URLSearchParams(location.search);
    tour.setLang(tour.asked.get("lang") ?? tour.data.lang);
    if (!watched) addEventListener("resize", measure);
    watched = true;
    window.dash_clientside.set_props("pulse", { disabled: true });
    measure();
    tour.tell("begin");
  });
})();
