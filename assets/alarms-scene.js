// Alarms in the scene: the page tells the view what stands and where, the view marks it and says which mark was chosen. The
// scene knows nothing of alarms, and alarms nothing of the scene.
(function () {
  "use strict";
  const alarms = window.campusAlarms;
  const words = alarms.words;
  /** Marks follow what stands so often at most. */
  const EVERY_MS = 500;
  let now = null;
  let stop = null;
  let last = "";
  let told = 0;
  let timer = 0;

  function mark(alarm) {
    const label = [words.priorityName(alarm.priority), words.what(alarm), words.place(alarm)].join(" · ");
    return { id: alarm.id, entity: alarm.place, building: alarm.building, priority: alarm.priority, calling: alarms.calls(alarm), label };
  }

  function tell(always = false) {
    clearTimeout(timer);
    timer = 0;
    if (!now || !document.getElementById("twin")) return;
    const selected = window.campus.view.get().alarm ?? "";
    const marks = [...now.alarms.values()].filter((alarm) => alarm.place).sort(alarms.urgency).map(mark);
    const key = JSON.stringify([marks.map((of) => [of.id, of.priority, of.calling]), selected]);
    if (key === last && !always) return;
    last = key;
    told = performance.now();
    document.dispatchEvent(new CustomEvent("campus:beacons", { detail: { marks, selected } }));
  }

  function soon() {
    timer ||= setTimeout(tell, Math.max(0, told + EVERY_MS - performance.now()));
  }

  document.addEventListener("campus:beacons-wanted", () => setTimeout(() => tell(true), 0));
  document.addEventListener("campus:view", () => now && soon());

  /** A mark was chosen: its most urgent alarm; chosen again, the next of those it stands for. */
  document.addEventListener("campus-beacon", ({ detail }) => {
    const found = detail.ids.map((id) => now?.alarms.get(id)).filter(Boolean).sort(alarms.urgency);
    if (!found.length) return;
    const at = found.findIndex((alarm) => alarm.id === window.campus.view.get().alarm);
    const alarm = found[(at + 1) % found.length];
    const { sel } = window.campus.view.get();
    if (alarm.place !== sel) window.campus.view.set({ sel: alarm.place, alarm: alarm.id });
    else window.campus.view.set({ alarm: alarm.id });
  });

  document.addEventListener("campus:page", () => {
    stop?.();
    [stop, now, last] = [null, null, ""];
    if (!document.getElementById("twin") || !document.getElementById("alarm-strip")) return;
    stop = alarms.standing((given) => {
      now = given;
      soon();
    });
  });
})();
