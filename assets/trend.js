// The course of the chosen domain's first figure: a line of what the server remembers, asked for once a minute. What is not
// known is a gap. Times are those of the campus.
(function () {
  "use strict";
  const campus = window.campus;
  const EVERY_MS = 60_000;
  /** While there is little to see: the server takes a value four times a minute. */
  const SOON_MS = 15_000;
  const FEW = 5;
  const HOUR_MS = 3_600_000;
  const wall = new Intl.DateTimeFormat("sv-SE", {
    timeZone: campus.facts.timezone ?? "UTC", year: "numeric", month: "2-digit", day: "2-digit",
    hour: "2-digit", minute: "2-digit", second: "2-digit",
  });
  let wanted = null;
  let last = null;
  let timer = 0;
  let asking = null;

  function token(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  /** Pixels of a length that was meant for a screen of ordinary width: type grows with the screen. */
  function px(length) {
    return (length * Number.parseFloat(getComputedStyle(document.documentElement).fontSize)) / 16;
  }

  function figure({ begin, step_s: step, values, unit }) {
    const start = Date.parse(begin);
    const end = start + Math.max(0, values.length - 1) * step * 1000;
    const axis = {
      showgrid: false, zeroline: false, fixedrange: true, color: token("--text-3"), tickfont: { size: px(10) }, ticks: "",
    };
    const known = values.filter((value) => value !== null);
    return {
      data: [{
        type: "scatter", mode: known.length < 2 ? "markers" : "lines", x: values.map((_, at) => wall.format(start + at * step * 1000)),
        y: values, connectgaps: false, line: { color: token("--text-1"), width: px(1.5) }, marker: { color: token("--text-1"), size: px(4) },
        hovertemplate: `%{x|%H:%M}  %{y:,.0f} ${unit}<extra></extra>`,
      }],
      layout: {
        margin: { l: 0, r: px(40), t: px(2), b: px(16) }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false,
        font: { family: token("--font") }, hoverlabel: { font: { size: px(11) } },
        xaxis: { ...axis, type: "date", range: [wall.format(Math.min(start, end - HOUR_MS)), wall.format(end)], visible: known.length > 0, tickformat: "%H:%M", nticks: 4, linecolor: token("--line"), showline: true },
        yaxis: { ...axis, side: "right", visible: known.length > 0, rangemode: "tozero", nticks: 3, tickformat: "~s" },
      },
    };
  }

  function draw() {
    if (!last || !document.getElementById("trend")) return;
    const [domain] = last.kpi.split(".");
    const name = document.querySelector(`[data-kpis-of="${domain}"] [data-kpi="${last.kpi}"] .kpi-name`)?.textContent ?? "";
    const place = document.getElementById("trend-name");
    if (place) place.textContent = `${name} · ${campus.text("kpis.trend")}`;
    campus.setProps("trend", { figure: figure(last) });
  }

  async function ask() {
    clearTimeout(timer);
    const graph = document.getElementById("trend");
    if (!wanted || !graph || document.hidden) return;
    if (graph.offsetParent === null) {
      timer = setTimeout(ask, EVERY_MS); // a narrow screen has no room for it
      return;
    }
    asking?.abort();
    const mine = (asking = new AbortController());
    try {
      const reply = await fetch(`/api/v1/kpis/history?${new URLSearchParams(wanted)}`, { signal: mine.signal });
      if (reply.ok) last = await reply.json();
      if (asking === mine) draw();
    } catch {
      // the strip says that the server does not answer; the line stays as it was
    } finally {
      if (asking === mine) timer = setTimeout(ask, (last?.values.length ?? 0) < FEW ? SOON_MS : EVERY_MS);
    }
  }

  document.addEventListener("campus:kpis", ({ detail }) => {
    wanted = detail;
    ask();
  });
  document.addEventListener("visibilitychange", ask);
  let size = px(16);
  window.addEventListener("resize", () => {
    if (px(16) === size) return;
    size = px(16);
    draw();
  });
  new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
})();
