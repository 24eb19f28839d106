// A wall inside the editor: it shows the draft that its own origin's page hands it, one scene that stays, and says when it is
// ready. It is no display: it beats for nobody, obeys no tablet, and no incident takes it over.
(function () {
  "use strict";
  const { wall } = window.campus;

  function take({ data, origin, source }) {
    if (!wall.preview || origin !== location.origin || source !== window.parent || data?.kind !== "wall-draft") return;
    const { wall: draft, screen, scene } = data;
    wall.data = draft;
    wall.screen = draft.screens[screen] ?? Object.values(draft.screens)[0];
    if (wall.theme !== draft.theme) wall.setTheme(draft.theme);
    const spoken = wall.lang !== draft.lang;
    if (spoken) wall.setLang(draft.lang);
    wall.measure();
    wall.only(draft.scenes[scene] ? scene : wall.screen.scenes[0]);
    if (spoken) wall.tell("language");
  }

  wall.on("begin", () => {
    if (!wall.preview || window.parent === window) return;
    removeEventListener("message", take);
    addEventListener("message", take);
    window.parent.postMessage({ kind: "wall-preview" }, location.origin);
  });
})();
