"""The design tokens as a stylesheet: CSS variables of both themes, made from assets/tokens.json at start."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ASSETS = Path(__file__).resolve().parents[2] / "assets"


def load_tokens(path: Path = ASSETS / "tokens.json") -> dict[str, Any]:
    """The token file; the viewer builds the same file into its bundle."""
    tokens: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return tokens


def _flat(prefix: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(f"{prefix}-{key}" if prefix else key, inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value, start=1):
            yield from _flat(f"{prefix}-{number}", inner)
    else:
        yield prefix, str(value)


def _block(selector: str, variables: Iterator[tuple[str, str]], extra: str = "") -> str:
    body = "".join(f"  --{name}: {value};\n" for name, value in variables)
    return f"{selector} {{\n{extra}{body}}}\n"


def stylesheet(tokens: dict[str, Any]) -> str:
    """CSS with ``--bg``, ``--ramp-1`` ... for both themes; without a chosen theme the system's preference decides.

    Lengths of ``space`` and sizes of ``type.desk`` [px, as rem at 16 px] become ``--space-row``, ``--type-hero`` ...
    """
    themes = tokens["themes"]
    space = ((f"space-{key}", f"{value / 16:g}rem") for key, value in tokens["space"].items())
    sizes = ((f"type-{key}", f"{value / 16:g}rem") for key, value in tokens["type"]["desk"].items())
    motion = ((f"motion-{key.removesuffix('-ms')}", f"{value}ms") for key, value in tokens["motion"].items())
    light = _block(":root", _flat("", themes["light"]), "  color-scheme: light;\n")
    dark = _block(':root[data-theme="dark"]', _flat("", themes["dark"]), "  color-scheme: dark;\n")
    system = _block(":root:not([data-theme])", _flat("", themes["dark"]), "  color-scheme: dark;\n")
    return (
        light
        + dark
        + f"@media (prefers-color-scheme: dark) {{\n{system}}}\n"
        + _block(":root", (pair for table in (space, sizes, motion) for pair in table))
    )


def content_hash(text: str) -> str:
    """The first 12 hex digits of the text's SHA-256, for names that never change their content."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
