// The sound of a wall, where its file asks for it: the figure of tones of its priority when something takes the screen over, and
// a critical one again and again while nobody has acknowledged it. A browser sounds nothing before a touch unless it was
// started to (--autoplay-policy=no-user-gesture-required): the foot says that it is mute.
(function () {
  "use strict";
  const { wall } = window.campus;
  const AGAIN_MS = 10_000;
  let context = null;
  let last = 0;

  const wanted = () => Boolean(wall.data?.sound) && !wall.preview;

  function sound(priority) {
    if (context?.state !== "running") return;
    last = performance.now();
    wall.sounded = { priority, at: Date.now(), times: (wall.sounded?.times ?? 0) + 1 };
    window.campusAlarms.play(context, priority, wall.data.sound);
  }

  function say() {
    const mute = wanted() && context?.state !== "running";
    const place = document.getElementById("wall-mute");
    if (place.hidden === mute) place.hidden = !mute;
    wall.write(place, mute ? wall.say("wall.mute") : "");
  }

  /** Ask for it again: a browser may have been allowed meanwhile. It may never answer, so nothing waits for it. */
  function wake() {
    if (!wanted()) return;
    context ??= new AudioContext();
    context.resume().then(say, say);
  }

  wall.on("begin", () => {
    wake();
    say();
  });
  wall.on("language", say);
  wall.on("incident", (row) => row && !row.acknowledged && wanted() && sound(row.priority));
  wall.on("second", () => {
    if (!wanted()) return;
    if (context?.state !== "running") say();
    const { shown } = wall;
    if (shown?.priority === 1 && !shown.acknowledged && performance.now() - last > AGAIN_MS) sound(1);
  });
  for (const touch of ["pointerdown", "keydown"]) document.addEventListener(touch, () => wall.data && document.getElementById("wall") && wake());
})();
