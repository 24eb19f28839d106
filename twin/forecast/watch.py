"""Has a meter used more, or less, for a block of hours? A likelihood ratio on robust residuals of three days.

z = (r - median) / (1.4826 MAD), r the residual of a forecast one, two or three days ahead; median and MAD (Hampel
1974, doi 10.1080/01621459.1974.10482962) by slot of the day, kind of day and, where there is one, third of the outdoor
temperature; z is cut at five, or where twice the least size that counts would be. The hours of a forecast err together,
so C, the covariance of z over three days, is learned as well, a tenth of it shrunk to the identity. A change of size d
[unit] from hour i to hour j leaves d a in z, a = 1 / (1.4826 MAD) in the block and 0 elsewhere; with P = C^-1 of the
hours seen so far, d is estimated as a'Pz / a'Pa and the statistic of the block is a'Pz / sqrt(a'Pa) (generalised
likelihood ratio for a change of unknown begin, end and size: Basseville and Nikiforov 1993, Detection of Abrupt
Changes, chapters 2 and 7; with white residuals and a known size it is Page's CUSUM, 1954, doi
10.1093/biomet/41.1-2.100).

All three days are forecast from what was known before the first, so that a fault does not teach what is expected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

HOURS = 24
LEADS = 3
WINDOW = LEADS * HOURS
MAD_TO_SIGMA = 1.4826
CUT = 5.0
WIDE = 2.0
"""Least sizes that always pass the cut."""
CUT_LEARN = 3.0
"""Where z is cut when the covariance is learned: a fault in the training data should not shape it."""
THRESHOLD = 6.5
"""Statistic from which a block is an anomaly."""
LEAST_SHARE = 0.15
"""Share of the base load below which nothing is an anomaly."""
SHRINK = 0.1
SHOWN = 0.75
"""Share of a block's size that its mean residual has to show."""
LEAST_VARIANCE = 0.1
"""Variance of z that no hour goes below: one that always says the same proves little when it does not."""
BINS = 3
LEAST_IN_BIN = 12
"""Residuals that a bin needs for a median and a MAD of its own."""
FLOOR = 0.15
"""Share of the middle MAD that none goes below."""


