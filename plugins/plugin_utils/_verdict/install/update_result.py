# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The state of one planned update: what the job did with it, held against a fresh look at the host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ..._evidence.install_journal import Attempt, InstallJournal, Planned, Skip
from ..._evidence.times import format_time
from ..._evidence.wording import printable
from .fresh_look import FreshLook, View

UpdateState = Literal[
    "verified", "pending_reboot", "rolled_back", "failed", "missing", "deferred", "skipped", "unknown"
]
STATES: tuple[UpdateState, ...] = (
    "failed",
    "rolled_back",
    "missing",
    "pending_reboot",
    "unknown",
    "deferred",
    "skipped",
    "verified",
)
# Time, order or another installer was in the way: another window may do.
DEFERRED = frozenset({"does_not_fit", "too_late", "stopped", "hard_reboot", "other_installer"})
# Another window changes nothing.
SKIPPED = frozenset({"excluded", "eula", "disk_space", "revision_changed"})
# The worker could not read what decides and began nothing, or its reason was lost.
UNKNOWN = "unknown"
MAX_BECAUSE = 600
_FAILED = ("failed", "aborted")
_NOTHING_WRONG = "0x00000000"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one update. ``reason`` is the journal's word for one that was not begun, ``begun`` for the others.

    ``hresult`` is the code of what failed, from the job or from the agent's history; None where nothing did.
    """

    update: Planned
    state: UpdateState
    because: str
    hresult: str | None = None
    reason: str | None = None
    begun: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the published shape."""
        return {
            "id": self.update.id,
            "revision": self.update.revision,
            "title": self.update.title,
            "state": self.state,
            "because": printable(self.because[:MAX_BECAUSE]),
            "hresult": self.hresult,
            "reason": self.reason,
            "begun": self.begun,
        }


def judge_update(update: Planned, look: FreshLook, *, running: bool | None) -> Result:
    """Return what came of an update; ``running``: whether the job goes on, None where nobody knows."""
    journal = look.journal
    view = look.of(update)
    attempt = journal.attempt(update.id)
    if attempt is not None:
        state, because, code = _begun(update, attempt, view, look, running=running)
        return Result(update, state, because, code, begun=True)
    skip = journal.skips.get(update.id)
    if skip is not None:
        state, because, code = _skipped(update, skip, view, journal)
        return Result(update, state, because, code, reason=skip.reason)
    state, because = _untouched(view, journal, running=running)
    return Result(update, state, because)


_Answer = tuple[UpdateState, str, "str | None"]


def _begun(update: Planned, attempt: Attempt, view: View, look: FreshLook, *, running: bool | None) -> _Answer:
    if attempt.result is None:
        return _broken_off(attempt, view, look, running=running)
    answer = _succeeded(attempt, view, look) if attempt.succeeded else _reported_failure(attempt, view, look)
    return _not_verified_when_lost(update, attempt, answer, look.journal)


def _not_verified_when_lost(update: Planned, attempt: Attempt, answer: _Answer, journal: InstallJournal) -> _Answer:
    """An agent that says "installed" does not know that somebody overwrote what was left for the next boot."""
    lost = journal.suspects.get(update.id)
    state, because, code = answer
    if lost is not None:
        return ("unknown" if state == "verified" else state), f"{because}; {lost}", code
    if state == "verified" and attempt.unread:
        return "unknown", f"{because}; whether entries of {' and '.join(attempt.unread)} were lost is not known", code
    return answer


def _succeeded(attempt: Attempt, view: View, look: FreshLook) -> _Answer:
    done = f"its installation {_when(attempt)}was reported as done"
    booted = look.booted_after(attempt.at or attempt.ended_at)
    if attempt.reboot_required is True and not booted:
        return "pending_reboot", f"{done} and needs a reboot, which has not been made", None
    if view.word == "waiting":
        return "pending_reboot", f"{done}; {view.text}", None
    if view.word == "installed":
        if attempt.reboot_required is None and not booted and look.reboot != "not_required":
            return "unknown", f"{view.text}; whether it needs a reboot is not known", None
        return "verified", view.text, None
    if view.word == "offered":
        return _offered_again(attempt, view, look, done, booted=booted)
    return "unknown", f"{done}; {view.text}", None


