# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Whether a package is run now: is it there already, is it the right file, does it fit, is the host free?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from ..._evidence.times import TimeTextError, format_time, parse_time, time_or_none
from ..._evidence.wording import printable
from ..install.options import REFUSED_SKEW
from ..packing.policy import PackingPolicy, parse_packing_policy
from ..packing.room import Room, room_of, window_dict
from ..windows.questions import WindowError
from .host_state import failure_text, mapping_of, obstacle_of
from .looking import file_problem, presence_of, system_root, witness_of
from .options import PackageOptions, parse_package_options
from .package import Package, parse_package
from .running import Run, build_number, way_to_run

DecisionState = Literal["look", "run", "retry", "already", "pending_reboot", "refused", "deferred", "retry_exhausted"]
MAX_SENTENCE = 600


@dataclass(frozen=True, slots=True)
class Decision:
    """``look`` (nothing speaks against it so far: ask the host the rest), ``run``, ``retry`` or the end.

    ``reason`` is a word for machines. ``witnessed`` are the files that wait for a reboot by our mark.
    """

    state: DecisionState
    reason: str
    sentence: str
    how: Run | None = None
    pause_seconds: float = 0
    next_window: Mapping[str, Any] | None = None
    witnessed: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the published shape."""
        return {
            "state": self.state,
            "reason": self.reason,
            "sentence": printable(self.sentence[:MAX_SENTENCE]),
            "how": self.how.as_dict() if self.how is not None else None,
            "pause_seconds": self.pause_seconds,
            "next_window": dict(self.next_window) if self.next_window is not None else None,
            "witnessed": list(self.witnessed),
        }


@dataclass(frozen=True, slots=True)
class _Case:
    """What is judged."""

    package: Package
    looked: Mapping[str, Any]
    policy: PackingPolicy
    options: PackageOptions
    now: datetime

    @property
    def probes(self) -> Mapping[str, Any]:
        """The answers by the probes' ids."""
        return mapping_of(self.looked.get("probes"))

    @property
    def system(self) -> Mapping[str, Any]:
        """What the host said of itself."""
        return mapping_of(self.looked.get("system"))


def package_decision(
    package: object, looked: object, *, now: object, host: object = None, policy: object = None, options: object = None
) -> dict[str, Any]:
    """Return the published Decision about one package.

    ``looked`` is what win_probe answered to `package_probes`; ``host`` the results of `obstacle_of`, None before they
    were asked; ``policy`` the one mapping of all policies with the host's windows; ``now`` the controller's time.
    Raises PlanError and WindowError for what is no package, policy or option.
    """
    case = _Case(
        package=parse_package(package),
        looked=mapping_of(looked),
        policy=parse_packing_policy(policy),
        options=parse_package_options(options),
        now=_instant(now),
    )
    settled = _settled(case) or _not_this_file(case) or _no_time(case, 0)
    if settled is not None:
        return settled.as_dict()
    witnessed = witness_of(case.probes).files
    how = way_to_run(case.package, build=_build(case), root=system_root(case.probes))
    if how is None:
        reason = "its build decides whether wusa or DISM takes the package, and could not be read"
        return _no(case, "refused", "unknown_build", reason).as_dict()
    if host is None:
        return Decision("look", "", f"{case.package.title} is to be run.", how, witnessed=witnessed).as_dict()
    return _by_host(case, mapping_of(host), how, witnessed).as_dict()


def _settled(case: _Case) -> Decision | None:
    """What needs no installer: nothing more is to be begun, nobody answers, it is there, or it waits for a reboot."""
    if case.options.stopped:
        return _no(case, "deferred", "stopped", case.options.stopped)
    why = failure_text(case.looked)
    if why or not case.probes:
        return _no(case, "refused", "unreadable", f"the host could not be read: {why or 'the answer is damaged'}")
    witness, presence = witness_of(case.probes), presence_of(case.package, case.probes)
    if witness.names(case.package):
        text = f"{case.package.title} has been run since the last boot and waits for a reboot."
        return Decision("pending_reboot", "run_before", text)
    if presence.there:
        return Decision("already", "installed", f"{case.package.title} is installed: {presence.reason}.")
    if presence.there is None and presence.asked:
        return _no(case, "refused", "unknown_presence", f"whether it is installed is not known: {presence.reason}")
    if witness.problem:
        return _no(case, "refused", "unreadable", f"whether it has been run is not known: {witness.problem}")
    return None


