// The feeds: ticks, what is accepted, and whether the numbers are old because the server is gone.
(function () {
  "use strict";
  const campus = window.campus;
  const OLD_MS = 7000;
  let shown = "";
  let changed = 0;
  let asked = 0;

  const ticks = (filter = "") => [...document.querySelectorAll(`[data-tick]${filter}:not(:disabled)`)];
  const chosen = () => ticks('[aria-checked="true"]');

  function tick(box, on) {
    box.setAttribute("aria-checked", String(on));
  }

  function count() {
    const button = document.getElementById("feeds-accept");
    if (!button) return;
    const n = chosen().length;
    button.disabled = n === 0;
    button.textContent = n ? campus.text("feeds.accept-n", { n }) : campus.text("feeds.accept");
  }

  function again() {
    window.dash_clientside.set_props("feeds-again", { data: (asked += 1) });
  }

  function body(rows) {
    const points = rows.filter((row) => row.kind === "point");
    const devices = rows.filter((row) => row.kind === "device");
    return {
      points: points.map(({ source, address, entity, quantity, unit, of }) => ({ source, address, entity, quantity, unit, kind: of })),
      devices: devices.map(({ source, id, type, entity, columns, names }) => ({ source, id, type, entity, columns, names })),
    };
  }

  /** What came of it: one sentence, and each mistake as a line. */
  function answer(sentence, mistakes = [], bad = false) {
    const place = document.getElementById("feeds-answer");
    if (!place) return;
    const line = document.createElement("p");
    line.textContent = sentence;
    const list = document.createElement("ul");
    for (const { file, line: at, message } of mistakes) {
      const entry = document.createElement("li");
      entry.textContent = [file && (at ? `${file}:${at}` : file), message].filter(Boolean).join(": ");
      list.append(entry);
    }
    place.dataset.state = bad ? "refused" : "written";
    place.replaceChildren(line, ...(mistakes.length ? [list] : []));
  }

  async function accept() {
    const boxes = chosen();
    const button = document.getElementById("feeds-accept");
    button.disabled = true;
    answer(campus.text("feeds.checking"));
    try {
      const reply = await fetch("/api/v1/mapping/accept", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body(boxes.map((box) => JSON.parse(box.dataset.tick)))),
      });
      const told = await reply.json();
      if (!reply.ok) return answer(told.detail ?? String(reply.status), told.mistakes ?? [], true);
      answer(campus.text("feeds.written", { n: told.points + told.devices, files: told.files.join(", ") }));
      for (const box of boxes) {
        const done = document.createElement("span");
        done.className = "accepted";
        done.textContent = campus.text("feeds.accepted");
        box.hidden = true;
        box.disabled = true;
        box.after(done);
      }
    } catch {
      answer(campus.text("feeds.gone"), [], true);
    } finally {
      count();
    }
  }

  document.addEventListener("click", (event) => {
    const box = event.target.closest("[data-tick]");
    if (box) {
      tick(box, box.getAttribute("aria-checked") !== "true");
      count();
      return;
    }
    const what = event.target.closest("[data-feeds]")?.dataset.feeds;
    if (what === "again") again();
    else if (what === "sure") {
      for (const sure of ticks('[data-sure="1"]')) tick(sure, true);
      count();
    } else if (what === "accept") accept();
  });

  /** The page hears every two seconds; when it does not, it says since when its numbers are old. */
  function watch() {
    const page = document.querySelector('[data-page="feeds"]');
    const at = document.getElementById("feeds-at")?.dataset.at ?? "";
    if (page && at) {
      if (at !== shown) [shown, changed] = [at, Date.now()];
      const stale = Date.now() - changed > OLD_MS;
      const note = document.getElementById("feeds-stale");
      if (page.dataset.state !== (stale ? "stale" : "ready")) {
        page.dataset.state = stale ? "stale" : "ready";
        note.hidden = !stale;
        const zone = { timeZone: campus.facts.timezone ?? "UTC", hour12: false };
        note.textContent = stale ? campus.text("feeds.stale", { time: new Date(Number(at) * 1000).toLocaleTimeString("en-GB", zone) }) : "";
      }
    }
    setTimeout(watch, 1000);
  }
  watch();
})();
