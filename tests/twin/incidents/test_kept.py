"""Whatever alarms do and whenever it is killed: no alarm is in two incidents or in one that does not explain it, and
the journal says what the memory says."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.incidents.alarms import FakeBook, causes
from twin.incidents.cause import Causes
from twin.incidents.engine import Changes, Engine
from twin.incidents.incident import Entry, Incident
from twin.incidents.journal import VERSION, Journal, JournalError, KeptFile

NODES = ["GRID", "1/MSB", "2/MSB", "CORE", "1/01/SW", "1/02/SW", "2/01/SW", "1/01/AP1", "1/01/AP2", "1/02/AP1",
         "2/01/AP1", "2/01/AP2"]  # fmt: skip
CAUSES: Causes = causes(buildings=2, storeys=2, stations=2)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("alarm"), st.sampled_from(NODES), st.integers(1, 4)),
        st.tuples(st.just("back"), st.sampled_from(NODES), st.just(0)),
        st.tuples(st.just("wait"), st.just(""), st.sampled_from([1, 10, 31, 700])),
        st.tuples(st.just("kill"), st.just(""), st.just(0)),
    ),
    max_size=40,
)


class World:
    """A book, an engine and its journal, in step."""

    def __init__(self, path: Path) -> None:
        self.journal = Journal(path)
        self.book = FakeBook()
        self.book.listeners.append(lambda rows: self.keep(self.engine.take(rows)))
        self.now = 1000.0
        self.engine = Engine(CAUSES)

    def keep(self, changes: Changes) -> None:
        keep(self.journal, self.engine, changes)

    def step(self, what: str, node: str, number: int) -> None:
        alarm = f"{node} down"
        if what == "alarm" and not (alarm in self.book.alarms and self.book.alarms[alarm].active):
            self.book.alarm(alarm, self.now, nodes=(node,), priority=number)
        elif what == "back" and alarm in self.book.alarms and self.book.alarms[alarm].active:
            self.book.back(alarm, self.now)
        elif what == "wait":
            for _ in range(min(number, 40)):
                self.now += max(1.0, number / 40)
                self.act(self.engine.tick(self.now))
        elif what == "kill":
            self.engine = Engine(CAUSES)
            kept = self.journal.standing(self.now - 700)
            self.act(self.engine.recall(kept, list(self.book.alarms.values()), self.now, self.journal.number()))

    def act(self, changes: Changes) -> None:
        self.keep(changes)
        for event, rows in (("suppress", changes.hush), ("unsuppress", changes.release)):
            for alarm, incident in rows:
                self.book.do(event, [alarm], incident, "consequence", self.now)


def keep(journal: Journal, engine: Engine, changes: Changes) -> None:
    journal.write(
        [engine.incidents[name] for name in sorted(changes.incidents)],
        [(engine.incidents[name], alarm) for name, alarm in sorted(changes.members)], changes.entries,
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_no_alarm_is_in_two_incidents_nor_in_one_that_does_not_explain_it(steps: list[tuple[str, str, int]]) -> None:
    with TemporaryDirectory() as folder:
        world = World(Path(folder) / "incidents.sqlite")
        for step in steps:
            world.step(*step)
            check(world)
        world.journal.close()


def check(world: World) -> None:
    opened = [row for row in world.engine.incidents.values() if row.state == "open"]
    homes = [alarm for row in opened for alarm in row.members]
    assert len(homes) == len(set(homes)), "an alarm is in two incidents"
    for row in opened:
        assert row.active, f"{row.id} is open without an active alarm"
        for alarm in row.members.values():
            known = world.book.alarms[alarm.alarm]
            assert alarm.active == known.active
            assert CAUSES.takes((row.cause,), known), f"{row.cause} does not explain {alarm.alarm}"
        assert sum(member.role != "consequence" for member in row.members.values()) <= 1
        standing = row.cause_returned is None
        for member in row.members.values():
            hushed = world.book.alarms[member.alarm].letter == "H"
            if standing and member.active:
                assert hushed == (member.role == "consequence"), member
    kept = {row.id: row for row in world.journal.standing(world.now - 600)}
    for row in world.engine.incidents.values():
        if row.state != "merged" and (row.ended is None or row.ended >= world.now - 600):
            assert kept[row.id] == row, "the journal says something else"


def incident(**fields: Any) -> Incident:
    return Incident(
        **{"id": "I1", "number": 1, "opened": 5.0, "cause": "X", "found": "alarm", "speaker": "a", **fields}
    )


def test_a_page_of_incidents_and_the_timeline_of_what_was_merged(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "state" / "incidents.sqlite")
    rows = [
        incident(),
        incident(id="I2", number=2, state="merged", into="I1", ended=9.0),
        incident(id="I3", number=3, state="ended", ended=20.0, opened=10.0, priority=1),
    ]
    journal.write(rows, [], [Entry("I1", 5.0, "opened"), Entry("I2", 4.0, "note", "li", "虚报", {"n": 1})])
    assert [row.id for row in journal.heads(("open", "ended"))] == ["I1", "I3"]
    assert [row.id for row in journal.heads((), 8.0)] == ["I1", "I2"], "as it stood then: not merged yet"
    assert [row.id for row in journal.heads((), 12.0)] == ["I3", "I1"] or [
        row.id for row in journal.heads((), 12.0)
    ] == ["I1", "I3"]
    assert journal.counts() == {"ended": 1, "merged": 1, "open": 1}
    assert [told.entry.kind for told in journal.between(4.5, 6.0, ("opened", "note"))] == ["opened"]
    assert [(told.entry.kind, told.entry.text) for told in journal.entries("I1", 10)] == [
        ("note", "虚报"),
        ("opened", ""),
    ]
    journal.add_file(KeptFile("I2", "00", "a.png", "image/png", 3, "li", 6.0), Entry("I2", 6.0, "file", "li", "a.png"))
    assert [kept.name for kept in journal.files("I1")] == ["a.png"]
    assert (tmp_path / "state" / "incidents.sqlite").stat().st_mode & 0o777 == 0o600
    journal.close()


def test_a_newer_journal_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "incidents.sqlite"
    journal = Journal(path)
    journal._db.execute(f"PRAGMA user_version = {VERSION + 1}")
    journal.close()
    with pytest.raises(JournalError, match="newer Campus Twin"):
        Journal(path)


def test_what_ended_long_ago_is_forgotten_with_its_files(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "incidents.sqlite")
    rows = [incident(state="ended", ended=9.0), incident(id="I2", number=2), incident(id="I3", number=3, ended=50.0,
                                                                                    state="ended")]  # fmt: skip
    journal.write(rows, [], [Entry(row.id, 5.0, "opened") for row in rows])
    for of, name in (("I1", "aa"), ("I1", "bb"), ("I3", "bb")):
        journal.add_file(KeptFile(of, name, "a.png", "image/png", 3, "li", 6.0), Entry(of, 6.0, "file", "li", "a.png"))
    assert journal.forget(20.0) == ["aa"], "the other one is needed still"
    assert [row.id for row in journal.heads(("open", "ended"))] == ["I2", "I3"]
    assert (journal.entries("I1", 9), journal.files("I1"), journal.number()) == ([], [], 3)
