# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The plan of one host's install job, from its compliance, its scan, its windows and its clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from ..._evidence.times import TimeTextError, format_time, parse_time
from ..._evidence.wording import printable
from ..._verdict.baseline.baseline import parse_baseline
from ..._verdict.compliance.host_compliance import Compliance
from ..keys import PlanError
from ..packing.candidates import Candidate
from ..packing.plan import patch_plan
from ..packing.policy import PackingPolicy, parse_packing_policy
from ..packing.room import Room, room_of, window_dict
from ..windows.calendar import Window
from ..windows.questions import WindowError
from .document import SOURCE_WORDS
from .options import InstallOptions, parse_install_options
from .timing import HostTime, judge_skew, minutes_of, reboot_block
from .updates import Left, Wanted, fits_at_all, listed, ordered_list, wanted_updates

PlanState = Literal["planned", "nothing_to_do", "unknown", "window_closed", "deferred", "refused"]
MAX_SENTENCE = 900


@dataclass(frozen=True, slots=True)
class InstallPlan:
    """What a host's run does about installing. ``plan`` is what the worker gets, None where no job is to be started.

    ``state``: ``planned``; ``nothing_to_do`` (nothing that counts is missing); ``unknown`` (nothing is known to be
    missing, and not all is known); ``window_closed`` (something is missing, and now is not the time); ``deferred``
    (nothing that is missing fits into the window); ``refused`` (nobody knows when a window opens: the clocks are
    apart, or a spec cannot be read).
    ``armed``: the job waits on the host for its window. ``forecast`` is what `patch_plan` says of the same time.
    """

    state: PlanState
    sentence: str
    plan: Mapping[str, Any] | None = None
    armed: bool = False
    window: Window | None = None
    reboot_window: Window | None = None
    left: tuple[Left, ...] = ()
    forecast: Mapping[str, Any] = field(default_factory=dict)
    skew_seconds: int | None = None
    warnings: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the published shape."""
        return {
            "state": self.state,
            "start": self.plan is not None,
            "armed": self.armed,
            "plan": dict(self.plan) if self.plan is not None else None,
            "window": window_dict(self.window),
            "reboot_window": window_dict(self.reboot_window),
            "begins": self.forecast.get("begins"),
            "expected_end": self.forecast.get("expected_end"),
            "deferred": self._deferred(),
            "left_out": [one.as_dict() for one in self.left],
            "skew_seconds": self.skew_seconds,
            "warnings": [printable(text) for text in self.warnings],
            "sentence": printable(self.sentence[:MAX_SENTENCE]),
        }

    def _deferred(self) -> list[Mapping[str, Any]]:
        """What is missing and not installed now: where the window is still to come, also what fits into that."""
        deferred = list(self.forecast.get("deferred", ()))
        if self.state != "window_closed" or self.window is None:
            return deferred
        window = window_dict(self.window) or {}
        opens = f"its window opens {window.get('start')}"
        waits = [
            {"id": one["id"], "title": one["title"], "word": "window_closed", "reason": opens, "next_window": window}
            for one in self.forecast.get("selected", ())
        ]
        return [*waits, *deferred]


@dataclass(frozen=True, slots=True)
class _Given:
    """What was asked for, checked."""

    compliance: Compliance
    scan: Mapping[str, Any]
    policy: PackingPolicy
    raw_policy: Mapping[str, Any]
    options: InstallOptions
    now: datetime
    skew: timedelta | None


def build_install_plan(
    compliance: Compliance,
    scan: object,
    *,
    now: object,
    policy: object = None,
    options: object = None,
    skew_seconds: object = None,
) -> InstallPlan:
    """Return the plan of one host.

    ``compliance`` is the host's answer by its scan, ``scan`` the scan document, ``policy`` the one mapping of all
    policies with the host's ``windows``, ``options`` as in options.py. ``now`` is the time by the clock that decides
    about windows: the controller's, or the host's with ``options.clock: host``. ``skew_seconds`` is the host's clock
    less the controller's, None where it could not be read. Every time in the plan is by the host's clock. Raises
    PlanError and WindowError, which name every mistake.
    """
    raw = policy if isinstance(policy, Mapping) else {}
    given = _Given(
        compliance=compliance,
        scan=scan if isinstance(scan, Mapping) else {},
        policy=parse_packing_policy(policy),
        raw_policy=raw,
        options=parse_install_options(options),
        now=_instant(now),
        skew=_span(skew_seconds),
    )
    wanted = wanted_updates(
        compliance,
        given.scan.get("updates"),
        parse_baseline(raw),
        at=given.now,
        not_again=given.options.not_again,
    )
    if not wanted.given:
        return _nothing(given, wanted)
    time, warning, refused = judge_skew(given.skew, given.options, windows_apply=given.policy.windows_apply)
    if time is None:
        sentence = f"Nothing is planned: {refused}."
        return InstallPlan("refused", sentence, left=wanted.left, skew_seconds=_seconds(given))
    return _timed(given, wanted, time, [warning] if warning else [])


def _timed(given: _Given, wanted: Wanted, time: HostTime, warnings: list[str]) -> InstallPlan:
    room = room_of(None, now=given.now, policy=given.policy)
    forecast = patch_plan(list(wanted.given.values()), now=given.now, policy=given.raw_policy)
    warnings += [*forecast["warnings"], *(doubt.text for doubt in given.compliance.doubts)]
    coming = not room.closed and room.begins > given.now
    base = InstallPlan(
        "window_closed",
        _closed_sentence(wanted, room),
        window=room.window,
        left=wanted.left,
        forecast=forecast,
        skew_seconds=_seconds(given),
        warnings=tuple(warnings),
    )
    if room.unreadable:
        return replace(base, state="refused", sentence=f"Nothing is planned: {room.closed}.")
    if room.closed or (coming and given.options.when_closed == "defer"):
        return base
    ordered, aside = ordered_list(wanted, room, given.policy)
    if not fits_at_all(ordered, room, given.policy):
        return replace(base, state="deferred", sentence=forecast["sentence"])
    block, reboot_window, why = reboot_block(given.policy, given.options, room, now=given.now, time=time)
    if why and given.options.reboot != "never":
        warnings.append(why)
    warnings += [f"{one.given.get('id')}: {one.reason}" for one in aside if isinstance(one.given, Mapping)]
    plan = _document(given, wanted, _Timing(room, time, block, coming), ordered, warnings)
    armed = coming and given.options.when_closed == "arm"
    return replace(
        base,
        state="planned",
        sentence=_planned_sentence(plan, forecast, armed=armed, coming=coming),
        plan=plan,
        armed=armed,
        reboot_window=reboot_window,
        warnings=tuple(warnings),
    )


@dataclass(frozen=True, slots=True)
class _Timing:
    room: Room
    time: HostTime
    reboot: Mapping[str, Any]
    coming: bool


def _document(
    given: _Given, wanted: Wanted, timing: _Timing, ordered: list[Candidate], warnings: list[str]
) -> dict[str, Any]:
    """The plan as the worker takes it, but for what the start of the job adds (its id, its run)."""
    room, options = timing.room, given.options
    shortest = min(candidate.seconds for candidate in ordered) + given.policy.reserve
    latest = None if room.ends is None else max(room.begins, room.ends - timedelta(seconds=shortest))
    return {
        "source": _source(given.scan, warnings),
        "updates": [listed(candidate, wanted.named) for candidate in ordered],
        "phases": ["download", "install"],
        "not_before": timing.time.of(room.begins) if timing.coming else None,
        "start_before": None if latest is None else timing.time.of(latest),
        "deadline": None if room.ends is None else timing.time.of(room.ends),
        "reserve_minutes": minutes_of(given.policy.reserve),
        "min_free_mb": options.min_free_mb,
        "busy_wait_minutes": options.busy_wait_minutes,
        "reboot": dict(timing.reboot),
    }


def _source(scan: Mapping[str, Any], warnings: list[str]) -> dict[str, Any]:
    """Where the job searches: where the scan did, so that it finds what the scan has found."""
    asked = scan.get("asked")
    asked = asked if isinstance(asked, Mapping) else {}
    if asked.get("scan_cab"):
        warnings.append("the scan read an offline catalogue, which holds nothing to install: the usual source is asked")
    selection = asked.get("server_selection")
    selection = selection if selection in SOURCE_WORDS else "default"
    service = asked.get("service_id") if selection == "service" else None
    return {
        "server_selection": selection if selection != "service" or isinstance(service, str) else "default",
        "service_id": service if isinstance(service, str) else None,
        "online": "auto",
        "attempts": 5,
    }


def _nothing(given: _Given, wanted: Wanted) -> InstallPlan:
    """An empty plan is one thing where all is known, and another where the scan cannot be trusted."""
    open_questions = given.compliance.counted.get("unknown", 0) or given.compliance.doubts
    left = f" {len(wanted.left)} are left out." if wanted.left else ""
    base = InstallPlan(
        "nothing_to_do",
        f"Nothing that counts is missing.{left}",
        left=wanted.left,
        skew_seconds=_seconds(given),
    )
    if not open_questions:
        return base
    text = f"Nothing is known to be missing, and not all is known. {given.compliance.sentence}{left}"
    return replace(
        base, state="unknown", sentence=text, warnings=tuple(doubt.text for doubt in given.compliance.doubts)
    )


def _closed_sentence(wanted: Wanted, room: Room) -> str:
    count = len(wanted.given)
    head = f"{count} update{'s are' if count > 1 else ' is'} missing, and nothing is started: "
    if room.closed:
        return f"{head}{room.closed}."
    name = f" ({room.window.name})" if room.window is not None else ""
    return f"{head}the next window opens {format_time(room.begins)}{name}."


def _planned_sentence(plan: Mapping[str, Any], forecast: Mapping[str, Any], *, armed: bool, coming: bool) -> str:
    how = "armed on the host" if armed else "started now, and waits for the window" if coming else "started now"
    return f"A job with {len(plan['updates'])} updates is {how}. {forecast['sentence']}"


def _seconds(given: _Given) -> int | None:
    return None if given.skew is None else int(given.skew.total_seconds())


def _instant(now: object) -> datetime:
    try:
        return parse_time(now)
    except TimeTextError as error:
        raise WindowError(f"now: {error}") from None


def _span(seconds: object) -> timedelta | None:
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not abs(seconds) < 10**9:
        raise PlanError([f"skew_seconds: must be a number of seconds or null, not {str(seconds)[:40]!r}"])
    return timedelta(seconds=seconds)
