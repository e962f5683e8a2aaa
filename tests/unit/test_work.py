# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bounds for work are kept, are told, and leave nothing behind."""

from __future__ import annotations

import signal
import sys

import pytest
from ansible_collections.winops.patching.tests.unit.work import bounded_work, not_forever


def nothing() -> None:
    pass


def call_forever() -> None:
    while True:
        nothing()


def loop_forever() -> None:
    while True:
        pass


@pytest.fixture
def earlier():
    """Somebody else's profile function."""

    def profile(*_event: object) -> None:
        pass

    before = sys.getprofile()
    sys.setprofile(profile)
    yield profile
    sys.setprofile(before)


def test_as_many_calls_as_are_allowed_are_no_failure_and_the_earlier_profile_function_is_back(earlier):
    # Leaving the bound makes a few calls itself.
    with bounded_work(calls=110):
        for _ in range(100):
            nothing()
    assert sys.getprofile() is earlier


def test_one_call_too_many_ends_even_what_would_never_end(earlier):
    with pytest.raises(pytest.fail.Exception, match="more than 50 calls"), bounded_work(calls=50):
        call_forever()
    assert sys.getprofile() is earlier


@pytest.mark.parametrize(
    "work", [lambda: sum(number for number in range(100)), lambda: [text.lower() for text in ["A"] * 100]]
)
def test_the_steps_of_a_generator_and_builtins_are_calls(work):
    with pytest.raises(pytest.fail.Exception), bounded_work(calls=50):
        work()


def test_what_keeps_the_processor_busy_is_ended_and_the_earlier_handler_is_back(monkeypatch):
    arm = signal.setitimer
    monkeypatch.setattr(signal, "setitimer", lambda timer, seconds: arm(timer, min(seconds, 0.01)))
    before = signal.getsignal(signal.SIGPROF)
    with pytest.raises(pytest.fail.Exception, match="a minute of the processor's time"), not_forever():
        loop_forever()
    assert signal.getsignal(signal.SIGPROF) is before
    assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)
