# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""May a patch run reboot this host now? Unknown never reboots, and nothing reboots outside a window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal

from ..._evidence.persistent import is_mark
from ..._evidence.times import TimeTextError, format_time, parse_time
from ..._evidence.wording import printable, type_name
from ..._verdict.persistent import is_persistent, repair_text
from ..._verdict.reboot import Verdict
from ..install.options import InstallOptions
from ..install.timing import judge_skew
from ..keys import PlanError, number_or_none
from ..packing.policy import PackingPolicy, parse_packing_policy
from ..packing.room import Room, room_of, window_dict
from ..windows.questions import WindowError
from .options import RebootOptions, RebootPolicy, parse_reboot_options, parse_reboot_policy
from .queue import QueueView, view_queue

State = Literal[
    "go", "not_required", "unknown", "unsafe", "busy", "outside_window", "max_reboots", "persistent", "queue"
]
MAX_SENTENCE = 900
_SHOWN = 3
_HEADS: Mapping[State, str] = MappingProxyType(
    {
        "go": "The host may be rebooted now",
        "not_required": "No reboot",
        "unknown": "No reboot, because not all is known that decides about one",
        "unsafe": "No reboot, because nobody knows whether the host is at work",
        "busy": "No reboot now, because the host is at work",
        "outside_window": "No reboot, because no window for one has room",
        "max_reboots": "No further reboot in this run",
        "persistent": "No reboot, because none helps",
        "queue": "No reboot, because of what waits for the next boot",
    }
)


@dataclass(frozen=True, slots=True)
class RebootDecision:
    """The answer. ``why`` is the reason for its state; ``warnings`` are for people and decide nothing.

    ``room`` is the stretch of time for reboots, open now or coming. ``persistent`` are the ids of the signals that a
    reboot did not clear, ``harms`` what the next boot would harm.
    """

    state: State
    why: str
    room: Room
    now: datetime
    count: int = 0
    max_reboots: int = 0
    because: tuple[str, ...] = ()
    persistent: tuple[str, ...] = ()
    harms: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def reboot(self) -> bool:
        """Whether to reboot."""
        return self.state == "go"

    @property
    def next_window(self) -> dict[str, Any] | None:
        """The next window for a reboot that opens later."""
        if _is_open(self.room, self.now):
            return next((window_dict(window) for window in self.room.later()), None)
        return None if self.room.closed else window_dict(self.room.window)

    @property
    def sentence(self) -> str:
        """The answer for people."""
        coming = self.next_window if self.state == "outside_window" else None
        following = f" The next window opens {coming['start']}." if coming is not None else ""
        return printable(f"{_HEADS[self.state]}: {self.why.rstrip('.')}.{following}"[:MAX_SENTENCE])

    def as_dict(self) -> dict[str, Any]:
        """Return the published shape."""
        is_open = _is_open(self.room, self.now)
        return {
            "reboot": self.reboot,
            "state": self.state,
            "why": printable(self.why[:MAX_SENTENCE]),
            "sentence": self.sentence,
            "because": list(self.because),
            "persistent": list(self.persistent),
            "harms": dict(self.harms),
            "window": window_dict(self.room.window) if is_open else None,
            "next_window": self.next_window,
            "time_left_seconds": self.room.seconds if is_open else 0,
            "count": self.count,
            "max_reboots": self.max_reboots,
            "warnings": [printable(text) for text in self.warnings],
        }


@dataclass(frozen=True, slots=True)
class _Given:
    """What was asked for, checked. ``refused`` is why no window can be trusted, empty where they can be."""

    verdict: Verdict
    packing: PackingPolicy
    policy: RebootPolicy
    options: RebootOptions
    now: datetime
    room: Room
    queue: QueueView
    count: int
    persistent: Mapping[str, str]
    refused: str


def decide_reboot(
    verdict: Verdict,
    *,
    now: object,
    policy: object = None,
    options: object = None,
    skew_seconds: object = None,
    queue: object = None,
    count: object = 0,
    persistent: object = None,
) -> RebootDecision:
    """Return whether a host may be rebooted now, from its verdict and the published analysis of its rename queue.

    ``policy`` is the one mapping of all policies with the host's windows, ``options`` as in options.py. ``now`` is the
    time by the clock that decides about windows, ``skew_seconds`` the host's clock less the controller's, None where it
    is not known. ``count`` are the reboots that this run has made, ``persistent`` maps signals that a reboot of
    this run did not clear to their marks. Raises PlanError and WindowError, which name every mistake.
    """
    packing = replace(parse_packing_policy(policy), purpose="reboot")
    checked = parse_reboot_options(options)
    instant = _instant(now)
    warning, refused = _skew(skew_seconds, checked, packing)
    given = _Given(
        verdict=verdict,
        packing=packing,
        policy=parse_reboot_policy(policy),
        options=checked,
        now=instant,
        room=room_of(None, now=instant, policy=packing),
        queue=view_queue(queue, checked),
        count=_count(count),
        persistent=_marks(persistent),
        refused=refused,
    )
    state, why = _first(given)
    doubt = f"of the rename queue not all is known: {given.queue.doubt}" if given.queue.doubt else ""
    return RebootDecision(
        state,
        why,
        given.room,
        instant,
        count=given.count,
        max_reboots=checked.max_reboots,
        because=verdict.because,
        persistent=tuple(dict.fromkeys((*verdict.persistent, *_survivors(given)))),
        harms=given.queue.harms,
        warnings=tuple(text for text in (warning, doubt) if text),
    )


