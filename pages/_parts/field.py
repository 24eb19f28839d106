"""A field that one types into.

Dash's own writes back a value that it was told a moment ago: who goes on typing while the page is busy finds the caret
elsewhere. Here the browser's field holds the text, and Dash hears of it.
"""

from __future__ import annotations

from typing import Any, Literal

from dash.development.base_component import Component, _explicitize_args

PROPERTIES = ("id", "type", "value", "label", "placeholder", "maxLength", "autoComplete", "className", "wait")


class TextField(Component):
    """One line of text (assets/field.js).

    Callbacks hear of ``value`` ``wait`` [ms] after the last key, and at once when the field is left; a value that a
    callback or a script sets is shown. ``label`` names the field where no words on the page do.
    """

    _children_props: list[str] = []  # noqa: RUF012 - an instance variable of Dash's base class
    _base_nodes: list[str] = ["children"]  # noqa: RUF012 - as above
    _namespace = "campus_pages"
    _type = "TextField"

    @_explicitize_args  # type: ignore[untyped-decorator]
    def __init__(
        self,
        id: str | None = None,
        type: Literal["text", "search"] | None = None,
        value: str | None = None,
        label: str | None = None,
        placeholder: str | None = None,
        maxLength: int | None = None,  # noqa: N803 - Dash's properties are JavaScript names
        autoComplete: str | None = None,  # noqa: N803 - as above
        className: str | None = None,  # noqa: N803 - as above
        wait: int | None = None,
        **kwargs: Any,
    ) -> None:
        self._prop_names = list(PROPERTIES)
        self._valid_wildcard_attributes: list[str] = []
        self.available_properties = list(PROPERTIES)
        self.available_wildcard_properties: list[str] = []
        given: list[str] = kwargs.pop("_explicit_args")
        values = {**locals(), **kwargs}
        super().__init__(**{name: values[name] for name in given})  # type: ignore[no-untyped-call]
