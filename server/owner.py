"""The door of the process that has the history: a socket in the history's folder, for commands on the same machine.

One process has a history at a time. While a server runs, ``export`` and ``backup`` ask it through ``owner.sock`` (mode
0600: who runs the server, and nobody else). A message is a length (u32, big-endian) and so many bytes. The client sends
one, a JSON object with ``verb`` (status, export, backup, report) and what that needs. The owner answers with JSON
objects: first ``{"head": ...}`` or ``{"error": ...}``; then for each table ``{"part": name}``, followed by an Arrow IPC
stream cut into messages that begin with ``d``, and an empty one; ``{"done": true}`` ends it. An error may come at any
time.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from server.series_out import arrow_bytes
from twin.history.backup import snapshot
from twin.history.contract import HistoryError
from twin.history.pieces import Part, export
from twin.history.recorder import Recorder
from twin.history.steps import read_step
from twin.history.store import SqlStore

log = logging.getLogger(__name__)

SOCKET = "owner.sock"
STALLED_S = 60.0
"""A client that takes nothing for so long [s] is given up: during a backup the history waits for it."""
MOST = 2
"""Clients at a time."""
LONGEST = 64 * 2**20
Message = dict[str, Any]
Report = Callable[[SqlStore, Message], Message]


class Owner:
    """Answers on the socket in ``folder`` for a recorder's history."""

    def __init__(self, folder: Path, recorder: Recorder, campus: str, report: Report | None = None) -> None:
        """``report`` answers the verb of that name with a JSON object."""
        self._path = folder / SOCKET
        self._recorder = recorder
        self._campus = campus
        self._report = report
        self._ending = threading.Event()
        self._turns = threading.BoundedSemaphore(MOST)
        self._listener: socket.socket | None = None
        self._clients: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []

    async def run(self) -> None:
        """Answer until cancelled."""
        self.start()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.to_thread(self.stop)

    def start(self) -> None:
        """Begin to answer. The caller has the lock of the history: what lies there of a socket is nobody's."""
        try:
            self._path.unlink(missing_ok=True)
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            with short(self._path) as name:
                before = os.umask(0o177)
                try:
                    listener.bind(name)
                finally:
                    os.umask(before)
            listener.listen(MOST)
            listener.settimeout(0.5)
        except OSError as error:
            log.warning("no export and no backup while the server runs: %s: %s", self._path, error)
            return
        self._listener = listener
        self._begin(self._listen, listener)

    def stop(self) -> None:
        """End what runs and let go of the socket. Takes a moment: in a thread."""
        self._ending.set()
        for client in list(self._clients):  # one that takes nothing is not waited for
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        if self._listener is not None:
            self._listener.close()
            self._path.unlink(missing_ok=True)
            self._listener = None

    def _begin(self, work: Callable[[socket.socket], None], of: socket.socket) -> None:
        thread = threading.Thread(target=work, args=(of,), name="history owner", daemon=True)
        self._threads = [each for each in self._threads if each.is_alive()] + [thread]
        thread.start()

    def _listen(self, listener: socket.socket) -> None:
        while not self._ending.is_set():
            try:
                client, _ = listener.accept()
            except TimeoutError:
                continue
            except OSError as error:
                log.error("the socket of the history broke: no export and no backup until the next start: %s", error)
                return
            client.settimeout(STALLED_S)
            if self._turns.acquire(blocking=False):
                self._begin(self._answer, client)
            else:
                # who is gone already must not end the listening for everybody else
                with client, suppress(OSError):
                    _send(client, {"error": f"{MOST} commands are being answered: wait until one has ended"})

    def _answer(self, client: socket.socket) -> None:
        self._clients.add(client)
        try:
            with client:
                try:
                    self._do(client, _message(client))
                except HistoryError as error:
                    _send(client, {"error": str(error)})
        except OSError as error:
            log.warning("a command that was answered went away: %s", error)
        except Exception as error:
            log.exception("a command could not be answered: %s", error)
        finally:
            self._clients.discard(client)
            self._turns.release()

    def _do(self, client: socket.socket, asked: Message) -> None:
        store = self._recorder.store
        if store is None:
            raise HistoryError(self._recorder.state().message or "the history is being opened: ask again in a moment")
        if asked.get("verb") == "report" and self._report is not None:
            _send(client, {"head": self._report(store, asked)})
            _send(client, {"done": True})
            return
        state = self._recorder.state()
        with store.writing if asked.get("verb") == "backup" else nullcontext():  # what comes waits in the journal
            head, parts = answered(store, asked, self._campus, self._now(), asdict(state))
            _send(client, {"head": head})
            for part in parts:
                self._tell(client, part)
        _send(client, {"done": True})

    def _now(self) -> int:
        return round(self._recorder.clock() * 1000)

    def _tell(self, client: socket.socket, part: Part) -> None:
        _send(client, {"part": part.name})
        for data in arrow_bytes(part.schema, part.pieces):
            if self._ending.is_set():
                raise HistoryError("the server is ending: start again when it has ended, or runs again")
            for first in range(0, len(data), LONGEST):
                _put(client, b"d" + data[first : first + LONGEST])
        _put(client, b"")


