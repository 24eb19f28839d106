"""Few requests for many registers: neighbours are read together, unless the device refused that.

A *span* is what one value needs and is never torn apart: its registers come from one answer. Spans that lie close
together become a *block*, one request. What a device refuses is asked again in two halves, parted at the widest gap,
down to the span that it does not serve; what was learnt is remembered, so that no later block crosses it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

MAX_REGISTERS = 125
MAX_BITS = 2000


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """``count`` registers or bits from address ``start``."""

    start: int
    count: int

    @property
    def end(self) -> int:
        """The address after the last."""
        return self.start + self.count


@dataclass(frozen=True, slots=True)
class Block:
    """One request: from the first of ``spans`` (in order of address) to the end of whichever reaches farthest."""

    spans: tuple[Span, ...]

    @property
    def start(self) -> int:
        """The first address."""
        return self.spans[0].start

    @property
    def count(self) -> int:
        """How many registers or bits."""
        return max(span.end for span in self.spans) - self.start


@dataclass(slots=True)
class Plan:
    """The blocks for ``spans``: at most ``most`` registers or bits each, over gaps of at most ``gap``."""

    spans: Iterable[Span]
    gap: int
    most: int
    blocks: list[Block] = field(init=False)
    _cuts: set[Span] = field(init=False, default_factory=set)
    _alone: set[Span] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        """Plan once; the plan changes only when the device refuses something."""
        self.spans = sorted(set(self.spans))
        self._plan()

    def _plan(self) -> None:
        self.blocks = []
        run: list[Span] = []
        end = 0
        for span in self.spans:
            if run and not self._joins(run, end, span):
                self.blocks.append(Block(tuple(run)))
                run = []
            end = max(end, span.end) if run else span.end
            run.append(span)
        if run:
            self.blocks.append(Block(tuple(run)))

    def _joins(self, run: list[Span], end: int, span: Span) -> bool:
        if span in self._cuts or span in self._alone or run[-1] in self._alone:
            return False
        return span.start - end <= self.gap and max(end, span.end) - run[0].start <= self.most

    def refused(self, block: Block) -> list[Block]:
        """The halves of a refused block, to be asked instead from now on; nothing when it is a single span.

        A span that is refused by itself explains the refusals that led to it: it stands alone from now on, and the
        cuts made on the way are taken back. Should they have been needed as well, the device will say so again.
        """
        if len(block.spans) == 1:
            if block.spans[0] not in self._alone:
                self._alone.add(block.spans[0])
                self._cuts.clear()
                self._plan()
            return []
        at = _widest(block.spans)
        self._cuts.add(block.spans[at])
        self._plan()
        return [Block(block.spans[:at]), Block(block.spans[at:])]


def _widest(spans: tuple[Span, ...]) -> int:
    """Where to part a block: before the span with the widest gap, of equal ones the one nearest the middle."""
    best, key, end = 1, (-1, 0.0), spans[0].end
    middle = len(spans) / 2
    for at in range(1, len(spans)):
        candidate = (max(0, spans[at].start - end), -abs(at - middle))
        if candidate > key:
            best, key = at, candidate
        end = max(end, spans[at].end)
    return best