@dataclass(frozen=True)
class Watch:
    """What is usual: ``median`` and ``sigma`` [unit] (leads, bins, places), the covariance of z (72, 72), and the
    ``edges`` between the bins [deg C], none without temperature.
    """

    median: F64
    sigma: F64
    covariance: F64
    edges: F64

    def bins(self, temperature: F64 | None, shape: tuple[int, ...]) -> I64:
        """The bin of each temperature; the middle one where it is unknown."""
        if temperature is None or not len(self.edges):
            return np.full(shape, len(self.edges) // 2, np.int64)
        found = np.where(np.isfinite(temperature), np.searchsorted(self.edges, temperature), BINS // 2)
        return found.astype(np.int64)

    @cached_property
    def inverses(self) -> dict[int, F64]:
        """P of the first n hours, for every n of the third day."""
        seen = range(WINDOW - HOURS + 1, WINDOW + 1)
        return {n: np.asarray(np.linalg.inv(self.covariance[:n, :n]), np.float64) for n in seen}

    def detectable(self, threshold: float) -> float:
        """Size [unit] of a change of 24 h in the middle of the window that is found in four cases of five."""
        a = np.zeros(WINDOW)
        sigma = self.sigma[:, len(self.edges) // 2, :HOURS].ravel()  # three working days
        a[HOURS // 2 : HOURS // 2 + HOURS] = 1.0 / sigma[HOURS // 2 : HOURS // 2 + HOURS]
        return float((threshold + 0.84) / np.sqrt(a @ self.inverses[WINDOW] @ a))

    def to_dict(self) -> dict[str, Any]:
        """Plain lists; the covariance to four digits, its lower half."""
        low = self.covariance[np.tril_indices(WINDOW)]
        return {"median": self.median.tolist(), "sigma": self.sigma.tolist(), "edges": self.edges.tolist(),
                "covariance": np.round(low, 4).tolist()}  # fmt: skip

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Watch:
        """What ``to_dict`` made."""
        half = np.zeros((WINDOW, WINDOW))
        half[np.tril_indices(WINDOW)] = kept["covariance"]
        whole = half + half.T - np.diag(np.diag(half))
        return cls(np.array(kept["median"]), np.array(kept["sigma"]), whole, np.array(kept["edges"], np.float64))


def to_hours(table: F64) -> F64:
    """A table (days, slots) of slots that are no longer than an hour as means of hours (days, 24) of those known."""
    cells = table.reshape(len(table), HOURS, -1)
    known = np.isfinite(cells)
    n = known.sum(axis=2)
    hours: F64 = np.divide(np.nan_to_num(cells).sum(axis=2), n, out=np.full(n.shape, np.nan), where=n > 0)
    return hours


def learn(off: Sequence[F64], places: I64, temperature: F64 | None = None) -> Watch:
    """What is usual for residuals ``off`` of three leads (days, 24) [unit], at ``places`` (days, 24), NaN unknown."""
    edges = np.zeros(0)
    if temperature is not None and np.isfinite(temperature).any():
        edges = np.quantile(temperature[np.isfinite(temperature)], (1 / 3, 2 / 3))
    n_bins = BINS if len(edges) else 1
    shape = (LEADS, n_bins, int(places.max()) + 1 if places.size else HOURS)
    blank = Watch(np.zeros(shape), np.zeros(shape), np.eye(WINDOW), edges)
    bins = blank.bins(temperature, places.shape)
    for lead, table in enumerate(off):
        _usual(table, places, bins, blank.median[lead], blank.sigma[lead])
    z, _ = standardise(blank, off, places, bins)
    z = np.clip(z[np.isfinite(z).all(axis=1)], -CUT_LEARN, CUT_LEARN)
    if len(z) < LEADS:
        return blank
    covariance = z.T @ z / len(z)
    size = np.sqrt(np.diag(covariance))
    shrunk = covariance + np.minimum(1.0, SHRINK + LEADS / len(z)) * (np.diag(size**2) - covariance)
    shrunk[np.diag_indices(WINDOW)] += np.maximum(LEAST_VARIANCE - size**2, 0.0)
    return Watch(blank.median, blank.sigma, shrunk, edges)


def _usual(table: F64, places: I64, bins: I64, median: F64, sigma: F64) -> None:
    """Fill medians and sigmas (bins, places): of the bin, else of the place, else of the hour in all kinds of days."""
    known = np.isfinite(table)
    for place in range(median.shape[1]):
        here = known & (places == place)
        if here.sum() < LEAST_IN_BIN:
            here = known & (places % HOURS == place % HOURS)
        for b in range(median.shape[0]):
            mine = here & (bins == b)
            chosen = table[mine if mine.sum() >= LEAST_IN_BIN else here]
            if len(chosen):
                median[b, place] = np.median(chosen)
                sigma[b, place] = MAD_TO_SIGMA * np.median(np.abs(chosen - median[b, place]))
    np.maximum(sigma, max(FLOOR * float(np.median(sigma)), 1e-9), out=sigma)


def standardise(watch: Watch, off: Sequence[F64], places: I64, bins: I64) -> tuple[F64, F64]:
    """z and a (days, 72) of the window that ends with each day: lead 1 two days before, lead 2, lead 3 that day."""
    days = len(places)
    z, a = np.full((days, WINDOW), np.nan), np.zeros((days, WINDOW))
    for lead, table in enumerate(off):
        back = LEADS - 1 - lead
        sigma = watch.sigma[lead][bins, places]
        columns = slice(HOURS * lead, HOURS * (lead + 1))
        z[back:, columns] = ((table - watch.median[lead][bins, places]) / sigma)[: days - back]
        a[back:, columns] = np.where(np.isfinite(table), 1.0 / sigma, 0.0)[: days - back]
    return z, a


@dataclass(frozen=True, slots=True)
class Block:
    """Hours ``begin`` to before ``end``, counted in the window, with the ``size`` [unit] and ``statistic`` [1]."""

    begin: int
    end: int
    size: float
    statistic: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """Which blocks count: ``shortest`` known hours or more, at most ``longest``, ended at most ``ago`` hours ago, of
    a size of ``least`` [unit] or more; ones of less use need ``less`` times the statistic of ones of more.
    """

    shortest: int
    longest: int
    ago: int
    least: float
    less: float


def best_block(watch: Watch, z: F64, a: F64, upto: int, bounds: Bounds) -> Block | None:
    """The likeliest block in the first ``upto`` hours of a window ``z``, ``a`` (72,); None where none counts."""
    p = watch.inverses[upto]
    weight = np.where(np.isfinite(z[:upto]), a[:upto], 0.0)
    cut = np.maximum(CUT, WIDE * bounds.least * weight)  # a quiet meter has steps of many sigma: they have to pass
    seen = np.clip(np.nan_to_num(z[:upto]), -cut, cut)
    moment = np.concatenate(([0.0], np.cumsum((p @ seen) * weight)))
    square = np.zeros((upto + 1, upto + 1))
    square[1:, 1:] = np.cumsum(np.cumsum(p * weight[:, None] * weight[None, :], axis=0), axis=1)
    begin, end = _pairs(upto, bounds)
    total = moment[end] - moment[begin]
    information = square[end, end] - 2 * square[begin, end] + square[begin, begin]
    size = np.divide(total, information, out=np.zeros_like(total), where=information > 1e-12)
    statistic = np.abs(size) * np.sqrt(np.maximum(information, 0.0)) / np.where(size < 0, bounds.less, 1.0)
    # a fall at the end of a quiet time is no block of less before it: the residuals themselves have to show the size
    mean, n = _plain_mean(seen, weight, begin, end)
    shown = np.sign(size) * mean >= SHOWN * np.abs(size)
    counts = (np.abs(size) >= bounds.least) & shown & (n >= bounds.shortest)
    statistic = np.where(counts, statistic, 0.0)
    k = int(np.argmax(statistic))
    if statistic[k] == 0.0:
        return None
    inside = begin[k] + np.flatnonzero(weight[begin[k] : end[k]] > 0)  # unknown hours at its ends are not its own
    return Block(int(inside[0]), int(inside[-1]) + 1, float(size[k]), float(statistic[k]))


def _plain_mean(seen: F64, weight: F64, begin: I64, end: I64) -> tuple[F64, I64]:
    """Mean residual [unit] of blocks over the hours that are known, and how many those are."""
    known = weight > 0
    residual = np.divide(seen, weight, out=np.zeros_like(seen), where=known)
    total, n = np.concatenate(([0.0], np.cumsum(residual))), np.concatenate(([0], np.cumsum(known)))
    inside = n[end] - n[begin]
    return (total[end] - total[begin]) / np.maximum(inside, 1), inside


@lru_cache(maxsize=64)
def _pairs(upto: int, bounds: Bounds) -> tuple[I64, I64]:
    begin, end = np.triu_indices(upto + 1, bounds.shortest)
    counts = (end - begin <= bounds.longest) & (end >= upto - bounds.ago)
    return begin[counts].astype(np.int64), end[counts].astype(np.int64)
