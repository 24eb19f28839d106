// The clientside callbacks that Dash calls by name (no script stands inline in the page).
window.dash_clientside = Object.assign({}, window.dash_clientside, {
  campus: {
    /** Where we are, in which language and theme: the router's input. */
    route(pathname) {
      return {
        path: decodeURIComponent(pathname ?? "/"),
        search: location.search,
        lang: document.documentElement.lang.startsWith("zh") ? "zh" : "en",
        theme: document.documentElement.dataset.theme,
      };
    },

    /** A page has been drawn: its state comes from the address. */
    shown() {
      if (!document.querySelector("[data-page]")) return [window.dash_clientside.no_update, window.dash_clientside.no_update];
      document.dispatchEvent(new CustomEvent("campus:page"));
      // a wall and a tour show what their files say; their address holds no view
      if (document.querySelector('[data-page="wall"], [data-page="tour"]')) return [window.dash_clientside.no_update, window.dash_clientside.no_update];
      return window.campus.view.start();
    },

    /** The rows of a table have come, together with its head. */
    rows(data) {
      requestAnimationFrame(() => window.campus.drawRows(data ?? []));
      return window.dash_clientside.no_update;
    },

    /** Texts of the panel as they are now; written in place, so that nothing folds or loses the focus. */
    fresh(told) {
      if (told) window.campus.fresh(told);
      return window.dash_clientside.no_update;
    },

    /** A hand drew a stretch of the trends' time axis. */
    trendsZoom(moved) {
      window.campus.trends?.zoomed(moved);
      return window.dash_clientside.no_update;
    },

    /** A hand chose an instant in the trends' chart. */
    trendsClick(clicked) {
      window.campus.trends?.clicked(clicked);
      return window.dash_clientside.no_update;
    },

    /** The view changed something itself. */
    fromTwin(selection, storey, mode, camera, explode, xray, section, measure) {
      const now = { selection, storey, mode, camera, explode, xray, section, measure };
      const names = { selection: "sel", storey: "storey", mode: "mode", camera: "cam" };
      const patch = {};
      for (const { prop_id: prop } of window.dash_clientside.callback_context.triggered) {
        const name = prop.split(".")[1];
        if (name in names) patch[names[name]] = now[name] ?? "";
        else if (name === "explode") patch.x = String(now.explode ?? 0);
        else if (name === "xray" || name === "measure") patch[name] = now[name] ? "1" : "0";
        else if (name === "section") patch.section = section ?? null;
      }
      if (Object.keys(patch).length && !document.querySelector('[data-page="wall"], [data-page="tour"]')) window.campus.view.fromTwin(patch);
      return window.dash_clientside.no_update;
    },
  },
});
