// The section: where its plane may stand, where it stands when it is first cut, and the control that shows it [m].
// Heights count from the ground; the other two ways from the western or southern edge of what is in hand.
(function () {
  "use strict";
  const campus = window.campus;
  /** A plan is cut so far above the floor, by the custom of architects [m]. */
  const OVER_FLOOR = 1.2;
  /** Bearing of the view before the camera has been told [deg]. */
  const FIRST_BEARING = 18;

  /** [lowest, highest, zero of the scale] of the plane [m]. */
  function extent(state, model) {
    const [low, high] = model.extent(state.cut, state.storey || state.sel);
    return [low, high, state.cut === "z" ? model.index.ground.z : low];
  }

  function middleFloor(state, model) {
    const { elevation, building } = model.index.storeys;
    const own = model.path(state.storey || state.sel).find((id) => model.kind(id) === "storey");
    if (state.storey && own) return elevation[model.storeyRow.get(own)];
    const house = model.path(state.sel).find((id) => model.kind(id) === "building");
    if (!house) return model.index.ground.z;
    const floors = elevation.filter((_, row) => model.index.buildings[building[row]].id === house).sort((a, b) => a - b);
    return floors[Math.floor(floors.length / 2)] ?? model.index.ground.z;
  }

  /** A plane through the middle of what is in hand that takes away the side from which one looks. */
  function fresh(cut, state, model) {
    if (!cut) return { cut };
    const [low, high] = model.extent(cut, state.storey || state.sel);
    const at = cut === "z" ? middleFloor(state, model) + OVER_FLOOR : (low + high) / 2;
    const bearing = ((state.cam ? Number(state.cam.split(",")[0]) : FIRST_BEARING) * Math.PI) / 180;
    const away = { x: Math.sin(bearing), y: Math.cos(bearing), z: -1 }[cut];
    return { cut, cutat: at.toFixed(1), cutflip: away > 0 ? "1" : "0" };
  }

  function property(state) {
    const at = Number(state.cutat);
    return state.cut && state.cutat !== "" && Number.isFinite(at) ? { axis: state.cut, at, flip: state.cutflip === "1" } : null;
  }

  const metres = (value) => `${value.toFixed(1).replace("-", "−")} m`;

  /** Slider, number and scale show the state; they are of use while there is a section. */
  function reflect(state, model) {
    const slider = document.getElementById("section-at");
    const number = document.getElementById("section-metres");
    const scale = document.getElementById("section-scale");
    if (!slider || !number || !scale) return;
    const on = Boolean(state.cut && model);
    slider.closest("[data-flyout]").toggleAttribute("data-off", !on);
    for (const control of [slider, number]) control.disabled = !on;
    if (!on) return;
    const [low, high, zero] = extent(state, model);
    const at = Number(state.cutat);
    for (const control of [slider, number]) {
      control.min = (low - zero).toFixed(1);
      control.max = (high - zero).toFixed(1);
      control.step = "0.1";
    }
    slider.value = String(at - zero);
    slider.setAttribute("aria-valuetext", metres(at - zero));
    if (document.activeElement !== number) number.value = (at - zero).toFixed(1);
    scale.dataset.axis = state.cut;
    scale.firstElementChild.textContent = metres(low - zero);
    scale.lastElementChild.textContent = metres(high - zero);
  }

  /** What the control says [m along its scale], as the state has it. */
  function read(value, state, model) {
    const metresAlong = Number.parseFloat(value);
    if (!state.cut || !model || !Number.isFinite(metresAlong)) return {};
    return { cutat: String(Math.round((metresAlong + extent(state, model)[2]) * 100) / 100) };
  }

  campus.section = { fresh, property, reflect, read };
})();
