// Screens, playlists, and what concerns the whole wall: languages, the night, what takes the screens over.
(function () {
  "use strict";
  const { campus } = window;
  const { make } = campus.wall;
  const edit = campus.wallEdit;
  let draft = null;

  /** The name that a row has in the file; another one is taken over where all that names it can follow. */
  edit.idOf = function (now, section, each, done) {
    const view = { id: each.id };
    const element = edit.text(edit.say("edit.id"), view, ["id"], "", {
      done: ({ target }) => {
        const id = target.value.trim();
        if (id === each.id) return;
        const why = edit.misnamed(now[section], each, id);
        const wrong = element.querySelector(".edit-wrong");
        wrong.hidden = !why;
        wrong.textContent = why;
        target.setAttribute("aria-invalid", String(Boolean(why)));
        if (why) return;
        edit.rename(now, section, each, id);
        edit.changed();
        done(id);
      },
    });
    delete element.dataset.key;
    return element;
  };

  function cards(section, title, add, fields) {
    const heading = edit.part(edit.say(title), section, make("div", "edit-cards"), make("div", "edit-buttons"));
    heading.id = `edit-${section}`;
    heading.querySelector(".edit-buttons").append(add);
    return [heading, () => {
      const rows = draft[section].map((each, at) => {
        const wrong = make("p", "edit-wrong");
        wrong.hidden = true;
        const name = section === "screens" ? edit.titleOf(each) : each.id;
        const drop = edit.button("\u00d7", () => {
          edit.drop(draft, section, at);
          edit.changed();
          edit.drawScreens();
          edit.drawPlaylists();
          heading.querySelector(".edit-buttons button").focus();
        }, { name: edit.say("edit.drop", { name }), kind: "edit-tool" });
        const card = make("div", "edit-card", make("div", "edit-card-head", make("h3", "", name), drop), wrong, ...fields(each));
        card.dataset.key = `${section}.${each.id}`;
        return card;
      });
      heading.querySelector(".edit-cards").replaceChildren(...rows);
      edit.marks?.();
    }];
  }

  edit.screens = function (now) {
    draft = now;
    const add = edit.button(edit.say("edit.add-screen"), () => {
      draft.screens.push({ id: edit.free(draft.screens, "screen"), row: { diagonal: "55", pixels: "1920x1080", viewer: "6" } });
      edit.drawScreens();
      edit.changed();
    });
    const [element, draw] = cards("screens", "edit.screens", add, screen);
    edit.drawScreens = () => {
      draw();
      edit.preview?.();
    };
    return element;
  };

  function screen(each) {
    const { row, id } = each;
    const above = `screens.${id}`;
    const lists = draft.playlists.map((list) => [list.id, list.id]);
    return [
      edit.idOf(draft, "screens", each, edit.drawScreens),
      edit.line(...edit.names(row, ["names"], above)),
      edit.line(
        edit.text(edit.say("edit.diagonal"), row, ["diagonal"], above, { mode: "decimal" }),
        edit.text(edit.say("edit.pixels"), row, ["pixels"], above),
        edit.text(edit.say("edit.viewer"), row, ["viewer"], above, { mode: "decimal" }),
        edit.text(edit.say("edit.seams"), row, ["panels"], above, { usual: "1", mode: "numeric" }),
      ),
      edit.line(
        edit.choose(edit.say("edit.role"), row, ["role"], above, ["scenes", "incidents"].map((role) => [role, edit.say(`edit.role.${role}`)]), { usual: "scenes" }),
        edit.choose(edit.say("edit.playlist"), row, ["playlist"], above, [["", edit.say("edit.first")], ...lists]),
        edit.tick(edit.say("edit.takes"), row, ["takeover"], above, true),
      ),
    ];
  }

  edit.playlists = function (now) {
    draft = now;
    const add = edit.button(edit.say("edit.add-playlist"), () => {
      draft.playlists.push({ id: edit.free(draft.playlists, "list"), row: draft.scenes.map(({ id }) => id) });
      edit.drawPlaylists();
      edit.drawScreens();
      edit.changed();
    });
    const [element, draw] = cards("playlists", "edit.playlists", add, playlist);
    edit.drawPlaylists = draw;
    return element;
  };

  function playlist(each) {
    const key = `playlists.${each.id}`;
    const nameOf = (id) => {
      const scene = draft.scenes.find((row) => row.id === id);
      return scene ? edit.titleOf(scene) : edit.written(id);
    };
    const redraw = () => {
      edit.drawPlaylists();
      return document.querySelector(`[data-key="${CSS.escape(key)}"] .edit-list`);
    };
    const list = edit.list(each.row.map((id) => ({ name: nameOf(id) })), {
      label: each.id, draw: redraw,
      move: (from, to) => (each.row = edit.moved(each.row, from, to)),
      drop: (at) => each.row.splice(at, 1),
    });
    const more = edit.choose(edit.say("edit.add"), {}, ["next"], "", [["", "\u2013"], ...draft.scenes.map((row) => [row.id, edit.titleOf(row)])], {
      done: (id) => {
        if (id) each.row.push(id);
        redraw()?.parentElement.querySelector(".edit-list ~ .edit-field select").focus();
      },
    });
    delete more.dataset.key;
    return [edit.idOf(draft, "playlists", each, () => {
      edit.drawPlaylists();
      edit.drawScreens();
    }), list, more];
  }

  /** What stands beside screens, playlists and scenes; `again` draws it anew. */
  edit.whole = function (now, again) {
    const { head } = now;
    const off = typeof head.alarms === "string" || head.alarms === null;
    const priorities = ["critical", "high", "medium", "low"].map((each) => [each, edit.say(`edit.from.${each}`)]);
    const alarms = [
      ["hold", "30s"], ["longest", "10min"], ["every", "1min"], ["flood", "10"],
    ].map(([key, usual]) => edit.text(edit.say(`edit.${key}`), head, ["alarms", key], "", { usual }));
    const takes = edit.tick(edit.say("edit.takeover-on"), { on: !off }, ["on"], "", true, (on) => {
      if (on) delete head.alarms;
      else head.alarms = "off";
      again();
    });
    const dark = edit.tick(edit.say("edit.night-on"), { on: head.night !== undefined && head.night !== null }, ["on"], "", false, (on) => {
      if (on) head.night = { hours: "23:00-06:00" };
      else delete head.night;
      again();
    });
    for (const tick of [takes, dark]) delete tick.dataset.key;
    return [
      edit.part(edit.say("edit.wall"), "", edit.line(...edit.names(head, ["names"], "")), edit.line(
        edit.choose(edit.say("edit.lang"), head, ["lang"], "", [["zh", "中文"], ["en", "English"]], { usual: "zh" }),
        edit.choose(edit.say("edit.theme"), head, ["theme"], "", ["dark", "light"].map((each) => [each, edit.say(`edit.theme.${each}`)]), { usual: "dark" }),
        edit.text(edit.say("edit.reload"), head, ["reload"], "", { usual: "04:30" }),
        edit.text(edit.say("edit.sound"), head, ["sound"], "", { usual: "off" }),
      )),
      edit.part(edit.say("edit.night"), "night", dark, ...(head.night ? [edit.line(
        edit.text(edit.say("edit.days"), head, ["night", "days"], "", { usual: "mon-sun" }),
        edit.text(edit.say("edit.hours"), head, ["night", "hours"], "", { usual: "00:00-24:00" }),
        edit.text(edit.say("edit.dim"), head, ["night", "dim"], "", { usual: "0.45", mode: "decimal" }),
      )] : [])),
      edit.part(edit.say("edit.takeover"), "alarms", takes, ...(off ? [] : [edit.line(
        edit.choose(edit.say("edit.from"), head, ["alarms", "from"], "", priorities, { usual: "high" }), ...alarms,
      )])),
    ];
  };
})();
