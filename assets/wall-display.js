// What keeps a display alive for months: signs of life to the server from a worker, another build or the night's hour load the
// page anew, and so does a page that found itself stuck. What it showed is kept.
(function () {
  "use strict";
  const { campus } = window;
  const { wall } = campus;
  const BEAT_MS = 3000;
  const WORKER = "/assets/boot/wall-worker.js";
  /** After a reload for one reason the next for the same waits so long [ms]: a page must never spin. */
  const AGAIN_MS = 120_000;
  let worker = null;
  let night = "";
  let leaving = false;

  /** A name for a screen that has no cookie of its own: the same as long as its tab lives. */
  function nameOf() {
    if (wall.display) return wall.display;
    const key = `campus-twin.display.v1.${wall.id}.${wall.screen.id}`;
    let name = sessionStorage.getItem(key);
    if (!name) {
      name = `${wall.id}-${wall.screen.id}-${Array.from(crypto.getRandomValues(new Uint8Array(3)), (n) => n.toString(16).padStart(2, "0")).join("")}`;
      sessionStorage.setItem(key, name);
    }
    return name;
  }

  /** What the display shows, in figures. */
  function sign() {
    const twin = document.getElementById("twin");
    const view = window.campusTwin?.views.at(-1);
    return {
      wall: wall.id, screen: wall.screen.id, scene: wall.playing ?? "", incident: wall.incident ?? "", tick: wall.ticks,
      frames: view?.stage?.counters.frames ?? 0, seq: Number(twin?.dataset.seq) || 0, channel: wall.incident ? "" : wall.scene?.channel ?? "",
      feed: twin?.dataset.state ?? "", hidden: document.hidden, heap_mb: Math.round((performance.memory?.usedJSHeapSize ?? 0) / 1e5) / 10,
      nodes: document.getElementsByTagName("*").length, width: Math.round(innerWidth * devicePixelRatio), height: Math.round(innerHeight * devicePixelRatio),
      build: wall.build, held: wall.held() || wall.paused === true,
    };
  }

  function tell() {
    worker?.postMessage({ sign: sign() });
  }

  wall.reload = function (why) {
    const key = `campus-twin.reload.v1.${why}`;
    const last = Number(sessionStorage.getItem(key)) || 0;
    if (Date.now() - last < AGAIN_MS) return;
    sessionStorage.setItem(key, String(Date.now()));
    leaving = true;
    console.info(`the wall is loaded anew: ${why}`);
    // all displays of a campus must not come at the same instant
    setTimeout(() => location.reload(), Math.random() * 2000);
  };

  function answered({ answer, stuck, status }) {
    if (stuck) return wall.reload("stuck");
    if (status === 401) return location.reload(); // the display was revoked: the server says so on its own page
    if (!answer) return;
    wall.takeState(answer.state);
    wall.outdoor = answer.outdoor && { ...answer.outdoor, heard: performance.now() };
    if (answer.reload) wall.reload("asked");
    else if (wall.build !== answer.build) wall.reload(`build-${answer.build}`);
  }

  /** Once a night, at the hour that the wall's file names. */
  function nightly(now) {
    const at = wall.data.reload_at;
    if (at === null || wall.incident || wall.preview) return;
    const [day, minute] = wall.clock.local(now);
    if (minute !== at || night === String(day)) return;
    night = String(day);
    if (performance.now() > 3_600_000) wall.reload("night");
  }

  /** The wall was written anew: this screen loads what it is now. A wall that was taken away stays as it was. */
  function follow() {
    const { written } = wall.state;
    if (!wall.preview && written && written !== wall.written) wall.reload(`written-${written}`);
  }

  function begin() {
    worker?.terminate();
    if (wall.preview) return; // a preview is no display
    worker = new Worker(WORKER);
    worker.addEventListener("message", ({ data }) => answered(data));
    worker.postMessage({ begin: { url: `/api/v1/displays/${encodeURIComponent(nameOf())}/beat`, every: BEAT_MS }, sign: sign() });
  }

  wall.on("begin", begin);
  wall.on("state", follow);
  wall.on("second", (now) => {
    tell();
    nightly(now);
  });
  for (const name of ["played", "incident", "state"]) wall.on(name, () => worker?.postMessage({ sign: sign(), now: true }));
  document.addEventListener("visibilitychange", () => wall.data && worker?.postMessage({ sign: sign(), now: true }));
  addEventListener("pagehide", () => {
    // a page that loads itself anew is back in a moment: it says no good-bye
    if (!wall.data || !worker || leaving) return;
    const body = JSON.stringify({ ...sign(), bye: true });
    fetch(`/api/v1/displays/${encodeURIComponent(nameOf())}/beat`, { method: "POST", body, headers: { "Content-Type": "application/json" }, keepalive: true }).catch(() => {});
  });
})();
