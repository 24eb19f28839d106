"""Names of files in a source's settings: they stand in the campus folder, which the settings' context names.

``FolderFile`` is a file of the folder and nothing else, so that a campus file cannot make the program read what lies
beside it; what the command line itself names is in the context's ``allowed``. ``NewFile`` need not be there yet.
``KeyFile``, for certificates and keys,
may be an absolute path too: they are kept apart as secrets are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo

from twin.mistake import nearest


def _in_folder(name: str, info: ValidationInfo, *, there: bool) -> str:
    """The file's path; ValueError where it is not in the folder."""
    context = info.context or {}
    if not name or "folder" not in context or Path(name) in context.get("allowed", ()):
        return name
    folder = Path(context["folder"]).resolve()
    path = (folder / name).resolve()
    if not path.is_relative_to(folder):
        raise ValueError(
            f"'{name}' lies outside the campus folder: copy it there, and name it as it is seen from there"
        )
    if there and not path.exists():
        beside = [str(each.relative_to(folder)) for each in sorted(path.parent.glob("*"))[:1000]]
        raise ValueError(f"there is no file '{name}' in the campus folder; {nearest(name, beside)}")
    return str(path)


def _old(name: str, info: ValidationInfo) -> str:
    return _in_folder(name, info, there=True)


def _new(name: str, info: ValidationInfo) -> str:
    return _in_folder(name, info, there=False)


def _key(name: str, info: ValidationInfo) -> str:
    """An absolute path is left as it is; whoever uses it says when it cannot be read."""
    return name if Path(name).is_absolute() else _in_folder(name, info, there=True)


FolderFile = Annotated[str, AfterValidator(_old)]
NewFile = Annotated[str, AfterValidator(_new)]
KeyFile = Annotated[str, AfterValidator(_key)]
