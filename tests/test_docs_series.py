"""The pages on series and backups say what the code does: parameters, formats, columns, limits, files."""

from __future__ import annotations

import inspect
import re
from typing import Any, get_args

from fastapi import APIRouter
from pydantic import BaseModel

from server import owner, schemas_series, series, series_out
from tests.conftest import ROOT
from twin.history import backup, contract, outward
from twin.history import series as asking

BACKUP = (ROOT / "docs" / "how-to" / "back-up-history.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "reference" / "series.md").read_text(encoding="utf-8")


def told(word: str) -> bool:
    return f"`{word}`" in PAGE


def test_every_parameter_is_explained() -> None:
    api, runtime = APIRouter(), object()
    series.add(api, runtime)  # type: ignore[arg-type]
    names = set()
    for route in api.routes:
        endpoint: Any = route.endpoint  # type: ignore[attr-defined]
        names |= set(inspect.signature(endpoint).parameters)
    names = {"from" if name == "start" else name for name in names} - {"request", "point"}
    assert {"to", "step", "draw"} <= names
    assert [name for name in sorted(names) if not told(name) and f"`{name}=" not in PAGE] == []


def test_every_column_and_key_is_explained() -> None:
    schemas = (outward.READINGS_OUT, outward.BUCKETS_OUT, outward.DRAWING_OUT, outward.TOTALS_OUT)
    assert [name for schema in schemas for name in schema.names if not told(name)] == []
    models = [row for row in vars(schemas_series).values() if isinstance(row, type) and issubclass(row, BaseModel)]
    assert [key for model in models for key in model.model_fields if not told(key)] == []
    assert [
        word for word in (*get_args(outward.Agg), *series_out.TYPES, *series_out.TYPES.values()) if not told(word)
    ] == []
    assert told(series_out.METADATA.decode())


def test_models_have_the_columns_of_the_tables() -> None:
    for schema, model in (
        (outward.READINGS_OUT, schemas_series.ReadingOut), (outward.BUCKETS_OUT, schemas_series.BucketOut),
        (outward.DRAWING_OUT, schemas_series.PlaceOut), (outward.TOTALS_OUT, schemas_series.TotalOut),
    ):  # fmt: skip
        assert schema.names == list(model.model_fields)


def test_the_limits_are_those_of_the_page() -> None:
    assert f"at most {asking.MOST_ROWS:,} rows" in PAGE
    assert f"at most {asking.MOST_DAYS} days" in PAGE
    assert f"up to {asking.MOST_POINTS} points" in PAGE
    assert f"2 to {asking.MOST_PLACES:,}" in PAGE
    assert f"over {series.LONG_S / series.DAY_S:.0f} days" in PAGE
    assert f"the first {series.SHOWN_GAPS} of them" in PAGE


def test_every_file_of_a_backup_is_explained() -> None:
    rows = dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", BACKUP, re.MULTILINE))
    for name, schema in (
        ("points.parquet", backup.POINTS), ("reasons.parquet", backup.REASONS), ("events.parquet", contract.EVENTS),
        ("readings/2026-11-27.parquet", contract.READINGS),
    ):  # fmt: skip
        assert [column for column in schema.names if f"`{column}`" not in rows[name]] == []
    keys = re.findall(r'"(\w+)": ', inspect.getsource(backup.write).partition("manifest = ")[2].partition("}")[0])
    assert len(keys) > 6
    assert [key for key in keys if f"`{key}`" not in rows[backup.MANIFEST]] == []
    assert f"`format` {backup.FORMAT}" in rows[backup.MANIFEST]
    assert f"takes nothing for {owner.STALLED_S:.0f} s" in BACKUP
    assert f"`{owner.SOCKET}`" in BACKUP
