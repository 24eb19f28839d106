// The page of accounts: what is pressed is asked of the API, what comes of it is said, the tables are drawn again.
(function () {
  "use strict";
  const ARMED_MS = 4000;
  const value = (id) => document.getElementById(id)?.value.trim() ?? "";
  const place = () => document.getElementById("admin-says");
  const words = (key) => place()?.dataset[key] ?? "";
  let wish = {};
  let turn = 0;

  function draw(more) {
    wish = { ...wish, ...more };
    window.dash_clientside.set_props("admin-again", { data: { ...wish, turn: (turn += 1) } });
  }

  function button(label, does) {
    const made = document.createElement("button");
    made.className = "button";
    made.textContent = label;
    made.addEventListener("click", () => does(made));
    return made;
  }

  function say(parts, bad = false) {
    const told = place();
    if (!told) return;
    told.classList.toggle("bad", bad);
    told.replaceChildren(...parts);
    if (parts.length) told.scrollIntoView({ block: "nearest" });
  }

  /** A link or key that is shown this once. */
  function once(secret, until) {
    const sentence = document.createElement("p");
    const time = until && new Date(until).toLocaleString(document.documentElement.lang, { timeZone: window.campus.facts.timezone });
    sentence.textContent = words("once") + (time ? ` (${words("until").replace("{time}", time)})` : "");
    const text = document.createElement("code");
    text.className = "link";
    text.tabIndex = 0;
    text.textContent = secret;
    const row = document.createElement("div");
    row.className = "row";
    const copy = button(words("copy"), async (made) => {
      await navigator.clipboard.writeText(secret);
      made.textContent = words("copied");
    });
    row.append(...(navigator.clipboard ? [copy] : []), button(words("close"), () => say([])));
    say([sentence, text, row]);
    text.focus();
  }

  function failed(why) {
    const sentence = document.createElement("p");
    sentence.textContent = words("failed").replace("{why}", why);
    say([sentence], true);
  }

  async function ask(method, path, body, undo = () => {}) {
    try {
      const reply = await fetch(`/api/v1/${path}`, {
        method, headers: { "Content-Type": "application/json" }, body: body && JSON.stringify(body),
      });
      const told = reply.status === 204 ? {} : await reply.json();
      if (!reply.ok) {
        undo();
        return failed(told.detail ?? String(reply.status));
      }
      if (told.link || told.key) once(told.link ?? told.key, told.until);
      else say([]);
      draw({ before: null });
    } catch (error) {
      failed(error.message);
    }
  }

  async function add(path, body, field) {
    await ask("POST", path, body);
    const typed = document.getElementById(field);
    // Dash keeps the value itself: it is told, not overwritten.
    if (typed && !place()?.classList.contains("bad")) window.dash_clientside.set_props(field, { value: "" });
  }

  /** What cannot be taken back is pressed twice. */
  function sure(pressed) {
    if (pressed.dataset.armed) return true;
    const label = pressed.textContent;
    pressed.dataset.armed = "1";
    pressed.textContent = words("sure");
    setTimeout(() => {
      delete pressed.dataset.armed;
      pressed.textContent = label;
    }, ARMED_MS);
    return false;
  }

  const DOES = {
    "add-users": () => add("users", { name: value("admin-users-name"), role: value("admin-users-role") }, "admin-users-name"),
    "add-displays": () => add("kiosks", { name: value("admin-displays-name"), wall: value("admin-displays-wall") }, "admin-displays-name"),
    "add-keys": () => add("keys", { name: value("admin-keys-name"), role: value("admin-keys-role") }, "admin-keys-name"),
    reset: (_, of) => ask("POST", `${of}/reset`),
    enable: (_, of) => ask("PATCH", of, { disabled: false }),
    disable: (pressed, of) => sure(pressed) && ask("PATCH", of, { disabled: true }),
    delete: (pressed, of) => sure(pressed) && ask("DELETE", of),
    revoke: (pressed, of) => sure(pressed) && ask("DELETE", of),
    older: (_, of) => draw({ before: Number(of) }),
    newest: () => draw({ before: null }),
    filter: () => {
      const [who, action] = [value("admin-audit-who"), value("admin-audit-action")];
      document.getElementById("admin-csv").href = `/api/v1/audit?${new URLSearchParams({ format: "csv", who, action })}`;
      draw({ who, action, before: null });
    },
  };

  document.addEventListener("click", (event) => {
    const pressed = event.target.closest("[data-admin]");
    if (pressed) DOES[pressed.dataset.admin]?.(pressed, pressed.dataset.of);
  });
  document.addEventListener("change", (event) => {
    const select = event.target.closest("[data-admin-role]");
    if (select) ask("PATCH", `users/${select.dataset.adminRole}`, { role: select.value }, () => (select.value = select.dataset.value));
  });

  // Dash's list of choices has no value of its own: what stands in the row is chosen once it is drawn.
  new MutationObserver(() => {
    if (!document.getElementById("admin-users")) return;
    for (const select of document.querySelectorAll("[data-admin-role]")) {
      if (select.shown !== select.dataset.value) select.value = select.shown = select.dataset.value;
    }
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
