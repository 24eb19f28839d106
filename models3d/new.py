"""``new``: a campus folder from model files or footprints, ready to serve, and what is missing from it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from models3d import formats
from models3d.cache import Load, content_hash
from models3d.campus import Assembled, assemble_config
from models3d.model import Model, ModelError, Options
from models3d.place import Candidate, campus_frame
from models3d.sandbox import load_all
from twin.config import FILE, load_campus_config

_SUFFIXES = frozenset(suffix for row in formats.FORMATS for suffix in row.suffixes) - {".json", ".zip"}


class NewError(Exception):
    """No campus was made; the message says why and what to do."""


@dataclass(slots=True)
class NewCampus:
    """What ``new`` made. ``refused`` and ``left_out`` are (file, reason); ``missing`` says what to add, and where."""

    folder: Path
    assembled: Assembled
    refused: list[tuple[Path, ModelError]] = field(default_factory=list)
    left_out: list[tuple[Path, str]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def new_campus(folder: Path, files: Sequence[Path], load: Load) -> NewCampus:
    """Make a campus in ``folder`` from ``files`` (folders are searched; none means what lies in ``folder`` already).

    Files are copied to ``folder``/models and nothing that exists is overwritten. NewError when a campus is there
    already or no file can be read.
    """
    if (folder / FILE).exists():
        raise NewError(f"'{folder}' is a campus already: nothing was changed; edit its {FILE}, or name another folder")
    if folder.exists() and not folder.is_dir():
        raise NewError(f"'{folder}' is a file: name a folder for the campus")
    paths, left_out = _found(files or [folder])
    read: list[tuple[Path, Model]] = []
    refused: list[tuple[Path, ModelError]] = []
    for path, result in zip(paths, load_all(paths, Options(), load), strict=True):
        if isinstance(result, ModelError):
            refused.append((path, result))
        else:
            read.append((path, result))
    if not read:
        reasons = "".join(f"\n  {error.message}" for _, error in refused)
        raise NewError(f"no model could be read, so no campus was made in '{folder}'.{reasons or ' Name some files.'}")
    folder.mkdir(parents=True, exist_ok=True)
    placed = [(_take(path, folder), model) for path, model in read]
    text = _campus_yaml(folder, placed)
    _write_new(folder / FILE, text)
    _write_new(folder / "SOURCES.md", _sources(read, placed))
    assembled = assemble_config(load_campus_config(folder), load)
    made = NewCampus(folder, assembled, refused, left_out)
    made.missing = list(_missing(made, [model for _, model in placed]))
    return made


def _found(files: Sequence[Path]) -> tuple[list[Path], list[tuple[Path, str]]]:
    """The model files that are named or lie in named folders, and the other files there with the reason."""
    paths: list[Path] = []
    left_out: list[tuple[Path, str]] = []
    for path in files:
        if not path.is_dir() or _is_model(path) is None:
            paths.append(path)
            continue
        for inner in _walk(path):
            reason = _is_model(inner)
            if reason is None or inner.suffix.lower() in _SUFFIXES:
                paths.append(inner)
            else:
                left_out.append((inner, reason))
    return list(dict.fromkeys(paths)), left_out


def _walk(folder: Path) -> Iterator[Path]:
    """The files below ``folder`` by name, hidden ones not; a folder that is itself a model (IMDF) as one."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir() and _is_model(path) is not None:
            yield from _walk(path)
        else:
            yield path


def _is_model(path: Path) -> str | None:
    """None for what a loader knows, else the reason why it is none."""
    try:
        formats.sniff(path)
    except ModelError as error:
        return error.message
    return None


def _take(path: Path, folder: Path) -> str:
    """Copy a model (with the files that it names) into the campus; its name in campus.yaml."""
    if path.resolve().is_relative_to(folder.resolve()):
        return path.resolve().relative_to(folder.resolve()).as_posix()
    models = folder / "models"
    models.mkdir(exist_ok=True)
    target, n = models / path.name, 1
    while target.exists():
        if content_hash(target) == content_hash(path):
            return target.relative_to(folder).as_posix()
        n += 1
        target = models / f"{path.stem}-{n}{path.suffix}"
    if path.is_dir():
        shutil.copytree(path, target)
    else:
        shutil.copyfile(path, target)
        for name in _companions(path):
            beside = models / name
            if not beside.exists():
                beside.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path.parent / name, beside)
    return target.relative_to(folder).as_posix()


