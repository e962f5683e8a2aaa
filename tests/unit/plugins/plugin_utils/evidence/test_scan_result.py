# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the worker's lines to the scan document: words for numbers, null for what is not known, no short list."""

from __future__ import annotations

import json

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.patch_job import complaint
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.scan import parse_scan
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.scan_criteria import DEFAULT_CRITERIA
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.scan_result import ScanReading, build_scan
from ansible_collections.winops.patching.tests.unit.plugins.action.scanned_host import (
    IDS,
    as_text,
    header_line,
    history_line,
    result_lines,
    update_line,
)
from hypothesis import given, settings
from hypothesis import strategies as st

ASKED = {"criteria": DEFAULT_CRITERIA, "server_selection": "default", "scan_cab": None}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
KEYS = {
    "schema",
    "host",
    "scanned_at",
    "catalog_date",
    "catalog_file_date",
    "complete",
    "boot_time",
    "source",
    "coverage",
    "asked",
    "job",
    "files",
    "queue",
    "updates",
    "reboot_required_updates",
    "reboot_required",
    "reboot_required_before_installation",
    "history",
    "errors",
    "warnings",
}


def built(text, **words):
    job = {"id": "scan-20261121T120000Z-1a2b3c4d", "reused": False, "attached": False, "worker_sha256": None}
    return build_scan(ScanReading(**{"host": "web01", "asked": ASKED, "job": job, "text": text, "queue": [], **words}))


def of_lines(*lines):
    """A whole result of such lines between its header and its end."""
    counts = [sum(line.get("line") == kind for line in lines) for kind in ("update", "history")]
    end = {"line": "end", "updates": counts[0], "history": counts[1]}
    return built(as_text([header_line(), *lines, end]))


class TestWhole:
    """A result as its worker wrote it."""

    def test_it_is_complete_and_the_parser_takes_it_without_a_doubt(self):
        scan = built(as_text(result_lines()))
        assert set(scan) >= KEYS
        assert (scan["complete"], scan["errors"], scan["warnings"]) == (True, [], [])
        parsed = parse_scan(scan)
        assert (parsed.complete, parsed.problems, len(parsed.updates)) == (True, (), 2)
        assert parsed.reboot_required_updates == {IDS[0]}
        assert parsed.history[0].result == "succeeded"

    def test_an_update_is_told_in_words(self):
        update = of_lines(
            update_line(
                IDS[0].upper(),
                type=2,
                reboot_behavior=1,
                impact=2,
                deployment_action=2,
                bulletins=["MS26-001", "MS26-002"],
                supersedes=[f"{{{IDS[1].upper()}}}"],
                can_request_user_input=True,
                deadline="2026-12-01T02:00:00+01:00",
            )
        )["updates"][0]
        assert update == {
            "id": IDS[0],
            "revision": 201,
            "kb": ["5030216"],
            "title": "Update 00",
            "classification": "Security Updates",
            "classification_id": "0fa1201d-4330-4fa8-8ae9-b877473b6441",
            "products": [{"id": "569e8e8f-c6cd-42c8-92a3-efbb20a0f6f5", "name": "Windows Server 2022"}],
            "type": "driver",
            "severity": "Critical",
            "cves": [],
            "bulletin": "MS26-001, MS26-002",
            "size": 7_000_000,
            "installed": False,
            "downloaded": False,
            "hidden": False,
            "mandatory": False,
            "browse_only": False,
            "reboot_required": False,
            "eula_accepted": True,
            "beta": False,
            "uninstallable": True,
            "reboot_behavior": "always_requires",
            "impact": "exclusive",
            "user_input": True,
            "deployment_action": "uninstallation",
            "deadline": "2026-12-01T01:00:00Z",
            "released": "2026-11-10T18:00:00Z",
            "supersedes": [IDS[1]],
            "max_run_minutes": None,
        }

    def test_a_classification_is_known_by_its_id_where_its_type_is_missing(self):
        category = {"id": "E6CF1350-C01B-414D-A61F-263D14D133B4", "name": "Wichtige Updates", "type": None}
        update = of_lines(update_line(IDS[0], categories=[category]))["updates"][0]
        assert (update["classification"], update["products"]) == ("Wichtige Updates", [])

    @pytest.mark.parametrize(
        ("words", "kept"),
        [
            ({}, {"operation": "install", "result": "succeeded", "source": "3da21691-e39d-4da6-8a4b-b43877bcb1b7"}),
            ({"operation": 2, "result_code": 4}, {"operation": "uninstall", "result": "failed"}),
            ({"operation": 9}, {"operation": 9}),
            ({"hresult": "0x80070643"}, {"hresult": "0x80070643"}),
            ({"hresult": -2147023293}, {"hresult": "0x80070643"}),
            ({"unmapped_result_code": -1}, {"unmapped_result_code": -1}),
            ({"service_id": "00000000-0000-0000-0000-000000000000"}, {"source": "managed_server"}),
            ({"service_id": None, "server_selection": None}, {"source": None}),
        ],
    )
    def test_history_is_told_in_words(self, words, kept):
        scan = of_lines(history_line(**words))
        assert kept.items() <= scan["history"][0].items()
        assert scan["complete"] is True

    def test_the_source_is_what_really_answered_with_its_policy(self):
        policy = {"policy": {"UseWUServer": 1}, "policy_state": "ok"}
        source = built(as_text(result_lines()), policy=policy)["source"]
        assert source == {
            "server_selection": "default",
            "service_id": "3da21691-e39d-4da6-8a4b-b43877bcb1b7",
            "service_name": "Windows Server Update Service",
            "managed": True,
            "server": "https://wsus.example:8531",
            "online": True,
            "scan_cab": None,
            "policy": {"UseWUServer": 1},
            "policy_state": "ok",
        }

    @pytest.mark.parametrize(
        ("code", "complete"), [(2, True), (3, True), (4, False), (5, False), (None, False), ("2", False)]
    )
    def test_only_a_success_is_complete_and_success_with_errors_is_one(self, code, complete):
        assert built(as_text(result_lines(result_code=code)))["complete"] is complete

    @pytest.mark.parametrize(("context", "complete"), [(4, False), (1, True), ("unreadable", True)])
    def test_a_search_that_the_agent_calls_incomplete_is_not_complete(self, context, complete):
        warning = {"context": context, "hresult": "0x80240024", "message": "cut short"}
        scan = built(as_text(result_lines(warnings=[warning])))
        assert (scan["complete"], len(scan["updates"])) == (complete, len(built(as_text(result_lines()))["updates"]))
        told = [error["message"] for error in scan["errors"]]
        assert told == ([] if complete else ["the agent says that its search was incomplete: cut short"])

    def test_warnings_and_errors_of_the_agent_are_kept(self):
        warning = {"context": "uecSession", "hresult": "0x80240021", "message": "slow"}
        error = {"step": "search", "hresult": "0x8024401F", "message": "HTTP 500"}
        scan = built(as_text(result_lines(warnings=[warning], errors=[error])))
        assert scan["warnings"][0]["context"] == "uecSession"
        assert (scan["complete"], scan["errors"]) == (False, [error])
        assert len(scan["updates"]) == 2


