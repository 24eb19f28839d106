// The preview beside the form: the wall's own page in a frame, which draws the draft as it last was without a mistake.
(function () {
  "use strict";
  const { campus } = window;
  const { make, write } = campus.wall;
  const edit = campus.wallEdit;
  let wall = null;
  let frame = null;
  let screen = "";
  let old = false;

  edit.buildPreview = function () {
    const place = document.getElementById("edit-preview");
    frame = make("iframe", "edit-frame");
    frame.src = `/wall/${encodeURIComponent(edit.told.wall)}?preview=1`;
    frame.title = edit.say("edit.preview");
    const select = make("select");
    select.setAttribute("aria-label", edit.say("edit.preview-screen"));
    select.addEventListener("change", () => {
      screen = select.value;
      edit.preview();
    });
    const said = make("p", "note");
    place.replaceChildren(make("div", "edit-preview-head", make("h2", "", edit.say("edit.preview")), select), frame, said);
  };

  /** The draft was looked at: `next` is the wall that it would be, null with a mistake. */
  edit.judged = function (next) {
    old = next === null;
    if (next) wall = next;
    edit.preview();
  };

  function post() {
    if (!wall || !frame?.contentWindow) return;
    frame.contentWindow.postMessage({ kind: "wall-draft", wall, screen, scene: edit.scene()?.id ?? "" }, location.origin);
  }

  edit.preview = function () {
    if (!frame || !wall) return;
    const place = document.getElementById("edit-preview");
    const select = place.querySelector("select");
    const rows = Object.values(wall.screens);
    if (!wall.screens[screen]) screen = rows[0].id;
    select.replaceChildren(...rows.map(({ id, names }) => {
      const option = make("option", "", names[edit.told.lang] || id);
      option.value = id;
      return option;
    }));
    select.value = screen;
    select.hidden = rows.length < 2;
    const { width, height } = wall.screens[screen];
    frame.style.aspectRatio = `${width} / ${height}`;
    const scene = edit.scene();
    frame.title = edit.say("edit.preview-of", { scene: scene ? edit.titleOf(scene) : "", screen: wall.screens[screen].names[edit.told.lang] || screen });
    write(place.querySelector(".note"), old ? edit.say("edit.preview-old") : "");
    place.toggleAttribute("data-old", old);
    post();
  };

  /** Where the camera of the preview stands, as an address has it; '' where there is no model. */
  edit.pose = function () {
    try {
      return frame?.contentWindow?.campusTwin?.views.at(-1)?.pose ?? "";
    } catch {
      return "";
    }
  };

  addEventListener("message", ({ data, origin, source }) => {
    if (origin === location.origin && frame && source === frame.contentWindow && data?.kind === "wall-preview") post();
  });
})();
