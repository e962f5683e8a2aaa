# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A run's documents become rows: one for each host, and none from another run or another host."""

from __future__ import annotations

import re

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._adapter import files
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.files import host_file_name, write_json
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.run import (
    collect_rows,
    new_run_id,
    now_text,
    registered_result,
)
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.times import parse_time
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    document,
    ok,
    refused,
    verdict,
    with_present,
)

RUN = "20261118T032000Z-0a1b2c3d"


@pytest.fixture
def collect(tmp_path):
    """`collect(hosts, registered)`: the rows of those hosts."""

    def rows(*hosts, registered=None):
        variables = {"hostvars": {host: {"reading": result} for host, result in (registered or {}).items()}}
        return collect_rows(variables, hosts=hosts, evidence_dir=tmp_path, run_id=RUN, registered_as="reading")

    return rows


@pytest.fixture
def save(tmp_path):
    """`save(document)`: under the name of its host."""

    def write(evidence, host=None):
        write_json(tmp_path / f"{host_file_name(host or evidence['host'])}.json", evidence)

    return write


def this_run(evidence, host="web01", **top):
    return {**evidence, "host": host, "run_id": RUN, **top}


def test_every_host_has_a_row_whether_it_was_read_or_not(collect, save):
    save(this_run(with_present("wu_reboot_required")))
    save(this_run(document(), host="web02"))
    rows = collect("web01", "web02", "dead", registered={"dead": {"unreachable": True, "msg": "no route\n to host"}})
    assert {host: row["reboot"] for host, row in rows.items()} == {
        "web01": "required",
        "web02": "not_required",
        "dead": "unknown",
    }
    assert rows["dead"]["error"] == "unreachable: no route to host"


def test_a_row_is_the_verdict_of_the_document_under_the_policy_it_was_read_with(collect, save):
    evidence = this_run(with_present("winsxs_pending_xml"), policy={"weak_decides": 1})
    save(evidence)
    row = collect("web01")["web01"]
    found = verdict(evidence, {"weak_decides": 1})
    assert row["reboot"] == "required"
    assert {key: row[key] for key in row if key in found} == {key: found[key] for key in row if key in found}


@pytest.mark.parametrize("run_id", [None, "20261117T032000Z-0a1b2c3d", "", 7])
def test_a_document_of_another_run_does_not_stand_in_for_a_dead_host(collect, save, run_id):
    save(this_run(document(), run_id=run_id))
    row = collect("web01")["web01"]
    assert row["reboot"] == "unknown"
    assert "of an earlier one" in row["error"]


def test_a_document_of_another_host_does_not_count(collect, save):
    save(this_run(document(), host="web02"), host="web01")
    row = collect("web01")["web01"]
    assert (row["reboot"], "'web02'" in row["error"]) == ("unknown", True)


@pytest.mark.parametrize("content", ["", "{", "null", "[]", '"x"', "junk {}", "\xff", "[" * 100_000])
def test_a_damaged_file_makes_its_host_unknown_and_no_other(collect, save, tmp_path, content):
    (tmp_path / "web01.json").write_bytes(content.encode("latin-1"))
    save(this_run(document(), host="web02"))
    rows = collect("web01", "web02")
    assert rows["web01"]["reboot"] == "unknown"
    assert rows["web01"]["error"]
    assert len(rows["web01"]["error"]) <= 500
    assert rows["web02"]["reboot"] == "not_required"


def test_a_huge_file_makes_its_host_unknown(collect, save, monkeypatch):
    save(this_run(document()))
    monkeypatch.setattr(files, "MAX_DOCUMENT_BYTES", 100)
    row = collect("web01")["web01"]
    assert (row["reboot"], "larger than" in row["error"]) == ("unknown", True)


def test_a_folder_in_the_place_of_a_file_makes_its_host_unknown(collect, tmp_path):
    (tmp_path / "web01.json").mkdir()
    assert collect("web01")["web01"]["reboot"] == "unknown"


@pytest.mark.parametrize(
    "top",
    [
        {"schema": "winops.patching/evidence/9"},
        {"probes": None},
        {"probes": []},
        {"policy": {"requires": []}},
        {"policy": "strict"},
        {"policy": {"max_scan_age": "soon"}},
    ],
)
def test_a_document_that_cannot_be_judged_makes_its_host_unknown_with_the_reason(collect, save, top):
    save(this_run(document(), **top))
    row = collect("web01")["web01"]
    assert row["reboot"] == "unknown"
    assert row["error"]


