"""What pydantic finds wrong with a file, as sentences with a place."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from twin.mistake import Mistake, nearest
from twin.secret import may_be_secret
from twin.yaml_tree import Key, YamlTree, dotted


def form_mistake(detail: ErrorDetails, above: Key, tree: YamlTree, model: type[BaseModel], file: str) -> Mistake:
    """One complaint of pydantic about what stands in ``file`` below the key ``above``."""
    below = tuple(part for part in detail["loc"] if part != "[key]")
    key: Key = (*above, *below)
    line, column = tree.position(key)
    name, kind = dotted(key), detail["type"]
    if kind == "missing":
        message = f"'{name}' is missing: add it here"
    elif kind == "extra_forbidden":
        message = f"'{name}' is not a known key; {nearest(str(key[-1]), _keys_at(model, below[:-1]))}"
    else:
        hidden = isinstance(detail["input"], dict | list) or may_be_secret(key, detail["input"])
        given = "" if hidden else f" (it is {detail['input']!r})"
        message = f"'{name}': {_plainly(detail['msg'])}{given}"
    return Mistake(file, message, f"config-{kind.replace('_', '-')}", line, column, name)


def _plainly(message: str) -> str:
    """Pydantic's words without its habits."""
    text = message.removeprefix("Value error, ").replace("Input should be", "should be").partition(", unable to")[0]
    return text.replace("a valid dictionary or instance of ", "a mapping: ").replace("a valid ", "a ")


def _keys_at(model: type[BaseModel], key: Key) -> list[str]:
    """The keys that may stand at ``key`` of ``model``."""
    here: Any = model
    for part in key:
        fields = getattr(here, "model_fields", {})
        if part in fields:
            here = inner(fields[part].annotation)
    return list(getattr(here, "model_fields", {}))


def inner(annotation: Any) -> Any:
    """The model inside ``list[M]``, ``dict[str, M]`` or ``M | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        if (found := inner(part)) is not None:
            return found
    return None
