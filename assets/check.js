// The model check: a click on a finding flies to its place and pins a marker there.
(function () {
  "use strict";
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-finding]");
    if (!button) return;
    const { finding, place, label, kind } = button.dataset;
    for (const other of document.querySelectorAll("[data-finding][aria-current]")) other.removeAttribute("aria-current");
    button.setAttribute("aria-current", "true");
    const position = place ? place.split(",").map(Number) : null;
    window.campus.setProps("twin", { markers: [{ id: "finding", entity: finding, position, kind, label }] });
    if (finding) window.campus.view.go(finding);
    else if (position) {
      const round = position.map((value) => value.toFixed(1)).join(",");
      window.campus.view.set({ sel: "", storey: "", cam: `200,40,60,${round}` }, { push: true });
    }
  });
})();
