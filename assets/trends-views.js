// The views of the trends: which question each asks, what it draws, what its legend and title say.
(function () {
  "use strict";
  const campus = window.campus;
  const look = campus.trendsLook;
  const { local } = campus.timeAxis;

  /** 'Library · Power, Block 14 · Power' of the lines that are shown. */
  function names(told) {
    const now = told.lines.filter((line) => line.period === 0);
    return now.map((line) => look.name(line.names)).join(look.lang === "zh" ? "、" : ", ");
  }

  const nothing = (told) => !told.bands?.some((band) => band.times.length) && told.lines.every((line) => line.value.every((value) => value === null));

  const curve = {
    path: "trends",
    uses: ["compare", "normalise", "step"],
    zooms: true,
    question: (state, base) => base(state),
    isEmpty: nothing,
    title: names,
    figure: (told, width) => campus.trendsCurve.figure(told, width),
    legend: (told) => campus.trendsCurve.legend(told),
    moment(point, told) {
      const line = told.lines.find((each) => each.period === 0);
      return { at: Math.round(point.x), entity: line?.entity };
    },
  };

  campus.trendsViews = { curve };
  void local;
})();
