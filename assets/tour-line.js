// The tour as it is told: begun where it is not under way, listened to, and acted upon at the screen while nobody leads.
(function () {
  "use strict";
  const { campus } = window;
  const { tour } = campus;
  const AGAIN_MS = 5000;
  let stop = null;
  let retry = 0;

  async function ask(address, body) {
    const answer = await fetch(address, {
      method: body ? "POST" : "GET", headers: body ? { "Content-Type": "application/json" } : {},
      body: body ? JSON.stringify(body) : null, signal: AbortSignal.timeout(10_000),
    });
    const told = await answer.json().catch(() => null);
    if (!answer.ok) throw Object.assign(new Error(told?.detail ?? String(answer.status)), { status: answer.status, code: told?.code });
    return told;
  }
  tour.ask = ask;

  /** The telling of the address, if it is still under way; else a new one, which the address then names. */
  async function begin() {
    clearTimeout(retry);
    const named = tour.asked.get("telling");
    try {
      if (named && (await ask(`/api/v1/tellings/${encodeURIComponent(named)}`).then(() => true, ({ status }) => {
        if (status !== 404) throw new Error(String(status));
        return false;
      }))) return listen(named);
      if (tour.asked.get("wall") && named) return tour.tell("over"); // the wall was lent for that visit alone
      const minutes = Number(tour.asked.get("minutes")) || 0;
      const { id } = await ask("/api/v1/tellings", { tour: tour.data.tour, minutes, lang: tour.lang });
      tour.asked.set("telling", id);
      history.replaceState(null, "", `${location.pathname}?${tour.asked}`);
      listen(id);
    } catch (error) {
      failed(error);
    }
  }
  tour.begin = begin;

  function failed(error) {
    document.getElementById("tour")?.setAttribute("data-state", "error");
    tour.tell("says", tour.say("tour.failed", { why: error.message }));
    retry = setTimeout(begin, AGAIN_MS);
  }

  function listen(id) {
    stop?.();
    tour.id = id;
    stop = window.campusLine(`/sse/telling/${encodeURIComponent(id)}`, ["state", "picture", "over"], take);
  }

  function take(name, body) {
    if (name === "line") {
      if (tour.line === body) return;
      tour.line = body;
      if (!body) tour.lost = Date.now();
      tour.tell("line");
      if (!body) gone();
    } else if (name === "state") {
      tour.offset = Date.parse(body.time) - Date.now();
      const lang = !tour.asked.get("lang") && body.lang !== tour.lang;
      tour.state = { ...body, at: performance.now() };
      if (lang) {
        tour.setLang(body.lang);
        tour.tell("language");
      }
      tour.tell("state");
    } else if (name === "picture") {
      tour.picture = body;
      tour.tell("picture");
    } else {
      stop?.();
      stop = null;
      tour.tell("over");
    }
  }

  /** A line that breaks may have broken because the tour is over, which the stream can no longer say. */
  function gone() {
    ask(`/api/v1/tellings/${encodeURIComponent(tour.id)}`).catch(({ status }) => {
      if (status === 404) take("over");
    });
  }

  /** What a hand does at the screen; while somebody leads it does nothing. */
  tour.act = async function (what) {
    if (tour.state?.guided) return;
    try {
      await ask(`/api/v1/tellings/${encodeURIComponent(tour.id)}/screen`, { do: what });
    } catch (error) {
      if (error.status !== 409) tour.tell("line");
    }
  };

  tour.on("begin", begin);
})();
