// The reports: what is chosen stands in the address; the paper is as high as it is; a file that cannot be made says why.
(function () {
  "use strict";
  const campus = window.campus;
  const DAY_MS = 86400000;
  /** A history that is being opened is asked again after so long. */
  const AGAIN_MS = 3000;
  let wish = null;
  let printing = null;
  let again = 0;

  const page = () => document.querySelector('[data-page="reports"]');

  function field() {
    const place = document.getElementById("reports-date");
    if (!place) return null;
    let input = place.querySelector("input");
    if (!input) {
      input = document.createElement("input");
      input.type = "date";
      input.required = true;
      input.max = place.dataset.max;
      input.value = place.dataset.value;
      input.setAttribute("aria-label", place.dataset.label);
      place.append(input);
    }
    return input;
  }

  function read() {
    const query = new URLSearchParams(location.search);
    const told = { kind: query.get("kind") ?? "day", of: query.get("of") ?? "", date: query.get("date") ?? "" };
    return told.date ? told : { ...told, date: document.getElementById("reports-date").dataset.value };
  }

  /** Show a choice: in the fields, and as a report. */
  function show() {
    for (const button of document.querySelectorAll("[data-reports-kind]")) {
      button.setAttribute("aria-pressed", String(button.dataset.reportsKind === wish.kind));
    }
    document.getElementById("reports-of").value = wish.of;
    const input = field();
    if (/^\d{4}-\d\d-\d\d$/.test(wish.date)) input.value = wish.date;
    const next = document.querySelector('[data-reports-step="1"]');
    next.disabled = begin(wish.kind, moved(1)) > document.getElementById("reports-date").dataset.max;
    says("");
    window.dash_clientside.set_props("reports-wish", { data: { ...wish } });
  }

  function choose(patch) {
    wish = { ...wish, ...patch };
    const query = new URLSearchParams(location.search);
    for (const [key, value] of Object.entries(wish)) {
      if (value) query.set(key, value);
      else query.delete(key);
    }
    history.pushState(null, "", `${location.pathname}?${query.toString().replaceAll("%2F", "/")}`);
    show();
  }

  const days = (text) => Date.parse(`${text}T00:00:00Z`) / DAY_MS;
  const date = (number) => new Date(number * DAY_MS).toISOString().slice(0, 10);

  /** The first day of the period that a day lies in. */
  function begin(kind, day) {
    if (kind === "month") return `${day.slice(0, 7)}-01`;
    return kind === "week" ? date(days(day) - ((days(day) + 3) % 7)) : day;
  }

  function moved(step) {
    if (!/^\d{4}-\d\d-\d\d$/.test(wish.date)) return wish.date;
    if (wish.kind === "month") {
      const [year, month] = wish.date.split("-").map(Number);
      return new Date(Date.UTC(year, month - 1 + step, 1)).toISOString().slice(0, 10);
    }
    return date(days(wish.date) + step * (wish.kind === "week" ? 7 : 1));
  }

  function says(text, bad = false) {
    const place = document.getElementById("reports-says");
    place.textContent = text;
    place.classList.toggle("bad", bad);
  }

  /** Fetch a file; what is wrong with it is said on the page instead of in a broken download. */
  async function take(link) {
    printing?.abort();
    const mine = (printing = new AbortController());
    says(campus.text("reports.making"));
    link.setAttribute("aria-busy", "true");
    try {
      const reply = await fetch(link.href, { signal: mine.signal });
      if (!reply.ok) return says((await reply.json()).detail ?? String(reply.status), true);
      const name = /filename="([^"]+)"/.exec(reply.headers.get("Content-Disposition") ?? "")?.[1];
      const url = URL.createObjectURL(await reply.blob());
      const anchor = document.createElement("a");
      anchor.href = url;
      anchor.download = name ?? `report.${link.dataset.reportsForm}`;
      anchor.click();
      setTimeout(() => URL.revokeObjectURL(url), 60000);
      says(campus.text("reports.made", { name: anchor.download }));
    } catch (error) {
      if (error.name !== "AbortError") says(campus.text("feeds.gone"), true);
    } finally {
      link.removeAttribute("aria-busy");
    }
    return undefined;
  }

  /** The frame is as high as the paper in it, so that the page scrolls and not the frame. */
  function fit(frame) {
    const paper = frame.contentDocument?.documentElement;
    // on a larger screen everything grows, the letters on the paper with it
    const size = parseFloat(getComputedStyle(document.documentElement).fontSize);
    if (paper) paper.style.fontSize = size > 16 ? `${(17.5 / 16) * size}px` : "";
    if (paper) frame.style.height = `${Math.ceil(paper.getBoundingClientRect().height)}px`;
  }

  function watch() {
    const place = document.getElementById("reports-paper");
    new MutationObserver(() => {
      clearTimeout(again);
      if (place.querySelector("[data-reports-later]")) again = setTimeout(show, AGAIN_MS);
      const frame = place.querySelector("iframe");
      if (!frame || frame.dataset.watched === frame.dataset.report) return;
      frame.dataset.watched = frame.dataset.report;
      const ready = () => {
        fit(frame);
        frame.contentDocument.fonts?.ready.then(() => fit(frame));
        campus.announce(frame.title);
        page().dataset.report = frame.dataset.report;
      };
      frame.addEventListener("load", ready);
      if (frame.contentDocument?.readyState === "complete") ready();
    }).observe(place, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-report"] });
  }

  document.addEventListener("campus:page", () => {
    if (!page()) return;
    wish = read();
    watch();
    show();
  });
  window.addEventListener("popstate", () => {
    if (!page()) return;
    wish = read();
    show();
  });
  window.addEventListener("resize", () => {
    const frame = document.querySelector("#reports-paper iframe");
    if (frame) fit(frame);
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "reports-of") choose({ of: event.target.value });
    else if (event.target.closest("#reports-date") && event.target.value) choose({ date: event.target.value });
  });
  document.addEventListener("click", (event) => {
    const { reportsKind: kind, reportsStep: step, reportsForm: form } =
      event.target.closest("[data-reports-kind],[data-reports-step],[data-reports-form]")?.dataset ?? {};
    if (kind) choose({ kind });
    else if (step) choose({ date: moved(Number(step)) });
    else if (form && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      take(event.target.closest("a"));
    }
  });
})();