def _is_open(room: Room, now: datetime) -> bool:
    return not room.closed and room.begins <= now


def _first(given: _Given) -> tuple[State, str]:
    """The first reason against it. A queue that an installer may be writing to is looked at afterwards."""
    for check in (_unknown, _not_required, _persistent, _most, _window, _busy, _queue):
        found = check(given)
        if found is not None:
            return found
    if given.verdict.reboot == "required":
        return "go", f"it is required ({_names(given.verdict.because)})"
    return "go", "the policy asks for it (reboot_always)"


_Found = tuple[State, str]


def _unknown(given: _Given) -> _Found | None:
    """What is only taken for required, because it could not be read, is not known either."""
    if given.verdict.reboot == "unknown" or (given.verdict.reboot == "required" and not given.verdict.because):
        return "unknown", given.verdict.sentence
    return None


def _not_required(given: _Given) -> _Found | None:
    if given.verdict.reboot == "required" or given.policy.always:
        return None
    if given.verdict.persistent:
        return "persistent", repair_text(given.verdict.persistent)
    return "not_required", "nothing asks for one"


def _survivors(given: _Given) -> tuple[str, ...]:
    """The deciding signals that a reboot of this run did not clear."""
    return tuple(
        signal.id
        for signal in given.verdict.signals
        if signal.id in given.verdict.because and is_persistent(signal, given.persistent)
    )


def _persistent(given: _Given) -> _Found | None:
    survivors = _survivors(given)
    if given.policy.always or not survivors or set(survivors) != set(given.verdict.because):
        return None
    return "persistent", repair_text(survivors)


def _most(given: _Given) -> _Found | None:
    if given.count < given.options.max_reboots:
        return None
    times = f"{given.count} time{'s' if given.count != 1 else ''}"
    return "max_reboots", f"it has been rebooted {times}, and max_reboots is {given.options.max_reboots}"


def _window(given: _Given) -> _Found | None:
    room, reserve = given.room, given.packing.reserve
    if given.refused or room.unreadable:
        return "unknown", given.refused or str(room.closed)
    if room.closed:
        return "outside_window", room.closed
    if room.begins > given.now:
        return "outside_window", f"none is open for a reboot at {format_time(given.now)}"
    if not room.holds(reserve):
        left = (room.seconds or 0) // 60
        return "outside_window", f"the one that is open has {left} min left, and a reboot needs {-(-reserve // 60)} min"
    return None


def _queue(given: _Given) -> _Found | None:
    harms = {word: text for word, text in given.queue.harms.items() if word not in given.policy.despite}
    if harms:
        told = "; ".join(f"{word.replace('_', ' ')}: {text}" for word, text in harms.items())
        remedy = "look at it with win_rename_queue, and allow it with reboot_despite where it is meant"
        return "queue", f"{told[:600]}. Next step: {remedy}"
    if given.queue.unread:
        return "queue", given.queue.unread
    return None


def _busy(given: _Given) -> _Found | None:
    if given.verdict.safe_to_reboot == "no":
        return "busy", _names(given.verdict.busy) or "something installs"
    if given.verdict.safe_to_reboot != "yes":
        return "unsafe", "a signal that tells of installers could not be read; the verdict names it"
    return None


def _names(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"


def _instant(now: object) -> datetime:
    try:
        return parse_time(now)
    except TimeTextError as error:
        raise WindowError(f"now: {error}") from None


def _skew(seconds: object, options: RebootOptions, packing: PackingPolicy) -> tuple[str, str]:
    """(a warning, why no window can be trusted). A reboot is made at once, so an unknown skew is no matter."""
    if seconds is None:
        return "", ""
    number = number_or_none(seconds)
    if number is None or not abs(number) < 10**9:
        raise PlanError([f"skew_seconds: must be a number of seconds or null, not {str(seconds)[:40]!r}"])
    how = InstallOptions(clock=options.clock)
    _time, warning, refused = judge_skew(timedelta(seconds=number), how, windows_apply=packing.windows_apply)
    return warning, refused


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise PlanError([f"count: must be the number of reboots that this run has made, not {str(value)[:40]!r}"])
    return value


def _marks(value: object) -> Mapping[str, str]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise PlanError([f"persistent: must be a mapping of signal id to its mark, not {type_name(value)}"])
    mistakes = [
        f"persistent.{printable(str(key)[:60])}: is no mark" for key, mark in value.items() if not is_mark(mark)
    ]
    if mistakes:
        raise PlanError(mistakes)
    return {str(key): str(mark) for key, mark in value.items()}
