// Own ends of the window: two fields with the campus's clock, whatever the clock of the browser is.
(function () {
  "use strict";
  const campus = window.campus;
  const { make } = campus.trendsLook;
  const DAY = 86_400_000;
  const el = (id) => document.getElementById(id);

  const { written, clocked: instant } = campus.trendsState;

  function fields() {
    const box = el("trends-window");
    if (!box || box.firstChild) return;
    const field = (id, label) => make("label", { class: "trends-instant" }, make("span", {}, label), make("input", { type: "datetime-local", id, step: 60, "aria-label": label }));
    const button = make("button", { class: "button small", type: "button" }, box.dataset.apply);
    const word = make("span", { class: "trends-window-word", role: "status", id: "trends-window-word" });
    box.append(field("trends-from", box.dataset.from), field("trends-to", box.dataset.to), button, word);
    button.addEventListener("click", apply);
    box.addEventListener("keydown", (event) => event.key === "Enter" && event.target.matches("input") && apply());
  }

  function apply() {
    const [from, to] = [instant(el("trends-from").value), instant(el("trends-to").value)];
    const wrong = from === null || to === null || to <= from || to - from > 3660 * DAY;
    el("trends-window-word").textContent = wrong ? campus.text("trends.window.wrong") : "";
    if (!wrong) campus.trendsState.set({ from: campus.trendsState.iso(from), to: campus.trendsState.iso(to), step: "" });
  }

  function reflect() {
    fields();
    const { from, to } = campus.trendsState.windowOf();
    for (const [id, at] of [["trends-from", from], ["trends-to", to]]) {
      const input = el(id);
      if (input && document.activeElement !== input) input.value = written(at);
    }
  }

  campus.trendsWindow = { reflect };
})();
