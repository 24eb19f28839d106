"""BACnet addresses and words: ``analog-input,5/present-value[3]`` -> what to read; units and flags in our words.

TYPE,INSTANCE[/PROPERTY[[INDEX]]]: names as in the standard (analog-input, present-value) or numbers, so that vendors'
own types and properties can be read too. Without a property the present value is meant, with its status flags.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bacpypes3.basetypes import EngineeringUnits, Reliability
from bacpypes3.primitivedata import ObjectType, PropertyIdentifier

from datasources.fieldbus import AddressError

MAX_INSTANCE = 4_194_302
_ADDRESS = re.compile(
    r"(?P<type>[a-z0-9-]{1,60})[,:](?P<instance>[0-9]{1,7})"
    r"(/(?P<property>[a-z0-9-]{1,60})(\[(?P<index>[0-9]{1,9})\])?)?",
    re.IGNORECASE,
)

PRESENT_VALUE = int(PropertyIdentifier.presentValue)
STATUS_FLAGS = int(PropertyIdentifier.statusFlags)
RELIABILITY = int(PropertyIdentifier.reliability)
OBJECT_NAME = int(PropertyIdentifier.objectName)
DESCRIPTION = int(PropertyIdentifier.description)
UNITS = int(PropertyIdentifier.units)
OBJECT_LIST = int(PropertyIdentifier.objectList)
OBJECT_IDENTIFIER = int(PropertyIdentifier.objectIdentifier)
STATE_TEXT = int(PropertyIdentifier.stateText)
ACTIVE_TEXT = int(PropertyIdentifier.activeText)
INACTIVE_TEXT = int(PropertyIdentifier.inactiveText)
VENDOR_NAME = int(PropertyIdentifier.vendorName)
MAX_APDU = int(PropertyIdentifier.maxApduLengthAccepted)
LOCATION = int(PropertyIdentifier.location)
SYSTEM_STATUS = int(PropertyIdentifier.systemStatus)
TIME_OF_RESTART = int(PropertyIdentifier.timeOfDeviceRestart)
DEVICE = int(ObjectType.device)

UNIT_MAP = {
    "degrees-celsius": "°C", "degrees-fahrenheit": "°F", "degrees-kelvin": "K",
    "percent-relative-humidity": "%", "percent": "%", "parts-per-million": "ppm", "power-factor": "1", "no-units": "1",
    "watts": "W", "kilowatts": "kW", "megawatts": "MW",
    "watt-hours": "Wh", "kilowatt-hours": "kWh", "megawatt-hours": "MWh",
    "joules": "J", "megajoules": "MJ",
    "volts": "V", "kilovolts": "kV", "millivolts": "mV", "amperes": "A", "milliamperes": "mA", "hertz": "Hz",
    "volt-amperes-reactive": "var", "kilovolt-amperes-reactive": "kvar",
    "volt-amperes": "VA", "kilovolt-amperes": "kVA",
    "cubic-meters": "m³", "liters": "l", "cubic-meters-per-hour": "m³/h", "cubic-meters-per-second": "m³/s",
    "liters-per-second": "l/s", "liters-per-minute": "l/min", "liters-per-hour": "l/h",
    "pascals": "Pa", "hectopascals": "hPa", "kilopascals": "kPa", "bars": "bar", "millibars": "mbar",
    "luxes": "lx", "seconds": "s", "minutes": "min", "hours": "h", "meters-per-second": "m/s",
}  # fmt: skip
"""The standard's engineering units -> ours. What is not here keeps its name of the standard."""


@dataclass(frozen=True, slots=True)
class Place:
    """An object's property, by numbers; ``index`` within an array."""

    type: int
    instance: int
    prop: int = PRESENT_VALUE
    index: int | None = None

    @property
    def subscribed(self) -> bool:
        """Whether changes of it are reported (COV): the present value of an object."""
        return self.prop == PRESENT_VALUE and self.index is None


def parse(text: str) -> Place:
    """Read an address (without its target). AddressError says what is wrong."""
    match = _ADDRESS.fullmatch(text.strip())
    if match is None:
        raise AddressError(
            f"'{text}' is no BACnet address: write type,instance or type,instance/property, as analog-input,5"
        )
    instance = int(match["instance"])
    if instance > MAX_INSTANCE:
        raise AddressError(f"'{text}': instances go from 0 to {MAX_INSTANCE}")
    kind = _number(ObjectType, match["type"], 1023, "object type, as analog-input or binary-value")
    if match["property"] is None:
        return Place(kind, instance)
    name = _number(PropertyIdentifier, match["property"], 4_194_303, "property, as present-value or units")
    return Place(kind, instance, name, None if match["index"] is None else int(match["index"]))


def _number(names: type[ObjectType | PropertyIdentifier], word: str, most: int, what: str) -> int:
    if word.isdigit():
        if int(word) > most:
            raise AddressError(f"{word} is no BACnet {what}: the numbers end at {most}")
        return int(word)
    try:
        return int(names(word.lower()))
    except ValueError:
        raise AddressError(f"there is no BACnet {what}: '{word}'") from None


def object_name(kind: int, instance: int) -> str:
    """An object as it is written in an address."""
    return f"{ObjectType(kind)},{instance}"


def unit_of(number: int) -> str:
    """Engineering units by number -> our unit, or the standard's name."""
    name = str(EngineeringUnits(number))
    return UNIT_MAP.get(name, name)


def verdict(flags: Sequence[int] | None, reliability: int | None) -> tuple[str, str]:
    """What the status flags (in-alarm, fault, overridden, out-of-service) mean: (bad, remark), each '' for nothing.

    An alarm says that something is wrong in the building, not with the number.
    """
    _, fault, overridden, out = (*(flags or ()), 0, 0, 0, 0)[:4]
    bad = []
    if fault:
        bad.append(f"fault: {str(Reliability(reliability)).replace('-', ' ')}" if reliability else "fault")
    if out:
        bad.append("out of service")
    return "; ".join(bad), "overridden at the device" if overridden else ""
