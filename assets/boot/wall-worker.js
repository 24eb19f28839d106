// The watchdog of a wall: it beats to the server whatever the page does, and says for how long the page has not spoken. A page
// that comes back after it was stuck is told, and loads itself anew.
"use strict";
const STUCK_MS = 15_000;
let begun = null;
let sign = null;
let heard = performance.now();
let stuck = false;
let timer = 0;
let last = 0;
const SOON_MS = 100;

async function beat() {
  clearTimeout(timer);
  timer = setTimeout(beat, begun.every);
  last = performance.now();
  const silent = last - heard;
  if (silent > STUCK_MS) stuck = true;
  try {
    const reply = await fetch(begun.url, {
      method: "POST", headers: { "Content-Type": "application/json" }, signal: AbortSignal.timeout(8000),
      body: JSON.stringify({ ...sign, stuck_s: silent > 3000 ? silent / 1000 : 0 }),
    });
    if (reply.ok) postMessage({ answer: await reply.json() });
    else postMessage({ status: reply.status });
    // who may look but not speak is left alone: asking again would only fill the log
    if (reply.status === 403) clearTimeout(timer);
  } catch {
    // the server is away: the next beat tries again
  }
}

onmessage = ({ data }) => {
  const now = performance.now();
  if (stuck && now - heard > STUCK_MS) postMessage({ stuck: true });
  if (stuck && now - heard <= STUCK_MS) stuck = false;
  heard = now;
  sign = data.sign;
  if (data.begin) {
    begun = data.begin;
    beat();
  } else if (data.now && begun) {
    clearTimeout(timer);
    timer = setTimeout(beat, Math.max(0, SOON_MS - (now - last)));
  }
};
