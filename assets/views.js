// Saved views: the address of this page under a name, and the ones that were kept. A dialog over any page.
(function () {
  "use strict";
  const campus = window.campus;

  function make(name, attributes = {}, ...content) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== undefined) made.setAttribute(key, value);
    }
    made.append(...content.flat().filter((each) => each !== null));
    return made;
  }

  /** The whole state of a page is in its address; its language and theme are the reader's own. */
  function address() {
    const query = new URLSearchParams(location.search);
    query.delete("lang");
    query.delete("theme");
    const told = query.toString().replaceAll("%2F", "/").replaceAll("%3A", ":");
    return location.pathname + (told ? `?${told}` : "");
  }

  function shut(dialog) {
    dialog.close();
    dialog.remove();
  }

  function open(button) {
    if (document.querySelector("dialog.views-list")) return;
    const words = (key, figures = {}) => button.dataset[key].replace(/\{(\w+)\}/g, (whole, name) => figures[name] ?? whole);
    const list = make("ul", { class: "views-items" });
    const says = make("p", { class: "views-says", role: "status" });
    const name = make("input", { type: "text", maxlength: 60, required: "", id: "view-name", autocomplete: "off" });
    const share = make("input", { type: "checkbox", id: "view-shared" });
    const sharing = make("label", { class: "views-share", for: "view-shared", hidden: "" }, share, words("share"));
    const form = make("form", { class: "views-form" },
      make("label", { for: "view-name" }, words("name")), make("div", { class: "views-row" }, name, make("button", { class: "button", type: "submit" }, words("keep"))), sharing);
    const dialog = make("dialog", { class: "views-list", "aria-label": button.getAttribute("aria-label") },
      make("h2", {}, button.getAttribute("aria-label")), list, form, says);

    function row(view) {
      const told = view.mine ? null : make("span", { class: "note" }, words("shared", { owner: view.owner }));
      const remove = view.mine
        ? make("button", { class: "tool quiet", type: "button", "aria-label": words("remove", { name: view.name }), title: words("remove", { name: view.name }), "data-view": view.id }, "×")
        : null;
      return make("li", {}, make("a", { href: view.address }, make("span", {}, view.name), told), remove);
    }

    function fill(told) {
      list.replaceChildren(...(told.items.length ? told.items.map(row) : [make("li", { class: "note" }, words("none"))]));
      sharing.hidden = !told.may_share;
    }

    async function ask(path, options) {
      says.textContent = "";
      try {
        const reply = await fetch(path, options);
        if (!reply.ok) {
          const told = await reply.json();
          says.textContent = words("failed", { why: told.detail ?? reply.status });
          return null;
        }
        return reply.status === 204 ? {} : await reply.json();
      } catch {
        says.textContent = words("gone");
        return null;
      }
    }

    async function load() {
      const told = await ask("/api/v1/views");
      if (told) fill(told);
      return told;
    }

    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const body = JSON.stringify({ name: name.value, address: address(), shared: share.checked });
      const told = await ask("/api/v1/views", { method: "POST", headers: { "Content-Type": "application/json" }, body });
      if (!told) return;
      fill(told);
      name.value = "";
      campus.announce(name.value);
    });
    list.addEventListener("click", async (event) => {
      const id = event.target.closest("[data-view]")?.dataset.view;
      if (!id) return;
      const headers = { "X-Campus-Token": campus.facts.token ?? "" };
      if (await ask(`/api/v1/views/${id}`, { method: "DELETE", headers })) await load();
      name.focus();
    });
    dialog.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        event.preventDefault();
        event.stopPropagation();
        shut(dialog);
        button.focus();
        return;
      }
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const links = [...list.querySelectorAll("a")];
      if (!step || !links.length || event.target === name) return;
      event.preventDefault();
      links[(links.indexOf(document.activeElement) + step + links.length) % links.length].focus();
    });
    dialog.addEventListener("click", (event) => event.target === dialog && shut(dialog));
    list.append(make("li", { class: "note" }, words("loading")));
    document.body.append(dialog);
    dialog.showModal();
    load().then((told) => (told?.items.length ? list.querySelector("a").focus() : name.focus()));
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-views]");
    if (button) open(button);
  });
})();
