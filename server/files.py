"""Files that the viewer loads: models by content hash, the viewer's bundle and fonts. Only listed names are served."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import mimetypes
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from server.problems import problem
from server.visitors import nameless

MODEL_NAME = re.compile(r"[a-z]{1,20}-[0-9a-f]{8,64}\.(json|bin|glb)")
HASHED_NAME = re.compile(r"[-.][0-9A-Za-z]{8,64}\.[a-z0-9]+$")
IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"
LABELS = "labels-"
NEVER_KEPT = {"Cache-Control": "no-store"}
"""For what others get another answer to at the same address."""

TYPES = {
    ".json": "application/json", ".bin": "application/octet-stream", ".glb": "model/gltf-binary",
    ".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".woff2": "font/woff2",
    ".wasm": "application/wasm", ".svg": "image/svg+xml", ".map": "application/json",
}  # fmt: skip
SQUEEZED = {".woff2", ".woff", ".png", ".jpg", ".webp", ".gz", ".ktx2"}
"""Kinds of files that are compressed already."""


def media_type(name: str) -> str:
    """The Content-Type of a file by its suffix."""
    suffix = Path(name).suffix
    return TYPES.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")


def accepts_gzip(request: Request) -> bool:
    """Whether the client takes gzip."""
    for part in request.headers.get("accept-encoding", "").split(","):
        coding, _, weight = part.strip().partition(";")
        if coding.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def register_models(server: FastAPI, find: Callable[[str], Path | None]) -> None:
    """Serve ``/models/<name>``. ``find`` gives the file of a name that has the right form, or None."""

    async def model(request: Request) -> Response:
        name = request.path_params["name"]
        path = find(name) if MODEL_NAME.fullmatch(name) else None
        if path is None:
            return problem(404, "there is no such model file: load the page again, the campus may have changed")
        if name.startswith(LABELS) and getattr(request.state.who, "role", "") == "visitor":
            return Response(await asyncio.to_thread(_labels, path), media_type=media_type(name), headers=NEVER_KEPT)
        tag = f'"{name}"'
        headers = {"Cache-Control": IMMUTABLE, "ETag": tag, "Vary": "Accept-Encoding"}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        squeezed = path.with_name(path.name + ".gz")
        if accepts_gzip(request) and squeezed.is_file():
            return FileResponse(squeezed, headers={**headers, "Content-Encoding": "gzip"}, media_type=media_type(name))
        return FileResponse(path, headers=headers, media_type=media_type(name))

    server.router.routes.append(Route("/models/{name}", model, methods=["GET", "HEAD"]))


def _labels(path: Path) -> bytes:
    return nameless(path.read_bytes())


@dataclass(frozen=True, slots=True)
class _Held:
    """A file held in memory, with its gzip form where that is smaller."""

    plain: bytes
    gzipped: bytes | None
    tag: str


class Bundle:
    """The files under one folder, listed once, read and compressed when first asked for."""

    def __init__(self, folder: Path) -> None:
        self._paths: dict[str, Path] = {}
        self._held: dict[str, _Held] = {}
        if folder.is_dir():
            files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".gz")
            self._paths = {path.relative_to(folder).as_posix(): path for path in files}

    async def get(self, request: Request) -> Response:
        """Answer for ``/viewer/<name>``."""
        name = request.path_params["name"]
        path = self._paths.get(name)
        if path is None:
            return problem(404, "there is no such viewer file: run scripts/setup to build the viewer")
        held = self._held.get(name)
        if held is None:
            held = self._held[name] = await asyncio.to_thread(_hold, path)
        headers = {
            "Cache-Control": IMMUTABLE if HASHED_NAME.search(name) else REVALIDATE,
            "ETag": held.tag,
            "Vary": "Accept-Encoding",
        }
        if held.tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if held.gzipped is not None and accepts_gzip(request):
            headers["Content-Encoding"] = "gzip"
            return Response(held.gzipped, headers=headers, media_type=media_type(name))
        return Response(held.plain, headers=headers, media_type=media_type(name))


def _hold(path: Path) -> _Held:
    plain = path.read_bytes()
    tag = f'"{hashlib.sha256(plain).hexdigest()[:32]}"'
    if path.suffix in SQUEEZED or len(plain) < 1000:
        return _Held(plain, None, tag)
    gzipped = gzip.compress(plain, 9, mtime=0)
    return _Held(plain, gzipped if len(gzipped) < len(plain) else None, tag)


def register_bundle(server: FastAPI, bundle: Bundle) -> None:
    """Serve ``/viewer/<name>``."""
    server.router.routes.append(Route("/viewer/{name:path}", bundle.get, methods=["GET", "HEAD"]))
