"""What a page is built for: the running campus, the language, the theme, the address's query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
from urllib.parse import parse_qsl

from models3d.categories import BY_KEY
from pages._parts.text import Lang, text
from server.runtime import Runtime
from twin.category import category_name
from twin.history.contract import HistoryError
from twin.index import label_of
from twin.live import LiveState

Theme = Literal["light", "dark"]


@dataclass(frozen=True, slots=True)
class Context:
    """One request for a page. ``query`` is the address's query, already decoded."""

    runtime: Runtime
    lang: Lang
    theme: Theme = "light"
    query: Mapping[str, str] = field(default_factory=dict)
    moment: LiveState | None = None
    """The past moment that is shown; None: the present."""

    @property
    def live(self) -> LiveState:
        """The values of the moment that is shown."""
        return self.runtime.live if self.moment is None else self.moment

    def text(self, key: str, **figures: object) -> str:
        """The interface text of ``key`` in the page's language."""
        return text(key, self.lang, **figures)

    def category(self, category: str) -> str:
        """A category of a space or device in words; one that nobody translated, as it is written."""
        known = BY_KEY.get(category)
        if known is not None:
            return known.zh if self.lang == "zh" else known.en
        return category_name(category, self.lang).replace("-", " ")

    @property
    def campus_name(self) -> str:
        """The campus's name in the page's language."""
        return label_of(self.runtime.assembled.campus, self.lang)

    @property
    def timezone(self) -> str:
        """The campus's zone, IANA name."""
        return self.runtime.assembled.campus.timezone


def context_of(runtime: Runtime, route: Mapping[str, str] | None) -> Context:
    """The context that the browser names in the ``route`` store; English and light before it has spoken."""
    if route is None:
        return Context(runtime, "en")
    lang: Lang = "zh" if route.get("lang") == "zh" else "en"
    theme: Theme = "dark" if route.get("theme") == "dark" else "light"
    return Context(runtime, lang, theme, dict(parse_qsl(route.get("search", "").removeprefix("?"))))


async def context_at(runtime: Runtime, route: Mapping[str, str] | None, at: str) -> Context:
    """The same of the moment ``at``: 'live', or an ISO instant. HistoryError where nothing is known of that."""
    context = context_of(runtime, route)
    if at in ("", "live"):
        return context
    if runtime.past is None:
        raise HistoryError(context.text("time.none"))
    try:
        instant = datetime.fromisoformat(at)
    except ValueError:
        raise HistoryError(context.text("time.no-instant", at=at[:40])) from None
    if instant.tzinfo is None:
        raise HistoryError(context.text("time.no-instant", at=at[:40]))
    return replace(context, moment=await runtime.past.live_at(instant.timestamp()))
