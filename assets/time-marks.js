// The list of bookmarks: a click goes to the moment; as a link, opened elsewhere, each shows the place as well. Each can be let go.
(function () {
  "use strict";
  const campus = window.campus;
  const { local } = campus.timeAxis;

  function line({ at, search }) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = `${location.pathname}${search}`;
    link.textContent = local.full(at);
    const gone = document.createElement("button");
    gone.textContent = "×";
    gone.setAttribute("aria-label", `${campus.text("time.bookmark.gone")}: ${local.full(at)}`);
    gone.addEventListener("click", () => campus.timeKeep.toggle(at, search));
    link.addEventListener("click", (event) => {
      event.preventDefault();
      link.closest("details").open = false;
      campus.time.seek(at, true);
    });
    item.append(link, gone);
    return item;
  }

  function fill() {
    const list = document.getElementById("time-bookmarks");
    if (!list) return;
    const rows = campus.timeKeep.all();
    if (rows.length) list.replaceChildren(...rows.map(line));
    else {
      const item = document.createElement("li");
      item.textContent = campus.text("time.bookmark.empty");
      list.replaceChildren(item);
    }
  }

  document.addEventListener("campus:bookmarks", fill);
  document.addEventListener("campus:page", fill);
  document.addEventListener("keydown", (event) => {
    const open = document.querySelector(".time-list[open]");
    if (event.key !== "Escape" || !open) return;
    open.open = false;
    open.querySelector("summary").focus();
    event.preventDefault();
  });
})();
