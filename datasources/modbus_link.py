"""One TCP connection to a Modbus device or gateway: requests in turn, a time limit for each, refusals in words."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal

from pymodbus import FramerType, ModbusException
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.pdu import ExceptionResponse, ModbusPDU
from pymodbus.pdu.mei_message import ReadDeviceInformationResponse

from datasources.contract import SourceError
from datasources.fieldbus import words
from datasources.modbus_address import Area

logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)  # it logs what this module says in words

EXCEPTIONS = {
    1: "illegal function: the device does not serve this kind of request",
    2: "illegal address: the device has nothing there",
    3: "illegal value: the device does not take a request of that size",
    4: "device failure: the device could not do it",
    5: "acknowledge: the device needs longer than a request may take",
    6: "the device is busy",
    7: "the device refuses the request",
    8: "memory parity error in the device",
    10: "the gateway has no path to the unit",
    11: "the gateway got no answer from the unit",
}
_OF_THE_DEVICE = {5, 6, 10, 11}
"""Codes that say how the whole device is, not that an address is wrong."""

_FUNCTIONS: dict[Area, int] = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
IDENTIFICATION = ("vendor name", "product code", "revision", "vendor URL", "product name", "model name",
                  "application name")  # fmt: skip
_MAX_IDENTIFICATION_REQUESTS = 16


class RefusedError(Exception):
    """The device answered that it will not: the message is the exception code in words."""


class Link:
    """A connection that opens when it is needed. Devices behind one gateway may share it: requests go in turn."""

    def __init__(self, host: str, port: int, framing: Literal["tcp", "rtu"] = "tcp") -> None:
        self._host = host
        self._port = port
        self._framing = framing
        self._lock = asyncio.Lock()
        self._client: AsyncModbusTcpClient | None = None
        self._lost: asyncio.Future[str] | None = None
        self.requests = 0

    async def read(
        self, area: Area, start: int, count: int, unit: int, timeout_s: float
    ) -> Sequence[int] | Sequence[bool]:
        """Read ``count`` registers or bits. RefusedError: it will not. SourceError, OSError: the device is not well."""

        def ask(client: AsyncModbusTcpClient) -> Awaitable[ModbusPDU]:
            read = {
                "coil": client.read_coils,
                "discrete": client.read_discrete_inputs,
                "holding": client.read_holding_registers,
                "input": client.read_input_registers,
            }[area]
            return read(start, count=count, device_id=unit)

        answer = await self._ask(ask, _FUNCTIONS[area], unit, timeout_s)
        got: Sequence[int] | Sequence[bool] = answer.bits if area in ("coil", "discrete") else answer.registers
        exact = len(got) >= count if area in ("coil", "discrete") else len(got) == count
        if not exact:
            self._drop()
            raise SourceError(f"unit {unit} answered with {len(got)} values when asked for {count}")
        return got[:count]

    async def identify(self, unit: int, timeout_s: float) -> dict[str, str]:
        """What the device says of itself (function 43, 14), by name of the object. RefusedError: it says nothing."""
        found: dict[str, str] = {}
        next_id = 0
        for _ in range(_MAX_IDENTIFICATION_REQUESTS):

            def ask(client: AsyncModbusTcpClient, at: int = next_id) -> Awaitable[ModbusPDU]:
                return client.read_device_information(read_code=2, object_id=at, device_id=unit)

            answer = await self._ask(ask, 43, unit, timeout_s)
            if not isinstance(answer, ReadDeviceInformationResponse):
                raise SourceError(f"unit {unit} answered something else when asked for its identification")
            for number, value in answer.information.items():
                name = IDENTIFICATION[number] if number < len(IDENTIFICATION) else f"object {number}"
                parts = value if isinstance(value, list) else [value]
                found[name] = " ".join(part.decode("utf-8", "replace").strip("\0 ") for part in parts)
            if not answer.more_follows or answer.next_object_id <= next_id:
                break
            next_id = int(answer.next_object_id)
        return found

    async def _ask(
        self, ask: Callable[[AsyncModbusTcpClient], Awaitable[ModbusPDU]], function: int, unit: int, timeout_s: float
    ) -> ModbusPDU:
        async with self._lock:
            client = await self._connected(timeout_s)
            self.requests += 1
            try:
                answer = await self._answer(ask(client), unit, timeout_s)
            except BaseException:
                # After a time-out a late answer could be taken for the next one's, and a dead line shows only when new.
                self._drop()
                raise
        if isinstance(answer, ExceptionResponse):
            code = int(answer.exception_code)
            said = EXCEPTIONS.get(code, f"exception code {code}")
            if code in _OF_THE_DEVICE:
                raise SourceError(f"unit {unit}: {said}")
            raise RefusedError(said)
        if answer.function_code != function:
            self._drop()
            raise SourceError(f"unit {unit} answered function {answer.function_code} to function {function}")
        return answer

    async def _answer(self, request: Awaitable[ModbusPDU], unit: int, timeout_s: float) -> ModbusPDU:
        """The answer, the end of the connection, or the end of patience, whichever comes first."""
        assert self._lost is not None
        task = asyncio.ensure_future(request)
        either: set[asyncio.Future[Any]] = {task, self._lost}
        try:
            done, _ = await asyncio.wait(either, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if task in done:
                try:
                    return task.result()
                except ModbusException as error:
                    raise SourceError(f"unit {unit}: {error.string}") from None
            if self._lost in done:
                raise ConnectionResetError(f"{self._where}: {self._lost.result()}")
            raise TimeoutError(f"{self._where}: unit {unit} did not answer within {timeout_s:g} s")
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})

    @property
    def _where(self) -> str:
        return f"{self._host}:{self._port}"

    async def _connected(self, timeout_s: float) -> AsyncModbusTcpClient:
        client, lost = self._client, self._lost
        if client is not None and client.connected and lost is not None and not lost.done():
            return client
        self._drop()
        try:
            async with asyncio.timeout(timeout_s):
                return await self._connect(timeout_s)
        except TimeoutError:
            raise TimeoutError(f"{self._where} cannot be reached: no answer within {timeout_s:g} s") from None
        except OSError as error:
            raise ConnectionError(f"{self._where} cannot be reached: {words(error)}") from None

    async def _connect(self, timeout_s: float) -> AsyncModbusTcpClient:
        lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def changed(connected: bool) -> None:
            if not connected and not lost.done():
                lost.set_result("the connection was closed by the device")

        client = AsyncModbusTcpClient(
            self._host,
            port=self._port,
            framer=FramerType.RTU if self._framing == "rtu" else FramerType.SOCKET,
            timeout=timeout_s * 2,  # this class keeps the time; the library's own limit must not come first
            retries=0,
            reconnect_delay=0,
            trace_connect=changed,
        )
        _guard(client, lost)
        # The library's connect() tells neither 'refused' from 'no route' nor why: call what it calls.
        await client.ctx.call_create()
        self._client, self._lost = client, lost
        return client

    def _drop(self) -> None:
        """Close at once: nothing is worth waiting for, and a black hole would never take what is still unsent."""
        client, self._client = self._client, None
        if client is not None:
            transport: Any = client.ctx.transport
            client.close()
            if transport is not None:
                transport.abort()

    async def close(self) -> None:
        """Close the connection, and wait until the socket is gone."""
        self._drop()
        await asyncio.sleep(0)
        await asyncio.sleep(0)


def _guard(client: AsyncModbusTcpClient, lost: asyncio.Future[str]) -> None:
    """Garbage ends the connection with a reason, instead of an exception in the event loop."""
    received = client.ctx.callback_data

    def guarded(data: bytes, addr: tuple[Any, ...] | None = None) -> int:
        try:
            return int(received(data, addr))
        except Exception as error:
            if not lost.done():
                lost.set_result(f"it sent what is not Modbus ({type(error).__name__})")
            return len(data)

    client.ctx.callback_data = guarded  # type: ignore[method-assign]
