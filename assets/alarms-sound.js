// The sound of alarms that nobody acknowledged: a short figure of tones for each priority when one comes, again and again for
// a critical one. Off until the person switches it on: browsers sound nothing before a page was touched.
(function () {
  "use strict";
  const alarms = window.campusAlarms;
  const { text } = alarms.words;
  const KEY = "campus-twin.alarm-sound.v1";
  const MUTE_MS = 5 * 60_000;
  const AGAIN_MS = 8_000;
  const GAP_MS = 1_500;
  /** Tones of each priority: [frequency [Hz], begins [s], lasts [s]]. The more urgent, the higher, quicker and more. */
  const FIGURES = {
    1: [[988, 0, 0.14], [784, 0.18, 0.14], [988, 0.36, 0.14], [784, 0.54, 0.14]],
    2: [[784, 0, 0.16], [784, 0.26, 0.16], [988, 0.52, 0.2]], 3: [[659, 0, 0.18], [784, 0.3, 0.22]], 4: [[523, 0, 0.22]],
  };
  let kept = { on: false, volume: 0.5 };
  /** 'until' an instant [ms], or until the 'next' alarm. */
  let muted = { until: 0, next: false };
  let context = null;
  let stop = null;
  let calling = false;
  let repeat = 0;
  let last = 0;
  let seen = 0;

  try {
    kept = { ...kept, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    // a browser that keeps nothing
  }

  function keep(more) {
    kept = { ...kept, ...more };
    try {
      localStorage.setItem(KEY, JSON.stringify(kept));
    } catch {
      // as above
    }
    reflect();
  }

  const quiet = () => muted.next || Date.now() < muted.until;
  const ready = () => context?.state === "running";

  /** 'off', 'blocked' (the browser waits for a touch), 'muted', 'on'. */
  function state() {
    if (!kept.on) return "off";
    if (!ready()) return "blocked";
    return quiet() ? "muted" : "on";
  }

  function sound(priority) {
    if (state() !== "on" || performance.now() - last < GAP_MS) return;
    last = performance.now();
    alarms.sounded = { priority, at: Date.now() };
    play(context, priority, kept.volume);
  }

  /** Sound a priority's figure of tones at a volume from 0 to 1. */
  function play(context, priority, volume) {
    const begin = context.currentTime + 0.02;
    for (const [frequency, at, lasts] of FIGURES[priority] ?? FIGURES[4]) {
      const tone = new OscillatorNode(context, { type: "triangle", frequency });
      const level = new GainNode(context, { gain: 0 });
      level.gain.setValueAtTime(0, begin + at);
      level.gain.linearRampToValueAtTime(volume * 0.5, begin + at + 0.015);
      level.gain.setValueAtTime(volume * 0.5, begin + at + lasts - 0.05);
      level.gain.linearRampToValueAtTime(0, begin + at + lasts);
      tone.connect(level).connect(context.destination);
      tone.start(begin + at);
      tone.stop(begin + at + lasts + 0.02);
    }
  }

  alarms.play = play;

  function follow({ alarms: standing, steps }) {
    const news = steps.filter((of) => of.seq > seen && of.alarm.state === "B" && of.before !== "B" || of.event === "escalate" && of.seq > seen);
    for (const of of steps) seen = Math.max(seen, of.seq);
    if (news.length) {
      muted.next = false;
      sound(Math.min(...news.map((of) => of.alarm.priority)));
    }
    calling = [...standing.values()].some((alarm) => alarm.priority === 1 && alarms.calls(alarm));
    pulse();
    reflect();
  }

  function pulse() {
    if (calling && kept.on === Boolean(repeat)) return;
    clearInterval(repeat);
    repeat = calling && kept.on ? setInterval(() => sound(1), AGAIN_MS) : 0;
  }

  /** Lets the browser sound, where it will: without a touch, or a device, it may never answer; the button says what is so. */
  function wake() {
    if (!context) {
      context = new AudioContext();
      context.addEventListener("statechange", reflect);
    }
    return context.resume().catch(() => undefined);
  }

  function listen() {
    stop?.();
    stop = kept.on ? alarms.watch(follow, { always: true }) : null;
    pulse();
  }

  function press() {
    if (!kept.on || !ready()) {
      keep({ on: true });
      listen();
      wake().then(() => sound(4));
    } else if (quiet()) muted = { until: 0, next: false };
    else keep({ on: false });
    if (!kept.on) listen();
    reflect();
  }

  // the button, and its menu

  function reflect() {
    const now = state();
    for (const box of document.querySelectorAll("[data-alarm-sound]")) {
      box.dataset.alarmSound = now;
      const button = box.querySelector("[data-sound=press]");
      const minutes = Math.ceil((muted.until - Date.now()) / 60_000);
      const told = now === "muted" && !muted.next ? text("alarms.sound.muted-for", { n: minutes }) : text(now === "muted" ? "alarms.sound.muted-next" : `alarms.sound.${now}`);
      const word = box.querySelector("[data-sound=word]");
      if (word.textContent !== told) word.textContent = told;
      button.title = text(`alarms.sound.help.${now}`);
      box.querySelector("[data-sound=more]").hidden = now === "off";
      const volume = box.querySelector("input");
      if (volume && document.activeElement !== volume) volume.value = String(kept.volume);
    }
  }

  document.addEventListener("click", (event) => {
    const box = event.target.closest("[data-alarm-sound]");
    for (const other of document.querySelectorAll("[data-alarm-sound]")) if (other !== box) menu(other, false);
    if (!box) return void (kept.on && !ready() && wake());
    const what = event.target.closest("button[data-sound]")?.dataset.sound;
    if (what === "press") press();
    else if (what === "more") menu(box, box.querySelector("[data-sound=menu]").hidden);
    else if (what === "mute") muted = { until: Date.now() + MUTE_MS, next: false };
    else if (what === "next") muted = { until: 0, next: true };
    else if (what === "off") keep({ on: false });
    else if (what === "test") sound(2);
    else return;
    if (what === "off") listen();
    if (["mute", "next", "off"].includes(what)) menu(box, false);
    reflect();
  });

  function menu(box, on) {
    box.querySelector("[data-sound=menu]").hidden = !on;
    box.querySelector("[data-sound=more]").setAttribute("aria-expanded", String(on));
  }

  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-alarm-sound] input")) keep({ volume: Math.min(1, Math.max(0, Number(event.target.value))) });
  });
  document.addEventListener("keydown", (event) => {
    const box = event.target.closest?.("[data-alarm-sound]");
    if (event.key !== "Escape" || !box || box.querySelector("[data-sound=menu]").hidden) return;
    menu(box, false);
    box.querySelector("[data-sound=more]").focus();
    event.preventDefault();
  });

  document.addEventListener("campus:page", () => {
    for (const box of document.querySelectorAll("[data-alarm-sound]")) {
      const slot = box.querySelector("[data-sound=volume]");
      // Dash has no plain slider of the browser's own
      if (slot && !slot.firstChild) slot.append(alarms.words.make("input", { type: "range", min: 0, max: 1, step: 0.05, value: kept.volume, "aria-label": text("alarms.sound.volume") }));
    }
    if (kept.on && !stop) {
      wake();
      listen();
    }
    reflect();
  });
  setInterval(() => kept.on && !document.hidden && reflect(), 1000);
})();
