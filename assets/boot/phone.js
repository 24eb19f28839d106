// What the pages of phones share: what the server told, texts in a language, figures as they are said, the drawing of the campus.
(function () {
  "use strict";
  const main = document.getElementById("main");
  const told = JSON.parse(main.dataset.told);
  const phone = (window.phone = { told, main, lang: told.lang });
  const clock = new Intl.DateTimeFormat("en-GB", { timeZone: told.timezone, hour: "2-digit", minute: "2-digit" });
  const day = new Intl.DateTimeFormat("en-CA", { timeZone: told.timezone, year: "numeric", month: "2-digit", day: "2-digit" });

  /** The interface's own languages are two; a tour may be told in more. */
  const own = (lang) => (lang === "zh" ? "zh" : "en");
  phone.say = (key, figures = {}) => (told.texts[own(phone.lang)][key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => figures[name] ?? whole);
  phone.text = (texts, lang = phone.lang) => texts?.[lang] || texts?.en || texts?.zh || "";
  phone.tag = (lang) => (lang === "zh" ? "zh-CN" : lang);
  phone.byId = (id) => document.getElementById(id);
  phone.time = (at) => clock.format(at);

  phone.make = function (tag, className = "", ...children) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
    return element;
  };

  phone.write = function (id, text) {
    const element = phone.byId(id);
    if (element && element.textContent !== text) element.textContent = text;
  };

  phone.age = function (seconds) {
    const steps = [[1, 90, "s"], [60, 90, "min"], [3600, 48, "h"], [86_400, Infinity, "d"]];
    const [size, , unit] = steps.find(([step, limit]) => seconds / step < limit);
    return phone.say(`tour.age.${unit}`, { n: Math.floor(Math.max(0, seconds) / size) });
  };

  /** Minutes and seconds: 1:12. */
  phone.stretch = (seconds) => `${Math.floor(Math.max(0, seconds) / 60)}:${String(Math.floor(Math.max(0, seconds) % 60)).padStart(2, "0")}`;

  /** Where a number comes from: its shape and its facts. */
  phone.origin = function (number) {
    const tags = [];
    if (number.origin !== "measured") tags.push(number.origin);
    if (told.schematic) tags.push("schematic");
    const facts = [
      number.hidden ? phone.say("tour.hidden") : "",
      number.age_s === null ? "" : phone.age(number.age_s),
      number.of > 1 ? phone.say("tour.of", { have: number.have, of: number.of, what: number.covers[own(phone.lang)] }) : "",
    ];
    return [
      ...tags.map((kind) => {
        const tag = phone.make("span", "phone-tag", phone.say(`tour.${kind}`));
        tag.dataset.kind = kind;
        return tag;
      }),
      ...facts.filter(Boolean).map((fact) => phone.make("span", "", fact)),
    ];
  };

  /** When it was, where that is not now. */
  phone.when = function (moment) {
    if (!moment) return "";
    const one = (iso) => {
      const at = new Date(iso);
      return day.format(at) === day.format(Date.now()) ? clock.format(at) : `${day.format(at)} ${clock.format(at)}`;
    };
    return moment.begin === moment.end ? one(moment.begin) : phone.say("tour.stretch", { begin: one(moment.begin), end: one(moment.end) });
  };

  /** Marks the places of a step in the drawing, and goes near them. */
  phone.draw = function (places) {
    const svg = phone.byId("picture")?.querySelector("svg");
    if (!svg) return;
    const wanted = new Set(places.map((id) => id.split("/")[0]).concat(places));
    const boxes = [];
    for (const group of svg.querySelectorAll("g[data-id]")) {
      const on = wanted.has(group.dataset.id);
      group.toggleAttribute("data-on", on);
      if (on) boxes.push(group.getBBox());
    }
    const whole = (svg.dataset.whole ??= svg.getAttribute("viewBox")).split(" ").map(Number);
    if (!boxes.length) return svg.setAttribute("viewBox", whole.join(" "));
    const [x0, y0] = [Math.min(...boxes.map((b) => b.x)), Math.min(...boxes.map((b) => b.y))];
    const [x1, y1] = [Math.max(...boxes.map((b) => b.x + b.width)), Math.max(...boxes.map((b) => b.y + b.height))];
    const width = Math.min(whole[2], Math.max(360, (x1 - x0) * 2));
    const height = (width * whole[3]) / whole[2];
    const left = Math.max(0, Math.min(whole[2] - width, (x0 + x1) / 2 - width / 2));
    const top = Math.max(0, Math.min(whole[3] - height, (y0 + y1) / 2 - height / 2));
    svg.setAttribute("viewBox", [left, top, width, height].map(Math.round).join(" "));
  };

  phone.places = (picture) => [...picture.highlights, ...picture.callouts].map(({ id }) => id).concat(picture.camera.map(({ of }) => of).filter(Boolean));
})();