def _companions(path: Path) -> Iterator[str]:
    """Files in a mesh's folder without which it is not whole: buffers of glTF, materials of OBJ."""
    names: list[str] = []
    if path.suffix.lower() == ".gltf":
        scene = json.loads(path.read_text(encoding="utf-8"))
        parts = [*scene.get("buffers", ()), *scene.get("images", ())]
        names = [unquote(part["uri"]) for part in parts if not part.get("uri", "data:").startswith("data:")]
    elif path.suffix.lower() == ".obj":
        names = re.findall(r"(?m)^mtllib\s+(\S.*?)\s*$", path.read_text(encoding="utf-8", errors="replace"))
    root = path.parent.resolve()
    for name in names:
        beside = (root / name).resolve()
        if beside.is_file() and beside.is_relative_to(root):
            yield beside.relative_to(root).as_posix()


def _text(value: str) -> str:
    """A string as YAML that means just that string."""
    return json.dumps(value, ensure_ascii=False)


def _slug(name: str) -> str:
    return re.sub(r"[^\w-]+", "-", name.strip().lower()).strip("-") or "campus"


def _campus_yaml(folder: Path, placed: Sequence[tuple[str, Model]]) -> str:
    """The campus file with what the models tell; the rest is there as a comment."""
    name = folder.resolve().name
    frame = campus_frame([Candidate(model) for _, model in placed], None)
    lines = ["# What each key means: docs/reference/campus-folder.md", "campus:", f"  id: {_text(_slug(name))}"]
    lines.append(f"  names: {{zh: {_text(name)}, en: {_text(name)}}}")
    lines.append("  timezone: UTC   # for example Asia/Shanghai")
    if frame is not None:
        lines.append(f"  location: {{latitude: {frame.latitude}, longitude: {frame.longitude}, datum: wgs84}}")
    else:
        lines.append(
            "  # location: {latitude: 34.25, longitude: 108.65, datum: wgs84}   # or gcj02, from a Chinese map"
        )
    ground = next((file for file, model in placed if model.ground and not model.buildings), None)
    rest = [(file, model) for file, model in placed if file != ground]
    lines.append("models:" if rest else "models: []")
    for file, model in rest:
        lines.append(f"  - file: {_text(file)}")
        if len(model.buildings) == 1:
            lines.append(f"    # building: {_text(model.buildings[0].id)}   # the code that people use for it")
        if not _georeferenced(model):
            lines.append("    # place: {x: 0.0, y: 0.0, z: 0.0, rotation_deg: 0.0}   # metres east, north, up")
    if ground is not None:
        lines.append(f"ground: {_text(ground)}")
    lines += [
        "# sources:                          # where live values come from",
        "#   meters: {type: mqtt, host: 127.0.0.1, port: 1883, topics: [\"site/+/power\"]}",
        "# points: points.csv                # point,entity,quantity,unit,source,address",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _georeferenced(model: Model) -> bool:
    return model.frame.crs is not None or model.frame.latitude is not None


def _sources(read: Sequence[tuple[Path, Model]], placed: Sequence[tuple[str, Model]]) -> str:
    rows = [
        f"| {file} | {path.name} | {model.format} {model.schema} | `{model.sha256[:16]}` | |"
        for (path, model), (file, _) in zip(read, placed, strict=True)
    ]
    head = ["# Where the files of this campus come from", "", "| file | was | format | sha256 | author, licence |"]
    return "\n".join([*head, "|---|---|---|---|---|", *rows, ""])


def _write_new(path: Path, text: str) -> None:
    """Write a file that must not be there yet."""
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        if path.name == FILE:
            raise NewError(f"'{path}' appeared while the campus was made: nothing was overwritten") from None


def _missing(made: NewCampus, models: Sequence[Model]) -> Iterator[str]:
    """What the folder does not say yet, each with the key to add."""
    campus, found = made.assembled.campus, {finding.code for finding in made.assembled.findings}
    spaces = [space for b in campus.buildings for s in b.storeys for space in s.spaces]
    if campus.latitude is None:
        yield "where the campus stands (campus: location): the sun, the map and weather need it"
    if campus.timezone == "UTC":
        yield "its time zone (campus: timezone), for example Asia/Shanghai"
    unplaced = [m for m in models if not _georeferenced(m)]
    if unplaced and "placed-side-by-side" in found:
        yield f"the place of {len(unplaced)} models (models: place): they stand side by side for now"
    if "duplicate-code" in found:
        yield "codes for buildings that share one (models: building)"
    if campus.buildings and all(b.schematic for b in campus.buildings):
        yield "rooms: the files hold footprints only, so each storey is one schematic space; add building models"
    elif not spaces:
        yield "spaces: no file has rooms or footprints"
    if not made.assembled.ground:
        yield "the ground: roads, green, water, trees as GeoJSON (ground:)"
    yield "live data: sources and points.csv (sources:, points:)"
