"""A table of a campus folder with rows added: in its own encoding, separator and line ends; the old file is kept."""

from __future__ import annotations

import csv
import io
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from server.suggestions import cell
from twin.tables import delimiter_of

BOM = b"\xef\xbb\xbf"


class TableError(Exception):
    """The table cannot be added to; the message says why and what to do."""


def with_rows(raw: bytes, rows: Sequence[Mapping[str, str]]) -> bytes:
    """The bytes of a table with ``rows`` at its end; columns that it lacks are added to its header."""
    encoding = _encoding(raw)
    text = raw.decode(encoding)
    separator, end = delimiter_of(text), "\r\n" if "\r\n" in text else "\n"
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    header = next(reader, [])
    lines = text.splitlines(keepends=True)
    columns = [name.strip().casefold() for name in header]
    new = [name for row in rows for name in row if name not in columns]
    added = list(dict.fromkeys(new))
    head = "".join(lines[: reader.line_num])
    if added or not header:
        head = _line([*header, *added], separator, end)
    body = "".join(lines[reader.line_num :])
    if body and not body.endswith(("\n", "\r")):
        body += end
    if head and not head.endswith(("\n", "\r")):
        head += end
    order = [*columns, *added]
    tail = "".join(_line([str(cell(row.get(name, ""))) for name in order], separator, end) for row in rows)
    return (head + body + tail).encode(encoding)


def _encoding(raw: bytes) -> str:
    for encoding in ("utf-8-sig" if raw.startswith(BOM) else "utf-8", "gb18030"):
        try:
            raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    raise TableError("the table is neither UTF-8 nor GBK text: save it again as CSV, UTF-8")


def _line(cells: Sequence[str], separator: str, end: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator=end).writerow(cells)
    return text.getvalue()


def beside(path: Path, data: bytes) -> Path:
    """A new file in the folder of ``path`` with ``data``, safely on the disk."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)


def put(part: Path, path: Path) -> None:
    """Let ``part`` take the place of ``path`` at once; the old file stays as ``.bak``."""
    shutil.copymode(path, part)
    shutil.copy2(path, path.with_name(f"{path.name}.bak"))
    part.replace(path)
