// The space tree: only the rows in sight exist, so that 100,000 spaces open at once; the keyboard works as in the
// ARIA tree pattern (the tree keeps the focus, aria-activedescendant names the row).
(function () {
  "use strict";
  const campus = window.campus;
  /** Height of a row [px]: that of the style sheet, which grows with the screen. */
  const rowHeight = () => (34 / 16) * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  let ROW = rowHeight();
  const SPARE = 8;

  class Tree {
    constructor(element, model) {
      this.element = element;
      this.model = model;
      this.open = new Set([model.index.campus.id]);
      this.active = model.index.campus.id;
      this.rows = [];
      this.drawn = "";
      this.typed = "";
      this.canvas = document.createElement("div");
      this.canvas.className = "tree-rows";
      this.canvas.setAttribute("role", "none");
      element.replaceChildren(this.canvas);
      element.addEventListener("scroll", () => this.draw());
      element.addEventListener("keydown", (event) => this.key(event));
      element.addEventListener("click", (event) => this.click(event));
      new ResizeObserver(() => this.resized()).observe(element);
      element.removeAttribute("aria-busy");
      this.refresh();
    }

    /** The visible rows, from the open entities down. */
    refresh() {
      const rows = [];
      const walk = (id, level, place, size) => {
        const opened = this.open.has(id);
        rows.push({ id, level, place, size, opened, parent: this.model.hasChildren(id) });
        if (!opened) return;
        const below = this.model.children(id);
        below.forEach((child, number) => walk(child, level + 1, number + 1, below.length));
      };
      walk(this.model.index.campus.id, 1, 1, 1);
      this.rows = rows;
      this.place = new Map(rows.map((row, number) => [row.id, number]));
      if (!this.place.has(this.active)) this.active = this.model.index.campus.id;
      this.canvas.style.height = `${rows.length * ROW}px`;
      this.drawn = "";
      this.draw();
    }

    /** Another size of the window may mean other heights. */
    resized() {
      const height = rowHeight();
      if (height !== ROW) {
        ROW = height;
        this.canvas.replaceChildren();
        this.refresh();
      } else this.draw();
    }

    draw() {
      const first = Math.max(0, Math.floor(this.element.scrollTop / ROW) - SPARE);
      const last = Math.min(this.rows.length, Math.ceil((this.element.scrollTop + this.element.clientHeight) / ROW) + SPARE);
      const selected = campus.view.get().sel || this.model.index.campus.id;
      const key = `${first}:${last}:${this.active}:${selected}:${this.rows.length}`;
      if (key === this.drawn) return;
      this.drawn = key;
      const kept = new Map([...this.canvas.children].map((row) => [row.dataset.node, row]));
      const shown = [];
      for (let number = first; number < last; number += 1) {
        const row = this.rows[number];
        const element = kept.get(row.id) ?? this.make(row);
        this.update(element, row, number, selected);
        shown.push(element);
      }
      this.canvas.replaceChildren(...shown);
      const active = this.place.get(this.active);
      if (active >= first && active < last) this.element.setAttribute("aria-activedescendant", `node-${active}`);
      else this.element.removeAttribute("aria-activedescendant");
    }

    make(row) {
      const element = document.createElement("div");
      element.dataset.node = row.id;
      element.setAttribute("role", "treeitem");
      const kind = this.model.kind(row.id);
      const twist = document.createElement("i");
      twist.className = "twist";
      const label = document.createElement("span");
      label.className = "node-label";
      label.textContent = this.model.label(row.id);
      label.title = label.textContent;
      element.append(twist, label);
      if (kind !== "site") {
        const swatch = document.createElement("i");
        swatch.className = "swatch";
        swatch.dataset.live = `${row.id}|swatch`;
        const value = document.createElement("span");
        value.className = "live node-value";
        // under the trust lens how far it can be trusted
        value.dataset.live = `${row.id}|trust`;
        element.append(swatch, value);
      } else {
        const count = document.createElement("span");
        count.className = "node-count";
        count.textContent = campus.text("count.buildings", { n: this.model.children(row.id).length });
        element.append(count);
      }
      return element;
    }

    update(element, row, number, selected) {
      element.id = `node-${number}`;
      const leaf = row.parent ? "" : " leaf";
      element.className = `node level-${row.level}${leaf}${row.id === this.active ? " active" : ""}`;
      element.style.transform = `translateY(${number * ROW}px)`;
      element.style.setProperty("--level", row.level);
      element.setAttribute("aria-level", row.level);
      element.setAttribute("aria-posinset", row.place);
      element.setAttribute("aria-setsize", row.size);
      element.setAttribute("aria-selected", String(row.id === selected));
      if (row.parent) element.setAttribute("aria-expanded", String(row.opened));
      else element.removeAttribute("aria-expanded");
    }

    toggle(id, wanted = !this.open.has(id)) {
      if (wanted) this.open.add(id);
      else this.open.delete(id);
      this.refresh();
    }

    /** Open the way to an entity and bring its row into sight. */
    reveal(id) {
      const path = this.model.path(id || this.model.index.campus.id);
      const missing = path.slice(0, -1).filter((step) => !this.open.has(step));
      for (const step of missing) this.open.add(step);
      this.active = path.at(-1);
      if (missing.length) this.refresh();
      this.show();
    }

    show() {
      const number = this.place.get(this.active);
      if (number === undefined) return;
      const top = number * ROW;
      const { scrollTop, clientHeight } = this.element;
      if (top < scrollTop + ROW) this.element.scrollTop = Math.max(0, top - ROW * 2);
      else if (top + ROW * 2 > scrollTop + clientHeight) this.element.scrollTop = top - clientHeight + ROW * 3;
      this.draw();
    }

    click(event) {
      const element = event.target.closest("[data-node]");
      if (!element) return;
      const id = element.dataset.node;
      this.active = id;
      if (event.target.classList.contains("twist")) this.toggle(id);
      else campus.view.go(id);
      this.draw();
    }

    move(number) {
      this.active = this.rows[Math.max(0, Math.min(this.rows.length - 1, number))].id;
      this.show();
    }

    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const number = this.place.get(this.active);
      const row = this.rows[number];
      const page = Math.max(1, Math.floor(this.element.clientHeight / ROW) - 1);
      const moves = { ArrowDown: number + 1, ArrowUp: number - 1, Home: 0, End: this.rows.length - 1,
                      PageDown: number + page, PageUp: number - page };
      if (event.key in moves) this.move(moves[event.key]);
      else if (event.key === "ArrowRight") {
        if (row.parent && !row.opened) this.toggle(row.id, true);
        else if (row.opened) this.move(number + 1);
      } else if (event.key === "ArrowLeft") {
        if (row.opened) this.toggle(row.id, false);
        else if (this.model.parent(row.id)) this.move(this.place.get(this.model.parent(row.id)));
      } else if (event.key === "Enter" || event.key === " ") campus.view.go(row.id);
      else if (event.key.length === 1 && event.key !== "/") this.type(event.key);
      else return;
      event.preventDefault();
      event.stopPropagation();
    }

    /** Letters typed in quick succession move to the next row that begins with them. */
    type(letter) {
      const now = performance.now();
      this.typed = now - (this.typedAt ?? 0) > 700 ? letter : this.typed + letter;
      this.typedAt = now;
      const start = this.place.get(this.active) + (this.typed.length === 1 ? 1 : 0);
      const wanted = this.typed.toLowerCase();
      const order = [...this.rows.slice(start), ...this.rows.slice(0, start)];
      const found = order.find((row) => this.model.label(row.id).toLowerCase().startsWith(wanted));
      if (found) this.move(this.place.get(found.id));
    }
  }

  let tree = null;

  document.addEventListener("campus:page", () => {
    const element = document.getElementById("tree");
    if (!element) return;
    campus.model().then((model) => {
      tree = new Tree(element, model);
      tree.reveal(campus.view.get().sel);
      return model.ready.then(() => {
        tree.refresh();
        tree.reveal(campus.view.get().sel);
      });
    }, () => {
      element.removeAttribute("aria-busy");
      const note = document.createElement("p");
      note.className = "tree-note";
      note.textContent = campus.text("tree.error");
      element.replaceChildren(note);
    });
  });

  document.addEventListener("campus:view", ({ detail }) => {
    if (!tree) return;
    const selected = detail.sel || tree.model.index.campus.id;
    if (selected !== tree.shown) {
      tree.shown = selected;
      tree.reveal(selected);
    }
    tree.drawn = "";
    tree.draw();
  });
})();
