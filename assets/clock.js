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

  // Chinese wants a space before the day of the week, which the browser's form lacks.
  const dateText = (now) => (zh ? date.format(now).replace(/(日)\s*(周)/, "$1 $2") : date.format(now));

  function write(element, text) {
    if (element && element.textContent !== text) element.textContent = text;
  }

  /** The view says how it is fed; the bar says it in words, without touching what the feed itself writes. */
  function feed() {
    const box = document.getElementById("feed");
    const word = document.getElementById("feed-word");
    if (!box || !word) return;
    const shown = document.getElementById("twin")?.dataset.state ?? "off";
    const past = (document.getElementById("twin")?.dataset.time ?? "live") !== "live";
    const state = past ? "replay" : shown === "ready" && !campus.facts.fed ? "off" : shown;
    if (box.dataset.state !== state) box.dataset.state = state;
    const texts = { loading: "feed.loading", ready: "feed.live", stale: "feed.stale", error: "feed.error", off: "feed.off", replay: "feed.replay" };
    write(word, campus.text(texts[state] ?? texts.off));
  }

  function tick() {
    feed();
    const now = new Date();
    write(document.querySelector('[data-clock="time"]'), time.format(now));
    write(document.querySelector('[data-clock="date"]'), dateText(now));
    setTimeout(tick, 1000 - (Date.now() % 1000) + 5);
  }
  tick();
})();
