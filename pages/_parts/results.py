"""The list under the search field."""

from __future__ import annotations

from dash import html

from pages._parts.blocks import Child, attrs
from pages._parts.context import Context
from twin.index import label_of
from twin.search import Hit


def results(context: Context, query: str, limit: int = 12) -> list[Child]:
    """What the campus has for ``query``: number, name in Chinese, English or pinyin, category; best first."""
    hits = context.runtime.search.find(query, limit=limit)
    if not hits:
        return [html.P(context.text("search.none", query=query), className="results-none", role="status")]
    options = [_option(context, hit, number) for number, hit in enumerate(hits)]
    return [
        html.Div(options, role="listbox", id="result-list", **attrs({"aria-label": context.text("search.results")}))
    ]


def _option(context: Context, hit: Hit, number: int) -> html.Div:
    entity = context.runtime.index.get(hit.id)
    label = label_of(entity, context.lang) if entity is not None else hit.label_en
    above = context.runtime.index.path(hit.id)[1:-1] if entity is not None else []
    where = " / ".join(_short(context, step) for step in above)
    return html.Div(
        [html.Span(label, className="result-label"), html.Span(where, className="result-where")],
        id=f"result-{number}",
        className="result",
        role="option",
        **attrs({"data-go": hit.id, "aria-selected": "false"}),
    )


def _short(context: Context, entity_id: str) -> str:
    entity = context.runtime.index.get(entity_id)
    return label_of(entity, context.lang) if entity is not None else entity_id
