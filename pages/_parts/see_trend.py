"""The way from a value to its course over time."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from dash import html

from pages._parts.blocks import Child
from pages._parts.context import Context
from server.trends_offers import NO_TOTALS
from server.values import utc
from twin.quantity import QUANTITIES


def trend_address(context: Context, what: str) -> str:
    """The page of trends with one line; while a past moment is shown, the course until then."""
    query = {"what": what}
    if context.moment is not None:
        query["at"] = utc(context.moment.clock()).isoformat(timespec="seconds").replace("+00:00", "Z")
    return "/trends?" + urlencode(query, safe="/:", quote_via=quote)


def see_trend(context: Context, what: str) -> html.A:
    """The link."""
    return html.A(context.text("trends.see"), href=trend_address(context, what), className="see-trend")


def trend_of_total(context: Context, entity: str, quantity: str) -> Child:
    """The link of what is rolled up under a place; None where no history is kept, or nothing of it is there."""
    live = context.runtime.live
    slot = live.tree.index.get(entity)
    if context.runtime.past is None or slot is None or quantity in NO_TOTALS:
        return None
    if not live.rolled_up(quantity, QUANTITIES[quantity].rollup).of[slot]:
        return None
    return see_trend(context, f"{entity}:{quantity}")
