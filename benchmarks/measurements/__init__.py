# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""All measurements, in the order in which they run. A new one is a file here and a name in this list."""

from __future__ import annotations

from typing import Final

from ..bench import Measurement
from . import fleet_growth, judging, queue_growth, wall_time, wire_bytes, wire_requests

ALL: Final[tuple[Measurement, ...]] = tuple(
    module.MEASUREMENT for module in (wire_bytes, wire_requests, wall_time, judging, fleet_growth, queue_growth)
)
