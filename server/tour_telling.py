"""A telling: a tour under way, who listens to it, and what each of them is told."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from server.schemas_tours import GuideOut, PictureOut, PlaceOut, SkipOut, TellingOut
from server.values import utc
from server.wall_desk import event
from twin.tours.conductor import Plan, Skip, Under
from twin.tours.tour import Tour

Ear = Literal["screen", "guide", "follower"]
"""Who listens: a screen, a guide (gets the notes too), a visitor's phone (may only look)."""
SIGNS = "23456789ABCDEFGHJKMNPQRTUVWXYZ"
"""Signs of a code that nobody mistakes for one another."""
CODE_SIGNS = 6
WAITING = 64
"""Events that may wait for somebody who reads slowly; with more his stream ends, and he begins anew."""


def new_code() -> str:
    """A code that visitors follow a tour by."""
    return "".join(secrets.choice(SIGNS) for _ in range(CODE_SIGNS))


@dataclass(slots=True)
class Telling:
    """One tour under way, begun at ``begun`` [s] for a ``visit`` of the register ('' none). ``ready`` are pictures made
    ahead, by step; ``refreshed``, ``seen`` [s] when the picture was made, when somebody was there last; ``wanted``
    counts what was asked for, so that an old answer is not told; ``warned``: all know that it begins anew soon."""

    id: str
    code: str
    tour: Tour
    under: Under
    lang: str
    pointer: PlaceOut | None = None
    wall: str = ""
    visit: str = ""
    begun: float = 0.0
    picture: PictureOut | None = None
    version: int = 0
    wanted: int = 0
    refreshed: float = 0.0
    seen: float = 0.0
    skipped: float = 0.0
    warned: bool = False
    listeners: dict[asyncio.Queue[bytes], tuple[Ear, str]] = field(default_factory=dict)
    ready: dict[str, tuple[float, PictureOut]] = field(default_factory=dict)

    # ---- what is told

    def state(self, now: float) -> TellingOut:
        """As screens are told."""
        return TellingOut(id=self.id, **self._common(now))

    def followed(self, now: float) -> TellingOut:
        """As visitors' phones are told: nothing that they could do anything with."""
        return TellingOut(id="", **{**self._common(now), "wall": ""})

    def guided(self, now: float, you: str = "") -> GuideOut:
        """As guides are told."""
        under = self.under
        return GuideOut(
            id=self.id, **self._common(now), holder=under.holder, you=you, guides=list(under.guides),
            notes=[_skip(note.step, note.why) for note in under.notes],
            left_out=[_skip(step, why) for step, why in under.skips.items()],
            path=[under.plan.stops[n].id for n in under.path], lengths=sorted(under.plan.variants),
            followers=sum(ear == "follower" for ear, _ in self.listeners.values()),
        )  # fmt: skip

    def _common(self, now: float) -> dict[str, Any]:
        under, stop, path = self.under, self.under.stop, self.under.path
        chapter = next(each for each in self.tour.chapters if each.id == stop.chapter)
        return {
            "code": self.code if self.tour.audience == "visitors" else "",
            "tour": self.tour.id, "names": dict(self.tour.names),
            "chapter": PlaceOut(id=chapter.id, names=dict(chapter.names)), "step": stop.id,
            "n": sum(n <= under.at for n in path), "of": len(path), "phase": under.phase, "minutes": under.minutes,
            "dwell_s": stop.dwell_s, "elapsed_s": round(under.elapsed(now), 2), "left_s": round(under.left(now), 1),
            "held": under.held is not None, "guided": bool(under.holder),
            "warns_s": round(under.resets_in(now), 1) if under.warns(now) else None, "lang": self.lang,
            "languages": list(self.tour.languages), "pointer": self.pointer, "wall": self.wall,
            "asks": bool(self.visit), "version": self.version, "time": utc(now),
        }  # fmt: skip

    # ---- who is told

    def listen(self, ear: Ear, who: str, now: float) -> asyncio.Queue[bytes]:
        """A queue that gets every event from now on, beginning with how it stands."""
        queue: asyncio.Queue[bytes] = asyncio.Queue(WAITING)
        self.listeners[queue] = ear, who
        self.seen = now
        queue.put_nowait(self._state_event(ear, now))
        if self.picture is not None:
            queue.put_nowait(self._picture_event(ear, self.picture))
        return queue

    def leave(self, queue: asyncio.Queue[bytes]) -> None:
        """Nobody reads it any more."""
        self.listeners.pop(queue, None)

    def tell_state(self, now: float) -> None:
        """Tell all how it stands; each kind of listener's bytes are made once."""
        self.version += 1
        self.warned = self.under.warns(now)
        ears = {ear for ear, _ in self.listeners.values()}
        self._send({ear: self._state_event(ear, now) for ear in ears})

    def tell_picture(self, picture: PictureOut) -> None:
        """Tell all what stands on the wall."""
        self.picture = picture
        ears = {ear for ear, _ in self.listeners.values()}
        self._send({ear: self._picture_event(ear, picture) for ear in ears})

    def close(self) -> None:
        """It is over: tell all, and end their streams."""
        self._send(dict.fromkeys(("screen", "guide", "follower"), event("over", {})))
        self._send(dict.fromkeys(("screen", "guide", "follower"), b""))

    def _state_event(self, ear: Ear, now: float) -> bytes:
        told = self.guided(now) if ear == "guide" else self.state(now) if ear == "screen" else self.followed(now)
        return event("state", told.model_dump(mode="json"))

    def _picture_event(self, ear: Ear, picture: PictureOut) -> bytes:
        told = picture.model_dump(mode="json", exclude=set() if ear == "guide" else {"notes"})
        return event("picture", told)

    def _send(self, told: Mapping[Ear, bytes] | dict[str, bytes]) -> None:
        for queue, (ear, _) in list(self.listeners.items()):
            if queue.full():
                self.leave(queue)
                queue.get_nowait()
                queue.put_nowait(b"")  # the end
            else:
                queue.put_nowait(told[ear])

    def here(self, who: str) -> bool:
        """Whether a guide's phone listens."""
        return any(ear == "guide" and name == who for ear, name in self.listeners.values())


