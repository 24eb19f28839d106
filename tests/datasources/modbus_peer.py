"""A Modbus TCP server for the tests (pymodbus's own), as a process: holes, limits, identification, a log of requests.

SPEC: ``{"units": {"1": {"holding": {"0": [1, 2]}, "coil": {"0": [true]}}}, "most": 125, "framing": "tcp",
"identity": {"0": "Vendor"}, "busy": false}``. Every request is printed: FUNCTION ADDRESS COUNT UNIT.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from pymodbus import FramerType, ModbusDeviceIdentification
from pymodbus.constants import ExcCodes
from pymodbus.pdu import ModbusPDU
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from tests.datasources.peers import say


def device(number: int, areas: dict[str, Any], spec: dict[str, Any]) -> SimDevice:
    async def action(
        _function: int, _start: int, _address: int, count: int, _registers: list[int], _set: Any
    ) -> ExcCodes | None:
        if spec.get("busy"):
            return ExcCodes.DEVICE_BUSY
        return ExcCodes.ILLEGAL_VALUE if count > spec.get("most", 125) else None

    blocks: list[list[SimData]] = []
    for area, kind, empty in (
        ("coil", DataType.BITS, False),
        ("discrete", DataType.BITS, False),
        ("holding", DataType.REGISTERS, 0),
        ("input", DataType.REGISTERS, 0),
    ):
        rows = areas.get(area) or {"60000": [empty] * 16}
        blocks.append([SimData(int(at), values=values, datatype=kind) for at, values in rows.items()])
    coils, discrete, holding, inputs = blocks
    return SimDevice(number, (coils, discrete, holding, inputs), action=action)


def noted(sending: bool, pdu: ModbusPDU) -> ModbusPDU:
    if not sending:
        say(f"{pdu.function_code} {getattr(pdu, 'address', 0)} {getattr(pdu, 'count', 0)} {pdu.dev_id}")
    return pdu


async def main(port: int, spec: dict[str, Any]) -> None:
    identity = spec.get("identity")
    server = ModbusTcpServer(
        [device(int(number), areas, spec) for number, areas in spec["units"].items()],
        address=("127.0.0.1", port),
        framer=FramerType.RTU if spec.get("framing") == "rtu" else FramerType.SOCKET,
        identity=ModbusDeviceIdentification(info={int(k): v for k, v in identity.items()})  # type: ignore[no-untyped-call]
        if identity
        else None,
        trace_pdu=noted,
    )
    await server.serve_forever(background=True)
    say("ready")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), json.loads(sys.argv[2])))
