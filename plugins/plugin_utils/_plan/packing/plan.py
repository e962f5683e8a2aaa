# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The plan of one host: which updates run when, which do not and why, and when it is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ..._evidence.times import format_time
from ..._evidence.wording import printable
from ..keys import entries_of
from ..windows.calendar import Window
from ..windows.explain import spoken_length
from ..windows.zones import instant_of, seconds_of
from .candidates import Candidate, SetAside, named, sort_out
from .pack import Packed, pack
from .policy import CONFIGMGR_2007, PackingPolicy, parse_packing_policy
from .room import Room, room_of, window_dict

MOST_WARNINGS = 50
# How a sentence tells why updates are deferred, in the order of these words.
_SPOKEN = {
    "does_not_fit": "too long for the time left",
    "stopped": "after one that does not fit",
    "closed": "without an open window",
    "exclusive": "not together with one that must be alone",
    "same_files": "with the same files as a selected one",
    "superseded": "replaced by a selected one",
    "needs_reboot": "waiting for a reboot only",
    "installed": "installed already",
    "duplicate": "given twice",
    "damaged": "damaged",
}
# These may run in what is left of the window, when the plan is asked for again after the reboot.
_SAME_WINDOW = ("exclusive", "same_files")


@dataclass(frozen=True, slots=True)
class _Plan:
    """What was found, with what it was found for."""

    policy: PackingPolicy
    room: Room
    packed: Packed
    aside: Sequence[SetAside]
    later: Sequence[Window]

    @property
    def seconds(self) -> int | None:
        """Return how long the selected ones take; None where none is."""
        return self.packed.elapsed if self.packed.chosen else None

    def at(self, offset: int) -> str:
        """Return the instant so many seconds after the beginning."""
        return format_time(self.room.begins + timedelta(seconds=offset))


def patch_plan(updates: object, window: object = None, *, now: object, policy: object = None) -> dict[str, Any]:
    """Return ``{selected, deferred, expected_end, sentence, …}``: every update given is in one of the two lists.

    ``updates`` are mappings as a scan holds them: ``{id, title, max_run_minutes, deadline, severity, impact, …}``, all
    but the id optional. ``window`` is ``{start, end}``; without it the policy's ``windows`` tell. Before the window
    opens the plan is for the whole of it, afterwards nothing is selected. Times are UTC text, run times whole seconds
    rounded up. Raises PlanError, which names every mistake of policy and window, and WindowError for ``now``.
    """
    checked = parse_packing_policy(policy)
    room = room_of(window, now=now, policy=checked)
    candidates, aside = sort_out(entries_of(updates, "updates"), checked)
    packed = pack(candidates, room, checked)
    everything = sorted([*aside, *packed.aside], key=lambda entry: entry.position)
    plan = _Plan(checked, room, packed, everything, room.later())
    return {
        "selected": [_selected(plan, candidate, offset) for candidate, offset in packed.chosen],
        "deferred": [_deferred(plan, entry) for entry in everything],
        "expected_end": None if plan.seconds is None else plan.at(plan.seconds),
        "sentence": _sentence(plan),
        "rules": checked.rules,
        "window": window_dict(room.window),
        "begins": None if room.closed else plan.at(0),
        "remaining_seconds": 0 if room.closed else room.seconds,
        "reserve_seconds": checked.reserve,
        "reboot": _reboot(plan),
        "download": [
            candidate.given["id"] for candidate, _ in packed.chosen if candidate.update.downloaded is not True
        ],
        "warnings": _warnings(candidates),
    }


def _selected(plan: _Plan, candidate: Candidate, offset: int) -> dict[str, Any]:
    minutes = candidate.seconds / 60
    return {
        **candidate.given,
        "title": named(candidate.given)[1],
        "run_minutes": int(minutes) if minutes == int(minutes) else minutes,
        "start": plan.at(offset),
        "end": plan.at(offset + candidate.seconds),
    }


