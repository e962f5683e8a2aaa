# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the options of win_reboot_pending_info do, and what is said about wrong ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from winsim.testing import serve

INFO = "winops.patching.win_reboot_pending_info"
SESSION_MANAGER = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager"
REBOOT_REQUIRED = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired"
AGENT = "agent_reboot_required"
QUEUES = ["pending_file_rename", "pending_file_rename_2"]
QUEUE = [
    r"\??\C:\Windows\Temp\a.tmp",
    "",
    r"\??\C:\ProgramData\Acme\x.log",
    "",
    r"\??\C:\Windows\System32\SET1.tmp",
    r"!\??\C:\Windows\System32\acme.dll",
]
HOSTS = {
    "queue": {
        "os": {},
        "registry": {
            SESSION_MANAGER: {"values": {"PendingFileRenameOperations": {"type": "REG_MULTI_SZ", "data": QUEUE}}},
        },
        "update_agent": {"remote": "denied"},
    },
    "denied": {"os": {}, "denied": [SESSION_MANAGER], "update_agent": {"remote": "denied"}},
    "quiet": {
        "os": {},
        "registry": {
            r"HKLM\SOFTWARE\Microsoft\ServerManager": {
                "values": {"CurrentRebootAttempts": {"type": "REG_DWORD", "data": 2}},
            },
        },
        "files": {r"C:\Windows\WinSxS\pending.xml": {"size": 9}},
        "update_agent": {"remote": "denied"},
    },
    "waiting": {
        "os": {"boot_time": "2026-10-01T03:12:00Z"},
        "registry": {
            REBOOT_REQUIRED: {
                "volatile": True,
                "write_time": "2026-10-17T22:40:00Z",
                "values": {"d3b36f5d-2f4d-4cbd-9e4f-4a7e3f5a8a11": {"type": "REG_DWORD", "data": 1}},
            },
        },
        "update_agent": {"reboot_required": True},
    },
}
DRIVER = {"match": r"\\acme\.dll$", "reason": "The driver renews itself at every boot"}
HINTS = ["server_manager_attempts", "winsxs_pending_xml"]
# what it shows: (host, options, what the verdict must hold)
ANSWERED = {
    "without options everything is asked": ("queue", {}, {"reboot": "required", "because": QUEUES[:1]}),
    "an own rename rule may ignore a significant entry": (
        "queue",
        {"rename_rules": [DRIVER]},
        {"reboot": "not_required", "hints": QUEUES[:1]},
    ),
    "a rule that has expired ignores nothing": (
        "queue",
        {"rename_rules": [{**DRIVER, "expires": "2020-01-01"}]},
        {"reboot": "required", "because": QUEUES[:1]},
    ),
    "the rename queue can be ignored whole": (
        "queue",
        {"policy": {"rename_queue": "ignore"}},
        {"reboot": "not_required", "ignored": [{"id": QUEUES[0], "rule": "rename_queue"}]},
    ),
    "a strength can be lowered": (
        "queue",
        {"policy": {"strengths": {QUEUES[0]: "weak"}}},
        {"reboot": "not_required", "hints": QUEUES[:1]},
    ),
    "a signal can be ignored, and that is told": (
        "queue",
        {"policy": {"ignore_signals": QUEUES[:1]}},
        {"reboot": "not_required", "ignored": [{"id": QUEUES[0], "rule": "ignore_signals"}]},
    ),
    "skipping a required signal leaves the answer unknown": ("queue", {"skip": QUEUES}, {"reboot": "unknown"}),
    "skipping one of two signals that are read together skips that one": (
        "queue",
        {"skip": QUEUES[:1]},
        {"reboot": "unknown", "because": []},
    ),
    "skipping decides when the policy does not require what was skipped": (
        "queue",
        {"skip": QUEUES, "policy": {"require": ["wu_reboot_required"]}},
        {"reboot": "not_required"},
    ),
    "asking for one signal leaves the required others unknown": (
        "quiet",
        {"signals": ["wu_reboot_required"]},
        {"reboot": "unknown", "update_agent": "not_asked"},
    ),
    "asking for one signal decides when only it is required": (
        "quiet",
        {"signals": ["wu_reboot_required"], "policy": {"require": ["wu_reboot_required"]}},
        {"reboot": "not_required", "unknown": [], "hints": []},
    ),
    "an agent that is not asked is no refusal": (
        "quiet",
        {"update_agent": "skip"},
        {"reboot": "not_required", "update_agent": "not_asked", "unknown": []},
    ),
    "an agent that refuses is told and does not decide": (
        "quiet",
        {},
        {"reboot": "not_required", "update_agent": "denied", "hints": HINTS},
    ),
    "an agent that refuses decides where the policy requires it": (
        "quiet",
        {"policy": {"require": [AGENT]}},
        {"reboot": "unknown"},
    ),
    "an agent that is skipped decides where the policy requires it": (
        "quiet",
        {"update_agent": "skip", "policy": {"require": [AGENT]}},
        {"reboot": "unknown"},
    ),
    "two weak signals of different sources decide where the policy says so": (
        "quiet",
        {"policy": {"weak_decides": 2}},
        {"reboot": "required", "because": HINTS, "hints": []},
    ),
    "what could not be read is unknown": ("denied", {}, {"reboot": "unknown"}),
    "what could not be read can be taken for required": (
        "denied",
        {"unknown_is": "required"},
        {"reboot": "required", "because": []},
    ),
    "the policy can take it for required too": (
        "denied",
        {"policy": {"unknown_is": "required"}},
        {"reboot": "required"},
    ),
    "without since no age is told": ("waiting", {}, {"reboot": "required", "since": None, "update_agent": "read"}),
    "with since the oldest deciding write time is told": (
        "waiting",
        {"since": True},
        {"reboot": "required", "since": "2026-10-17T22:40:00Z"},
    ),
}
# what is wrong: (options, what is said about it)
REFUSED = {
    "a signal that is none": ({"signals": ["wu_reboot"]}, "signals: 'wu_reboot' is no signal (did you mean"),
    "a signal to skip that is none": ({"skip": ["cbs"]}, "skip: 'cbs' is no signal"),
    "nothing left to ask": (
        {"signals": ["wu_reboot_required"], "skip": ["wu_reboot_required"]},
        "nothing is left to ask for",
    ),
    "a bad regular expression": (
        {"rename_rules": [{"match": "(", "reason": "x"}]},
        "rename_rules[0].match: not a regular expression",
    ),
    "a rule without a reason": ({"rename_rules": [{"match": "x"}]}, "rename_rules[0].reason: is required"),
    "a rule that names nothing": ({"rename_rules": [{"reason": "x"}]}, "needs match, operation or place"),
    "a rule set that does not exist": ({"rename_rules": ["nosuch"]}, "no rule set is named 'nosuch'"),
    "a rule that is a number": ({"rename_rules": [3]}, "rename_rules[0]: must be a rule"),
    "rules in two places": ({"rename_rules": [], "policy": {"rename_rules": []}}, "keep one of them"),
    "a policy key that does not exist": ({"policy": {"requires": []}}, "policy.requires: no such key (did you mean"),
    "a policy that is a word": ({"policy": "strict"}, "'policy'"),
    "a policy that requires what is no signal": ({"policy": {"require": ["x"]}}, "policy.require: 'x' is no signal"),
    "a strength that is none": (
        {"policy": {"strengths": {"wu_reboot_required": "huge"}}},
        "policy.strengths.wu_reboot_required: 'huge' is not one of",
    ),
    "an age that is none": ({"policy": {"max_scan_age": "soon"}}, "policy.max_scan_age: 'soon' is not a duration"),
    "a bad word for unknown": ({"unknown_is": "no"}, "value of unknown_is must be one of"),
    "a bad word for the agent": ({"update_agent": "ask"}, "value of update_agent must be one of"),
    "a bad word for evidence": ({"evidence": "all"}, "value of evidence must be one of"),
    "no folder for the evidence": ({"evidence": "file"}, "evidence_dir: evidence=file needs the folder"),
    "a folder that cannot be written": ({"evidence": "file", "evidence_dir": "/proc/none"}, "cannot write /proc/none"),
    "since that is no yes or no": ({"since": "perhaps"}, "'since'"),
    "an option that does not exist": ({"evidnce": "none"}, "evidnce"),
}


