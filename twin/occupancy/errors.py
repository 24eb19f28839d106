"""What a source says of n persons, and how wrong it may be: learned where a people counter stands beside it.

Clients: z = b + d n + e, b devices that stay, d devices a person, variance v0 + u n + (s_d n)². PIR: somebody moves
in view with chance 1 - (1 - f) exp(-h n). What rooms with counters teach serves all spaces of their kind: their sums
stand in as at most ``SHARED`` hours of evidence, before them the defaults below. Sums are forgotten over 30 days.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]

DEVICES = 1.5
"""Devices a person before a counter taught better; an assumption, with ``DEVICES_ERROR`` as its standard deviation."""
DEVICES_ERROR = 0.6
PRIOR, SHARED = 4.0, 40.0
STAYING_VAR = 1.0
FALSE, SEEN = 0.05, 0.5
"""A PIR is on without anybody in 5 % of the time; one person is seen in 1 - exp(-0.5) = 39 % of it."""
PIR_LASTS_S, PIR_TAUGHT_LASTS_S, PIR_TAUGHT_H = 1800.0, 14_400.0, 5.0
"""How long a PIR's errors last [s]: beside a counter in an office it stayed off for hours with four persons there. A
detector whose kind no counter has seen in use for 5 h is believed as makers describe it."""
FORGET_S = 30 * 86_400.0

COLUMNS = (
    "empty",
    "z0",
    "zz0",
    "used",
    "n",
    "nn",
    "nz",
    "z1",
    "zz",
    "pir0",
    "on0",
    "pir1",
    "on1",
    "pir_n",
    "co2",
    "rr",
)


class Errors:
    """The sums of each space (``COLUMNS``: rows weighted by hours), and the kinds that they are shared by."""

    def __init__(self, kind: Index) -> None:
        self.kind = kind
        self.sums = np.zeros((len(COLUMNS), len(kind)))
        self._refresh()

    def take_clients(self, at: Index, z: F64, n: F64, hours: F64) -> None:
        """Clients ``z`` beside ``n`` counted persons, for ``hours``."""
        none, some = hours * (n < 0.5), hours * (n >= 0.5)
        for name, add in (
            ("empty", none), ("z0", none * z), ("zz0", none * z * z), ("used", some), ("n", some * n),
            ("nn", some * n * n), ("nz", some * n * z), ("z1", some * z), ("zz", some * z * z),
        ):  # fmt: skip
            self.sums[COLUMNS.index(name), at] += add

    def take_pir(self, at: Index, on: F64, n: F64, hours: F64) -> None:
        """Presence ``on`` beside ``n`` counted persons."""
        none, some = hours * (n < 0.5), hours * (n >= 0.5)
        for name, add in (("pir0", none), ("on0", none * on), ("pir1", some), ("on1", some * on), ("pir_n", some * n)):
            self.sums[COLUMNS.index(name), at] += add

    def take_co2(self, at: Index, persons: F64, error: F64, n: F64, hours: F64) -> None:
        """Persons after the air [with their standard deviation] beside ``n`` counted ones."""
        self.sums[COLUMNS.index("co2"), at] += hours
        self.sums[COLUMNS.index("rr"), at] += hours * np.minimum(((persons - n) / error) ** 2, 100.0)

    def forget(self, seconds: float) -> None:
        """Let what was learned fade, and work out the parameters anew."""
        self.sums *= np.exp(-seconds / FORGET_S)
        self._refresh()

    def _pooled(self) -> dict[str, F64]:
        """Own sums, and those of the kind scaled down to at most SHARED hours."""
        kinds = int(self.kind.max(initial=0)) + 1
        rows = {}
        for name, own in zip(COLUMNS, self.sums, strict=True):
            rows[name] = np.bincount(self.kind, own, kinds)[self.kind] - own
        for weight, names in (
            ("empty", ("empty", "z0", "zz0")), ("used", ("used", "n", "nn", "nz", "z1", "zz")),
            ("pir0", ("pir0", "on0")),
            ("pir1", ("pir1", "on1", "pir_n")), ("co2", ("co2", "rr")),
        ):  # fmt: skip
            scale = np.minimum(1.0, SHARED / np.maximum(rows[weight], 1e-9))
            for name in names:
                rows[name] = rows[name] * scale + self.sums[COLUMNS.index(name)]
        return rows

    def _refresh(self) -> None:
        s = self._pooled()
        # Without a counter nothing tells devices that stay from people: the defaults then count in full.
        default = np.where(s["nn"] + s["empty"] > 0, 0.2, 1.0)
        b = self.staying = s["z0"] / (s["empty"] + PRIOR)
        raw = s["zz0"] - 2 * b * s["z0"] + s["empty"] * b**2
        self.staying_var = 0.02 + (np.maximum(raw, 0.0) + default * STAYING_VAR) / (s["empty"] + 1.0)
        weight = PRIOR * default
        d = self.devices = np.maximum(0.05, (weight * DEVICES + s["nz"] - b * s["n"]) / (weight + s["nn"]))
        left = s["zz"] - 2 * b * s["z1"] - 2 * d * s["nz"] + b**2 * s["used"] + 2 * b * d * s["n"] + d**2 * s["nn"]
        self.scatter = (weight * d + np.maximum(left, 0.0)) / (weight + s["n"])
        self.devices_error = np.sqrt(np.where(s["nn"] > 0, self.scatter / (s["n"] + PRIOR), DEVICES_ERROR**2))
        self.false = np.clip((s["on0"] + FALSE * PRIOR) / (s["pir0"] + PRIOR), 0.002, 0.5)
        self.pir_lasts = np.where(s["pir1"] > PIR_TAUGHT_H, PIR_TAUGHT_LASTS_S, PIR_LASTS_S)
        mean = (s["pir_n"] + PRIOR) / (s["pir1"] + PRIOR)
        hit = np.clip((s["on1"] + (1 - np.exp(-SEEN)) * PRIOR) / (s["pir1"] + PRIOR), self.false + 0.01, 0.98)
        self.seen = -np.log((1.0 - hit) / (1.0 - self.false)) / mean
        self.air_factor = np.clip((s["rr"] + PRIOR) / (s["co2"] + PRIOR), 0.25, 25.0)
