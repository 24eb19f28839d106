// The time machine: the cursor, the window of the axis, playing, and what of it the address and the panels are told. Dragging
// asks Dash for nothing: the view hears of each instant by an event (docs/reference/time-machine.md), Dash when it rests.
(function () {
  "use strict";
  const campus = window.campus;
  const { local, snap, duration, MINUTE, HOUR, DAY } = campus.timeAxis;
  const lang = campus.facts.lang === "zh" ? "zh" : "en";
  const REST_MS = 250;
  /** A hand that holds the cursor rests when it has not moved for so long [ms]. */
  const HOLD_MS = 800;
  /** A cursor that goes with the picture goes without it after so long [ms]. */
  const PATIENT_MS = 150;
  /** Played faster than this, the panels are of another hour than the scene. */
  const FAST = 600;
  /** While it plays the panels follow this often [ms]. */
  const FOLLOW_MS = 2000;
  /** The newest instant of the past: so long before now [ms]. */
  const BEHIND_MS = 2000;
  const SHORTEST = 5 * MINUTE;
  const LONGEST = 60 * DAY;
  /** Share of the window that lies after now. */
  const FUTURE = 0.06;
  /** The cursor keeps this share of the window free before it while it plays. */
  const MARGIN = 0.08;

  let span = DAY;
  /** Where the window ends [ms]; null: it goes along with now. */
  let end = null;
  /** The instant that is wanted [ms], null: live; and the one on the screen. */
  let wished = null;
  let drawn = null;
  let speed = 0;
  let chosenSpeed = 60;
  let skew = 0;
  let timer = 0;
  let followed = 0;
  let pending = 0;
  let following = 0;
  let failure = "";
  /** The instant of which nothing can be had [ms]: the empty scene that stands for it is drawn, too. */
  let lost = null;

  const element = (id) => document.getElementById(id);
  const now = () => Date.now() + skew;
  const iso = (at) => new Date(at).toISOString();
  const cursor = () => wished ?? now();
  const bar = () => element("time-bar");
  const isOpen = () => bar()?.dataset.open === "yes";

  function window_() {
    const last = end ?? now() + FUTURE * span;
    return { start: last - span, end: last };
  }

  function write(target, text) {
    if (target && target.textContent !== text) target.textContent = text;
  }

  /** False: the view would rather have the page move together with its picture. */
  function send(detail) {
    return element("twin")?.dispatchEvent(new CustomEvent("campus:time", { detail, cancelable: true })) ?? true;
  }

  /** The page follows the cursor, at once or with the picture; it waits for that so long at most. */
  function follow(atOnce) {
    clearTimeout(following);
    if (!atOnce) {
      following = setTimeout(() => follow(true), PATIENT_MS);
      return;
    }
    place();
    reflect();
  }

  /** The strip and everything on it, with the next frame of the page. */
  function redraw() {
    if (pending) return;
    pending = requestAnimationFrame(() => {
      pending = 0;
      const box = element("time-strip");
      if (!box || !isOpen()) return;
      const { start, end: last } = window_();
      if (!box.firstElementChild) {
        const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
        svg.setAttribute("aria-hidden", "true");
        box.append(svg);
      }
      campus.timeStrip.draw(box.firstElementChild, { start, end: last });
      campus.timeData.want(start, last);
      place();
    });
  }

  /** Where the cursor stands, for the eye and for a screen reader. */
  function place() {
    const axis = element("time-axis");
    if (!axis) return;
    const { start, end: last } = window_();
    const put = (mark, at) => {
      const share = at === null ? -1 : (at - start) / (last - start);
      mark.toggleAttribute("data-out", share < 0 || share > 1);
      mark.style.insetInlineStart = `calc(${100 * share}% - 1px)`;
    };
    put(element("time-cursor"), cursor());
    element("time-cursor").toggleAttribute("data-live", wished === null);
    const { vs, cmp } = campus.view.get();
    element("time-other").hidden = !(vs && cmp);
    put(element("time-other"), vs && cmp ? (wished === null ? null : campus.timeCompare.along(wished)) ?? Date.parse(vs) : null);
    const word = campus.text(wished === null ? "time.now" : "time.replay");
    const values = { valuemin: start, valuemax: last, valuenow: cursor() };
    for (const [name, at] of Object.entries(values)) axis.setAttribute(`aria-${name}`, String(Math.round(at / 1000)));
    axis.setAttribute("aria-valuetext", `${word}, ${local.full(cursor())}`);
    for (const button of document.querySelectorAll("[data-window]")) {
      button.setAttribute("aria-pressed", String(Math.abs(Number(button.dataset.window) * 1000 - span) < MINUTE));
    }
  }

  /** What frame, band and buttons say; all of it is of what is drawn. */
  function reflect() {
    const past = wished !== null || drawn !== null;
    const framed = past || compared();
    const frame = element("time-frame");
    if (frame) frame.hidden = !framed;
    document.querySelector(".stage")?.toggleAttribute("data-replay", framed);
    write(frame?.querySelector(".time-word"), campus.text(past ? "time.replay" : "time.compare"));
    write(element("time-stamp"), !past ? campus.text("time.now") : drawn === null ? "\u2026" : local.full(drawn));
    const play = document.querySelector('[data-time="play"]');
    if (play) {
      const label = campus.text(speed > 0 ? "time.pause" : "time.play");
      play.setAttribute("aria-label", label);
      play.title = label;
      play.firstElementChild.style.setProperty("--icon", `url(/assets/icons/${speed > 0 ? "pause" : "play"}.svg)`);
    }
    for (const button of document.querySelectorAll("[data-speed]")) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.speed) === chosenSpeed));
    }
    const kept = document.querySelector('[data-time="keep"]');
    kept?.setAttribute("aria-pressed", String(wished !== null && campus.timeKeep.all().some((row) => row.at === wished)));
    campus.timeCompare.reflect(drawn);
    behind();
    note();
  }

  /** Whether another moment stands beside the one that is shown. */
  function compared() {
    const { vs, cmp } = campus.view.get();
    return Boolean(vs && cmp);
  }

  function note() {
    const place_ = element("time-note");
    if (!place_) return;
    const data = campus.timeData.get();
    const known = data?.oldest ? campus.text("time.kept", { oldest: local.full(data.oldest) }) : "";
    place_.toggleAttribute("data-failed", failure !== "");
    write(place_, failure || (isOpen() ? known : ""));
  }

  /** The cursor goes to an instant; `exact`: not to the grid of the window; `held`: by a hand that has not let go. */
  function seek(at, exact = false, held = false) {
    const data = campus.timeData.get();
    const { start, end: last } = window_();
    const perPixel = (last - start) / Math.max(1, element("time-axis")?.clientWidth ?? 1000);
    const latest = now() - BEHIND_MS;
    const wanted = Math.min(latest, Math.max(data?.oldest ?? 0, exact ? at : snap(at, perPixel)));
    if (end === null) end = last; // a window that ran along with now would slip away under the hand
    wished = Math.round(wanted);
    failure = "";
    const against = campus.timeCompare.along(wished);
    const atOnce = send({ at: wished, ...(against === null ? {} : { against }) });
    clearTimeout(timer);
    timer = setTimeout(() => rest(), held ? HOLD_MS : REST_MS);
    follow(atOnce || !held);
  }

  /** What is of another instant than the scene is seen to be: figures and panels follow when the cursor rests. */
  function behind() {
    document.querySelector(".page")?.toggleAttribute("data-behind", timer !== 0 || speed >= FAST);
  }

  /** Dash hears of it: address, panels, the view's own property. `quiet`: the view goes on by itself. */
  function rest(quiet = speed > 0) {
    clearTimeout(timer);
    timer = 0;
    if (wished === null) return;
    const at = iso(wished);
    const first = campus.view.get().at === "live";
    const against = campus.timeCompare.along(wished);
    campus.view.set({ at, ...(against === null ? {} : { vs: iso(against) }) }, { push: first, from: quiet ? "twin" : "" });
    if (!quiet) campus.setProps("twin", { time: at });
    reflect();
  }

  function goLive() {
    clearTimeout(timer);
    timer = 0;
    wished = end = null;
    failure = "";
    send({ play: 0, at: null });
    campus.view.set({ at: "live", vs: "", cmp: "" });
    campus.setProps("twin", { time: "live", against: "", compare: "" });
    campus.announce(campus.text("time.now"));
    redraw();
    place();
    reflect();
  }

  function play(wanted = speed > 0 ? 0 : chosenSpeed) {
    if (wanted > 0 && wished === null) seek(now() - HOUR);
    speed = wanted;
    send({ play: wanted });
    if (wanted === 0 && wished !== null) {
      if (drawn !== null) wished = drawn;
      rest();
    }
    reflect();
  }

  /** One step of the cursor: what a hundredth of the window is, in round figures. */
  function step(count) {
    if (speed > 0) play(0);
    const one = snap(span / 120, span / 120) || 1000;
    seek(Math.round(cursor() / one) * one + count * one, true);
    show(cursor());
  }

  /** The window moves as little as it must for an instant to lie in it. */
  function show(at) {
    const { start, end: last } = window_();
    const margin = MARGIN * span;
    if (at > last - margin) end = at + margin;
    else if (at < start + margin) end = at + span - margin;
    redraw();
  }

  function pan(by) {
    const { end: last } = window_();
    const oldest = campus.timeData.get()?.oldest ?? 0;
    end = Math.min(now() + span / 2, Math.max(oldest + span / 2, last + by));
    redraw();
  }

  function zoom(factor, at = cursor()) {
    const { start, end: last } = window_();
    const wanted = Math.min(LONGEST, Math.max(SHORTEST, span * factor));
    const share = (at - start) / (last - start);
    if (end !== null || Math.abs(at - now()) > FUTURE * span) end = at + (1 - share) * wanted;
    span = wanted;
    redraw();
  }

  function setWindow(ms) {
    if (wished === null) end = null;
    else end = Math.min(now() + FUTURE * ms, wished + ms / 2);
    span = ms;
    redraw();
  }

  function jump(direction) {
    const events = campus.timeData.get()?.events ?? [];
    const at = cursor();
    const found = direction > 0 ? events.find((event) => event.time > at + 500) : events.findLast((event) => event.time < at - 500);
    if (!found) {
      campus.announce(campus.text("time.no-event"));
      return;
    }
    if (speed > 0) play(0);
    seek(found.time, true);
    show(found.time);
    campus.announce(`${local.full(found.time)} ${found.text[lang]}`);
  }

  function open(wanted) {
    const box = bar();
    if (!box || !element("time-panel")) return;
    box.dataset.open = wanted ? "yes" : "no";
    element("time-panel").hidden = !wanted;
    element("time-open").setAttribute("aria-expanded", String(wanted));
    if (wanted) redraw();
    note();
  }

  /** What the view says is on the screen. */
  document.addEventListener("campus:drawn", ({ detail }) => {
    drawn = detail.at;
    speed = detail.speed;
    if (speed > 0 && drawn !== null) {
      wished = drawn;
      const { start, end: last } = window_();
      if (drawn > last - MARGIN * span || drawn < start) show(drawn + (0.5 - MARGIN) * span);
      if (performance.now() - followed > FOLLOW_MS) {
        followed = performance.now();
        rest(true);
      }
    }
    const slow = speed > 0 && detail.reached < 0.85 * speed;
    write(element("time-speed"), slow ? campus.text("time.reached", { n: Math.round(detail.reached) }) : "");
    if (drawn !== null && drawn === wished && drawn !== lost) failure = "";
    follow(true);
  });
  document.addEventListener("campus:caught-up", () => {
    goLive();
    campus.announce(campus.text("time.caught-up"));
  });
  document.addEventListener("campus:past-failed", ({ detail }) => {
    failure = detail.message;
    lost = detail.again ? null : detail.at;
    note();
  });
  document.addEventListener("campus:history", ({ detail }) => {
    const data = campus.timeData.get();
    if (data) skew = data.now - (Date.now() - (performance.now() - data.at));
    failure = detail.failed ? campus.text("time.failed") : failure === campus.text("time.failed") ? "" : failure;
    redraw();
    note();
  });
  document.addEventListener("campus:bookmarks", () => {
    redraw();
    reflect();
  });

  /** The address, or another script, moved the view's own state. */
  document.addEventListener("campus:view", ({ detail }) => {
    if (timer !== 0 || speed > 0) return;
    const at = detail.at === "live" ? null : Date.parse(detail.at);
    if (at !== wished) {
      wished = at;
      send({ at });
      if (at === null) end = null;
      else show(at);
    }
    place();
    reflect();
  });

  document.addEventListener("campus:page", () => {
    if (!bar()) return;
    const { at } = Object.fromEntries(new URLSearchParams(location.search));
    const told = Date.parse(at ?? "");
    drawn = null;
    wished = Number.isFinite(told) ? told : null;
    const axis = element("time-axis");
    if (axis) {
      campus.timePointer.listen(axis, window_, { seek, pan, zoom, step, jump, play: () => play(), rest, end: (last) => (last ? goLive() : seek(campus.timeData.get()?.oldest ?? now() - DAY, true)) });
      new ResizeObserver(redraw).observe(axis);
    }
    if (wished !== null) {
      end = Math.min(now() + FUTURE * span, wished + span / 2);
      open(true);
    }
    reflect();
  });

  const ACTS = {
    live: goLive, play: () => play(), back: () => step(-1), forward: () => step(1), previous: () => jump(-1), next: () => jump(1),
    keep: () => {
      if (wished === null) seek(now() - BEHIND_MS, true);
      rest();
      campus.announce(campus.text(campus.timeKeep.toggle(wished, location.search) ? "time.bookmark.kept" : "time.bookmark.gone"));
    },
    copy: async () => {
      if (wished === null) seek(now() - BEHIND_MS, true);
      rest();
      await new Promise((done) => setTimeout(done, 150)); // the address follows a moment later
      await navigator.clipboard?.writeText(location.href).catch(() => {});
      failure = "";
      campus.announce(campus.text("time.copied"));
      write(element("time-note"), `${campus.text("time.copied")}: ${location.href}`);
    },
  };

  document.addEventListener("click", (event) => {
    const target = event.target.closest?.("[data-time],[data-window],[data-speed],[data-compare],#time-open");
    if (!target) return;
    const { time, window: seconds, speed: times, compare } = target.dataset;
    if (target.id === "time-open") open(!isOpen());
    else if (time) ACTS[time]();
    else if (seconds) setWindow(Number(seconds) * 1000);
    else if (times) {
      chosenSpeed = Number(times);
      if (speed > 0) play(chosenSpeed);
      reflect();
    } else if (compare) {
      campus.view.set(campus.timeCompare.choose(compare, wished, now() - BEHIND_MS));
      place();
      reflect();
    }
  });

  // Escape leads back to the present, from wherever nothing else is open
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || (wished === null && !compared()) || event.defaultPrevented || !bar()) return;
    if (document.querySelector("dialog[open], [data-flyout]:not([hidden]), .time-list[open]")) return;
    if (event.target.closest?.("input, textarea, select")) return;
    event.preventDefault();
    event.stopPropagation();
    goLive();
  }, true);

  setInterval(() => {
    if (wished === null && isOpen()) redraw();
  }, 5000);

  campus.time = { get: () => ({ wished, drawn, speed, span, ...window_() }), seek, goLive, play, duration };
})();
