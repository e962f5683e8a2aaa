# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Hosts that answer with templates, foreign letters, control characters and far too much of everything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

INFO = "winops.patching.win_reboot_pending_info"
SESSION_MANAGER = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager"
WINDOWS = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion"
REBOOT_REQUIRED = WINDOWS + r"\WindowsUpdate\Auto Update\RebootRequired"
TCPIP = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
TEMPLATE = "{{ 7 * 191 }}{% raw %}{{ lookup('ansible.builtin.pipe', 'id') }}{# no #}"
EVALUATED = "1337"
CONTROLS = "\x1b[31mred\x07\u202e\u2066\r\nfatal: [x]"
MANY = 100_000


def queue(*strings: str) -> dict[str, object]:
    return {SESSION_MANAGER: {"values": {"PendingFileRenameOperations": {"type": "REG_MULTI_SZ", "data": [*strings]}}}}


def renamed_to(name: str) -> dict[str, object]:
    names = {"Hostname": "old", "NV Hostname": name}
    return {TCPIP: {"values": {value: {"type": "REG_SZ", "data": text} for value, text in names.items()}}}


def number_as(kind: str, data: object) -> dict[str, object]:
    return {"values": {"CurrentRebootAttempts": {"type": kind, "data": data}}}


HOSTS = {
    "template": {
        "os": {"caption": f"Windows {TEMPLATE}"},
        "registry": {
            **queue(r"\??\C:\Windows\System32\a.tmp", rf"!\??\C:\Windows\System32\{TEMPLATE}.dll"),
            **renamed_to(TEMPLATE),
        },
    },
    "polyglot": {
        "os": {"caption": "Microsoft Windows Server 2022 Standard, 日本語 Ünïcode"},
        "registry": {
            **queue(r"\??\C:\Windows\System32\обновление.tmp", r"!\??\C:\Windows\System32\библиотека-更新-😀.dll"),
            **renamed_to("сервер-東京"),
        },
    },
    "controls": {"os": {"caption": CONTROLS}, "registry": renamed_to(CONTROLS)},
    "long-queue": {
        "os": {},
        "registry": queue(r"\??\C:\Windows\System32\SET1.tmp", r"!\??\C:\Windows\System32\last.dll"),
    },
    "long-noise": {
        "os": {},
        "registry": queue(*[text for n in range(2_000) for text in (rf"\??\C:\Windows\Temp\{n:06}.tmp", "")]),
    },
    "large": {
        "os": {"caption": "W" * 100_000},
        "registry": {
            REBOOT_REQUIRED: {"values": {f"{'v' * 200}{n}": {"type": "REG_DWORD", "data": 1} for n in range(2_000)}},
            **renamed_to("n" * 1_000_000),
            **{rf"{WINDOWS}\Component Based Servicing\PackagesPending\{'p' * 100}{n}": {} for n in range(2_000)},
        },
    },
    "odd-count": {"os": {}, "registry": queue(r"\??\C:\Windows\System32\drivers\a.sys")},
    "only-empty": {"os": {}, "registry": queue("", "", "", "")},
    "queue-as-text": {
        "os": {},
        "registry": {
            SESSION_MANAGER: {"values": {"PendingFileRenameOperations": {"type": "REG_SZ", "data": r"\??\C:\a"}}},
        },
    },
    "number-as-text": {"os": {}, "registry": {r"HKLM\SOFTWARE\Microsoft\ServerManager": number_as("REG_SZ", "two")}},
    "nameless": {
        "os": {},
        "registry": {r"HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName": {}},
    },
}
# A host file of that length would take longer to read than all the tests here.
PREPEND = f"""
import json

NOISE = [text for n in range({MANY} - 1) for text in (r"\\??\\C:\\Windows\\Temp\\n" + str(n), "")]

def change(host, text):
    if host != "long-queue":
        return text
    answer = json.loads(text)
    value = answer["probes"]["session_manager"]["data"]["values"]["PendingFileRenameOperations"]
    value["data"][:0] = NOISE
    return json.dumps(answer).encode()
"""
EXPECTED = {
    "template": ("required", ["pending_file_rename", "hostname_rename"]),
    "polyglot": ("required", ["pending_file_rename", "hostname_rename"]),
    "controls": ("required", ["hostname_rename"]),
    "long-queue": ("required", ["pending_file_rename"]),
    "long-noise": ("not_required", []),
    "large": ("required", ["wu_reboot_required", "hostname_rename"]),
    "odd-count": ("required", ["pending_file_rename"]),
    "only-empty": ("not_required", []),
    "queue-as-text": ("unknown", []),
    "number-as-text": ("not_required", []),
    "nameless": ("unknown", []),
}


