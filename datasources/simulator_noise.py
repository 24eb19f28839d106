"""Chance without a past: a stream for each (seed, building, signal, day), asked at any place in any order.

The streams are counter-based: a number is a hash of its stream's key and its place in the stream (SplitMix64's
finaliser: Steele, Lea, Flood 2014, doi:10.1145/2714064.2660195), so any window can be made without what came before
it, and a live run gives the same numbers as a replay.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

U64 = npt.NDArray[np.uint64]
F32 = npt.NDArray[np.float32]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_A, _B = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


@lru_cache(maxsize=65_536)
def key(*parts: str | int) -> int:
    """The 64-bit key of a stream, or of a place in one."""
    text = "\x1f".join(map(str, parts)).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little")


def keys(names: list[str]) -> U64:
    """A key for each name."""
    return np.array([key(name) for name in names], dtype=np.uint64)


def mix(x: U64) -> U64:
    """SplitMix64's finaliser, element by element; overflow is meant."""
    mixed: U64 = x + _GOLDEN
    shifted = mixed >> np.uint64(30)  # in place from here on: large arrays cost more to have than to fill
    mixed ^= shifted
    mixed *= _A
    mixed ^= np.right_shift(mixed, np.uint64(27), out=shifted)
    mixed *= _B
    mixed ^= np.right_shift(mixed, np.uint64(31), out=shifted)
    return mixed


def uniform(stream: U64, place: U64) -> F32:
    """Numbers from 0 to 1 at ``place`` of ``stream``, element by element."""
    mixed = mix(stream ^ (place * _GOLDEN))
    mixed >>= np.uint64(40)
    numbers: F32 = mixed.astype(np.float32)
    numbers *= np.float32(2.0**-24)
    return numbers


@lru_cache(maxsize=4_096)
def normal(seed: int, signal: str, day: int) -> float:
    """One number of a standard normal distribution (sum of twelve uniform ones: tails end at 6) for a day."""
    stream = np.full(12, key(seed, signal, day), dtype=np.uint64)
    return float(uniform(stream, np.arange(1, 13, dtype=np.uint64)).sum()) - 6.0
