# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How much memory a process and everything below it holds while it runs."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")
SHORTEST_PAUSE: Final = 0.05
# Looking takes time from what is looked at: at most a tenth of one core.
PAUSE_PER_LOOK: Final = 9
_PSS: Final = re.compile(rb"^Pss:\s+(\d+) kB$", re.MULTILINE)
_PEAK: Final = re.compile(rb"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


class CannotLookError(OSError):
    """This system does not tell how much memory a process holds."""


@dataclass(slots=True)
class Peak:
    """Bytes. Of all processes pages that they share are counted once (proportional set size); `first` is one alone."""

    bytes: int = 0
    first: int = 0


def tree(pid: int) -> Iterator[int]:
    """The process and all its descendants that live at this moment."""
    yield pid
    for children in PROC.glob(f"{pid}/task/*/children"):
        for child in _read(children).split():
            yield from tree(int(child))


def held(pid: int) -> int:
    """Bytes that the tree of `pid` holds; 0 when it has ended."""
    found = (_PSS.search(_read(PROC / str(member) / "smaps_rollup")) for member in tree(pid))
    return sum(int(pss[1]) * 1024 for pss in found if pss)


def most_held(pid: int) -> int:
    """Bytes that the process itself has held at its peak (resident set size); 0 when it has ended."""
    found = _PEAK.search(_read(PROC / str(pid) / "status"))
    return int(found[1]) * 1024 if found else 0


@contextmanager
def watched(pid: int) -> Iterator[Peak]:
    """Looks again and again until the block is left. Raises CannotLookError."""
    if not _read(PROC / str(os.getpid()) / "smaps_rollup"):
        raise CannotLookError("peak memory needs Linux and its smaps_rollup")
    peak = Peak()
    ended = threading.Event()
    looker = threading.Thread(target=_look, args=(pid, peak, ended), daemon=True)
    looker.start()
    try:
        yield peak
    finally:
        ended.set()
        looker.join()


def _look(pid: int, peak: Peak, ended: threading.Event) -> None:
    pause = 0.0
    while not ended.wait(pause):
        begun = time.monotonic()
        peak.bytes = max(peak.bytes, held(pid))
        peak.first = max(peak.first, most_held(pid))
        pause = max(SHORTEST_PAUSE, PAUSE_PER_LOOK * (time.monotonic() - begun))


def _read(file: Path) -> bytes:
    """A process may end while it is looked at."""
    try:
        return file.read_bytes()
    except OSError:
        return b""
