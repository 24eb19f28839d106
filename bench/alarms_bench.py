"""The alarms: 50,000 rules over 20,000 values a second, the way from a value to a browser, the book, the journal.

The peer of the evaluation judges the same rules one by one in plain Python, as a loop over the changed points' rules.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from zoneinfo import ZoneInfo

import numpy as np

from bench import alarms_wall
from bench.alarms_flood import BROWSERS, gap_ms
from bench.alarms_push import delays_ms
from bench.report import Bar, Report, against_limit, against_peer, alternate, machine, versions
from twin.alarms.alarm import Alarm
from twin.alarms.bind import Watches
from twin.alarms.book import Book
from twin.alarms.engine import Engine, Ground
from twin.alarms.journal import Journal
from twin.alarms.places import Places
from twin.alarms.rule import AlarmRules, Condition, Rule, Selector
from twin.alarms.state import Event
from twin.live import Columns, Index, LiveState
from twin.point import Point
from twin.slots import SlotTree
from twin.space import Building, Campus, Space, Storey

POINTS, RULES_A_POINT, SECONDS, SLICES = 20_000, 2.5, 20, 10
ROUNDS, STEPS, RAISED, FLOOD, SHOWN = 3, 1_000_000, 300, 1_000, 40
BATCH = 20_000
OVER = 0.001
TEXT = {"zh": "{what}高于 {limit} {unit}", "en": "{what} is above {limit} {unit}"}


def rules(count: int) -> list[Rule]:
    """Rules that half, or all, of the points have: ``count`` halves."""
    found = []
    for number in range(count):
        select = Selector(("temperature",), ("*0", "*2", "*4", "*6", "*8") if number == count - 1 else ())
        found.append(
            Rule(f"r{number}", select, Condition("outside", 10.0 + number, 90.0 + number, 1.0), TEXT, TEXT, TEXT, TEXT,
                 TEXT, 600.0, on_delay_s=5.0 * number, off_delay_s=5.0)
        )  # fmt: skip
    return found


@dataclass(slots=True)
class Bench:
    """A campus with its engine, and what is said of its points."""

    live: LiveState
    engine: Engine
    points: int

    @classmethod
    def of(cls, points: int) -> Bench:
        """A campus of one room with so many temperatures."""
        space = Space("1/01/101", "101", {"zh": "室", "en": "Room"})
        campus = Campus("bench", buildings=[Building("1", storeys=[Storey("1/01", spaces=[space])])])
        tree = SlotTree.of(campus, ("bench", "1", "1/01", "1/01/101"))
        every = [Point(f"p{n}", space.id, "temperature", "°C", stale_s=1e9) for n in range(points)]
        live = LiveState(every, tree)
        chosen = AlarmRules({rule.id: rule for rule in rules(math.ceil(RULES_A_POINT))})
        return cls(live, Engine(Book(), chosen, Ground(live, Places(campus), ZoneInfo("UTC"))), points)

    def say(self, second: int, part: int, random: np.random.Generator, over: float) -> Index:
        """New values of a tenth of the points, of which the share ``over`` is over a limit."""
        at = np.arange(part, self.points, SLICES)
        value = random.normal(50.0, 10.0, len(at)).clip(12.0, 88.0)
        value[random.random(len(at)) < over] = 99.0
        now = np.full(len(at), 1e9 + second + part / SLICES)
        zero = np.zeros(len(at), np.uint8)
        self.live.apply(Columns(at, value, now, now, now, zero, zero, np.zeros(len(at), np.uint16)))
        return at


def ours(points: int, seconds: int, over: float) -> float:
    """CPU a second of values that the engine takes [s]."""
    bench, random, cpu = Bench.of(points), np.random.default_rng(1), 0.0
    bench.live.clock = lambda: 1e9
    for second in range(seconds):
        for part in range(SLICES):
            at = bench.say(second, part, random, over)
            now, begun = 1e9 + second + part / SLICES, time.process_time()
            bench.engine.changed(at)
            for _ in bench.engine.turn(now):
                pass
            if part == 0:
                bench.engine.second(now)
            cpu += time.process_time() - begun
    return cpu / seconds


def plain(points: int, seconds: int) -> float:
    """The same of a loop over rules: limits, deadband, pending since; of values that make no alarm."""
    bench, random, cpu = Bench.of(points), np.random.default_rng(1), 0.0
    watches: Watches = bench.engine.evaluator.watches
    of_point: list[list[int]] = [[] for _ in range(points)]
    for at, row in enumerate(watches.row.tolist()):
        of_point[row].append(at)
    low, high, band = watches.low.tolist(), watches.high.tolist(), watches.deadband.tolist()
    on_delay, off_delay = watches.on_delay.tolist(), watches.off_delay.tolist()
    state, pending = [False] * len(low), [math.inf] * len(low)
    for second in range(seconds):
        for part in range(SLICES):
            rows = bench.say(second, part, random, 0.0)
            values, quality = bench.live.value[rows].tolist(), bench.live.quality[rows].tolist()
            now, begun = 1e9 + second + part / SLICES, time.process_time()
            for row, value, bad in zip(rows.tolist(), values, quality, strict=True):
                if bad > 1 or value != value:
                    continue
                for at in of_point[row]:
                    edge = band[at] if state[at] else 0.0
                    over = value > high[at] - edge or value < low[at] + edge
                    if over == state[at]:
                        pending[at] = math.inf
                    elif pending[at] == math.inf:
                        pending[at] = now + (on_delay[at] if over else off_delay[at])
                    if pending[at] <= now:
                        state[at], pending[at] = over, math.inf
            cpu += time.process_time() - begun
    return cpu / seconds


def step_us(count: int) -> float:
    """Time of one step of an alarm in the book [us]."""
    book, begun = Book(), time.perf_counter()
    alarm = Alarm("r:p", "r", "p")
    for number in range(count // 4):
        now = float(number)
        book.take([alarm], now)
        book.do(Event.ACK, ["r:p"], "li", "", now)
        book.do(Event.SHELVE, ["r:p"], "li", "noise", now)
        book.do(Event.RETURN, ["r:p"], "system", "", now)  # the shelf was for one time: two steps
    return (time.perf_counter() - begun) / book.seq * 1e6


def journal_s(folder: Path, steps: int) -> tuple[float, float, float]:
    """A journal of so many steps of 5,000 alarms: time to write one in a thousand [s], to start with it, to rebuild
    what stands from the steps alone [s]."""
    journal, book = Journal(folder / "alarms.sqlite"), Book()
    book.listeners.append(journal.add)
    number = 0
    begun = time.perf_counter()
    while book.seq < steps:
        id_ = f"r:{number % 5_000}"
        if book.take([Alarm(id_, "r", id_, texts=TEXT)], float(number)):
            book.do(Event.ACK, [id_], "li", "", float(number))
        if number % 7:  # every seventh goes on
            book.do(Event.RETURN, [id_], "system", "", float(number))
        number += 1
        if journal.waiting >= BATCH:
            journal.flush()
    journal.flush()
    written = (time.perf_counter() - begun) / book.seq * 1000
    begun = time.perf_counter()
    kept = journal.kept()
    started = time.perf_counter() - begun
    begun = time.perf_counter()
    rebuilt = journal.rebuilt()
    took = time.perf_counter() - begun
    if {alarm.id: alarm for alarm in rebuilt} != book.alarms or len(kept.alarms) != len(book.alarms):
        raise RuntimeError("the journal does not tell what memory has")
    journal.close()
    return written, started, took


def run(
    points: int = POINTS, seconds: int = SECONDS, rounds: int = ROUNDS, steps: int = STEPS, raised: int = RAISED,
    flood: int = FLOOD, shown: int = SHOWN,
) -> Report:  # fmt: skip
    """About three minutes; ``shown`` alarms are waited for on a wall, none without a browser."""
    busy = [ours(points, seconds, OVER) for _ in range(rounds)]
    quiet, loop = alternate(rounds, lambda: ours(points, seconds, 0.0), lambda: plain(points, seconds))
    watches = len(Bench.of(points).engine.evaluator.watches)
    name = f"{watches:,} rules, {points:,} values a second"
    with tempfile.TemporaryDirectory() as folder:
        written, started, took = journal_s(Path(folder), steps)
    with tempfile.TemporaryDirectory() as folder:
        waits = delays_ms(Path(folder), raised)
    gaps = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            gaps.append(gap_ms(Path(folder), flood))
    watching = f"{flood:,} alarms at once, {BROWSERS} browsers and a list: the event loop's longest gap"
    bars: list[Bar] = [
        against_limit(f"{name}, one in {1 / OVER:,.0f} over a limit: CPU", "cores", 0.1, busy),
        against_peer("the same, none over a limit", "cores", 0.5, quiet, "rules judged one by one in Python", loop),
        against_limit("a value over its limit to the step at a browser, p99", "ms", 500, [_p99(waits)] * len(waits)),
        against_limit("a step in the book", "us", 50, [step_us(20_000) for _ in range(rounds)]),
        against_limit(f"a thousand steps made and written, of {steps:,}", "s", 0.5, [written]),
        against_limit(f"start with a journal of {steps:,} steps", "s", 1, [started]),
        against_limit("the same rebuilt from the steps alone", "s", 10, [took]),
        against_limit(watching, "ms", 250, gaps),
    ]
    if shown:
        with tempfile.TemporaryDirectory() as folder:
            cards = alarms_wall.delays_ms(Path(folder), shown)
        bars.insert(3, against_limit("the same to its card on a wall, p99", "ms", 500, [_p99(cards)] * len(cards)))
    return Report(name="alarms", machine=machine(), versions=versions("numpy", "uvicorn"), bars=bars)


def _p99(values: Sequence[float]) -> float:
    return quantiles(values, n=100)[98] if len(values) > 1 else values[0]
