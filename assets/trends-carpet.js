// The carpet: a column for each day, a row for each hour of the clock, seven classes of one ramp; missing hours are hatched.
(function () {
  "use strict";
  const campus = window.campus;
  const look = campus.trendsLook;
  const { local } = campus.timeAxis;
  const HOUR = 3_600_000;
  const CLEAR = "rgba(0,0,0,0)";
  const [KNOWN, MISSING, , SKIPPED] = [0, 1, 2, 3];

  const ramp = () => [1, 2, 3, 4, 5, 6, 7].map((step) => look.token(`--ramp-${step}`));

  function classOf(value, limits) {
    let at = 0;
    while (at < 6 && value >= limits[at + 1]) at += 1;
    return at;
  }

  /** The instant of a cell: the clock of that day may have been moved. */
  function instant(day, row) {
    const guess = day + row * HOUR;
    return guess - (local.offset(guess) - local.offset(day));
  }

  function words(told, row, column) {
    const at = instant(told.days[column], row);
    const when = `${local.date(at)}, ${String(row).padStart(2, "0")}:00 – ${String(row + 1).padStart(2, "0")}:00`;
    const twice = told.twice.some(([a, b]) => a === row && b === column) ? ` · ${campus.text("trends.twice")}` : "";
    const state = told.state[row][column];
    if (state === MISSING) return `${when}<br>${campus.text("trends.legend.silent")}`;
    if (state === SKIPPED) return `${when}<br>${campus.text("trends.skipped")}`;
    const share = told.coverage[row][column];
    return `${when}<br><b>${look.number(told.value[row][column], told.line.unit)}</b>${share < 0.995 ? ` · ${campus.text("trends.known", { n: look.percent(share) })}` : ""}${twice}`;
  }

  /** Cells of a state as rectangles, those under one another as one. */
  function cells(told, edges, wanted) {
    const x = [];
    const y = [];
    told.days.forEach((_, column) => {
      for (let row = 0; row < 24; row += 1) {
        if (told.state[row][column] !== wanted) continue;
        let end = row;
        while (end < 24 && told.state[end][column] === wanted) end += 1;
        x.push(edges[column], edges[column], edges[column + 1], edges[column + 1], edges[column], null);
        y.push(row, end, end, row, row, null);
        row = end;
      }
    });
    return { x, y };
  }

  function figure(told, width) {
    const colours = ramp();
    const last = told.days.at(-1);
    const edges = [...told.days, local.midnight(last, 1)];
    const z = told.value.map((row) => row.map((value) => (value === null ? null : classOf(value, told.limits) + 0.5)));
    const text = told.value.map((row, i) => row.map((_, j) => words(told, i, j)));
    const scale = colours.flatMap((colour, i) => [[i / 7, colour], [(i + 1) / 7, colour]]);
    const missing = cells(told, edges, MISSING);
    const few = edges.length < 40;
    return {
      data: [
        {
          type: "heatmap", x: edges, y: Array.from({ length: 25 }, (_, i) => i), z, text, zmin: 0, zmax: 7, colorscale: scale, showscale: false, hoverongaps: false,
          xgap: few ? 1 : 0, ygap: few ? 1 : 0, hovertemplate: "%{text}<extra></extra>",
        },
        {
          type: "scatter", mode: "lines", ...missing, fill: "toself", fillpattern: { ...look.pattern("silent"), size: look.px(8) }, fillcolor: CLEAR, line: { width: 0, color: CLEAR },
          hoverinfo: "skip",
        },
      ],
      layout: look.layout({
        hovermode: "closest", dragmode: false,
        xaxis: { ...look.timeAxis(edges[0], edges.at(-1), width), fixedrange: true },
        yaxis: { ...look.axis(), range: [24, 0], tickmode: "array", tickvals: [0, 6, 12, 18], ticktext: ["00:00", "06:00", "12:00", "18:00"], showgrid: false },
      }),
    };
  }

  /** The seven classes with their limits and the unit: the scale stands still while the window moves. */
  function scale(told) {
    const { make } = look;
    const unit = look.unitText(told.line.unit);
    return make("div", { class: "trends-scale" },
      make("div", { class: "ramp", "aria-hidden": "true" }, ramp().map((_, i) => make("i", { style: `background: var(--ramp-${i + 1})` }))),
      make("div", { class: "trends-ticks" }, told.limits.map((limit) => make("span", {}, String(Number(limit.toPrecision(6))).replace("-", "\u2212")))),
      make("span", { class: "note" }, unit));
  }

  function table(told) {
    const head = [campus.text("trends.when"), ...Array.from({ length: 24 }, (_, i) => String(i).padStart(2, "0"))];
    const rows = told.days.map((day, column) => [local.date(day), ...told.value.map((row, i) => (told.state[i][column] === SKIPPED ? campus.text("trends.skipped.short") : look.number(row[column])))]);
    return campus.trendsTables.table(`${campus.text("trends.numbers")} [${look.unitText(told.line.unit)}]`, head, rows.toReversed());
  }

  const carpet = {
    path: "trends/carpet", uses: ["normalise"],
    question(state, base) {
      const query = base({ ...state, what: state.what.slice(0, 1), compare: "", step: "" });
      if (state.limits) query.set("limits", state.limits);
      if (!["", "area", "people"].includes(state.normalise)) query.delete("normalise");
      return query;
    },
    isEmpty: (told) => !told.state.some((row) => row.includes(KNOWN)),
    title: (told) => `${campus.text("trends.view.carpet")} · ${look.name(told.line.names)}`,
    figure,
    legend(told) {
      const items = [[scale(told), ""]];
      if (told.state.some((row) => row.includes(MISSING))) items.push([look.swatch("silent"), campus.text("trends.legend.silent")]);
      if (told.line.simulated) items.push([null, campus.text("trends.legend.simulated"), "mark"]);
      return items;
    },
    extra(told) {
      const many = campus.trendsState.get().what.length > 1;
      return many ? [look.make("span", { class: "note" }, campus.text("trends.first-only"))] : [];
    },
    moment(point, told) {
      const column = told.days.findLastIndex((day) => day <= point.x);
      const row = Math.floor(point.y);
      return { at: instant(told.days[column], row), entity: told.line.entity };
    },
    totals(told) {
      const every = told.state.flat().filter((state) => state === KNOWN || state === MISSING).length;
      const some = told.coverage.flatMap((row, i) => row.filter((_, j) => told.state[i][j] === KNOWN));
      const values = told.value.flat().filter((value) => value !== null);
      const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
      return campus.trendsTables.table(campus.text("trends.totals"), [campus.text("trends.line"), campus.text("trends.mean-range"), campus.text("trends.coverage")], [[
        look.name(told.line.names), `${look.number(mean)} · ${look.number(values.reduce((a, b) => Math.min(a, b), Infinity))} – ${look.number(values.reduce((a, b) => Math.max(a, b), -Infinity), told.line.unit)}`,
        campus.trendsTables.covered(every ? some.reduce((sum, share) => sum + share, 0) / every : 0),
      ]]);
    },
    numbers: table,
  };

  campus.trendsMore = { ...campus.trendsMore, carpet };
})();
