// The scenes of a wall: their order, and the fields of the one that is open, which the preview shows.
(function () {
  "use strict";
  const { campus } = window;
  const { make } = campus.wall;
  const edit = campus.wallEdit;
  let draft = null;

  const domainOf = (key) => edit.told.domains.find((row) => row.key === key) ?? edit.told.domains[0];
  const kpis = () => edit.told.domains.map(({ name, kpis: options }) => ({ name, options }));
  const nameOf = (key) => edit.told.domains.flatMap(({ kpis: rows }) => rows).find(([id]) => id === key)?.[1] ?? key;

  /** The scene that is open. */
  edit.scene = () => draft?.scenes.find(({ id }) => id === edit.openScene) ?? draft?.scenes[0] ?? null;

  edit.scenes = function (now) {
    draft = now;
    const section = edit.part(edit.say("edit.scenes"), "scenes", make("div", "edit-scene-list"), make("div", "edit-buttons"), make("div", "edit-scene"));
    section.id = "edit-scenes";
    return section;
  };

  edit.drawScenes = function () {
    const section = document.getElementById("edit-scenes");
    const open = edit.scene();
    const held = section.contains(document.activeElement) ? document.activeElement.closest(".edit-scene [data-key]")?.dataset.key : "";
    const rows = draft.scenes.map((each) => ({ name: edit.titleOf(each), key: `scenes.${each.id}`, current: each === open }));
    const list = edit.list(rows, {
      label: edit.say("edit.scenes"), draw: edit.drawScenes,
      move: (from, to) => (draft.scenes = edit.moved(draft.scenes, from, to)),
      drop: (at) => {
        edit.drop(draft, "scenes", at);
        edit.drawPlaylists();
      },
      open: (at) => show(draft.scenes[at].id, true),
    });
    section.querySelector(".edit-scene-list").replaceChildren(list);
    section.querySelector(".edit-buttons").replaceChildren(
      edit.button(edit.say("edit.add-scene"), () => add(fresh())),
      ...(open ? [edit.button(edit.say("edit.copy"), () => add(structuredClone(open.row)), { name: `${edit.say("edit.copy")}: ${edit.titleOf(open)}` })] : []),
    );
    section.querySelector(".edit-scene").replaceChildren(...(open ? fields(open) : []));
    // the field that the reader was in is another element now
    if (held) section.querySelector(`.edit-scene [data-key="${CSS.escape(held)}"] :is(input, select)`)?.focus();
    edit.marks?.();
    return list;
  };

  function show(id, focus = false) {
    edit.openScene = id;
    const list = edit.drawScenes();
    if (focus) list.querySelector('[aria-current="true"]')?.focus();
    edit.preview?.();
  }
  edit.showScene = show;

  function fresh() {
    const [first] = edit.told.domains;
    return { title: {}, domain: first.key, hero: first.kpis[0]?.[0] ?? "" };
  }

  function add(row) {
    const id = edit.free(draft.scenes, "scene");
    draft.scenes.push({ id, row });
    // a list of all scenes has it by itself, the lists that were written do not
    if (draft.playlists.length) draft.playlists[0].row.push(id);
    edit.drawPlaylists();
    show(id);
    edit.changed();
    document.querySelector(".edit-scene input")?.focus();
  }

  function fields(scene) {
    const { row, id } = scene;
    const above = `scenes.${id}`;
    const draw = () => edit.drawScenes();
    const count = make("p", "edit-count");
    count.setAttribute("role", "status");
    const wrong = make("p", "edit-wrong");
    wrong.hidden = true;
    const head = make("div", "edit-scene-head", make("h3", "", edit.titleOf(scene)), count, wrong);
    head.dataset.key = above;
    return [
      head, edit.idOf(draft, "scenes", scene, (next) => {
        edit.drawPlaylists();
        show(next);
      }),
      edit.line(...edit.names(row, ["title"], above)),
      ...block(row, [], above, draw),
      edit.line(channel(row, above), edit.choose(edit.say("edit.lens"), row, ["lens"], above, ["data", "trust"].map((each) => [each, edit.say(`edit.lens.${each}`)]), { usual: "data" })),
      camera(row, above, draw),
      edit.line(
        edit.text(edit.say("edit.labels"), row, ["labels"], above, { usual: "4", mode: "numeric" }),
        edit.text(edit.say("edit.worst"), row, ["worst"], above, { usual: "0", mode: "numeric" }),
        edit.text(edit.say("edit.dwell"), row, ["dwell"], above, { usual: "45s" }),
      ),
      panels(row, above),
      group(edit.say("edit.during"), `${above}.during`, edit.line(
        edit.text(edit.say("edit.days"), row, ["during", "days"], above, { usual: "mon-sun" }),
        edit.text(edit.say("edit.hours"), row, ["during", "hours"], above, { usual: "00:00-24:00" }),
      )),
      beside(row, above, draw),
    ];
  }

  function group(title, key, ...children) {
    const wrong = make("p", "edit-wrong");
    wrong.hidden = true;
    const element = make("fieldset", "edit-group", make("legend", "", title), wrong, ...children);
    element.dataset.key = key;
    return element;
  }

  /** Domain, large figure and further ones, of a scene or of its second column. */
  function block(row, path, above, draw) {
    const at = () => (path.length ? (row[path[0]] = edit.mapping(row[path[0]])) : row);
    const key = [above, ...path].join(".");
    const domains = edit.told.domains.map(({ key: id, name }) => [id, name]);
    const domain = edit.choose(edit.say("edit.domain"), at(), ["domain"], key, domains, {
      done: (chosen) => {
        const first = domainOf(chosen).kpis[0]?.[0];
        if (first && !edit.written(at().hero).startsWith(`${chosen}.`)) at().hero = first;
        if (!path.length) delete row.channel;
        draw();
      },
    });
    const hero = edit.choose(edit.say("edit.hero"), at(), ["hero"], key, kpis());
    return [edit.line(domain, hero), numbers(at(), key, draw)];
  }

  function numbers(row, above, draw) {
    const found = edit.rows(row.numbers).map(edit.written);
    const keep = (next) => edit.put(row, ["numbers"], next.length ? next : undefined);
    const key = `${above}.numbers`;
    const redraw = () => {
      draw();
      return document.querySelector(`[data-key="${CSS.escape(key)}"] .edit-list`);
    };
    const list = edit.list(found.map((id) => ({ name: nameOf(id) })), {
      label: edit.say("edit.numbers"), draw: redraw,
      move: (from, to) => keep(edit.moved(found, from, to)),
      drop: (at) => keep(found.filter((_, n) => n !== at)),
    });
    const picked = { next: "" };
    const more = edit.choose(edit.say("edit.add"), picked, ["next"], "", [["", "\u2013"], ...kpis()], {
      done: (next) => {
        if (next && !found.includes(next)) keep([...found, next]);
        redraw()?.parentElement.querySelector("select").focus();
      },
    });
    delete more.dataset.key;
    return group(edit.say("edit.numbers"), key, list, more);
  }

  function channel(row, above) {
    const first = domainOf(edit.written(row.domain));
    const others = edit.told.domains.filter((each) => each !== first).map(({ name, channels }) => ({ name, options: channels }));
    const options = [["\u2013", edit.say("edit.channel-first")], ["none", edit.say("edit.channel-none")], { name: first.name, options: first.channels }, ...others];
    const view = { channel: row.channel === undefined ? "\u2013" : row.channel === "" ? "none" : row.channel };
    return edit.choose(edit.say("edit.channel"), view, ["channel"], above, options, {
      done: (chosen) => {
        if (chosen === "\u2013") delete row.channel;
        else row.channel = chosen === "none" ? "" : chosen;
      },
    });
  }

  function camera(row, above, draw) {
    const now = edit.mapping(row.camera);
    const posed = edit.written(now.pose) !== "";
    const modes = make("div", "choices small",
      edit.button(edit.say("edit.camera-frame"), () => {
        delete row.camera;
        edit.changed();
        draw();
      }, { kind: "choice", pressed: !posed }),
      edit.button(edit.say("edit.take"), () => take(row, draw), { kind: "choice", pressed: posed }));
    const hint = make("p", "note", edit.say("edit.take-hint"));
    const inner = posed
      ? [edit.text(edit.say("edit.pose"), row, ["camera", "pose"], above)]
      : [
        edit.text(edit.say("edit.of"), row, ["camera", "of"], above, { list: "edit-places", usual: "campus" }),
        edit.line(
          edit.text(edit.say("edit.azimuth"), row, ["camera", "azimuth"], above, { usual: "18", mode: "decimal" }),
          edit.text(edit.say("edit.elevation"), row, ["camera", "elevation"], above, { usual: "34", mode: "decimal" }),
          edit.text(edit.say("edit.fill"), row, ["camera", "fill"], above, { usual: "1.06", mode: "decimal" }),
        ),
      ];
    return group(edit.say("edit.camera"), `${above}.camera`, modes, hint, ...inner);
  }

  function take(row, draw) {
    const pose = edit.pose?.() ?? "";
    if (!pose) return edit.tell(edit.say("edit.take-none"));
    row.camera = { pose };
    edit.changed();
    return draw();
  }

  function panels(row, above) {
    const now = row.panels === undefined ? ["trend", "legend"] : edit.rows(row.panels);
    const view = { trend: now.includes("trend"), legend: now.includes("legend") };
    const keep = (name) => (on) => {
      view[name] = on;
      const chosen = ["trend", "legend"].filter((each) => view[each]);
      if (chosen.length === 2) delete row.panels;
      else row.panels = chosen;
    };
    const ticks = ["trend", "legend"].map((name) => {
      const tick = edit.tick(edit.say(`edit.panel.${name}`), { ...view }, [name], above, true, keep(name));
      delete tick.dataset.key;
      return tick;
    });
    const range = edit.choose(edit.say("edit.range"), row, ["range"], above, ["day", "24h", "6h"].map((each) => [each, edit.say(`edit.range.${each}`)]), { usual: "day" });
    return group(edit.say("edit.panels"), `${above}.panels`, edit.line(...ticks, range));
  }

  function beside(row, above, draw) {
    const tick = edit.tick(edit.say("edit.beside"), { on: row.beside !== undefined }, ["on"], above, false, (on) => {
      if (on) row.beside = fresh();
      else delete row.beside;
      draw();
    });
    delete tick.dataset.key;
    if (row.beside === undefined) return tick;
    row.beside = edit.mapping(row.beside);
    return group(edit.say("edit.beside"), `${above}.beside`, tick, edit.line(...edit.names(row, ["beside", "title"], above)), ...block(row, ["beside"], above, draw));
  }

  /** How many numbers the open scene has, of how many anybody reads. */
  edit.drawCount = function () {
    const place = document.querySelector(".edit-count");
    const scene = edit.scene();
    if (!place || !scene) return;
    const n = edit.count(scene.row);
    campus.wall.write(place, edit.say("edit.count", { n, most: edit.told.most }));
    place.toggleAttribute("data-over", n > edit.told.most);
  };
})();
