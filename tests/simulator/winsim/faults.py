# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What goes wrong on the line: the kinds of faults, and when they are due."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Final

from .model import Fault

SLOW_SECONDS: Final = 8.0


@dataclass(frozen=True, slots=True)
class Effects:
    """What a request suffers. `hold` is in real seconds."""

    cut: bool = False
    hold: float = 0.0
    truncate: bool = False
    error_500: bool = False
    boot: bool = False
    vanish: bool = False

    def __or__(self, other: Effects) -> Effects:
        return Effects(**{f.name: max(getattr(self, f.name), getattr(other, f.name)) for f in fields(self)})


@dataclass(frozen=True, slots=True)
class FaultKind:
    effects: Effects
    meaning: str


KINDS: Final[Mapping[str, FaultKind]] = {
    "drop": FaultKind(Effects(cut=True), "the TCP connection is cut without an answer, at this request only"),
    "slow": FaultKind(
        Effects(hold=SLOW_SECONDS),
        f"the answer comes `seconds` ({SLOW_SECONDS:g}) real seconds late; at a Receive the command runs on meanwhile, "
        "which a client with a short operation time-out sees as time-out faults",
    ),
    "truncate": FaultKind(
        Effects(truncate=True), "the output of the first Receive from this request on is cut in half"
    ),
    "error_500": FaultKind(Effects(error_500=True), "HTTP 500 without a SOAP fault, at this request only"),
    "reboot": FaultKind(Effects(boot=True), "the connection is cut and the host boots, without event 1074"),
    "never_return": FaultKind(
        Effects(vanish=True),
        "from this request on the host is gone: connections are cut, then refused; without `at_request` it is the next "
        "boot that it does not come back from",
    ),
}


def _effects(fault: Fault) -> Effects:
    return KINDS[fault.do].effects if fault.seconds is None else Effects(hold=float(fault.seconds))


class FaultPlan:
    """The faults of one host, and the count of its HTTP requests: from 1, those of the authentication too."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._faults = list(faults)
        self._lock = threading.Lock()
        self._truncate = False
        self.requests = 0

    @property
    def boot_is_the_last(self) -> bool:
        return any(fault.do == "never_return" and fault.at_request is None for fault in self._faults)

    def next_request(self) -> Effects:
        """Counts one request and says what it suffers."""
        with self._lock:
            self.requests += 1
            effects = Effects()
            for fault in self._faults:
                if fault.at_request == self.requests:
                    effects |= _effects(fault)
            self._truncate = self._truncate or effects.truncate
            return effects

    def truncates(self) -> bool:
        """Whether a cut of an output is due."""
        with self._lock:
            return self._truncate

    def truncated(self) -> None:
        """The cut has been made."""
        with self._lock:
            self._truncate = False
