"""KPIs of the network: devices that are up or down, links that are full, what flows in and out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from twin.domains.records import Kpi
from twin.kpi_points import IN, OUT
from twin.kpi_value import Index, KpiValue, Place, Sentence, nothing, of_rows
from twin.reading import Quality

Bools = npt.NDArray[np.bool_]


def devices(place: Place, kpi: Kpi) -> KpiValue:
    """Devices of some categories that are online, or down.

    Up: a value of it counts, and its ``link_state`` is not 0. Down: ``link_state`` is 0, or it was heard once, is heard
    no more, and its source still brings values of others. Else unknown, and in neither number.
    """
    live, points = place.live, place.points
    wanted = np.isin(points.kind, [n for n, name in enumerate(points.kinds) if name in kpi.categories])
    rows = np.flatnonzero(wanted & (live.slot >= 0))
    rows = rows[place.under[live.slot[rows]]]
    if not rows.size:
        return nothing(place, kpi, rows, covers="devices")
    _, device = np.unique(points.device[rows], return_inverse=True)
    of = int(device.max()) + 1
    up, down = _states(place, rows, device, of)
    have = int((up | down).sum())
    if not have:
        return nothing(place, kpi, rows, covers="devices", of=of)
    number = int((up if kpi.kind == "devices-online" else down).sum())
    counting = rows[live.counting(rows)]
    oldest, quality, origin = of_rows(place, counting if counting.size else rows)
    value = 100.0 * number / have if kpi.share else float(number)
    return KpiValue(kpi, value, kpi.unit, have, of, "devices", oldest, quality, origin)


def _states(place: Place, rows: Index, device: Index, of: int) -> tuple[Bools, Bools]:
    """Of each device whether it is up, and whether it is down."""
    live, points = place.live, place.points
    counts = live.counting(rows)
    state = np.isin(rows, live.rows("link_state")) & counts

    def any_of(mask: Bools) -> Bools:
        return np.bincount(device, mask, of) > 0

    says_down = any_of(state & (live.value[rows] < 0.5))
    heard = any_of(counts)
    everything = np.arange(len(live.points))
    lives = np.bincount(points.source, live.counting(everything)) > 0
    silent = any_of((live.quality[rows] != Quality.NONE) & lives[points.source[rows]]) & ~heard
    return heard & ~says_down, says_down | silent


def links_over(place: Place, kpi: Kpi) -> KpiValue:
    """Links whose utilisation is over a limit, in either direction."""
    live, points = place.live, place.points
    rows = place.rows_of("utilisation")
    rows = rows[points.link[rows] >= 0]
    of = len(np.unique(points.link[rows]))
    rows_that_count = rows[live.counting(rows)]
    if not rows_that_count.size:
        return nothing(place, kpi, rows, covers="links", of=of)
    have = len(np.unique(points.link[rows_that_count]))
    full = rows_that_count[live.value[rows_that_count] > kpi.over]
    number = len(np.unique(points.link[full]))
    oldest, quality, origin = of_rows(place, rows_that_count)
    value = 100.0 * number / have if kpi.share else float(number)
    return KpiValue(kpi, value, kpi.unit, have, of, "links", oldest, quality, origin)


def throughput(place: Place, kpi: Kpi) -> KpiValue:
    """What flows into a place or out of it [Mbit/s], or the greater of both as a share of the capacity [%]."""
    live, points = place.live, place.points
    rows, capacity = ways_out(place)
    wanted = (IN, OUT) if kpi.direction == "most" else (IN,) if kpi.direction == "in" else (OUT,)
    rows = rows[np.isin(points.way[rows], wanted)]
    counting = rows[live.counting(rows)]
    if not rows.size:
        return KpiValue(kpi, None, kpi.unit, reason=Sentence("no-egress"))
    if not counting.size:
        return nothing(place, kpi, rows)
    flows = [float(live.value[counting[points.way[counting] == w]].sum()) for w in wanted]
    oldest, quality, made = of_rows(place, counting)
    value, origin = max(flows), made
    notes: tuple[Sentence, ...] = ()
    if kpi.share:
        if capacity is None:
            reason = Sentence("no-capacity")
            return KpiValue(kpi, None, kpi.unit, len(counting), len(rows), reason=reason)
        value = 100.0 * value / capacity
        notes = (Sentence("capacity", {"capacity": capacity}),)
        origin = "derived" if made == "measured" else made
    return KpiValue(kpi, value, kpi.unit, len(counting), len(rows), "points", oldest, quality, origin, None, notes)


def ways_out(place: Place) -> tuple[Index, float | None]:
    """The points of traffic over the border of a place, and what the links there carry each way [Mbit/s]."""
    live, facts = place.live, place.facts
    if place.slot == 0 and facts.egress:
        return np.array([live.index[p] for p in facts.egress if p in live.index], np.intp), facts.capacity
    uplinks, rows = place.uplinks, live.rows("traffic")
    inside = np.append(place.under, False)  # slot -1 is outside of every place
    crossing = inside[uplinks.lower] & ~inside[uplinks.upper]
    capacity = float(uplinks.capacity[crossing].sum()) if crossing.any() else np.nan
    at_the_border = rows[np.isin(place.points.device[rows], uplinks.device[crossing])]
    return at_the_border, None if np.isnan(capacity) else capacity
