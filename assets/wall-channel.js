// What is done to a wall, as it is done: /sse/wall/{wall}. Held, language, theme and selection are a state that comes whole; a
// step of the playlist is told once. The line is taken up again for ever, at most ten seconds apart and never by all at once.
(function () {
  "use strict";
  const { campus } = window;
  const FIRST_MS = 1000;
  const LONGEST_MS = 10_000;
  const SILENT_MS = 15_000;

  /** Listen to a wall: `fn` gets each ('state' | 'do' | 'line', body); the answer ends it. */
  campus.wallChannel = function (wall, fn) {
    let [source, tries, again, heard, ended] = [null, 0, 0, performance.now(), false];
    const watchdog = setInterval(() => {
      if (source && performance.now() - heard > SILENT_MS) broken();
    }, 1000);

    function take(event) {
      heard = performance.now();
      tries = 0;
      fn("line", true);
      if (event.type === "beat") return;
      try {
        fn(event.type, JSON.parse(event.data));
      } catch (error) {
        console.error(error);
      }
    }

    function open() {
      clearTimeout(again);
      heard = performance.now();
      source = new EventSource(`/sse/wall/${encodeURIComponent(wall)}`);
      for (const name of ["state", "do", "beat"]) source.addEventListener(name, take);
      source.addEventListener("error", broken);
    }

    function broken() {
      source?.close();
      source = null;
      if (ended) return;
      fn("line", false);
      clearTimeout(again);
      const most = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(tries, 8));
      tries += 1;
      again = setTimeout(open, most / 2 + (Math.random() * most) / 2);
    }

    open();
    return () => {
      ended = true;
      clearTimeout(again);
      clearInterval(watchdog);
      source?.close();
    };
  };

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
