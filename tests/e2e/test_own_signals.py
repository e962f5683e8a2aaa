# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Signals and rules of one's own in YAML files, from a play to the verdict."""

from __future__ import annotations

import pytest
import yaml

from winsim.testing import serve

INFO = "winops.patching.win_reboot_pending_info"
SESSION_MANAGER = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager"
QUEUE = [r"\??\C:\Windows\System32\SET1.tmp", r"!\??\C:\Windows\System32\acme.dll"]
HOSTS = {
    "acme": {
        "os": {},
        "registry": {r"HKLM\SOFTWARE\Acme": {"values": {"Reboot": {"type": "REG_DWORD", "data": 1}}}},
    },
    "queue": {
        "os": {},
        "registry": {
            SESSION_MANAGER: {"values": {"PendingFileRenameOperations": {"type": "REG_MULTI_SZ", "data": QUEUE}}},
        },
    },
}
SIGNAL = {
    "id": "acme_reboot",
    "probe": {"kind": "registry", "path": r"HKEY_LOCAL_MACHINE\SOFTWARE\Acme", "values": ["Reboot"]},
    "present_when": {"value": "Reboot", "above": 0},
    "strength": "strong",
    "detail": "The Acme agent waits for a reboot",
}
RULE = {"id": "acme", "match": r"\\acme\.dll$", "reason": "The driver renews itself at every boot"}
FILES = {
    "signals.yml": [SIGNAL],
    "rules.yml": [RULE],
    "bad-signals.yml": [{**SIGNAL, "present_when": {"value": "Reboot", "abov": 0}}],
    "bad-rules.yml": [{**RULE, "match": "("}],
}


@pytest.fixture
def ask(ansible, tmp_path):
    """`ask(host, options)`: one task in a play beside the files; the run, and what went over the wire."""
    for name, entries in FILES.items():
        (ansible.work / name).write_text(yaml.safe_dump(entries), encoding="utf-8")

    def run(host, options):
        with serve(HOSTS, tmp_path / "sim") as fleet:
            done = ansible.play(fleet.inventory, [{"name": "Ask", INFO: options}], hosts=host)
            return done, fleet.wire(host)

    return run


@pytest.mark.parametrize(
    ("host", "options", "reboot", "because"),
    [
        ("acme", {}, "not_required", []),
        ("acme", {"custom_signals": ["signals.yml"]}, "required", ["acme_reboot"]),
        ("queue", {"rename_rules": ["rules.yml"]}, "not_required", []),
    ],
)
def test_a_file_changes_the_verdict(ask, host, options, reboot, because):
    run, wire = ask(host, options)
    found = run.of("Ask")
    assert (run.code, found["verdict"]["reboot"], found["verdict"]["because"]) == (0, reboot, because)
    assert wire.requests > 0
    if "rename_rules" in options:
        assert found["verdict"]["ignored"] == [{"id": "pending_file_rename", "rule": "acme"}]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (
            {"custom_signals": ["bad-signals.yml"]},
            "bad-signals.yml: custom_signals[0].present_when.abov: no such operator",
        ),
        ({"rename_rules": ["bad-rules.yml"]}, "bad-rules.yml: rename_rules[0].match: not a regular expression"),
    ],
)
def test_a_mistake_in_a_file_is_named_and_nothing_is_sent(ask, options, complaint):
    run, wire = ask("acme", options)
    assert run.code == 2
    assert complaint in run.of("Ask")["msg"]
    assert (wire.requests, wire.bytes_up) == (0, 0)