def _not_this_file(case: _Case) -> Decision | None:
    problem = file_problem(case.package, case.probes)
    return _no(case, "refused", *problem) if problem is not None else None


def _no_time(case: _Case, pause: float) -> Decision | None:
    """Whether it fits into what is left of the window, with the reserve, after a pause."""
    now, wrong = _time_that_counts(case)
    if wrong:
        return _no(case, "refused", "clock", wrong)
    room = room_of(None, now=now, policy=case.policy)
    needed = case.package.seconds + case.policy.reserve
    if room.unreadable:
        return _no(case, "refused", "windows", str(room.closed))
    later = next((w for w in room.later() if _long_enough(w.start, w.end, needed)), None)
    coming = room.window if not room.closed and room.begins > now else later
    if room.closed or room.begins > now:
        why = room.closed or f"no window is open, the next opens {format_time(room.begins)}"
        return _no(case, "deferred", "window_closed", why, window_dict(coming))
    if room.holds(needed, after=int(pause)):
        return None
    why = f"it needs {needed // 60} min with the reserve, and {_left(room, pause)} are left of the window"
    return _no(case, "deferred", "does_not_fit", why, window_dict(later))


def _long_enough(start: int, end: int | None, needed: int) -> bool:
    return end is None or end - start >= needed


def _left(room: Room, pause: float) -> str:
    return f"{max(0, (room.seconds or 0) - int(pause)) // 60} min"


def _time_that_counts(case: _Case) -> tuple[datetime, str]:
    """(the time by the clock that decides about windows, why it is not known)."""
    clock = time_or_none(case.system.get("clock"))
    if case.options.clock == "host":
        wrong = "" if clock is not None else "the host's clock decides about windows and could not be read"
        return clock or case.now, wrong
    if clock is not None and abs(clock - case.now) > REFUSED_SKEW and case.policy.windows_apply:
        text = "the clocks of host and controller are more than an hour apart: set them, or decide by the host's"
        return case.now, text
    return case.now, ""


def _by_host(case: _Case, host: Mapping[str, Any], how: Run, witnessed: tuple[str, ...]) -> Decision:
    obstacle = obstacle_of(host)
    if obstacle is None:
        return Decision("run", "", f"{case.package.title} is run.", how, witnessed=witnessed)
    if not obstacle.passes:
        return _no(case, "refused", obstacle.word, obstacle.reason)
    no_time = _no_time(case, case.options.next_pause)
    return retry_or_end(case.package, obstacle.word, obstacle.reason, case.options, no_time)


def retry_or_end(
    package: Package, word: str, reason: str, options: PackageOptions, no_time: Decision | None
) -> Decision:
    """Return the pause before the next attempt, or the end where patience or time is over."""
    if no_time is not None:
        return no_time
    if options.patience_is_over:
        waited = f"after {options.attempt} attempts and {int(options.waited_seconds)} s of waiting"
        return Decision("retry_exhausted", word, f"{package.title} was not run, {waited}: {reason}.")
    pause = options.next_pause
    return Decision("retry", word, f"{package.title} waits {int(pause)} s: {reason}.", pause_seconds=pause)


def _no(case: _Case, state: DecisionState, word: str, reason: str, window: Mapping[str, Any] | None = None) -> Decision:
    later = f"; next window {window['start']}" if window is not None else ""
    text = f"{case.package.title} was not run: {reason.rstrip('.')}{later}."
    return Decision(state, word, text, next_window=window)


def _build(case: _Case) -> int | None:
    return build_number(case.system.get("os_build"))


def _instant(now: object) -> datetime:
    try:
        return parse_time(now)
    except TimeTextError as error:
        raise WindowError(f"now: {error}") from None