class TestDamage:
    """What is damaged is null or left out, and named."""

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("installed", "false"),
            ("installed", 0),
            ("reboot_required", []),
            ("type", 7),
            ("reboot_behavior", "never"),
            ("impact", True),
            ("max_size", -1),
            ("max_size", "big"),
            ("kb", ["KBx"]),
            ("kb", "5030216 "),
            ("title", 7),
            ("categories", {}),
            ("categories", [7]),
            ("deadline", "soon"),
            ("last_deployment_change", 7),
            ("supersedes", [7]),
        ],
    )
    def test_a_damaged_property_is_not_known_and_the_scan_not_complete(self, key, value):
        scan = of_lines(update_line(IDS[0], **{key: value}), update_line(IDS[1]))
        assert len(scan["updates"]) == 2
        assert (scan["complete"], scan["errors"][0]["step"]) == (False, "result")
        assert IDS[0] in scan["errors"][0]["message"]
        name = {"max_size": "size", "last_deployment_change": "released"}.get(key, key)
        assert not scan["updates"][0].get(name)

    @pytest.mark.parametrize("key", sorted(set(update_line("x")) - {"line", "id"}))
    def test_null_and_a_missing_property_are_what_the_host_could_not_read_and_no_damage(self, key):
        missing = {name: value for name, value in update_line(IDS[1]).items() if name != key}
        scan = of_lines(update_line(IDS[0], **{key: None}), missing)
        assert (scan["complete"], scan["errors"], len(scan["updates"])) == (True, [], 2)
        assert all("not told by the agent" in problem for problem in parse_scan(scan).problems)

    @pytest.mark.parametrize(
        ("line_key", "keys"),
        [
            ("kb", ["kb"]),
            ("cves", ["cves"]),
            ("supersedes", ["supersedes"]),
            ("categories", ["products", "classification", "classification_id"]),
        ],
    )
    @pytest.mark.parametrize("value", [None, "no list"])
    def test_a_list_that_the_agent_did_not_give_is_null_and_never_an_empty_one(self, line_key, keys, value):
        scan = of_lines(update_line(IDS[0], **{line_key: value}), update_line(IDS[1], **{line_key: []}))
        untold, told = scan["updates"]
        assert [untold[key] for key in keys] == [None] * len(keys)
        assert told[keys[0]] == []
        assert any(f"{keys[0]} is not told by the agent" in problem for problem in parse_scan(scan).problems)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "\n",
            "junk\n",
            as_text(result_lines())[:-10],
            as_text(result_lines())[10:],
            as_text(result_lines()[:-1]),
            as_text(result_lines()[1:]),
            as_text([*result_lines(), {"line": "end", "updates": 2, "history": 1}]),
            as_text([*result_lines(), history_line()]),
            as_text([header_line(), *result_lines()]),
            as_text([header_line(), update_line(IDS[0]), {"line": "end", "updates": 2, "history": 0}]),
            as_text([header_line(), update_line(IDS[0]), {"line": "end", "updates": True, "history": 0}]),
            as_text([header_line(), update_line(""), {"line": "end", "updates": 1, "history": 0}]),
            as_text([header_line(), {"line": "surprise"}, {"line": "end", "updates": 0, "history": 0}]),
            as_text([header_line(), update_line(IDS[0]), {"line": "end", "updates": 1, "history": 0}]) + "x",
        ],
    )
    def test_what_may_be_short_is_left_out(self, text):
        scan = built(text)
        assert (scan["complete"], scan["updates"], scan["history"]) == (False, [], [])
        assert scan["errors"][0]["step"] == "result"
        assert parse_scan(scan).complete is False

    def test_every_cut_shows(self):
        text = as_text(result_lines())
        for length in range(len(text) - 1):
            assert built(text[:length])["complete"] is False

    def test_many_complaints_are_counted(self):
        lines = [update_line(f"{IDS[0]}{number}", installed="x") for number in range(50)]
        errors = of_lines(*lines)["errors"]
        assert len(errors) == 21
        assert errors[-1]["message"] == "30 more of this kind"

    @pytest.mark.parametrize(
        "header", [{"scanned_at": None}, {"scanned_at": "soon"}, {"online": "yes"}, {"errors": "x"}]
    )
    def test_a_damaged_first_line_is_not_complete(self, header):
        scan = built(as_text(result_lines(**header)))
        assert scan["complete"] is False
        assert scan["errors"]

    def test_text_of_a_host_moves_no_cursor_and_has_an_end(self):
        update = of_lines(update_line(IDS[0], title="\x1b[31m" + "x" * 9999 + "\ud800"))["updates"][0]
        assert update["title"].isprintable()
        assert 900 < len(update["title"]) <= 1000

    @settings(max_examples=60)
    @given(st.dictionaries(st.sampled_from(sorted(update_line("x"))), JSON))
    def test_no_update_breaks_it_and_what_comes_out_can_be_parsed(self, changes):
        scan = of_lines({**update_line(IDS[0]), **changes})
        json.dumps(scan)
        parsed = parse_scan(scan)
        # Each update is one sentence, and a damaged list is null in the document.
        for problem in parsed.problems:
            assert all(text.endswith("not told by the agent") for text in problem.split(": ", 1)[1].split(", "))
        assert scan["complete"] is (not scan["errors"])

    @settings(max_examples=60)
    @given(st.lists(JSON.map(json.dumps) | st.text(max_size=20), max_size=5).map("\n".join))
    def test_no_garbage_is_a_scan(self, text):
        scan = built(text)
        assert (scan["complete"], scan["updates"]) == (False, [])
        parse_scan(scan)

    @settings(max_examples=60)
    @given(st.data())
    def test_a_lost_or_doubled_line_is_seen(self, data):
        lines = result_lines()
        place = data.draw(st.integers(0, len(lines) - 1))
        if data.draw(st.booleans()):
            del lines[place]
        else:
            lines.insert(place, lines[place])
        scan = built(as_text(lines))
        assert (scan["complete"], scan["updates"]) == (False, [])


class TestNoResult:
    """A job without a result is a scan that knows nothing."""

    def test_the_reason_stands_first_and_nothing_is_claimed(self):
        scan = built(
            None, failures=[complaint("search", "no server", "0x8024402C")], queue=None, queue_problem="denied"
        )
        assert (scan["complete"], scan["updates"], scan["scanned_at"], scan["reboot_required"]) == (
            False,
            [],
            None,
            None,
        )
        assert [error["step"] for error in scan["errors"]] == ["search", "queue"]
        assert scan["errors"][1]["message"] == "denied"
        assert scan["source"]["policy_state"] == "error"
        assert parse_scan(scan).queue is None

    def test_without_a_reason_it_is_not_complete_either(self):
        assert built(None)["complete"] is False
