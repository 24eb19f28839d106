// Hands on the audience's view while nobody leads: buttons that come with a touch, the keyboard, a presenter's clicker.
(function () {
  "use strict";
  const { tour } = window.campus;
  const { make } = tour;
  const STAY_MS = 6000;
  const KEYS = { ArrowRight: "next", PageDown: "next", ArrowLeft: "back", PageUp: "back", " ": "hold", b: "hold", ".": "hold" };
  let hide = 0;

  const page = () => document.getElementById("tour");
  const hold = () => (tour.state?.held ? "resume" : "hold");

  function draw() {
    const place = document.getElementById("tour-hands");
    if (!place || !tour.state) return;
    place.hidden = tour.state.guided;
    place.setAttribute("aria-label", tour.say("tour.controls"));
    if (!place.childElementCount) {
      place.replaceChildren(...["back", "hold", "next"].map((what) => {
        const button = make("button", "tour-button");
        button.type = "button";
        button.dataset.does = what;
        button.addEventListener("click", () => tour.act(what === "hold" ? hold() : what));
        return button;
      }));
    }
    for (const button of place.children) {
      const what = button.dataset.does === "hold" ? hold() : button.dataset.does;
      const text = tour.say(`tour.${what}`);
      if (button.textContent !== text) button.textContent = text;
    }
  }

  /** Somebody is there: the buttons come, and a tour that was about to begin anew goes on. */
  function touched() {
    if (!page()) return;
    page().setAttribute("data-hands", "");
    clearTimeout(hide);
    hide = setTimeout(() => page()?.removeAttribute("data-hands"), STAY_MS);
    if (page().hasAttribute("data-warns")) tour.act("touch");
  }

  document.addEventListener("keydown", (event) => {
    if (!page() || !tour.state || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input, select, textarea")) return;
    touched();
    const what = KEYS[event.key];
    if (!what || (event.key === " " && event.target.closest?.("button, a"))) return;
    event.preventDefault();
    tour.act(what === "hold" ? hold() : what);
  });
  for (const name of ["pointerdown", "pointermove", "wheel"]) document.addEventListener(name, touched, { passive: true });
  tour.on("state", draw);
  tour.on("language", draw);
  tour.on("over", () => {
    const place = document.getElementById("tour-hands");
    if (!place || tour.asked.get("wall")) return;
    const again = make("button", "tour-button", tour.say("tour.again"));
    again.type = "button";
    again.addEventListener("click", () => {
      place.replaceChildren();
      tour.begin();
    });
    place.hidden = false;
    place.replaceChildren(again);
    page().setAttribute("data-hands", "");
  });
})();
