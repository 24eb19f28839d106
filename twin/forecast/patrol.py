"""The walk of a watch through days: forecast, look every third hour, hold what is odd, go on.

Hours are counted from the first of the first day. While an episode lasts, its hours are kept from the forecast, and
what is expected of them comes from forecasts that were made before it began.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin.forecast.bands import places_of
from twin.forecast.dayahead import Roller
from twin.forecast.days import DayKinds
from twin.forecast.model import TRUST, MeterModel
from twin.forecast.watch import (
    HOURS,
    LEADS,
    LEAST_SHARE,
    THRESHOLD,
    WINDOW,
    Block,
    Bounds,
    Watch,
    best_block,
    standardise,
    to_hours,
)

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

EVERY = 3
"""Hours between two looks [h]."""
AGREE = 2
"""Looks in a row that have to see a block."""
BACK_H = 6
"""Hours whose mean has to be below half of the size, at two looks, for an episode to have ended [h]."""
RESTLESS_D = 21
"""Days whose scatter says whether a meter has become more restless than it was in training [d]."""
NORMAL_ABS = 0.6745
"""Median of the absolute value of a standard normal."""
TAME = 10.0
"""Sigmas beyond which a reading teaches no more than one there."""
ACCEPT_D = 7
"""Days after which what lasts is the new normal [d]."""


@dataclass(frozen=True, slots=True)
class Settings:
    """``threshold`` of the statistic [1]; the least size as a share of the base load [1]; how long a block is at least
    [h]; how many hours ago it may have ended [h]; how much stricter less use is judged than more [1].
    """

    threshold: float = THRESHOLD
    least_share: float = LEAST_SHARE
    shortest_h: int = 10
    ago_h: int = 18
    less: float = 1.25


@dataclass(slots=True)
class Episode:
    """Hours ``begin`` to before ``end`` (None while it lasts) in which ``size`` [unit] more was used than expected."""

    begin: int
    end: int | None
    seen: int
    size: float
    statistic: float
    accepted: bool = False


class Patrol:
    """The watch of ``model`` over ``left`` (days, slots) [unit], what its long-term part leaves of the readings.

    ``bins`` (days, 24) of the temperature, ``base_load`` (days,) [unit].
    """

    def __init__(
        self, model: MeterModel, watch: Watch, kinds: DayKinds, left: F64, bins: I64, base_load: F64,
        settings: Settings,
    ) -> None:  # fmt: skip
        self.watch, self.settings, self.left, self.bins, self.base_load = watch, settings, left, bins, base_load
        self.roller = Roller(kinds, left.shape[1], model.carry, TRUST)
        self.places = places_of(kinds, HOURS)
        self.ahead = [np.full_like(left, np.nan) for _ in range(LEADS)]
        self.off = [np.full((len(left), HOURS), np.nan) for _ in range(LEADS)]
        # hidden hours are no evidence any more, held ones do not teach the forecast: the new normal is only hidden
        self.hidden = np.zeros(len(left) * HOURS, np.bool_)
        self.held = np.zeros(len(left) * HOURS, np.bool_)
        self.episodes: list[Episode] = []
        self.open: Episode | None = None
        self._agreed, self._back = 0, 0
        self._restless = np.ones(len(left))
        self.tame = left.copy()
        self._accepted = False
        known = np.flatnonzero(np.isfinite(to_hours(left)))
        # a look at hours that have not come yet would take their silence for the end of what lasts
        self.until = int(known[-1]) + 1 if known.size else 0

    def walk(self, begin_day: int = 0) -> list[Episode]:
        """All episodes that begin on day ``begin_day`` or later, in the order of time."""
        for day, row in enumerate(self.left):
            self._forecast(day)
            if day >= begin_day:
                for hour in range(EVERY, HOURS + 1, EVERY):
                    if day * HOURS + hour <= self.until:
                        self._look(day, hour)
            self.tame[day] = self._tamed(day, row)
            self.roller.take(day, self.tame[day])
            self._teach(day, day + 1)
            if self._accepted:
                self._accepted = False
                for later in range(day + 1, min(day + LEADS, len(self.left))):
                    for lead in range(later - day, LEADS):
                        self.ahead[lead][later] = self.roller.peek(later)
        if self.open is not None:
            self.episodes.append(self.open)
        return self.episodes

    def expected(self, episode: Episode) -> tuple[F64, int, int]:
        """What was expected to be left (days, slots) from day to before day of an episode, from forecasts before it."""
        first = episode.begin // HOURS
        last = (len(self.left) * HOURS if episode.end is None else episode.end - 1) // HOURS
        days = range(first, min(last + 1, len(self.left)))
        return np.array([self._held(day, first) for day in days]), days.start, days.stop

    def _held(self, day: int, begin_day: int) -> F64:
        lead = day - begin_day
        held: F64 = self.ahead[lead if lead < LEADS else 0][day]
        return held

    def _forecast(self, day: int) -> None:
        self._restless[day] = self._restlessness(day)
        self._forecast_ahead(day)
        self.ahead[0][day] = self.roller.forecast(day)
        self._compare(day)

    def _forecast_ahead(self, day: int) -> None:
        for lead in range(1, min(LEADS, len(self.left) - day)):
            self.ahead[lead][day + lead] = self.roller.peek(day + lead)

    def _forecast_anew(self, day: int) -> None:
        """Forecasts of today and of the days to come that rested on hours which are held, or believed, from now on."""
        self.ahead[0][day] = self.ahead[1][day] = self.roller.forecast(day)
        self._compare(day)
        self._forecast_ahead(day)

    def _compare(self, day: int) -> None:
        for lead in range(LEADS):
            self.off[lead][day] = to_hours((self.left[day] - self.ahead[lead][day])[None])[0]

    def _tamed(self, day: int, row: F64) -> F64:
        """What a day left, cut at ten sigmas of the forecast: a lone spike should not echo for a week."""
        most = TAME * self._restless[day] * self.watch.sigma[0][self.bins[day], self.places[day]]
        most = np.repeat(most, self.left.shape[1] // HOURS)
        ahead = self.ahead[0][day]
        return np.where(np.isfinite(ahead), np.clip(row, ahead - most, ahead + most), row)

    def _restlessness(self, day: int) -> float:
        """Scatter of the last days beside that of the training [1], at least 1: more of it makes the watch slower."""
        days = slice(max(day - RESTLESS_D, 0), day)
        sigma = self.watch.sigma[0][self.bins[days], self.places[days]]
        z = np.abs(self.off[0][days] - self.watch.median[0][self.bins[days], self.places[days]]) / sigma
        z = z[np.isfinite(z) & ~self.held.reshape(-1, HOURS)[days]]
        return max(float(np.median(z)) / NORMAL_ABS, 1.0) if len(z) else 1.0

    def _look(self, day: int, hour: int) -> None:
        now = day * HOURS + hour
        if self.open is not None:
            self._follow(self.open, day, now)
            return
        block = self._search(day, hour)
        if block is None:
            self._agreed = 0
            return
        self._agreed += 1
        if self._agreed < AGREE:
            return
        start = (day - LEADS + 1) * HOURS
        ended = block.end < WINDOW - HOURS + hour
        end = start + block.end if ended else None
        episode = Episode(start + block.begin, end, now, block.size, block.statistic)
        self._agreed, self._back = 0, 0
        self._hide(episode.begin, now if episode.end is None else episode.end, day)
        self._forecast_anew(day)
        if ended:
            self.episodes.append(episode)
        else:
            self.open = episode

    def _search(self, day: int, hour: int) -> Block | None:
        if day < LEADS - 1:
            return None
        days = slice(day - LEADS + 1, day + 1)
        off = [np.where(self.hidden.reshape(-1, HOURS)[days], np.nan, table[days]) for table in self.off]
        z, a = standardise(self.watch, off, self.places[days], self.bins[days])
        z, a = z / self._restless[day], a / self._restless[day]
        least = self.settings.least_share * float(self.base_load[day])
        bounds = Bounds(self.settings.shortest_h, WINDOW, self.settings.ago_h, least, self.settings.less)
        block = best_block(self.watch, z[-1], a[-1], WINDOW - HOURS + hour, bounds)
        return block if block is not None and block.statistic >= self.settings.threshold else None

    def _follow(self, episode: Episode, day: int, now: int) -> None:
        """An episode that lasts: has it ended, or has it become the new normal?"""
        self._hide(episode.begin, now, day)
        first = episode.begin // HOURS
        since = max(episode.begin, now - 2 * HOURS)
        days = range(since // HOURS, day + 1)
        off = np.concatenate([to_hours((self.left[d] - self._held(d, first))[None])[0] for d in days])
        beyond = np.sign(episode.size) * off[since - days.start * HOURS : now - days.start * HOURS]
        half = abs(episode.size) / 2
        beyond = np.where(np.isfinite(beyond), beyond - half, 0.0)
        self._back = self._back + 1 if beyond[-BACK_H:].mean() < 0 else 0
        if self._back >= AGREE:
            episode.end, self.open = since + int(np.argmax(np.cumsum(beyond))) + 1, None
            self.hidden[episode.end : now], self.held[episode.end : now] = False, False
            self._teach(first, day)
            self.episodes.append(episode)
        elif now - episode.begin > ACCEPT_D * HOURS and now % HOURS == 0:
            episode.end, episode.seen, episode.accepted, self.open = now, now, True, None
            self.held[episode.begin : now] = False
            self.tame[first:day] = self.left[first:day]
            self.held[: episode.begin] = True  # the old level says nothing of the new one
            self.roller.trust = 0.0
            self._teach(0, first)
            self._teach(first, day)
            self._accepted = True
            self.episodes.append(episode)

    def _hide(self, begin: int, end: int, today: int) -> None:
        self.hidden[begin:end], self.held[begin:end] = True, True
        self._teach(begin // HOURS, today)

    def _teach(self, first: int, last: int) -> None:
        """Let the forecast rest on the days ``first`` to before ``last``, which were taken, but for the held hours."""
        for day in range(first, last):
            self.roller.believe(day, self.tame[day])
            held = self.held[day * HOURS : (day + 1) * HOURS]
            self.roller.forget(day, np.repeat(held, self.left.shape[1] // HOURS))
