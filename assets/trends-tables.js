// The same as the chart in numbers: what each line comes to, with how much of it is known, and every place of every line.
(function () {
  "use strict";
  const campus = window.campus;
  const look = campus.trendsLook;
  const { make } = look;
  const text = (key, figures) => campus.text(key, figures);
  const el = (id) => document.getElementById(id);
  /** Rows of numbers that are shown; a file has them all. */
  const MOST = 400;

  function table(caption, head, rows, extra = "") {
    const cell = (content, i, name = "td") => make(name, { class: i ? "right" : null, scope: name === "th" ? "col" : null }, content);
    return make("div", { class: "trends-scroll", tabindex: 0, role: "region", "aria-label": caption },
      make("table", { class: `table ${extra}` }, make("caption", { class: "sr-only" }, caption),
        make("thead", {}, make("tr", {}, head.map((word, i) => cell(word, i, "th")))),
        make("tbody", {}, rows.map((row) => make("tr", {}, row.map((word, i) => (i ? cell(word, i) : make("th", { scope: "row" }, word))))))));
  }

  const covered = (share) => make("span", { class: share < 0.8 ? "q-uncertain" : null }, look.percent(share, 1));

  /** What a total comes to: the energy of a power, else the mean. */
  function main(line) {
    const { total } = line;
    if (total.energy !== null) return look.number(total.energy, "kWh");
    return total.mean === null ? "–" : `${text("trends.mean")} ${look.number(total.mean, unitOf(line))}`;
  }

  /** Means and extremes are of the line as it was kept, whatever it is divided by. */
  const unitOf = (line) => (line.total.by !== null || line.total.by_unit ? "" : line.unit);

  function difference(told, line) {
    const row = told.differences.find((each) => each.what === line.what);
    if (!row) return "";
    if (row.change === null) return text("trends.difference.none");
    const sign = row.change > 0 ? "+" : "";
    const share = row.percent === null ? "" : ` (${sign}${row.percent.toFixed(1).replace("-", "\u2212")}\u202f%)`;
    return make("span", { title: text("trends.difference.of", { n: row.buckets, of: row.of }) }, `${sign}${look.number(row.change, row.unit)}${share}`,
      row.buckets < row.of ? make("span", { class: "note" }, ` ${text("trends.difference.of", { n: row.buckets, of: row.of })}`) : null);
  }

  /** One row a line; beside it the same of the window to compare with. */
  function totals(told) {
    const now = told.lines.filter((line) => line.period === 0);
    const before = (what) => told.lines.find((line) => line.period === 1 && line.what === what);
    const by = now.some((line) => line.total.by !== null);
    const what = campus.trendsState.get().what;
    const head = [text("trends.line"), text("trends.total"), ...(by ? [text("trends.by")] : []), text("trends.mean-range"), text("trends.coverage")];
    if (told.other) head.push(text("trends.before"), text("trends.coverage"), text("trends.difference"));
    const rows = now.map((line) => {
      const { total } = line;
      const range = total.mean === null ? "–" : `${look.number(total.mean)} · ${look.number(total.low)} – ${look.number(total.high, line.quantity ? rawUnit(line) : "")}`;
      const row = [
        make("span", { class: "trends-line-name" }, look.sample(what.indexOf(line.what)), look.name(line.names)), main(line),
        ...(by ? [look.number(total.by, total.by_unit)] : []), range, covered(total.coverage),
      ];
      const other = before(line.what);
      if (told.other) row.push(...(other ? [main(other), covered(other.total.coverage), difference(told, line)] : ["–", "–", ""]));
      return row;
    });
    return table(text("trends.totals"), head, rows, "trends-totals-table");
  }

  const UNITS = { power: "kW", temperature: "°C", co2: "ppm", traffic: "Mbit/s", humidity: "%", utilisation: "%" };
  const rawUnit = (line) => (line.total.by_unit ? (UNITS[line.quantity] ?? "") : line.unit);

  /** Every place of every line: as many as fit, from the newest on. */
  function numbers(told) {
    const words = campus.trendsCurve.moments(told.borders);
    const lines = told.lines.filter((line) => line.period === 0);
    const head = [text("trends.when"), ...lines.flatMap((line) => [`${look.name(line.names)} [${look.unitText(line.unit) || "1"}]`, text("trends.coverage")])];
    const known = words.map((_, i) => i).filter((i) => lines.some((line) => line.value[i] !== null));
    const shown = known.slice(-MOST).toReversed();
    const rows = shown.map((i) => [words[i], ...lines.flatMap((line) => [look.number(line.value[i]), line.value[i] === null ? "–" : look.percent(line.coverage[i])])]);
    const note = known.length > shown.length ? make("p", { class: "note" }, text("trends.numbers.part", { n: shown.length, of: known.length })) : null;
    return make("div", {}, note, table(text("trends.numbers"), head, rows));
  }

  /** A table of the page as a file: what the server has no file of. */
  function asFile(link, { head, rows }) {
    const cell = (word) => (/[",\n]/.test(word) ? `"${word.replaceAll('"', '""')}"` : word);
    // plain numbers: no thin spaces, a hyphen for minus; a cell that a spreadsheet would take for a formula is none
    const plain = (word) => String(word).replaceAll("\u202f", "").replaceAll("\u2212", "-").replace(/^\u2003+/, "").replace(/^(?=[=+@])/, "'").replace(/^\u2013$/, "");
    const lines = [head, ...rows].map((row) => row.map((word) => cell(plain(word))).join(","));
    if (link.dataset.blob) URL.revokeObjectURL(link.dataset.blob);
    link.href = link.dataset.blob = URL.createObjectURL(new Blob([`\ufeff${lines.join("\n")}\n`], { type: "text/csv" }));
    link.download = "trends.csv";
  }

  function fill(view, told, query) {
    el("trends-totals").replaceChildren(view.totals ? view.totals(told) : totals(told));
    const box = el("trends-numbers-box");
    const write = () => box.open && el("trends-numbers").replaceChildren(view.numbers ? view.numbers(told) : numbers(told));
    box.ontoggle = write;
    write();
    const files = el("trends-files");
    for (const link of files.querySelectorAll("[data-format]")) {
      link.hidden = Boolean(view.sheet) && link.dataset.format !== "csv";
      if (view.sheet) {
        if (link.dataset.format === "csv") asFile(link, view.sheet(told));
        continue;
      }
      const own = new URLSearchParams(query);
      own.set("format", link.dataset.format);
      link.href = `/api/v1/trends?${own}`;
      link.download = `trends.${link.dataset.format}`;
    }
  }

  campus.trendsTables = { fill, table, covered };
})();
