// The one clock of all symbols that flash: once a second, all at the same time, two changes a second and nothing between
// them. It stands still while nothing calls, while nobody looks, and for whoever wants no motion.
(function () {
  "use strict";
  const HALF_MS = 500;
  const root = document.documentElement;
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let timer = 0;
  let wanted = false;

  function turn() {
    const wait = HALF_MS - (Date.now() % HALF_MS);
    if (Math.floor(Date.now() / HALF_MS) % 2) root.dataset.flash = "dim";
    else delete root.dataset.flash;
    timer = setTimeout(turn, wait);
  }

  function follow() {
    const on = wanted && !document.hidden && !still.matches;
    if (on === Boolean(timer)) return;
    clearTimeout(timer);
    timer = 0;
    delete root.dataset.flash;
    if (on) turn();
  }

  document.addEventListener("visibilitychange", follow);
  still.addEventListener("change", follow);

  /** Whether anything on the page calls. */
  window.campusAlarms.flash = (on) => {
    wanted = on;
    follow();
  };
})();
