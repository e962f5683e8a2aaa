# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which hosts go together: as many as a wave may have, no two of one cluster, all with a window open at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any

from ..windows.calendar import Calendar, Window
from .hosts import Host

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Timed:
    """A host with its calendar (None: windows are not looked at) and when it can begin, in seconds since 1970."""

    host: Host
    calendar: Calendar | None
    opens: int
    key: Key = ()


class Openings:
    """The next windows of calendars; what was asked once is not worked out again."""

    def __init__(self, purpose: str, no_windows: str) -> None:
        """Take what holds for every question."""
        self._purpose = purpose
        self._no_windows = no_windows
        self._found: dict[tuple[int, int], Window | None] = {}

    def next(self, calendar: Calendar, second: int) -> Window | None:
        """Return the window that is open in a second, or the next that opens later."""
        key = (id(calendar), second)
        if key not in self._found:
            always = self._no_windows == "open" and not calendar.has_windows
            self._found[key] = next(calendar.windows(second, self._purpose, always=always), None)
        return self._found[key]


@dataclass(slots=True)
class Wave:
    """Hosts that may be started at one moment: from ``start`` on, and before ``end`` (None: whenever)."""

    start: int
    end: int | None = None
    hosts: list[Host] = field(default_factory=list)
    windows: dict[str, Window] = field(default_factory=dict)
    clusters: set[str] = field(default_factory=set)

    def admit(self, timed: Timed, openings: Openings) -> bool:
        """Take a host in where it may go with those that are there; return whether it may."""
        if timed.host.clusters & self.clusters:
            return False
        if timed.calendar is not None:
            window = openings.next(timed.calendar, self.start)
            if window is None or (self.end is not None and window.start >= self.end):
                return False
            self.start = max(self.start, window.start)
            self.end = window.end if self.end is None else min(self.end, window.end or self.end)
            self.windows[timed.host.name] = window
        self.hosts.append(timed.host)
        self.clusters |= timed.host.clusters
        return True


def form(hosts: Sequence[Timed], sizes: Iterator[int], second: int, openings: Openings) -> Iterator[Wave]:
    """Return the waves of hosts, tried in the order of their keys; a wave never opens before the one before it.

    Hosts that are alike in clusters and windows wait in one line: where its first may not join, none of it may.
    """
    lines: dict[tuple[frozenset[str], int], deque[Timed]] = {}
    for timed in sorted(hosts, key=lambda timed: timed.key):
        lines.setdefault((timed.host.clusters, id(timed.calendar)), deque()).append(timed)
    waiting = list(lines.values())
    # A heap from the beginning: the lines stand in the order of their first hosts.
    heads = [(line[0].key, number) for number, line in enumerate(waiting)]
    while heads:
        wave, size, aside = Wave(second), next(sizes), []
        while heads and len(wave.hosts) < size:
            key, number = heappop(heads)
            if not wave.admit(waiting[number][0], openings):
                aside.append((key, number))
                continue
            waiting[number].popleft()
            if waiting[number]:
                heappush(heads, (waiting[number][0].key, number))
        for head in aside:
            heappush(heads, head)
        if not wave.hosts:
            return
        second = wave.start
        yield wave
