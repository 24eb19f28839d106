// One line about the alarms at the foot of a calm wall: how many of each priority stand, or that nobody knows.
(function () {
  "use strict";
  const { wall } = window.campus;
  const { make } = wall;
  let heard = null;
  let time = null;
  let drawn = "";

  /** How old the last word of the alarms is [s]; null before the first. */
  wall.alarmAge = () => (heard === null ? null : (performance.now() - heard) / 1000);

  function draw(known) {
    if (known) {
      if (known.time !== null && known.time !== time) {
        time = known.time;
        heard = performance.now();
      }
      wall.alarmsKnown = known;
    }
    const place = document.getElementById("wall-alarms");
    const now = wall.alarmsKnown;
    if (!place || !now || now.why === "none") return;
    const counts = [1, 2, 3, 4].map((p) => [...now.alarms.values()].filter(({ priority }) => priority === p).length);
    const said = JSON.stringify([counts, now.state, wall.lang, now.state === "stale" ? Math.floor(wall.alarmAge() / 10) : 0]);
    if (said === drawn) return;
    drawn = said;
    const sum = counts.reduce((a, b) => a + b, 0);
    const words = now.state === "loading" ? [] : now.state === "error" ? [wall.say("wall.alarms-unknown")]
      : now.state === "stale" ? [wall.say("wall.alarms-stale", { age: wall.age(wall.alarmAge() ?? 0) })]
      : sum === 0 ? [wall.say("wall.alarms-none")]
      : counts.flatMap((n, at) => (n ? [make("span", "wall-alarm-count", wall.sign(at + 1), make("b", "", wall.grouped(n, 0)))] : []));
    place.replaceChildren(...words);
    place.dataset.state = now.state === "ready" && sum === 0 ? "none" : now.state;
    place.setAttribute("aria-label", wall.say("wall.alarms"));
  }

  wall.on("alarms", draw);
  wall.on("second", () => draw(null));
  wall.on("language", () => draw(null));
})();
