// A wall that is lent to a tour for a visit: its screens go to the tour, say there that they live, and come back when it is over.
(function () {
  "use strict";
  const { tour, wall } = window.campus;
  const BEAT_MS = 3000;
  let beats = 0;
  let ticks = 0;
  let leaving = false;
  /** A page that could not be left (the server was away) may try again. */
  function leave(address) {
    if (leaving) return; // a second call would cut off the first
    leaving = true;
    setTimeout(() => {
      leaving = false;
    }, 10_000);
    location.replace(address);
  }

  // ---- on the wall: lent

  function lent() {
    const given = wall.state?.telling;
    if (!given || !document.getElementById("wall") || wall.screen?.role === "incidents") return;
    const query = new URLSearchParams(location.search);
    query.set("telling", given.id);
    query.set("wall", wall.id);
    query.set("screen", wall.screen.id);
    leave(`/tour/${encodeURIComponent(given.tour)}?${query}`);
  }
  wall.on("begin", lent);
  wall.on("state", lent);

  // ---- on the tour: back

  const home = () => tour.asked?.get("wall");

  function back() {
    const query = new URLSearchParams(location.search);
    const id = home();
    for (const key of ["telling", "wall"]) query.delete(key);
    leave(`/wall/${encodeURIComponent(id)}?${query}`);
  }

  /** The same name as on the wall (assets/wall-display.js): it is the same display. */
  function nameOf(screen) {
    if (tour.data.display) return tour.data.display;
    const key = `campus-twin.display.v1.${home()}.${screen}`;
    const name = sessionStorage.getItem(key) ?? `${home()}-${screen}-${Array.from(crypto.getRandomValues(new Uint8Array(3)), (n) => n.toString(16).padStart(2, "0")).join("")}`;
    sessionStorage.setItem(key, name);
    return name;
  }

  async function beat() {
    const screen = tour.asked.get("screen") ?? "";
    ticks += 1;
    const sign = {
      wall: home(), screen, scene: `tour:${tour.data.tour}`.slice(0, 80), tick: ticks, nodes: document.getElementsByTagName("*").length, hidden: document.hidden,
      width: Math.round(innerWidth * devicePixelRatio), height: Math.round(innerHeight * devicePixelRatio),
    };
    try {
      const { state } = await tour.ask(`/api/v1/displays/${encodeURIComponent(nameOf(screen))}/beat`, sign);
      if (state.telling?.id !== tour.asked.get("telling")) back();
    } catch {
      // the line's own mark says that nobody answers; the next beat may
    }
  }

  tour.on("begin", () => {
    clearInterval(beats);
    if (!home()) return;
    beats = setInterval(() => document.getElementById("tour") && beat(), BEAT_MS);
    beat();
  });
  tour.on("state", () => home() && tour.state.wall !== home() && back());
  tour.on("over", () => home() && back());
})();
