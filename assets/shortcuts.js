// One key for each button that names one (aria-keyshortcuts), and '?' for the list of them, read from the page.
(function () {
  "use strict";
  const campus = window.campus;
  /** What other scripts and the view itself listen for. */
  const ALWAYS = [["/", "keys.search"], ["Esc", "keys.back"], ["?", "keys.list"]];
  const SCENE = [["← → ↑ ↓", "keys.move"], ["+ −", "keys.zoom"], ["Enter", "keys.fly"], ["PgUp PgDn", "keys.storey"]];

  const TIME = [
    ["← →", "keys.time.step"], ["Space", "keys.time.play"], ["PgUp PgDn", "keys.time.event"], ["+ −", "keys.time.zoom"], ["Home End", "keys.time.ends"],
  ];

  function buttons() {
    return [...document.querySelectorAll("[aria-keyshortcuts]")].filter((button) => button.checkVisibility() && !button.disabled);
  }

  function typing(target) {
    return target.closest?.("input, textarea, select, [contenteditable]");
  }

  function element(name, content, attributes = {}) {
    const made = document.createElement(name);
    made.append(...[content].flat());
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  function group(title, rows) {
    const lines = rows.flatMap(([keys, label]) => [
      element("dt", keys.split(" ").map((key) => element("kbd", key))), element("dd", label),
    ]);
    return element("section", [element("h3", title), element("dl", lines)]);
  }

  /** At once: the browser tells of a close when its page has time, and the next key would still find the list open. */
  function shut(dialog) {
    dialog.close();
    dialog.remove();
  }

  function list() {
    const named = (button) => button.getAttribute("aria-label") || button.textContent;
    const told = (rows) => rows.map(([keys, text]) => [keys, campus.text(text)]);
    const dialog = element("dialog", [
      element("h2", campus.text("keys.title")),
      group(campus.text("keys.view"), buttons().map((button) => [button.getAttribute("aria-keyshortcuts"), named(button)])),
      element("div", [
        group(campus.text("keys.always"), told(ALWAYS)), group(campus.text("keys.scene"), told(SCENE)),
        ...(document.getElementById("time-axis")?.checkVisibility() ? [group(campus.text("keys.time"), told(TIME))] : []),
      ]),
    ], { class: "keys-list", "aria-label": campus.text("keys.title") });
    dialog.addEventListener("click", (event) => event.target === dialog && shut(dialog));
    document.body.append(dialog);
    dialog.showModal();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.repeat) return;
    const open = document.querySelector("dialog.keys-list");
    if (open && (event.key === "?" || event.key === "Escape")) shut(open);
    else if (event.key === "?" && !typing(event.target)) list();
    else if (open || typing(event.target)) return;
    else {
      const wanted = buttons().find((button) => button.getAttribute("aria-keyshortcuts") === event.key.toUpperCase());
      if (!wanted) return;
      wanted.click();
    }
    event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-do=keys]")) list();
  });
})();
