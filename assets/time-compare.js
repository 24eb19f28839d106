// Two moments: which one the view is compared with and how, and the legend of what differs.
(function () {
  "use strict";
  const campus = window.campus;
  const { local } = campus.timeAxis;
  const WEEK_DAYS = 7;
  /** While it is kept, the other moment goes along with the cursor: the same hour a week before. */
  let week = false;

  /** The instant to compare `at` [ms] with, when the cursor moves: null leaves it as it is. */
  function along(at) {
    return week ? local.shiftDays(at, -WEEK_DAYS) : null;
  }

  const iso = (at) => new Date(at).toISOString();

  function choose(what, at, now) {
    const { vs, cmp, at: shown } = campus.view.get();
    if (what === "off") {
      week = false;
      return { vs: "", cmp: "" };
    }
    if (what === "week") {
      week = true;
      return { vs: iso(local.shiftDays(at ?? now, -WEEK_DAYS)), cmp: cmp || "swipe" };
    }
    if (what === "pin") {
      week = false;
      return { vs: iso(at ?? now), cmp: cmp || "swipe" };
    }
    // a difference is one of two instants: now is held fast
    const fixed = what === "diff" && shown === "live" ? { at: iso(now) } : {};
    return { ...fixed, cmp: what, vs: vs || iso(local.shiftDays(at ?? now, -WEEK_DAYS)) };
  }

  function write(element, text) {
    if (element && element.textContent !== text) element.textContent = text;
  }

  /** The scale of the difference, with both instants; hidden while nothing is compared. */
  function legend(drawn) {
    const box = document.getElementById("difference");
    if (!box) return;
    const { vs, cmp, ch, lens } = campus.view.get();
    const scale = campus.facts.legends?.[ch];
    const on = cmp === "diff" && vs !== "" && scale?.difference && lens !== "trust" && drawn !== null;
    box.hidden = !on;
    document.querySelector(".stage")?.toggleAttribute("data-difference", Boolean(on));
    if (!on) return;
    write(box.querySelector("[data-part=name]"), scale[campus.facts.lang === "zh" ? "zh" : "en"]);
    write(box.querySelector("[data-part=unit]"), scale.difference.unit);
    write(box.querySelector("[data-part=what]"), campus.text("time.minus", { at: local.full(drawn), vs: local.full(Date.parse(vs)) }));
    box.querySelectorAll(".ticks span").forEach((tick, i) => {
      const value = scale.difference.breaks[i];
      write(tick, `${value > 0 ? "+" : "\u2212"}${Math.abs(value)}`);
    });
  }

  function reflect(drawn) {
    const { vs, cmp } = campus.view.get();
    if (!vs) week = false;
    for (const button of document.querySelectorAll("[data-compare]")) {
      const { compare } = button.dataset;
      const pressed = compare === "week" ? week : compare === "off" ? !cmp : compare === cmp && vs !== "";
      button.setAttribute("aria-pressed", String(pressed));
    }
    // a number that is a difference says so wherever it stands
    document.documentElement.toggleAttribute("data-difference", vs !== "" && cmp === "diff");
    const note = document.getElementById("time-versus");
    write(note, vs && cmp ? campus.text("time.versus", { vs: local.full(Date.parse(vs)) }) : "");
    legend(drawn);
  }

  campus.timeCompare = { along, choose, reflect };
})();
