// What people do with alarms: asked once for one or many, sent, and told when the server has it on its disk. Nothing is shown
// as done before; those that refused are told one by one.
(function () {
  "use strict";
  const alarms = window.campusAlarms;
  const { make, text, what, sign } = alarms.words;
  const HOUR_MIN = 60;
  const TOLD = 20;
  /** What may be done with an alarm in each state; the server decides, this only hides what it would refuse. */
  const ALLOWED = {
    ack: (a) => "BDE".includes(a.process) && !"GHI".includes(a.state),
    reset: (a) => a.state === "F" && !a.active,
    shelve: (a) => !a.shelved_until && a.state !== "I" && a.state !== "H",
    unshelve: (a) => Boolean(a.shelved_until),
    "out-of-service": (a) => !a.out_of_service,
    "in-service": (a) => a.out_of_service,
  };
  const NAMES = Object.keys(ALLOWED);
  /** Acts that the server takes for many at once. */
  const TOGETHER = new Set(["ack", "reset", "shelve", "unshelve"]);
  let longest = 0;
  let asking = false;

  const path = (id) => id.split("/").map(encodeURIComponent).join("/");

  async function send(url, body) {
    const headers = { "Content-Type": "application/json", "X-Campus-Token": window.campus.facts.token ?? "" };
    const reply = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
    const answer = await reply.json().catch(() => ({}));
    if (reply.ok) return answer;
    throw new Error(reply.status === 403 ? text("alarms.refused") : (answer.detail ?? String(reply.status)));
  }

  /** Do it with all of them: `{done, refused: [{id, why}]}`. */
  async function run(act, list, body) {
    const ids = list.map((alarm) => alarm.id);
    if (ids.length > 1 && TOGETHER.has(act)) {
      const answer = await send(`/api/v1/alarms/${act}`, { ...body, ids });
      return { done: ids.length - answer.refused.length, refused: answer.refused };
    }
    const refused = [];
    for (const id of ids) {
      try {
        await send(`/api/v1/alarms/${path(id)}/${act}`, body);
      } catch (error) {
        refused.push({ id, why: error.message });
      }
    }
    return { done: ids.length - refused.length, refused };
  }

  function say(sentence) {
    window.campus.announce(sentence);
    const place = document.getElementById("alarms-says");
    if (place) place.textContent = sentence;
  }

  const done = (act, n) => text(`alarms.done.${act}`, { n });

  // the form

  async function limits() {
    if (longest) return longest;
    try {
      longest = (await (await fetch("/api/v1/alarms/rules")).json()).longest_shelving_s / 60;
    } catch {
      // without an answer the usual limit: the server refuses what is longer
    }
    return longest || 8 * HOUR_MIN;
  }

  const label = (words, field) => make("label", { class: "act-field" }, make("span", {}, words), field);

  async function shelveFields() {
    const most = await limits();
    const steps = [30, 60, 120, 240, 480, 1440].filter((minutes) => minutes <= most);
    const choice = make("select", { name: "minutes" },
      steps.map((minutes) => make("option", { value: minutes, selected: minutes === 60 }, alarms.words.age(minutes * 60))),
      make("option", { value: "" }, text("alarms.act.until-returns")));
    return [label(text("alarms.act.reason"), reason()), label(text("alarms.act.how-long"), choice)];
  }

  const reason = () => make("textarea", { name: "reason", rows: 2, maxlength: 1000, required: true });

  function serviceFields() {
    const { local, HOUR, DAY } = window.campus.timeAxis;
    const day = (at) => new Date(at + local.offset(at)).toISOString().slice(0, 10);
    const [now, week] = [Date.now() + DAY, local.shiftDays(Date.now(), 7)];
    const review = make("input", { type: "date", name: "review", required: true, min: day(now), value: day(week), max: day(now + 365 * 24 * HOUR) });
    return [label(text("alarms.act.reason"), reason()), label(text("alarms.act.review"), review)];
  }

  const commentField = () => [label(text("alarms.act.comment"), make("textarea", { name: "comment", rows: 2, maxlength: 1000 }))];

  async function fields(act) {
    if (act === "shelve") return shelveFields();
    return act === "out-of-service" ? serviceFields() : commentField();
  }

  /** What the form says, as the server wants it. */
  function body(act, form) {
    const given = Object.fromEntries(new FormData(form));
    if (act === "shelve") return { reason: given.reason, ...(given.minutes ? { minutes: Number(given.minutes) } : {}) };
    if (act !== "out-of-service") return { comment: given.comment ?? "" };
    // the end of that day at the campus
    const { local, DAY } = window.campus.timeAxis;
    const noon = Date.parse(`${given.review}T12:00:00Z`) - local.offset(Date.parse(`${given.review}T12:00:00Z`));
    return { reason: given.reason, review: new Date(local.midnight(noon, 1) - DAY / 24).toISOString() };
  }

  function refusals(list, refused) {
    const names = new Map(list.map((alarm) => [alarm.id, what(alarm)]));
    const rows = refused.slice(0, TOLD).map(({ id, why }) => make("li", {}, make("b", {}, names.get(id) ?? id), why));
    const more = refused.length > TOLD ? make("li", {}, text("alarms.act.more", { n: refused.length - TOLD })) : null;
    return make("ul", { class: "act-refused" }, rows, more);
  }

  function close(dialog) {
    dialog.close();
    dialog.remove();
  }

  async function dialogOf(act, list) {
    const answer = make("div", { class: "act-answer", role: "status" });
    const go = make("button", { class: "button act-go", type: "submit" }, text(`alarms.act.${act}`));
    const stop = make("button", { class: "button", type: "button", "data-act-close": "" }, text("alarms.act.cancel"));
    const shown = list.slice(0, 4).map((alarm) => make("li", {}, sign(alarm.priority), what(alarm)));
    const more = list.length > 4 ? make("li", {}, text("alarms.act.more", { n: list.length - 4 })) : null;
    const form = make("form", { class: "act-form", novalidate: true }, await fields(act), answer, make("div", { class: "act-buttons" }, go, stop));
    const title = text(list.length === 1 ? `alarms.act.${act}` : `alarms.act.${act}.of`, { n: list.length });
    return make("dialog", { class: "act-dialog", "aria-label": title }, make("h2", {}, title), make("ul", { class: "act-of" }, shown, more), form);
  }

  async function submit(act, list, dialog) {
    const [form, answer, go] = ["form", ".act-answer", ".act-go"].map((part) => dialog.querySelector(part));
    const empty = [...form.elements].find((field) => field.required && !field.value.trim());
    if (empty) {
      answer.replaceChildren(text("alarms.act.needed"));
      empty.focus();
      return;
    }
    go.disabled = true;
    answer.replaceChildren(text("alarms.act.sending"));
    try {
      const came = await run(act, list, body(act, form));
      if (came.done) say(done(act, came.done));
      if (!came.refused.length) return close(dialog);
      answer.replaceChildren(came.done ? make("p", {}, done(act, came.done)) : "", refusals(list, came.refused));
      go.remove();
      dialog.querySelector("[data-act-close]").textContent = text("alarms.act.close");
      dialog.querySelector("[data-act-close]").focus();
    } catch (error) {
      answer.replaceChildren(error instanceof TypeError ? text("alarms.act.unreachable") : error.message);
      go.disabled = false;
    }
  }

  /** Ask for what is needed and do `act` with the alarms that allow it. Those that do not are left out, and said so. */
  async function ask(act, given) {
    const list = given.filter(ALLOWED[act]);
    if (!list.length) return say(text("alarms.act.none"));
    if (asking || document.querySelector("dialog[open]")) return;
    const back = document.activeElement;
    asking = true;
    const dialog = await dialogOf(act, list).finally(() => (asking = false));
    dialog.addEventListener("submit", (event) => {
      event.preventDefault();
      submit(act, list, dialog);
    });
    dialog.addEventListener("keydown", (event) => {
      // in a comment Enter sends: with Shift it begins a line
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.target.tagName !== "TEXTAREA") return;
      event.preventDefault();
      submit(act, list, dialog);
    });
    dialog.addEventListener("click", (event) => event.target.closest("[data-act-close]") && close(dialog));
    dialog.addEventListener("close", () => {
      dialog.remove();
      back?.focus?.({ preventScroll: true });
    });
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector("textarea")?.focus();
  }

  /** Acknowledge one alarm at once, without a word; what comes of it is said. */
  async function quick(alarm, button) {
    button.disabled = true;
    try {
      const { refused } = await run("ack", [alarm], { comment: "" });
      say(refused.length ? refused[0].why : done("ack", 1));
    } catch (error) {
      say(error instanceof TypeError ? text("alarms.act.unreachable") : error.message);
    } finally {
      button.disabled = false;
    }
  }

  /** Whether who reads may act: the page says so, and the server refuses all the same. */
  const may = () => document.querySelector("[data-alarms-may]")?.dataset.alarmsMay === "act";

  alarms.act = { ask, quick, may, NAMES, allowed: (act, alarm) => ALLOWED[act](alarm), path };
})();
