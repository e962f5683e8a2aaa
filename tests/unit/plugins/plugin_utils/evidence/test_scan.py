# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The scan document: much may be missing, what is damaged is named, and nothing damaged reads as installed."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence import known_updates
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.history import hex_code, read_history
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.scan import (
    Product,
    QueuedMove,
    ScanError,
    Update,
    parse_scan,
)
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.update import kb_number, read_update

FULL = {
    "id": "{D3B36F5D-2F4D-4CBD-9E4F-4A7E3F5A8A11}",
    "revision": 201,
    "kb": ["KB5030216"],
    "title": "2026-11 Cumulative Update",
    "classification": "Security Updates",
    "classification_id": "0FA1201D-4330-4FA8-8AE9-B877473B6441",
    "products": [{"id": "ABC", "name": "Windows Server 2022"}],
    "type": "software",
    "severity": "Critical",
    "cves": ["CVE-2026-1234"],
    "bulletin": None,
    "size": 700000000,
    "installed": True,
    "downloaded": True,
    "hidden": False,
    "mandatory": False,
    "browse_only": False,
    "reboot_required": False,
    "reboot_behavior": "can_request",
    "impact": "normal",
    "user_input": False,
    "eula_accepted": True,
    "beta": False,
    "uninstallable": True,
    "deadline": None,
    "released": "2026-11-10T18:00:00Z",
    "supersedes": ["{AAAA}"],
    "max_run_minutes": 9,
}
FLAGS = ["installed", "downloaded", "hidden", "mandatory", "browse_only", "reboot_required", "user_input"]


def test_every_word_of_an_update_is_read():
    update, problem = read_update(FULL)
    assert problem == ""
    assert update == Update(
        id="d3b36f5d-2f4d-4cbd-9e4f-4a7e3f5a8a11",
        revision=201,
        kb=("5030216",),
        title="2026-11 Cumulative Update",
        classification="Security Updates",
        classification_id="0fa1201d-4330-4fa8-8ae9-b877473b6441",
        products=(Product("abc", "Windows Server 2022"),),
        type="software",
        severity="Critical",
        cves=("CVE-2026-1234",),
        size=700000000,
        installed=True,
        downloaded=True,
        hidden=False,
        mandatory=False,
        browse_only=False,
        reboot_required=False,
        reboot_behavior="can_request",
        impact="normal",
        user_input=False,
        eula_accepted=True,
        beta=False,
        uninstallable=True,
        released=datetime(2026, 11, 10, 18, tzinfo=UTC),
        supersedes=("aaaa",),
        max_run_minutes=9,
    )


def test_an_update_of_only_an_id_has_nothing_else_and_no_problem():
    update, _problem = read_update({"id": "U1"})
    assert update == Update("u1")
    assert update.installed is None


def test_a_classification_may_be_a_mapping_and_products_plain_names():
    update, _problem = read_update(
        {"id": "u1", "classification": {"id": "{ABC}", "name": "Drivers"}, "products": ["Office"]}
    )
    assert (update.classification, update.classification_id) == ("Drivers", "abc")
    assert update.products == (Product("", "Office"),)


@pytest.mark.parametrize("damage", ["true", "yes", 1, 0, 1.0, [], {}])
@pytest.mark.parametrize("flag", FLAGS)
def test_what_is_neither_true_nor_false_is_not_known_and_named(flag, damage):
    update, _problem = read_update({"id": "u1", flag: damage})
    assert getattr(update, flag) is None
    assert [problem for problem in update.problems if problem.startswith(f"{flag} ")]


@pytest.mark.parametrize("key", [key for key in FULL if key not in ("id", *FLAGS)])
def test_a_word_of_a_wrong_kind_is_a_problem_and_nothing_else_is_lost(key):
    damage = {"?": 1} if key != "classification" else 5
    update, _problem = read_update({**FULL, key: damage})
    assert [problem for problem in update.problems if problem.startswith(f"{key} ")]
    assert update.installed is True


@pytest.mark.parametrize(
    ("value", "number"),
    [("5030216", "5030216"), ("kb5030216", "5030216"), (5030216, "5030216"), ("KB", None), (True, None), (5.5, None)],
)
def test_kb_numbers_are_digits(value, number):
    assert kb_number(value) == number


