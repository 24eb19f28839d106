// The table of a building's spaces: rows of texts from the server, drawn as plain DOM in one go.
(function () {
  "use strict";
  const COLUMNS = ["number", "name", "storey", "category", "area", "authored", "value"];

  function cell(row, column) {
    const td = document.createElement("td");
    if (column === "number") {
      const link = document.createElement("a");
      link.href = `?sel=${encodeURIComponent(row.id)}`;
      link.dataset.go = row.id;
      link.textContent = row.number;
      td.append(link);
    } else if (column === "name") {
      td.textContent = row.name;
      if (row.origin) {
        const mark = document.createElement("span");
        mark.className = "origin";
        mark.textContent = row.origin;
        td.append(mark);
      }
    } else if (column === "value") {
      const swatch = document.createElement("i");
      swatch.className = "swatch";
      swatch.dataset.live = `${row.id}|swatch`;
      const value = document.createElement("span");
      value.className = "live";
      value.dataset.live = `${row.id}|value`;
      td.className = "right value";
      td.append(swatch, value);
    } else {
      td.textContent = row[column];
      if (column === "storey") td.title = row.level;
      if (column === "area") td.className = "right";
      if (column === "authored") td.className = `right ${row.off}`;
    }
    return td;
  }

  /** Draw the rows into the table that the server has just put there. */
  window.campus.drawRows = function (rows) {
    const body = document.getElementById("rows-body");
    if (!body) return;
    body.replaceChildren(
      ...rows.map((row) => {
        const line = document.createElement("tr");
        line.dataset.row = row.id;
        line.append(...COLUMNS.map((column) => cell(row, column)));
        return line;
      }),
    );
    window.campus.view.reflect();
  };
})();
