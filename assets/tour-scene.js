// A step in the scene: words leave, the camera flies, words and cards arrive when it rests. Stretches of the past are played.
(function () {
  "use strict";
  const { campus } = window;
  const { tour, tourCamera } = campus;
  const { make } = tour;
  const LEAVE_MS = 300;
  const FLIGHT_MS = 1800;
  const ARRIVE_MS = 300;
  const FRAME_MS = 750;
  let model = null;
  let shown = "";
  let turn = 0;
  let timers = [];
  let pose = null;

  const page = () => document.getElementById("tour");
  const plan = () => document.getElementById("twin")?.dataset.mode === "plan";
  const later = (fn, ms) => timers.push(setTimeout(fn, ms));
  const view = () => ({ width: innerWidth, height: innerHeight, free: tourCamera.free(innerWidth, innerHeight, tour.unit, page().dataset.form, { titled: tour.titled(), links: tour.picture.channel.startsWith("network.") }) });

  /** What the model shows at a step. */
  function dress(picture) {
    const { highlights, storeys, layers } = picture;
    const alone = storeys.length ? storeys[0] : "";
    const one = !picture.channel && highlights.length === 1 ? highlights[0].id : "";
    const trust = layers.includes("trust");
    // how good data are is shown of some data: those of the channel, else of the campus's first
    const channel = picture.channel || (trust ? campus.facts.channel : "");
    campus.setProps("twin", {
      channel, legend: picture.legend ?? campus.facts.legends?.[channel] ?? null, lens: trust ? "trust" : "data", storey: alone, selection: one,
      labels: layers.includes("labels"), explode: 0, impact: "", section: null, time: moment(picture),
    });
  }

  const moment = ({ moment: when }) => (when ? when.begin : "live");

  function fly(keys, own) {
    const wanted = keys.some(({ flat }) => flat) ? "2d" : "3d";
    if (!plan() && document.getElementById("twin")?.dataset.mode !== wanted) campus.setProps("twin", { mode: wanted });
    let at = 0;
    keys.forEach((key, n) => {
      later(() => {
        if (own !== turn) return;
        pose = key.pose;
        campus.setProps("twin", { camera: window.campus.wall.camera.format(key.pose) });
      }, at);
      at += (tour.reduced() ? 0 : FLIGHT_MS) + (n < keys.length - 1 ? key.rest_s * 1000 : 0);
    });
    return at;
  }

  /** A stretch: from its begin to its end in so many seconds, one picture after the other. */
  function play({ moment: when }, own) {
    if (!when || !when.play_s) return;
    const [begin, end] = [Date.parse(when.begin), Date.parse(when.end)];
    const frames = Math.max(2, Math.round((when.play_s * 1000) / FRAME_MS));
    for (let n = 1; n <= frames; n += 1) {
      later(() => {
        if (own !== turn) return;
        const at = new Date(begin + ((end - begin) * n) / frames);
        campus.setProps("twin", { time: at.toISOString() });
      }, (when.play_s * 1000 * n) / frames);
    }
  }

  function show() {
    const { picture, state } = tour;
    if (!picture || !state || !model || !page()) return;
    const key = `${state.step}#${state.phase}`;
    if (picture.step !== state.step) return leave(); // its picture is on the way
    if (key === shown) return tour.tell("words"); // the same step with newer figures
    shown = key;
    const own = (turn += 1);
    for (const timer of timers.splice(0)) clearTimeout(timer);
    leave();
    later(() => {
      if (own !== turn) return;
      dress(picture);
      const rests = fly(tourCamera.path(model, picture.camera, view()), own);
      later(() => {
        if (own !== turn) return;
        tour.tell("words");
        page().removeAttribute("data-moving");
        page().dataset.step = state.step;
        callouts();
        play(picture, own);
      }, rests + (tour.reduced() ? 0 : ARRIVE_MS));
    }, tour.reduced() ? 0 : LEAVE_MS);
  }

  /** Words and cards leave before the camera starts. */
  function leave() {
    page().setAttribute("data-moving", "");
  }

  // ---- cards at places

  function card({ id, names, texts, number }) {
    const { lang } = tour;
    const second = tour.other();
    const said = number?.said;
    const parts = [
      tour.spoken("p", "tour-card-name", tour.text(names, lang), lang), tour.spoken("p", "tour-card-other", tour.text(names, second), second),
      tour.spoken("p", "tour-card-text", tour.text(texts, lang), lang),
      said ? tour.spoken("p", "tour-card-number", (said[lang] ?? said.en).text, lang) : null,
      said && said[second] && second !== lang ? tour.spoken("p", "tour-card-other", said[second].text, second) : null,
    ];
    const element = make("div", "tour-card", ...parts);
    element.dataset.of = id;
    return element;
  }

  function pointed({ id, names }) {
    const element = make("div", "tour-card tour-pointer", tour.spoken("p", "tour-card-name", tour.text(names), tour.lang));
    element.dataset.of = id;
    return element;
  }

  function callouts() {
    const place = document.getElementById("tour-callouts");
    if (!place) return;
    place.replaceChildren();
    const { picture, state } = tour;
    if (!picture || !pose || !model || plan() || page().hasAttribute("data-moving")) return;
    const [width, height, unit] = [innerWidth, innerHeight, tour.unit];
    const elements = [...(state.pointer ? [pointed(state.pointer)] : []), ...picture.callouts.map(card)];
    place.append(...elements);
    const safe = { left: 0.36 * width, right: width - 72 * unit, top: 72 * unit, bottom: height - 72 * unit };
    if (page().dataset.form === "portrait") Object.assign(safe, { left: 40 * unit, top: 560 * unit, bottom: height - 400 * unit });
    const cards = elements.map((element) => ({ at: tourCamera.roof(model, element.dataset.of, pose, width, height), width: element.offsetWidth, height: element.offsetHeight }));
    tourCamera.settle(cards, safe, 24 * unit).forEach((found, n) => {
      if (!found) return elements[n].remove();
      const { at } = cards[n];
      elements[n].style.transform = `translate(${found.left}px, ${found.top}px)`;
      const line = make("i", "tour-leader");
      line.style.transform = `translate(${at.x}px, ${found.top + cards[n].height}px)`;
      line.style.height = `${Math.max(0, at.y - found.top - cards[n].height)}px`;
      const dot = make("i", "tour-dot");
      dot.style.transform = `translate(${at.x}px, ${at.y}px)`;
      place.append(line, dot);
    });
  }

  tour.on("picture", show);
  tour.on("state", () => {
    show();
    callouts();
  });
  tour.on("words", callouts);
  tour.on("language", () => {
    tour.tell("words");
  });
  tour.on("size", () => {
    clearTimeout(tour.sizing);
    tour.sizing = setTimeout(() => {
      shown = "";
      show();
    }, 150);
  });
  /** The large clock says what is on the screen, not what was asked for. */
  function watch() {
    const twin = document.getElementById("twin");
    if (!twin) return;
    new MutationObserver(() => {
      const at = new Date(twin.dataset.time);
      if (!Number.isNaN(at.getTime())) tour.tell("played", at);
    }).observe(twin, { attributeFilter: ["data-time"] });
  }

  tour.on("begin", () => {
    watch();
    campus.model().then((loaded) => {
      model = loaded;
      show();
    }, () => show());
  });
})();
