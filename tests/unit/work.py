# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bounds for work, without a stopwatch: what is counted is the same on every machine, busy or not."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest


@contextmanager
def bounded_work(*, calls: int) -> Iterator[None]:
    """Fails as soon as this thread has made more than `calls` calls; builtins and the steps of generators count.

    Bounds are about three times what was counted when they were written: versions of Python inline differently. What
    loops inside a builtin (sorting, regular expressions) is one call: `not_forever` is for that.
    """
    made = 0

    def count(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal made
        made += event in ("call", "c_call")
        if made > calls:
            pytest.fail(f"more than {calls} calls")

    earlier = sys.getprofile()
    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(earlier)


@contextmanager
def not_forever() -> Iterator[None]:
    """Fails when it has kept the processor busy for a minute: for what ends within milliseconds, or practically never.

    It is no stopwatch: input must be so large that a lost behaviour takes many minutes. Other processes do not count.
    """

    def end(_signal: int, _frame: FrameType | None) -> None:
        pytest.fail("still not done after a minute of the processor's time")

    earlier = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, 60)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, earlier)
