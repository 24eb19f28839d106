// The editor of a wall: reads the file, has every change looked at while it is typed, saves, and tells who was faster.
(function () {
  "use strict";
  const { campus } = window;
  const { make, write } = campus.wall;
  const edit = campus.wallEdit;
  const SOON_MS = 400;
  const AGAIN_MS = 5000;
  const LONGEST_MS = 10_000;
  let draft = null;
  let source = null;
  let mistakes = [];
  let dirty = false;
  let timer = 0;
  let round = 0;
  let agreed = false;

  const main = () => document.querySelector("[data-edit]");
  const page = () => document.querySelector('[data-page="edit"]');
  const address = (more = "") => `/api/v1/walls/${encodeURIComponent(edit.told.wall)}${more}`;
  const byId = (id) => document.getElementById(id);

  async function ask(method, path, body) {
    const reply = await fetch(path, {
      method, signal: AbortSignal.timeout(LONGEST_MS), headers: { "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = reply.status === 204 ? null : await reply.json().catch(() => null);
    return { status: reply.status, answer };
  }

  edit.tell = (text) => write(byId("edit-state"), text);

  // ---- what is wrong, where it was written

  const above = (key) => key.replace(/(\[\d+\]|\.?[^.[\]]+)$/, "");

  /** The field of a mistake, or the nearest thing above it that is on the page. */
  function placeOf(key) {
    for (let at = key; at; at = above(at)) {
      const found = document.querySelector(`[data-key="${CSS.escape(at)}"]`);
      if (found) return found;
    }
    return null;
  }

  const sceneOf = (key) => draft.scenes.find(({ id }) => key === `scenes.${id}` || key.startsWith(`scenes.${id}.`))?.id ?? "";

  function words({ code, message }) {
    const known = edit.told.texts[`edit.wrong.${code}`];
    const detail = make("span", "edit-detail", message);
    detail.lang = "en";
    return [known ?? edit.say("edit.wrong.other"), detail];
  }

  /** Write the mistakes beside their fields, and all of them at the head. */
  edit.marks = function () {
    edit.drawCount();
    for (const element of document.querySelectorAll("#edit-form .edit-wrong")) {
      element.hidden = true;
      element.replaceChildren();
    }
    for (const element of document.querySelectorAll("#edit-form [aria-invalid]")) element.removeAttribute("aria-invalid");
    for (const mistake of mistakes) mark(mistake);
    byId("edit-mistakes").replaceChildren(...mistakes.map((mistake) => make("li", mistake.severity, edit.button("", () => lead(mistake), { kind: "edit-lead" }))));
    document.querySelectorAll("#edit-mistakes button").forEach((button, at) => button.append(make("b", "", mistakes[at].key || edit.told.wall), ...words(mistakes[at])));
  };

  function mark(mistake) {
    const scene = sceneOf(mistake.key);
    const row = scene ? document.querySelector(`.edit-list > [data-row="${CSS.escape(`scenes.${scene}`)}"] > .edit-badge`) : null;
    if (row) {
      row.hidden = false;
      const n = mistakes.filter(({ key }) => sceneOf(key) === scene).length;
      row.textContent = edit.say("edit.errors", { n });
    }
    if (scene && scene !== edit.scene()?.id) return;
    const place = placeOf(mistake.key);
    const wrong = place?.querySelector(".edit-wrong:not(.edit-badge)");
    if (!wrong || !wrong.hidden) return;
    wrong.hidden = false;
    wrong.dataset.severity = mistake.severity;
    wrong.replaceChildren(...words(mistake));
    const control = place.classList.contains("edit-field") ? place.querySelector("input, select") : null;
    if (mistake.severity === "error") control?.setAttribute("aria-invalid", "true");
  }

  function lead({ key }) {
    const scene = sceneOf(key);
    if (scene && scene !== edit.scene()?.id) edit.showScene(scene);
    const place = placeOf(key);
    place?.scrollIntoView({ block: "center" });
    place?.querySelector("input, select, button")?.focus();
  }

  function stands() {
    const errors = mistakes.filter(({ severity }) => severity === "error").length;
    const parts = [edit.say(dirty ? "edit.unsaved" : "edit.unchanged"), errors ? edit.say("edit.errors", { n: errors }) : edit.say("edit.fine")];
    if (mistakes.length > errors) parts.push(edit.say("edit.warnings", { n: mistakes.length - errors }));
    edit.tell(parts.join(" · "));
    byId("edit-save").disabled = !dirty || errors > 0;
  }

  // ---- looked at while it is typed

  edit.changed = function () {
    dirty = true;
    agreed = false;
    edit.drawCount();
    byId("edit-save").disabled = false;
    clearTimeout(timer);
    timer = setTimeout(check, SOON_MS);
  };

  async function check() {
    clearTimeout(timer);
    if (!main()) return;
    const mine = (round += 1);
    try {
      const { status, answer } = await ask("POST", address("/check"), edit.data(draft));
      if (mine !== round) return;
      if (status !== 200) throw new Error(answer?.detail ?? String(status));
      page().dataset.state = "ready";
      mistakes = answer.mistakes;
      edit.marks();
      edit.judged(answer.wall);
      stands();
    } catch (error) {
      if (mine !== round) return;
      page().dataset.state = "stale";
      edit.tell(error instanceof TypeError || error.name === "TimeoutError" ? edit.say("edit.away") : edit.say("edit.failed", { why: error.message }));
      timer = setTimeout(check, AGAIN_MS);
    }
  }

  // ---- kept

  function asks(text, ...buttons) {
    const place = byId("edit-ask");
    place.hidden = !text;
    place.replaceChildren(...(text ? [make("p", "", text), make("div", "edit-buttons", ...buttons)] : []));
  }

  async function save() {
    if (source.comments && !agreed) {
      agreed = true;
      asks(edit.say("edit.comments"), edit.button(edit.say("edit.save-anyway"), save));
      return;
    }
    asks("");
    edit.tell(edit.say("edit.saving"));
    clearTimeout(timer);
    const sent = (round += 1);
    try {
      const { status, answer } = await ask("PUT", address(), { ...edit.data(draft), based_on: source.hash });
      if (status === 200) {
        source = answer;
        dirty = sent !== round; // what was typed meanwhile is not saved yet
        head();
        stands();
        if (!dirty) edit.tell(edit.say("edit.saved"));
      } else if (status === 409) {
        asks(edit.say("edit.taken"), edit.button(edit.say("edit.load"), read), edit.button(edit.say("edit.over"), over));
        edit.tell(edit.say("edit.failed", { why: answer?.detail ?? "" }));
      } else {
        if (answer?.mistakes?.length) {
          mistakes = answer.mistakes;
          edit.marks();
        }
        edit.tell(edit.say("edit.failed", { why: answer?.detail ?? String(status) }));
      }
    } catch {
      edit.tell(edit.say("edit.away"));
    }
  }

  /** Theirs is kept as .bak by the server; ours is written from where it stands now. */
  async function over() {
    const { status, answer } = await ask("GET", address("/source")).catch(() => ({}));
    if (status === 404) source = { ...source, hash: "", comments: false };
    else if (status !== 200) return edit.tell(edit.say("edit.failed", { why: answer?.detail ?? String(status ?? "") }));
    else source = { ...answer, comments: false };
    return save();
  }

  function remove() {
    const sure = edit.button(edit.say("edit.remove-sure"), async () => {
      const { status, answer } = await ask("DELETE", `${address()}?based_on=${source.hash}`).catch(() => ({}));
      if (status !== 204) return edit.tell(edit.say("edit.failed", { why: answer?.detail ?? String(status ?? "") }));
      dirty = false;
      return location.assign("/walls");
    });
    asks(edit.say("edit.remove"), sure);
    sure.focus();
  }

  // ---- drawn

  function head() {
    const save_ = edit.button(edit.say("edit.save"), save);
    save_.id = "edit-save";
    const link = (key, to) => {
      const element = make("a", "button", edit.say(key));
      Object.assign(element, { href: to, target: "_blank" });
      return element;
    };
    const wall = encodeURIComponent(edit.told.wall);
    const gone = source.own ? [edit.button(edit.say("edit.remove"), remove, { kind: "button quiet" })] : [];
    const focus = document.activeElement?.id;
    byId("edit-do").replaceChildren(...gone, link("edit.control", `/wall/${wall}/control`), link("edit.show", `/wall/${wall}`), save_);
    if (focus === "edit-save") save_.focus();
    write(byId("edit-file"), source.own ? edit.say("edit.file", { file: source.file }) : edit.say("edit.given"));
  }

  function whole() {
    byId("edit-whole").replaceChildren(...edit.whole(draft, () => {
      whole();
      edit.marks();
      edit.changed();
    }));
  }

  function places() {
    const list = make("datalist", "", ...edit.told.places.map(([value, name]) => {
      const option = make("option", "", name);
      option.value = value;
      return option;
    }));
    list.id = "edit-places";
    return list;
  }

  function draw() {
    const rest = make("div");
    rest.id = "edit-whole";
    byId("edit-form").replaceChildren(edit.scenes(draft), edit.screens(draft), edit.playlists(draft), rest, places());
    head();
    whole();
    edit.openScene = draft.scenes.some(({ id }) => id === edit.openScene) ? edit.openScene : draft.scenes[0]?.id;
    edit.drawScenes();
    edit.drawScreens();
    edit.drawPlaylists();
  }

  async function read() {
    asks("");
    try {
      const { status, answer } = await ask("GET", address("/source"));
      if (!main()) return;
      if (status !== 200) {
        page().dataset.state = "error";
        byId("edit-form").replaceChildren();
        return edit.tell(edit.say("edit.unreadable", { why: [answer?.detail ?? status, ...(answer?.mistakes ?? []).map(({ message }) => message)].join(" · ") }));
      }
      source = answer;
      draft = edit.open(answer);
      [dirty, mistakes] = [false, answer.mistakes];
      draw();
      edit.buildPreview();
      await check();
    } catch (error) {
      console.error(error);
      if (!main() || source) return;
      page().dataset.state = "error";
      edit.tell(edit.say("edit.away"));
      timer = setTimeout(read, AGAIN_MS);
    }
  }

  document.addEventListener("campus:page", () => {
    clearTimeout(timer);
    if (!main()) return;
    edit.told = JSON.parse(main().dataset.edit);
    [source, draft, dirty] = [null, null, false];
    read();
  });
  addEventListener("beforeunload", (event) => main() && dirty && event.preventDefault());
})();
