"""What is looked at, and mended, before the IFC library opens a file: it is trusting where real files are not.

A file cut in half opens silently with half its rooms; raw Chinese disappears; an unknown schema string, a byte-order
mark or a zip stop everything. ``prepared`` answers with a path that is safe to open, and with what was mended;
a file that cannot be mended is refused with one sentence.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from models3d.model import Finding, ModelError
from models3d.step_encoding import encoding_of, escape_non_ascii
from models3d.step_zip import extract_ifc

HEAD_BYTES = 65536
NATIVE = ("IFC2X3", "IFC4", "IFC4X3_ADD2")
"""The schemas that the IFC library reads."""
MAPPED = {
    "IFC2X_FINAL": "IFC2X3", "IFC2X": "IFC2X3", "IFC2X2": "IFC2X3", "IFC2X2_FINAL": "IFC2X3", "IFC2X2_ADD1": "IFC2X3",
    "IFC2X3_FINAL": "IFC2X3", "IFC2X3_TC1": "IFC2X3", "IFC2X4": "IFC4", "IFC4_ADD1": "IFC4", "IFC4_ADD2": "IFC4",
    "IFC4_ADD2_TC1": "IFC4", "IFC4_TC1": "IFC4", "IFC4X1": "IFC4X3_ADD2", "IFC4X2": "IFC4X3_ADD2",
    "IFC4X3": "IFC4X3_ADD2", "IFC4X3_ADD1": "IFC4X3_ADD2", "IFC4X3_TC1": "IFC4X3_ADD2",
}  # fmt: skip
"""Schema strings of real files -> the schema they are read as. ``_RC`` versions are mapped by their beginning."""
_CANDIDATE = re.compile(r"(IFC2X3|IFC2X4|IFC4X[123]|IFC4)_?(RC|ALPHA|BETA)_?\d*$")

_STEP = re.compile(rb"\A(\xef\xbb\xbf)?\s*(/\*.*?\*/\s*)*ISO-10303-21\s*;", re.DOTALL | re.IGNORECASE)
_TRAILER = re.compile(rb"END-ISO-10303-21\s*;?", re.IGNORECASE)
_COMMENT = re.compile(rb"/\*.*?\*/", re.DOTALL)
_SCHEMA = re.compile(rb"FILE_SCHEMA\s*\(\s*\(?\s*'([^']*)'", re.IGNORECASE)
_DATA = re.compile(rb"^\s*DATA\s*(\([^;]*\))?\s*;", re.IGNORECASE | re.MULTILINE)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_CHUNK = 4 << 20


@dataclass(slots=True)
class Prepared:
    """A file that may be opened: ``path`` is the file itself or a mended copy; ``sha256`` is the given file's."""

    path: Path
    sha256: str
    declared: str
    schema: str
    findings: list[Finding] = field(default_factory=list)


def is_step(head: bytes) -> bool:
    """Whether the first bytes are a STEP file's, byte-order mark, comments or UTF-16 notwithstanding."""
    if head[:2] in _UTF16:
        head = head[: len(head) // 2 * 2].decode("utf-16", errors="replace").encode("ascii", errors="replace")
    return bool(_STEP.match(head.lstrip(b"\xef\xbb\xbf \t\r\n")))


def is_ifcxml(head: bytes) -> bool:
    """Whether the first bytes are ifcXML's."""
    text = head[:HEAD_BYTES].replace(b"\0", b"").lower()
    return b"<" in text[:64] and (b"<ifcxml" in text or b"iso_10303_28" in text or b"ifcxml" in text[:2000])


def sniff(head: bytes, path: Path) -> bool:
    """Whether a file is an IFC of any packing, so that a refusal can say what to do: STEP, zip with one, ifcXML."""
    if is_step(head) or is_ifcxml(head):
        return True
    if head[:4] not in _ZIP:
        return False
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.lower() for name in archive.namelist()]
    except (zipfile.BadZipFile, OSError):
        return path.suffix.lower() in (".ifczip", ".ifc")
    return path.suffix.lower() == ".ifczip" or any(name.endswith((".ifc", ".ifcxml", ".ifczip")) for name in names)


