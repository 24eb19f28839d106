"""A served campus that other systems report alarms to, and that tells people of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from server.alarms import AlarmDesk, open_desk
from server.hooks import Hook
from server.incidents import open_incidents
from server.notify import Notifier
from server.outside import open_outside
from server.runtime import Runtime
from tests.server.net import net_campus
from tests.server.serving import Served, serve
from tests.twin.alarms.grounds import rule
from twin.alarms.rule import AlarmRules, Condition
from twin.config import CampusFile

TOKENS = {name: f"{name}-0123456789abcdef" for name in ("noc", "panels", "nms")}
HOOKS: Mapping[str, Any] = {
    "noc": {"type": "alertmanager", "token": {"env": "HOOK_NOC"}, "without": {"alertname": "Watchdog"}},
    "panels": {"type": "grafana", "token": {"env": "HOOK_PANELS"}},
    "nms": {"type": "librenms", "token": {"env": "HOOK_NMS"}, "names": {"sw-1.example.edu": "1/SW"},
            "owner": {"zh": "网络组", "en": "Network"}},
}  # fmt: skip
ENVIRONMENT = {f"HOOK_{name.upper()}": token for name, token in TOKENS.items()}
RULES = AlarmRules({"warm": rule("warm", "power", condition=Condition("outside", high=0.5))})  # kW


@contextmanager
def hooked(
    folder: Path, hooks: Mapping[str, Any] = HOOKS, notify: Mapping[str, Any] | None = None, *, incidents: bool = False
) -> Iterator[Served]:
    """The campus with a network, three hooks, and channels where ``notify`` gives some; ``incidents`` group at once."""

    def adjust(runtime: Runtime) -> None:
        runtime.state_folder = folder / "state"
        open_desk(runtime, RULES, runtime.state_folder)
        if incidents:
            open_incidents(runtime, runtime.state_folder, window=lambda alarm: 0.2)
        open_outside(
            runtime, CampusFile.model_validate({"campus": {"id": "c"}, "hooks": hooks, "notify": notify or {}})
        )

    with serve(folder / "cache", net_campus(), adjust=adjust) as served:
        yield served


def desk_of(served: Served) -> AlarmDesk:
    assert served.runtime.alarms is not None
    return served.runtime.alarms


def hook_of(served: Served, name: str) -> Hook:
    assert served.runtime.outside is not None
    return served.runtime.outside.hooks.hooks[name]


def notifier_of(served: Served) -> Notifier:
    assert served.runtime.outside is not None
    found = served.runtime.outside.notifier
    assert found is not None
    return found


def alarms(served: Served) -> dict[str, str]:
    """The alarms that are not simply normal, with their letters."""
    found: dict[str, str] = served.call(lambda: {i: a.letter for i, a in sorted(desk_of(served).book.alarms.items())})
    return found