def _deferred(plan: _Plan, entry: SetAside) -> dict[str, Any]:
    name, title = named(entry.given)
    coming = _next(plan, entry)
    reason = entry.reason
    if coming is None and entry.seconds is not None and plan.later:
        reason += f"; none of the next {len(plan.later)} windows is long enough"
    return {
        "id": name,
        "title": title,
        "word": entry.word,
        "reason": printable(reason),
        "next_window": window_dict(coming),
    }


def _next(plan: _Plan, entry: SetAside) -> Window | None:
    """Return the first window that is long enough, what is left of this one included where that may be used."""
    if entry.seconds is None:
        return None
    room = plan.room
    if entry.word == "needs_reboot" and room.holds(entry.seconds):
        return room.window
    after = plan.packed.elapsed + plan.policy.reserve
    if entry.word in _SAME_WINDOW and room.window and room.holds(entry.seconds, after):
        return Window(seconds_of(room.begins) + after, room.window.end, room.window.names)
    return next((one for one in plan.later if one.end is None or one.end - one.start >= entry.seconds), None)


def _reboot(plan: _Plan) -> dict[str, Any]:
    """What a reboot without any update needs: the reserve."""
    waiting = [named(entry.given)[0] for entry in plan.aside if entry.word == "needs_reboot"]
    return {"seconds": plan.policy.reserve, "fits": plan.room.holds(plan.policy.reserve), "waiting": waiting}


def _warnings(candidates: Sequence[Candidate]) -> list[str]:
    found = [
        f"{candidate.update.id}: {problem}, so it does not count"
        for candidate in candidates
        for problem in candidate.update.problems
        if not problem.startswith("max_run_minutes")
    ]
    more = [f"{len(found) - MOST_WARNINGS} more"] if len(found) > MOST_WARNINGS else []
    return [printable(text) for text in [*found[:MOST_WARNINGS], *more]]


def _sentence(plan: _Plan) -> str:
    given = len(plan.packed.chosen) + len(plan.aside)
    if not given:
        return "No updates were given."
    said = [_log_line(plan)] if plan.policy.rules == CONFIGMGR_2007 else []
    said.append(_selected_words(plan, given))
    counts = Counter(entry.word for entry in plan.aside)
    reasons = [f"{counts[word]} {spoken}" for word, spoken in _SPOKEN.items() if counts[word]]
    if reasons:
        said.append(f"Deferred: {', '.join(reasons)}.")
    coming = [_next(plan, entry) for entry in plan.aside if entry.word != "needs_reboot"]
    opens = min((window.start for window in coming if window), default=None)
    if opens is not None:
        said.append(f"The first of them may run from {format_time(instant_of(opens))}.")
    return printable(" ".join(part for part in said if part))


def _selected_words(plan: _Plan, given: int) -> str:
    room, packed = plan.room, plan.packed
    if room.closed:
        return f"Nothing runs, {room.closed}."
    if plan.seconds is None:
        left = "without end" if room.seconds is None else f"{spoken_length(room.seconds)} long"
        return f"None of {given} updates is selected for the time from {plan.at(0)}, which is {left}."
    where = f" ({room.window.name})" if room.window and room.window.names else ""
    free = "nothing closes it" if room.ends is None else f"the window closes {format_time(room.ends)}"
    return (
        f"{len(packed.chosen)} of {given} updates {'run' if len(packed.chosen) > 1 else 'runs'} from {plan.at(0)} to "
        f"{plan.at(plan.seconds)}{where}; {spoken_length(plan.policy.reserve)} are kept for a reboot, {free}."
    )


def _log_line(plan: _Plan) -> str:
    """As the ConfigMgr 2007 client logged it; where all were started, what the last of them was asked for with."""
    required = plan.packed.required
    if required is None:
        return ""
    if any(entry.word in ("does_not_fit", "closed") for entry in plan.aside):
        return f"No current service window available to run updates assignment with time required = {required}."
    return f"The last one was started with time required = {required}."
