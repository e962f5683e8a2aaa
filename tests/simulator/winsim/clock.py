# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What time is it on the simulated hosts?"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def stamp(moment: datetime) -> str:
    """`moment` as the reader writes times: UTC, whole seconds, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class HostClock:
    """Starts at the real time and runs `factor` times as fast."""

    def __init__(
        self,
        *,
        factor: float = 60.0,
        start: datetime | None = None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.factor = factor
        self._start = start or datetime.now(UTC)
        self._ticks = ticks
        self._origin = ticks()
        # From when on (steady time) the clock shows how much more.
        self.jumps: list[tuple[datetime, timedelta]] = []

    def of_one_host(self) -> HostClock:
        """The same clock for a host whose own may jump."""
        own = copy.copy(self)
        own.jumps = []
        return own

    def steady(self) -> datetime:
        """Time that never jumps: what happens on a host is due by it."""
        return self._start + timedelta(seconds=(self._ticks() - self._origin) * self.factor)

    def wall(self, moment: datetime) -> datetime:
        """What the host's clock shows at a moment of the steady time."""
        return moment + sum((jump for begins, jump in self.jumps if begins <= moment), timedelta())

    def now(self) -> datetime:
        """The host's time, aware, UTC."""
        return self.wall(self.steady())

    def real_seconds(self, host_seconds: float) -> float:
        """How long `host_seconds` on a host last for the one who waits outside."""
        return host_seconds / self.factor
