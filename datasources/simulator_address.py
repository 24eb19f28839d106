"""Addresses of simulated points: the first word names the family, the rest what is simulated, the entity last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from datasources.simulator_loads import LOADS
from twin.point import Point
from twin.quantity import QUANTITIES


class AddressError(ValueError):
    """A point whose address the simulator does not understand; the message names the point and the form it wants."""


def refusal(point: Point, wanted: str) -> AddressError:
    """What to say of a point whose address or unit is not as ``wanted``."""
    return AddressError(
        f"point {point.id}: the simulator cannot make '{point.address}' in '{point.unit}'. It wants {wanted}"
    )


@dataclass(frozen=True, slots=True)
class Room:
    """A room as an address names it: its use, its floor area [m2], its id."""

    use: str
    area: float
    space: str

    @classmethod
    def of(cls, point: Point, family: str) -> Room:
        """Read ``<family>/room/<use>/<area m2>/<space id>``."""
        try:
            first, level, use, area, space = point.address.split("/", 4)
            room = cls(use, float(area), space)
            if first != family or level != "room" or use not in LOADS or not space or not 0 < room.area < np.inf:
                raise ValueError
        except ValueError:
            wanted = f"{family}/room/<use>/<m2>/<space>; uses are {', '.join(LOADS)}"
            raise refusal(point, wanted) from None
        return room


def own_unit(point: Point, quantity: str) -> tuple[float, float]:
    """Factor and offset to the point's own unit: own = canonical value of ``quantity`` * factor + offset."""
    units = QUANTITIES[quantity].units
    if point.unit not in units:
        raise refusal(point, f"a unit of {quantity}: {', '.join(units)}")
    factor, offset = units[point.unit]
    return 1.0 / factor, -offset / factor


def parent(entity: str) -> str:
    """The entity that an entity's id nests in."""
    return entity.rsplit("/", 1)[0]


def sums(parents: Sequence[str], totals: Sequence[str]) -> csr_array:
    """The matrix that adds up rows into the totals they belong to; a row whose total is no point is left out."""
    number = {name: k for k, name in enumerate(totals)}
    pairs = [(number[p], k) for k, p in enumerate(parents) if p in number]
    rows, columns = zip(*pairs, strict=True) if pairs else ((), ())
    ones = np.ones(len(pairs), np.float32)
    return csr_array((ones, (rows, columns)), shape=(len(totals), len(parents)), dtype=np.float32)


def parent_rows(matrix: csr_array) -> npt.NDArray[np.int64]:
    """The row of ``sums(...)`` that each of its columns is added to; -1: none."""
    found = np.full(matrix.shape[1], -1, np.int64)
    entries = matrix.tocoo()
    found[entries.col] = entries.row
    return found
