// The draft of a wall: the data of its file, with rows in an order of their own, for a browser puts names that are numbers first.
(function () {
  "use strict";
  const edit = window.campus.wallEdit;
  const SECTIONS = ["screens", "playlists", "scenes"];
  const NAME = /^[a-z0-9][a-z0-9._-]{0,79}$/;

  /** From the answer of /source: `head` is what stands beside the sections, each section a list of {id, row}. */
  edit.open = function ({ data, order }) {
    const draft = { head: Object.fromEntries(Object.entries(data).filter(([key]) => !SECTIONS.includes(key))) };
    for (const section of SECTIONS) {
      const rows = edit.mapping(data[section]);
      const ids = [...new Set([...(order[section] ?? []), ...Object.keys(rows)])].filter((id) => id in rows);
      draft[section] = ids.map((id) => ({ id, row: section === "playlists" ? [...edit.rows(rows[id])] : edit.mapping(rows[id]) }));
    }
    for (const { row } of draft.scenes) {
      // 'campus' and the id of a place are short for a framing
      if (typeof row.camera === "string") row.camera = row.camera === "campus" ? {} : { of: row.camera };
    }
    return draft;
  };

  /** What is sent: the data of a file, and the order of its rows. */
  edit.data = function (draft) {
    const data = { ...draft.head };
    const order = {};
    for (const section of SECTIONS) {
      if (!draft[section].length && section === "playlists") continue;
      data[section] = Object.fromEntries(draft[section].map(({ id, row }) => [id, section === "scenes" ? plain(row) : row]));
      order[section] = draft[section].map(({ id }) => id);
    }
    return { data, order };
  };

  /** A scene as a person would write it: a framing of one place by its id alone, nothing for the whole campus. */
  function plain(row) {
    const camera = edit.mapping(row.camera);
    const keys = Object.keys(camera);
    const { camera: _, ...rest } = row;
    if (!keys.length) return rest;
    return { ...row, camera: keys.length === 1 && keys[0] === "of" ? camera.of : camera };
  }

  /** How many headline numbers a scene shows: as twin/walls/wall.py counts them. */
  edit.count = function (row) {
    const whole = (value, usual) => (/^\d+$/.test(edit.written(value)) ? Number(value) : usual);
    const beside = row.beside ? 1 + edit.rows(edit.mapping(row.beside).numbers).length : 0;
    return 1 + edit.rows(row.numbers).length + whole(row.labels, 4) + whole(row.worst, 0) + beside;
  };

  /** A name for a new row that none has yet. */
  edit.free = function (rows, stem) {
    const taken = new Set(rows.map(({ id }) => id));
    let number = rows.length + 1;
    while (taken.has(`${stem}-${number}`)) number += 1;
    return `${stem}-${number}`;
  };

  /** What is wrong with another name for a row, '' if nothing. */
  edit.misnamed = function (rows, row, id) {
    if (!NAME.test(id)) return edit.say("edit.id-bad");
    return rows.some((other) => other !== row && other.id === id) ? edit.say("edit.id-taken") : "";
  };

  /** Give a row another name, and all that names it as well. */
  edit.rename = function (draft, section, row, id) {
    const before = row.id;
    row.id = id;
    if (section === "scenes") for (const list of draft.playlists) list.row = list.row.map((name) => (name === before ? id : name));
    if (section === "playlists") for (const screen of draft.screens) if (screen.row.playlist === before) screen.row.playlist = id;
  };

  /** Take a row away, and from all that names it. */
  edit.drop = function (draft, section, at) {
    const [{ id }] = draft[section].splice(at, 1);
    if (section === "scenes") for (const list of draft.playlists) list.row = list.row.filter((name) => name !== id);
    if (section === "playlists") for (const screen of draft.screens) if (screen.row.playlist === id) delete screen.row.playlist;
  };

  edit.titleOf = function ({ id, row }) {
    const names = edit.mapping(row.title ?? row.names);
    return edit.written(names[edit.told.lang]) || edit.written(names.zh) || edit.written(names.en) || id;
  };
})();
