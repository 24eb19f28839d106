// The clock of a wall, its 60 marks (one a second, no sweep: a screen that hangs is seen to hang), the date, the night.
(function () {
  "use strict";
  const { wall } = window.campus;
  const NS = "http://www.w3.org/2000/svg";
  /** What the server last said of the weather is no longer told after so long [ms]. */
  const OLD_MS = 60_000;
  let timer = 0;
  let marks = [];
  /** Seconds that were drawn: what the server knows a living page by. */
  wall.ticks = 0;

  function build() {
    const svg = document.createElementNS(NS, "svg");
    svg.setAttribute("viewBox", "0 0 300 12");
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    marks = Array.from({ length: 60 }, (_, at) => {
      const mark = document.createElementNS(NS, "rect");
      const tall = at % 15 === 0 ? 12 : 8;
      for (const [key, value] of Object.entries({ x: at * 5, y: 0, width: 2.4, height: tall })) mark.setAttribute(key, String(value));
      svg.append(mark);
      return mark;
    });
    document.getElementById("wall-marks").replaceChildren(svg);
  }

  function tick() {
    clearTimeout(timer);
    const now = wall.now();
    wall.ticks += 1;
    wall.write(document.getElementById("wall-time"), wall.clock.seconds(now));
    wall.write(document.getElementById("wall-date"), [wall.clock.date(now), outdoors()].filter(Boolean).join(" \u00b7 "));
    const second = Math.floor(now / 1000) % 60;
    marks.forEach((mark, at) => {
      const on = at <= second ? "on" : "off";
      if (mark.dataset.at !== on) mark.dataset.at = on;
    });
    night(now);
    wall.tell("second", now);
    timer = setTimeout(tick, 1000 - (wall.now() % 1000) + 5);
  }

  /** How warm it is outside, where the campus has a thermometer there and its word is fresh. */
  function outdoors() {
    const { outdoor } = wall;
    if (!outdoor || performance.now() - outdoor.heard > OLD_MS) return "";
    return wall.figure(outdoor.value, outdoor.unit, 1).join(" ");
  }

  function night(now) {
    const { night: given } = wall.data;
    const dark = given !== null && wall.holds(given, now) && !wall.incident;
    const veil = document.getElementById("wall-night");
    const level = dark ? String(given.dim) : "0";
    if (veil.style.opacity !== level) veil.style.opacity = level;
    document.getElementById("wall").toggleAttribute("data-night", dark);
  }

  wall.on("begin", () => {
    build();
    tick();
  });
  wall.on("language", () => wall.data && tick());
})();
