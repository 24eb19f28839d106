// Hands on the axis of time: drag moves the cursor, with two fingers or the wheel the window grows and shrinks, the right
// button or a drag on the ticks moves the window; keys step. It says what is meant; time.js does it.
(function () {
  "use strict";
  const TICKS_SHARE = 0.68;

  /** `wish` has seek(at, exact, held), pan(ms), zoom(factor, at), step(count), play(), jump(direction), end(last), rest(). */
  function listen(element, window_, wish) {
    const fingers = new Map();
    let held = "";
    const atOf = (clientX) => {
      const box = element.getBoundingClientRect();
      const { start, end } = window_();
      return start + ((clientX - box.left) / box.width) * (end - start);
    };

    element.addEventListener("pointerdown", (event) => {
      if (event.button > 1 && event.pointerType === "mouse" && event.button !== 2) return;
      const mark = event.target.closest?.("[data-at]");
      fingers.set(event.pointerId, event.clientX);
      element.setPointerCapture(event.pointerId);
      const box = element.getBoundingClientRect();
      const low = (event.clientY - box.top) / box.height > TICKS_SHARE;
      held = fingers.size > 1 ? "pinch" : event.button !== 0 || low ? "pan" : "seek";
      if (held === "seek") wish.seek(mark ? Number(mark.dataset.at) : atOf(event.clientX), Boolean(mark), true);
    });
    element.addEventListener("pointermove", (event) => {
      const before = fingers.get(event.pointerId);
      if (before === undefined) return;
      if (held === "pinch" && fingers.size === 2) {
        const other = [...fingers].find(([id]) => id !== event.pointerId)[1];
        const [was, is] = [Math.abs(before - other), Math.abs(event.clientX - other)];
        if (was > 8 && is > 8) wish.zoom(was / is, atOf((event.clientX + other) / 2));
      } else if (held === "pan") wish.pan(atOf(before) - atOf(event.clientX));
      else if (held === "seek") wish.seek(atOf(event.clientX), false, true);
      fingers.set(event.pointerId, event.clientX);
    });
    for (const type of ["pointerup", "pointercancel"]) {
      element.addEventListener(type, (event) => {
        fingers.delete(event.pointerId);
        if (fingers.size === 0) {
          if (held === "seek") wish.rest();
          held = "";
        }
      });
    }
    element.addEventListener("contextmenu", (event) => event.preventDefault());
    element.addEventListener("wheel", (event) => {
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 30 : 1;
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) {
        const { start, end } = window_();
        wish.pan((((event.deltaX || event.deltaY) * lines) / element.clientWidth) * (end - start));
      } else wish.zoom(Math.exp((event.deltaY * lines) / 400), atOf(event.clientX));
    }, { passive: false });

    const KEYS = {
      ArrowLeft: (big) => wish.step(big ? -10 : -1), ArrowRight: (big) => wish.step(big ? 10 : 1),
      ArrowDown: (big) => wish.step(big ? -10 : -1), ArrowUp: (big) => wish.step(big ? 10 : 1),
      PageUp: () => wish.jump(-1), PageDown: () => wish.jump(1), Home: () => wish.end(false), End: () => wish.end(true),
      " ": () => wish.play(), "+": () => wish.zoom(0.5), "=": () => wish.zoom(0.5), "-": () => wish.zoom(2),
    };
    element.addEventListener("keydown", (event) => {
      const act = KEYS[event.key];
      if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      act(event.shiftKey);
    });
  }

  window.campus.timePointer = { listen };
})();
