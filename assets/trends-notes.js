// Notes beside the chart: what people wrote of this time and these places, and the form to write another.
(function () {
  "use strict";
  const campus = window.campus;
  const look = campus.trendsLook;
  const { make } = look;
  const { local } = campus.timeAxis;
  const KEY = "campus-twin.author.v1";
  const SURE_MS = 4000;
  const el = (id) => document.getElementById(id);
  const text = (key, figures) => campus.text(key, figures);
  let sure = "";

  const written = (at) => campus.trendsState.written(at);
  const instant = (words) => campus.trendsState.clocked(words);

  function author() {
    try {
      return localStorage.getItem(KEY) ?? "";
    } catch {
      return ""; // a browser that keeps nothing
    }
  }

  function remember(name) {
    try {
      localStorage.setItem(KEY, name);
    } catch {
      // as above
    }
  }

  function item(note, i) {
    const when = note.end ? `${local.date(Date.parse(note.start))}, ${local.clock(Date.parse(note.start))} – ${local.full(Date.parse(note.end)).replace(/:\d\d(?=\D*$)/, "")}` : `${local.date(Date.parse(note.start))}, ${local.clock(Date.parse(note.start))}`;
    const asked = sure === note.id;
    return make("li", { "data-note": note.id },
      make("p", { class: "note-head" }, make("span", { class: "trends-number" }, String(i + 1)), when),
      make("p", { class: "note-text" }, note.text),
      make("p", { class: "note-foot" }, make("span", {}, [note.author, look.name(note.names)].filter(Boolean).join(" · ")),
        make("button", { "data-note-remove": note.id, "aria-label": `${text(asked ? "trends.note.sure" : "trends.note.remove")}: ${note.text.slice(0, 60)}` }, text(asked ? "trends.note.sure" : "trends.note.remove"))));
  }

  function fill(notes) {
    const box = el("trends-notes");
    if (!box) return;
    let list = box.querySelector("ul");
    if (!list) {
      list = make("ul");
      box.replaceChildren(list, make("p", { class: "note-answer", role: "status", id: "note-answer" }), make("div", { id: "note-form-slot" }, opener()));
    }
    list.replaceChildren(...(notes.length ? notes.map(item) : [make("li", { class: "note" }, text("trends.note.none"))]));
  }

  const opener = () => make("button", { class: "button small", "data-note-open": "", type: "button" }, text("trends.note.write"));

  /** The places and points that a note may be on: those of the lines shown, and the campus. */
  function targets() {
    const lines = (campus.trends.answer()?.lines ?? []).filter((line) => line.period === 0);
    const found = new Map();
    for (const line of lines) {
      const of = look.name(line.names).split(" · ")[0];
      if (line.entity) found.set(`entity=${line.entity}`, of);
      if (line.point) found.set(`point=${line.point}`, look.name(line.names));
    }
    if (!found.size) found.set(`entity=${campus.facts.campus.id}`, look.name(campus.facts.campus.name ? { [look.lang]: campus.facts.campus.name } : {}));
    return [...found];
  }

  function form(at) {
    const field = (id, label, attributes) => make("label", {}, text(label), make("input", { id, ...attributes }));
    const start = at ?? Math.min(campus.trendsState.instant(), campus.trendsState.windowOf().to);
    const box = make("form", { class: "note-form", id: "note-form" },
      make("label", {}, text("trends.note.of"), make("select", { id: "note-of" }, targets().map(([value, label]) => make("option", { value }, label)))),
      field("note-start", "trends.note.start", { type: "datetime-local", value: written(start), required: true }),
      field("note-end", "trends.note.end", { type: "datetime-local" }),
      make("label", {}, text("trends.note.text"), make("textarea", { id: "note-text", maxlength: 2000, required: true })),
      field("note-author", "trends.note.author", { type: "text", maxlength: 80, required: true, value: author(), autocomplete: "name" }),
      make("div", { class: "note-buttons" }, make("button", { class: "button small accept", type: "submit" }, text("trends.note.keep")), make("button", { class: "button small", type: "button", "data-note-close": "" }, text("trends.note.cancel"))));
    el("note-form-slot").replaceChildren(box);
    el("note-text").focus();
  }

  function close() {
    el("note-form-slot").replaceChildren(opener());
    el("note-form-slot").firstChild.focus();
  }

  const answer = (sentence) => (el("note-answer").textContent = sentence);

  async function keep() {
    const [kind, id] = [el("note-of").value.slice(0, el("note-of").value.indexOf("=")), el("note-of").value.slice(el("note-of").value.indexOf("=") + 1)];
    const start = instant(el("note-start").value);
    const end = el("note-end").value ? instant(el("note-end").value) : null;
    if (start === null) return answer(text("trends.window.wrong"));
    remember(el("note-author").value.trim());
    const body = { [kind]: id, start: campus.trendsState.iso(start), end: end === null ? null : campus.trendsState.iso(end), text: el("note-text").value, author: el("note-author").value };
    await send("/api/v1/notes", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }, "trends.note.kept");
  }

  async function send(path, options, done) {
    try {
      const reply = await fetch(path, options);
      if (!reply.ok) {
        const told = await reply.json();
        return answer(told.mistakes?.map((each) => each.what).join("; ") || told.detail || String(reply.status));
      }
      close();
      answer(text(done));
      campus.announce(text(done));
      campus.trends.ask();
    } catch {
      answer(text("trends.gone"));
    }
  }

  async function remove(id) {
    if (sure !== id) {
      sure = id;
      setTimeout(() => {
        if (sure !== id) return;
        sure = "";
        fill(campus.trends.answer()?.notes ?? []);
      }, SURE_MS);
      fill(campus.trends.answer()?.notes ?? []);
      document.querySelector(`[data-note-remove="${CSS.escape(id)}"]`)?.focus();
      return;
    }
    sure = "";
    await send(`/api/v1/notes/${encodeURIComponent(id)}?${new URLSearchParams({ author: author() })}`, { method: "DELETE" }, "trends.note.removed");
  }

  document.addEventListener("submit", (event) => {
    if (event.target.id !== "note-form") return;
    event.preventDefault();
    keep();
  });
  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-note-open],[data-note-close],[data-note-remove],[data-trends=note-here]");
    if (!target) return;
    if ("noteOpen" in target.dataset) form();
    else if ("noteClose" in target.dataset) close();
    else if (target.dataset.noteRemove) remove(target.dataset.noteRemove);
    else form(Number(target.dataset.at));
  });

  campus.trendsNotes = { fill };
})();
