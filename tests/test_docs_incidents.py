"""The reference of incidents says what the API tells, and its shifts are read."""

from __future__ import annotations

import re
import textwrap

import yaml
from pydantic import TypeAdapter

from server.schemas_incidents import IncidentOut
from tests.conftest import ROOT
from twin.incidents.cause import LEAST, SHARE
from twin.incidents.engine import REOPEN_S, WINDOW_S
from twin.incidents.incident import STATUSES
from twin.shifts import ShiftEntries

TEXT = (ROOT / "docs" / "reference" / "incidents.md").read_text("utf-8")
PLAIN = {"id", "number", "priority", "place", "place_names", "building", "opened", "ended", "reopened", "simulated"}


def test_every_key_of_an_incident_is_explained() -> None:
    assert [key for key in IncidentOut.model_fields if key not in PLAIN and f"`{key}`" not in TEXT] == []
    assert [word for word in STATUSES if f"`{word}`" not in TEXT] == []
    assert (LEAST, SHARE, WINDOW_S, REOPEN_S) == (3, 0.6, 30.0, 600.0), "the page says these numbers in words"


def test_the_shifts_of_the_page_are_read() -> None:
    (block,) = re.findall(r"```yaml\n(.+?)```", TEXT, re.DOTALL)
    found = TypeAdapter(ShiftEntries).validate_python(yaml.safe_load(textwrap.dedent(block))["shifts"])
    assert list(found) == ["early", "late", "night"]
