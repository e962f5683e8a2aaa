# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The fleet document: every host is in it, with the values of its verdict unchanged."""

from __future__ import annotations

import json

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._report.fleet import (
    SCHEMA,
    fleet_document,
    fleet_row,
    unread_row,
)
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    document,
    everything,
    refused,
    verdict,
    with_present,
)

ROW_KEYS = {
    "machine",
    "reboot",
    "kind",
    "because",
    "hints",
    "unknown",
    "busy",
    "safe_to_reboot",
    "since",
    "sentence",
    "updates",
    "window",
    "error",
    "limits",
}
VERDICT_KEYS = ROW_KEYS - {"machine", "updates", "window", "error"}
AT = "2026-11-18T03:30:00Z"


def fleet(rows):
    return fleet_document(rows, at=AT, run_id="r1")


@pytest.mark.parametrize("evidence", [document(), everything(since=True), document({"cbs_reboot_pending": refused()})])
def test_a_row_holds_the_fixed_keys_and_the_values_of_the_verdict_unchanged(evidence):
    found = verdict(evidence)
    row = fleet_row(found)
    assert set(row) == ROW_KEYS
    assert {key: row[key] for key in VERDICT_KEYS} == {key: found[key] for key in VERDICT_KEYS}
    assert (row["machine"], row["updates"], row["window"], row["error"]) == (None, {}, None, None)


def test_a_row_keeps_the_error_beside_the_verdict():
    assert fleet_row(verdict(document()), error="lost")["error"] == "lost"


def test_a_host_that_gave_no_evidence_is_unknown_with_its_reason():
    row = unread_row("unreachable: no route")
    assert set(row) == ROW_KEYS
    assert (row["reboot"], row["kind"], row["safe_to_reboot"], row["machine"]) == ("unknown", "none", "unknown", None)
    assert row["error"] == "unreachable: no route"
    assert "unreachable: no route" in row["sentence"]


def test_the_document_has_the_fixed_keys_and_its_hosts_in_the_order_of_their_names():
    rows = {name: fleet_row(verdict(document())) for name in ("web10", "app", "Web2", "ü")}
    found = fleet(rows)
    assert set(found) == {"schema", "at", "run_id", "hosts", "totals"}
    assert (found["schema"], found["at"], found["run_id"]) == (SCHEMA, AT, "r1")
    assert SCHEMA == "winops.patching/fleet/1"
    assert list(found["hosts"]) == sorted(rows)
    assert json.loads(json.dumps(found)) == found


def test_the_totals_count_every_host_once_and_show_zeros():
    rows = {
        "a": fleet_row(verdict(document())),
        "b": fleet_row(verdict(with_present("wu_reboot_required"))),
        "c": fleet_row(verdict(with_present("wu_reboot_required", "installer_running"))),
        "d": unread_row("unreachable"),
        "e": fleet_row(verdict(document({"cbs_reboot_pending": refused()})), error="half read"),
    }
    totals = fleet(rows)["totals"]
    assert totals["hosts"] == 5
    assert totals["reboot"] == {"required": 2, "not_required": 1, "unknown": 2}
    assert totals["safe_to_reboot"] == {"yes": 3, "no": 1, "unknown": 1}
    assert totals["machine"] == {"compliant": 0, "non_compliant": 0, "pending_reboot": 0, "unknown": 0}
    assert totals["failed"] == 2


def test_a_fleet_without_hosts_counts_none():
    totals = fleet({})["totals"]
    assert totals["hosts"] == totals["failed"] == sum(totals["reboot"].values()) == 0


def test_equal_rows_in_another_order_give_equal_bytes():
    rows = {name: fleet_row(verdict(everything())) for name in ("b", "a", "c")}
    assert json.dumps(fleet(rows)) == json.dumps(fleet(dict(reversed(rows.items()))))


def test_the_document_shares_no_row_with_its_caller():
    rows = {"a": unread_row("x")}
    fleet(rows)["hosts"]["a"]["error"] = "changed"
    assert rows["a"]["error"] == "x"
