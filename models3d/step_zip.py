"""The one IFC inside a zip archive, unpacked by ourselves: members listed, sizes and ratios capped."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from models3d.model import ModelError

MAX_BYTES = 4 * 2**30
"""The largest member that is unpacked [bytes]."""
MAX_RATIO = 150
"""The largest ratio of unpacked to packed size; IFC text packs 4 to 20 times."""
FREE_BYTES = 16 * 2**20
"""Below this unpacked size [bytes] the ratio does not matter."""
MAX_MEMBERS = 10_000
_CHUNK = 1 << 20


def _bomb(path: Path, member: str) -> ModelError:
    return ModelError(
        "zip-bomb",
        f"'{path.name}': its member '{member}' unpacks to more than {MAX_BYTES // 2**30} GiB or over {MAX_RATIO} times"
        " its packed size, so it was not unpacked. Unpack it yourself, check it, and import the .ifc file.",
    )


def _check(path: Path, info: zipfile.ZipInfo) -> None:
    if info.file_size > MAX_BYTES or info.file_size > max(FREE_BYTES, MAX_RATIO * max(info.compress_size, 1)):
        raise _bomb(path, info.filename)
    if info.flag_bits & 0x1:
        raise ModelError(
            "zip-encrypted",
            f"'{path.name}': its member '{info.filename}' is protected by a password. Unpack it yourself and import"
            " the .ifc file.",
        )


def _is_hidden(info: zipfile.ZipInfo) -> bool:
    name = info.filename.replace("\\", "/")
    return info.is_dir() or name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1].startswith(".")


def _members(path: Path, archive: zipfile.ZipFile, is_ifc: Callable[[bytes], bool]) -> list[tuple[str, bool]]:
    """(name, whether it is an IFC) of every member that is no folder and not hidden."""
    infos = archive.infolist()
    if len(infos) > MAX_MEMBERS:
        raise ModelError(
            "zip-bomb",
            f"'{path.name}' lists {len(infos)} members, more than {MAX_MEMBERS}. Unpack it and import the .ifc file.",
        )
    members = []
    for info in infos:
        if not _is_hidden(info):
            _check(path, info)
            with archive.open(info) as member:
                members.append((info.filename, is_ifc(member.read(65536))))
    return members


def _only_ifc(path: Path, members: list[tuple[str, bool]]) -> str:
    models = [name for name, good in members if good]
    if not models:
        held = ", ".join(f"'{name}'" for name, _ in members[:3]) or "nothing"
        raise ModelError(
            "zip-without-ifc",
            f"'{path.name}' is a zip archive without an IFC file (it holds {held}). Pack the .ifc file itself.",
        )
    if len(models) > 1:
        names = ", ".join(f"'{name}'" for name in models[:4])
        raise ModelError(
            "zip-several",
            f"'{path.name}' holds {len(models)} IFC files ({names}): import them one by one, each as its own file.",
        )
    return models[0]


def extract_ifc(path: Path, target: Path, is_ifc: Callable[[bytes], bool]) -> str:
    """Unpack the single IFC member of the zip ``path`` into the file ``target``; its name.

    ``is_ifc`` looks at a member's first bytes. ModelError: zip-broken, zip-bomb, zip-encrypted, zip-without-ifc,
    zip-several. The size is counted while unpacking, because a zip's directory may lie.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            name = _only_ifc(path, _members(path, archive, is_ifc))
            info = archive.getinfo(name)
            limit = min(MAX_BYTES, max(FREE_BYTES, MAX_RATIO * max(info.compress_size, 1)))
            written = 0
            with archive.open(info) as source, target.open("wb") as sink:
                while chunk := source.read(_CHUNK):
                    written += len(chunk)
                    if written > limit:
                        raise _bomb(path, name)
                    sink.write(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise ModelError(
            "zip-broken",
            f"'{path.name}' is a damaged or unusual zip archive ({error}). Unpack it and import the .ifc file.",
        ) from error
    return name
