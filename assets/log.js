// The log of the shift: write, pin, take away, look for words; and the sheet on paper.
(function () {
  "use strict";
  const ARMED_MS = 4000;
  const el = (id) => document.getElementById(id);
  const value = (id) => el(id)?.value.trim() ?? "";
  const help = () => window.campus.incidents;

  async function keep(button) {
    const field = el("log-text");
    if (!field.value.trim()) return field.focus();
    const { send, json, clear } = help();
    const pinned = el("log-pinned").getAttribute("aria-pressed") === "true";
    const tags = value("log-tags").split(/[,，;；\s]+/).map((tag) => tag.replace(/^#/, "")).filter(Boolean);
    const told = await send("log", json({ text: field.value, place: el("log-place").value, tags, pinned }), button);
    if (!told) return;
    field.value = "";
    clear("log-tags");
    el("log-pinned").setAttribute("aria-pressed", "false");
    field.focus();
  }

  /** What cannot be taken back is pressed twice. */
  function sure(button) {
    if (button.dataset.armed) return true;
    const label = button.textContent;
    button.dataset.armed = "1";
    button.textContent = help().words("sure");
    setTimeout(() => {
      delete button.dataset.armed;
      button.textContent = label;
    }, ARMED_MS);
    return false;
  }

  /** Fetch the sheet; what is wrong with it is said on the page instead of in a broken download. */
  async function pdf(link) {
    const { says, words } = help();
    says(words("sending", { name: "PDF" }));
    link.setAttribute("aria-busy", "true");
    try {
      const reply = await fetch(link.href);
      if (!reply.ok) return says(words("failed", { why: (await reply.json()).detail ?? reply.status }), true);
      const url = URL.createObjectURL(await reply.blob());
      const anchor = document.createElement("a");
      anchor.href = url;
      anchor.download = /filename="([^"]+)"/.exec(reply.headers.get("Content-Disposition") ?? "")?.[1] ?? "handover.pdf";
      anchor.click();
      setTimeout(() => URL.revokeObjectURL(url), 60000);
      says(anchor.download);
    } catch {
      says(words("gone"), true);
    } finally {
      link.removeAttribute("aria-busy");
    }
    return undefined;
  }

  const DOES = {
    keep,
    press: (button) => button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true")),
    pin: (button) => help().send(`log/${button.dataset.of}/pin`, help().json({ pinned: button.getAttribute("aria-pressed") !== "true" }), button),
    remove: (button) => sure(button) && help().send(`log/${button.dataset.of}`, { method: "DELETE", headers: { "X-Campus-Token": window.campus.facts.token ?? "" } }, button),
    pdf,
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-log-do]");
    if (!button) return;
    if (button.dataset.logDo === "pdf") {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
    }
    DOES[button.dataset.logDo]?.(button);
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.id === "log-query" && event.key === "Enter") {
      const words = event.target.value.trim();
      location.assign(words ? `/log?${new URLSearchParams({ q: words })}` : "/log");
    } else if (event.target.id === "log-text" && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      keep(document.querySelector('[data-log-do="keep"]'));
    }
  });
})();
