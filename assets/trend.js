// The course of the chosen domain's first figure: a line of what the server remembers, asked for once a minute. What is not
// known is a gap. Times are those of the campus. Drawn by hand: a chart library would cost every page a second at its start.
(function () {
  "use strict";
  const campus = window.campus;
  const { local } = campus.timeAxis;
  const NS = "http://www.w3.org/2000/svg";
  const EVERY_MS = 60_000;
  /** While there is little to see: the server takes a value four times a minute. */
  const SOON_MS = 15_000;
  const FEW = 5;
  const HOUR_MS = 3_600_000;
  /** Room for numbers at the right and for times under the line [px at 16 px type]. */
  const RIGHT = 34;
  const UNDER = 15;
  const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
  const [whole, fine] = [0, 2].map((digits) => new Intl.NumberFormat("en", { maximumFractionDigits: digits }));
  let wanted = null;
  let last = null;
  let timer = 0;
  let asking = null;

  const rem = () => Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;

  function make(name, attributes, ...children) {
    const element = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
    element.append(...children);
    return element;
  }

  /** The end of a scale that begins at 0 and has room for `top`; its half is as short a number. */
  function scaleTo(top) {
    if (!(top > 0)) return 1;
    const power = 10 ** Math.floor(Math.log10(top));
    return power * [1, 2, 3, 4, 5, 6, 8, 10].find((n) => n * power >= top);
  }

  /** The line as a path, broken where nothing is known, and the places of values that stand alone. */
  function course(values, x, y) {
    let path = "";
    const alone = [];
    values.forEach((value, at) => {
      if (value === null) return;
      const before = at > 0 && values[at - 1] !== null;
      if (!before && (values[at + 1] ?? null) === null) alone.push(at);
      path += `${before ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    });
    return [path, alone];
  }

  /** What is drawn, in a box of `width` by `height` [px]. */
  function drawing({ begin, step_s: step, values, unit }, width, height) {
    const px = rem();
    const begun = Date.parse(begin);
    const end = begun + Math.max(0, values.length - 1) * step * 1000;
    const start = Math.min(begun, end - HOUR_MS);
    const known = values.filter((value) => value !== null);
    const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: "trend-drawing", "aria-hidden": "true" });
    if (known.length === 0) return svg;
    const [right, foot] = [width - RIGHT * px, height - UNDER * px];
    const [low, high] = [Math.min(0, ...known), scaleTo(Math.max(...known, 0))];
    const x = (at) => ((begun + at * step * 1000 - start) / (end - start)) * right;
    const y = (value) => foot - ((value - low) / (high - low)) * (foot - 5 * px);
    svg.append(make("path", { d: `M0 ${foot}H${right}`, class: "trend-axis" }));
    for (const value of [high, high / 2]) {
      svg.append(make("text", { x: right + 5 * px, y: y(value) + 3.5 * px, class: "trend-tick" }, compact.format(value).replace("K", "k")));
    }
    for (const { at, label } of local.ticks(start, end, right, 52 * px)) {
      const place = ((at - start) / (end - start)) * right;
      if (place > 12 * px && place < right - 12 * px) {
        svg.append(make("text", { x: place, y: height - 3 * px, class: "trend-tick", "text-anchor": "middle" }, label));
      }
    }
    const [path, alone] = course(values, x, y);
    svg.append(make("path", { d: path, class: "trend-line" }));
    for (const at of alone) svg.append(make("circle", { cx: x(at), cy: y(values[at]), r: 2 * px, class: "trend-dot" }));
    svg.append(pointed({ values, unit, begun, step }, { x, y, right, foot }, svg));
    return svg;
  }

  /** The value under the pointer: a dot on the line, and what it says in place of the name. */
  function pointed({ values, unit, begun, step }, { x, y, right, foot }, svg) {
    const dot = make("circle", { r: 3 * rem(), class: "trend-dot" });
    const mark = make("g", { visibility: "hidden" }, make("path", { class: "trend-axis" }), dot);
    const name = () => document.getElementById("trend-name");
    svg.addEventListener("pointermove", (event) => {
      const place = event.clientX - svg.getBoundingClientRect().left;
      const at = Math.round((place - x(0)) / Math.max(x(1) - x(0), 1e-9));
      const value = values[at] ?? null;
      mark.setAttribute("visibility", place <= right && value !== null ? "visible" : "hidden");
      if (place > right || value === null) return titled();
      mark.firstChild.setAttribute("d", `M${x(at)} 0V${foot}`);
      dot.setAttribute("cx", x(at));
      dot.setAttribute("cy", y(value));
      if (name()) name().textContent = `${local.clock(begun + at * step * 1000)}  ${(Math.abs(value) < 10 ? fine : whole).format(value)} ${unit}`;
    });
    svg.addEventListener("pointerleave", () => {
      mark.setAttribute("visibility", "hidden");
      titled();
    });
    return mark;
  }

  function titled() {
    const [domain] = last.kpi.split(".");
    const name = document.querySelector(`[data-kpis-of="${domain}"] [data-kpi="${last.kpi}"] .kpi-name`)?.textContent ?? "";
    const place = document.getElementById("trend-name");
    if (place) place.textContent = `${name} · ${campus.text("kpis.trend")}`;
  }

  function draw() {
    const place = document.getElementById("trend");
    if (!last || !place) return;
    titled();
    if (place.clientWidth > 0) place.replaceChildren(drawing(last, place.clientWidth, place.clientHeight));
  }

  /** Another size of the place; a narrow screen has none for it, and nothing is asked. */
  const sizes = new ResizeObserver(([{ target }]) => {
    if (target.clientWidth === 0) return;
    if (last === null) return void ask();
    const drawn = target.firstElementChild;
    if (Number(drawn?.getAttribute("width")) !== target.clientWidth || Number(drawn?.getAttribute("height")) !== target.clientHeight) draw();
  });
  let watched = null;

  function watch(place) {
    if (watched === place) return;
    watched = place;
    sizes.disconnect();
    sizes.observe(place);
  }

  async function ask() {
    clearTimeout(timer);
    const place = document.getElementById("trend");
    if (!wanted || !place || document.hidden) return;
    watch(place);
    if (place.offsetParent === null) {
      timer = setTimeout(ask, EVERY_MS);
      return;
    }
    asking?.abort();
    const mine = (asking = new AbortController());
    try {
      const reply = await fetch(`/api/v1/kpis/history?${new URLSearchParams(wanted)}`, { signal: mine.signal });
      if (reply.ok) last = await reply.json();
      if (asking === mine) draw();
    } catch {
      // the strip says that the server does not answer; the line stays as it was
    } finally {
      if (asking === mine) timer = setTimeout(ask, (last?.values.length ?? 0) < FEW ? SOON_MS : EVERY_MS);
    }
  }

  document.addEventListener("campus:kpis", ({ detail }) => {
    wanted = detail;
    ask();
  });
  document.addEventListener("visibilitychange", ask);
})();
