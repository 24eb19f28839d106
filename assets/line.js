// A stream of server-sent events that is taken up again for ever, at most ten seconds apart and never by all at once.
// It stands alone: pages before the product load it as well.
(function () {
  "use strict";
  const FIRST_MS = 1000;
  const LONGEST_MS = 10_000;
  const SILENT_MS = 15_000;

  /** Listen: `fn` gets each of the named events as (name, body), and ('line', true | false); the answer ends it. */
  window.campusLine = function (address, names, fn) {
    let [source, tries, again, heard, ended] = [null, 0, 0, performance.now(), false];
    const watchdog = setInterval(() => {
      if (source && performance.now() - heard > SILENT_MS) broken();
    }, 1000);

    function take(event) {
      heard = performance.now();
      tries = 0;
      fn("line", true);
      if (event.type === "beat") return;
      try {
        fn(event.type, JSON.parse(event.data));
      } catch (error) {
        console.error(error);
      }
    }

    function open() {
      clearTimeout(again);
      heard = performance.now();
      source = new EventSource(address);
      for (const name of [...names, "beat"]) source.addEventListener(name, take);
      source.addEventListener("error", broken);
    }

    function broken() {
      source?.close();
      source = null;
      if (ended) return;
      fn("line", false);
      clearTimeout(again);
      const most = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(tries, 8));
      tries += 1;
      again = setTimeout(open, most / 2 + (Math.random() * most) / 2);
    }

    open();
    return () => {
      ended = true;
      clearTimeout(again);
      clearInterval(watchdog);
      source?.close();
    };
  };
})();
