// The views of the trends: which question each asks, what it draws, what its legend, title and tables say. Carpet, flows and
// ranking have files of their own.
(function () {
  "use strict";
  const campus = window.campus;
  const look = campus.trendsLook;

  /** 'Library · Power, Block 14 · Power' of the lines that are shown. */
  function names(told) {
    const now = told.lines.filter((line) => line.period === 0);
    return now.map((line) => look.name(line.names)).join(look.lang === "zh" ? "、" : ", ");
  }

  const known = (line) => line.value.some((value) => value !== null);

  const curve = {
    path: "trends", uses: ["compare", "normalise", "step"], zooms: true,
    question: (state, base) => base(state),
    isEmpty: (told) => !told.bands.some((band) => band.times.length) && !told.lines.some(known),
    title: names,
    figure: (told, width) => campus.trendsCurve.figure(told, width),
    legend: (told) => campus.trendsCurve.legend(told),
    moment: (point, told) => ({ at: Math.round(point.x), entity: told.lines.find((line) => line.period === 0)?.entity }),
  };

  /** Load duration: how much of the known time a value was at least so high. */
  const duration = {
    path: "trends/duration", uses: ["compare", "normalise", "step"],
    question: (state, base) => base(state),
    isEmpty: (told) => !told.lines.some((line) => line.value.length),
    title: (told) => `${campus.text("trends.view.duration")} · ${names(told)}`,
    figure(told) {
      const what = campus.trendsState.get().what;
      const units = [...new Set(told.lines.map((line) => line.unit))];
      const data = told.lines.toSorted((a, b) => b.period - a.period).map((line) => ({
        type: "scatter", mode: "lines", x: line.share.map((share) => 100 * share), y: line.value, line: { ...look.stroke(what.indexOf(line.what), line.period), shape: "vh" },
        yaxis: units.indexOf(line.unit) === 1 ? "y2" : "y",
        text: line.share.map((share, i) => `<b>${look.number(line.value[i], line.unit)}</b> ${campus.text("trends.at-least", { share: look.percent(share, 1), hours: look.number(share * line.hours) })}`),
        hovertemplate: "%{text}<extra></extra>",
      }));
      const axis = { ...look.axis(), rangemode: "tozero", nticks: 6, tickformat: "," };
      return {
        data,
        layout: look.layout({
          xaxis: { ...look.axis(), range: [0, 100], ticksuffix: "\u202f%", nticks: 6, showgrid: false, showline: true, unifiedhovertitle: { text: "%{x:.1f}" } },
          yaxis: axis, yaxis2: { ...axis, tickmode: "auto", overlaying: "y", side: "right", showgrid: false, visible: units.length > 1 },
          annotations: units.slice(0, 2).map((unit, i) => ({
            text: look.unitText(unit), xref: "paper", yref: "paper", x: i, y: 1, xanchor: i ? "left" : "right", yanchor: "bottom", xshift: look.px(i ? 8 : -8), showarrow: false,
          })),
        }),
      };
    },
    legend: (told) => [
      ...(told.lines.some((line) => line.period) ? [[look.sample(0, 1), campus.text("trends.before")]] : []),
      ...(told.lines.some((line) => line.simulated) ? [[null, campus.text("trends.legend.simulated"), "mark"]] : []),
    ],
    totals(told) {
      const head = [campus.text("trends.line"), campus.text("trends.highest"), campus.text("trends.median"), campus.text("trends.lowest"), campus.text("trends.coverage")];
      const at = (line, share) => line.value[line.share.findLastIndex((each) => each <= share)] ?? null;
      const rows = told.lines.map((line) => [
        `${look.name(line.names)}${line.period ? ` · ${campus.text("trends.before")}` : ""}`, look.number(at(line, 0), line.unit), look.number(at(line, 0.5), line.unit),
        look.number(line.value.at(-1), line.unit), campus.trendsTables.covered(line.of ? line.hours / line.of : 0),
      ]);
      return campus.trendsTables.table(campus.text("trends.totals"), head, rows);
    },
    numbers(told) {
      const shares = [0, 1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 100];
      const at = (line, share) => line.value[Math.max(0, line.share.findLastIndex((each) => 100 * each <= share))] ?? null;
      return campus.trendsTables.table(campus.text("trends.numbers"), [campus.text("trends.share"), ...told.lines.map((line) => `${look.name(line.names)} [${look.unitText(line.unit)}]`)],
        shares.map((share) => [`${share}\u202f%`, ...told.lines.map((line) => look.number(at(line, share)))]));
    },
  };

  campus.trendsViews = Object.assign({ curve, duration }, campus.trendsMore);
})();
