# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""All measurements, in the order in which they run. A new one is a file here and a name in this list."""

from __future__ import annotations

from typing import Final

from ..bench import Measurement
from . import (
    fleet_growth,
    fleet_judging,
    judging,
    patch_run,
    poll_bytes,
    queue_growth,
    queue_on_paper,
    wall_time,
    windows,
    wire_bytes,
    wire_bytes_newer_core,
    wire_requests,
)

ALL: Final[tuple[Measurement, ...]] = tuple(
    module.MEASUREMENT
    for module in (
        wire_bytes,
        wire_bytes_newer_core,
        wire_requests,
        poll_bytes,
        patch_run,
        wall_time,
        judging,
        fleet_judging,
        fleet_growth,
        queue_growth,
        queue_on_paper,
        windows,
    )
)