@pytest.mark.parametrize("single", ["KB5030216", 5030216])
def test_a_single_kb_may_stand_without_a_list(single):
    assert read_update({"id": "u1", "kb": single})[0].kb == ("5030216",)


@pytest.mark.parametrize(
    ("key", "damage"), [("size", float("nan")), ("size", float("inf")), ("size", -1), ("revision", True)]
)
def test_numbers_that_count_nothing_are_problems(key, damage):
    update, _problem = read_update({"id": "u1", key: damage})
    assert getattr(update, key) is None
    assert update.problems


def test_host_text_cannot_move_the_cursor():
    assert read_update({"id": "u1", "title": "a\x1b[2Jb\u202ec"})[0].title == "a [2Jb c"


@pytest.mark.parametrize("damage", [None, "text", 5, [], {"id": None}, {"id": 5}, {"id": "  "}, {}])
def test_an_update_without_an_id_is_a_problem_of_the_scan_and_the_others_stay(damage):
    scan = parse_scan({"updates": [damage, {"id": "u2", "installed": True}]})
    assert [update.id for update in scan.updates] == ["u2"]
    assert scan.problems[0].startswith("updates[0] ")


def test_problems_of_an_update_are_problems_of_the_scan():
    scan = parse_scan({"updates": [{"id": "u1", "installed": "yes"}]})
    assert scan.problems == ("updates[0] (u1): installed is neither true nor false but str",)


def test_a_long_list_of_problems_is_counted():
    scan = parse_scan({"updates": [None] * 50})
    assert len(scan.problems) == 21
    assert scan.problems[-1] == "30 more"


@pytest.mark.parametrize(
    ("document", "word"),
    [
        (None, "mapping"),
        ("text", "mapping"),
        ([], "mapping"),
        ({}, "list"),
        ({"updates": None}, "list"),
        ({"updates": {}}, "list"),
        ({"schema": "winops.patching/scan/9", "updates": []}, "schema"),
        ({"schema": "winops.patching/evidence/1", "updates": []}, "schema"),
    ],
)
def test_what_is_no_scan_is_refused(document, word):
    with pytest.raises(ScanError, match=word):
        parse_scan(document)


def test_a_scan_of_nothing_but_updates_knows_nothing_else():
    scan = parse_scan({"updates": []})
    assert (scan.scanned_at, scan.complete, scan.queue, scan.problems) == (None, None, None, ())
    assert scan.coverage == ("all",)
    assert scan.reboot_required is None


@pytest.mark.parametrize("coverage", [None, [], ["all"]])
def test_without_a_coverage_a_source_shows_all(coverage):
    assert parse_scan({"updates": [], "coverage": coverage}).coverage == ("all",)


def test_a_parsed_scan_is_taken_as_it_is():
    scan = parse_scan({"updates": []})
    assert parse_scan(scan) is scan


def test_files_and_queue_and_ids_are_read():
    scan = parse_scan(
        {
            "updates": [],
            "files": {"C:\\a.dll": {"version": "1.0", "sha256": "AB"}, "C:\\b.dll": {"state": "denied"}},
            "queue": [
                {"operation": "replace", "source": "C:\\s.tmp", "target": "C:\\a.dll"},
                {"source": "C:\\x", "target": None},
            ],
            "reboot_required_updates": ["{U1}"],
        }
    )
    assert scan.files["C:\\a.dll"] == ("ok", "1.0", "ab")
    assert scan.files["C:\\b.dll"].state == "denied"
    assert scan.queue == (
        QueuedMove("replace", "C:\\s.tmp", "C:\\a.dll"),
        QueuedMove("delete", "C:\\x", None),
    )
    assert scan.reboot_required_updates == {"u1"}
    assert scan.problems == ()


@pytest.mark.parametrize(
    "damage",
    [
        {"queue": "text"},
        {"queue": [5]},
        {"queue": [{"source": 5}]},
        {"files": []},
        {"files": {"C:\\a": 5}},
        {"reboot_required_updates": [5]},
        {"reboot_required": "no"},
        {"complete": "yes"},
        {"scanned_at": "yesterday"},
        {"scanned_at": "2026-11-18T00:00:00"},
        {"boot_time": 5},
        {"source": "wsus"},
        {"coverage": [5]},
        {"coverage": "all"},
        {"history": ["x"]},
        {"history": {}},
        {"errors": {}},
        {"host": 5},
    ],
)
def test_a_damaged_part_is_a_problem(damage):
    assert len(parse_scan({"updates": [], **damage}).problems) == 1


