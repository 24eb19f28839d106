"""The words of a finding in both languages, from the table of interface texts (assets/i18n) and its figures."""

from __future__ import annotations

from math import isfinite

from server.texts import Lang, filled, table
from twin.quality.finding import Figure, Finding
from twin.quantity import QUANTITIES

_WITHOUT_UNIT = frozenset({"n", "days", "hours", "usual_n", "ratio", "factor", "raw"})


def sentence(finding: Finding, unit: str, lang: Lang) -> str:
    """What was seen, in one sentence with its figures; ``unit`` is that of the points' values."""
    return _text("finding", finding, unit, lang)


def action(finding: Finding, unit: str, lang: Lang) -> str:
    """What to do about it."""
    return _cause_action(finding, lang) if finding.check == "energy" else _text("action", finding, unit, lang)


def _text(kind: str, finding: Finding, unit: str, lang: Lang) -> str:
    texts = table(lang)
    variant = f".{finding.variant}" if finding.variant else ""
    keys = (f"quality.{kind}.{finding.check}{variant}", f"quality.{kind}{variant}", f"quality.{kind}.{finding.check}")
    key = next(key for key in keys if key in texts)
    words = {name: _shown(name, value, unit, lang) for name, value in finding.figures.items()}
    words["point"] = finding.points[0]
    words["points"] = ", ".join(finding.points[:5]) + (" ..." if finding.n_points > 5 else "")
    words["check"] = texts[f"quality.check.{finding.check}"]
    words.setdefault("n", str(finding.n_points))
    if finding.check == "energy":
        words |= _energy(finding, lang)
    return filled(key, lang, words)


def _energy(finding: Finding, lang: Lang) -> dict[str, str]:
    """What a sentence on energy says only where it is known: the cost, what may be behind it."""
    texts, figures = table(lang), finding.figures
    cost = figures.get("cost")
    price = f"{cost:,.0f} {figures['currency']}" if isinstance(cost, float) else ""
    causes = [texts[f"quality.cause.{figures[name]}"] for name in ("cause_1", "cause_2") if name in figures]
    return {
        "name": str(figures[f"name_{lang}"]),
        "cost": filled("quality.energy.cost", lang, {"cost": price}) if price else "",
        "causes": texts["quality.energy.or"].join(causes) or texts["quality.cause.unknown"],
        "end": texts["quality.energy.accepted"] if figures["accepted"] else "",
    }


def _cause_action(finding: Finding, lang: Lang) -> str:
    """What to do about the likeliest cause of what is not as expected."""
    return table(lang)[f"quality.cause-action.{finding.figures.get('cause_1', 'unknown')}"]


def unit_of(quantity: str) -> str:
    """The unit in which values of a quantity are shown; a bare number has none."""
    unit = QUANTITIES[quantity].unit
    return "" if unit == "1" else unit


def _shown(name: str, value: Figure, unit: str, lang: Lang) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and not isfinite(value):
        return "?"
    if name.endswith("_s"):
        return duration(value, lang)
    if name.endswith("_percent"):
        return f"{value:.3g} %"
    if name.endswith("_kwh"):
        return f"{value:,.0f} kWh"
    number = f"{value:,}" if isinstance(value, int) else f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
    return number if name in _WITHOUT_UNIT or not unit else f"{number} {unit}"


def duration(seconds: float, lang: Lang) -> str:
    """A duration in its two largest units: '1 d 3 h', '1 天 3 小时'."""
    names = {"zh": (" 天", " 小时", " 分", " 秒"), "en": (" d", " h", " min", " s")}[lang]
    sign, left = ("-" if seconds < 0 else ""), round(abs(seconds))
    parts: list[str] = []
    for size, name in zip((86_400, 3_600, 60, 1), names, strict=True):
        count, left = divmod(left, size)
        if count or (size == 1 and not parts):
            parts.append(f"{count}{name}")
    return sign + " ".join(parts[:2])
