// Time as the campus's zone has it: where ticks stand on a true axis (days have 23 or 25 hours where the clocks change), what
// an instant is called, the same hour of another day. No page is touched here; viewer/tests/time-axis.test.ts tests it.
(function () {
  "use strict";
  const MINUTE = 60_000;
  const HOUR = 60 * MINUTE;
  const DAY = 24 * HOUR;
  /** Zones are whole quarters of an hour from UTC. */
  const QUARTER = 15 * MINUTE;
  /** Steps between ticks [ms]; from a day on they are days of the zone. */
  const STEPS = [1, 2, 5, 10, 15, 30].map((n) => n * MINUTE).concat([1, 2, 3, 6, 12].map((n) => n * HOUR), [1, 2, 7, 14, 28].map((n) => n * DAY));
  /** Steps of a cursor [ms]. */
  const GRID = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800].map((n) => n * 1000);

  /** The axis of a zone (IANA name) in a language. */
  function axisOf(zone, lang) {
    const parts = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
    });
    const locale = lang === "zh" ? "zh-CN" : "en-GB";
    const words = (options) => new Intl.DateTimeFormat(locale, { timeZone: zone, hourCycle: "h23", ...options });
    const clock = words({ hour: "2-digit", minute: "2-digit" });
    const seconds = words({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
    const short = words({ day: "numeric", month: "short" });
    const long = words({ weekday: "short", day: "numeric", month: "short", year: "numeric" });
    const known = new Map();
    const days = new Map();

    function measured(at) {
      const read = {};
      for (const { type, value } of parts.formatToParts(at)) read[type] = Number(value);
      return Date.UTC(read.year, read.month - 1, read.day, read.hour, read.minute) - Math.floor(at / MINUTE) * MINUTE;
    }

    /** The zone's distance from UTC at an instant [ms]; asked of the browser once a day, or a quarter where it changes. */
    function offset(at) {
      const day = Math.floor(at / DAY);
      if (!days.has(day)) {
        const [first, last] = [measured(day * DAY), measured((day + 1) * DAY - MINUTE)];
        days.set(day, first === last ? first : null);
      }
      const whole = days.get(day);
      if (whole !== null) return whole;
      const quarter = Math.floor(at / QUARTER);
      if (!known.has(quarter)) known.set(quarter, measured(quarter * QUARTER));
      return known.get(quarter);
    }

    /** The instant as the zone's clocks show it, as if they were UTC's [ms]. */
    const wall = (at) => at + offset(at);
    const dayOf = (at) => Math.floor(wall(at) / DAY);

    /** The first instant of the local day that holds `at`, or of one `more` days later. */
    function midnight(at, more = 0) {
      const wanted = dayOf(at) + more;
      // the nearest quarter from which on the zone has that date
      let guess = Math.floor((wanted * DAY - offset(wanted * DAY - offset(at))) / QUARTER) * QUARTER;
      while (dayOf(guess) < wanted) guess += QUARTER;
      while (dayOf(guess - QUARTER) >= wanted) guess -= QUARTER;
      return guess;
    }

    /** How long the local day of an instant is [ms]. */
    const dayLength = (at) => midnight(at, 1) - midnight(at);

    /** The same hour of the clock so many days later; where the clocks skip it, the hour after. */
    function shiftDays(at, count) {
      const target = wall(at) + count * DAY;
      const guess = at + count * DAY;
      for (const shift of [offset(at), offset(guess), offset(target - offset(guess))]) if (wall(target - shift) === target) return target - shift;
      return target - offset(at);
    }

    /** Ticks of a window: `{at, label, day}`; `day` marks the first instant of a local day. */
    function ticks(start, end, width, least = 76) {
      const step = STEPS.find((one) => ((end - start) > 0 ? (one / (end - start)) * width : 0) >= least) ?? STEPS.at(-1);
      return step < DAY ? within(start, end, step) : whole(start, end, step / DAY);
    }

    function within(start, end, step) {
      const found = [];
      const unit = Math.min(step, QUARTER);
      for (let at = Math.ceil(start / unit) * unit; at <= end; at += unit) {
        const time = wall(at) % DAY;
        const day = dayOf(at) !== dayOf(at - 1);
        if (!day && time % step !== 0) continue;
        found.push({ at, day, label: day ? dayLabel(at) : clock.format(at) });
      }
      return found;
    }

    function whole(start, end, every) {
      const found = [];
      for (let at = midnight(start); at <= end; at = midnight(at, 1)) {
        // Thursday was day 0: weeks begin with Monday
        if (at >= start && (dayOf(at) + 3) % every === 0) found.push({ at, day: true, label: dayLabel(at) });
      }
      return found;
    }

    /** A day that is not 24 hours long says so. */
    function dayLabel(at) {
      const hours = dayLength(at) / HOUR;
      return hours === 24 ? short.format(at) : `${short.format(at)} (${Number(hours.toFixed(2))}\u202fh)`;
    }

    /** 'UTC+02:00' where the clock alone does not say which instant it is: on days of other than 24 hours. */
    function zoneNote(at) {
      if (dayLength(at) === DAY) return "";
      const minutes = offset(at) / MINUTE;
      const two = (n) => String(Math.floor(Math.abs(n))).padStart(2, "0");
      return ` UTC${minutes < 0 ? "\u2212" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
    }

    // the browser's Chinese form lacks the space before the day of the week
    const date = (at) => (lang === "zh" ? long.format(at).replace(/(日)\s*(周)/, "$1 $2") : long.format(at).replace(",", ""));

    return {
      offset, midnight, dayLength, shiftDays, ticks, date,
      time: (at) => seconds.format(at) + zoneNote(at),
      clock: (at) => clock.format(at) + zoneNote(at),
      /** 'Wed 15 Apr 2026, 10:24:07', '2026年4月15日 周三 10:24:07'. */
      full: (at) => `${date(at)}${lang === "zh" ? " " : ", "}${seconds.format(at)}${zoneNote(at)}`,
    };
  }

  /** An instant on a grid that suits so many ms a pixel. */
  function snap(at, perPixel) {
    const step = GRID.findLast((one) => one <= perPixel) ?? GRID[0];
    return Math.round(at / step) * step;
  }

  /** A duration in words: '42 min', '2.5 h', '3 d'. */
  function duration(ms, lang) {
    const [minute, hour, day] = lang === "zh" ? [" 分钟", " 小时", " 天"] : ["\u202fmin", "\u202fh", "\u202fd"];
    if (ms < 90 * MINUTE) return `${Math.max(1, Math.round(ms / MINUTE))}${minute}`;
    if (ms < 36 * HOUR) return `${Number((ms / HOUR).toFixed(1))}${hour}`;
    return `${Number((ms / DAY).toFixed(1))}${day}`;
  }

  /** Runs of steps without any value, as [from, to] in ms. `shares` from `start` on, `step` ms each. */
  function gaps(shares, start, step, least = 0.005) {
    const found = [];
    shares.forEach((share, i) => {
      const [from, to] = [start + i * step, start + (i + 1) * step];
      if (share >= least) return;
      const last = found.at(-1);
      if (last && last[1] === from) last[1] = to;
      else found.push([from, to]);
    });
    return found;
  }

  const api = { axisOf, snap, duration, gaps, MINUTE, HOUR, DAY };
  if (window.campus?.facts) api.local = axisOf(window.campus.facts.timezone ?? "UTC", window.campus.facts.lang === "zh" ? "zh" : "en");
  window.campus = Object.assign(window.campus ?? {}, { timeAxis: api });
})();