def _skip(step: str, why: Skip) -> SkipOut:
    return SkipOut(step=step, why={"zh": why.in_words("zh"), "en": why.in_words("en")})


class KeptTelling(BaseModel):
    """What of a telling outlives a restart; times as in ``conductor.Under`` [s since epoch]."""

    model_config = ConfigDict(extra="ignore")

    id: str
    code: str
    tour: str
    step: str
    since: float
    touched: float
    holder: str
    guides: tuple[str, ...]
    phase: Literal["under-way", "ended"]
    minutes: int
    held: float | None
    lang: str
    wall: str
    visit: str = ""
    begun: float = 0.0


def kept_of(telling: Telling) -> KeptTelling:
    """What is kept of a telling."""
    under = telling.under
    return KeptTelling(
        id=telling.id, code=telling.code, tour=telling.tour.id, step=under.stop.id, since=under.since,
        touched=under.touched, holder=under.holder, guides=under.guides, phase=under.phase, minutes=under.minutes,
        held=under.held, lang=telling.lang, wall=telling.wall, visit=telling.visit, begun=telling.begun,
    )  # fmt: skip


def telling_of(kept: KeptTelling, tour: Tour, plan: Plan) -> Telling | None:
    """A telling that was kept, over the tour as it is now; None where its step or length is gone."""
    at = next((n for n, stop in enumerate(plan.stops) if stop.id == kept.step), None)
    if at is None or (kept.minutes and kept.minutes not in plan.variants):
        return None
    under = Under(
        plan, at, kept.since, kept.touched, kept.holder, kept.guides, kept.phase, kept.minutes, held=kept.held
    )
    return Telling(kept.id, kept.code, tour, under, kept.lang, wall=kept.wall, visit=kept.visit, begun=kept.begun)
