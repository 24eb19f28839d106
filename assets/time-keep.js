// Bookmarks of instants, kept in this browser for this campus. What is kept is read with care: an older page may have written it.
(function () {
  "use strict";
  const campus = window.campus;
  const KEY = `campus-twin.bookmarks.v1.${campus.facts.campus?.id ?? ""}`;
  const MOST = 50;

  function all() {
    try {
      const rows = JSON.parse(localStorage.getItem(KEY) ?? "[]");
      return Array.isArray(rows) ? rows.filter((row) => Number.isFinite(row?.at) && typeof row.search === "string") : [];
    } catch {
      return [];
    }
  }

  function write(rows) {
    try {
      localStorage.setItem(KEY, JSON.stringify(rows.slice(-MOST)));
    } catch {
      // a browser that keeps nothing: the link can still be copied
      campus.announce(campus.text("time.bookmark.none"));
    }
    document.dispatchEvent(new CustomEvent("campus:bookmarks"));
  }

  /** Keeps an instant [ms] with the view's address; one that is kept already is let go. */
  function toggle(at, search) {
    const rows = all();
    const there = rows.some((row) => row.at === at);
    write(there ? rows.filter((row) => row.at !== at) : [...rows, { at, search }].sort((a, b) => a.at - b.at));
    return !there;
  }

  campus.timeKeep = { all, toggle, KEY };
})();
