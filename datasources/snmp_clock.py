"""When a device began to count: sysUpTime that begins again after 497 days, told from a restart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from datasources.snmp_session import SYS_UPTIME, Absent, Value

ENGINE_TIME = "1.3.6.1.6.3.10.2.1.3.0"
IF_NUMBER = "1.3.6.1.2.1.2.1.0"
IF_TABLE_LAST_CHANGE = "1.3.6.1.2.1.31.1.5.0"
HEAD = (SYS_UPTIME, ENGINE_TIME, IF_NUMBER, IF_TABLE_LAST_CHANGE)
"""What is asked along with every poll: whether the device, or its interfaces, are still the same."""

TURN_S = 2**32 / 100
"""After so long [s] sysUpTime, a 32-bit count of hundredths, begins again."""
SLACK_S = 10.0
ENGINE_SLACK_S = 60.0
DRIFT = 0.01


@dataclass(slots=True)
class DeviceClock:
    """Follows the uptime of one device. ``boot`` [s since epoch] stays the same until the device starts anew.

    snmpEngineTime counts whole seconds for 68 years: where it agrees with sysUpTime but for whole turns, it tells how
    often that has turned. hrSystemUptime is no help: it has 32 bits of hundredths, too.
    """

    boot: float | None = None
    uptime: float = 0.0
    _seen: float = field(default=0.0)
    _turns: int = 0

    def see_answers(self, values: Mapping[str, Value | Absent], received: float, monotonic: float) -> bool:
        """``see`` with the answers of a poll; a device without sysUpTime never starts anew."""
        ticks, engine = values[SYS_UPTIME], values.get(ENGINE_TIME)
        if not isinstance(ticks, int):
            return False
        return self.see(ticks, engine if isinstance(engine, int) else None, received, monotonic)

    def see(self, ticks: int, engine_s: int | None, received: float, monotonic: float) -> bool:
        """Take a sysUpTime [1/100 s] and snmpEngineTime [s]; True when the device has started anew since then."""
        now = ticks / 100
        elapsed = monotonic - self._seen
        slack = SLACK_S + DRIFT * elapsed
        turns = _turns(now, engine_s)
        if turns is None:
            expected = self.uptime + elapsed
            turned = now + (self._turns + 1) * TURN_S
            follows = self.boot is not None and now + self._turns * TURN_S < self.uptime
            if follows and abs(turned - expected) <= slack:
                self._turns += 1
            elif follows:
                self._turns = 0
        else:
            self._turns = turns
        total = now + self._turns * TURN_S
        restarted = self.boot is not None and total < max(self.uptime, self.uptime + elapsed - slack)
        if self.boot is None or restarted:
            self.boot = received - total
        self.uptime, self._seen = total, monotonic
        return restarted


def _turns(now: float, engine_s: int | None) -> int | None:
    if engine_s is None or engine_s < 0:
        return None
    turns = round((engine_s - now) / TURN_S)
    return turns if turns >= 0 and abs(engine_s - now - turns * TURN_S) <= ENGINE_SLACK_S else None
