// The keyboard outside the tree and the view: '/' goes to the search, arrows walk its results, Escape steps back.
(function () {
  "use strict";
  const campus = window.campus;

  function typing(target) {
    return target.closest?.("input, textarea, select, [contenteditable]") !== null;
  }

  function options() {
    return [...document.querySelectorAll("#results .result")];
  }

  function mark(list, number) {
    const field = document.getElementById("query");
    list.forEach((option, place) => option.setAttribute("aria-selected", String(place === number)));
    if (list[number]) {
      field.setAttribute("aria-activedescendant", list[number].id);
      list[number].scrollIntoView({ block: "nearest" });
    } else field.removeAttribute("aria-activedescendant");
  }

  function close(field) {
    field.value = "";
    campus.setProps("query", { value: "" });
    campus.setProps("results", { children: [] });
    field.removeAttribute("aria-activedescendant");
  }

  function inSearch(event) {
    const field = event.target;
    const list = options();
    const now = list.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown") mark(list, Math.min(list.length - 1, now + 1));
    else if (event.key === "ArrowUp") mark(list, Math.max(0, now - 1));
    else if (event.key === "Enter" && list.length) {
      campus.view.go((list[now] ?? list[0]).dataset.go);
      close(field);
    } else if (event.key === "Escape") {
      close(field);
      field.blur();
    } else return;
    event.preventDefault();
  }

  function back() {
    if (document.querySelector("dialog[open]")) return;
    const open = document.querySelector("[data-flyout]:not([hidden])");
    if (open) {
      open.hidden = true;
      document.querySelector(`[data-fly="${open.dataset.flyout}"]`)?.setAttribute("aria-pressed", "false");
      return;
    }
    const { sel, storey, impact, alarm } = campus.view.get();
    if (alarm) return campus.view.set({ alarm: "" });
    if (impact) return campus.view.set({ impact: "" });
    if (storey && sel !== storey) campus.view.set({ sel: storey });
    else if (storey) campus.view.set({ storey: "", sel: "" });
    else if (sel) campus.view.set({ sel: campus.facts.path.building ?? "" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.id === "query") inSearch(event);
    else if (event.key === "/" && !typing(event.target)) {
      const field = document.getElementById("query") ?? document.getElementById("filter-text");
      if (!field) return;
      field.focus();
      field.select();
      event.preventDefault();
    } else if (event.key === "Escape" && !typing(event.target)) back();
  });

  // A chosen result closes the list.
  document.addEventListener("click", (event) => {
    const field = document.getElementById("query");
    if (!field) return;
    if (event.target.closest("#results .result")) close(field);
    else if (!event.target.closest(".search") && field.value) close(field);
  });

  // A flyout opens over the view, one at a time.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-fly]");
    if (!button) return;
    for (const panel of document.querySelectorAll("[data-flyout]")) {
      const wanted = panel.dataset.flyout === button.dataset.fly && panel.hidden;
      panel.hidden = !wanted;
      document.querySelector(`[data-fly="${panel.dataset.flyout}"]`)?.setAttribute("aria-pressed", String(wanted));
    }
  });

  // The table's heads set its order: again on the same column turns it round.
  document.addEventListener("click", (event) => {
    const head = event.target.closest("[data-order]");
    if (!head) return;
    const down = head.closest("th").getAttribute("aria-sort") === "ascending";
    campus.setProps("order", { data: { by: head.dataset.order, down } });
  });

  document.addEventListener("campus:page", () => {
    const field = document.getElementById("query");
    if (!field) return;
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-controls", "results");
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-label", campus.text("search.label"));
    new MutationObserver(() => field.setAttribute("aria-expanded", String(options().length > 0))).observe(
      document.getElementById("results"), { childList: true, subtree: true });
    field.setAttribute("aria-expanded", "false");
  });
})();
