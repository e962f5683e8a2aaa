# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The forerunners' judges: what each would have said of an update, by what it looked at.

Source of their rules: "How to detect if a reboot is needed after installing a patch" (Microsoft, 2005) for WUA, ITMU,
MBSA 1.2 and MBSA 2.0, "SMS 2003: Troubleshooting the data flow for Security and Office updates" for the words of
SMS 2003, and "Information on the ConfigMgr 2007 client side process for Software Updates" for ConfigMgr's states.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..._evidence.answers import Reading, answer_of, number_of, value_of
from ..._evidence.catalogue import place_of_probe
from ..._evidence.document import Evidence
from ..._evidence.scan import Update
from ..._evidence.times import format_time
from .file_rules import FileRule
from .host import HostView
from .judge_winops import agent_answer, judge_winops, not_trusted
from .outcome import Outcome
from .rule_answers import ask_rules

# The article's own words for an update that fails its detection rules.
_ARTICLE = "it does not pass its detection rules, of which the article says: WUA reports that a reboot is pending"
_NO_RULE = "no file rule is given for it, and this judge looks at nothing else"


def judge_wua(update: Update, rules: Sequence[FileRule], host: HostView) -> Outcome:
    """The Windows Update Agent: by a file rule, the file that the queue will move into place decides."""
    if host.untrusted:
        return not_trusted(host)
    if not rules:
        return agent_answer(update)
    found = ask_rules(rules, host)
    if found.later == "passes":
        return Outcome("installed", f"it passes its detection rules: {found.later_text}")
    if found.later == "fails":
        return Outcome("needed", f"{_ARTICLE} ({found.later_text})")
    return Outcome("unknown", f"its detection rules cannot be judged: {found.later_text}")


def judge_itmu(update: Update, rules: Sequence[FileRule], host: HostView) -> Outcome:
    """The Inventory Tool for Microsoft Updates: WUA's answer, but what the key lists is applicable."""
    answer = judge_wua(update, rules, host)
    if answer.state != "installed":
        return answer
    if host.namings.key_unread:
        return Outcome(
            "unknown", f"WUA says installed, but the RebootRequired key is not known: {host.namings.key_unread}"
        )
    if update.id in host.namings.key_ids:
        text = f"the id {update.id} stands under the agent's RebootRequired key: flagged as applicable"
        return Outcome("needed", f"WUA says installed, but {text}")
    return answer


def judge_mbsa_1_2(update: Update, rules: Sequence[FileRule], host: HostView) -> Outcome:
    """MBSA 1.2: the file on disk decides, the rename queue is not looked at."""
    return _by_disk(rules, host)


def judge_sms_2003(update: Update, rules: Sequence[FileRule], host: HostView) -> Outcome:
    """SMS 2003 with the catalogue of MBSA 1: the same, as of the last scan."""
    found = _by_disk(rules, host)
    if found.state == "unknown" or host.scan.scanned_at is None:
        return found
    return Outcome(found.state, f"{found.because} (as of the scan of {format_time(host.scan.scanned_at)})")


def _by_disk(rules: Sequence[FileRule], host: HostView) -> Outcome:
    if not rules:
        return Outcome("unknown", _NO_RULE)
    found = ask_rules(rules, host)
    if found.now == "unknown":
        return Outcome("unknown", f"the file on disk is not known: {found.now_text}")
    return Outcome("installed" if found.now == "passes" else "needed", f"the file on disk decides: {found.now_text}")


def judge_configmgr(update: Update, rules: Sequence[FileRule], host: HostView) -> Outcome:
    """ConfigMgr: five states of the client, and the server's "unknown" while its metadata is newer than the scan."""
    if host.catalog_newer:
        return Outcome("unknown", "the catalogue is newer than the last scan")
    found = judge_winops(update, (), host)
    return Outcome("needed", found.because) if found.state == "failed" else found


def machine_check_mbsa_2_0(evidence: Evidence | None) -> tuple[str, str]:
    """Return (``pending_reboot``, ``clear`` or ``unknown``, why) by the raw Flags of UpdateExeVolatile alone.

    "If you have a 1 or 2 in the flags value, a reboot is pending": neither the write time nor anything else is looked
    at, as the forerunner did.
    """
    if evidence is None:
        return "unknown", "no evidence of the host is given"
    views = [_flags(evidence, probe) for probe in ("update_exe", "update_exe_32")]
    for word in ("pending_reboot", "unknown"):
        for state, why in views:
            if state == word:
                return state, why
    return views[0]


def _flags(evidence: Evidence, probe: str) -> tuple[str, str]:
    place = place_of_probe(probe)
    answer = answer_of(evidence.probes, probe)
    if answer.reading is Reading.ABSENT:
        return "clear", f"{place} is not there"
    if answer.reading is not Reading.FOUND:
        return "unknown", f"{place}: {answer.reason}"
    exists, _kind, data = value_of(answer.data, "Flags")
    if not exists:
        return "clear", f"{place} is not there"
    flags = number_of(data)
    if flags is None:
        return "unknown", f"{place} holds no number"
    if flags & 3:
        return "pending_reboot", f"{place} is {flags}"
    return ("clear" if flags == 0 else "unknown"), f"{place} is {flags}"