@pytest.fixture(scope="module")
def seen(once, commands, serve_changed):
    """All of them in a play that asks, shows the sentence through a template and gathers the facts; and the report."""

    def make(work: Path):
        ansible = commands(work / "ansible")
        tasks = [
            {"name": "ask", INFO: {}, "register": "r"},
            {"name": "show", "ansible.builtin.debug": {"msg": "{{ r.verdict.sentence }}"}},
            {
                "name": "all",
                INFO: {"evidence": "return"},
                "register": "all",
                "when": "inventory_hostname == 'template'",
            },
            {
                "name": "entries",
                "ansible.builtin.debug": {"msg": "{{ all.signals | map(attribute='entries') | flatten }}"},
                "when": "inventory_hostname == 'template'",
            },
            {"name": "facts", "winops.patching.win_patch_facts": {}},
        ]
        with serve_changed(HOSTS, work / "sim", PREPEND) as fleet:
            run = ansible.play(fleet.inventory, tasks)
            report = ansible.assess(fleet.inventory)
        # The words of the simulated hosts are not what is looked for in the tests' own record.
        run.notes.update(report=report.notes["fleet"], table=report.output, code=report.code)
        return run

    return once("hostile", make)


@pytest.mark.parametrize("host", HOSTS)
def test_a_hostile_host_has_its_verdict_in_the_result_and_in_the_report(seen, host):
    verdict = seen.of("ask", host)["verdict"]
    row = seen.notes["report"]["hosts"][host]
    assert (verdict["reboot"], verdict["because"]) == EXPECTED[host], verdict["sentence"]
    assert (row["reboot"], row["because"], row["error"]) == (*EXPECTED[host], None)


@pytest.mark.parametrize("host", HOSTS)
def test_what_a_hostile_host_returns_stays_small(seen, host):
    assert len(json.dumps(seen.of("ask", host)).encode()) <= 4096
    assert len(json.dumps(seen.of("facts", host)["ansible_facts"]).encode()) <= 2048


def test_a_template_in_the_text_of_a_host_is_shown_and_never_evaluated(seen):
    assert TEMPLATE in seen.of("show", "template")["msg"]
    entries = json.dumps(seen.of("entries", "template")["msg"])
    assert "{{ 7 * 191 }}" in entries
    everything = seen.output + seen.notes["table"] + json.dumps(seen.notes["report"]) + entries
    assert EVALUATED not in everything
    assert "uid=" not in everything


def test_foreign_letters_arrive_as_they_are(seen):
    sentence = seen.of("show", "polyglot")["msg"]
    assert "библиотека-更新-😀.dll" in sentence


def test_control_characters_of_a_host_do_not_reach_the_terminal_through_the_table(seen):
    table = seen.notes["table"].partition("\nSaved: ")[0]
    assert "\x1b" not in table
    assert "\u202e" not in table
    assert len([line for line in table.splitlines() if line.startswith("controls ")]) == 1


def test_the_one_entry_that_matters_is_found_among_a_hundred_thousand(seen):
    sentence = seen.of("show", "long-queue")["msg"]
    assert f"{MANY} file operations wait" in sentence
    assert "last.dll" in sentence


def test_a_queue_of_noise_alone_is_told_as_ignored(seen):
    ignored = seen.of("ask", "long-noise")["verdict"]["ignored"]
    assert [entry["rule"] for entry in ignored] == ["temp_deletions"]


def test_what_makes_no_sense_is_unknown_with_its_reason(seen):
    unknown = {
        host: {entry["id"]: entry["reason"] for entry in seen.of("ask", host)["verdict"]["unknown"]}
        for host in ("queue-as-text", "number-as-text", "nameless")
    }
    assert "is REG_SZ, not REG_MULTI_SZ" in unknown["queue-as-text"]["pending_file_rename"]
    assert "'two'" in unknown["number-as-text"]["server_manager_attempts"]
    assert "which every Windows has" in unknown["nameless"]["computer_rename"]


def test_hostile_hosts_lead_to_no_traceback(seen):
    assert "Traceback" not in seen.output + seen.notes["table"]
    assert (seen.code, seen.notes["code"]) == (0, 0)
