// Incidents: what is pressed is asked of the API, what changed elsewhere is drawn again; what somebody types stays.
(function () {
  "use strict";
  const campus = window.campus;
  const EVERY_MS = 3000;
  const SOON_MS = 400;
  const el = (id) => document.getElementById(id);
  const page = () => document.querySelector('[data-page="incidents"], [data-page="incident"], [data-page="log"]');
  const words = (key, figures) =>
    (el("incident-says")?.dataset[key] ?? "").replace(/\{(\w+)\}/g, (whole, name) => figures?.[name] ?? whole);
  let turn = 0;
  let stop = null;
  let seen = "";
  let soon = 0;

  function says(sentence, bad = false) {
    const place = el("incident-says");
    if (!place) return;
    place.textContent = sentence;
    place.classList.toggle("bad", bad);
  }

  /** Draw again what may have changed. */
  function draw() {
    const kind = page()?.dataset.page;
    turn += 1;
    if (kind === "incidents") window.dash_clientside.set_props("incidents-again", { data: { turn } });
    if (kind === "incident" && el("incident-head")) {
      window.dash_clientside.set_props("incident-again", { data: { turn, incident: el("main").dataset.incident } });
    }
    if (kind === "log") window.dash_clientside.set_props("log-again", { data: { turn } });
  }

  /** The stream may tell several times a second; a page is drawn once. */
  function later() {
    clearTimeout(soon);
    soon = setTimeout(draw, SOON_MS);
  }

  function old(is) {
    const main = el("main");
    if (!main || is === "old" in main.dataset) return;
    if (is) {
      main.dataset.old = "";
      says(words("stale"), true);
    } else {
      delete main.dataset.old;
      says("");
    }
  }

  const signature = (rows) => JSON.stringify([...rows].map((row) => [row.id, row.status, row.assignee, row.active, row.alarms?.length, row.acknowledged, row.priority, row.text]));

  /** One stream is shared by all of the page where there is one; else the list is asked for again and again. */
  function watch() {
    stop?.();
    seen = "";
    if (window.campusAlarms) {
      stop = window.campusAlarms.watch((told) => {
        old(told.state === "stale" || told.state === "error");
        if (told.state !== "ready") return;
        compare(signature(told.incidents.values()));
      });
      return;
    }
    const timer = setInterval(ask, EVERY_MS);
    ask();
    stop = () => clearInterval(timer);
  }

  /** The first answer counts too: something may have come since the page was made. */
  function compare(now) {
    if (seen !== now) later();
    seen = now;
  }

  async function ask() {
    if (document.hidden || !page()) return;
    try {
      const reply = await fetch("/api/v1/incidents?limit=200");
      if (!reply.ok) throw new Error(String(reply.status));
      compare(signature((await reply.json()).items));
      old(false);
    } catch {
      old(true);
    }
  }

  /** Ask the API for a change; what is wrong is said where it can be read. */
  async function send(path, options, button) {
    button?.setAttribute("aria-busy", "true");
    try {
      const reply = await fetch(`/api/v1/${path}`, options);
      if (!reply.ok) {
        const told = await reply.json().catch(() => ({}));
        says(words("failed", { why: told.mistakes?.map((each) => each.what).join("; ") || told.detail || reply.status }), true);
        return null;
      }
      says(words("done"));
      draw();
      return reply.status === 204 ? {} : await reply.json();
    } catch {
      says(words("gone"), true);
      return null;
    } finally {
      button?.removeAttribute("aria-busy");
    }
  }

  const json = (body, method = "POST") => ({ method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const here = () => `incidents/${encodeURIComponent(el("main").dataset.incident)}`;
  const clear = (id) => {
    el(id).value = "";
    window.dash_clientside.set_props(id, { value: "" });
  };

  const DOES = {
    async ack(button) {
      if (await send(`${here()}/ack`, json({ comment: el("incident-comment").value }), button)) clear("incident-comment");
    },
    assign: (button) => send(`${here()}/assign`, json({ to: el("incident-assignee").value }), button),
    async note(button) {
      const field = el("incident-note");
      if (!field.value.trim()) return field.focus();
      if (await send(`${here()}/note`, json({ text: field.value }), button)) field.value = "";
    },
  };

  async function attach(files) {
    for (const file of files) {
      says(words("sending", { name: file.name }));
      const path = `${here()}/files?${new URLSearchParams({ name: file.name })}`;
      const headers = { "Content-Type": "application/octet-stream", "X-Campus-Token": campus.facts.token ?? "" };
      if (!(await send(path, { method: "POST", headers, body: file }))) return;
    }
  }

  /** What others chose stands in the fields, unless somebody is in them. */
  function reflect() {
    const head = el("incident-head");
    if (!head) return;
    new MutationObserver(() => {
      const told = head.querySelector("[data-status]")?.dataset;
      const fields = { "incident-status": told?.status, "incident-assignee": told?.assignee };
      for (const [id, value] of Object.entries(fields)) {
        const field = el(id);
        if (value === undefined || !field || field === document.activeElement) continue;
        if (field.tagName === "SELECT") field.value = value;
        else window.dash_clientside.set_props(id, { value });
      }
    }).observe(head, { childList: true, subtree: true, attributes: true });
  }

  function picker() {
    const place = el("incident-file");
    if (!place || place.firstChild) return;
    const input = document.createElement("input");
    input.type = "file";
    input.multiple = true;
    input.setAttribute("aria-label", place.dataset.label);
    input.accept = ".png,.jpg,.jpeg,.webp,.pdf,.txt,.csv";
    const label = document.createElement("label");
    label.className = "button incident-file-pick";
    label.append(place.dataset.label, input);
    place.append(label);
    input.addEventListener("change", async () => {
      await attach(input.files);
      input.value = "";
    });
    const field = el("incident-write");
    field.addEventListener("dragover", (event) => {
      event.preventDefault();
      field.dataset.drop = "";
    });
    field.addEventListener("dragleave", () => delete field.dataset.drop);
    field.addEventListener("drop", (event) => {
      event.preventDefault();
      delete field.dataset.drop;
      attach(event.dataTransfer.files);
    });
  }

  document.addEventListener("campus:page", () => {
    stop?.();
    stop = null;
    if (!page()) return;
    for (const select of document.querySelectorAll("#main select[data-value]")) select.value = select.dataset.value;
    picker();
    reflect();
    if (!el("main").dataset.at) watch();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-incident-do]");
    if (button) DOES[button.dataset.incidentDo]?.(button);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-goes]")) location.assign(event.target.value);
    else if (event.target.id === "incident-status") send(`${here()}/status`, json({ status: event.target.value }));
  });

  campus.incidents = { send, says, words, json, draw, clear };
})();