def answered(
    store: SqlStore, asked: Message, campus: str, now: int, state: Message | None = None
) -> tuple[Message, Iterator[Part]]:
    """What a verb answers: a head, and tables. ``export`` has ``patterns``, ``from`` and ``to`` [ms], and ``step`` as
    in an address or ''; a ``backup`` is to be taken whole within ``store.writing``."""
    verb = asked.get("verb")
    if verb == "status":
        return {**(state or {}), "span": store.span(), "watermark": store.watermark()}, iter(())
    if verb == "export":
        step = read_step(asked["step"]) if asked["step"] else None
        part = export(store, list(asked["patterns"]), int(asked["from"]), int(asked["to"]), step, now)
        return {"now": now}, iter((part,))
    if verb == "backup":
        head, parts = snapshot(store, campus, now)
        return asdict(head), parts
    raise HistoryError(f"'{verb}' is nothing that the server does for a command: use the same version of both")


@contextmanager
def short(path: Path) -> Iterator[str]:
    """A name of a socket that is short enough for the system, which takes about a hundred bytes."""
    if len(os.fsencode(path)) < 100:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


# the other side


@contextmanager
def asked(
    folder: Path, verb: Literal["status", "export", "backup", "report"], **more: Any
) -> Iterator[tuple[Message, Iterator[Part]]]:
    """What the owner of the history in ``folder`` answers: its head, and the parts, to be read one after the other.

    HistoryError when nobody answers, or what was asked for cannot be had.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        try:
            with short(folder / SOCKET) as name:
                server.connect(name)
        except OSError as error:
            raise HistoryError(
                f"the history in {folder} is in use by another process, which does not answer "
                f"({error.strerror or error}): ask as the user who runs the server, or stop it"
            ) from error
        _send(server, {"verb": verb, **more})
        yield _told(_message(server))["head"], _parts(server)


def _parts(server: socket.socket) -> Iterator[Part]:
    while not (said := _told(_message(server))).get("done"):
        reader = _Reader(server)
        with pa.ipc.open_stream(pa.PythonFile(reader, mode="r")) as stream:
            yield Part(said["part"], stream.schema, (pa.Table.from_batches([batch]) for batch in stream))
        reader.drain()


def _told(message: Message) -> Message:
    if "error" in message:
        raise HistoryError(message["error"])
    return message


class _Reader:
    """Messages up to the empty one as a file."""

    closed = False

    def __init__(self, server: socket.socket) -> None:
        self._server = server
        self._data, self._at = b"", 0
        self._ended = False

    def read(self, size: int = -1) -> bytes:
        parts, missing = [], size if size >= 0 else 2**62
        while missing:
            if self._at == len(self._data) and not self._more():
                break
            part = self._data[self._at : self._at + missing]
            self._at, missing = self._at + len(part), missing - len(part)
            parts.append(part)
        return b"".join(parts)

    def _more(self) -> bool:
        if self._ended:
            return False
        piece = _take(self._server)
        if piece and not piece.startswith(b"d"):
            _told(json.loads(piece))
        self._data, self._at, self._ended = piece, 1 if piece else 0, not piece
        return bool(piece)

    def drain(self) -> None:
        self.read()

    def close(self) -> None:
        """The socket goes on."""


def _send(to: socket.socket, message: Message) -> None:
    _put(to, json.dumps(message).encode())


def _put(to: socket.socket, data: bytes) -> None:
    to.sendall(struct.pack(">I", len(data)) + data)


def _message(of: socket.socket) -> Message:
    found = json.loads(_take(of))
    if not isinstance(found, dict):
        raise HistoryError("what came over the socket is no message: use the same version of both")
    return found


def _take(of: socket.socket) -> bytes:
    (size,) = struct.unpack(">I", _exactly(of, 4))
    if size > LONGEST + 1:
        raise HistoryError("what came over the socket is no message: use the same version of both")
    return _exactly(of, size)


def _exactly(of: socket.socket, size: int) -> bytes:
    parts, missing = [], size
    while missing:
        try:
            part = of.recv(min(missing, 2**20))
        except OSError as error:
            raise HistoryError(f"the other side of the socket went away: {error.strerror or error}") from error
        if not part:
            raise HistoryError("the other side of the socket hung up: see the log of the server, and ask again")
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