@pytest.mark.parametrize("boot_time", ["0001-01-01T00:00:00+01:00", "²", ["x"], {"a": 1}, 1e308])
def test_odd_host_data_never_ends_the_report_of_the_others(collect, save, boot_time):
    odd = document({"server_manager": ok(values={"CurrentRebootAttempts": {"kind": "REG_SZ", "data": "²"}})})
    save(this_run({**odd, "boot_time": boot_time, "system": {"os_build": "²"}}))
    save(this_run(document(), host="web02"))
    rows = collect("web01", "web02")
    assert (rows["web01"]["reboot"], rows["web02"]["reboot"]) == ("not_required", "not_required")


def test_a_reader_that_failed_is_told_beside_the_verdict(collect, save):
    save(this_run(document({"cbs_reboot_pending": refused()}), error="MODULE FAILURE\nline 2"))
    row = collect("web01")["web01"]
    assert (row["reboot"], row["error"]) == ("unknown", "MODULE FAILURE line 2")


@pytest.mark.parametrize(
    ("registered", "words"),
    [
        ({"unreachable": True, "msg": "no route"}, "unreachable: no route"),
        ({"unreachable": True}, "unreachable: no message"),
        ({"failed": True, "msg": "Task failed: cannot write x"}, "cannot write x"),
        ({"failed": True, "msg": "m", "error": "e"}, "e"),
        ({"failed": True}, "no message"),
        ({"skipped": True, "msg": ""}, "the task that reads the host was skipped"),
        ({"msg": "boom"}, "boom"),
        ({"verdict": {"reboot": "not_required"}, "msg": "m"}, "was never reached"),
        ({}, "was never reached"),
        (None, "was never reached"),
        ("text", "was never reached"),
    ],
)
def test_a_host_without_a_document_tells_what_its_task_said(collect, registered, words):
    row = collect("web01", registered={"web01": registered})["web01"]
    assert row["reboot"] == "unknown"
    assert words in row["error"]


def test_a_host_that_no_task_knows_was_never_reached(collect):
    assert "was never reached" in collect("web01")["web01"]["error"]


def test_a_long_message_is_cut_and_put_on_one_line(collect):
    error = collect("web01", registered={"web01": {"failed": True, "msg": "a\r\nb\t" * 5000}})["web01"]["error"]
    assert len(error) <= 400
    assert not set(error) & set("\r\n\t")


def test_two_names_that_look_alike_are_two_hosts(collect, save):
    save(this_run(with_present("wu_reboot_required"), host="web/01"))
    save(this_run(document(), host="web%2F01"))
    rows = collect("web/01", "web%2F01")
    assert [row["reboot"] for row in rows.values()] == ["required", "not_required"]


def test_run_ids_sort_by_time_and_are_never_equal():
    ids = [new_run_id() for _ in range(50)]
    assert len(set(ids)) == 50
    assert all(re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{8}", found) for found in ids)
    assert parse_time(now_text())


def test_what_was_registered_is_found_by_host_and_name():
    variables = {"hostvars": {"web01": {"reading": {"a": 1}, "text": "x"}}}
    assert registered_result(variables, "web01", "reading") == {"a": 1}
    assert registered_result(variables, "web01", "text") is None
    assert registered_result(variables, "web02", "reading") is None
    assert registered_result({}, "web01", "reading") is None


@pytest.mark.parametrize(
    ("registered", "reboot"),
    [
        ({"unreachable": True, "msg": "no route"}, "unknown"),
        ({"failed": True, "msg": "broken"}, "unknown"),
        (None, "unknown"),
        ({"verdict": {"reboot": "not_required"}}, "not_required"),
    ],
)
def test_in_a_run_whose_name_came_before_a_document_counts_only_with_its_task(tmp_path, save, registered, reboot):
    save(this_run(document()))
    variables = {"hostvars": {"web01": {"reading": registered} if registered else {}}}
    rows = collect_rows(
        variables, hosts=["web01"], evidence_dir=tmp_path, run_id=RUN, registered_as="reading", named=True
    )
    assert rows["web01"]["reboot"] == reboot
    assert (rows["web01"]["error"] is None) is (reboot != "unknown")
