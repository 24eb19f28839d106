// The playlist of a screen: which scene is on, for how long, which come at this hour; held and chosen by hand, kept over a reload.
(function () {
  "use strict";
  const { wall } = window.campus;
  const { make } = wall;
  /** A screen that is loaded anew goes on where it was if that was no longer ago than this [ms]. */
  const KEPT_MS = 900_000;
  let list = [];
  let place = 0;
  let begun = 0;
  let bars = [];

  const key = () => `campus-twin.wall.v1.${wall.id}.${wall.screen.id}`;
  const dwell = () => wall.data.scenes[list[place]].dwell_s * 1000;
  wall.held = () => (wall.state?.held ?? []).includes(wall.screen.id);

  /** The scenes of now: those whose hours these are; all of them where none has any. */
  function due(now) {
    const all = wall.screen.scenes;
    const found = all.filter((id) => wall.holds(wall.data.scenes[id].during, now));
    return found.length ? found : all;
  }

  function keep() {
    if (wall.preview) return;
    try {
      localStorage.setItem(key(), JSON.stringify({ scene: list[place], spent: Date.now() - begun, at: Date.now() }));
    } catch {
      // a browser that keeps nothing begins anew
    }
  }

  function kept() {
    try {
      const found = JSON.parse(localStorage.getItem(key()) ?? "null");
      return found && Date.now() - found.at < KEPT_MS ? found : null;
    } catch {
      return null;
    }
  }

  function go(next, { cut = false, spent = 0 } = {}) {
    place = ((next % list.length) + list.length) % list.length;
    begun = Date.now() - spent;
    wall.playing = list[place];
    wall.show(wall.data.scenes[list[place]], { cut });
    bar();
    keep();
    wall.tell("played");
  }

  /** One segment a scene: a hand may choose it. */
  function build() {
    const nav = document.getElementById("wall-list");
    bars = list.map((id, at) => {
      const fill = make("i");
      const button = make("button", "wall-segment", make("span", "wall-segment-bar", fill));
      button.type = "button";
      button.setAttribute("aria-label", wall.name(wall.data.scenes[id].title));
      button.addEventListener("click", () => choose(at));
      return { button, fill };
    });
    nav.replaceChildren(...(list.length > 1 ? bars.map(({ button }) => button) : []));
  }

  function bar() {
    const spent = Math.min(1, (Date.now() - begun) / dwell());
    bars.forEach(({ button, fill }, at) => {
      const state = at < place ? "past" : at === place ? "now" : "next";
      if (button.dataset.state !== state) button.dataset.state = state;
      if (at === place) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
      const level = at === place ? spent : at < place ? 1 : 0;
      fill.style.transform = `scaleX(${level.toFixed(3)})`;
    });
  }

  function choose(at) {
    if (wall.incident) wall.leaveIncident?.("hand");
    go(at);
  }

  /** By hand or from a tablet: a scene by its name, the next, the one before. */
  wall.step = function (what, value = "") {
    if (what === "next") choose(place + 1);
    else if (what === "back") choose(place - 1);
    else if (what === "scene") {
      if (!list.includes(value)) {
        list = [...list, value];
        build();
      }
      choose(list.indexOf(value));
    }
  };

  /** One scene alone, which stays. */
  wall.only = function (id) {
    list = [id];
    build();
    go(0, { cut: true });
  };

  function second() {
    if (!list.length || wall.incident || wall.preview) return;
    if (wall.held() || wall.paused) begun += 1000;
    const now = due(wall.now());
    if (now.join() !== list.join() && Date.now() - begun >= dwell()) {
      const next = now.indexOf(list[(place + 1) % list.length]);
      list = now;
      build();
      go(Math.max(0, next));
      return;
    }
    if (Date.now() - begun >= dwell() && list.length > 1) go(place + 1);
    else if (Date.now() - begun >= dwell()) begun = Date.now();
    bar();
  }

  function held() {
    const word = document.getElementById("wall-held");
    const by = wall.state?.by;
    word.hidden = !(wall.held() || wall.paused);
    wall.write(word, wall.held() && by ? wall.say("wall.held-by", { who: by }) : wall.say("wall.held"));
  }

  function keys(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input, select, textarea")) return;
    if (event.key === "ArrowRight") wall.step("next");
    else if (event.key === "ArrowLeft") wall.step("back");
    else if (event.key === " " && !event.target.closest?.("button")) {
      wall.paused = !wall.paused;
      held();
    } else return;
    event.preventDefault();
  }

  wall.on("begin", () => {
    list = due(wall.now());
    build();
    const before = kept();
    const at = before ? list.indexOf(before.scene) : -1;
    go(Math.max(0, at), { cut: true, spent: at < 0 ? 0 : before.spent });
    held();
  });
  wall.on("second", second);
  wall.on("state", held);
  wall.on("language", () => {
    build();
    bar();
    held();
  });
  document.addEventListener("keydown", (event) => wall.data && document.getElementById("wall") && keys(event));
  addEventListener("pagehide", () => wall.data && list.length && keep());
})();
