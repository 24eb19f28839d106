// The failure that the address names (impact=<node>): the legend's words and counts, and the mark where it fails. The view
// itself fetches what to shade.
(function () {
  "use strict";
  const campus = window.campus;
  let shown = "";
  let asking = null;

  const part = (name) => document.querySelector(`[data-legend="impact"] [data-impact="${name}"]`);

  function write(name, words) {
    const element = part(name);
    if (element && element.textContent !== words) element.textContent = words;
  }

  function spaces(n) {
    if (n === 1) return campus.text("impact.one-space");
    return n ? campus.text("impact.spaces", { n: n.toLocaleString("en-US").replaceAll(",", "\u202f") }) : "";
  }

  function nameOf(node) {
    const { names, id } = node;
    return names[campus.facts.lang] || names[""] || names.en || names.zh || Object.values(names)[0] || id;
  }

  function clear(title) {
    write("title", title);
    for (const name of ["lost", "weakened", "cause", "note"]) write(name, "");
    campus.setProps("twin", { markers: [] });
  }

  function tell(answer, past, model) {
    const { node } = answer;
    const known = model && model.kind(node.id) !== "other";
    const name = known ? model.label(node.id) : nameOf(node);
    write("title", campus.text("impact.title", { name }));
    write("lost", spaces(answer.lost_spaces));
    write("weakened", spaces(answer.weakened_spaces));
    write("cause", node.place && node.place !== node.id ? (model ? model.label(node.place) : node.place) : "");
    const nothing = !answer.lost_spaces && !answer.weakened_spaces;
    write("note", nothing ? campus.text("impact.none") : past ? campus.text("impact.today") : "");
    const markers = node.place ? [{ id: "impact", entity: node.place, position: null, kind: "cause", label: name }] : [];
    campus.setProps("twin", { markers });
    // what only the topology has is nowhere in the tree: the camera goes to the building where it stands
    const view = campus.view.get();
    const building = model?.path(node.place).find((id) => model.kind(id) === "building");
    if (building && !view.cam && model.kind(view.sel) === "other") campus.view.set({}, { fly: building });
    campus.announce(`${campus.text("impact.title", { name })}: ${spaces(answer.lost_spaces) || campus.text("impact.none")}`);
  }

  async function ask(node, at) {
    asking?.abort();
    asking = new AbortController();
    const { signal } = asking;
    const past = at !== "live";
    clear(campus.text("impact.loading"));
    try {
      const query = new URLSearchParams(past ? { node, at } : { node });
      const answer = await fetch(`/api/v1/impact?${query}`, { signal });
      if (answer.status === 404 && !past) return void (signal.aborted || clear(campus.text("impact.unknown", { node })));
      const body = await answer.json();
      if (!answer.ok) throw new Error(body.detail ?? String(answer.status));
      const model = await campus.model().then((loaded) => loaded.ready.then(() => loaded)).catch(() => null);
      if (!signal.aborted) tell(body, past, model);
    } catch (error) {
      if (!signal.aborted) clear(campus.text("impact.failed", { why: error.message }));
    }
  }

  document.addEventListener("campus:view", ({ detail }) => {
    if (!part("title")) return;
    const wanted = detail.impact ? `${detail.impact} ${detail.at}` : "";
    if (wanted === shown) return;
    shown = wanted;
    if (wanted) ask(detail.impact, detail.at);
    else {
      asking?.abort();
      clear("");
    }
  });

  // The panel is drawn after the state changed: its buttons show it then.
  const redrawn = new MutationObserver(() => {
    const now = campus.view.get().impact;
    for (const button of document.querySelectorAll('#details [data-set^="impact="]')) {
      const pressed = String(button.dataset.set === `impact=${now}`);
      if (button.getAttribute("aria-pressed") !== pressed) button.setAttribute("aria-pressed", pressed);
    }
  });

  // A page that was drawn anew has a legend that says nothing yet.
  document.addEventListener("campus:page", () => {
    shown = "";
    redrawn.disconnect();
    const panel = document.getElementById("details");
    if (panel) redrawn.observe(panel, { childList: true });
  });
})();
