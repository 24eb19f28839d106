// A visitor's phone: the step of the group in the visitor's own language. Nothing is asked of the visitor and nothing kept; who
// looks around sees again what was told already.
(function () {
  "use strict";
  const { phone } = window;
  const { make, byId, say, text, write } = phone;
  const MOST = 80;
  const seen = [];
  let state = null;
  let line = true;
  let over = false;
  /** Where in `seen` somebody looks around; null with the group. */
  let alone = null;

  function number(found) {
    const said = found.said[phone.lang] ?? found.said.en;
    if (!said.number) return make("p", "phone-nothing", said.text);
    const digits = /[\d.,]+/.exec(said.text);
    const parts = digits ? [said.text.slice(0, digits.index), digits[0], said.text.slice(digits.index + digits[0].length)] : ["", said.text, ""];
    return make("p", "phone-hero", make("span", "", parts[0].trim()), make("b", "", parts[1]), make("span", "", parts[2].trim()));
  }

  function draw() {
    const picture = alone === null ? seen.at(-1) : seen[alone];
    if (!picture) return;
    document.documentElement.lang = phone.tag(phone.lang);
    const cards = picture.callouts.map((row) => {
      const said = row.number?.said[phone.lang] ?? row.number?.said.en;
      return make("p", "phone-card", make("b", "", text(row.names)), make("span", "", [text(row.texts), said?.text].filter(Boolean).join(" ")));
    });
    const what = picture.number ? picture.number.names[phone.lang] ?? picture.number.names.en : "";
    const ended = (over || state?.phase === "ended") && alone === null;
    const parts = ended ? [make("p", "phone-sentence", say("follow.over")), ...(state?.asks ? [rating()] : [])] : [
      picture.number ? number(picture.number) : null,
      [what, phone.when(picture.moment)].some(Boolean) ? make("p", "phone-what", [what, phone.when(picture.moment)].filter(Boolean).join(" \u00b7 ")) : null,
      picture.number ? make("p", "phone-facts", ...phone.origin(picture.number)) : null,
      make("p", "phone-sentence", text(picture.text)),
      text(picture.caption) === text(picture.text) ? null : make("p", "phone-quiet", text(picture.caption)),
      ...cards,
    ].filter(Boolean);
    byId("words").replaceChildren(...parts);
    phone.draw(phone.places(picture));
    frame();
    phone.main.dataset.state = line ? "ready" : "stale";
    phone.main.dataset.step = picture.step;
  }

  /** One tap says what it was like; nothing else is sent, and nothing kept here. */
  let tapped = 0;
  function rating() {
    if (tapped) return make("p", "phone-quiet", say("follow.thanks"));
    const row = make("div", "phone-stars", ...[1, 2, 3, 4, 5].map((stars) => {
      const button = make("button", "phone-pill", String(stars));
      button.type = "button";
      button.setAttribute("aria-label", say("follow.stars", { n: stars }));
      button.addEventListener("click", () => rate(stars));
      return button;
    }));
    row.setAttribute("role", "group");
    row.setAttribute("aria-label", say("follow.rate"));
    return make("div", "", make("p", "phone-quiet", say("follow.rate")), row);
  }

  async function rate(stars) {
    try {
      const answer = await fetch(`/api/v1/follow/${encodeURIComponent(phone.told.code)}/feedback`, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ stars }), signal: AbortSignal.timeout(8000),
      });
      if (!answer.ok && answer.status !== 409) return;
      tapped = stars;
      draw();
    } catch {
      // the buttons stay: another tap may get through
    }
  }

  function frame() {
    if (!state) return;
    write("chapter", text(state.chapter.names));
    write("place", say("follow.place", { n: state.n, of: state.of }));
    write("says", !line ? say("follow.line") : state.held && !over ? say("follow.held") : "");
    const dots = byId("dots");
    if (dots.childElementCount !== state.of) dots.replaceChildren(...Array.from({ length: state.of }, () => make("i")));
    [...dots.children].forEach((dot, at) => {
      dot.dataset.state = at + 1 < state.n ? "past" : at + 1 === state.n ? "now" : "next";
    });
    dots.setAttribute("aria-label", say("follow.place", { n: state.n, of: state.of }));
    byId("around").hidden = seen.length < 2;
    write("around", say(alone === null ? "follow.around" : "follow.back"));
    byId("browse").hidden = alone === null;
    dots.hidden = alone !== null;
    write("earlier", say("follow.earlier"));
    write("later", say("follow.later"));
    byId("earlier").disabled = alone === 0;
    byId("later").disabled = alone === seen.length - 1;
  }

  function take(name, body) {
    if (name === "line") {
      if (body === line) return;
      line = body;
      if (!line) gone();
    } else if (name === "state") {
      over = false;
      state = body;
    } else if (name === "picture") {
      if (seen.at(-1)?.step === body.step) seen[seen.length - 1] = body;
      else seen.push(body);
      while (seen.length > MOST) seen.shift();
    } else {
      over = true;
      stop();
    }
    if (alone === null || name !== "picture") draw();
  }

  /** A line that breaks may have broken because the tour is over. */
  function gone() {
    fetch(`/api/v1/follow/${encodeURIComponent(phone.told.code)}`).then(({ status }) => status === 404 && take("over"), () => {});
  }

  function languages() {
    const known = phone.told.languages;
    const asked = new URLSearchParams(location.search).get("lang");
    const wishes = [asked, ...navigator.languages].filter(Boolean).map((tag) => tag.toLowerCase());
    const fits = (lang, wish) => wish === lang || wish.startsWith(`${lang}-`);
    phone.lang = wishes.map((wish) => known.find((lang) => fits(lang, wish))).find(Boolean) ?? (known.includes("en") ? "en" : known[0]);
    const select = byId("lang");
    const names = (lang) => new Intl.DisplayNames([phone.tag(lang)], { type: "language" }).of(lang);
    select.replaceChildren(...known.map((lang) => new Option(names(lang), lang, false, lang === phone.lang)));
    select.addEventListener("change", () => {
      phone.lang = select.value;
      draw();
    });
  }

  byId("around").addEventListener("click", () => {
    alone = alone === null ? Math.max(0, seen.length - 2) : null;
    draw();
  });
  for (const [id, by] of [["earlier", -1], ["later", 1]]) {
    byId(id).addEventListener("click", () => {
      alone = Math.max(0, Math.min(seen.length - 1, alone + by));
      draw();
    });
  }
  languages();
  const stop = window.campusLine(`/sse/follow/${encodeURIComponent(phone.told.code)}`, ["state", "picture", "over"], take);
})();
