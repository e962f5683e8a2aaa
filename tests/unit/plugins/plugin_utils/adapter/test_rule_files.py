# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Signals and rules from files: found, read once, checked, with file and key named."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.limits import limit_pattern
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.rule_files import (
    MAX_FILE_BYTES,
    is_file,
    load_custom_signals,
    load_rename_rules,
)

SIGNAL = {
    "id": "acme_reboot",
    "probe": {"kind": "mutex", "name": "Acme"},
    "present_when": {"found": True},
    "detail": "Acme works",
}
SIGNALS_FILE = """\
- id: other_reboot
  probe: {kind: mutex, name: Other}
  present_when: {found: true}
  detail: Other works
"""


@pytest.fixture
def find(tmp_path):
    return lambda name: str(tmp_path / name)


def test_a_text_that_ends_like_yaml_is_a_file_and_all_else_is_not():
    assert [is_file(item) for item in ("a.yml", "A.YAML", "amcache", "a.json", SIGNAL, 5)] == [True, True] + [False] * 4


def test_signals_of_the_task_and_of_files_come_together(tmp_path, find):
    (tmp_path / "own.yml").write_text(SIGNALS_FILE, encoding="utf-8")
    plain, parsed = load_custom_signals([SIGNAL, "own.yml"], find)
    assert [entry["id"] for entry in plain] == ["acme_reboot", "other_reboot"]
    assert [entry.definition.id for entry in parsed] == ["acme_reboot", "other_reboot"]
    assert load_custom_signals(None, find) == ([], ())


def test_one_signal_in_two_places_is_an_error(tmp_path, find):
    (tmp_path / "own.yml").write_text(SIGNALS_FILE, encoding="utf-8")
    with pytest.raises(AnsibleActionFail, match="'other_reboot' is taken"):
        load_custom_signals(["own.yml", "own.yml"], find)


def test_rules_of_the_task_and_of_files_come_together(tmp_path, find):
    (tmp_path / "rules.yml").write_text("- {id: r, match: contoso, reason: known}\n", encoding="utf-8")
    assert load_rename_rules(["amcache", "rules.yml"], find) == [
        "amcache",
        {"id": "r", "match": "contoso", "reason": "known"},
    ]
    assert load_rename_rules(None, find) is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a: [", "own.yml: cannot be read as YAML"),
        ("a: 1", "own.yml: must hold a list"),
        ("", "own.yml: must hold a list"),
        ("- !!python/object:os.system x", "own.yml: cannot be read as YAML"),
        ("- {id: A}", r"own\.yml: (custom_signals|rename_rules)\[0\]"),
        ("- x\n" * (MAX_FILE_BYTES // 4 + 1), "own.yml: larger than"),
        ("\xff", "own.yml: cannot be read as YAML"),
    ],
)
@pytest.mark.parametrize("load", [load_custom_signals, load_rename_rules])
def test_a_file_that_cannot_be_used_is_named_with_the_reason(load, content, words, tmp_path, find):
    (tmp_path / "own.yml").write_bytes(content.encode("latin-1"))
    with pytest.raises(AnsibleActionFail, match=words):
        load(["own.yml"], find)


def test_a_file_that_is_not_there_is_named(find):
    with pytest.raises(AnsibleActionFail, match=r"gone\.yml: cannot be read"):
        load_custom_signals(["gone.yml"], find)


@pytest.mark.parametrize(
    ("limit", "pattern"),
    [
        ("", "all"),
        ("web01", "web01"),
        ("web*, !web02", "web*,!web02"),
        ("@hosts", "a,b"),
        ("web01,@hosts", "web01,a,b"),
        ("@empty", "all"),
        (" , ", "all"),
    ],
)
def test_a_limit_becomes_one_pattern_and_its_files_are_read(limit, pattern):
    files = {"hosts": "a\n\n b \n", "empty": "\n"}
    assert limit_pattern(limit, files.__getitem__) == pattern
