// Our own small accessibility check, run in the page: every control has a name and a target of 24 px at least (44 px for
// buttons of ours), text stands out from what is behind it (WCAG 2.2 AA), headings do not skip a level, ids are unique.
(() => {
  const found = [];
  const shown = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const label = (e) => `${e.tagName.toLowerCase()}${e.id ? `#${e.id}` : ""}.${String(e.className?.baseVal ?? e.className).replace(/ /g, ".")}`;
  const nameOf = (e) =>
    (e.getAttribute("aria-label") || e.getAttribute("title") || e.textContent || "").trim() ||
    (e.id && document.querySelector(`label[for="${e.id}"]`)?.textContent.trim()) || e.getAttribute("placeholder") || "";

  const parse = (text) => {
    const mixed = text.match(/color\(srgb ([\d.]+) ([\d.]+) ([\d.]+)(?: \/ ([\d.]+))?\)/);
    if (mixed) return [mixed[1] * 255, mixed[2] * 255, mixed[3] * 255, Number(mixed[4] ?? 1)];
    const [r, g, b, a = 1] = (text.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
    return [r, g, b, a];
  };
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (e) => {
    for (let at = e; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3] > 0.99) return colour;
    }
    return [255, 255, 255, 1];
  };

  for (const e of document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0'], [role=treeitem]")) {
    if (!shown(e) || e.closest("#twin")) continue;
    if (!nameOf(e)) found.push(`no name: ${label(e)}`);
    const { width, height } = e.getBoundingClientRect();
    const inline = e.tagName === "A" && getComputedStyle(e).display === "inline";
    if (!inline && (height < 24 || width < 24)) found.push(`target ${Math.round(width)} x ${Math.round(height)}: ${label(e)}`);
    if (e.classList.contains("tool") && Math.min(width, height) < 44) found.push(`tool under 44 px: ${label(e)}`);
  }

  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  while (words.nextNode()) {
    const e = words.currentNode.parentElement;
    if (!words.currentNode.data.trim() || seen.has(e) || !shown(e) || e.closest("script, noscript, .sr-only, .skip, #twin, .legend")) continue;
    seen.add(e);
    const style = getComputedStyle(e);
    const [light, dark] = [luminance(parse(style.color)), luminance(ground(e))].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) found.push(`contrast ${ratio.toFixed(2)}: ${label(e)} "${words.currentNode.data.trim().slice(0, 20)}"`);
    if (parseFloat(style.fontSize) < 12) found.push(`text of ${style.fontSize}: ${label(e)}`);
  }

  const levels = [...document.querySelectorAll("h1, h2, h3, h4")].filter(shown).map((h) => Number(h.tagName[1]));
  if (levels[0] !== 1 && !levels.includes(1)) found.push("no first heading");
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  for (const id of new Set(ids.filter((id, place) => ids.indexOf(id) !== place))) found.push(`id twice: ${id}`);
  if (!document.documentElement.lang) found.push("no language");
  return found;
})()
