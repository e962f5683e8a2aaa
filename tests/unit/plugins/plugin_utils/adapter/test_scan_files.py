# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which files are looked at for a scan: those of rules, and those that the queue will put in their place."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.scan_files import (
    FILES_A_RUN,
    MAX_SOURCES,
    aimed_sources,
    files_read,
    plain,
    read_queue,
    rule_probes,
    source_probes,
)
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.probes import validate_probes
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.file_rules import parse_file_rules
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_queue import parse_rename_queue
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    ABSENT,
    ok,
    queue,
    refused,
    value,
)

SYSTEM32 = "C:\\Windows\\System32\\"


def rules(*names, folder="%SystemRoot%\\System32\\", sha256=False):
    wanted = {"sha256": "ab" * 32} if sha256 else {"min_version": "1.0"}
    return parse_file_rules([{"update": "KB5030216", "path": folder + name, **wanted} for name in names])


def moves(*pairs):
    strings = [
        f"{sign}\\??\\{path}" if path else "" for a, b in pairs for sign, path in (("", a), ("!" if b else "", b))
    ]
    return parse_rename_queue(strings, queue="q").entries


def test_each_path_is_asked_once_in_groups_that_fit_into_a_run():
    names = [f"{number}.dll" for number in range(FILES_A_RUN + 1)]
    groups = rule_probes([*rules(*names), *rules("0.dll")])
    assert [len(group) for group in groups] == [FILES_A_RUN, 1]
    for group in groups:
        validate_probes(plain(group))


def test_a_hash_is_made_only_where_a_rule_wants_one():
    probes = rule_probes([*rules("a.dll"), *rules("b.dll", sha256=True)])[0]
    assert [probe.get("hash") for probe in probes] == [None, True]
    assert [probe.get("hash") for probe in source_probes(["C:\\x.tmp"], rules("b.dll", sha256=True))[0]] == [True]
    assert [probe.get("hash") for probe in source_probes(["C:\\x.tmp"], rules("b.dll"))[0]] == [None]


def test_no_rules_need_no_files():
    assert rule_probes([]) == []
    assert aimed_sources(moves((SYSTEM32 + "a.tmp", SYSTEM32 + "a.dll")), []) == []


@pytest.mark.parametrize(
    ("pairs", "sources"),
    [
        ([("C:\\t\\a.tmp", SYSTEM32 + "a.dll")], ["C:\\t\\a.tmp"]),
        ([("C:\\t\\a.tmp", "c:\\WINDOWS\\system32\\A.DLL")], ["C:\\t\\a.tmp"]),
        ([("C:\\t\\a.tmp", SYSTEM32 + "b.dll")], []),
        ([(SYSTEM32 + "a.dll", None)], []),
        ([(SYSTEM32 + "a.dll", "C:\\t\\old.dll")], []),
        ([("C:\\t\\1.tmp", "C:\\t\\2.tmp"), ("C:\\t\\2.tmp", SYSTEM32 + "a.dll")], ["C:\\t\\1.tmp", "C:\\t\\2.tmp"]),
        (
            [("C:\\t\\1.tmp", SYSTEM32 + "a.dll"), ("C:\\t\\2.tmp", SYSTEM32 + "a.dll")],
            ["C:\\t\\1.tmp", "C:\\t\\2.tmp"],
        ),
        ([(SYSTEM32 + "a.dll", SYSTEM32 + "a.dll")], []),
    ],
)
def test_what_the_queue_puts_in_place_of_a_rules_file_is_found_through_every_step(pairs, sources):
    assert aimed_sources(moves(*pairs), rules("a.dll")) == sources


def test_sources_that_cannot_be_asked_for_are_unknown_and_never_missing():
    many = [f"C:\\t\\{number}.tmp" for number in range(MAX_SOURCES + 2)]
    probes, unread = source_probes([*many, "\\??\\Volume{x}\\a.tmp"], rules("a.dll"))
    assert len(probes) == MAX_SOURCES
    assert {entry["state"] for entry in unread.values()} == {"error"}
    assert len(unread) == 3


def test_answers_become_facts_by_path():
    probes = rule_probes(rules("a.dll", "b.dll", "c.dll"))[0]
    answers = {"rule_0": ok(length=1, version="1.2.3.4", sha256=None), "rule_1": ABSENT}
    states = {path: entry["state"] for path, entry in files_read(probes, answers).items()}
    assert list(states.values()) == ["ok", "absent", "error"]


class TestQueue:
    """Both lists of the registry, or why nobody knows them."""

    def test_both_lists_count_in_their_order(self):
        first, second = ["\\??\\C:\\a", ""], ["\\??\\C:\\b", ""]
        answer = ok(
            values={
                "PendingFileRenameOperations": value(first, "REG_MULTI_SZ"),
                "PendingFileRenameOperations2": value(second, "REG_MULTI_SZ"),
            }
        )
        entries, problem = read_queue({"session_manager": answer})
        assert ([entry.source for entry in entries], problem) == (["C:\\a", "C:\\b"], "")

    @pytest.mark.parametrize("answer", [ABSENT, ok(values={}), queue()])
    def test_an_empty_queue_is_an_answer(self, answer):
        assert read_queue({"session_manager": answer}) == ([], "")

    @pytest.mark.parametrize(
        "probes",
        [
            {},
            {"session_manager": refused()},
            {"session_manager": ok(values={"PendingFileRenameOperations": value("x", "REG_SZ")})},
            {"session_manager": ok(values=7)},
        ],
    )
    def test_what_cannot_be_read_is_no_empty_queue(self, probes):
        entries, problem = read_queue(probes)
        assert entries is None
        assert problem.startswith("the rename queue")
