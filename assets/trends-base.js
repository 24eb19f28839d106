// How the trends look: strokes that need no colour, patterns for what is not as good as the rest, axes in true time.
(function () {
  "use strict";
  const campus = window.campus;
  const lang = campus.facts.lang === "zh" ? "zh" : "en";
  /** Lines are told apart by their stroke and by the name at their end: a colour would mean something. */
  const DASHES = ["solid", "dash", "dot", "dashdot"];
  const PATTERNS = { silent: "/", bad: "x", uncertain: "\\", estimated: ".", low: "-" };

  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  /** Pixels of a length meant for a screen of ordinary width: type grows with the screen. */
  const px = (length) => (length * Number.parseFloat(getComputedStyle(document.documentElement).fontSize)) / 16;

  function alpha(name, share) {
    const hex = token(name).replace("#", "");
    const [r, g, b] = [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
    return `rgba(${r},${g},${b},${share})`;
  }

  /** The stroke of the n-th line; of the window to compare with it is thin and quiet. */
  function stroke(number, period) {
    const second = number >= DASHES.length;
    const dash = DASHES[number % DASHES.length];
    if (period) return { color: token("--text-3"), width: px(1.25), dash };
    return { color: token(second ? "--text-3" : "--text-1"), width: px(second ? 1.75 : 2), dash };
  }

  /** A short piece of a stroke as SVG, for lists and legends. */
  function sample(number, period = 0) {
    const { color, width, dash } = stroke(number, period);
    const arrays = { solid: "", dash: "7 4", dot: "2 3", dashdot: "7 3 2 3" };
    return svg("svg", { class: "stroke", viewBox: "0 0 34 8", "aria-hidden": "true" },
      svg("path", { d: "M1 4H33", stroke: color, "stroke-width": Math.min(2.5, width), "stroke-dasharray": arrays[dash], fill: "none" }));
  }

  /** A swatch of a pattern, as the chart fills it. */
  function swatch(kind) {
    return svg("svg", { class: `swatch-pattern p-${kind}`, viewBox: "0 0 22 14", "aria-hidden": "true" },
      svg("rect", { x: 0.5, y: 0.5, width: 21, height: 13, class: "swatch-box" }),
      svg("path", { d: MARKS[kind], class: "swatch-mark" }));
  }
  const MARKS = {
    silent: "M1 13 9 1M8 13 16 1M15 13 21 4", uncertain: "M1 1 9 13M8 1 16 13M15 1 21 10", bad: "M1 13 9 1M8 13 16 1M15 13 21 4M1 1 9 13M8 1 16 13M15 1 21 10",
    estimated: "M4 4h.1M11 4h.1M18 4h.1M7.5 10h.1M14.5 10h.1", low: "M1 4H21M1 10H21", band: "", "band-ahead": "M1 1.5H21M1 12.5H21", range: "",
  };

  function svg(name, attributes, ...children) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) if (value !== "" || key === "d") element.setAttribute(key, String(value));
    element.append(...children);
    return element;
  }

  function make(name, attributes = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value === true) element.setAttribute(key, "");
      else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, String(value));
    }
    element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
    return element;
  }

  /** The fill of rectangles of one pattern. */
  function pattern(kind) {
    const strong = kind === "silent" || kind === "bad";
    return { shape: PATTERNS[kind], size: px(kind === "estimated" ? 7 : 9), solidity: kind === "estimated" ? 0.16 : 0.12, fgcolor: alpha("--text-2", strong ? 0.55 : 0.6), bgcolor: "rgba(0,0,0,0)" };
  }

  function axis() {
    return {
      zeroline: false, color: token("--text-3"), tickfont: { size: px(12), color: token("--text-2") }, ticks: "", linecolor: token("--line"),
      gridcolor: token("--line"), gridwidth: 1, automargin: false, fixedrange: true, title: { text: "" },
    };
  }

  /** The axis of time: places are instants, so days of 23 or 25 hours are as long as they were. */
  function timeAxis(start, end, width) {
    const ticks = campus.timeAxis.local.ticks(start, end, width, px(84));
    return {
      ...axis(), type: "linear", range: [start, end], tickmode: "array", tickvals: ticks.map(({ at }) => at),
      ticktext: ticks.map(({ label, day }) => (day ? `<b>${label}</b>` : label)), showgrid: false, fixedrange: false, showline: true,
    };
  }

  function layout(more) {
    return {
      margin: { l: px(58), r: px(58), t: px(24), b: px(30) }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false,
      font: { family: getComputedStyle(document.body).fontFamily, color: token("--text-2"), size: px(12) }, hovermode: "x unified", hoverdistance: 30,
      hoverlabel: { bgcolor: token("--raised"), bordercolor: token("--line"), font: { size: px(12), color: token("--text-1") }, align: "left" },
      dragmode: "zoom", selectdirection: "h", separators: ".\u202f", autosize: true, ...more,
    };
  }

  /** A number with as many decimals as it needs to say three figures, thin spaces between thousands, and its unit. */
  function number(value, unit = "", least = 0) {
    if (value === null || value === undefined || !Number.isFinite(value)) return "–";
    const size = Math.abs(value);
    const decimals = Math.max(least, size >= 100 || value === 0 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
    const [whole, rest] = size.toFixed(decimals).split(".");
    const text = whole.replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f") + (rest ? `.${rest}` : "");
    const sign = value < 0 && /[1-9]/.test(text) ? "\u2212" : "";
    return `${sign}${text}${unit && unit !== "1" ? `\u202f${unitText(unit)}` : ""}`;
  }

  /** A unit in the page's language. */
  const unitText = (unit) => (unit === "1" ? "" : unit.replace("person", campus.text("trends.person")));
  const percent = (share, digits = 0) => {
    // what is nearly whole is not called whole
    const told = share < 1 && 100 * share > 100 - 0.5 * 10 ** -digits ? Math.floor(100 * share * 10 ** digits) / 10 ** digits : 100 * share;
    return `${told.toFixed(digits)}\u202f%`;
  };
  const name = (names) => names[lang] || names.en || names.zh;

  campus.trendsLook = { lang, token, px, alpha, stroke, sample, swatch, pattern, axis, timeAxis, layout, number, unitText, percent, name, make, svg, PATTERNS };
})();