def _offered_again(attempt: Attempt, view: View, look: FreshLook, done: str, *, booted: bool) -> _Answer:
    result, code = look.history(attempt.id, attempt.at)
    told = f"; the agent's history says {result} with {code or 'an unknown code'}" if result in _FAILED else ""
    text = f"{done}, and now {view.text}{told}"
    failure = _failure(code) if result in _FAILED else None
    if booted or result in _FAILED:
        return "rolled_back", text, failure
    return "missing", f"{text}, without a boot in between", failure


def _reported_failure(attempt: Attempt, view: View, look: FreshLook) -> _Answer:
    code = _failure(attempt.hresult) or _failure(look.history(attempt.id, attempt.at)[1])
    text = f"its installation {_when(attempt)}{attempt.result} with {code or 'an unknown code'}"
    if view.word == "installed":
        return "verified", f"{text}, and yet {view.text}", code
    if view.word == "waiting":
        return "failed", f"{text}; {view.text}", code
    return "failed", text, code


def _broken_off(attempt: Attempt, view: View, look: FreshLook, *, running: bool | None) -> _Answer:
    """It was begun, and nobody wrote down how it ended: only the agent's history and a fresh look can tell."""
    begun = f"its installation was begun {_when(attempt)}".rstrip()
    if running is True and look.journal.doing == attempt.id:
        return "unknown", f"{begun} and goes on", None
    text = f"{begun} and the journal does not tell its end"
    result, history_code = look.history(attempt.id, attempt.at)
    code = _failure(history_code)
    told = f"the agent's history says {result}" if result is not None else "the agent's history does not tell either"
    if view.word == "waiting":
        return "pending_reboot", f"{text}; {view.text}", None
    if result in _FAILED and view.word != "installed":
        return "failed", f"{text}; {told} with {code or 'an unknown code'}", code
    succeeded = result is not None and result.startswith("succeeded")
    if view.word == "installed":
        return ("verified" if succeeded else "unknown"), f"{text}; {view.text}, and {told}", None
    if view.word == "offered":
        return ("rolled_back" if succeeded else "missing"), f"{text}; {view.text}, and {told}", None
    return "unknown", f"{text}; {told}; {view.text}", None


def _skipped(update: Planned, skip: Skip, view: View, journal: InstallJournal) -> _Answer:
    text = skip.text or f"it was not begun: {skip.reason.replace('_', ' ')}"
    now = _now(view)
    if now is not None:
        return now, f"{text}; {view.text}", None
    if skip.reason == "download_failed":
        _result, code = journal.downloads.get(update.id, ("", None))
        failure = _failure(code)
        return "failed", f"{text}{f' ({failure})' if failure and failure not in text else ''}", failure
    if skip.reason in DEFERRED:
        return "deferred", text, None
    if skip.reason == UNKNOWN:
        return ("skipped" if view.word == "absent" else "unknown"), f"{text}; {view.text}", None
    if skip.reason in ("installed", "not_offered"):
        if view.word == "offered":
            return "missing", f"{text}; {view.text}", None
        return ("unknown" if skip.reason == "installed" else "skipped"), f"{text}; {view.text}", None
    if skip.reason in SKIPPED:
        return "skipped", text, None
    return "unknown", f"{text}; '{skip.reason}' is no reason that is known here", None


def _untouched(view: View, journal: InstallJournal, *, running: bool | None) -> tuple[UpdateState, str]:
    now = _now(view)
    if now is not None:
        return now, f"{view.text}, and the journal does not name it"
    if running is True:
        return "unknown", "the job has not come to it yet"
    if view.word == "offered":
        return "missing", f"the job ended before it came to it; {view.text}"
    damaged = f", {journal.damaged} lines of which are damaged" if journal.damaged else ""
    return "unknown", f"the journal does not name it{damaged}; {view.text}"


def _now(view: View) -> UpdateState | None:
    """What a fresh look says of an update that this job has not begun."""
    if view.word == "installed":
        return "verified"
    return "pending_reboot" if view.word == "waiting" else None


def _when(attempt: Attempt) -> str:
    at = attempt.at or attempt.ended_at
    return f"of {format_time(at)} " if at is not None else ""


def _failure(code: str | None) -> str | None:
    return None if code == _NOTHING_WRONG else code
