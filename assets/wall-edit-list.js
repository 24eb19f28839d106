// A list whose order counts: by drag, by two buttons, or by Alt and an arrow key; it says where a row came to.
(function () {
  "use strict";
  const { campus } = window;
  const { make } = campus.wall;
  const edit = campus.wallEdit;
  let dragged = null;

  /**
   * `rows` are {name, key, current}; `move(from, to)`, `drop(at)` and `open(at)` change what they stand for. The list is drawn
   * anew by its owner after each change: `draw` does that and gives the new list.
   */
  edit.list = function (rows, { label, move, drop = null, open = null, draw }) {
    const list = make("ol", "edit-list");
    list.setAttribute("aria-label", label);
    list.title = edit.say("edit.order-hint");

    function go(from, to, what) {
      if (to < 0 || to >= rows.length || to === from) return;
      move(from, to);
      edit.changed();
      const item = draw()?.querySelectorAll(":scope > li")[to];
      // at an end the button that brought it there is off: its row has the focus then
      (item?.querySelector(`[data-what="${what}"]:not(:disabled)`) ?? item?.querySelector('[data-what="row"]'))?.focus();
      campus.announce(edit.say("edit.at", { name: rows[from].name, n: to + 1, of: rows.length }));
    }

    function tool(sign, name, what, does, off) {
      const element = edit.button(sign, does, { name, kind: "edit-tool" });
      element.dataset.what = what;
      element.disabled = off;
      return element;
    }

    function item(row, at) {
      const word = open ? edit.button(row.name, () => open(at), { kind: "edit-row" }) : make("span", "edit-row", row.name);
      word.dataset.what = "row";
      if (!open) word.tabIndex = -1; // the buttons beside it are reached by Tab; it only gets the focus of a row that was moved
      if (row.current) word.setAttribute("aria-current", "true");
      const tools = [
        tool("\u2191", edit.say("edit.up", { name: row.name }), "up", () => go(at, at - 1, "up"), at === 0),
        tool("\u2193", edit.say("edit.down", { name: row.name }), "down", () => go(at, at + 1, "down"), at === rows.length - 1),
      ];
      if (drop) tools.push(tool("\u00d7", edit.say("edit.drop", { name: row.name }), "drop", () => {
        drop(at);
        edit.changed();
        const left = draw()?.querySelectorAll(":scope > li") ?? [];
        (left[Math.min(at, left.length - 1)]?.querySelector('[data-what="row"]') ?? document.getElementById("main")).focus();
      }, false));
      const element = make("li", "", word, make("span", "edit-wrong edit-badge"), ...tools);
      element.draggable = true;
      element.dataset.row = row.key ?? "";
      element.addEventListener("dragstart", (event) => {
        dragged = { list, at };
        event.dataTransfer.effectAllowed = "move";
        event.dataTransfer.setData("text/plain", row.name);
      });
      element.addEventListener("dragover", (event) => {
        if (dragged?.list !== list) return;
        event.preventDefault();
        element.toggleAttribute("data-over", true);
      });
      for (const name of ["dragleave", "dragend", "drop"]) element.addEventListener(name, () => element.removeAttribute("data-over"));
      element.addEventListener("drop", (event) => {
        if (dragged?.list !== list) return;
        event.preventDefault();
        go(dragged.at, at, "row");
        dragged = null;
      });
      element.addEventListener("keydown", (event) => {
        if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
        event.preventDefault();
        go(at, at + (event.key === "ArrowUp" ? -1 : 1), "row");
      });
      return element;
    }

    list.append(...rows.map(item));
    return list;
  };

  /** The same rows with one of them moved. */
  edit.moved = function (rows, from, to) {
    const next = [...rows];
    next.splice(to, 0, ...next.splice(from, 1));
    return next;
  };
})();
