"""The parts of the SNMP source by themselves: addresses, settings, profiles, the device's clock, odd devices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from datasources import snmp
from datasources.contract import Neighbour, source_types
from datasources.snmp_clock import TURN_S, DeviceClock
from datasources.snmp_discover import PORT_OBJECTS
from datasources.snmp_mib import known_names, oid, profile_of, profiles, view
from datasources.snmp_plan import Address, parse, text_of
from datasources.snmp_session import Session
from tests.datasources.agents import COMMUNITY, SYS_UPTIME, V2C, Run, Scripted, table

IF_NAME, IF_DESCR, IF_OCTETS = "1.3.6.1.2.1.31.1.1.1.1", "1.3.6.1.2.1.2.2.1.2", "1.3.6.1.2.1.2.2.1.10"
IF_HC_OCTETS, IF_OPER_STATUS = "1.3.6.1.2.1.31.1.1.1.6", "1.3.6.1.2.1.2.2.1.8"
IF_NUMBER, IF_LAST_CHANGE, ENGINE_TIME = "1.3.6.1.2.1.2.1.0", "1.3.6.1.2.1.31.1.5.0", "1.3.6.1.6.3.10.2.1.3.0"


@pytest.fixture(autouse=True)
def community(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_COMMUNITY", COMMUNITY)


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("core-1#octets_in[Gi1/0/24]", Address("core-1", "octets_in", "Gi1/0/24")),
        ("wlc 2#clients[AP #7 [east]]", Address("wlc 2", "clients", "AP #7 [east]")),
        ("u#1.3.6.1.2.1.33.1.2.4.0", Address("u", "1.3.6.1.2.1.33.1.2.4.0", None)),
        ("u#.1.3.6.1", Address("u", "1.3.6.1", None)),
        ("u#uptime", Address("u", "uptime", None)),
        ("u", None),
        ("u#", None),
        ("#uptime", None),
        ("u#a[]", None),
        ("u#a[b", None),
        ("u#1.3.6.1[x]", None),
        ("u#9.9.9", None),
        ("u#1", None),
    ],
)
def test_addresses(address: str, parts: Address | None) -> None:
    assert parse(address) == parts


@given(st.text())
def test_any_text_is_an_address_or_none(text: str) -> None:
    found = parse(text)
    if found is not None:
        name = "" if found.name is None else f"[{found.name}]"
        assert f"{found.target}#{found.thing}{name}" == text.replace("#.", "#", 1) or found.thing[0].isdigit()


@given(st.lists(st.integers(0, 2**32 - 1), max_size=20).map(lambda rest: ".".join(map(str, (1, 3, *rest)))))
def test_object_identifiers_are_kept(text: str) -> None:
    assert oid(text) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"Gi0/1\0\0", "Gi0/1"),
        ("教学楼".encode(), "教学楼"),
        ("教学楼".encode("gb18030"), "教学楼"),
        (bytes.fromhex("001a1e0321e0"), "00:1a:1e:03:21:e0"),
        (b"\xff\xff", "ff:ff"),
        (7, "7"),
    ],
)
def test_names_are_read_as_people_write_them(value: Any, text: str) -> None:
    assert text_of(value) == text


def test_snmp_is_one_source_and_its_parts_are_none() -> None:
    assert [name for name in source_types() if name.startswith("snmp")] == ["snmp"]


def settings(**changes: Any) -> snmp.Settings:
    return snmp.Settings.model_validate({"targets": {"a": {"host": "h"}}, **changes})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"version": 1}, "Input should be '2c' or '3'"),
        ({"version": 3}, "target 'a': version 3 needs a user"),
        ({"version": 3, "user": "u", "priv_key": {"env": "X"}}, "does not encrypt without authentication"),
        ({"community": "public"}, "community"),
        ({"targets": {"a#b": {"host": "h"}}}, "the name of a target has no #"),
        ({"targets": {"a": {"host": "h", "profile": "arruba"}}}, "there is no profile 'arruba'"),
        ({"targets": {"a": {"host": "h", "comunity": {"env": "X"}}}}, "Extra inputs"),
        ({"interval_s": 0}, "greater than or equal to 0.5"),
        ({"auth": "md5"}, "'sha512'"),
    ],
)
def test_mistakes_in_the_settings_are_named(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        settings(**changes)


def test_a_target_overrules_the_source() -> None:
    both = settings(
        targets={"a": {"host": "h", "port": 1161, "version": "3", "user": "u", "timeout_s": 5}, "b": {"host": "i"}},
        community={"env": "X"}, retries=3,
    )  # fmt: skip
    a, b = both.access("a"), both.access("b")
    assert (a.port, a.version, a.user, a.timeout_s, a.retries) == (1161, "3", "u", 5, 3)
    assert (b.port, b.version, b.user, b.timeout_s, b.retries) == (161, "2c", "", 2, 3)


def test_profiles_are_whole() -> None:
    """Every object that stands for others names some that are there, every row a table of names."""
    for name in profiles():
        seen = view(name)
        for thing, mib in seen.objects.items():
            assert not thing[0].isdigit()
            assert not set(thing) & set("#[]")
            ways = [seen.objects[way] for way in mib.use]
            assert not any(way.use for way in ways), (name, thing)
            assert len({way.of for way in ways}) <= 1, (name, thing)
            assert not mib.of or mib.of in seen.names, (name, thing)
    assert {"clients", "clients_total", *PORT_OBJECTS} <= known_names()


@pytest.mark.parametrize(
    ("object_id", "profile"),
    [
        ("1.3.6.1.4.1.14823.1.1.32", "aruba"),
        ("1.3.6.1.4.1.9.1.1069", "cisco"),
        ("1.3.6.1.4.1.14179.1.1.4.3", "cisco"),
        ("1.3.6.1.4.1.25506.1.921", "h3c"),
        ("1.3.6.1.4.1.2011.2.240.6", "huawei"),
        ("1.3.6.1.4.1.4881.1.3.1.1.73", "ruijie"),
        ("1.3.6.1.4.1.20115.1", ""),
        ("1.3.6.1.4.1.99.1", ""),
        ("", ""),
    ],
)
def test_a_profile_is_chosen_by_sysobjectid(object_id: str, profile: str) -> None:
    assert profile_of(object_id) == profile


class TestClock:
    NOW = 1_800_000_000.0

    def test_boot_stays_the_same(self) -> None:
        clock = DeviceClock()
        assert not clock.see(100_00, None, self.NOW, 0)
        assert clock.boot == self.NOW - 100
        assert not clock.see(160_50, None, self.NOW + 60, 60)  # half a second of jitter
        assert clock.boot == self.NOW - 100

    def test_a_restart(self) -> None:
        clock = DeviceClock()
        clock.see(100_00, None, self.NOW, 0)
        assert clock.see(5_00, None, self.NOW + 60, 60)
        assert clock.boot == self.NOW + 55

    def test_a_restart_of_a_device_that_had_just_started(self) -> None:
        clock = DeviceClock()
        clock.see(2_00, None, self.NOW, 0)
        assert clock.see(1_00, None, self.NOW + 2, 2)

    def test_a_restart_behind_a_long_silence(self) -> None:
        """The uptime is longer than the last one seen, and still too short."""
        clock = DeviceClock()
        clock.see(100_00, None, self.NOW, 0)
        assert clock.see(1800_00, None, self.NOW + 3600, 3600)
        assert clock.boot == self.NOW + 1800

    def test_497_days_without_an_engine(self) -> None:
        clock = DeviceClock()
        clock.see(2**32 - 3000, None, self.NOW, 0)
        boot = clock.boot
        assert not clock.see(3000, None, self.NOW + 60, 60)
        assert clock.boot == boot
        assert clock.uptime == pytest.approx(TURN_S + 30)
        assert not clock.see(9000, None, self.NOW + 120, 120)
        assert clock.boot == boot

    def test_a_restart_just_before_the_turn(self) -> None:
        clock = DeviceClock()
        clock.see(2**32 - 3000, None, self.NOW, 0)
        assert clock.see(1000, None, self.NOW + 120, 120)

    def test_the_engine_counts_the_turns_before_we_came(self) -> None:
        clock = DeviceClock()
        clock.see(3000, int(2 * TURN_S) + 31, self.NOW, 0)
        assert clock.boot == pytest.approx(self.NOW - 2 * TURN_S - 30)

    def test_an_engine_that_was_started_by_itself_is_not_believed(self) -> None:
        clock = DeviceClock()
        clock.see(7_319_026_89, 7_336_570, self.NOW, 0)  # of a recording: they differ by 17,543 s
        assert clock.boot == self.NOW - 7_319_026.89

    @given(st.floats(0, 5 * TURN_S), st.lists(st.floats(0.5, 3000), min_size=1, max_size=20), st.booleans())
    def test_a_device_that_runs_never_restarts(self, start: float, waits: list[float], engine: bool) -> None:
        clock, up, now = DeviceClock(), start, 0.0
        for wait in (0.0, *waits):
            up, now = up + wait, now + wait
            ticks = int(up * 100) % 2**32
            assert not clock.see(ticks, int(up) if engine else None, self.NOW + now, now)
            if engine:
                assert clock.uptime == pytest.approx(up, abs=0.02)


def interface(index: int, name: str, octets: int) -> dict[str, Any]:
    return {
        f"{IF_NAME}.{index}": V2C.OctetString(name),
        f"{IF_OCTETS}.{index}": V2C.Counter32(octets % 2**32),
        f"{IF_HC_OCTETS}.{index}": V2C.Counter64(octets),
        f"{IF_OPER_STATUS}.{index}": V2C.Integer(1),
    }


def device(*interfaces: dict[str, Any], uptime: int = 100_000, **more: Any) -> dict[str, Any]:
    rows: dict[str, Any] = {SYS_UPTIME: V2C.TimeTicks(uptime), IF_NUMBER: V2C.Integer(len(interfaces))}
    for each in interfaces:
        rows.update(each)
    return rows


@pytest_asyncio.fixture
async def agent() -> AsyncIterator[Scripted]:
    agent = Scripted(table(device(interface(1, "Gi0/1", 111), interface(2, "Gi0/2", 222))))
    await agent.start()
    yield agent
    agent.close()


def run_of(agent: Scripted, *addresses: str, **settings: Any) -> Run:
    target = {"host": "127.0.0.1", "port": agent.port}
    return Run({"a": target}, [f"a#{address}" for address in addresses], counters=True, timeout_s=0.3, **settings)


@pytest.mark.asyncio
async def test_rows_that_change_places_never_change_values(agent: Scripted) -> None:
    """The numbers of two ports are swapped a hundred times, without a restart, and between two requests of a poll."""
    pairs = (device(interface(1, "Gi0/1", 111), interface(2, "Gi0/2", 222)),
             device(interface(1, "Gi0/2", 222), interface(2, "Gi0/1", 111)))  # fmt: skip
    asked = 0

    def answer(kind: str, oids: list[str]) -> Any:
        nonlocal asked
        asked += 1
        return table(pairs[asked // 7 % 2])(kind, oids)

    agent.answer = answer
    run = run_of(agent, "octets_in[Gi0/1]", "octets_in[Gi0/2]", max_varbinds=2)
    async with run.running():
        await run.until(lambda: asked > 700 * 0.2, 60)
    values = {(reading.address, reading.value) for reading in run.readings if not reading.bad}
    assert values == {("a#octets_in[Gi0/1]", 111), ("a#octets_in[Gi0/2]", 222)}


@pytest.mark.asyncio
async def test_a_port_that_was_plugged_in_is_found(agent: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasources.snmp_target.CALM_S", 0.1)
    run = run_of(agent, "octets_in[Gi0/3]", "octets_in[Gi0/1]")
    async with run.running():
        await run.all_there()
        assert run.latest["a#octets_in[Gi0/3]"].bad == "no such name on this device"
        more = interface(1, "Gi0/1", 111), interface(2, "Gi0/2", 222), interface(3, "Gi0/3", 333)
        agent.answer = table(device(*more, uptime=200_000))  # ifNumber tells
        await run.until(lambda: run.latest["a#octets_in[Gi0/3]"].value == 333)


@pytest.mark.asyncio
async def test_a_device_without_64_bit_counters_and_without_ifxtable(agent: Scripted) -> None:
    rows = {**device(), f"{IF_DESCR}.5": V2C.OctetString("eth0"), f"{IF_OCTETS}.5": V2C.Counter32(2**32 - 1)}
    agent.answer = table(rows)
    run = run_of(agent, "octets_in[eth0]", "ifHCInOctets[eth0]")
    async with run.running():
        await run.all_there()
        reading = run.latest["a#octets_in[eth0]"]
        assert (reading.value, reading.wrap) == (2**32 - 1, 2**32)
        assert run.latest["a#ifHCInOctets[eth0]"].bad == "no such object on this device"


@pytest.mark.asyncio
async def test_two_ports_of_one_name_are_not_told_apart(agent: Scripted) -> None:
    agent.answer = table(device(interface(1, "Vlan", 1), interface(2, "Vlan", 2)))
    run = run_of(agent, "octets_in[Vlan]")
    async with run.running():
        await run.all_there()
        assert run.latest["a#octets_in[Vlan]"].bad == "two rows of this device have this name"


@pytest.mark.asyncio
async def test_a_device_with_room_for_few_objects(agent: Scripted) -> None:
    """It says tooBig, which gufo-snmp hides: nothing may look as if it were not there."""
    ports = [interface(n, f"Gi0/{n}", n) for n in range(1, 31)]
    agent.answer = table(device(*ports), room=7)
    run = run_of(agent, *(f"octets_in[Gi0/{n}]" for n in range(1, 31)))
    async with run.running():
        await run.all_there()
        assert [run.value(f"a#octets_in[Gi0/{n}]") for n in range(1, 31)] == list(range(1, 31))
        count = len(run.readings)
        await run.until(lambda: len(run.readings) > count)
        before = len(agent.requests)
        count = len(run.readings)
        await run.until(lambda: len(run.readings) > count)
        assert len(agent.requests) - before <= 20  # it has learnt how much the device can take


@pytest.mark.asyncio
async def test_an_object_that_upsets_the_device_costs_only_itself(agent: Scripted) -> None:
    good = table(device(interface(1, "Gi0/1", 111)))
    poison = "1.3.6.1.4.1.77.1.0"
    agent.answer = lambda kind, oids: 5 if poison in oids else good(kind, oids)  # genErr
    run = run_of(agent, "octets_in[Gi0/1]", "1.3.6.1.4.1.77.1.0", "uptime", "link[Gi0/1]")
    async with run.running():
        await run.all_there()
        assert run.value("a#octets_in[Gi0/1]") == 111
        assert run.latest[f"a#{poison}"].bad == "the device answers this object with an error"
        count, before = run.batches, len(agent.requests)
        await run.until(lambda: run.batches >= count + 3)
        assert not any(poison in oids for oids in agent.requests[before:])  # once a minute is enough
        assert run.latest[f"a#{poison}"].bad


@pytest.mark.asyncio
async def test_large_answers_that_are_lost_on_the_way(agent: Scripted) -> None:
    """As behind a tunnel that drops what is larger than its packets."""
    ports = [interface(n, f"Gi0/{n}", n) for n in range(1, 31)]
    inner = table(device(*ports))
    agent.answer = lambda kind, oids: None if len(oids) > 12 else inner(kind, oids)
    run = run_of(agent, *(f"octets_in[Gi0/{n}]" for n in range(1, 31)), retries=0, max_repetitions=5)
    async with run.running():
        await run.all_there(30)
        assert [run.value(f"a#octets_in[Gi0/{n}]") for n in range(1, 31)] == list(range(1, 31))
        assert run.states() == []


@pytest.mark.asyncio
async def test_a_walk_in_circles_ends(agent: Scripted) -> None:
    def answer(kind: str, oids: list[str]) -> Any:
        if kind == "GetRequestPDU":
            return [(oid, V2C.TimeTicks(1) if oid == SYS_UPTIME else V2C.NoSuchInstance("")) for oid in oids]
        return [(f"{IF_NAME}.{n}", V2C.OctetString(f"p{n}")) for n in (1, 2, 3)]

    agent.answer = answer
    session = Session(run_of(agent).settings.access("a"), {})
    await session.open()
    async with asyncio.timeout(5):
        assert [suffix for suffix, _ in await session.walk(IF_NAME)] == [(1,), (2,), (3,)]


@pytest.mark.asyncio
async def test_a_walk_has_an_end(agent: Scripted) -> None:
    agent.answer = lambda _, oids: [(f"{oids[0]}.1", V2C.OctetString("x"))]
    session = Session(run_of(agent).settings.access("a"), {})
    await session.open()
    assert len(await session.walk(IF_NAME, rows=50)) <= 128  # object identifiers have an end, too


@pytest.fixture
def lldp() -> dict[str, Any]:
    remote, local = "1.0.8802.1.1.2.1.4.1.1", "1.0.8802.1.1.2.1.3.7.1"
    rows = device(interface(10, "Gi0/1", 1), interface(11, "Gi0/2", 1), interface(12, "Gi0/3", 1))
    ports = {1: (5, b"Gi0/1"), 11: (7, b"11"), 12: (3, bytes.fromhex("001122334455"))}
    for number, (subtype, name) in ports.items():
        rows[f"{local}.2.{number}"] = V2C.Integer(subtype)
        rows[f"{local}.3.{number}"] = V2C.OctetString(name)
    heard: dict[int, tuple[Any, ...]] = {
        1: (4, bytes.fromhex("aabbccddeeff"), 5, b"Te1/1", b"to access 14", b"core-1"),
        11: (4, bytes.fromhex("aabbccddee00"), 3, bytes.fromhex("aabbccddee01"), b"", b""),
        12: (7, b"ap-7", 7, b"eth0", b"uplink", b"AP-14-0501"),
    }
    for number, columns in heard.items():
        for column, value in zip((4, 5, 6, 7, 8, 9), columns, strict=True):
            typed = V2C.Integer(value) if isinstance(value, int) else V2C.OctetString(value)
            rows[f"{remote}.{column}.0.{number}.1"] = typed
    return rows


@pytest.mark.asyncio
async def test_neighbours_by_lldp(agent: Scripted, lldp: dict[str, Any]) -> None:
    agent.answer = table(lldp)
    assert await snmp.neighbours(run_of(agent).settings, 5) == [
        Neighbour("a", "Gi0/1", "core-1", "Te1/1", "to access 14", "aa:bb:cc:dd:ee:ff"),
        Neighbour("a", "Gi0/2", "", "aa:bb:cc:dd:ee:01", "", "aa:bb:cc:dd:ee:00"),
        Neighbour("a", "Gi0/3", "AP-14-0501", "eth0", "uplink", "ap-7"),
    ]
