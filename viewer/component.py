"""The Python class of the component, written by hand; a test compares it with the TypeScript ``Props``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from dash.development.base_component import Component, _explicitize_args

PROPERTIES = (
    "id", "sceneUrl", "liveUrl", "channel", "legend", "lang", "theme", "mode", "lens", "selection", "hover", "storey",
    "explode", "xray", "section", "measure", "camera", "flyTo", "time", "against", "compare",
    "impact", "markers", "quality", "labels", "status",
)  # fmt: skip
"""Names of the properties, as docs/reference/campus-view.md lists them."""


class CampusView(Component):
    """The campus, a building, a storey or a room in 3D or as a map, coloured by live values.

    Every property and its meaning stands in docs/reference/campus-view.md. Geometry and live values never travel in
    properties: the view loads the scene from ``sceneUrl`` and listens to ``liveUrl`` itself.
    """

    _children_props: list[str] = []  # noqa: RUF012 - an instance variable of Dash's base class
    _base_nodes: list[str] = ["children"]  # noqa: RUF012 - as above
    _namespace = "campus_twin"
    _type = "CampusView"

    @_explicitize_args  # type: ignore[untyped-decorator]
    def __init__(
        self,
        id: str | dict[str, Any] | None = None,
        sceneUrl: str | None = None,  # noqa: N803 - Dash's properties are JavaScript names
        liveUrl: str | None = None,  # noqa: N803 - Dash's properties are JavaScript names
        channel: str | None = None,
        legend: Mapping[str, Any] | None = None,
        lang: Literal["zh", "en"] | None = None,
        theme: Literal["light", "dark"] | None = None,
        mode: Literal["3d", "2d", "plan"] | None = None,
        lens: Literal["data", "trust"] | None = None,
        selection: str | None = None,
        hover: str | None = None,
        storey: str | None = None,
        explode: float | None = None,
        xray: bool | None = None,
        section: Mapping[str, Any] | None = None,
        measure: bool | None = None,
        camera: str | None = None,
        flyTo: str | None = None,  # noqa: N803 - Dash's properties are JavaScript names
        time: str | None = None,
        against: str | None = None,
        compare: Literal["", "swipe", "difference"] | None = None,
        impact: str | None = None,
        markers: Sequence[Mapping[str, Any]] | None = None,
        quality: Literal["auto", "a", "b", "c"] | None = None,
        labels: bool | None = None,
        status: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self._prop_names = list(PROPERTIES)
        self._valid_wildcard_attributes: list[str] = []
        self.available_properties = list(PROPERTIES)
        self.available_wildcard_properties: list[str] = []
        given: list[str] = kwargs.pop("_explicit_args")
        values = {**locals(), **kwargs}
        super().__init__(**{name: values[name] for name in given})  # type: ignore[no-untyped-call]
