"""The settings of OPC UA servers, and the source without its optional library."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from datasources import opcua
from tests.conftest import ROOT


def test_without_asyncua_the_source_says_what_to_install() -> None:
    code = (
        "import sys, asyncio; sys.modules['asyncua'] = None\n"
        "from datasources.runner import SourceConfig, Supervisor\n"
        "from tests.datasources.peers import point\n"
        "async def main():\n"
        "    config = SourceConfig('s', 'opcua', {'targets': {'m': {'url': 'opc.tcp://127.0.0.1:4840'}}})\n"
        "    supervisor = Supervisor([config], [point('m#i=2258')], lambda *_: None)\n"
        "    await supervisor.start()\n"
        "    await asyncio.sleep(0.3)\n"
        "    state = supervisor.states()[0]\n"
        "    assert state.state == 'misconfigured', state\n"
        "    assert state.reason.startswith('install campus-twin[opcua]'), state\n"
        "    await supervisor.stop()\n"
        "asyncio.run(main())\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


@pytest.mark.parametrize(
    "change",
    [{"url": "http://127.0.0.1"}, {"url": "opc.tcp://"}, {"url": "opc.tcp://twin:hunter2@127.0.0.1"},
     {"security": "Basic128Rsa15"}, {"security": "Basic256Sha256"}, {"certificate": "x.der"},
     {"security": "Basic256Sha256", "certificate": "x", "key": "y"}, {"password": "hunter2"}, {"publish_ms": 1}],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        opcua.Settings.model_validate({"targets": {"m": {"url": "opc.tcp://127.0.0.1:4840", **change}}})
    mistakes = "; ".join(str(row["msg"]) for row in refused.value.errors())
    assert "hunter2" not in mistakes
