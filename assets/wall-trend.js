// The course of a figure over the day, at the foot of a wall: the line as far as it is known, what was and is expected as a
// band, the rest empty; its highest value carries the scale.
(function () {
  "use strict";
  const { wall } = window.campus;
  const NS = "http://www.w3.org/2000/svg";
  const EVERY_MS = 60_000;
  const PAST_MS = 900_000;
  /** A program that has just begun is still gathering its past: it is asked again sooner. */
  const SOON_MS = 60_000;
  /** The history knows an old day by the hour: so long a value may stand for its hour. */
  const HOUR_MS = 3_900_000;
  /** Between two values so far apart is no line. */
  const GAP_MS = 600_000;
  const SPANS = { "24h": 86_400_000, "6h": 21_600_000 };
  let scene = null;
  let timer = 0;
  const known = new Map();

  function make(name, attributes) {
    const element = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
    return element;
  }

  function window_(now) {
    if (scene.range === "day") return [wall.midnight(now), wall.midnight(now, 1)];
    return [now - SPANS[scene.range], now];
  }

  const places = () => [...document.querySelectorAll(".wall-trend")].filter((place) => !place.hidden);
  const domainOf = (place) => place.closest("[data-domain]")?.dataset.domain ?? scene?.domain;

  const keyOf = (place) => `${domainOf(place)}|${scene?.entity ?? ""}`;

  /** The course as [instant, value], of now or as of a past instant; null where it cannot be had. */
  async function course(query) {
    try {
      const { kpi, unit, begin, step_s: step, values } = await wall.fetched(`/api/v1/kpis/history?${new URLSearchParams(query)}`, 8000);
      const begun = Date.parse(begin);
      return { kpi, unit, rows: values.map((value, at) => [begun + at * step * 1000, value]) };
    } catch {
      return null; // the line stays as it was: its end says how old it is
    }
  }

  /**
   * What the program remembers of the day, and once a while what the history has of the time before it began: a wall that
   * is switched on at noon has a morning.
   */
  async function ask() {
    clearTimeout(timer);
    timer = setTimeout(ask, EVERY_MS);
    if (!scene || wall.incident) return;
    for (const place of places()) {
      const [domain, entity] = keyOf(place).split("|");
      const key = keyOf(place);
      const found = known.get(key) ?? { kpi: "", unit: "", values: new Map(), past: -Infinity };
      const now = await course({ domain, entity });
      if (!now) continue;
      if (performance.now() - found.past > PAST_MS) {
        const past = await course({ domain, entity, at: new Date(wall.now() - 60_000).toISOString() });
        for (const [at, value] of past?.rows ?? []) found.values.set(at, value);
        const begun = [...found.values].filter(([, value]) => value !== null).map(([at]) => at);
        const whole = begun.length > 0 && Math.min(...begun) < wall.midnight(wall.now()) + HOUR_MS;
        found.past = performance.now() - (whole ? 0 : PAST_MS - SOON_MS);
      }
      for (const [at, value] of now.rows) found.values.set(at, value);
      const oldest = wall.now() - 2 * SPANS["24h"];
      for (const at of found.values.keys()) if (at < oldest) found.values.delete(at);
      known.set(key, { ...found, kpi: now.kpi, unit: now.unit });
      if (known.size > 24) known.delete(known.keys().next().value);
    }
    draw();
  }

  function draw() {
    if (!scene || wall.incident) return;
    for (const place of places()) {
      const answer = known.get(keyOf(place));
      if (!place.clientWidth || !answer) continue;
      place.replaceChildren(drawing(answer, place.clientWidth, place.clientHeight));
      place.setAttribute("role", "img");
      place.setAttribute("aria-label", wall.say("wall.trend"));
    }
    peak();
  }

  const points = ({ values }, [from, to]) => [...values].filter(([at]) => at >= from && at <= to).sort(([a], [b]) => a - b);

  function drawing(answer, width, height) {
    const now = wall.now();
    const span = window_(now);
    const line = smooth(points(answer, span));
    const band = answer.kpi === "energy.power" && !scene.entity ? bandOf(span) : [];
    const top = Math.max(...line.map(([, value]) => value ?? 0), ...band.map(([, , high]) => high), 1e-9);
    const unit = wall.unit;
    const edge = 10 * unit;
    const x = (at) => edge + ((at - span[0]) / (span[1] - span[0])) * (width - 2 * edge);
    const y = (value) => height - edge - (value / top) * (height - 2.4 * edge);
    const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true" });
    if (band.length > 1) {
      const upper = band.map(([at, , high]) => `${x(at).toFixed(1)} ${y(high).toFixed(1)}`);
      const lower = [...band].reverse().map(([at, low]) => `${x(at).toFixed(1)} ${y(low).toFixed(1)}`);
      svg.append(make("path", { d: `M${[...upper, ...lower].join("L")}Z`, class: "wall-band" }));
    }
    let path = "";
    let last = null;
    line.forEach(([at, value, half = 0], n) => {
      if (value === null) return;
      const before = line[n - 1];
      path += `${before && before[1] !== null && at - half - before[0] - (before[2] ?? 0) <= GAP_MS ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
      last = [at, value];
    });
    svg.append(make("path", { d: path, class: "wall-line", "stroke-width": 4 * unit }));
    if (last) svg.append(make("circle", { cx: x(last[0]), cy: y(last[1]), r: 9 * unit, class: "wall-now" }));
    return svg;
  }

  /** A value that stands for its whole hour is drawn once, in its middle, with half its width: no stairs that nobody measured. */
  function smooth(line) {
    const found = [];
    for (let from = 0; from < line.length; ) {
      let to = from;
      while (to + 1 < line.length && line[to + 1][1] === line[from][1] && line[to + 1][0] - line[from][0] <= HOUR_MS) to += 1;
      const ends = from === 0 || to === line.length - 1 || line[from][1] === null;
      if (to - from < 3 || ends) found.push(...line.slice(from, to + 1));
      else found.push([(line[from][0] + line[to][0]) / 2, line[from][1], (line[to][0] - line[from][0]) / 2]);
      from = to + 1;
    }
    return found;
  }

  /** The expected band, hour by hour, as [instant, low, high]; each stands in the middle of its hour. */
  function bandOf([from, to]) {
    const day = wall.expectedDay();
    if (!day) return [];
    return day.times.map((at, n) => [at + 1_800_000, day.low[n], day.high[n]]).filter(([at, low]) => low !== null && at >= from && at <= to);
  }

  /** The highest value of the day and when it was. */
  function peak() {
    const place = document.getElementById("wall-peak");
    const answer = known.get(`${scene.domain}|${scene.entity}`);
    const shown = scene.panels.includes("trend") && wall.form !== "wide" && answer;
    const line = shown ? points(answer, window_(wall.now())).filter(([, value]) => value !== null) : [];
    place.hidden = line.length === 0;
    if (!line.length) return;
    const [at, value] = line.reduce((best, row) => (row[1] > best[1] ? row : best));
    const [number, unit] = wall.figure(value, answer.unit === "1" ? "" : answer.unit, Math.abs(value) < 10 ? 1 : 0);
    // where the large figure is another one the line says what it is of
    const name = answer.kpi === scene.hero ? "" : wall.name(wall.figureOf(answer.kpi, scene.entity).row?.names);
    place.replaceChildren(
      wall.make("span", "", [name, wall.say("wall.peak")].filter(Boolean).join(" ")), wall.make("b", "", number), wall.make("span", "wall-unit", unit), wall.make("span", "", wall.clock.minutes(at)),
    );
  }

  wall.on("drawn", (next) => {
    scene = next;
    draw();
    ask();
  });
  wall.on("figures", () => places().some((place) => !place.firstChild) && draw());
})();
