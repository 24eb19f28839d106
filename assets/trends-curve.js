// The curve: lines over true time, with what was expected behind them, what was before beside them, and hatched where they
// are not as good as elsewhere. Answers a figure for Plotly and what its legend says.
(function () {
  "use strict";
  const campus = window.campus;
  const look = campus.trendsLook;
  const { local } = campus.timeAxis;
  const HOUR = 3_600_000;
  /** Units that share one chart; with more of them each gets a chart of its own under the others. */
  const TOGETHER = 2;
  const CLEAR = "rgba(0,0,0,0)";

  const middles = (borders) => borders.slice(0, -1).map((at, i) => (at + borders[i + 1]) / 2);

  /** 'Fri 27 Nov 2026, 10:00 – 11:00' of each bucket. */
  function moments(borders) {
    return borders.slice(0, -1).map((at, i) => {
      const whole = local.midnight(at) === at && borders[i + 1] - at >= 20 * HOUR;
      return whole ? local.date(at) : `${local.date(at)}, ${local.clock(at)} – ${local.clock(borders[i + 1])}`;
    });
  }

  /** The text of a place: value, how it is known, extremes. */
  function told(line, i) {
    const { look: l, text } = { look, text: campus.text };
    const value = line.value[i];
    if (value === null) return null;
    const parts = [`<b>${l.number(value, line.unit)}</b>`];
    if (line.low[i] !== null && line.high[i] !== null && line.high[i] > line.low[i]) parts.push(`${l.number(line.low[i])} – ${l.number(line.high[i])}`);
    if (line.of[i] > 1) parts.push(text("trends.points", { have: line.have[i], of: line.of[i] }));
    if (line.coverage[i] < 0.995) parts.push(text("trends.known", { n: l.percent(line.coverage[i]) }));
    return parts.join(" · ");
  }

  /** Rectangles as one closed line. */
  function boxes(spans, low, high) {
    const x = [];
    const y = [];
    for (const { start, end } of spans) {
      x.push(start, start, end, end, start, null);
      y.push(low, high, high, low, low, null);
    }
    return { x, y };
  }

  function shade(stretches, low, high, yaxis) {
    const found = [];
    for (const kind of Object.keys(look.PATTERNS)) {
      const mine = stretches.filter((each) => each.kind === kind);
      if (!mine.length) continue;
      found.push({
        type: "scatter", mode: "lines", ...boxes(mine, low, high), yaxis, fill: "toself", fillpattern: look.pattern(kind), fillcolor: CLEAR,
        line: { width: 0, color: CLEAR }, hoverinfo: "skip", legendgroup: kind,
      });
    }
    return found;
  }

  /** Lines with gaps where nothing is known: a null breaks them. */
  function curve(line, number, borders, yaxis) {
    const day = borders.length > 1 && borders[1] - borders[0] >= 20 * HOUR;
    const many = line.value.filter((value) => value !== null).length;
    return {
      type: "scatter", mode: many < 2 ? "markers" : "lines", x: middles(borders), y: line.value, yaxis, connectgaps: false,
      line: { ...look.stroke(number, line.period), shape: day ? "hvh" : "linear" }, marker: { size: look.px(6), color: look.token("--text-1") },
      text: line.value.map((_, i) => told(line, i)), customdata: line.told, hovertemplate: "%{text}<extra></extra>", name: line.label,
    };
  }

  /** Between the lowest and the highest of each bucket. */
  function range(line, borders, yaxis) {
    const x = middles(borders);
    const traces = [];
    let first = null;
    line.low.forEach((value, i) => {
      const known = value !== null && line.high[i] !== null && line.high[i] > value;
      if (known && first === null) first = i;
      if (first !== null && (!known || i === line.low.length - 1)) {
        const end = known ? i + 1 : i;
        const part = x.slice(first, end);
        traces.push([...part, ...part.toReversed(), null], [...line.high.slice(first, end), ...line.low.slice(first, end).toReversed(), null]);
        first = null;
      }
    });
    if (!traces.length) return [];
    return [{
      type: "scatter", mode: "lines", x: traces.filter((_, i) => i % 2 === 0).flat(), y: traces.filter((_, i) => i % 2 === 1).flat(), yaxis,
      fill: "toself", fillcolor: look.alpha("--text-1", 0.16), line: { width: 0, color: CLEAR }, hoverinfo: "skip",
    }];
  }

  function bandTraces(band, now, yaxis) {
    const runs = [];
    let run = [];
    band.times.forEach((at, i) => {
      if (band.low[i] === null) {
        if (run.length) runs.push(run);
        run = [];
      } else run.push(i);
    });
    if (run.length) runs.push(run);
    const traces = [];
    for (const part of runs) {
      const x = part.flatMap((i) => [band.times[i], band.times[i] + HOUR]);
      const high = part.flatMap((i) => [band.high[i], band.high[i]]);
      const low = part.flatMap((i) => [band.low[i], band.low[i]]);
      traces.push({
        type: "scatter", mode: "lines", x: [...x, ...x.toReversed()], y: [...high, ...low.toReversed()], yaxis, fill: "toself",
        fillcolor: look.alpha("--text-3", 0.2), line: { width: 0.75, color: look.alpha("--text-3", 0.55) }, hoverinfo: "skip",
      });
      const mid = part.map((i) => band.times[i] + HOUR / 2);
      traces.push({
        type: "scatter", mode: "lines", x: mid, y: part.map((i) => band.expected[i]), yaxis, line: { color: look.token("--text-3"), width: look.px(1.25), dash: "dot" },
        text: part.map((i) => `${campus.text("trends.expected")} ${look.number(band.expected[i])} (${look.number(band.low[i])} – ${look.number(band.high[i], "kW")})`),
        customdata: part.map((i) => `${local.date(band.times[i])}, ${local.clock(band.times[i])} – ${local.clock(band.times[i] + HOUR)}`),
        hovertemplate: "%{text}<extra></extra>",
      });
    }
    return traces;
  }

  /** The time in words, first in what is said of a place: an axis of instants has no words of its own for it. */
  function clock(answer, now) {
    const x = middles(answer.borders);
    const before = answer.other ? moments(answer.other.borders) : [];
    const words = moments(answer.borders).map((moment, i) => `<b>${moment}</b>${before[i] ? `<br>${before[i]}` : ""}`);
    const top = now[0].line.value.find((value) => value !== null) ?? 0;
    return {
      type: "scatter", mode: "lines", x, y: x.map((_, i) => now.map(({ line }) => line.value[i]).find((value) => value !== null) ?? top), line: { width: 0, color: CLEAR }, text: words,
      hovertemplate: "%{text}<extra></extra>", opacity: 0,
    };
  }

  /** Which y axis each unit gets, and where they stand. */
  function yAxes(units, base) {
    const axes = {};
    const split = units.length > TOGETHER;
    const gap = 0.05;
    units.forEach((unit, i) => {
      const key = i === 0 ? "yaxis" : `yaxis${i + 1}`;
      const each = (1 - base - gap * (units.length - 1)) / units.length;
      const top = 1 - i * (each + gap);
      axes[key] = {
        ...look.axis(), domain: split ? [top - each, top] : [base, 1], rangemode: "tozero", nticks: split ? 4 : 6, showgrid: i === 0 || split,
        ...(split || i === 0 ? {} : { overlaying: "y", side: "right" }), tickformat: ",", tickmode: "auto",
      };
    });
    return axes;
  }

  /** What stands over an axis: its unit, of numbers without one what is counted. */
  function unitWord(unit, lines) {
    if (unit !== "1") return look.unitText(unit);
    return [...new Set(lines.filter(({ line }) => line.unit === "1").map(({ line }) => line.label.split(" · ").at(-1)))].join(" / ");
  }

  function unitNotes(units, axes, lines) {
    return units.map((unit, i) => {
      const axis = axes[i === 0 ? "yaxis" : `yaxis${i + 1}`];
      const right = axis.side === "right";
      return {
        text: unitWord(unit, lines), xref: "paper", yref: "paper", x: right ? 1 : 0, y: axis.domain[1], xanchor: right ? "right" : "left", yanchor: "bottom",
        xshift: right ? look.px(40) : -look.px(40), yshift: look.px(4), showarrow: false, font: { size: look.px(12), color: look.token("--text-3") },
      };
    });
  }

  /** Upright lines: now, the instant that is replayed, notes. */
  function uprights(answer, base, end) {
    const shapes = [];
    const annotations = [];
    const upright = (at, dash, width, color) => shapes.push({ type: "line", xref: "x", yref: "paper", x0: at, x1: at, y0: base, y1: 1, line: { color, width: look.px(width), dash } });
    const word = (at, text, y = 1) => annotations.push({ text, x: at, y, xref: "x", yref: "paper", yanchor: "bottom", xanchor: "center", showarrow: false, font: { size: look.px(12), color: look.token("--text-2") } });
    const state = campus.trendsState.get();
    if (state.at !== "live") {
      upright(Date.parse(state.at), "solid", 1.5, look.token("--text-1"));
      word(Date.parse(state.at), campus.text("trends.replayed"));
    } else if (answer.now < end && answer.now > answer.start) {
      upright(answer.now, "dash", 1, look.token("--text-3"));
      word(answer.now, campus.text("trends.now"));
    }
    answer.notes.forEach((note, i) => {
      const [from, to] = [Date.parse(note.start), note.end ? Date.parse(note.end) : null];
      if (from >= answer.start && from < answer.end) upright(from, "dot", 1, look.token("--text-2"));
      if (to !== null) {
        const ends = [Math.max(from, answer.start), Math.min(to, answer.end)];
        shapes.push({ type: "rect", xref: "x", yref: "paper", x0: ends[0], x1: ends[1], y0: 0.985, y1: 1, line: { width: 0 }, fillcolor: look.token("--text-2") });
      }
      annotations.push({
        text: `<b>${i + 1}</b>`, x: Math.max(from, answer.start), y: 1, xref: "x", yref: "paper", yanchor: "top", xanchor: "left", showarrow: false, borderpad: 2,
        bgcolor: look.token("--select"), font: { size: look.px(12), color: look.token("--on-select") },
      });
    });
    return { shapes, annotations };
  }

  /** The names at the ends of lines, none on another. */
  function endNames(lines, axisOf, places, end) {
    const found = [];
    for (const { line, number } of lines) {
      const last = line.value.findLastIndex((value) => value !== null);
      if (last < 0 || line.period) continue;
      found.push({
        text: `<b>${number + 1}</b>`, x: Math.min(places[last], end), y: line.value[last], xref: "x", yref: axisOf(line), xanchor: "right", xshift: -look.px(3), yshift: look.px(9), showarrow: false,
        font: { size: look.px(12), color: look.token("--text-1") }, bgcolor: look.alpha("--surface", 0.75), borderpad: 1,
      });
    }
    return found;
  }

  /** Lines with their names and the words of their buckets. */
  function prepared(answer) {
    const own = moments(answer.borders);
    const before = answer.other ? moments(answer.other.borders) : [];
    const what = campus.trendsState.get().what;
    return answer.lines.map((line) => ({
      number: what.indexOf(line.what), line: { ...line, told: line.period ? before : own, label: look.name(line.names) },
    }));
  }

  /** What is to come is shown where there is a forecast of it, or the reader asked for it. */
  function endOf(answer) {
    const told = answer.bands.some((band) => band.times.some((at) => at > answer.now));
    return told || campus.trendsState.get().from ? answer.end : Math.min(answer.end, answer.now);
  }

  function figure(answer, width) {
    const lines = prepared(answer);
    const units = [...new Set(lines.map(({ line }) => line.unit))];
    const now = lines.filter(({ line }) => line.period === 0);
    const several = now.length > 1;
    const some = now.some(({ line }) => line.stretches.length);
    const base = several && some ? Math.min(0.3, 0.035 * now.length + 0.03) : 0;
    const axisOf = (line) => (units.indexOf(line.unit) === 0 ? "y" : `y${units.indexOf(line.unit) + 1}`);
    const data = [clock(answer, now)];
    for (const band of answer.bands) {
      const { line } = now.find((each) => each.line.what === band.what);
      data.push(...bandTraces(band, answer.now, axisOf(line)));
    }
    for (const { line } of now) if (!several) data.push(...range(line, answer.borders, axisOf(line)));
    for (const { line, number } of lines.toSorted((a, b) => b.line.period - a.line.period)) {
      data.push(curve(line, number, line.period ? answer.other.drawn : answer.borders, axisOf(line)));
    }
    const axes = yAxes(units, base);
    const lanes = { ...look.axis(), domain: base ? [0, base - 0.03] : [0, 1], range: base ? [now.length, 0] : [0, 1], visible: false, ...(base ? {} : { overlaying: "y" }) };
    now.forEach(({ line }, i) => data.push(...shade(line.stretches, base ? i + 0.15 : 0, base ? i + 0.85 : 1, "y9")));
    const end = endOf(answer);
    const { shapes, annotations } = uprights(answer, base, end);
    if (base) {
      now.forEach(({ number }, i) => annotations.push({
        text: String(number + 1), x: 0, y: i + 0.5, xref: "paper", yref: "y9", xanchor: "right", xshift: -look.px(8), showarrow: false, font: { size: look.px(12), color: look.token("--text-2") },
      }));
    }
    if (several) annotations.push(...endNames(lines, axisOf, middles(answer.borders), end));
    const time = look.timeAxis(answer.start, end, width);
    return {
      data,
      layout: look.layout({
        xaxis: { ...time, anchor: "free", position: 0, unifiedhovertitle: { text: "\u2002" } }, ...axes, yaxis9: lanes, shapes,
        annotations: [...annotations, ...unitNotes(units, axes, lines)],
      }),
    };
  }

  /** What the legend has to say: only what is drawn. */
  function legend(answer) {
    const kinds = new Set(answer.lines.filter((line) => line.period === 0).flatMap((line) => line.stretches.map((each) => each.kind)));
    const items = [];
    const one = answer.lines.length === 1 && answer.lines[0];
    if (one && one.low.some((value, i) => value !== null && one.high[i] > value)) items.push([look.swatch("range"), campus.text("trends.legend.range")]);
    for (const band of answer.bands) {
      const line = answer.lines.find((each) => each.what === band.what);
      const where = answer.bands.length > 1 ? `${look.name(line.names)}: ` : "";
      const model = `${campus.text(`trends.model.${band.quality}`)}${band.reason[look.lang] ? ` (${band.reason[look.lang]})` : ""}`;
      items.push(band.times.length ? [look.swatch("band"), `${where}${campus.text("trends.legend.band")} · ${model}`] : [null, `${where}${campus.text("trends.legend.no-band")}: ${band.reason[look.lang]}`]);
    }
    if (answer.other) {
      const { start, end } = answer.other;
      items.push([look.sample(0, 1), `${local.date(start)} – ${local.date(end - 1)}`]);
    }
    for (const kind of Object.keys(look.PATTERNS)) if (kinds.has(kind)) items.push([look.swatch(kind), campus.text(`trends.legend.${kind}`)]);
    if (answer.lines.some((line) => line.simulated)) items.push([null, campus.text("trends.legend.simulated"), "mark"]);
    return items;
  }

  campus.trendsCurve = { figure, legend, moments, middles };
})();
