// The theme before the first paint: the address, the cookie (both already in the HTML), else the system's preference.
(function () {
  var root = document.documentElement;
  if (!root.dataset.theme) {
    root.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }
})();
