"""Alarms made of rules: an operator's texts with the names of places in them."""

from __future__ import annotations

from collections.abc import Mapping

from twin.alarms.alarm import Alarm, Texts
from twin.alarms.places import LANGS, Places, Where
from twin.alarms.rule import Rule

PLACEHOLDERS = ("what", "place", "limit", "unit", "source", "id", "port")
"""What texts may have in braces: the thing (its name and building), the place it stands in, the rule's limit and the
unit, the source, the id of the point, finding or source; of a point the part of its id that its device does not have
(a port, a line)."""


def alarm_id(rule: str, source: str) -> str:
    """The id of the alarm of a rule and what it is about."""
    return f"{rule}:{source}"


def port(point: str, entity: str) -> str:
    """What is the point's own in its id: ``CAMPUS-2`` of ``BORDER/CAMPUS-2.link_state``; the whole id if nothing is."""
    return point.removeprefix(f"{entity}/").rpartition(".")[0] or point


def words(texts: Texts, values: Mapping[str, Texts]) -> dict[str, str]:
    """Texts with their placeholders filled in."""
    found = {}
    for lang, text in texts.items():
        for name, by_lang in values.items():
            text = text.replace(f"{{{name}}}", by_lang.get(lang, by_lang.get("en", "")))
        found[lang] = text
    return found


def figure(number: float) -> str:
    """A number as it stands in a text."""
    return f"{number:,.6g}" if abs(number) < 1e6 else f"{number:,.0f}"


def placed(rule: Rule, source: str, where: Where, places: Places, unit: str, of_source: str) -> Alarm:
    """The alarm of ``rule`` about ``source`` (a point, a finding, a data source), as yet normal."""
    limit = rule.condition.limit
    shown_unit = "" if unit == "1" else unit
    told = "" if limit is None else figure(limit)
    plain = {"limit": told, "unit": shown_unit, "source": of_source, "id": source, "port": port(source, where.entity)}
    values: dict[str, Texts] = {
        "what": places.full_name(where.entity), "place": places.full_name(where.place or where.entity),
        **{name: dict.fromkeys(LANGS, text) for name, text in plain.items()},
    }  # fmt: skip
    return Alarm(
        alarm_id(rule.id, source), rule.id, source, where.place, where.nodes, rule.priority, rule.kind,
        words(rule.texts, values), shown_unit, limit, rule.latch, rule.owner, words(rule.cause, values),
        words(rule.consequence, values), words(rule.action, values), words(rule.runbook, values), rule.respond_s,
        priority=rule.priority,
    )  # fmt: skip
