# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who else installs updates on a host: each place alone, what cannot be read, and hosts that are shared."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.preflight import probes_of_preflight
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.probes import validate_probes
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.preflight import judge_preflight
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    ABSENT,
    ok,
    refused,
    value,
)

CLOSES = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
OFF = ok(values={"NoAutoUpdate": value(1)})


def services(*entries):
    return ok(services=[{"name": name, "state": state, "start": "auto"} for name, state in entries])


CLIENT, CLUSTER = services(("CcmExec", "running")), services(("ClusSvc", "running"))


def judge(owner="exclusive", until=CLOSES, **probes):
    quiet = {probe["id"]: ABSENT for probe in probes_of_preflight()}
    return judge_preflight(
        {**quiet, "wu_policy": ok(values={}), "wu_policy_au": OFF, **probes}, owner=owner, until=until
    )


def findings(**words):
    return [(found.id, found.stops) for found in judge(**words).findings]


def test_the_probes_are_what_the_reader_takes():
    assert len(validate_probes(probes_of_preflight())) == len(probes_of_preflight())


def test_a_host_that_nobody_else_patches_has_no_finding():
    quiet = judge()
    assert (quiet.stops, quiet.findings) == ("no", ())
    assert quiet.as_dict()["sentence"] == "Nobody else is known to install updates on this host."


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ok(values={"AUOptions": value(4)}), [("automatic_updates", "yes")]),
        (ok(values={"AUOptions": value(3)}), []),
        (ABSENT, [("automatic_updates", "unknown")]),
        (refused(), [("automatic_updates", "unknown")]),
    ],
)
def test_automatic_updates_by_their_policy(answer, expected):
    assert findings(wu_policy_au=answer) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ok(values={"AllowAutoUpdate": value(5)}), [("mdm_policy", "no")]),
        (ok(values={"AllowAutoUpdate": value(2)}), [("mdm_policy", "yes")]),
        (ok(values={"AllowAutoUpdate": value(77)}), [("mdm_policy", "unknown")]),
        (ok(values={"AllowAutoUpdate": value("x")}), [("mdm_policy", "unknown")]),
        (ok(values={}), []),
        (refused(), [("mdm_policy", "unknown")]),
    ],
)
def test_the_policy_of_a_device_manager(answer, expected):
    assert findings(mdm_update=answer) == expected


@pytest.mark.parametrize(
    ("service", "answer", "expected"),
    [
        (CLIENT, ok(instances=[]), []),
        (CLIENT, ok(instances=[{"ArticleID": "5030216", "Deadline": "2026-11-22T01:00:00Z"}]), ["yes"]),
        (CLIENT, ok(instances=[{"ArticleID": "5030216", "Deadline": "2026-11-20T01:00:00Z"}]), ["yes"]),
        (CLIENT, ok(instances=[{"ArticleID": "5030216", "Deadline": "2026-11-22T02:00:01Z"}]), ["no"]),
        (CLIENT, ok(instances=[{"ArticleID": "5030216", "Deadline": None}]), ["no"]),
        (CLIENT, ok(instances=[{"ArticleID": "5030216", "Deadline": "soon"}]), ["unknown"]),
        (CLIENT, ok(instances=[{"Name": "Update", "EvaluationState": 7}]), ["yes"]),
        (CLIENT, ok(instances=["junk"]), ["unknown"]),
        (CLIENT, ok(instances="junk"), ["unknown"]),
        (CLIENT, refused(), ["unknown"]),
        (CLIENT, ABSENT, ["no"]),
        (refused(), ABSENT, []),
        (refused(), refused(), ["unknown"]),
        (services(("CcmExec", "stopped")), ok(instances=[{"Deadline": "2026-11-20T01:00:00Z"}]), []),
        (ABSENT, refused(), []),
    ],
)
def test_deployments_of_configmgr(service, answer, expected):
    assert findings(ccm_service=service, ccm_deployments=answer) == [("configmgr", stops) for stops in expected]


