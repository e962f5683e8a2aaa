# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Design 10, row 2: how many HTTP requests the same question takes, those of the logon included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..asking import ask
from ..bench import BASIC, NTLM, OTHER, OURS, SETUP, Bench, Measurement
from ..rows import Row

QUESTION: Final = "HTTP requests, waits for a reboot and why"


def measure(bench: Bench) -> Iterator[Row]:
    """Basic, where nothing but the work is sent, and NTLM, which is what fleets use."""
    ours, other, setup = (ask(bench, module, BASIC).requests for module in (OURS, OTHER, SETUP))
    yield Row(f"{QUESTION}: Basic", "requests", ours, other, "ours <= 6")
    yield Row(f"{QUESTION}: Basic, against setup", "requests", ours, setup)
    ours, other = (ask(bench, module, NTLM).requests for module in (OURS, OTHER))
    yield Row(f"{QUESTION}: NTLM", "requests", ours, other, "ratio <= 1.0")


MEASUREMENT: Final = Measurement("wire-requests", "HTTP requests for one question to one host", measure)