@pytest.fixture(scope="module")
def tried(once, commands):
    """Every case as a task of its own, all in one run."""

    def make(work: Path):
        cases = [(name, host, options) for name, (host, options, _) in ANSWERED.items()]
        cases += [(name, "quiet", options) for name, (options, _) in REFUSED.items()]
        folder = str(work / "evidence")
        cases += [
            ("fail", "denied", {"unknown_is": "fail"}),
            ("return", "queue", {"evidence": "return", "rename_rules": ["no_shipped_rules"], "run_id": "r1"}),
            ("file", "queue", {"evidence": "file", "evidence_dir": folder}),
            ("check", "queue", {"evidence": "file", "evidence_dir": folder + "2"}),
        ]
        plays = [
            {
                "hosts": host,
                "gather_facts": False,
                "tasks": [{"name": name, INFO: options, "ignore_errors": True, "check_mode": name == "check"}],
            }
            for name, host, options in cases
        ]
        with serve(HOSTS, work / "sim") as fleet:
            run = commands(work / "ansible").playbook(fleet.inventory, plays)
        files = sorted(work.glob("evidence*/*"))
        run.notes["modes"] = {f"{path.parent.name}/{path.name}": path.stat().st_mode & 0o777 for path in files}
        run.notes["saved"] = json.loads((work / "evidence" / "queue.json").read_text(encoding="utf-8"))
        return run

    return once("options", make)


