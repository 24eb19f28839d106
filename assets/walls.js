// The displays and whether they are well: the table of /walls, and a word in the bar of every page while one is not.
(function () {
  "use strict";
  const { campus } = window;
  const { make, write } = campus.wall;
  const EVERY_MS = 5000;
  const LATE_MS = 15_000;
  let heard = performance.now();
  let drawn = "";
  let timer = 0;
  const lang = campus.facts.lang === "zh" ? "zh" : "en";

  const main = () => document.querySelector("[data-walls]");
  const lamp = () => document.getElementById("displays-lamp");

  function age(seconds, say) {
    const steps = [[1, 90, "s"], [60, 90, "min"], [3600, 48, "h"], [86_400, Infinity, "d"]];
    const [size, , unit] = steps.find(([step, limit]) => seconds / step < limit);
    return say(`wall.age.${unit}`, { n: Math.floor(seconds / size) });
  }

  function table(answer) {
    const told = JSON.parse(main().dataset.walls);
    const say = (key, figures = {}) => (told.texts[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => figures[name] ?? whole);
    const said = JSON.stringify(answer.items.map((row) => ({ ...row, seq: 0, frames: 0, age_s: Math.floor((row.age_s ?? 0) / 5) })));
    write(document.getElementById("displays-says"), answer.total === 0 ? say("displays.none") : answer.wrong ? say("displays.wrong", { n: answer.wrong }) : say("displays.well", { n: answer.total }));
    document.querySelector('[data-page="walls"]').dataset.state = answer.total ? "ready" : "empty";
    if (said === drawn) return;
    drawn = said;
    const cells = answer.items.map((row) => {
      const names = told.names[row.wall];
      const where = [names?.names[lang] ?? row.wall, names?.screens[row.screen]?.[lang] ?? row.screen].filter(Boolean).join(" · ");
      const reload = make("button", "admin-do", say("displays.reload"));
      reload.type = "button";
      reload.disabled = row.state === "never" || row.state === "gone";
      reload.addEventListener("click", () => fetch(`/api/v1/displays/${encodeURIComponent(row.id)}/reload`, { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" }).then(ask));
      const line = make("tr", "",
        make("th", "", row.id, make("span", "note display-where", where)),
        make("td", "", make("b", `display-state display-${row.state}`, say(`displays.state.${row.state}`))),
        make("td", "", row.since ? age((Date.now() - Date.parse(row.since)) / 1000, say) : "\u2013"),
        make("td", "", row.incident ? say("wall.incident") : names?.scenes[row.scene]?.[lang] ?? row.scene ?? ""),
        make("td", "", row.width ? `${row.width} × ${row.height}` : "\u2013"),
        make("td", "", row.nodes ? `${row.heap_mb ? `${Math.round(row.heap_mb)} MB · ` : ""}${row.nodes}` : "\u2013"),
        make("td", "", reload, row.current ? null : make("span", "note", say("displays.old"))));
      line.dataset.display = row.id;
      line.dataset.state = row.state;
      return line;
    });
    document.getElementById("displays-rows").replaceChildren(...cells);
  }

  async function ask() {
    clearTimeout(timer);
    if (!main() && !lamp()) return;
    timer = setTimeout(ask, EVERY_MS);
    if (document.hidden) return;
    try {
      const reply = await fetch("/api/v1/displays", { signal: AbortSignal.timeout(8000) });
      if (!reply.ok) throw new Error(String(reply.status));
      const answer = await reply.json();
      heard = performance.now();
      if (main()) table(answer);
      if (lamp()) {
        lamp().hidden = answer.wrong === 0;
        // one figure in the bar, which is full; the words are its name
        write(lamp(), String(answer.wrong));
        lamp().title = lamp().dataset.words.replace("{n}", answer.wrong);
        lamp().setAttribute("aria-label", lamp().title);
      }
    } catch {
      if (main() && performance.now() - heard > LATE_MS) {
        write(document.getElementById("displays-says"), JSON.parse(main().dataset.walls).texts["displays.unknown"]);
        document.querySelector('[data-page="walls"]').dataset.state = "stale";
      }
    }
  }

  document.addEventListener("campus:page", () => {
    drawn = "";
    ask();
  });
  document.addEventListener("visibilitychange", ask);
})();
