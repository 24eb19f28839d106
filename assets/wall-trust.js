// Under the trust lens a wall counts buildings by how good what is known of them is; the large figure is the share that is good.
(function () {
  "use strict";
  const { wall } = window.campus;
  const [QUALITY, NONE, STALE, SIMULATED] = [0x03, 3, 0x04, 0x08];
  let seq = "";
  let moved = performance.now();

  /** The class of a value by its flags on the wire (twin/frame.py), as the view paints it. */
  function kindOf(flags) {
    const quality = flags & QUALITY;
    if (quality === NONE) return "none";
    if (flags & STALE || quality === 2) return "stale";
    if (flags & SIMULATED) return "simulated";
    return quality === 1 ? "late" : "fresh";
  }

  /** How many buildings there are of each class; null before the model is there. */
  function counts() {
    const view = window.campusTwin?.views.at(-1);
    if (!view?.scene || !wall.model) return null;
    const { state, index } = view.scene;
    const found = { fresh: 0, late: 0, stale: 0, simulated: 0, none: 0 };
    for (const { id } of wall.model.index.buildings) {
      const slot = index.slot(id);
      if (slot >= 0) found[kindOf(state.wireFlags[slot])] += 1;
    }
    return found;
  }

  /** The share of buildings with good values, in the form of the other figures; late once the stream stands still. */
  function figure() {
    const found = counts();
    const now = document.getElementById("twin")?.dataset.seq ?? "";
    if (now !== seq) [seq, moved] = [now, performance.now()];
    const silent = performance.now() - moved;
    if (!found || !seq) return { row: null, state: "loading", since: null, age: null };
    const of = Object.values(found).reduce((a, b) => a + b, 0);
    const have = found.fresh + found.simulated;
    const names = Object.fromEntries(["zh", "en"].map((lang) => [lang, wall.texts[lang]["wall.trust.good"]]));
    const covers = Object.fromEntries(["zh", "en"].map((lang) => [lang, wall.texts[lang]["wall.trust.buildings"]]));
    const share = of ? (100 * have) / of : null;
    const row = { value: share, unit: "%", decimals: have === of ? 0 : 1, names, have, of, covers, reason: names, key: "", origin: found.simulated ? "simulated" : "" };
    return { row, state: document.getElementById("twin").dataset.state === "stale" ? "late" : "ready", since: wall.now() - silent, age: silent / 1000 };
  }

  function fill() {
    const found = counts();
    for (const place of document.querySelectorAll("[data-trust]")) wall.write(place, found ? wall.grouped(found[place.dataset.trust], 0) : "\u2013");
  }

  wall.trust = { kinds: ["fresh", "late", "stale", "simulated", "none"], kindOf, figure, fill };
})();