@pytest.mark.parametrize("case", ANSWERED)
def test_an_option_changes_the_verdict_as_documented(tried, case):
    _, _, expected = ANSWERED[case]
    result = tried.of(case)
    assert {key: result["verdict"][key] for key in expected} == expected, result
    assert result.get("reboot_required") == {"required": True, "not_required": False}.get(expected["reboot"])


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_option_is_refused_in_one_clear_sentence(tried, case):
    _, complaint = REFUSED[case]
    result = tried.of(case)
    assert tried.states(case) == {"quiet": "failed"}
    assert complaint in result["msg"]
    assert len(result["msg"].splitlines()) == 1
    assert "verdict" not in result


def test_no_wrong_option_leads_to_a_traceback(tried):
    assert "Traceback" not in tried.output
    assert not [entry for entry in tried.results if "exception" in entry["result"] and "File " in str(entry)]


def test_an_unknown_verdict_fails_the_task_where_that_was_asked_for(tried):
    result = tried.of("fail")
    assert tried.states("fail") == {"denied": "failed"}
    assert (result["verdict"]["reboot"], "reboot_required" in result) == ("unknown", False)
    assert result["msg"] == result["verdict"]["sentence"]


def test_what_is_taken_for_required_names_what_was_not_readable_as_its_reason(tried):
    reasons = tried.of("what could not be read can be taken for required")["reboot_required_reasons"]
    assert [reason["signal"] for reason in reasons] == QUEUES
    assert all("not readable: access denied" in reason["description"] for reason in reasons)


def test_the_evidence_can_be_returned_with_all_signals(tried):
    result = tried.of("return")
    assert (result["evidence"]["schema"], result["evidence"]["run_id"]) == ("winops.patching/evidence/1", "r1")
    signals = {signal["id"]: signal for signal in result["signals"]}
    assert signals["pending_file_rename"]["state"] == "present"
    assert signals["cbs_reboot_pending"]["state"] == "absent"
    assert [entry["place"] for entry in signals["pending_file_rename"]["entries"]] == ["system32", "temp", "other"]


def test_without_shipped_rules_no_entry_of_the_queue_is_ignored(tried):
    [signal] = [signal for signal in tried.of("return")["signals"] if signal["id"] == "pending_file_rename"]
    assert [entry["rule"] for entry in signal["entries"]] == [None, None, None]


def test_the_evidence_is_saved_for_its_owner_only_also_in_check_mode(tried):
    assert tried.notes["modes"] == {"evidence/queue.json": 0o600, "evidence2/queue.json": 0o600}
    assert tried.of("file")["evidence_file"].endswith("/evidence/queue.json")
    assert tried.of("file")["changed"] is False


def test_the_saved_document_is_the_evidence_and_keeps_empty_strings_of_the_queue(tried):
    document = tried.notes["saved"]
    values = document["probes"]["session_manager"]["data"]["values"]
    assert values["PendingFileRenameOperations"] == {"kind": "REG_MULTI_SZ", "data": QUEUE}
    assert document["host"] == "queue"