def _refuse_by_head(name: str, head: bytes) -> None:
    """Say what a file is that is no STEP file."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not head.strip(b" \t\r\n\0"):
        what = "is empty" if not head or not head.strip(b" \t\r\n") else "holds only NUL bytes"
        code = "empty" if not head.strip(b" \t\r\n") else "nul-bytes"
        raise ModelError(code, f"'{name}' {what}. Export or download the model again.")
    if is_ifcxml(head):
        raise ModelError("ifcxml", f"'{name}' is ifcXML, which is not read. Export it as IFC-SPF (.ifc) instead.")
    if start.startswith((b"<!doctype html", b"<html")) or b"<html" in start[:1000]:
        raise ModelError(
            "html",
            f"'{name}' is a web page, not a model: the download saved a log-in or error page. Download it again.",
        )
    if b"\0" in head[:512] and b"ISO-10303" in head:
        raise ModelError("nul-bytes", f"'{name}' has NUL bytes where text belongs: it is damaged. Copy it again.")
    raise ModelError("not-step", f"'{name}' does not begin as an IFC file (ISO-10303-21). Export it as IFC (.ifc).")


@dataclass(slots=True)
class _Scan:
    """What one pass over the bytes saw."""

    sha256: str
    ascii: bool = True
    first_nul: int = -1
    size: int = 0


def _scan(path: Path) -> _Scan:
    digest = hashlib.sha256()
    scan = _Scan("")
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            scan.ascii = scan.ascii and chunk.isascii()
            if scan.first_nul < 0 and (at := chunk.find(b"\0")) >= 0:
                scan.first_nul = scan.size + at
            scan.size += len(chunk)
    scan.sha256 = digest.hexdigest()
    return scan


def _trailer_end(path: Path, size: int) -> int:
    """The offset just behind the last end trailer, or -1; it is looked for in the last KiB, then in the last MiB."""
    with path.open("rb") as source:
        for reach in (1 << 10, 1 << 20):
            start = max(0, size - reach)
            source.seek(start)
            ends = [match.end() for match in _TRAILER.finditer(source.read())]
            if ends:
                return start + ends[-1]
    return -1


def _read_head(path: Path) -> bytes:
    with path.open("rb") as source:
        return source.read(HEAD_BYTES)


def _schema(name: str, head: bytes) -> tuple[str, str]:
    """(declared schema, the schema it is read as)."""
    plain = _COMMENT.sub(b" ", head)
    data = _DATA.search(plain)
    found = _SCHEMA.search(plain[: data.start()] if data else plain)
    if found is None:
        raise ModelError(
            "unknown-schema",
            f"'{name}' names no schema in its header (FILE_SCHEMA). Export it again as IFC4 or IFC2x3.",
        )
    declared = found.group(1).decode("ascii", errors="replace").strip()
    key = declared.upper().split("{")[0].strip().split(" ")[0]
    candidate = _CANDIDATE.match(key)
    if key in NATIVE:
        return declared, key
    if candidate:
        base = candidate.group(1)
        return declared, MAPPED.get(base, base)
    if key in MAPPED:
        return declared, MAPPED[key]
    raise ModelError(
        "unknown-schema",
        f"'{name}' has the schema '{declared}', which is not read. Export it as IFC4, IFC2x3 or IFC4.3.",
    )


def _with_schema(data: bytes, declared: str, used: str) -> bytes:
    old = declared.encode("ascii", errors="replace")
    at = data.find(b"'" + old + b"'", 0, HEAD_BYTES)
    found = re.search(rb"'\s*" + re.escape(old) + rb"\s*'", data[:HEAD_BYTES]) if at < 0 else None
    start, end = (at, at + len(old) + 2) if at >= 0 else found.span() if found else (0, 0)
    return data[:start] + b"'" + used.encode() + b"'" + data[end:]


def _mend_bytes(data: bytes, ascii_only: bool, name: str, findings: list[Finding]) -> bytes:
    if data[:2] in _UTF16:
        findings.append(
            Finding("encoding-repaired", f"'{name}' is UTF-16; it was read as such.", data={"codec": "utf-16"})
        )
        return escape_non_ascii(data.decode("utf-16", errors="replace").encode(), "utf-8-sig")
    if ascii_only:
        return data
    codec = encoding_of(data)
    mended = escape_non_ascii(data, codec)
    only_mark = data.startswith(b"\xef\xbb\xbf") and data[3:].isascii()
    what = (
        f"'{name}' began with a byte-order mark; it was removed."
        if only_mark
        else f"'{name}' has raw characters beyond ASCII; they were read as {codec.removesuffix('-sig')}."
    )
    findings.append(
        Finding(
            "encoding-repaired", what, severity="info" if codec == "utf-8-sig" else "warning", data={"codec": codec}
        )
    )
    return mended


def _checked(path: Path, name: str, scan: _Scan) -> int:
    """The offset behind the trailer; refuses truncated files and NUL bytes before it."""
    end = _trailer_end(path, scan.size)
    if scan.first_nul >= 0 and (end < 0 or scan.first_nul < end):
        raise ModelError(
            "nul-bytes",
            f"'{name}' has NUL bytes at offset {scan.first_nul}: it was damaged on the way. Copy it again.",
        )
    if end < 0:
        raise ModelError(
            "truncated",
            f"'{name}' is cut off: it does not end with END-ISO-10303-21. Copy or export it again; a part of a model"
            " is not imported.",
        )
    return end


def _prepare(path: Path, name: str, folder: Path, findings: list[Finding]) -> Prepared:
    head = _read_head(path)
    if not is_step(head):
        _refuse_by_head(name, head)
    scan = _scan(path)
    if head[:2] in _UTF16:
        path, scan = _rewritten(path, path.read_bytes(), scan, folder, name, findings)
        head = _read_head(path)
    end = _checked(path, name, scan)
    declared, used = _schema(name, head)
    padded = scan.first_nul >= end
    if declared != used:
        findings.append(
            Finding(
                "schema-mapped",
                f"'{name}' says schema {declared}; it is read as {used}.",
                severity="info" if declared.upper() == used or declared == "IFC4X3" else "warning",
                data={"declared": declared, "used": used},
            )
        )
    if scan.ascii and not padded and declared == used:
        return Prepared(path, scan.sha256, declared, used, findings)
    data = _mend_bytes(path.read_bytes()[: end if padded else None], scan.ascii, name, findings)
    copy = folder / "mended.ifc"
    copy.write_bytes(_with_schema(data, declared, used) if declared != used else data)
    return Prepared(copy, scan.sha256, declared, used, findings)


def _rewritten(
    path: Path, data: bytes, scan: _Scan, folder: Path, name: str, findings: list[Finding]
) -> tuple[Path, _Scan]:
    copy = folder / "decoded.ifc"
    copy.write_bytes(_mend_bytes(data, ascii_only=False, name=name, findings=findings))
    again = _scan(copy)
    again.sha256 = scan.sha256
    return copy, again


@contextmanager
def prepared(path: Path) -> Iterator[Prepared]:
    """Check and mend ``path``; the copy that may have been made is gone when the block ends.

    ModelError codes: missing, empty, nul-bytes, html, ifcxml, not-step, truncated, unknown-schema, and those of
    ``step_zip``. Findings: encoding-repaired, schema-mapped, unzipped.
    """
    if not path.is_file():
        raise ModelError("missing", f"There is no file '{path}'. Check the path.")
    with tempfile.TemporaryDirectory(prefix="campus-ifc-") as name:
        folder = Path(name)
        findings: list[Finding] = []
        if _read_head(path)[:4] not in _ZIP:
            yield _prepare(path, path.name, folder, findings)
            return
        inner = folder / "unpacked.ifc"
        member = extract_ifc(path, inner, lambda head: is_step(head) or is_ifcxml(head))
        ready = _prepare(inner, f"{path.name}: {member}", folder, findings)
        ready.sha256 = _scan(path).sha256
        yield ready
