"""Pictures and films of a tour: inside the campus folder, of a known kind by their first bytes, not too large."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

MAX_PICTURE, MAX_FILM = 5_000_000, 60_000_000
"""Bytes."""
_FIRST: MappingProxyType[str, tuple[int, bytes, int]] = MappingProxyType(
    {
        ".png": (0, b"\x89PNG\r\n\x1a\n", MAX_PICTURE),
        ".jpg": (0, b"\xff\xd8\xff", MAX_PICTURE),
        ".jpeg": (0, b"\xff\xd8\xff", MAX_PICTURE),
        ".webp": (8, b"WEBP", MAX_PICTURE),
        ".mp4": (4, b"ftyp", MAX_FILM),
        ".webm": (0, b"\x1aE\xdf\xa3", MAX_FILM),
    }
)
"""Ending -> where its mark stands, the mark, the most bytes. SVG is none of them: it can hold programs."""


def why_not(folder: Path, name: str) -> str:
    """Why the file ``name`` of the campus folder cannot be shown; '' where it can."""
    path = folder / name
    kind = _FIRST.get(path.suffix.casefold())
    if kind is None:
        return f"'{name}' is no picture or film: {', '.join(_FIRST)}"
    if not path.is_file():
        return f"there is no file '{name}' in the campus folder"
    if not path.resolve().is_relative_to(folder.resolve()):
        return f"'{name}' leads out of the campus folder: copy the file into it"
    place, mark, largest = kind
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            first = file.read(place + len(mark))
    except OSError as error:
        return f"'{name}' cannot be read: {error.strerror}"
    if size > largest:
        return f"'{name}' has {size:,} bytes, more than {largest:,}: make it smaller"
    if first[place:] != mark:
        return f"'{name}' is no {path.suffix[1:]} file by its first bytes: save it anew"
    return ""
