# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What will happen on a host by its own clock, whoever looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

# What a boot makes of an appointment: it stays, it never comes, or it comes at once.
KEEP: Final = "keep"
DROP: Final = "drop"
AT_ONCE: Final = "at_once"


@dataclass(eq=False, slots=True)
class Appointment:
    """`due` is a moment of the host's steady time; `do` is given the moment at which it happens."""

    due: datetime
    do: Callable[[datetime], None]
    at_boot: str = DROP


def boot_clears(appointments: list[Appointment], at: datetime) -> None:
    """What a boot does to them."""
    for appointment in list(appointments):
        if appointment.at_boot == KEEP:
            continue
        appointments.remove(appointment)
        if appointment.at_boot == AT_ONCE:
            appointment.do(at)
