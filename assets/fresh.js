// Texts of the panel that grow old on it: the server tells them again every few seconds. Where it does not, the panel says
// that they are old, for an age that stands still is worse than none.
(function () {
  "use strict";
  const campus = window.campus;
  const LATE_MS = 10000;
  const LOOK_MS = 1000;
  let heard = performance.now();
  let looked = performance.now();
  /** The first of the texts: another one is another panel, which was told whole just now. */
  let first = null;

  campus.fresh = function (told) {
    const panel = document.getElementById("details");
    if (!panel || told.of !== campus.view.get().sel) return;
    heard = performance.now();
    for (const span of panel.querySelectorAll("[data-fresh]")) {
      const [text, classes] = told.texts[span.dataset.fresh] ?? [];
      if (text === undefined) continue;
      if (span.textContent !== text) span.textContent = text;
      if (span.className !== classes) span.className = classes;
    }
    look();
  };

  function look() {
    const panel = document.getElementById("details");
    if (!panel) return;
    const now = panel.querySelector("[data-fresh]");
    if (now !== first) [first, heard] = [now, performance.now()];
    // what was grows no older
    const past = campus.view.get().at !== "live";
    if (past) heard = performance.now();
    const old = now !== null && !past && !document.hidden && performance.now() - heard > LATE_MS;
    if (old === "old" in panel.dataset) return;
    if (old) panel.dataset.old = campus.text("kpis.error");
    else delete panel.dataset.old;
  }

  // a page in the background is asked less often, and nobody looks
  document.addEventListener("visibilitychange", () => (heard = performance.now()));
  setInterval(() => {
    // time in which the page itself stood still (a large scene, no graphics card) is no silence of the server
    const stood = performance.now() - looked - LOOK_MS;
    if (stood > LOOK_MS) heard += stood;
    looked = performance.now();
    look();
  }, LOOK_MS);
})();
