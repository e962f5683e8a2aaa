# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How a host is patched: what happens outside a window, whose clock counts, whether the job reboots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from ..._evidence.update import update_id
from ..._evidence.wording import printable
from ..keys import Meanings, number_or_none, one_of, read_options, short

WHEN_CLOSED = ("defer", "wait", "arm")
CLOCKS = ("controller", "host")
REBOOTS = ("never", "if_required")
# A skew that is reported, and one at which nobody knows when a window opens on that host.
REPORTED_SKEW, REFUSED_SKEW = timedelta(minutes=5), timedelta(hours=1)
MAX_MESSAGE = 400
_TRIED = "this run has tried it already"
MESSAGE = "This computer restarts to complete the installation of updates. Please save your work."


@dataclass(frozen=True, slots=True)
class InstallOptions:
    """Checked options. ``not_again`` maps ids of updates that this run has tried already to the reason."""

    when_closed: str = "defer"
    clock: str = "controller"
    reboot: str = "if_required"
    max_reboots: int = 2
    warn_seconds: int = 300
    message: str = MESSAGE
    min_free_mb: int = 2048
    busy_wait_minutes: int = 30
    not_again: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def parse_install_options(given: object) -> InstallOptions:
    """Return the options of a mapping (None: the defaults); raise PlanError with every mistake by key."""
    return InstallOptions(**read_options(given, _MEANINGS))


def whole(least: int, most: int) -> Any:
    """Return what takes a whole number between two others."""

    def meaning(value: Any) -> int:
        """Return the number."""
        number = number_or_none(value)
        if number is None or number != int(number) or not least <= number <= most:
            raise ValueError(f"must be a whole number from {least} to {most}, not {short(value)}")
        return int(number)

    return meaning


def message_of(value: Any) -> str:
    """Return what logged-on users are shown."""
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_MESSAGE:
        raise ValueError(f"must be a text of at most {MAX_MESSAGE} characters")
    return printable(value.strip())


def _not_again(value: Any) -> Mapping[str, str]:
    if isinstance(value, Mapping):
        pairs = list(value.items())
    else:
        pairs = [(key, _TRIED) for key in value] if isinstance(value, (list, tuple)) else [(None, "")]
    found = {name: printable(str(reason)[:MAX_MESSAGE]) for key, reason in pairs for name in [update_id(key)] if name}
    if len(found) != len(pairs):
        raise ValueError("must be a list of update ids, each once, or a mapping of ids to reasons")
    return found


_MEANINGS: Meanings = MappingProxyType(
    {
        "when_closed": one_of(WHEN_CLOSED),
        "clock": one_of(CLOCKS),
        "reboot": one_of(REBOOTS),
        "max_reboots": whole(0, 10),
        "warn_seconds": whole(0, 3600),
        "message": message_of,
        "min_free_mb": whole(0, 1_000_000),
        "busy_wait_minutes": whole(0, 24 * 60),
        "not_again": _not_again,
    }
)
