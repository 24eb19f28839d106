"""Whatever ids the files bring, those of the campus are unique, and references lead to what they led to."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from models3d.identity import Identities, natural, real_sites
from models3d.model import Model
from twin.index import SpaceIndex
from twin.space import Building, Campus, Equipment, Site, Space, Storey, Zone

ids = st.sampled_from(["A", "a", "A/1", "A~2", "B", "c", "A/1/1", "x/y", "图"])


@st.composite
def models(draw: st.DrawFn) -> Model:
    model = Model("m.ifc", "", "", "")
    for building in draw(st.lists(ids, max_size=3, unique=True)):
        spaces = [
            Space(f"{building}/1/{n}", str(n)) for n in draw(st.lists(st.integers(0, 3), max_size=3, unique=True))
        ]
        storey = draw(st.sampled_from([f"{building}/1", f"{building}-odd"]))
        model.buildings.append(Building(building, site="A", storeys=[Storey(storey, spaces=spaces)]))
    model.zones = [Zone(f"z{n}", spaces=("A/1/1",)) for n in range(draw(st.integers(0, 2)))]
    model.equipment = [
        Equipment(i, space="A/1/1") for i in draw(st.lists(st.sampled_from(["e", "B", "z0~2"]), max_size=1))
    ]
    model.sites = [Site(i) for i in draw(st.lists(ids, max_size=2, unique=True))]
    return model


def called_the_same() -> Model:
    """A space of one building, a storey of a second and a third building have one id."""
    model = Model("m.ifc", "", "", "", equipment=[Equipment("e", space="A/1/1")])
    model.buildings = [
        Building("A", storeys=[Storey("A/1", spaces=[Space("A/1/1", "1")])]),
        Building("A/1", storeys=[Storey("A/1/1", spaces=[Space("A/1/1/0", "0")])]),
        Building("A/1/1", storeys=[]),
    ]
    return model


@settings(max_examples=150, deadline=None)
@example([called_the_same()])
@given(st.lists(models(), max_size=4))
def test_ids_of_a_campus_are_unique(files: list[Model]) -> None:
    identities = Identities("c", sites=real_sites(files))
    campus = Campus("c")
    for model in files:
        before = {s.id: s for b in model.buildings for storey in b.storeys for s in storey.spaces}
        target = before.get("A/1/1")
        identities.assign(model, None)
        for item in model.equipment:
            assert target is None or item.space == target.id
        campus.sites += model.sites
        campus.buildings += model.buildings
        campus.zones += model.zones
        campus.equipment += model.equipment
    index = SpaceIndex(campus)  # refuses two entities of one id
    for building in campus.buildings:
        assert building.site == "" or building.site in index
        for storey in building.storeys:
            assert storey.id.startswith(f"{building.id}/")


@given(st.lists(st.text(max_size=6), max_size=8))
def test_the_natural_order_does_not_depend_on_the_order_before(words: list[str]) -> None:
    forwards = [natural(word) for word in sorted(words, key=natural)]
    turned = list(reversed(words))
    backwards = [natural(word) for word in sorted(turned, key=natural)]
    assert forwards == backwards
