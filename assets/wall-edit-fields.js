// Fields of the editor of walls: each with its name, its value, and room for what is wrong with it. A field is known by the
// dotted key that it has in the file, so that the mistakes of the file stand where they were made.
(function () {
  "use strict";
  const { campus } = window;
  const { make } = campus.wall;
  const edit = (campus.wallEdit = { told: null, changed: () => {} });
  let count = 0;

  edit.say = function (key, figures = {}) {
    const line = edit.told.texts[key] ?? key;
    return line.replace(/\{(\w+)\}/g, (whole, name) => figures[name] ?? whole);
  };

  /** A mapping, whatever stands in the file. */
  edit.mapping = (value) => (value && typeof value === "object" && !Array.isArray(value) ? value : {});
  edit.rows = (value) => (Array.isArray(value) ? value : []);
  edit.written = (value) => (value === null || value === undefined || typeof value === "object" ? "" : String(value));

  /** Write `value` at `path` of `row`; '' takes it away, and what is left empty by that with it. */
  edit.put = function (row, path, value) {
    const [first, ...rest] = path;
    if (rest.length) {
      row[first] = edit.mapping(row[first]);
      edit.put(row[first], rest, value);
      if (!Object.keys(row[first]).length) delete row[first];
    } else if (value === "" || value === undefined) delete row[first];
    else row[first] = value;
  };
  edit.take = (row, path) => path.reduce((at, step) => edit.mapping(at)[step], row);

  /** A button of ours. */
  edit.button = function (label, does, { name = "", kind = "button", pressed = null } = {}) {
    const element = make("button", kind, label);
    element.type = "button";
    if (name) element.setAttribute("aria-label", name);
    if (pressed !== null) element.setAttribute("aria-pressed", String(pressed));
    element.addEventListener("click", does);
    return element;
  };

  function field(key, label, control) {
    count += 1;
    control.id = `edit-field-${count}`;
    const wrong = make("p", "edit-wrong");
    wrong.id = `edit-wrong-${count}`;
    wrong.hidden = true;
    control.setAttribute("aria-describedby", wrong.id);
    const name = make("label", "", label);
    name.htmlFor = control.id;
    const element = make("div", "edit-field", name, control, wrong);
    element.dataset.key = key;
    return element;
  }

  /** One line of text. `row` and `path` say where it is kept, `above` the key of `row`; `usual` is what counts without it. */
  edit.text = function (label, row, path, above, { usual = "", list = "", mode = "", lang = "", done = null } = {}) {
    const input = make("input");
    Object.assign(input, { type: "text", value: edit.written(edit.take(row, path)), placeholder: usual, autocomplete: "off", maxLength: 400 });
    if (list) input.setAttribute("list", list);
    if (mode) input.inputMode = mode;
    if (lang) input.lang = lang;
    input.addEventListener("input", () => {
      edit.put(row, path, input.value.trim());
      edit.changed();
    });
    if (done) input.addEventListener("change", done);
    return field([above, ...path].filter(Boolean).join("."), label, input);
  };

  /** One of several: `options` are [value, name] or {name, options}. `done` draws anew what hangs on it. */
  edit.choose = function (label, row, path, above, options, { usual = "", done = null, keep = (value) => value } = {}) {
    const select = make("select");
    const now = edit.written(edit.take(row, path)) || usual;
    const option = ([value, name]) => {
      const element = make("option", "", name);
      element.value = value;
      return element;
    };
    const known = options.flatMap((each) => (Array.isArray(each) ? [each[0]] : each.options.map(([value]) => value)));
    const groups = options.map((each) => {
      if (Array.isArray(each)) return option(each);
      const group = make("optgroup", "", ...each.options.map(option));
      group.label = each.name;
      return group;
    });
    // what the file names and nobody knows stays to be seen, until another is chosen
    select.append(...(known.includes(now) ? [] : [option([now, now || "\u2013"])]), ...groups);
    select.value = now;
    select.addEventListener("change", () => {
      edit.put(row, path, keep(select.value));
      done?.(select.value);
      edit.changed();
    });
    return field([above, ...path].filter(Boolean).join("."), label, select);
  };

  /** Yes or no, as the file writes it; `usual` is what counts without it. */
  edit.tick = function (label, row, path, above, usual, done = null) {
    const input = make("input");
    input.type = "checkbox";
    const now = edit.take(row, path);
    input.checked = now === undefined ? usual : String(now) === "true";
    input.addEventListener("change", () => {
      edit.put(row, path, input.checked === usual ? undefined : input.checked);
      done?.(input.checked);
      edit.changed();
    });
    const element = field([above, ...path].filter(Boolean).join("."), label, input);
    element.classList.add("edit-tick");
    return element;
  };

  /** A name in both languages. */
  edit.names = (row, path, above) => [
    edit.text(edit.say("edit.zh"), row, [...path, "zh"], above, { lang: "zh-CN" }),
    edit.text(edit.say("edit.en"), row, [...path, "en"], above, { lang: "en" }),
  ];

  edit.part = function (title, key, ...children) {
    const wrong = make("p", "edit-wrong");
    wrong.hidden = true;
    const element = make("section", "edit-part", make("h2", "", title), wrong, ...children);
    element.dataset.key = key;
    return element;
  };

  edit.line = (...children) => make("div", "edit-line", ...children);
})();
