# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Design 10: how long the questions about maintenance windows take for a large fleet."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from ansible_collections.winops.patching.plugins.plugin_utils._plan.windows.calendar import compile_windows
from ansible_collections.winops.patching.plugins.plugin_utils._plan.windows.questions import in_window, next_windows

from ..bench import Bench, Measurement, spread
from ..rows import Row

HOSTS: Final = 10_000
SPECS: Final = 50
WINDOWS: Final = 12
ROUNDS: Final = 5
NOW: Final = "2026-11-20T00:00:00Z"
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ZONES: Final = ("Europe/Berlin", "UTC", "Pacific Standard Time", "America/Sao_Paulo", "Tokyo Standard Time")
_FREEZE: Final = {
    "name": "freeze",
    "start": "2026-12-18T00:00:00Z",
    "end": "2027-01-04T00:00:00Z",
    "blackout": True,
}


def fleet_windows(turn: int) -> list[list[dict[str, Any]]]:
    """The windows of every host: two of fifty specs of all kinds and a blackout. In every turn they have new names."""
    specs = [_spec(number, turn) for number in range(SPECS)]
    return [[specs[host % SPECS], specs[host // SPECS % SPECS], _FREEZE] for host in range(HOSTS)]


def _spec(number: int, turn: int) -> dict[str, Any]:
    day = _DAYS[number % 7]
    kinds: Sequence[dict[str, Any]] = (
        {"patch_tuesday": number % 14},
        {"weekly": [day]},
        {"weekly": [day], "every": 2, "anchor": "2026-01-04"},
        {"monthly": {"weekday": day, "nth": number % 4 + 1}},
        {"monthly": {"day": 31, "short_month": "clamp"}},
        {"rrule": f"FREQ=MONTHLY;BYDAY={day[:2].upper()};BYSETPOS=-1"},
    )
    common = {"name": f"window {number} of turn {turn}", "start": f"{number % 24:02}:30", "duration": "4h"}
    return {**common, "timezone": _ZONES[number % 5], **kinds[number % 6]}


def measure(bench: Bench) -> Iterator[Row]:
    """Processor time of one core, the best of five rounds. Nothing is compiled before a round of the first row."""
    coming = [_seconds(_all_next, fleet_windows(turn)) for turn in range(ROUNDS)]
    yield Row(f"next {WINDOWS} windows of {HOSTS:,} hosts, {SPECS} specs", "s", min(coming), must="ours <= 5")
    hosts = fleet_windows(0)
    compiled = [compile_windows(windows) for windows in hosts]
    asked = min(_seconds(_all_open, compiled) for _ in range(ROUNDS)) / HOSTS
    yield Row("is a window open now, one host, compiled", "µs", asked * 1e6, must="ours <= 20")
    given = min(_seconds(_all_open, hosts[:SPECS] * (HOSTS // SPECS)) for _ in range(ROUNDS)) / HOSTS
    yield Row("is a window open now, one host, from specs as a template gives them", "µs", given * 1e6)
    bench.notes.append(f"next windows, min / median / max of {ROUNDS}: {spread(coming, 's')}")


def _all_next(hosts: Sequence[object]) -> None:
    for windows in hosts:
        next_windows(windows, count=WINDOWS, now=NOW)


def _all_open(hosts: Sequence[object]) -> None:
    for windows in hosts:
        in_window(windows, at=NOW)


def _seconds(work: Callable[[Sequence[object]], None], hosts: Sequence[object]) -> float:
    """The processor time that it takes."""
    begun = time.process_time()
    work(hosts)
    return time.process_time() - begun


MEASUREMENT: Final = Measurement("windows", "questions about maintenance windows", measure)
