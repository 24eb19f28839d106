// The figures of the chosen domain for what is selected: asked for every two seconds, shown with age and coverage. What a
// figure is made of stands in a card under it.
(function () {
  "use strict";
  const campus = window.campus;
  const zh = campus.facts.lang === "zh";
  const lang = zh ? "zh" : "en";
  const EVERY_MS = 2000;
  const LATE_MS = 8000;
  /** What is this old [ms] changes no more. */
  const SETTLED_MS = 600_000;
  const THIN = "\u202f";
  /** The last answer of each domain and place: what is shown while the next is on its way. */
  const known = new Map();
  let shown = "";
  let asking = null;
  let timer = 0;
  let model = null;
  let pinned = null;

  const strip = () => document.getElementById("kpis");

  /** The domain in the bar: that of the channel, or the last one where the scene has no colour. */
  function domain() {
    const chosen = campus.view.get().ch.split(".")[0];
    return chosen || strip()?.dataset.shown || Object.keys(campus.facts.legends ?? {})[0]?.split(".")[0] || "";
  }

  /** The storey or building that stands for the selection; '' for the whole campus. */
  function place() {
    const { sel, storey } = campus.view.get();
    if (!model || !sel) return "";
    const path = model.path(storey || sel);
    return path.findLast((id) => ["building", "storey"].includes(model.kind(id))) ?? "";
  }

  function write(element, text) {
    if (element && element.textContent !== text) element.textContent = text;
  }

  function number(value, decimals) {
    const least = 10 ** -decimals;
    if (value > 0 && value < least / 2) return `<${THIN}${least}`; // what is little is not nothing
    return Math.abs(value).toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
      .replaceAll(",", THIN).replace(/^(?=.*[1-9])/, value < 0 ? "\u2212" : "");
  }

  function age(seconds) {
    const steps = [[1, 60, "s", " 秒"], [60, 60, "min", " 分钟"], [3600, 48, "h", " 小时"], [86400, Infinity, "d", " 天"]];
    const [size, , latin, cjk] = steps.find(([step, limit]) => seconds / step < limit);
    return `${Math.floor(seconds / size)}${zh ? cjk : THIN + latin}`;
  }

  /** Age, origin where it is not measured, coverage: '5 s · simulated · 48 / 48 points'. */
  function stateOf(row) {
    if (row.value === null) return "";
    const words = [];
    if (row.origin !== "measured") words.push(campus.text(`value-origin.${row.origin}`));
    else if (row.age_s !== null) words.push(age(row.age_s));
    if (row.brief) words.push(row.brief[lang]);
    const covered = `${number(row.have, 0)}${THIN}/${THIN}${number(row.of, 0)}`;
    if (row.covers.en !== "minutes") words.push(row.brief ? covered : `${covered} ${row.covers[lang]}`);
    return words.join(" · ");
  }

  function show(row) {
    const cell = document.querySelector(`[data-kpi="${row.key}"]`);
    if (!cell) return;
    const empty = row.value === null;
    cell.dataset.state = empty ? "none" : row.quality;
    write(cell.querySelector(".kpi-value"), empty ? "\u2013" : number(row.value, row.decimals));
    write(cell.querySelector(".kpi-unit"), empty ? "" : row.unit);
    write(cell.querySelector(".kpi-state"), empty ? row.reason[lang] : stateOf(row));
  }

  function line(name, text) {
    const row = document.createElement("p");
    const head = document.createElement("b");
    head.textContent = name;
    row.append(head, text);
    return row;
  }

  /** The card: formula, what it is made of, coverage, age, source. */
  function card(cell) {
    const box = document.getElementById("kpi-card");
    const row = known.get(shown)?.answer.kpis.find(({ key }) => key === cell.dataset.kpi);
    if (!box || !row) return;
    const lines = [line(campus.text("kpis.formula"), row.formula[lang])];
    for (const [at, note] of row.notes.entries()) lines.push(line(at ? "" : campus.text("kpis.note"), note[lang]));
    if (row.reason) lines.push(line(campus.text("kpis.why"), row.reason[lang]));
    if (row.of) lines.push(line(campus.text("kpis.coverage"), `${number(row.have, 0)} / ${number(row.of, 0)} ${row.covers[lang]}`));
    if (row.age_s !== null) {
      const words = [age(row.age_s), campus.text(`quality.${row.quality}`), campus.text(`value-origin.${row.origin}`)];
      lines.push(line(campus.text("kpis.oldest"), words.join(" · ")));
    }
    lines.push(line(campus.text("source"), row.source));
    box.replaceChildren(...lines);
    box.hidden = false;
    const bounds = strip().getBoundingClientRect();
    const left = cell.getBoundingClientRect().left - bounds.left;
    box.style.insetInlineStart = `${Math.max(8, Math.min(left, bounds.width - box.offsetWidth - 8))}px`;
    cell.setAttribute("aria-describedby", "kpi-card");
  }

  function close() {
    const box = document.getElementById("kpi-card");
    if (box) box.hidden = true;
    for (const cell of document.querySelectorAll('.kpi[aria-describedby="kpi-card"]')) cell.removeAttribute("aria-describedby");
  }

  function draw(answer) {
    const box = strip();
    for (const row of answer.kpis) show(row);
    const nothing = !answer.has_points && answer.kpis.every(({ value }) => value === null);
    const none = document.getElementById("kpis-none");
    none.hidden = !nothing;
    if (nothing) write(none, campus.text("kpis.none", { domain: answer.names[lang] }));
    box.toggleAttribute("data-empty", nothing);
    box.dataset.state = "ready";
    box.dataset.entity = answer.entity;
    document.getElementById("kpis-error").hidden = true;
    if (pinned && !document.getElementById("kpi-card").hidden) card(pinned);
  }

  /** What was true some time ago is not shown as if it were true now. */
  function late() {
    const box = strip();
    const last = known.get(shown);
    if (last && performance.now() - last.at < LATE_MS) return;
    box.dataset.state = "error";
    const error = document.getElementById("kpis-error");
    error.hidden = false;
    write(error, campus.text("kpis.error"));
  }

  async function ask() {
    clearTimeout(timer);
    const box = strip();
    if (!box) return;
    if (document.hidden) return;
    asking?.abort();
    const mine = (asking = new AbortController());
    const key = shown;
    const [wanted, entity, at] = key.split("|");
    const limit = setTimeout(() => mine.abort(), LATE_MS);
    try {
      const query = new URLSearchParams({ domain: wanted, entity, ...(at === "live" ? {} : { at }) });
      const reply = await fetch(`/api/v1/kpis?${query}`, { signal: mine.signal });
      if (!reply.ok) throw new Error(String(reply.status));
      const answer = await reply.json();
      known.set(key, { answer, at: performance.now() });
      if (known.size > 200) known.delete(known.keys().next().value);
      if (key === shown && strip()) draw(answer);
    } catch {
      if (key === shown && asking === mine && strip()) late();
    } finally {
      clearTimeout(limit);
      const settled = known.has(key) && at !== "live" && Date.now() - Date.parse(at) > SETTLED_MS;
      if (asking === mine && !settled) timer = setTimeout(ask, EVERY_MS);
    }
  }

  /** Another domain or place: its row at once, its numbers as last known, new ones asked for. */
  function follow() {
    const box = strip();
    if (!box) return;
    const [wanted, entity] = [domain(), place()];
    const key = `${wanted}|${entity}|${campus.view.get().at}`;
    for (const row of box.querySelectorAll("[data-kpis-of]")) row.hidden = row.dataset.kpisOf !== wanted;
    const row = box.querySelector(`[data-kpis-of="${wanted}"]`);
    write(box.querySelector("[data-kpis-domain]"), row?.dataset.name ?? "");
    write(box.querySelector("[data-kpis-place]"), entity && model ? model.label(entity) : campus.facts.campus.name);
    if (key === shown && box.dataset.shown === wanted) return;
    shown = key;
    box.dataset.shown = wanted;
    pinned = null;
    close();
    const last = known.get(key);
    if (last && performance.now() - last.at < LATE_MS) draw(last.answer);
    else {
      box.dataset.state = "loading";
      box.removeAttribute("data-empty");
      document.getElementById("kpis-none").hidden = true;
      for (const cell of row?.querySelectorAll(".kpi") ?? []) {
        cell.dataset.state = "loading";
        write(cell.querySelector(".kpi-value"), "\u2013");
        for (const part of [".kpi-unit", ".kpi-state"]) write(cell.querySelector(part), "");
      }
    }
    document.dispatchEvent(new CustomEvent("campus:kpis", { detail: { domain: wanted, entity, ...(key.endsWith("|live") ? {} : { at: campus.view.get().at }) } }));
    ask();
  }

  document.addEventListener("campus:view", follow);
  document.addEventListener("campus:page", () => {
    shown = "";
    campus.model?.().then(async (loaded) => {
      await loaded.ready;
      model = loaded;
      follow();
    }, () => {});
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) ask();
  });
  for (const [type, opens] of [["pointerover", true], ["pointerout", false], ["focusin", true], ["focusout", false]]) {
    document.addEventListener(type, (event) => {
      const cell = event.target.closest?.(".kpi");
      if (!cell || pinned) return;
      if (opens) card(cell);
      else close();
    });
  }
  document.addEventListener("click", (event) => {
    const cell = event.target.closest(".kpi");
    const same = cell === pinned;
    pinned = cell && !same ? cell : null;
    close();
    if (pinned) card(pinned);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || document.getElementById("kpi-card")?.hidden !== false) return;
    pinned = null;
    close();
    event.preventDefault();
  }, true);
})();
