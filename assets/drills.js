// Drills: what can be brought about, the button that begins it, and those that go on or are over. All through /api/v1/drills.
(function () {
  "use strict";
  const { campus } = window;
  // of wall-base.js, which comes after this file
  const make = (...given) => campus.wall.make(...given);
  const write = (...given) => campus.wall.write(...given);
  const EVERY_MS = 5000;
  const LATE_MS = 15_000;
  let timer = 0;
  let heard = 0;
  let drawn = "";
  const main = () => document.querySelector("[data-drills]");
  const el = (id) => document.getElementById(`drills-${id}`);
  const lang = () => (campus.facts.lang === "zh" ? "zh" : "en");
  const say = (key, figures = {}) => (JSON.parse(main().dataset.drills).texts[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => figures[name] ?? whole);
  const clock = (time) => campus.timeAxis.local.full(Date.parse(time));

  function after(kind) {
    const s = kind.alarm_after_s;
    if (s === null) return say("after-unknown");
    return s < 90 ? say("after-s", { n: Math.round(s) }) : say("after", { n: Math.round(s / 60) });
  }

  /** The radio buttons, once: they do not change while the page stands. */
  function kinds(rows) {
    if (el("kinds").children.length) return;
    el("kinds").append(...rows.map((kind) => {
      const radio = make("input", "");
      Object.assign(radio, { type: "radio", name: "drill", value: kind.kind, disabled: !kind.things, required: true });
      return make("label", "drills-kind", radio, make("b", "", kind.names[lang()]),
        make("span", "note", `${kind.takes[lang()]} · ${after(kind)} · ${say("things", { n: kind.things })}`));
    }));
    for (const [number, kind] of rows.entries()) el("kinds").querySelectorAll("input")[number].dataset.after = kind.alarm_after_s ?? 1200;
    el("minutes").value = "30";
    el("begin").disabled = false;
  }

  /** A drill that is over before its rule may speak shows nobody anything: the least time that is long enough. */
  function longEnough(radio) {
    const needed = Number(radio.dataset.after) / 60 + 5;
    const found = [...el("minutes").options].find((option) => Number(option.value) >= Math.max(needed, Number(el("minutes").value)));
    if (found) el("minutes").value = found.value;
  }

  function table(answer) {
    const said = JSON.stringify(answer.items);
    write(el("note"), answer.items.length ? "" : say("nothing"));
    el("table").hidden = !answer.items.length;
    main().closest("[data-page]").dataset.state = answer.items.length ? "ready" : "empty";
    if (said === drawn) return;
    drawn = said;
    el("rows").replaceChildren(...answer.items.map((row) => {
      const stop = make("button", "admin-do", say("stop"));
      stop.type = "button";
      stop.dataset.drill = row.id;
      const line = make("tr", "", make("th", "", row.names[lang()], make("span", "note display-where", say("simulated"))),
        make("td", "", row.place_names[lang()]), make("td", "", clock(row.begun)), make("td", "", clock(row.ends)),
        make("td", "", row.by), make("td", "", row.over ? say("over") : stop));
      line.toggleAttribute("data-over", row.over);
      return line;
    }));
  }

  function told(words, bad = false) {
    el("says").classList.toggle("bad", bad);
    write(el("says"), words);
  }

  async function change(method, path, body) {
    try {
      const reply = await fetch(`/api/v1/drills${path}`, { method, headers: { "Content-Type": "application/json", "X-Campus-Token": campus.facts.token ?? "" }, body: body && JSON.stringify(body) });
      const answer = await reply.json();
      if (!reply.ok) return { why: typeof answer.detail === "string" ? answer.detail : String(reply.status) };
      return { row: { what: answer.names[lang()], place: answer.place_names[lang()] } };
    } catch {
      return { why: say("gone") };
    }
  }

  async function ask() {
    clearTimeout(timer);
    if (!main()) return;
    timer = setTimeout(ask, EVERY_MS);
    if (document.hidden) return;
    try {
      const reply = await fetch("/api/v1/drills", { signal: AbortSignal.timeout(8000) });
      if (!reply.ok) throw new Error(String(reply.status));
      const answer = await reply.json();
      if (!main()) return;
      heard = performance.now();
      kinds(answer.kinds);
      table(answer);
    } catch {
      if (!main() || performance.now() - heard < LATE_MS) return;
      write(el("note"), say("late"));
      main().closest("[data-page]").dataset.state = "stale";
    }
  }

  document.addEventListener("submit", async (event) => {
    if (event.target.id !== "drills-form") return;
    event.preventDefault();
    el("begin").disabled = true;
    const kind = event.target.querySelector("[name=drill]:checked").value;
    const { row, why } = await change("POST", "", { kind, place: el("place").value, minutes: Number(el("minutes").value) });
    if (!main()) return;
    el("begin").disabled = false;
    told(why ? say("failed", { why }) : say("begun", row), Boolean(why));
    ask();
  });

  document.addEventListener("change", (event) => event.target.name === "drill" && main() && longEnough(event.target));

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-drill]");
    if (!button || !main()) return;
    button.disabled = true;
    const { row, why } = await change("DELETE", `/${button.dataset.drill}`);
    if (!main()) return;
    told(why ? say("not-ended", { why }) : say("stopped", row), Boolean(why));
    drawn = "";
    ask();
  });

  document.addEventListener("campus:page", () => {
    drawn = "";
    heard = performance.now();
    ask();
  });
  document.addEventListener("visibilitychange", ask);
})();
