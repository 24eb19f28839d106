// When something urgent happens a wall stops its round and shows it: flies there, darkens the rest, says what, where, since when
// and who acts, and goes back once it is acknowledged or its time is over. At most one such change a minute; a flood is a list.
(function () {
  "use strict";
  const { campus } = window;
  const { wall } = campus;
  const FLOOD_MS = 600_000;
  const MOST_SEEN = 2000;
  let known = null;
  let rows = [];
  let shown = null;
  let begun = 0;
  let last = -Infinity;
  let flooded = false;
  /** Whether the model shows a flood. */
  let dressed = false;
  let stop = null;
  /** What had the screen and is not to have it again. */
  const seen = new Set();
  wall.incident = null;

  const takeover = () => wall.data.takeover;
  const isBoard = () => wall.screen.role === "incidents";
  const instant = (text) => (text ? Date.parse(text) : null);

  function ofIncident(row) {
    return {
      id: row.id, kind: "incident", text: row.text, priority: row.priority, place: row.place, placeNames: row.place_names, opened: instant(row.opened),
      counts: row.counts, consequences: row.consequences, affected: row.affected_spaces, node: row.cause || row.nodes[0] || "", acknowledged: row.acknowledged,
      ackedBy: row.acked_by, assignee: row.assignee, action: row.action, owner: row.owner, respond: row.respond_s, simulated: row.simulated, value: null, alarms: row.alarms,
    };
  }

  function ofAlarm(row) {
    return {
      id: row.id, kind: "alarm", text: row.text, priority: row.priority, place: row.place, placeNames: row.place_names, opened: instant(row.shown ?? row.raised),
      // what fails with it an incident tells, for that knows the cause: a line that broke is not the death of its router
      counts: {}, consequences: 0, affected: 0, node: "", alarms: [], acknowledged: row.state !== "B", ackedBy: row.acked_by, assignee: "",
      action: row.action, owner: row.owner, respond: row.respond_s, simulated: row.simulated,
      value: row.value === null || row.kind === "state" ? null : { value: row.value, unit: row.unit === "1" ? "" : row.unit, limit: row.limit },
    };
  }

  /** What is urgent enough: incidents, and alarms that belong to none; the most urgent first, of those the newest. */
  function urgent() {
    const least = takeover().priority;
    const incidents = [...known.incidents.values()].filter((row) => row.state === "open" && row.priority <= least);
    const inside = new Set(incidents.flatMap((row) => row.alarms));
    for (const row of known.incidents.values()) if (row.state === "open") for (const id of row.alarms) inside.add(id);
    const alone = [...known.alarms.values()].filter((row) => row.priority <= least && !inside.has(row.id) && (row.state === "B" || (isBoard() && row.state === "C")));
    return [...incidents.map(ofIncident), ...alone.map(ofAlarm)].sort((a, b) => Number(a.acknowledged) - Number(b.acknowledged) || a.priority - b.priority || b.opened - a.opened);
  }

  const waiting = () => rows.filter((row) => !row.acknowledged && ![row.id, ...row.alarms].some((id) => seen.has(id)));

  function take(next) {
    known = next;
    rows = known.state === "loading" || known.state === "error" ? [] : urgent();
    judge();
    wall.tell("alarms", known);
  }

  /** What the screen has to show now. */
  function judge() {
    if (!known || !wall.data || wall.preview) return;
    const now = wall.now();
    const recent = rows.filter((row) => !row.acknowledged && now - row.opened < FLOOD_MS).length;
    flooded = recent > takeover().flood;
    if (isBoard()) return board();
    if (!wall.screen.takeover) return;
    if (shown) return staying(now);
    const [next] = waiting();
    if (next && performance.now() - last >= takeover().every_s * 1000) open(next);
  }

  /** The screen of incidents: whatever stands, for as long as it stands. */
  function board() {
    if (!rows.length) {
      if (shown) close("over");
      return;
    }
    const still = standing();
    const [first] = rows;
    const better = first.id !== still?.id && (!still || first.priority < still.priority || (still.acknowledged && !first.acknowledged));
    if (!shown || (better && performance.now() - last >= takeover().every_s * 1000)) open(still && !better ? still : first);
    else refresh(still ?? { ...shown, over: true });
  }

  /** The row of what is shown: itself, or the incident that it belongs to by now. */
  const standing = () => rows.find(({ id }) => id === shown?.id) ?? rows.find(({ alarms }) => shown && alarms.includes(shown.id));

  function staying() {
    const spent = (performance.now() - begun) / 1000;
    const still = standing();
    const over = !still || still.acknowledged;
    const { hold_s: hold, longest_s: longest, every_s: every } = takeover();
    if (spent >= longest) {
      for (const row of rows) seen.add(row.id);
      return close("time");
    }
    if (over && spent >= hold) {
      seen.add(shown.id);
      const [next] = waiting();
      if (!next) return close("done");
      if (performance.now() - last >= every * 1000) return open(next);
    }
    const [first] = waiting();
    if (first && first.id !== still?.id && first.priority < shown.priority && performance.now() - last >= every * 1000) return open(first);
    refresh(still ?? { ...shown, over: true });
  }

  /** The screen is this incident's. */
  function open(row) {
    shown = row;
    wall.incident = row.id;
    last = performance.now();
    begun = last;
    dressed = flooded;
    if (seen.size > MOST_SEEN) seen.clear();
    const page = document.getElementById("wall");
    page.toggleAttribute("data-incident", true);
    document.getElementById("wall-incident").hidden = false;
    refresh(row);
    wall.tell("incident", row);
    announce(row);
    painted(() => shown?.id === row.id && dress(shown));
  }

  /** After the next frame: the words are on the screen before the model, which takes longer, is touched. */
  function painted(then) {
    if (document.hidden) then();
    else requestAnimationFrame(() => setTimeout(then));
  }

  function refresh(row) {
    const joined = wall.incident !== null && wall.incident !== row.id;
    const other = flooded !== dressed || joined;
    shown = wall.shown = row;
    if (joined) {
      // the same event, now as the incident that it is part of
      wall.incident = row.id;
    }
    document.getElementById("wall").toggleAttribute("data-flood", flooded);
    wall.card.draw(row, rows, { flooded, known });
    // one incident among several became a flood, or a flood ebbed: the model shows that
    if (other && wall.incident) dress(row);
  }

  function announce(row) {
    wall.write(document.getElementById("announce"), `${wall.say(`wall.priority.${row.priority}`)}: ${wall.name(row.text)}, ${wall.name(row.placeNames)}`);
  }

  /** The model: the data goes out, what fails is lit, the camera goes there. A flood is seen from above. */
  function dress(row) {
    const { model } = wall;
    dressed = flooded;
    const place = flooded || !model || model.kind(row.place) === "other" ? "" : row.place;
    const kind = model && place ? model.kind(place) : "campus";
    const storey = kind === "space" ? model.storeyOf(place) : kind === "storey" ? place : "";
    const impact = row.node && !flooded ? `/api/v1/impact/scene?node=${encodeURIComponent(row.node)}` : "";
    const markers = flooded
      ? rows.slice(0, 60).filter(({ place: at }) => at).map((each) => marker(each))
      : place ? [marker(row)] : null;
    campus.setProps("twin", { channel: "", legend: null, lens: "data", selection: "", impact, markers, storey, explode: 0 });
    wall.frame({ of: storey || place, azimuth: 18, elevation: storey || kind === "building" ? 36 : 34, fill: storey || kind === "building" ? 0.82 : 1 }, 1);
  }

  const marker = (row) => ({ id: row.id, entity: row.place, position: null, kind: `alarm-${row.priority}`, label: wall.name(row.placeNames) });

  function close(why) {
    shown = wall.shown = null;
    wall.incident = null;
    const page = document.getElementById("wall");
    page.removeAttribute("data-incident");
    document.getElementById("wall-incident").hidden = true;
    wall.card.clear();
    console.info(`the wall goes on with its round: ${why}`);
    wall.redraw();
    wall.tell("incident", null);
  }

  /** A hand on the screen or on a tablet goes on with the round. */
  wall.leaveIncident = function (why) {
    if (!shown || isBoard()) return;
    for (const row of rows) seen.add(row.id);
    close(why);
  };

  wall.on("begin", () => {
    stop?.();
    stop = window.campusAlarms?.watch(take, { always: true });
  });
  wall.on("second", judge);
  wall.on("model", () => shown && dress(shown));
  wall.on("size", () => shown && dress(shown));
  wall.on("language", () => {
    if (shown) refresh(shown);
  });
})();
