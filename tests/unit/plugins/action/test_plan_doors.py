# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""patch_plan_host and patch_plan_report: from the documents of this run to plan.json, and no host is lost."""

from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleError
from ansible_collections.winops.patching.plugins.action.patch_plan_host import ActionModule as HostDoor
from ansible_collections.winops.patching.plugins.action.patch_plan_report import ActionModule as ReportDoor
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.files import write_json
from ansible_collections.winops.patching.tests.unit.plugins.action.doors import Door
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import document
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.verdict.compliance.scans import (
    OTHER,
    scan,
    update,
)

RUN = "20261118T032000Z-0a1b2c3d"
# Open whenever the tests run.
ALWAYS = [{"name": "always", "rrule": "FREQ=DAILY", "start": "00:00", "duration": "24h", "timezone": "UTC"}]
SCANNED = {"scan": {"updates": []}}


@pytest.fixture
def planned(tmp_path):
    """`planned(run_id=…, task=…, …)`: the answer of the door for a host that left a document in the run RUN."""

    def run(*, task=SCANNED, run_id=RUN, found=None, **options):
        folder = tmp_path / "evidence"
        folder.mkdir(exist_ok=True)
        found = scan(update(OTHER, installed=False)) if found is None else found
        write_json(folder / "web01.json", document(host="web01", run_id=RUN, scan={**found, "host": "web01"}))
        variables = {"hostvars": {"web01": {} if task is None else {"scanned": task}}}
        door = Door(HostDoor, "winops.patching.patch_plan_host")
        arguments = {"report_dir": str(tmp_path), "run_id": run_id, "registered_as": "scanned", "clock": "host"}
        result = door.run(variables=variables, **arguments, **options)
        assert door.calls == [], "nothing is asked of a host"
        return result

    return run


def test_a_host_is_planned_for_from_its_document_of_this_run(planned):
    result = planned(windows=ALWAYS, member={"cluster": "sql", "canary": None})
    assert result["plan"]["error"] is None
    assert [entry["id"] for entry in result["plan"]["selected"]] == [OTHER]
    assert result["member"] == {"cluster": "sql", "windows": ALWAYS}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"task": None}, "the host was never scanned in this run"),
        ({"task": {"unreachable": True, "msg": "no route\x1b[2J"}}, "unreachable: no route"),
        ({"task": {"failed": True, "msg": "refused"}}, "refused"),
        ({"task": {"skipped": True}}, "was skipped"),
        ({"run_id": "another"}, "the file that is there is of an earlier one"),
        ({"found": {**scan(), "complete": False, "errors": [{"hresult": "0x8024402C"}]}}, "0x8024402C"),
    ],
)
def test_a_host_that_was_not_scanned_now_has_no_plan_though_a_document_is_there(planned, words, reason):
    plan = planned(windows=ALWAYS, **words)["plan"]
    assert reason in plan["error"]
    assert "\x1b" not in plan["error"]
    assert (plan["machine"], plan["selected"]) == ("unknown", [])


@pytest.mark.parametrize(
    ("options", "windows"),
    [
        ({}, []),
        ({"windows": []}, []),
        ({"windows": [], "no_windows": "closed"}, []),
        ({"no_windows": "open"}, None),
        ({"windows": [], "policy": {"no_windows": "open"}}, None),
        ({"policy": {"windows_apply": False}}, None),
        ({"windows": ALWAYS, "policy": {"windows_apply": False}}, None),
        ({"policy": {"windows": ALWAYS}}, ALWAYS),
        ({"windows": "tonight"}, "tonight"),
    ],
)
def test_the_waves_get_windows_as_the_plan_of_the_host_has_them(planned, options, windows):
    result = planned(**options)
    assert result["member"].get("windows") == windows
    assert bool(result["plan"]["selected"]) is (windows is None or windows == ALWAYS)


def test_a_policy_that_can_be_used_for_no_host_is_an_error_that_names_the_key(planned):
    with pytest.raises(AnsibleError, match=r"policy\.reserve: 'soon' is not a duration"):
        planned(windows=ALWAYS, policy={"reserve": "soon"})


@pytest.fixture
def report(tmp_path):
    """`report(tasks, …)`: the door's answer for hosts with what their tasks registered, and plan.json."""

    def run(tasks, **options):
        variables = {"hostvars": {host: {"planned": task} for host, task in tasks.items() if task is not None}}
        arguments = {"hosts": list(tasks), "report_dir": str(tmp_path), "run_id": RUN, "registered_as": "planned"}
        door = Door(ReportDoor, "winops.patching.patch_plan_report")
        result = door.run(variables=variables, **arguments, **options)
        return result, json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))

    return run


def test_every_host_is_in_the_plan_and_those_without_one_are_in_no_wave(planned, report):
    ready = planned(windows=ALWAYS)
    result, found = report({"c": ready, "a": ready, "none": None, "b": ready, "broken": {"failed": True, "msg": "bad"}})
    assert [wave["hosts"] for wave in found["waves"]] == [["c", "a", "b"]], "in the order given"
    assert (found["hosts"]["none"]["error"], found["hosts"]["broken"]["error"]) == (
        "the host was never planned for in this run",
        "bad",
    )
    assert (result["totals"]["failed"], result["serial"]) == (2, [3])


def test_a_host_without_windows_is_held_as_its_plan_is_closed(planned, report):
    _result, found = report({"web01": planned(), "web02": planned(windows=ALWAYS)})
    assert found["hosts"]["web01"]["held"] == "closed for install: no windows are given, and no_windows is closed"
    assert (found["hosts"]["web01"]["wave"], found["hosts"]["web02"]["wave"]) == (None, 1)


def test_a_mistake_in_the_waves_is_named(planned, report):
    with pytest.raises(AnsibleError, match=r"waves: policy\.batchs: no such key \(did you mean batches\?\)"):
        report({"web01": planned(windows=ALWAYS)}, waves={"batchs": 1})
