"""What every loader owes: one test class, run over each format. A format's test subclasses ``LoaderContract``.

``sample`` writes or finds a good file; ``broken`` gives bad inputs of that format by name. Everything else is here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from models3d import formats
from models3d.model import Finding, Model, ModelError, Options
from models3d.remarks import FINDINGS, REFUSALS
from twin.space import Building, Space, Storey

TWO_MILLION_M = 2_000_000.0


def walk(model: Model) -> Iterator[tuple[Building, Storey, Space]]:
    for building in model.buildings:
        for storey in building.storeys:
            for space in storey.spaces:
                yield building, storey, space


def fingerprint(model: Model) -> object:
    """Everything of a model that must be the same at the second reading."""
    return (
        model.format, model.schema, model.sha256, model.frame, model.zones, model.equipment, model.points, model.sites,
        [(s.id, s.names, s.category, s.area_m2, s.volume_m3, s.aliases, _wkb(s.polygon)) for _, _, s in walk(model)],
        [(b.id, b.names, b.category, b.aliases, _wkb(b.outline)) for b in model.buildings],
        [(t.id, t.names, t.ordinal, t.elevation_m, t.height_m, _wkb(t.outline)) for t in storeys_of(model)],
        [(s.building, s.storey, s.category, s.vertices.tobytes(), s.triangles.tobytes()) for s in model.shells],
        [(g.kind, g.names, _wkb(g.geometry)) for g in model.ground],
        [(f.code, f.message, f.element, f.entity) for f in model.findings],
    )  # fmt: skip


def storeys_of(model: Model) -> list[Storey]:
    return [storey for building in model.buildings for storey in building.storeys]


def _wkb(geometry: BaseGeometry | None) -> bytes | None:
    return None if geometry is None else shapely.to_wkb(geometry)


class LoaderContract:
    """Subclass with ``format_key`` and the fixture ``sample``; ``broken`` may add bad inputs (name -> bytes)."""

    format_key: str
    suffix: str
    broken: dict[str, bytes] = {}  # noqa: RUF012 - a table that subclasses replace, never change

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        raise NotImplementedError

    @pytest.fixture
    def model(self, sample: Path) -> Model:
        return formats.load(sample, Options())

    def test_is_known_by_content_and_not_by_name(self, sample: Path, tmp_path: Path) -> None:
        assert formats.sniff(sample).key == self.format_key
        if sample.is_dir():
            return
        disguised = tmp_path / "disguised.bin"
        disguised.write_bytes(sample.read_bytes())
        assert formats.sniff(disguised).key == self.format_key
        warnings = [finding for finding in formats.load(disguised).findings if finding.code == "wrong-extension"]
        assert len(warnings) == 1
        assert "disguised.bin" in warnings[0].message

    def test_says_what_it_is(self, model: Model, sample: Path) -> None:
        assert model.format == self.format_key
        assert model.schema
        assert Path(model.path).name == sample.name
        assert len(model.sha256) == 64
        assert model.seconds > 0.0
        assert model.peak_mb > 0.0
        assert not [finding for finding in model.findings if finding.code == "wrong-extension"]

    def test_tree_ids_are_unique_and_begin_with_their_parents(self, model: Model) -> None:
        ids: list[str] = []
        for building in model.buildings:
            assert building.id
            assert "/" not in building.id
            ids.append(building.id)
            for storey in building.storeys:
                assert storey.id.startswith(f"{building.id}/")
                assert storey.id.count("/") == 1
                ids.append(storey.id)
                for space in storey.spaces:
                    assert space.id.startswith(f"{storey.id}/")
                    assert space.id.count("/") == 2
                    ids.append(space.id)
        assert len(set(ids)) == len(ids)

    def test_storeys_stand_lowest_first_with_different_ordinals(self, model: Model) -> None:
        for building in model.buildings:
            heights = [storey.elevation_m for storey in building.storeys]
            ordinals = [storey.ordinal for storey in building.storeys]
            assert heights == sorted(heights)
            assert len(set(ordinals)) == len(ordinals)
            assert all(0.5 <= storey.height_m <= 200.0 for storey in building.storeys)

    def test_references_lead_somewhere(self, model: Model) -> None:
        spaces = {space.id for _, _, space in walk(model)}
        places = spaces | {b.id for b in model.buildings} | {t.id for t in storeys_of(model)}
        equipment = {item.id for item in model.equipment}
        sites = {site.id for site in model.sites}
        assert len(equipment) == len(model.equipment)
        assert all(not building.site or building.site in sites for building in model.buildings)
        assert all(item.space in places | {""} for item in model.equipment)
        zones = {zone.id for zone in model.zones}
        assert all(target in equipment | places | zones for item in model.equipment for target in item.feeds)
        assert all(set(zone.spaces) <= places for zone in model.zones)
        assert len({point.id for point in model.points}) == len(model.points)
        assert all(point.space in places | {""} for point in model.points)
        assert all(point.equipment in equipment | {""} for point in model.points)

    def test_polygons_are_valid_and_areas_are_theirs(self, model: Model) -> None:
        for _, _, space in walk(model):
            if space.polygon is None:
                assert space.origin != "schematic"
                continue
            assert space.polygon.is_valid, shapely.is_valid_reason(space.polygon)
            assert not space.polygon.has_z
            assert space.area_m2 == pytest.approx(space.polygon.area, rel=0.01), space.id
            for ring in getattr(space.polygon, "geoms", [space.polygon]):
                assert shapely.is_ccw(ring.exterior)
        outlines = [building.outline for building in model.buildings]
        outlines += [storey.outline for storey in storeys_of(model)]
        assert all(outline.is_valid and outline.area > 0.0 for outline in outlines if outline is not None)

    def test_volumes_fit_their_areas(self, model: Model) -> None:
        for _, _, space in walk(model):
            if space.volume_m3 and space.area_m2:
                assert 0.1 <= space.volume_m3 / space.area_m2 <= 500.0, space.id

    def test_coordinates_are_near_their_origin_and_finite(self, model: Model) -> None:
        arrays = [shapely.get_coordinates(space.polygon) for _, _, space in walk(model) if space.polygon is not None]
        arrays += [shapely.get_coordinates(feature.geometry) for feature in model.ground]
        arrays += [shell.vertices for shell in model.shells]
        for array in arrays:
            assert np.isfinite(array).all()
            assert float(np.abs(array).max(initial=0.0)) < 100_000.0

    def test_shells_are_whole_triangles_of_known_storeys(self, model: Model) -> None:
        storeys = {storey.id for storey in storeys_of(model)}
        for shell in model.shells:
            assert shell.building in {building.id for building in model.buildings}
            assert shell.storey in storeys | {""}
            assert shell.vertices.dtype == np.float64
            assert shell.triangles.dtype == np.uint32
            assert shell.triangles.shape[1] == 3
            assert len(shell.triangles) > 0
            assert int(shell.triangles.max()) < len(shell.vertices)
            assert all(0.0 <= channel <= 1.0 for channel in shell.colour)

    def test_findings_have_known_codes_and_sentences(self, model: Model) -> None:
        for finding in model.findings:
            check_finding(finding)

    def test_the_second_reading_says_the_same(self, model: Model, sample: Path) -> None:
        assert fingerprint(formats.load(sample, Options())) == fingerprint(model)

    def test_without_shells_the_tree_is_the_same(self, model: Model, sample: Path) -> None:
        bare = formats.load(sample, Options(shells=False))
        assert bare.shells == []
        assert [space.id for _, _, space in walk(bare)] == [space.id for _, _, space in walk(model)]

    def test_bad_input_gets_one_sentence_that_names_the_file(self, tmp_path: Path) -> None:
        for name, content in self.broken.items():
            path = tmp_path / f"{name}{self.suffix}"
            path.write_bytes(content)
            error = refused(path)
            assert error.code in REFUSALS, f"{name}: {error.code}"

    def test_cut_anywhere_it_is_refused_or_warned_about_but_never_crashes(self, sample: Path, tmp_path: Path) -> None:
        if sample.is_dir():
            return
        whole = sample.read_bytes()
        for share in (0.1, 0.5, 0.9):
            path = tmp_path / f"cut{int(share * 100)}{self.suffix}"
            path.write_bytes(whole[: int(len(whole) * share)])
            try:
                model = formats.load(path)
            except ModelError as error:
                check_refusal(error, path)
            else:
                assert all(math.isfinite(space.area_m2 or 0.0) for _, _, space in walk(model))


def check_finding(finding: Finding) -> None:
    assert finding.code in FINDINGS, finding
    assert finding.message.rstrip()[-1] in ".!", finding
    assert len(finding.message) > 12
    assert "\n" not in finding.message
    if finding.position is not None:
        assert all(math.isfinite(value) and abs(value) < TWO_MILLION_M for value in finding.position)


def check_refusal(error: ModelError, path: Path) -> None:
    assert error.code in REFUSALS, error.code
    assert path.name in error.message, error.message
    assert "\n" not in error.message
    assert error.message.endswith("."), error.message
    assert "Traceback" not in error.message
    assert len(error.message) < 400


def refused(path: Path) -> ModelError:
    """The refusal that loading ``path`` must end in."""
    with pytest.raises(ModelError) as caught:
        formats.load(path)
    check_refusal(caught.value, path)
    return caught.value
