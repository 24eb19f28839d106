"""What stands in a campus folder, read: its configuration, its campus, its sources with what the server gives them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from datasources.push import Inbox
from datasources.runner import SourceConfig
from datasources.simulator_drills import Drills
from models3d.campus import Assembled
from server.push_gate import Gate
from twin.config import CampusConfig


class StartError(Exception):
    """The campus cannot be served; the message says every reason and what to do."""


def furnished(
    sources: Sequence[SourceConfig], cache: Path, gates: Iterable[Gate] = (), drills: dict[str, Drills] | None = None
) -> list[SourceConfig]:
    """The sources with what the server gives them: those of pushed readings an inbox, the one that they have already if
    ``gates`` has it; simulators the ``cache`` and their ``drills``, which new ones are added to.
    """
    drills = {} if drills is None else drills
    open_now = {gate.name: gate.inbox for gate in gates}

    def given(row: SourceConfig) -> dict[str, object]:
        if row.type == "push":
            return {"inbox": open_now.get(row.name) or Inbox()}
        if row.type == "simulator":
            return {"cache": cache, "drills": drills.setdefault(row.name, Drills())}
        return {}

    return [replace(row, context={**row.context, **more}) if (more := given(row)) else row for row in sources]


def egress_points(config: CampusConfig) -> Sequence[str]:
    """The points that campus.yaml names as the campus's way out."""
    egress = config.file.kpis.egress
    return egress.points if egress is not None else ()


@dataclass(frozen=True, slots=True)
class Read:
    """A campus folder that was read: its configuration, its campus, its sources."""

    config: CampusConfig
    assembled: Assembled
    sources: list[SourceConfig]


def read_campus(folder: Path, cache: Path, config: CampusConfig | None = None) -> Read:
    """Read the campus of a folder; ``config`` is its configuration where that was read already.

    StartError says what is wrong with it, all of it.
    """
    from datasources.contract import settings_model
    from models3d.cache import ModelCache
    from models3d.campus import assemble_config
    from models3d.model import ModelError
    from models3d.versions import Versions
    from twin.config import ConfigError, load_campus_config

    try:
        config = load_campus_config(folder, settings_model) if config is None else config
        assembled = assemble_config(config, ModelCache(cache).load, Versions.of_campus(folder, cache))
    except (ConfigError, ModelError, OSError) as error:
        raise StartError(f"the campus in {folder} cannot be served:\n{error}") from error
    context = {"folder": folder}
    sources = [
        SourceConfig(name, config.file.sources[name].type, settings, context)
        for name, settings in config.source_settings.items()
    ]
    return Read(config, assembled, sources)
