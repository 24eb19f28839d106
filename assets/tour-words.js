// What is said at a step: chapter, one number with its origin, one sentence, the way for visitors' phones, progress.
(function () {
  "use strict";
  const { campus } = window;
  const { tour } = campus;
  const { make, spoken } = tour;
  let qr = { of: "", told: null };
  let over = false;
  /** How far a stretch of the past has been played. */
  let played = null;
  let of = "";

  const byId = (id) => document.getElementById(id);
  const both = (className, texts, tag = "p") => {
    const second = tour.other();
    const [first, other] = [tour.text(texts), texts?.[second] ?? ""];
    return make(tag, className, spoken("span", "", first, tour.lang), first === other ? null : spoken("span", "tour-other", other, second));
  };

  // ---- the number and what is known of it

  function number(found) {
    const said = found.said[tour.lang] ?? found.said.en;
    if (!said.number) return make("div", "tour-number", spoken("p", "tour-nothing", said.text, tour.lang));
    const before = said.text.slice(0, said.text.indexOf(said.number)).trim();
    const digits = /[\d.,]+/.exec(said.number);
    const [head, figure, tail] = digits ? [said.number.slice(0, digits.index), digits[0], said.number.slice(digits.index + digits[0].length)] : ["", said.number, ""];
    const about = [before, head.trim()].filter(Boolean).join(" ");
    const line = make("p", "tour-hero", about ? make("span", "tour-hero-word", about) : null, make("span", "tour-hero-number", figure),
      make("span", "tour-hero-word", [tail.trim(), said.unit].filter(Boolean).join(" ")));
    line.lang = tour.tag(tour.lang);
    const second = tour.other();
    const names = [found.names[second], found.said[second]?.text].filter(Boolean).join(second === "zh" ? "，" : ", ");
    return make("div", "tour-number", line, spoken("p", "tour-what", found.names[tour.lang] ?? "", tour.lang), spoken("p", "tour-other", names, second), origin(found));
  }

  /** Origin has a shape: dashed is simulated, thin is schematic; age and coverage beside it. */
  function origin(found) {
    const tags = [];
    if (found.origin !== "measured") tags.push(tag(found.origin));
    if (tour.data.schematic) tags.push(tag("schematic"));
    const covered = found.of > 1 ? (lang) => tour.say("tour.of", { have: found.have, of: found.of, what: found.covers[lang === "zh" ? "zh" : "en"] }, lang) : null;
    const age = found.age_s === null ? null : tour.age(found.age_s);
    const facts = [age, covered].filter(Boolean).map((fact) => fact(tour.lang));
    return make("div", "tour-origin", ...tags, facts.length ? make("span", "tour-facts", facts.join(" \u00b7 ")) : null);
  }

  function tag(kind) {
    const second = tour.other();
    const element = make("span", "tour-tag", tour.say(`tour.${kind}`), spoken("span", "tour-other", tour.say(`tour.${kind}`, {}, second), second));
    element.dataset.kind = kind;
    return element;
  }

  // ---- legend

  function legend({ legend: scale, layers }) {
    if (layers.includes("trust")) {
      const rows = ["fresh", "late", "stale", "simulated", "none"].map((kind) => make("li", "", make("i", `key ${kind}`), tour.say(`tour.trust.${kind}`)));
      return make("ul", "tour-legend tour-trust", ...rows);
    }
    if (!scale) return null;
    const ramp = scale.density ?? scale;
    const steps = make("div", "wall-ramp", ...Array.from({ length: 7 }, (_, n) => {
      const step = make("i");
      step.style.background = `var(--ramp-${n + 1})`;
      return step;
    }));
    const ticks = make("div", "wall-ticks", ...[0, 2, 4].map((n) => make("span", "", String(ramp.breaks[n]))));
    return make("div", "tour-legend", make("p", "tour-other", `${tour.text(scale)} ${scale.density ? ramp.unit : scale.unit}`), steps, ticks);
  }

  // ---- a step

  /** Whether a step shows the name of the tour alone: the first one, where it has no number. */
  tour.titled = () => tour.state?.n === 1 && !tour.picture?.number && !tour.picture?.channel && !tour.picture?.layers.includes("trust");

  function draw() {
    const { picture, state } = tour;
    if (!picture || !state || picture.step !== state.step) return;
    const ended = state.phase === "ended";
    const first = tour.titled();
    page().toggleAttribute("data-titled", first && !ended);
    const title = ended ? { zh: tour.say("tour.ended", {}, "zh"), en: tour.say("tour.ended", {}, "en") } : state.names;
    const apart = tour.text(picture.caption) !== tour.text(picture.text);
    byId("tour-words").replaceChildren(...[
      first || ended ? both("tour-title", title, "h1") : both("tour-chapter", state.chapter.names, "h1"),
      ended || !picture.number ? null : number(picture.number),
      !ended && apart ? spoken("p", "tour-sentence", tour.text(picture.text), tour.lang) : null,
      picture.moment && !ended ? then(picture) : null,
      ended ? null : legend(picture),
    ].filter(Boolean));
    byId("tour-foot").replaceChildren(ended ? "" : both("tour-caption", picture.caption));
    media(ended ? null : picture.media);
    page().dataset.state = "ready";
  }
  const page = () => byId("tour");

  /** The time of the past; alone it is the large figure of the step. */
  function then(picture) {
    const element = make("p", "tour-then", when(picture.moment));
    element.toggleAttribute("data-alone", !picture.number && picture.moment.begin !== picture.moment.end);
    if (element.hasAttribute("data-alone")) playing(element, played ?? picture.moment.begin);
    return element;
  }

  function playing(element, at) {
    const [day, time] = tour.parts(at);
    element.replaceChildren(make("b", "", time), make("span", "tour-other", day));
  }

  function when({ begin, end }) {
    return begin === end ? tour.say("tour.then", { time: tour.when(begin) }) : tour.say("tour.stretch", { begin: tour.when(begin), end: tour.when(end) });
  }

  function media(found) {
    const place = byId("tour-media");
    place.hidden = !found;
    if (!found) return place.replaceChildren();
    if (place.dataset.url === found.url && place.firstChild) return;
    place.dataset.url = found.url;
    const element = make(found.film ? "video" : "img");
    if (found.film) Object.assign(element, { src: found.url, muted: true, autoplay: !tour.reduced(), loop: true, playsInline: true });
    else Object.assign(element, { src: found.url, alt: tour.text(found.alt) });
    if (found.film) element.setAttribute("aria-label", tour.text(found.alt));
    place.replaceChildren(element, make("figcaption", "tour-other", tour.text(found.alt)));
  }

  function dots() {
    const { n, of } = tour.state;
    const place = byId("tour-dots");
    if (place.childElementCount !== of) place.replaceChildren(...Array.from({ length: of }, () => make("i")));
    [...place.children].forEach((dot, at) => {
      dot.dataset.state = at + 1 < n ? "past" : at + 1 === n ? "now" : "next";
    });
    place.setAttribute("aria-label", tour.say("tour.step", { n, of }));
  }

  async function follow() {
    const place = byId("tour-follow");
    const { code } = tour.state;
    place.hidden = !code;
    if (!code) return;
    if (qr.of !== tour.id) {
      qr = { of: tour.id, told: null };
      qr.told = await tour.ask(`/api/v1/tellings/${encodeURIComponent(tour.id)}/qr`).catch(() => null);
    }
    if (!qr.told || over) return;
    const { size, path } = qr.told;
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", qr.told.url);
    const squares = document.createElementNS("http://www.w3.org/2000/svg", "path");
    squares.setAttribute("d", path);
    svg.append(squares);
    const words = (lang, className) => ["tour.follow", "tour.follow-own"].map((key) => spoken("p", className, tour.say(key, {}, lang), lang));
    place.replaceChildren(make("div", "", ...words(tour.lang, ""), ...words(tour.other(), "tour-other"), make("p", "tour-other", code)), make("div", "tour-qr", svg));
    place.hidden = false;
  }

  // ---- what is said of the tour itself

  let sentence = "";
  function says() {
    const { state } = tour;
    const elapsed = state ? (performance.now() - state.at) / 1000 : 0;
    const warns = state?.warns_s === null || state?.warns_s === undefined ? null : Math.ceil(state.warns_s - elapsed);
    const text = over ? tour.say("tour.over")
      : !tour.line ? tour.say("tour.line", { time: tour.when(new Date(tour.lost + tour.offset)) })
      : warns !== null && warns > 0 ? tour.say("tour.warns", { s: warns })
      : state?.held ? tour.say("tour.held") : sentence;
    const place = byId("tour-says");
    if (place && place.textContent !== text) place.textContent = text;
    if (page()) page().toggleAttribute("data-warns", warns !== null && warns > 0);
  }

  tour.on("words", draw);
  tour.on("played", (at) => {
    played = at;
    const place = byId("tour-words").querySelector(".tour-then[data-alone]");
    if (place) playing(place, at);
  });
  tour.on("state", () => {
    if (tour.state.step !== of) played = null;
    of = tour.state.step;
    over = false;
    sentence = "";
    dots();
    follow();
    says();
  });
  tour.on("language", () => tour.state && follow());
  tour.on("line", () => {
    says();
    if (page()) page().dataset.state = tour.line ? "ready" : "stale";
  });
  tour.on("says", (text) => {
    sentence = text;
    says();
  });
  tour.on("over", () => {
    over = true;
    byId("tour-follow").hidden = true;
    says();
  });
  tour.on("begin", () => {
    over = false;
    sentence = tour.say("tour.loading");
    says();
  });
  setInterval(() => tour.data && page() && says(), 500);
})();