def test_a_queue_that_is_no_list_was_not_read():
    assert parse_scan({"updates": [], "queue": {}}).queue is None


def test_errors_are_told_with_step_code_and_message():
    scan = parse_scan({"updates": [], "errors": [{"step": "search", "hresult": "0x8024401F", "message": "m"}, "plain"]})
    assert [error.text for error in scan.errors] == ["search: 0x8024401F: m", "plain"]


@pytest.mark.parametrize(
    ("document", "incomplete"),
    [
        ({}, False),
        ({"complete": True}, False),
        ({"complete": False}, True),
        ({"errors": [{"step": "search"}]}, True),
        ({"complete": True, "errors": ["?"]}, True),
        ({"complete": True, "errors": [{"step": "queue", "message": "denied"}]}, False),
    ],
)
def test_a_scan_with_errors_is_incomplete_unless_only_the_queue_was_not_read(document, incomplete):
    assert parse_scan({"updates": [], **document}).incomplete is incomplete


def test_history_is_read_in_order_and_what_names_no_update_is_left_out():
    scan = parse_scan({"updates": [], "history": [{"id": "U1", "operation": 1, "result": 4}, {"title": "x"}]})
    assert [(entry.id, entry.operation, entry.result) for entry in scan.history] == [("u1", "install", "failed")]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("0x80240016", "0x80240016"),
        (-2145124330, "0x80240016"),
        (2149842966, "0x80240016"),
        (True, None),
        ("x", None),
        (None, None),
    ],
)
def test_codes_become_unsigned_hexadecimal(value, code):
    assert hex_code(value) == code


def test_history_words_may_be_numbers_or_words():
    assert read_history({"id": "u", "operation": "Uninstall", "result": "SUCCEEDED"})[2:4] == ("uninstall", "succeeded")
    assert read_history({"id": "u", "operation": 9, "result": 9})[2:4] == ("9", "9")
    assert read_history("damaged") is None


class TestEqualDescriptions:
    """Descriptions that are equal share one Update; nothing that is only nearly equal does."""

    def test_hosts_share_the_update(self):
        one, other = (parse_scan(json.loads(json.dumps({"updates": [FULL]}))) for _ in range(2))
        assert one.updates[0] is other.updates[0]

    @pytest.mark.parametrize("flag", FLAGS)
    def test_one_is_not_true_though_python_calls_them_equal(self, flag):
        assert getattr(parse_scan({"updates": [{**FULL, flag: True}]}).updates[0], flag) is True
        assert getattr(parse_scan({"updates": [{**FULL, flag: 1}]}).updates[0], flag) is None
        assert getattr(parse_scan({"updates": [{**FULL, flag: True}]}).updates[0], flag) is True

    def test_a_document_that_is_changed_and_read_again_is_read_anew(self):
        document = {"updates": [copy.deepcopy(FULL)]}
        assert parse_scan(document).updates[0].kb == ("5030216",)
        document["updates"][0]["kb"].append("5030217")
        document["updates"][0]["products"][0]["name"] = "other"
        document["updates"][0]["installed"] = False
        update = parse_scan(document).updates[0]
        assert (update.kb, update.products[0].name, update.installed) == (("5030216", "5030217"), "other", False)

    def test_what_is_remembered_is_bounded(self, monkeypatch):
        monkeypatch.setattr(known_updates, "MAX_KNOWN", 10)
        parse_scan({"updates": [{"id": f"bounded {number}"} for number in range(100)]})
        assert len(known_updates._known) <= 10

    def test_variants_of_one_update_are_bounded(self):
        parse_scan({"updates": [{"id": "variants", "size": number} for number in range(100)]})
        assert len(known_updates._known["variants", None, None]) == known_updates.MAX_VARIANTS

    @pytest.mark.parametrize(
        "odd",
        [{"id": "odd", "kb": [["nested"]]}, {"id": "odd", "x": {"deep": {}}}, {"id": "odd", "products": [{"x": []}]}],
    )
    def test_odd_descriptions_are_read_each_time(self, odd):
        one, other = parse_scan({"updates": [odd]}), parse_scan({"updates": [odd]})
        assert one.updates == other.updates
        assert one.updates[0] is not other.updates[0]
