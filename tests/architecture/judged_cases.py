# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The two cases of the article about pending reboots: the simulated hosts, the play that judges them, and the page.

tests/e2e/test_judges.py runs the play and compares what every judge said with judged_cases.json, from which
generate_docs.py writes docs/judges.md. With WINOPS_WRITE_JUDGES=1 the test writes the file first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_suffix(".json")
UPDATE = "9306cdfc-c4a1-4a22-9996-848cb67eddc3"
TARGET = r"C:\WINDOWS\system32\clbcatq.dll"
SOURCE = r"C:\WINDOWS\system32\SET31.tmp"
RULE = {"update": UPDATE, "path": TARGET, "min_version": "10.0.0.0"}
JUDGES = ("winops", "wua", "itmu", "mbsa_1_2", "mbsa_2_0", "sms_2003", "configmgr")
POLICIES: Mapping[str, Mapping[str, Any]] = {"rule": {"file_rules": [RULE]}, "no rule": {}}
# By the name of the simulated host, as the table calls it.
CASES = {
    "by-hand": "EXE run by hand, not rebooted, Flags=2, file in the queue",
    "by-agent": "installed by the update agent, 3010, id listed, file in the queue",
}
_REBOOT_REQUIRED = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired"
_SESSION_MANAGER = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager"
_UPDATE_EXE = r"HKLM\SOFTWARE\Microsoft\Updates\UpdateExeVolatile"
_QUEUE = {
    "PendingFileRenameOperations": {"type": "REG_MULTI_SZ", "data": ["\\??\\" + SOURCE, "!\\??\\" + TARGET]},
}
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z")


def _host(registry: Mapping[str, Any], *, waits: bool) -> dict[str, Any]:
    update = {
        "id": UPDATE,
        "revision": 101,
        "kb": ["902400"],
        "title": "Security Update (KB902400)",
        "classification": "Security Updates",
        "installed": True,
        "reboot_required": waits,
    }
    return {
        "os": {},
        "registry": {_SESSION_MANAGER: {"values": _QUEUE}, **registry},
        "files": {TARGET: {"version": "9.0.0.0"}, SOURCE: {"version": "10.0.0.0"}},
        "update_agent": {"remote": "denied", "reboot_required": waits, "updates": [update]},
    }


HOSTS = {
    "by-hand": _host(
        {_UPDATE_EXE: {"volatile": True, "values": {"Flags": {"type": "REG_DWORD", "data": 2}}}}, waits=False
    ),
    "by-agent": _host(
        {_REBOOT_REQUIRED: {"volatile": True, "values": {UPDATE: {"type": "REG_DWORD", "data": 1}}}}, waits=True
    ),
}


def tasks() -> list[dict[str, Any]]:
    """A scan with the evidence of the host, and then every judge without any host."""
    judged = "scanned.scan | winops.patching.patch_compliance(scanned.evidence, item[1], item[0])"
    return [
        {
            "name": "scan",
            "winops.patching.win_patch_info": {"file_rules": [RULE], "evidence": "return", "poll": 1},
            "register": "scanned",
        },
        {
            "name": "judge",
            "ansible.builtin.debug": {"msg": "{{ " + judged + " }}"},
            "loop": [[judge, policy] for judge in JUDGES for policy in POLICIES.values()],
        },
    ]


Answers = dict[str, dict[str, dict[str, dict[str, Any]]]]


def answer_of(judged: Mapping[str, Any]) -> dict[str, Any]:
    """What the page shows of one answer; the time of the scan is another one in each run."""
    update = judged["updates"][UPDATE]
    check = judged["machine_check"]
    return {
        "state": update["state"],
        "word": update["word"],
        "because": _TIME.sub("(time)", update["because"]),
        "machine": judged["machine"],
        "unattributed": judged["unattributed_reboot"],
        "check": check["state"] if check else None,
    }


def known_answers() -> Answers:
    """What the play said when the file was written."""
    found: Answers = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def _cell(judge: str, answer: Mapping[str, Any]) -> str:
    shown = answer["state"] if answer["word"] == answer["state"] else f'{answer["state"]} ("{answer["word"]}")'
    if judge == "winops":
        unattributed = ", unattributed" if answer["unattributed"] else ""
        return f"{shown} / {answer['machine']}{unattributed}"
    return f"{shown} / {answer['check']}" if answer["check"] else shown


def table(policy: str) -> Iterator[str]:
    """The table of one policy: a row for each case, a column for each judge."""
    heads = {"winops": "winops update / machine", "mbsa_2_0": "mbsa_2_0 update / machine check"}
    yield f"| case | {' | '.join(heads.get(judge, judge) for judge in JUDGES)} |"
    yield f"|---|{'---|' * len(JUDGES)}"
    answers = known_answers()
    for case, title in CASES.items():
        cells = [_cell(judge, answers[case][judge][policy]) for judge in JUDGES]
        yield f"| {title} | {' | '.join(cells)} |"


def with_rule() -> Iterator[str]:
    """The table with a file rule."""
    return table("rule")


def without_rule() -> Iterator[str]:
    """The table without one."""
    return table("no rule")


def because() -> Iterator[str]:
    """What every judge went by, with the rule."""
    yield "| case | judge | because |"
    yield "|---|---|---|"
    answers = known_answers()
    for case, title in CASES.items():
        for judge in JUDGES:
            text = answers[case][judge]["rule"]["because"].replace("|", "\\|")
            yield f"| {title.split(',')[0]} | `{judge}` | {text} |"
