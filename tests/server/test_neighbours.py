"""LLDP while the server runs: uplinks follow the network, a sheet wins, every change is told; over real SNMP."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from datasources.contract import Neighbour, Neighbours
from datasources.runner import SourceConfig
from server.app import create_server
from server.reload import Reloader
from server.runtime import Runtime, build_runtime, runtime_of
from server.schemas_neighbours import NeighboursOut
from tests.datasources.agents import COMMUNITY, Scripted, table
from tests.datasources.lldp_device import switch
from tests.datasources.pipeline import until
from tests.server.net import net_campus
from twin.topology import Edge, TopologyFacts


class Net:
    """The runtime of a campus without a server, and its API."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        runtime.wiring._gather_s = 0.05
        transport = httpx.ASGITransport(create_server(runtime))
        self.http = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")

    async def get(self, path: str) -> Any:
        answer = await self.http.get(f"/api/v1/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def tell(self, target: str, *rows: tuple[str, str, str]) -> None:
        """What a device says: (its port, the other's name, the other's port)."""
        wires = tuple(Neighbour(target, port, remote, there) for port, remote, there in rows)
        self.runtime.wiring.take("net", Neighbours(target, (), wires), self.runtime.ingest.clock())

    async def links(self) -> dict[str, str]:
        return {row["id"]: row["known_from"] for row in (await self.get("links"))["items"]}


@asynccontextmanager
async def running(cache: Path, sheet: Sequence[Edge], sources: Sequence[SourceConfig] = ()) -> AsyncIterator[Net]:
    built = net_campus()
    built.topology = TopologyFacts(built.topology.nodes, list(sheet))
    runtime = await asyncio.to_thread(runtime_of, built, sources, cache)
    await runtime.start()
    try:
        net = Net(runtime)
        yield net
        await net.http.aclose()
    finally:
        await runtime.stop()


SHEET = [
    Edge("1/SW", "uplinks", "3/SW", "network", 1.0, "Gbit/s", line=2),
    Edge("3/SW", "uplinks", "NET", "network", 10.0, "Gbit/s", line=3),
]


@pytest.mark.asyncio
async def test_uplinks_follow_the_network_and_the_sheet_is_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with running(tmp_path, SHEET) as net:
        assert await net.links() == {"1/SW>3/SW": "sheet", "3/SW>NET": "sheet"}
        live = net.runtime.live
        net.tell("Switch 3", ("Te1", "Switch 1", "Te9"), ("Te2", "Switch 2", "Te9"), ("Te3", "printer", "lan"))
        await until(lambda: len(net.runtime.links.links) == 3)
        assert await net.links() == {"1/SW>3/SW": "sheet", "3/SW>NET": "sheet", "2/SW>3/SW": "lldp"}
        assert net.runtime.live is live, "values are not touched"
        impact = await net.get("impact?node=3/SW")
        assert {row["id"] for row in impact["lost"]} == {"1/SW", "2/SW"}
        answer = await net.get("neighbours")
        NeighboursOut.model_validate(answer)
        assert (answer["unmatched"], answer["changes"], answer["disagreements"]) == (
            {"printer": ["Switch 3 Te3"]},
            [],
            [],
        )
        assert [(row["port"], row["remote_device"], row["lost"]) for row in answer["items"]] == [
            ("Te1", "1/SW", None), ("Te2", "2/SW", None), ("Te3", "", None)]  # fmt: skip
        assert answer["devices"][0]["device"] == "3/SW"

        # 1/SW now hangs on 2/SW: the sheet says otherwise, and is kept
        net.tell("Switch 2", ("Gi1", "Switch 1", "Te9"), ("Te9", "Switch 3", "Te2"))
        net.tell("Switch 3", ("Te2", "Switch 2", "Te9"), ("Te3", "printer", "lan"))
        await until(lambda: net.runtime.wiring.found.disagreements)
        answer = await net.get("neighbours")
        assert ("moved", "Switch 1", "Switch 3 Te1") in [
            (row["kind"], row["remote"], row["before"]) for row in answer["changes"]
        ]
        differs = {row["kind"]: row for row in answer["disagreements"]}
        assert (differs["other-uplink"]["told"], differs["other-uplink"]["known"]) == (["2/SW"], ["3/SW"])
        assert differs["other-uplink"]["text"]["zh"] == "LLDP 显示 1/SW 上联 2/SW，拓扑表第 2 行写的是 3/SW：以表为准"
        assert await net.links() == {"1/SW>3/SW": "sheet", "3/SW>NET": "sheet", "2/SW>3/SW": "lldp"}
    assert "LLDP: Switch 1 has moved: Switch 2 Gi1 - Te9 now, Switch 3 Te1 before" in caplog.text
    assert "1/SW is wired to 2/SW by LLDP; the sheet says 3/SW (line 2): the sheet is kept" in caplog.text


@pytest.mark.asyncio
async def test_a_neighbour_that_is_lost_is_told_and_its_link_stays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now = [1_000_000.0]
    async with running(tmp_path, SHEET) as net:
        net.runtime.ingest.clock = lambda: now[0]
        both = (("Te1", "Switch 1", "Te9"), ("Te2", "Switch 2", "Te9"))
        net.tell("Switch 3", *both)
        await until(lambda: len(net.runtime.links.links) == 3)
        net.tell("Switch 3", both[0])
        assert "LLDP: Switch 3 Te2 does not see Switch 2 Te9 any more" in caplog.text
        await until(lambda: net.runtime.wiring.notes("net"))
        assert "2/SW>3/SW" in await net.links()
        notes = net.runtime.wiring.notes("net")
        assert notes == ["1 of 2 LLDP neighbours are not seen any more: see /api/v1/neighbours"]
        page = await net.get("neighbours?lost=true")
        assert [(row["remote"], row["lost"]) for row in page["items"]] == [("Switch 2", "1970-01-12T13:46:40Z")]
        now[0] += 86_401
        net.runtime.wiring._changed.set()
        await until(lambda: len(net.runtime.links.links) == 2)
        assert (await net.get("neighbours"))["changes"][0]["kind"] == "dropped"
        assert net.runtime.wiring.notes("net") == []


@pytest.mark.asyncio
async def test_wires_that_cannot_be_taken_over_do_not_end_the_look_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path, []) as net:
        board = net.runtime.wiring
        merge, asked = board.merge, []

        def fails_once(*facts: Any) -> Any:
            asked.append(facts)
            if len(asked) == 1:
                raise ValueError("an odd name")
            return merge(*facts)

        monkeypatch.setattr(board, "merge", fails_once)
        net.tell("3/SW", ("Gi1", "1/SW", "Te1"))
        await until(lambda: "could not be taken over" in caplog.text)
        net.tell("2/SW", ("Gi9", "3/SW", "Gi2"))
        await until(lambda: len(asked) == 2)
        await until(lambda: bool(board.found.names))


