"""The command ``discover`` against a real exporter: the sheet, and every refusal in one sentence."""

from __future__ import annotations

import csv
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import app

METRICS = b'# TYPE node_power_watts gauge\nnode_power_watts{host="=1+1"} 12.5\nnode_power_watts{host="n2"} 7\n'


class _Exporter(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(METRICS)))
        self.end_headers()
        self.wfile.write(METRICS)

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Exporter) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}/metrics"
        (tmp_path / "campus.yaml").write_text(
            "campus: {id: c}\nsources:\n"
            f"  machines: {{type: prometheus, targets: {{n: {{url: '{url}'}}}}}}\n"
            "  plant: {type: simulator}\n"
        )
        yield tmp_path
        server.shutdown()
        thread.join()


def test_the_sheet_lists_every_series_and_no_text_of_a_device_is_a_formula(folder: Path) -> None:
    out = folder / "machines.csv"
    assert app.main(["discover", "machines", "--campus", str(folder), "--seconds", "2", "--out", str(out)]) == 0
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["value"] for row in rows) == ["12.5", "7.0"]
    assert all(row["address"].startswith("n#node_power_watts") for row in rows)
    assert not any(cell.startswith("=") for row in rows for cell in row.values())


def test_what_cannot_be_browsed_says_why(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["discover", "plant", "--campus", str(folder)]) == 2
    assert "a source of type 'simulator' cannot be browsed: that can bacnet" in capsys.readouterr().err
    assert app.main(["discover", "machine", "--campus", str(folder)]) == 2
    assert "campus.yaml has no source 'machine'" in capsys.readouterr().err
    assert app.main(["discover", "machines", "--campus", str(folder / "nowhere")]) == 2
    assert "is no folder" in capsys.readouterr().err
