"""Secrets by reference: ``{env: NAME}`` or ``{file: PATH}``, never the secret itself in a campus file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

_SECRET_KEY = re.compile(
    r"(^|[_-])(password|passwd|passphrase|pass|pwd|secret|token|api[_-]?key|private[_-]?key|auth[_-]?key|priv[_-]?key"
    r"|community|credentials?)$",
    re.IGNORECASE,
)
_URL_PASSWORD = re.compile(r"^[a-z][a-z0-9+.-]*://[^/@\s:]*:([^/@\s]+)@", re.IGNORECASE)
_MAX_BYTES = 65_536


class SecretError(ValueError):
    """A secret that is not where its reference says; the message never holds a secret."""


class SecretRef(BaseModel):
    """Where a secret stands: the name of an environment variable, or a file whose first line it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    env: str = ""
    file: str = ""

    @model_validator(mode="after")
    def _one(self) -> SecretRef:
        if bool(self.env) == bool(self.file):
            raise ValueError("give either {env: NAME} or {file: PATH}")
        return self

    def reveal(self) -> str:
        """The secret. SecretError names the variable or file that is missing or empty."""
        if self.env:
            found = os.environ.get(self.env, "")
            if not found:
                raise SecretError(f"the environment variable {self.env} is not set: set it before starting")
            return found
        try:
            with Path(self.file).open("rb") as stream:
                found = stream.read(_MAX_BYTES).decode("utf-8-sig").partition("\n")[0].strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
            raise SecretError(
                f"the secret's file {self.file} cannot be read ({why}): check its name and rights"
            ) from None
        if not found:
            raise SecretError(f"the secret's file {self.file} is empty: put the secret in its first line")
        return found


def may_be_secret(key: Iterable[str | int], value: object) -> bool:
    """Whether a value at ``key`` may be, or hold, a secret: then no message shows it."""
    return any(_SECRET_KEY.search(str(part)) for part in key) or bool(_URL_PASSWORD.match(str(value)))


def literal_secrets(settings: Mapping[str, Any], key: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The key paths in ``settings`` at which a secret is written out."""
    for name, value in settings.items():
        yield from _literal(name, value, (*key, name))


def _literal(name: str, value: Any, key: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, Mapping):
        if not (_SECRET_KEY.search(name) and set(value) <= {"env", "file"}):
            yield from literal_secrets(value, key)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _literal(name, item, (*key, place))
    elif value not in (None, "") and (_SECRET_KEY.search(name) or _URL_PASSWORD.match(str(value))):
        yield key
