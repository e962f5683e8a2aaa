# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The judges by name, and the words in which each would have told its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..._evidence.scan import Update
from ..._evidence.wording import nearest
from . import judge_forerunners as forerunners
from .file_rules import FileRule
from .host import HostView
from .judge_winops import judge_winops
from .outcome import STATES, Outcome

JudgeUpdate = Callable[[Update, Sequence[FileRule], HostView], Outcome]


class JudgeError(ValueError):
    """A judge that there is not; the message names those that there are."""


@dataclass(frozen=True, slots=True)
class Judge:
    """``words`` by state. ``by_disk``: it knows files only, so an update that a scan lacks is unknown to it.

    ``tells_reboots``: it has a state for an update that waits, and so one for an id that waits and no scan shows.
    ``rejects``: it tells what is installed although the policy rejects it. ``checks_flags``: it has a machine check.
    """

    name: str
    judge: JudgeUpdate
    words: Mapping[str, str]
    by_disk: bool = False
    tells_reboots: bool = False
    rejects: bool = False
    checks_flags: bool = False


def _words(needed: str) -> Mapping[str, str]:
    return {"installed": "installed", "needed": needed, "not_needed": "not applicable", "unknown": "unknown"}


_CONFIGMGR_WORDS = {
    "installed": "Installed",
    "needed": "Needed",
    "not_needed": "Not Needed",
    "soft_reboot": "Soft Reboot",
    "hard_reboot": "Hard Reboot",
    "unknown": "Unknown",
}

JUDGES: Mapping[str, Judge] = {
    judge.name: judge
    for judge in (
        Judge("winops", judge_winops, {state: state for state in STATES}, tells_reboots=True, rejects=True),
        Judge("wua", forerunners.judge_wua, _words("missing")),
        Judge("itmu", forerunners.judge_itmu, _words("applicable")),
        Judge("mbsa_1_2", forerunners.judge_mbsa_1_2, _words("applicable"), by_disk=True),
        Judge("mbsa_2_0", forerunners.judge_wua, _words("missing"), checks_flags=True),
        Judge("sms_2003", forerunners.judge_sms_2003, _words("applicable"), by_disk=True),
        Judge("configmgr", forerunners.judge_configmgr, _CONFIGMGR_WORDS, tells_reboots=True),
    )
}


def judge_named(name: object) -> Judge:
    """Return the judge of a name; raise JudgeError where there is none."""
    judge = JUDGES.get(name) if isinstance(name, str) else None
    if judge is None:
        words = list(JUDGES)
        raise JudgeError(
            f"judge: {str(name)[:60]!r} is no judge{nearest(str(name), words)}; there are {', '.join(words)}"
        )
    return judge
