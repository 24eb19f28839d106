// The screens under 'More': arrows walk them, Escape and whatever is done elsewhere close them. It opens by itself (details).
(function () {
  "use strict";
  const open = () => document.querySelector("details.more[open]");

  function shut(menu, back) {
    menu.open = false;
    if (back) menu.querySelector("summary").focus();
  }

  // First, so that Escape closes the menu and is no step back in the view behind it.
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("details.more") ?? (event.key === "Escape" ? open() : null);
    if (!menu || event.ctrlKey || event.metaKey || event.altKey) return;
    const links = [...menu.querySelectorAll("a")];
    const here = links.indexOf(document.activeElement);
    if (event.key === "Escape" && menu.open) shut(menu, true);
    else if (event.key === "ArrowDown" || (event.key === "ArrowUp" && menu.open)) {
      menu.open = true;
      links[event.key === "ArrowDown" ? (here + 1) % links.length : (here <= 0 ? links.length : here) - 1].focus();
    } else if ((event.key === "Home" || event.key === "End") && menu.open) links.at(event.key === "Home" ? 0 : -1).focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, true);

  for (const kind of ["click", "focusin"]) {
    document.addEventListener(kind, (event) => {
      const menu = open();
      if (menu && !menu.contains(event.target)) shut(menu, false);
    });
  }
})();
