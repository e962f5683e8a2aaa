# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The doors' way to the rename queue on paper."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .._evidence.times import TimeTextError, parse_time
from .._verdict.rename_analysis.analysis import analyse
from .core import FilterError

MOST = 1000


@contextmanager
def without_collector() -> Iterator[None]:
    """Keep Python from looking for cycles while a long list is built: it would look at all of it again and again.

    There are no cycles in an analysis, and the looking is a third of its time at a hundred thousand entries.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def analysed(queue: object, files: object, snapshot: object, *, boot_time: object, most: object) -> dict[str, Any]:
    """Return the published shape of an analysis; a wrong option is a FilterError, a damaged queue an unknown."""
    if most is not None and (isinstance(most, bool) or not isinstance(most, int) or most < 1):
        raise FilterError(f"rename_queue: most must be a whole number above zero, or null for all, not {most!r}")
    check_times("rename_queue", boot_time=boot_time)
    with without_collector():
        return analyse(queue, files, snapshot=snapshot, boot_time=boot_time).as_dict(most=most)


def check_times(filter_name: str, **times: object) -> None:
    """Raise a FilterError for an option that is no time."""
    for option, value in times.items():
        if value is not None:
            _check_time(f"{filter_name}: {option}", value)


def _check_time(where: str, value: object) -> None:
    try:
        parse_time(value)
    except TimeTextError as error:
        raise FilterError(f"{where}: {error}") from error
