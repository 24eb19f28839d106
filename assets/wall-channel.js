// What is done to a wall, as it is done: /sse/wall/{wall}. Held, language, theme and selection are a state that comes whole; a
// step of the playlist is told once.
(function () {
  "use strict";
  const { campus } = window;

  /** Listen to a wall: `fn` gets each ('state' | 'do' | 'line', body); the answer ends it. */
  campus.wallChannel = (wall, fn) => window.campusLine(`/sse/wall/${encodeURIComponent(wall)}`, ["state", "do"], fn);

  // ---- a screen of the wall obeys

  const { wall } = campus;
  let stop = null;
  let step = 0;

  /** How the wall stands, from the channel or from the answer of a beat. */
  wall.takeState = function (state) {
    const before = wall.state;
    if (before && state.version < before.version && Date.parse(state.time) < Date.parse(before.time)) return;
    wall.state = state;
    const lang = !wall.fixed.lang && state.lang !== wall.lang;
    const theme = !wall.fixed.theme && state.theme !== wall.theme;
    if (theme) wall.setTheme(state.theme);
    if (lang) {
      wall.setLang(state.lang);
      wall.tell("language");
    } else if (before?.selection !== state.selection) wall.redraw();
    wall.tell("state");
  };

  function take(name, body) {
    if (name === "state") wall.takeState(body);
    else if (name === "do" && body.step !== step && body.screens.includes(wall.screen.id)) {
      step = body.step;
      if (body.do === "reload") wall.reload("asked");
      else wall.step(body.do, body.value);
    }
  }

  wall.on("begin", () => {
    stop?.();
    if (wall.preview) return;
    stop = campus.wallChannel(wall.id, take);
  });
})();
