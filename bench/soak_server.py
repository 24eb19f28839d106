"""The product for a soak: ``python -m bench.soak_server PORT BROKER FOLDER [POINTS]`` serves until told to end.

Every screen, the rules of the product, incidents, history on the disk, and one MQTT source; started again in the same
folder it goes on as a restarted server does.
"""

from __future__ import annotations

import gc
import socket
import sys
from pathlib import Path

import uvicorn
import uvloop

from bench.live_server import campus
from bench.mqtt_load import topic
from datasources.runner import SourceConfig
from pages.application import create_app
from server.alarms import open_desk
from server.app import UVICORN, create_server
from server.incidents import open_incidents
from server.runtime import runtime_of
from twin.alarms.rule_file import default_rules
from twin.config_history import HistoryEntry


def main(port: int, broker: int, folder: Path, points: int) -> None:
    """Serve until killed."""
    settings = {"host": "127.0.0.1", "port": broker, "time": "/ts", "topics": ["campus/#"]}
    assembled = campus(points, lambda n: f"{topic(n)}#/p")
    runtime = runtime_of(assembled, [SourceConfig("bench", "mqtt", settings)], folder / "cache")
    runtime.state_folder = folder / "state"
    open_desk(runtime, default_rules(), runtime.state_folder)
    open_incidents(runtime, runtime.state_folder)
    runtime.keep_history(HistoryEntry(), folder)
    server = create_server(runtime)
    create_app(server, runtime)
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        gc.collect()
        gc.freeze()  # as the product does
        uvloop.run(uvicorn.Server(uvicorn.Config(server, log_level="error", **UVICORN)).serve([listener]))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]) if len(sys.argv) > 4 else 5000)
