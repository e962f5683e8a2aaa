# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What worker and module ask the host's CIM; None where it is refused (`denied`)."""

from __future__ import annotations

from datetime import datetime

from ..clock import stamp
from ..denial import OPEN_NAMESPACE
from ..host import Host


def boot_time(host: Host) -> datetime | None:
    return None if host.denied.cim(OPEN_NAMESPACE, "Win32_OperatingSystem") else host.os.boot_time


def boot_stamp(host: Host) -> str | None:
    """As the lines have it."""
    booted = boot_time(host)
    return None if booted is None else stamp(booted)


def free_megabytes(host: Host) -> int | None:
    return None if host.denied.cim(OPEN_NAMESPACE, "Win32_LogicalDisk") else host.free_mb
