# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The preview: what would run, what would not and why, and no host is missing."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._plan.waves.plan import patch_waves
from ansible_collections.winops.patching.plugins.plugin_utils._report.preview import (
    host_preview,
    preview_document,
    unplanned,
)
from ansible_collections.winops.patching.plugins.plugin_utils._report.preview_table import preview_table
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.host_compliance import (
    patch_compliance,
)

NOW = "2026-11-21T20:00:00Z"
TONIGHT = [{"name": "tonight", "start": "2026-11-21T22:00:00Z", "duration": "60m"}]


def update(number, **words):
    """An update as a scan shows it."""
    return {
        "id": f"00000000-0000-0000-0000-{number:012d}",
        "revision": 1,
        "title": f"Update {number}",
        "kb": [str(5000000 + number)],
        "classification": "Security Updates",
        "installed": False,
        "max_run_minutes": 20,
        **words,
    }


def scan(*updates):
    """A finished scan of these updates."""
    return {
        "schema": "winops.patching/scan/1",
        "host": "web01",
        "scanned_at": NOW,
        "complete": True,
        "coverage": ["all"],
        "updates": list(updates),
    }


def entry(*updates, windows=TONIGHT, **policy):
    """The entry of a host with these updates."""
    found = scan(*updates)
    return host_preview(
        patch_compliance(found, None, None, now=NOW), found["updates"], now=NOW, policy={"windows": windows, **policy}
    )


def numbers(updates):
    """Which of the updates of `update` these are."""
    return [int(one["id"][-12:]) for one in updates]


def test_what_fits_runs_and_the_rest_is_deferred_with_its_next_window():
    later = {"name": "next week", "start": "2026-11-28T22:00:00Z", "duration": "60m"}
    found = entry(update(1), update(2), update(3), windows=[*TONIGHT, later])
    assert numbers(found["selected"]) == [1, 2]
    assert [(one["id"][-1], one["next_window"]["name"]) for one in found["deferred"]] == [("3", "next week")]
    assert (found["begins"], found["expected_end"]) == ("2026-11-21T22:00:00Z", "2026-11-21T22:40:00Z")


def test_what_is_installed_is_not_planned_and_what_the_policy_leaves_out_is_named():
    found = entry(update(1, installed=True), update(2, type="driver", classification="Drivers"), update(3))
    assert numbers(found["selected"]) == [3]
    assert [(one["id"][-1], one["place"]) for one in found["not_planned"]] == [("2", "excluded")]
    assert found["not_planned"][0]["reason"]


def test_an_update_that_stands_twice_is_planned_once():
    assert numbers(entry(update(1), update(1))["selected"]) == [1]


def test_an_id_is_found_in_every_way_of_writing_it():
    braced = update(2)
    braced["id"] = f"{{{braced['id'].upper()}}}"
    assert [one["title"] for one in entry(update(1), braced)["selected"]] == ["Update 1", "Update 2"]


def from_another_source(*updates):
    """A host whose scan asked another server than the policy expects: nobody knows what it needs."""
    found = {**scan(*updates), "source": {"managed": False, "server_selection": "default", "policy_state": "absent"}}
    policy = {"expected_source": "https://wsus.example:8531"}
    return host_preview(
        patch_compliance(found, None, policy, now=NOW), found["updates"], now=NOW, policy={"windows": TONIGHT}
    )


def test_a_host_of_which_nobody_knows_what_it_needs_has_no_plan_but_the_reason():
    found = from_another_source(update(1), update(2))
    assert (found["selected"], found["deferred"]) == ([], [])
    assert found["error"].startswith("nobody knows whether it needs 2 updates: the scan is not trusted")
    assert found["sentence"] == f"Nothing is planned: {found['error']}"
    assert [(numbers([one]), one["place"]) for one in found["not_planned"]] == [([1], "unknown"), ([2], "unknown")]
    assert all(one["reason"].startswith("unknown: the scan is not trusted") for one in found["not_planned"])


def test_what_is_known_to_be_needed_is_planned_beside_what_is_not_known():
    found = entry(update(1), {**update(2), "installed": None})
    assert (numbers(found["selected"]), found["error"]) == ([1], None)
    assert [(one["id"][-1], one["place"]) for one in found["not_planned"]] == [("2", "unknown")]


def test_one_host_and_one_update_are_told_in_the_singular():
    found = preview_document({"web01": entry(update(1))}, patch_waves({"web01": {}}, now=NOW), at=NOW, run_id="r")
    assert "1 host: 1 update to install, 0 later, 0 left out; 0 hosts without a plan." in preview_table(found)


def test_without_windows_nothing_is_selected():
    found = entry(update(1), windows=[])
    assert found["selected"] == []
    assert numbers(found["deferred"]) == [1]


def test_a_host_without_a_plan_is_there_with_the_reason_and_in_no_wave():
    entries = {"web02": unplanned("unreachable: no route"), "web01": entry(update(1))}
    found = preview_document(entries, patch_waves({"web01": {}}, now=NOW), at=NOW, run_id="r")
    assert list(found["hosts"]) == ["web01", "web02"]
    assert [found["hosts"][name]["wave"] for name in ("web01", "web02")] == [1, None]
    assert found["hosts"]["web02"]["error"] == "unreachable: no route"
    assert found["totals"]["failed"] == 1
    assert found["totals"]["machine"] == {"non_compliant": 1, "unknown": 1}


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ({"web01": entry(update(1))}, "2026-11-21T22:00:00Z  2026-11-21T22:20:00Z  1"),
        ({"web01": unplanned("the line broke\x1b[2J")}, "?"),
        ({"web01": entry(update(1), windows=[])}, "no windows are given"),
    ],
)
def test_the_table_says_when_how_many_and_why_not(host, words):
    known = {name: {} for name, found in host.items() if found["error"] is None}
    table = preview_table(preview_document(host, patch_waves(known, now=NOW), at=NOW, run_id=None))
    assert words in table
    assert "\x1b" not in table
    assert table.endswith("Nothing was changed.")
