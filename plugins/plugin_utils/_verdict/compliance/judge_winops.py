# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""This collection's own judge: the update agent's answer, changed only by evidence that names the update."""

from __future__ import annotations

from collections.abc import Sequence

from ..._evidence.scan import Update
from .file_rules import FileRule
from .history import NOT_ALLOWED, failure_of, rolled_back
from .host import HostView
from .outcome import Outcome
from .rule_answers import ask_rules

SAYS_INSTALLED = "the update agent says that it is installed"
SAYS_MISSING = "the update agent says that it is not installed"
_UNTOLD = f"{SAYS_INSTALLED}, and did not say whether it waits for a reboot"
_WAITED = "it waited for a reboot when it was scanned, and the host has booted since: only a new scan shows the result"


def judge_winops(update: Update, rules: Sequence[FileRule], host: HostView) -> Outcome:
    """Judge one update. A removal or an installation that waits never makes a missing update less than missing."""
    if host.untrusted:
        return not_trusted(host)
    if update.installed is False:
        return _missing(update, host)
    named = host.namings.about(update)
    if named:
        hard = any(naming.hard for naming in named)
        entries = ask_rules(rules, host).entries if rules else ()
        return Outcome(
            "hard_reboot" if hard else "soft_reboot", "; ".join([*(naming.text for naming in named), *entries])
        )
    if host.outdated and (update.reboot_required is True or update.id in host.scan.reboot_required_updates):
        return Outcome("unknown", _WAITED)
    if rules:
        found = _by_rules(rules, host)
        if found is not None:
            return found
    return agent_answer(update)


def not_trusted(host: HostView) -> Outcome:
    """The answer for every update of a scan that used another source than expected."""
    return Outcome("unknown", f"the scan is not trusted: {host.untrusted}")


def agent_answer(update: Update) -> Outcome:
    """The agent's own word; damaged and missing words are unknown."""
    if update.installed is True:
        damaged = [problem for problem in update.problems if problem.startswith("reboot_required ")]
        if damaged or update.reboot_untold:
            return Outcome("unknown", damaged[0] if damaged else _UNTOLD)
        return Outcome("installed", SAYS_INSTALLED)
    if update.installed is False:
        return Outcome("needed", SAYS_MISSING)
    why = "; ".join(problem for problem in update.problems if problem.startswith("installed "))
    return Outcome("unknown", f"the scan does not say whether it is installed{f' ({why})' if why else ''}")


def _missing(update: Update, host: HostView) -> Outcome:
    attempt = host.attempts.get(update.id)
    failure = failure_of(attempt)
    if failure is not None:
        if attempt and attempt.hresult == NOT_ALLOWED and host.scan.reboot_required_before_installation is True:
            text = f"{failure} (not allowed now), and the agent says RebootRequiredBeforeInstallation"
            return Outcome("hard_reboot", text)
        return Outcome("failed", failure)
    notes = [SAYS_MISSING]
    back = rolled_back(attempt, host.scan.scanned_at)
    if back:
        notes.append(back)
    named = host.namings.about(update)
    if named:
        notes.append(f"{named[0].text}: it was installed after the scan, or a removal waits; scan again")
    return Outcome("needed", "; ".join(notes))


def _by_rules(rules: Sequence[FileRule], host: HostView) -> Outcome | None:
    """A queue entry aimed at a file of the update's rule names it; a file that fails contradicts the agent."""
    found = ask_rules(rules, host)
    if found.entries:
        text = "; ".join(found.entries)
        if found.later == "fails":
            text = f"{text}; even after the boot the rule will not be kept ({found.later_text})"
        return Outcome("soft_reboot", text)
    if found.now == "passes":
        return None
    if found.now == "unknown":
        return Outcome("unknown", f"its file rule cannot be judged: {found.now_text}")
    waits = "nothing waits to replace it" if host.queue is not None else "whether one waits to replace it is not known"
    return Outcome("unknown", f"its file contradicts the update agent: {found.now_text}, and {waits}")
