// The time at the campus, and whether the view is fed: one tick a second, no server asked.
(function () {
  "use strict";
  const campus = window.campus;
  const zone = { timeZone: campus.facts.timezone ?? "UTC" };
  const zh = campus.facts.lang === "zh";
  const time = new Intl.DateTimeFormat("en-GB", { ...zone, hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
  const date = zh
    ? new Intl.DateTimeFormat("zh-CN", { ...zone, month: "long", day: "numeric", weekday: "short" })
    : new Intl.DateTimeFormat("en-GB", { ...zone, day: "numeric", month: "short", year: "numeric", weekday: "short" });

  function write(element, text) {
    if (element && element.textContent !== text) element.textContent = text;
  }

  function tick() {
    const now = new Date();
    write(document.querySelector('[data-clock="time"]'), time.format(now));
    write(document.querySelector('[data-clock="date"]'), date.format(now));
    setTimeout(tick, 1000 - (Date.now() % 1000) + 5);
  }
  tick();
})();
