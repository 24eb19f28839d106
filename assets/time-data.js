// What the server keeps of a window of the past: span, gaps, what happened. Asked for again as the window moves, and now and
// then while it reaches to now.
(function () {
  "use strict";
  const campus = window.campus;
  const STEPS = 300;
  const EVERY_MS = 30_000;
  const SOON_MS = 150;
  let have = null;
  let wanted = null;
  let timer = 0;
  let asking = null;

  /** What is known, or null; its window may be another than the one shown. */
  const get = () => have;

  /** The window that is shown [ms]: a little more than it is fetched, so that a short drag needs nothing. */
  function want(start, end) {
    const margin = (end - start) / 4;
    const covers = have && have.start <= start && have.end >= Math.min(end, have.now) && have.end - have.start <= 4 * (end - start);
    wanted = [start - margin, end + margin];
    if (covers && performance.now() - have.at < EVERY_MS) return;
    clearTimeout(timer);
    timer = setTimeout(ask, have ? SOON_MS : 0);
  }

  async function ask() {
    asking?.abort();
    const mine = (asking = new AbortController());
    const [start, end] = wanted;
    const query = new URLSearchParams({
      start: new Date(start).toISOString(), end: new Date(end).toISOString(), step_s: String(Math.max(10, Math.ceil((end - start) / STEPS / 1000))),
    });
    try {
      const reply = await fetch(`/api/v1/history?${query}`, { signal: mine.signal });
      if (!reply.ok) throw new Error(String(reply.status));
      take(await reply.json());
    } catch (error) {
      if (mine.signal.aborted) return;
      tell({ failed: true });
      timer = setTimeout(ask, EVERY_MS);
    }
  }

  function take(answer) {
    const read = (text) => (text === null ? null : Date.parse(text));
    have = {
      at: performance.now(), kept: answer.kept, now: read(answer.now), start: read(answer.start), end: read(answer.end), step: answer.step_s * 1000,
      shares: answer.coverage, oldest: answer.span && read(answer.span.oldest), newest: answer.span && read(answer.span.newest),
      events: answer.events.map((event) => ({ ...event, time: read(event.time), until: read(event.until) })),
    };
    tell({});
  }

  function tell(detail) {
    document.dispatchEvent(new CustomEvent("campus:history", { detail }));
  }

  campus.timeData = { get, want, every: EVERY_MS };
})();
