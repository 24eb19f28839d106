// The course of the value that an alarm is about, over the last hours, with its limit and the instant at which it was raised.
(function () {
  "use strict";
  const alarms = window.campusAlarms;
  const { svg, make, text, withUnit } = alarms.words;
  const HOURS = 6;
  const HOUR_MS = 3_600_000;
  const PLACES = 300;
  const [RIGHT, UNDER, OVER] = [52, 18, 8];

  /** Values of a point from `from` to `to` [ms], as [[time, value], ...]. */
  async function values(point, from, to, signal) {
    const iso = (at) => new Date(at).toISOString();
    const id = point.split("/").map(encodeURIComponent).join("/");
    const query = new URLSearchParams({ from: iso(from), to: iso(to), points: String(PLACES) });
    const reply = await fetch(`/api/v1/points/${id}/series?${query}`, { signal });
    if (!reply.ok) throw new Error(String(reply.status));
    const body = await reply.json();
    return { rows: body.rows.map((row) => [Date.parse(row.time), row.value]), gaps: body.gaps.map((gap) => [Date.parse(gap.start), Date.parse(gap.end)]) };
  }

  /** The line, broken where nothing was known. */
  function course(rows, gaps, x, y) {
    let path = "";
    let last = null;
    for (const [at, value] of rows) {
      if (value === null) continue;
      const broken = last !== null && gaps.some(([start, end]) => start >= last - 1000 && end <= at + 1000);
      path += `${last === null || broken ? "M" : "L"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
      last = at;
    }
    return path;
  }

  function drawing({ rows, gaps }, alarm, from, to, width) {
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const height = 112 * rem;
    const [right, foot, top] = [width - RIGHT * rem, height - UNDER * rem, OVER * rem];
    const known = rows.map(([, value]) => value).filter((value) => value !== null);
    const ends = alarm.limit === null ? known : [...known, alarm.limit];
    const [low, high] = [Math.min(...ends), Math.max(...ends)];
    const room = (high - low || Math.abs(high) || 1) * 0.08;
    const x = (at) => ((at - from) / (to - from)) * right;
    const y = (value) => foot - ((value - low + room) / (high - low + 2 * room)) * (foot - top);
    const label = `${text("alarms.trend")}: ${withUnit(Math.min(...known), alarm.unit)} – ${withUnit(Math.max(...known), alarm.unit)}`;
    const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: "alarm-trend", role: "img", "aria-label": label });
    for (const [start, end] of gaps) {
      const [a, b] = [Math.max(0, x(start)), Math.min(right, x(end))];
      if (b > a) picture.append(svg("rect", { x: a, y: top, width: b - a, height: foot - top, class: "alarm-trend-gap" }));
    }
    picture.append(svg("path", { d: `M0 ${foot + 0.5}H${right}`, class: "trend-axis" }));
    if (alarm.limit !== null) {
      picture.append(svg("path", { d: `M0 ${y(alarm.limit)}H${right}`, class: "alarm-trend-limit" }));
      picture.append(svg("text", { x: right + 5 * rem, y: y(alarm.limit) + 4 * rem, class: "alarm-trend-tick" }, withUnit(alarm.limit, "")));
    }
    const raised = alarms.words.since(alarm);
    if (raised >= from && raised <= to) picture.append(svg("path", { d: `M${x(raised)} ${top}V${foot}`, class: "alarm-trend-raised" }));
    picture.append(svg("path", { d: course(rows, gaps, x, y), class: "trend-line" }));
    const end = rows.findLast(([, value]) => value !== null);
    if (end) {
      picture.append(svg("circle", { cx: x(end[0]), cy: y(end[1]), r: 2.5 * rem, class: "trend-dot" }));
      const free = alarm.limit === null || Math.abs(y(end[1]) - y(alarm.limit)) > 12 * rem;
      if (free) picture.append(svg("text", { x: right + 5 * rem, y: y(end[1]) + 4 * rem, class: "alarm-trend-tick is-now" }, withUnit(end[1], "")));
    }
    for (const { at, label: words } of window.campus.timeAxis.local.ticks(from, to, right, 64 * rem)) {
      if (x(at) > 14 * rem && x(at) < right - 14 * rem) picture.append(svg("text", { x: x(at), y: height - 3 * rem, class: "alarm-trend-tick", "text-anchor": "middle" }, words));
    }
    return picture;
  }

  /** Draw it into `place`; what cannot be had is said there. `to` [ms] is the instant that is shown. */
  async function trend(place, alarm, to, signal) {
    const from = Math.min(to - HOURS * HOUR_MS, Math.max(alarms.words.since(alarm) - HOUR_MS, to - 48 * HOUR_MS));
    try {
      const found = await values(alarm.source, from, to, signal);
      if (signal.aborted || !place.isConnected) return;
      const any = found.rows.some(([, value]) => value !== null);
      place.replaceChildren(any ? drawing(found, alarm, from, to, Math.max(160, place.clientWidth)) : make("p", { class: "note" }, text("alarms.trend.none")));
    } catch {
      if (!signal.aborted && place.isConnected) place.replaceChildren(make("p", { class: "note" }, text("alarms.trend.failed")));
    }
  }

  alarms.trend = trend;
})();
