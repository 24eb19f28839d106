"""What devices can be asked for: objects by name, from the data files in ``datasources/snmp_profiles/``.

A profile is a YAML file: ``sysobjectid`` (prefixes of the devices that it is for; none: for every device), ``names``
(tables that name the rows of others) and ``objects``. A vendor's object goes over a standard one of the same name.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from twin.point import Kind
from twin.quantity import QUANTITIES

FOLDER = Path(__file__).resolve().parent / "snmp_profiles"


def oid(text: str) -> str:
    """A numeric object identifier without a leading dot; ValueError says what is wrong."""
    parts = text.removeprefix(".").split(".")
    if len(parts) < 2 or not all(part.isascii() and part.isdigit() and len(part) <= 10 for part in parts):
        raise ValueError(f"'{text}' is no object identifier: write numbers and dots, as in 1.3.6.1.2.1.1.3.0")
    numbers = [int(part) for part in parts]
    if max(numbers) > 0xFFFFFFFF or numbers[0] > 2 or numbers[1] > 39 or len(parts) > 128:
        raise ValueError(f"'{text}' is no object identifier: a number is too large, or there are too many")
    return ".".join(map(str, numbers))


Oid = Annotated[str, AfterValidator(oid)]


class Names(BaseModel):
    """A table that names rows: the first of ``columns`` that has a text for a row names it.

    With ``guard`` the row's name is asked for along with its values, because its number may come to mean another.
    Rows of one name are told apart by their place where ``parent`` says in which row each is and ``position`` where in
    it: 'Board 0 (2.0.1)' is in slot 0 of chassis 2.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    what: str
    columns: tuple[Oid, ...] = Field(min_length=1)
    guard: bool = False
    parent: Oid | Literal[""] = ""
    position: Oid | Literal[""] = ""


class Mib(BaseModel):
    """One object: where it stands, and what its numbers mean.

    ``of`` is the table that names its rows; without it the object stands alone, unless ``reduce`` makes one number of
    all rows. With ``radios`` its index goes on after that of the named row, and ``reduce`` makes one number of those.
    ``wrap`` is 32 or 64 bits of a counter, ``scale`` what a gauge is multiplied with, ``states`` what its numbers
    become, ``none`` the numbers that mean 'no value', ``percent_of`` the object that is 100 %. With ``use`` the object
    is the first of others that the device has.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    oid: Oid = ""
    of: str = ""
    radios: bool = False
    reduce: Literal["", "sum", "mean", "max"] = ""
    kind: Kind = "gauge"
    wrap: Literal[0, 32, 64] = 0
    quantity: str = ""
    unit: str = ""
    scale: float = 1.0
    states: Mapping[str | int, float] = Field(default_factory=dict)
    none: tuple[int, ...] = ()
    percent_of: Oid | Literal[""] = ""
    use: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Mib:
        if bool(self.oid) == bool(self.use):
            raise ValueError("an object has either 'oid' or 'use'")
        if self.radios and not (self.of and self.reduce):
            raise ValueError("'radios' needs 'of' and 'reduce'")
        if (self.kind == "counter") != bool(self.wrap) and not self.use:
            raise ValueError("a counter has 'wrap', nothing else has")
        if self.quantity and self.unit not in QUANTITIES[self.quantity].units:
            raise ValueError(f"{self.quantity} is not measured in '{self.unit}'")
        return self

    @property
    def table(self) -> bool:
        """Whether the rows are found by walking the object itself."""
        return self.radios or (not self.of and bool(self.reduce))


class Profile(BaseModel):
    """Objects and names of one vendor, or of the standard."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    profile: str
    vendor: str = ""
    sysobjectid: tuple[Oid, ...] = ()
    names: Mapping[str, Names] = Field(default_factory=dict)
    objects: Mapping[str, Mib] = Field(default_factory=dict)


@cache
def profiles() -> Mapping[str, Profile]:
    """Every profile by name."""
    found = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        profile = Profile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        found[profile.profile] = profile
    return MappingProxyType(found)


@cache
def view(name: str) -> Profile:
    """What a device of the profile ``name`` can be asked for: its own objects over the standard ones."""
    own = profiles().get(name) or Profile(profile="")
    layers = [row for row in profiles().values() if not row.sysobjectid] + [own]
    names: dict[str, Names] = {}
    objects: dict[str, Mib] = {}
    for layer in layers:
        names.update(layer.names)
        objects.update(layer.objects)
    return Profile(profile=own.profile, vendor=own.vendor, sysobjectid=own.sysobjectid, names=names, objects=objects)


def profile_of(object_id: str) -> str:
    """The profile for a sysObjectID, the longest prefix first; '' for a device of no vendor that is known."""
    best = ""
    length = 0
    for profile in profiles().values():
        for prefix in profile.sysobjectid:
            if length < len(prefix) and f"{object_id}.".startswith(f"{prefix}."):
                best, length = profile.profile, len(prefix)
    return best


@cache
def known_names() -> frozenset[str]:
    """The names of all objects of all profiles."""
    return frozenset(name for profile in profiles().values() for name in profile.objects)


def wrap_of(objects: Mapping[str, Mib], instance: str) -> int:
    """Where a counter at the whole OID ``instance`` begins again: 2**32, 2**64, or 0 where no profile knows it."""
    for mib in objects.values():
        if mib.wrap and instance.startswith(f"{mib.oid}."):
            return int(2**mib.wrap)
    return 0
