// What every script of the pages shares: the facts that the server put into the HTML, texts, small helpers.
window.campus = (function () {
  "use strict";
  const holder = document.getElementById("facts");
  const facts = holder ? JSON.parse(holder.textContent) : { texts: {}, path: {} };

  /** The interface text of `key` with its {figures} filled in; the key itself where there is none. */
  function text(key, figures) {
    const line = facts.texts[key] ?? key;
    return figures ? line.replace(/\{(\w+)\}/g, (whole, name) => figures[name] ?? whole) : line;
  }

  /** Remember a choice of the reader for a year, for this host only. */
  function remember(name, value) {
    document.cookie = `${name}=${encodeURIComponent(value)};path=/;max-age=31536000;samesite=lax`;
  }

  /** Dash properties of a component that may not be on this page. */
  function setProps(id, props) {
    if (document.getElementById(id) || id === "focus" || id === "place" || id === "order") window.dash_clientside.set_props(id, props);
  }

  /** Say a sentence to a screen reader. */
  function announce(sentence) {
    const place = document.getElementById("announce");
    if (place) place.textContent = sentence;
  }

  return { facts, text, remember, setProps, announce };
})();