@pytest.mark.asyncio
async def test_pages(tmp_path: Path) -> None:
    async with running(tmp_path, SHEET) as net:
        net.tell("Switch 3", *((f"Te{n}", f"other-{n}", "x") for n in range(5)))
        page = await net.get("neighbours?limit=2&offset=2&source=net")
        assert (page["total"], page["next_offset"], [row["port"] for row in page["items"]]) == (5, 4, ["Te2", "Te3"])
        assert (await net.get("neighbours?target=nobody"))["total"] == 0
        assert (await net.http.get("/api/v1/neighbours?limit=0")).status_code == 422


@pytest_asyncio.fixture
async def agents(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[dict[str, Scripted]]:
    monkeypatch.setenv("TEST_COMMUNITY", COMMUNITY)
    found = {
        "core": Scripted(table(switch("sw-3", {"Te1": ("sw-1", "Te9"), "Te2": None}))),
        "edge": Scripted(table(switch("sw-1", {"Te9": ("sw-3", "Te1")}))),
    }
    for agent in found.values():
        await agent.start()
    yield found
    for agent in found.values():
        agent.close()


@pytest.mark.asyncio
async def test_a_running_snmp_source_keeps_the_topology_up_to_date(tmp_path: Path, agents: dict[str, Scripted]) -> None:
    """Targets are matched by the device that their points belong to; a wire is put into another port, then is gone."""
    targets = {name: {"host": "127.0.0.1", "port": agent.port} for name, agent in agents.items()}
    settings = {"targets": targets, "community": {"env": "TEST_COMMUNITY"}, "interval_s": 0.5, "lldp_interval_s": 0.5}
    built = net_campus()
    core, edge = (next(p for p in built.points if p.id == f"{n}/SW/in") for n in (3, 1))
    own = [replace(core, source="net", address="core#octets_in[Te1]"),
           replace(edge, source="net", address="edge#octets_in[Te9]")]  # fmt: skip
    built.points = [next((o for o in own if o.id == p.id), p) for p in built.points]
    built.topology = TopologyFacts(built.topology.nodes, [SHEET[1]])
    runtime = await asyncio.to_thread(runtime_of, built, [SourceConfig("net", "snmp", settings)], tmp_path)
    await runtime.start()
    net = Net(runtime)
    try:
        await until(lambda: len(runtime.links.links) == 2, 10.0)
        row = next(row for row in (await net.get("links"))["items"] if row["id"] == "1/SW>3/SW")
        assert (row["known_from"], row["note"]) == ("lldp", "Te9 - Te1")
        agents["core"].answer = table(switch("sw-3", {"Te1": None, "Te2": ("sw-1", "Te9")}))
        agents["edge"].answer = table(switch("sw-1", {"Te9": ("sw-3", "Te2")}))
        await until(lambda: any(link.note == "Te9 - Te2" for link in runtime.links.links), 10.0)
        agents["core"].answer = table(switch("sw-3", {"Te1": None, "Te2": None}))
        agents["edge"].answer = table(switch("sw-1", {"Te9": None}))
        await until(lambda: [row for row in runtime.wiring.notes("net") if row.startswith("2 of 2")], 10.0)
        assert len(runtime.links.links) == 2, "the uplink that failed is still there"
        (source,) = await net.get("sources")
        assert source["state"] == "live"
        assert source["notes"] == ["2 of 2 LLDP neighbours are not seen any more: see /api/v1/neighbours"]
    finally:
        await net.http.aclose()
        await runtime.stop()


HOUSE = """{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"building": "yes", "ref": "A",
"name": "A", "building:levels": 2}, "geometry": {"type": "Polygon", "coordinates": [[[108.6, 34.2], [108.601, 34.2],
[108.601, 34.201], [108.6, 34.201], [108.6, 34.2]]]}}]}"""


@pytest.mark.asyncio
async def test_a_changed_campus_folder_keeps_the_uplinks_of_lldp_and_a_new_row_of_the_sheet_wins(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "campus"
    folder.mkdir()
    nodes = ["from,relation,to,note", "CORE,is,core,core-1", "SW1,is,switch,sw-1", "SW2,is,switch,sw-2"]
    (folder / "house.geojson").write_text(HOUSE)
    (folder / "topology.csv").write_text("\n".join(nodes) + "\n")
    (folder / "points.csv").write_text("point,entity,quantity,unit,kind,source,address\np,A,power,kW,gauge,net,p\n")
    (folder / "campus.yaml").write_text(
        "campus: {id: c, location: {latitude: 34.2, longitude: 108.6}}\nmodels: [{file: house.geojson}]\n"
        "sources: {net: {type: simulator, seed: 1}}\npoints: points.csv\ntopology: topology.csv\n"
    )
    runtime = await asyncio.to_thread(build_runtime, folder, tmp_path / "cache")
    reloader: Reloader = runtime.background[0][1].__self__  # type: ignore[attr-defined]
    reloader._look_s = 0.1
    await runtime.start()
    net = Net(runtime)
    try:
        net.tell("core-1", ("Te1", "sw-1", "Gi1"), ("Te2", "sw-2", "Gi1"))
        await until(lambda: len(runtime.links.links) == 2)
        live = runtime.live
        with (folder / "points.csv").open("a") as file:
            file.write("q,A,power,kW,gauge,net,q\n")
        await until(lambda: runtime.live is not live, 15.0, "nobody noticed")
        assert {link.id for link in runtime.links.links} == {"SW1>CORE", "SW2>CORE"}, "at once, not after the next read"
        (folder / "topology.csv").write_text("\n".join([*nodes, "SW2,uplinks,SW1,"]) + "\n")
        await until(lambda: {link.id for link in runtime.links.links} == {"SW1>CORE", "SW2>SW1"}, 15.0)
        await until(lambda: runtime.wiring.found.disagreements)
        row = runtime.wiring.found.disagreements[0]
        assert (row.kind, row.told, row.known, row.line) == ("other-uplink", ("CORE",), ("SW1",), 5)
    finally:
        await net.http.aclose()
        await runtime.stop()