def test_without_the_end_of_a_window_every_deadline_stops():
    late = ok(instances=[{"ArticleID": "1", "Deadline": "2027-11-22T01:00:00Z"}])
    assert findings(ccm_service=CLIENT, ccm_deployments=late, until=None) == [("configmgr", "yes")]


@pytest.mark.parametrize(
    ("service", "answer", "expected"),
    [
        (CLUSTER, ok(instances=[{"Name": "CAU", "State": 2, "Type": "ClusterAwareUpdatingResource"}]), ["yes"]),
        (CLUSTER, ok(instances=[{"Name": "CAU", "State": 3}]), ["no"]),
        (CLUSTER, ok(instances=[{"Name": "CAU"}]), ["unknown"]),
        (CLUSTER, ok(instances=[{"Name": "IP", "State": 2, "Type": "IP Address"}]), []),
        (CLUSTER, ok(instances=[]), []),
        (CLUSTER, refused(), ["unknown"]),
        (CLUSTER, ABSENT, ["unknown"]),
        (ABSENT, refused(), []),
        (refused(), ABSENT, []),
        (services(("ClusSvc", "stopped")), ABSENT, []),
    ],
)
def test_a_cluster_that_updates_itself(service, answer, expected):
    assert findings(cluster_service=service, cau_role=answer) == [("cluster_aware_updating", word) for word in expected]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (services(("IntuneManagementExtension", "running")), ["unknown"]),
        (services(("intunemanagementextension", "running"), ("BESClient", "stopped")), ["unknown"]),
        (services(("Other", "running")), []),
        (refused(), ["unknown"]),
        (ok(services="junk"), ["unknown"]),
    ],
)
def test_services_of_other_products_can_patch_and_do_not_say_whether(answer, expected):
    assert findings(extensions=answer) == [("management_extension", stops) for stops in expected]


def test_the_worst_finding_stops_and_comes_first():
    found = judge(extensions=services(("BESClient", "running")), mdm_update=ok(values={"AllowAutoUpdate": value(4)}))
    assert (found.stops, [one.stops for one in found.findings]) == ("yes", ["yes", "unknown"])
    assert "without a word" in found.as_dict()["sentence"]


@pytest.mark.parametrize(
    ("answers", "stops_run"),
    [
        ({}, False),
        ({"extensions": services(("BESClient", "running"))}, True),
        ({"ccm_service": CLIENT, "ccm_deployments": refused()}, True),
        ({"mdm_update": refused()}, True),
        ({"mdm_update": ok(values={"AllowAutoUpdate": value(4)})}, True),
    ],
)
def test_a_run_leaves_alone_whom_somebody_else_may_patch_and_who_could_not_be_asked(answers, stops_run):
    found = judge(**answers).as_dict()
    assert found["stops_run"] is stops_run
    assert judge("shared", **answers).as_dict()["stops_run"] is False


def test_that_no_policy_tells_windows_what_to_do_stops_no_run_and_an_unreadable_policy_does():
    quiet = {probe["id"]: ABSENT for probe in probes_of_preflight()}
    assert [(one.id, one.stops) for one in judge_preflight(quiet).findings] == [("automatic_updates", "unknown")]
    assert judge_preflight(quiet).stops_run is False
    assert judge_preflight({}).stops_run is True
    unread = {name: refused() if name.startswith("wu_policy") else answer for name, answer in quiet.items()}
    assert judge_preflight(unread).stops_run is True


def test_a_shared_host_is_not_stopped_and_everything_is_told():
    found = judge(
        "shared", mdm_update=ok(values={"AllowAutoUpdate": value(4)}), cluster_service=refused(), cau_role=refused()
    )
    assert (found.stops, {one.stops for one in found.findings}, len(found.findings)) == ("no", {"no"}, 2)
    assert found.as_dict()["sentence"].startswith("The host is shared")


def test_answers_that_are_missing_are_never_a_no():
    found = judge_preflight({})
    assert found.stops == "unknown"
    assert {one.id for one in found.findings} == {
        "automatic_updates",
        "mdm_policy",
        "configmgr",
        "cluster_aware_updating",
        "management_extension",
    }
