// Where energy goes (a Sankey of parts and uses) and who uses most and least (bars); both with how much of it is known.
(function () {
  "use strict";
  const campus = window.campus;
  const look = campus.trendsLook;
  const { make } = look;
  const { local } = campus.timeAxis;
  const text = (key, figures) => campus.text(key, figures);
  const ROW = 30;
  /** Uses that are drawn one by one; the table has all. */
  const MOST_USES = 9;

  /** The place of the first line that is shown, where it is one that has parts; else the campus. */
  function place(state) {
    const first = state.what.find((what) => !what.startsWith("point:"));
    return first ? first.slice(0, first.lastIndexOf(":")) : campus.facts.campus.id;
  }

  function span(told) {
    return `${local.date(told.start)} ${local.clock(told.start)} – ${local.date(told.end)} ${local.clock(told.end)}`;
  }

  function base(state) {
    const { from, to } = campus.trendsState.windowOf(state);
    return new URLSearchParams({ from: campus.trendsState.iso(from), to: campus.trendsState.iso(to) });
  }

  const simulated = (told) => (told.simulated ? [[null, text("trends.legend.simulated"), "mark"]] : []);

  // flows

  /** Nodes and links: the whole, its parts, the uses; what nobody measured apart is one node of its own. */
  function nodes(told) {
    const found = { label: [], told: [], kind: [] };
    const links = { source: [], target: [], value: [], label: [], rest: [] };
    const at = new Map();
    function node(key, label, words, kind) {
      if (at.has(key)) return at.get(key);
      at.set(key, found.label.length);
      found.label.push(label);
      found.told.push(words);
      found.kind.push(kind);
      return at.get(key);
    }
    const link = (source, target, value, rest = false) => {
      if (value <= 0) return;
      links.source.push(source);
      links.target.push(target);
      links.value.push(value);
      links.rest.push(rest);
      links.label.push(look.number(value, "kWh"));
    };
    const uses = new Map();
    for (const part of told.parts) {
      for (const use of part.uses) {
        const sum = uses.get(use.category) ?? { names: use.names, kwh: 0, rooms: 0, known: 0 };
        uses.set(use.category, { ...sum, kwh: sum.kwh + use.kwh, rooms: sum.rooms + use.rooms, known: sum.known + use.coverage * use.rooms });
      }
    }
    const whole = node("whole", `${look.name(told.names)}  ${look.number(told.kwh, "kWh")}`, text("trends.known", { n: look.percent(told.coverage, 1) }), "whole");
    const ordered = [...uses].sort(([, a], [, b]) => b.kwh - a.kwh);
    const small = ordered.length > MOST_USES ? ordered.splice(MOST_USES - 1) : [];
    const others = small.reduce((sum, [, each]) => ({ kwh: sum.kwh + each.kwh, rooms: sum.rooms + each.rooms, known: sum.known + each.known }), { kwh: 0, rooms: 0, known: 0 });
    const useNode = (key, name, sum) => node(`use:${key}`, `${name}  ${look.number(sum.kwh, "kWh")}`, text("trends.rooms-known", { n: sum.rooms, share: look.percent(sum.known / Math.max(1, sum.rooms), 1) }), "use");
    const rest = told.rest + told.parts.reduce((sum, part) => sum + part.rest, 0);
    for (const part of told.parts) {
      const mine = node(part.ids.join(), `${look.name(part.names)}  ${look.number(part.kwh, "kWh")}`, text("trends.known", { n: look.percent(part.coverage, 1) }), "part");
      link(whole, mine, part.kwh ?? 0);
      for (const [category, sum] of ordered) {
        const use = part.uses.find((each) => each.category === category);
        if (use) link(mine, useNode(category, look.name(sum.names), sum), use.kwh);
      }
      const together = part.uses.filter((use) => small.some(([category]) => category === use.category)).reduce((sum, use) => sum + use.kwh, 0);
      if (together > 0) link(mine, useNode("others", text("trends.other-uses", { n: small.length }), others), together);
      if (part.rest > 0) link(mine, node("rest", `${text("trends.rest")}  ${look.number(rest, "kWh")}`, text("trends.rest.why"), "rest"), part.rest, true);
    }
    if (told.rest > 0) link(whole, node("rest", `${text("trends.rest")}  ${look.number(rest, "kWh")}`, text("trends.rest.why"), "rest"), told.rest, true);
    return { found, links };
  }

  function sankey(told) {
    const { found, links } = nodes(told);
    const colours = { whole: look.token("--text-1"), part: look.token("--text-2"), use: look.token("--text-2"), rest: "rgba(0,0,0,0)" };
    return {
      data: [{
        type: "sankey", arrangement: "snap", valueformat: ",.0f", valuesuffix: " kWh", textfont: { color: look.token("--text-1"), size: look.px(13), shadow: "none" },
        node: {
          label: found.label, customdata: found.told, color: found.kind.map((kind) => colours[kind]), pad: look.px(18), thickness: look.px(14),
          line: { color: look.token("--text-3"), width: 1 }, hovertemplate: "%{label}<br>%{customdata}<extra></extra>",
        },
        link: {
          source: links.source, target: links.target, value: links.value, label: links.label, hovertemplate: "%{source.label} → %{target.label}<br><b>%{label}</b><extra></extra>",
          color: links.rest.map((rest) => (rest ? look.alpha("--text-3", 0.14) : look.alpha("--text-3", 0.34))), hovercolor: links.rest.map(() => look.alpha("--text-2", 0.55)),
        },
      }],
      layout: look.layout({ margin: { l: look.px(8), r: look.px(8), t: look.px(10), b: look.px(16) }, hovermode: "closest", dragmode: false }),
      height: Math.max(look.px(420), look.px(ROW + 14) * Math.max(told.parts.length, MOST_USES + 1)),
    };
  }

  /** Rows of the table: each part, and under it its uses and what nobody measured apart. */
  function sheet(told) {
    const head = [text("trends.place"), "kWh", text("trends.share"), text("trends.coverage")];
    const share = (kwh) => (told.kwh ? look.percent(kwh / told.kwh, 1) : "–");
    const rows = [[look.name(told.names), look.number(told.kwh), "100\u202f%", look.percent(told.coverage, 1)]];
    for (const part of told.parts) {
      rows.push([look.name(part.names), look.number(part.kwh), share(part.kwh ?? 0), look.percent(part.coverage, 1)]);
      for (const use of part.uses) rows.push([`\u2003${look.name(use.names)} (${text("trends.rooms", { n: use.rooms })})`, look.number(use.kwh), share(use.kwh), look.percent(use.coverage, 1)]);
      if (part.rest > 0) rows.push([`\u2003${text("trends.rest")}`, look.number(part.rest), share(part.rest), "–"]);
    }
    if (told.rest > 0) rows.push([text("trends.rest"), look.number(told.rest), share(told.rest), "–"]);
    return { head, rows };
  }

  /** What the reader must know before he believes the picture. */
  function doubts(told) {
    const found = [];
    const over = told.parts.filter((part) => part.over > 0);
    if (over.length) found.push(text("trends.over", { n: over.length, kwh: look.number(over.reduce((sum, part) => sum + part.over, 0), "kWh") }));
    const uses = told.parts.flatMap((part) => part.uses);
    const rooms = uses.reduce((sum, use) => sum + use.rooms, 0);
    const known = uses.reduce((sum, use) => sum + use.coverage * use.rooms, 0) / Math.max(1, rooms);
    if (rooms && known < told.coverage - 0.1) found.push(text("trends.uses-unknown", { share: look.percent(known) }));
    if (!rooms) found.push(text("trends.no-uses"));
    return found;
  }

  const flows = {
    path: "trends/flows", uses: [], sheet,
    question(state) {
      const query = base(state);
      query.set("entity", place(state));
      return query;
    },
    isEmpty: (told) => told.kwh === null,
    title: (told) => `${text("trends.view.flows")} · ${look.name(told.names)} · ${span(told)}`,
    figure: sankey,
    legend: (told) => [...doubts(told).map((words) => [look.swatch("uncertain"), words]), ...simulated(told)],
    totals(told) {
      const { head, rows } = sheet({ ...told, parts: told.parts.map((part) => ({ ...part, uses: [], rest: 0 })) });
      return campus.trendsTables.table(text("trends.totals"), head, rows);
    },
    numbers(told) {
      const { head, rows } = sheet(told);
      return campus.trendsTables.table(text("trends.numbers"), head, rows);
    },
  };

  // ranking

  function valued(told, value) {
    if (told.by === "coverage") return look.percent(value, 1);
    return `${told.by === "deviation" && value > 0 ? "+" : ""}${look.number(value, told.unit)}`;
  }

  function bars(told) {
    const rows = told.rows.toReversed();
    const low = rows.map((row) => row.coverage < 0.8);
    return {
      data: [{
        type: "bar", orientation: "h", y: rows.map((_, i) => i), x: rows.map((row) => (told.by === "coverage" ? 100 * row.value : row.value)), width: 0.56, cliponaxis: false,
        marker: { color: look.alpha("--text-2", 0.75), line: { width: 0 }, pattern: { shape: low.map((each) => (each ? "-" : "")), fgcolor: look.token("--surface"), solidity: 0.4, size: look.px(6) } },
        text: rows.map((row) => valued(told, row.value)), textposition: "outside", textfont: { size: look.px(13), color: look.token("--text-1") },
        customdata: rows.map((row) => `${look.name(row.names)}${look.name(row.above) ? ` · ${look.name(row.above)}` : ""}<br>${text("trends.known", { n: look.percent(row.coverage, 1) })}`),
        hovertemplate: "%{customdata}<extra></extra>",
      }],
      layout: look.layout({
        margin: { l: look.px(24) + look.px(look.lang === "zh" ? 12 : 8) * Math.max(...rows.map((row) => short(row).length)), r: look.px(120), t: look.px(6), b: look.px(10) }, hovermode: "closest", dragmode: false,
        xaxis: { ...look.axis(), visible: false, rangemode: "tozero" },
        yaxis: { ...look.axis(), tickmode: "array", tickvals: rows.map((_, i) => i), ticktext: rows.map((row) => short(row)), range: [-0.6, rows.length - 0.4], showgrid: false, tickfont: { size: look.px(13), color: look.token("--text-1") } },
      }),
      height: Math.max(look.px(160), look.px(ROW + 6) * rows.length + look.px(20)),
    };
  }

  function short(row) {
    const full = look.name(row.names);
    return full.length > 34 ? `${full.slice(0, 33)}…` : full;
  }

  function ranked(told) {
    const own = told.by !== "energy";
    const head = [text("trends.place"), `${text(`trends.by.${told.by}`)}`, ...(own ? ["kWh"] : []), "m²", text("trends.coverage")];
    if (told.by === "deviation") head.push(text("trends.expected"), text("trends.model"));
    const rows = told.rows.map((row, i) => {
      const name = `${i + 1}. ${[look.name(row.names), look.name(row.above)].filter(Boolean).join(" · ")}`;
      const cells = [name, valued(told, row.value), ...(own ? [look.number(row.kwh)] : []), look.number(row.area), look.percent(row.coverage, 1)];
      if (told.by === "deviation") cells.push(look.number(row.expected, "kWh"), row.quality ? text(`trends.model.${row.quality}`) : "–");
      return cells;
    });
    return { head, rows };
  }

  /** What is ranked, by what, from which end. */
  function controls() {
    const state = campus.trendsState.get();
    const button = (key, value, label) => make("button", { class: "choice", "data-trend-set": `${key}=${value}`, "aria-pressed": String(state[key] === value) }, label);
    const group = (label, ...buttons) => make("div", { class: "choices small", role: "group", "aria-label": label }, buttons);
    return [
      group(text("trends.of"), button("of", "buildings", text("trends.of.buildings")), button("of", "spaces", text("trends.of.spaces"))),
      group(text("trends.by-what"), ...["energy", "intensity", "coverage", "deviation"].filter((by) => by !== "deviation" || state.of === "buildings").map((by) => button("by", by, text(`trends.by.${by}`)))),
      group(text("trends.end"), button("worst", "0", text("trends.most")), button("worst", "1", text("trends.least"))),
    ];
  }

  const ranking = {
    path: "trends/ranking", uses: [], sheet: ranked,
    question(state) {
      const query = base(state);
      for (const [key, value] of [["of", state.of], ["by", state.of === "spaces" && state.by === "deviation" ? "energy" : state.by], ["lowest", state.worst === "1"], ["n", "15"]]) query.set(key, value);
      if (state.of === "spaces") query.set("entity", place(state));
      return query;
    },
    isEmpty: (told) => !told.rows.length,
    title: (told) => `${text("trends.view.ranking")} · ${text(`trends.by.${told.by}`)} · ${span(told)}`,
    figure: bars,
    legend: (told) => [
      [null, text(told.left_out ? "trends.ranked" : "trends.ranked.all", { n: told.rows.length, of: told.ranked, out: told.left_out })],
      ...(told.rows.some((row) => row.coverage < 0.8) ? [[look.swatch("low"), text("trends.legend.low")]] : []), ...simulated(told),
    ],
    extra: controls,
    always: controls,
    moment(point, told) {
      const row = told.rows.toReversed()[point.y];
      return row && { title: look.name(row.names), href: `/trends?what=${encodeURIComponent(`${row.id}:power`).replaceAll("%2F", "/").replaceAll("%3A", ":")}` };
    },
    totals(told) {
      const { head, rows } = ranked(told);
      return campus.trendsTables.table(text("trends.view.ranking"), head, rows.map((row, i) => [make("a", { href: `/trends?what=${told.rows[i].id}:power` }, row[0]), ...row.slice(1)]));
    },
    numbers: (told) => ranking.totals(told),
  };

  campus.trendsMore = { ...campus.trendsMore, flows, ranking };
})();
