// The strip of the time bar: a true axis drawn as SVG. Where nothing was heard it is hatched, before the oldest instant and
// after now it is empty; what happened, bookmarks and the moments shown stand on it.
(function () {
  "use strict";
  const campus = window.campus;
  const { local, gaps, duration } = campus.timeAxis;
  const lang = campus.facts.lang === "zh" ? "zh" : "en";
  const NS = "http://www.w3.org/2000/svg";
  /** Rows of the strip [px at 16 px type]: words over it, the strip, the ticks under it. */
  const TOP = 24;
  const HIGH = 24;
  const UNDER = 26;
  const HEIGHT = TOP + HIGH + UNDER;
  const SHAPES = { source: "M0-6 6 5H-6Z", finding: "M-5-5H5V5H-5Z", configuration: "M0-6 6 0 0 6-6 0Z", note: "M-5-6H5V3L0 7-5 3Z" };
  const OTHER = "M-5 0A5 5 0 1 0 5 0 5 5 0 1 0-5 0Z";

  function make(name, attributes, ...children) {
    const element = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
    element.append(...children);
    return element;
  }

  const rem = () => Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;

  /** Words in a row, none on another: answers whether these have room, and takes it. */
  function row() {
    const taken = [];
    return (x, text, size) => {
      const half = (text.length * size * (lang === "zh" ? 0.85 : 0.56)) / 2 + 6;
      if (taken.some(([a, b]) => x + half > a && x - half < b)) return false;
      taken.push([x - half, x + half]);
      return true;
    };
  }

  function pattern() {
    const line = make("path", { d: "M-2 8 8-2M4 14 14 4", class: "strip-hatch-line" });
    return make("defs", {}, make("pattern", { id: "strip-hatch", width: 10, height: 10, patternUnits: "userSpaceOnUse" }, line));
  }

  function drawTicks(box, view, x, k) {
    const free = row();
    for (const tick of local.ticks(view.start, view.end, view.width / k)) {
      const at = x(tick.at);
      box.append(make("path", { d: `M${at} ${(TOP + HIGH) * k}v${(tick.day ? 8 : 5) * k}`, class: "strip-tick" }));
      const inside = at > 14 * k && at < view.width - 14 * k;
      if (inside && free(at, tick.label, 12 * k)) {
        box.append(make("text", { x: at, y: (HEIGHT - 4) * k, class: tick.day ? "strip-day" : "strip-hour" }, tick.label));
      }
    }
  }

  /** What was heard, by step; where nothing was, a hatched gap with how long it lasted. */
  function drawCoverage(box, view, data, x, k, free) {
    const until = Math.min(data.now, data.end);
    const known = (from, to) => [Math.max(from, data.oldest, view.start), Math.min(to, until, view.end)];
    data.shares.forEach((share, i) => {
      const [from, to] = known(data.start + i * data.step, data.start + (i + 1) * data.step);
      if (to <= from || share < 0.005) return;
      const high = Math.max(0.12, share) * HIGH * k;
      box.append(make("rect", { x: x(from), y: (TOP + HIGH) * k - high, width: x(to) - x(from) + 0.4, height: high, class: "strip-heard" }));
    });
    for (const [start, end] of gaps(data.shares, data.start, data.step)) {
      const [from, to] = known(start, end);
      if (to <= from) continue;
      const wide = x(to) - x(from);
      box.append(make("rect", { x: x(from), y: TOP * k, width: Math.max(2, wide), height: HIGH * k, class: "strip-gap" }));
      // with an event that says the same the words stand once
      const told = data.events.some((event) => event.kind === "source" && Math.abs(event.time - start) < 2 * data.step);
      const text = campus.text("time.gap", { n: duration(end - start, lang) });
      const middle = (x(from) + x(to)) / 2;
      if (!told && wide > 3 && free(middle, text, 12 * k)) box.append(make("text", { x: middle, y: (TOP - 8) * k, class: "strip-word" }, text));
    }
  }

  function drawEvents(box, view, data, x, k, free) {
    for (const event of data.events) {
      if (event.time < view.start || event.time > view.end) continue;
      const at = x(event.time);
      const lasted = event.until === null ? "" : ` \u00b7 ${duration(event.until - event.time, lang)}`;
      const text = `${event.text[lang]}${lasted}`;
      const shape = make("path", { d: SHAPES[event.kind] ?? OTHER, transform: `translate(${at} ${(TOP - 3) * k}) scale(${0.8 * k})` });
      const mark = make("g", { class: "strip-event", "data-at": event.time }, make("title", {}, `${local.clock(event.time)} ${text}`), shape);
      if (free(at, text, 12 * k)) mark.append(make("text", { x: at, y: (TOP - 12) * k, class: "strip-word" }, text));
      box.append(mark);
    }
  }

  function drawEdges(box, view, data, x, k, free) {
    const now = x(data.now);
    if (now < view.width) {
      box.append(make("path", { d: `M${now} ${TOP * k}V${(TOP + HIGH) * k}`, class: "strip-now" }));
      const text = campus.text("time.future");
      const middle = (now + view.width) / 2;
      if (view.width - now > 90 * k && free(middle, text, 12 * k)) box.append(make("text", { x: middle, y: (TOP + HIGH / 2 + 5) * k, class: "strip-word" }, text));
    }
    const oldest = data.oldest === null ? now : x(data.oldest);
    if (oldest > 90 * k) {
      box.append(make("text", { x: oldest / 2, y: (TOP + HIGH / 2 + 5) * k, class: "strip-word" }, campus.text("time.not-kept")));
    }
  }

  /** Draws a window `{start, end}` into an SVG element; answers its scale. */
  function draw(svg, view) {
    const k = rem();
    const width = svg.clientWidth;
    const shown = { ...view, width };
    const x = (at) => ((at - view.start) / (view.end - view.start)) * width;
    const back = make("g", {});
    const data = campus.timeData.get();
    const free = row();
    back.append(make("path", { d: `M0 ${(TOP + HIGH) * k}H${width}`, class: "strip-base" }));
    if (data?.kept && data.oldest !== null) drawCoverage(back, shown, data, x, k, free);
    if (data?.kept) drawEdges(back, shown, data, x, k, free);
    if (data) drawEvents(back, shown, data, x, k, free);
    drawTicks(back, shown, x, k);
    for (const { at } of campus.timeKeep.all()) {
      if (at >= view.start && at <= view.end) back.append(make("path", { d: `M${x(at)} ${(TOP + HIGH) * k}v${-12 * k}l${6 * k} ${4 * k}l${-6 * k} ${4 * k}`, class: "strip-kept" }));
    }
    svg.setAttribute("viewBox", `0 0 ${Math.max(1, width)} ${HEIGHT * k}`);
    svg.style.height = `${HEIGHT * k}px`;
    svg.replaceChildren(pattern(), back);
  }

  campus.timeStrip = { draw };
})();
