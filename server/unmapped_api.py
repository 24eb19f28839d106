"""``GET /api/v1/mapping/suggestions``: what comes in unmapped, and what it may be, for programs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from server.guess_text import sentence
from server.runtime import Runtime
from server.schemas_suggestions import GuessOut, ReasonOut, SeenDeviceOut, SignalOut, SuggestionsOut
from server.unmapped import KnownDevice, Signal, Suggester
from twin.guess import Guess


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the route."""
    suggester = Suggester(runtime)

    @api.get("/mapping/suggestions")
    def suggestions(source: Annotated[str, Query(max_length=200)] = "") -> SuggestionsOut:
        found = suggester.look()
        return SuggestionsOut(
            names=found.names,
            signals=[_signal(one) for one in found.signals if source in ("", one.source)],
            devices=[_device(one) for one in found.devices if source in ("", one.source)],
        )


def _signal(one: Signal) -> SignalOut:
    guesses = {about: _guess(guess) for about, guess in one.suggestion.parts.items()}
    return SignalOut(
        source=one.source, address=one.address, count=one.count, example=one.example, point=one.point,
        accepted=one.accepted, confidence=round(one.suggestion.confidence, 3), **guesses,
    )  # fmt: skip


def _device(one: KnownDevice) -> SeenDeviceOut:
    return SeenDeviceOut(
        source=one.source, id=one.id, type=one.type, columns=one.columns, address=one.address, count=one.count,
        names=one.names, accepted=one.accepted, entity=_guess(one.entity),
    )  # fmt: skip


def _guess(guess: Guess) -> GuessOut:
    why = [
        ReasonOut(
            key=reason.key, arguments=dict(reason.arguments),
            text={"zh": sentence(reason, "zh"), "en": sentence(reason, "en")},
        )
        for reason in guess.why
    ]  # fmt: skip
    return GuessOut(
        value=guess.value, confidence=round(guess.confidence, 3), why=why, candidates=list(guess.candidates)
    )
