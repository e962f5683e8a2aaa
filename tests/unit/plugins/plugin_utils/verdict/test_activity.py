# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Is something being installed right now, by whom and since when?"""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.activity import probes_of_activity
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.document import build_document, parse_evidence
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.probes import validate_probes
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.activity import judge_activity
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    ABSENT,
    AFTER_BOOT,
    COLLECTED,
    SYSTEM,
    document,
    ok,
    refused,
    running,
    service,
    text,
    value,
    verdict,
    with_present,
)
from hypothesis import given
from hypothesis import strategies as st

IDLE = {"cbs_interface": ok(values={}), "agent_busy": ok(value=False)}
DECISIVE = {
    "cbs_reboot_in_progress": "cbs_reboot_in_progress",
    "cbs_interface": "servicing_in_progress",
    "msi_mutex": "installer_running",
    "running_job": "patch_job_running",
}
JOB = ok(values={"Id": text("install-1"), "ProcessId": value(7), "StartedAt": text("2026-11-18T03:00:00Z")})


def judged(system=None, **answers):
    """What is said of an idle host with some other answers."""
    asked = probes_of_activity()
    probes = {probe["id"]: ABSENT for probe in asked} | IDLE | answers
    answer = {"probes": probes, "system": {**SYSTEM, **(system or {})}}
    return judge_activity(parse_evidence(build_document(answer, host="web01", asked=asked, collected_at=COLLECTED)))


def updates(*states):
    """Updates of the ConfigMgr client in these states."""
    return ok(
        instances=[
            {
                "ArticleID": f"50000{place}",
                "Name": "x",
                "EvaluationState": state,
                "StartTime": f"2026-11-18T03:0{place}:00Z",
            }
            for place, state in enumerate(states)
        ]
    )


def whole(work):
    return [(entry.id, entry.who, entry.since) for entry in work]


def test_the_probes_may_be_sent():
    assert validate_probes(probes_of_activity()) == probes_of_activity()


def test_an_idle_host_is_idle():
    found = judged()
    assert found.as_dict() == {
        "activity": "no",
        "busy": [],
        "hints": [],
        "unknown": [],
        "sentence": "Nothing is being installed.",
    }


@pytest.mark.parametrize(
    ("answers", "work"),
    [
        ({"msi_mutex": ok(exists=True)}, ("installer_running", "Windows Installer", None)),
        (
            {"msi_mutex": ok(exists=True), "processes": running(("msiexec", 5), ("MSIEXEC", 6))},
            ("installer_running", "msiexec (5), MSIEXEC (6)", AFTER_BOOT),
        ),
        ({"processes": running(("wusa", 9))}, ("installer_running", "wusa (9)", AFTER_BOOT)),
        (
            {"processes": running(("msiexec", 5), ("msiexec", 6))},
            ("installer_running", "msiexec (5), msiexec (6)", AFTER_BOOT),
        ),
        (
            {"processes": running(("TrustedInstaller", 2), ("TiWorker", 3))},
            ("servicing_in_progress", "TiWorker (3), TrustedInstaller (2)", AFTER_BOOT),
        ),
        (
            {"cbs_interface": ok(values={"ServicingInProgress": value(2)})},
            ("servicing_in_progress", "component servicing", None),
        ),
        ({"cbs_reboot_in_progress": ok(values={})}, ("cbs_reboot_in_progress", "component servicing", None)),
        ({"agent_busy": ok(value=True)}, ("agent_busy", "the update agent", None)),
        ({"processes": running(("Setup", 4), ("ExSetup", 8))}, ("setup_running", "Setup (4), ExSetup (8)", AFTER_BOOT)),
        (
            {"running_job": JOB, "processes": running(("powershell", 7))},
            ("patch_job_running", "winops.patching", "2026-11-18T03:00:00Z"),
        ),
        ({"ccm_updates": updates(7)}, ("configmgr_installing", "the ConfigMgr client", "2026-11-18T03:00:00Z")),
        ({"ccm_updates": updates(6, 11)}, ("configmgr_installing", "the ConfigMgr client", "2026-11-18T03:01:00Z")),
    ],
)
def test_whoever_is_at_work_is_named_with_the_time_of_its_start(answers, work):
    found = judged(**answers)
    assert (found.activity, whole(found.busy)) == ("yes", [work])
    assert found.sentence.startswith("Something is at work: ")
    assert work[1] in found.sentence


@pytest.mark.parametrize(
    ("answers", "hints"),
    [
        ({"processes": running(("msiexec", 5))}, [("installer_running", "msiexec (5)", AFTER_BOOT)]),
        (
            {"processes": running(("TrustedInstaller", 2))},
            [("servicing_in_progress", "TrustedInstaller (2)", AFTER_BOOT)],
        ),
        ({"ccm_updates": updates(6)}, [("configmgr_installing", "the ConfigMgr client", "2026-11-18T03:00:00Z")]),
        ({"ccm_updates": updates(8, 9, 10)}, []),
        ({"cbs_interface": ok(values={"ServicingInProgress": value(1)})}, []),
        ({"processes": running(("powershell", 8))}, []),
        ({"running_job": JOB, "processes": running(("powershell", 8))}, []),
    ],
)
def test_what_stays_after_its_work_or_waits_is_no_work(answers, hints):
    found = judged(**answers)
    assert (found.activity, whole(found.hints)) == ("no", hints)
    assert found.sentence.startswith("Nothing is being installed.")
    assert all(who in found.sentence for _id, who, _since in hints)


@pytest.mark.parametrize("probe", DECISIVE)
@pytest.mark.parametrize("answer", [refused(), refused("timeout"), refused("error"), None, "junk", {"state": "ok"}])
def test_a_place_that_may_hide_an_installation_leaves_no_no(probe, answer):
    found = judged(**{probe: answer})
    assert found.activity == "unknown"
    assert [(entry.id, entry.decisive) for entry in found.unknown] == [(DECISIVE[probe], True)]
    assert DECISIVE[probe] in found.sentence


def test_without_a_list_of_processes_nothing_is_certain():
    found = judged(processes=refused())
    assert found.activity == "unknown"
    assert {entry.id for entry in found.unknown} == {"servicing_in_progress", "installer_running"}


@pytest.mark.parametrize("answer", [refused(), refused("timeout"), ok(value=None), ok(value="yes"), ok(), None, "junk"])
def test_an_agent_that_cannot_be_asked_is_told_and_decides_nothing(answer):
    found = judged(agent_busy=answer)
    assert (found.activity, whole(found.busy)) == ("no", [])
    (entry,) = found.unknown
    assert (entry.id, entry.decisive, bool(entry.reason)) == ("agent_busy", False, True)
    assert found.sentence == "Nothing is being installed. The update agent could not be asked."


def test_a_host_without_update_agent_is_an_answer():
    assert judged(agent_busy=ABSENT).unknown == ()


@pytest.mark.parametrize(
    ("services", "decisive"),
    [(ABSENT, False), (service("stopped"), False), (service("running"), True), (refused(), True)],
)
@pytest.mark.parametrize("answer", [refused(), ok(instances=[{"EvaluationState": "x"}]), ok(instances="x"), ok()])
def test_a_configmgr_client_that_does_not_answer_decides_only_where_it_runs(services, decisive, answer):
    found = judged(ccm_service=services, ccm_updates=answer)
    assert [entry.as_dict()["decisive"] for entry in found.unknown] == [decisive]
    assert found.activity == ("unknown" if decisive else "no")


def test_something_at_work_weighs_more_than_something_unreadable():
    found = judged(msi_mutex=refused(), agent_busy=ok(value=True))
    assert (found.activity, [entry.id for entry in found.unknown]) == ("yes", ["installer_running"])


def test_many_updates_of_configmgr_are_counted():
    (work,) = judged(ccm_updates=updates(*[7] * 8)).busy
    assert work.detail == "ConfigMgr is installing KB500000, KB500001, KB500002, KB500003, KB500004 and 3 more"


def test_an_update_without_article_is_named_by_its_title():
    answer = ok(instances=[{"Name": "Definition\x1b[2J " + "x" * 99, "EvaluationState": 7}])
    (work,) = judged(ccm_updates=answer).busy
    assert work.detail == "ConfigMgr is installing Definition [2J " + "x" * 45
    assert work.since is None


def test_many_processes_are_counted_and_none_without_number_is_believed():
    (work,) = judged(processes=running(*[("setup", number) for number in range(8)])).busy
    assert work.who.endswith("setup (4), 3 more")
    assert judged(processes=ok(running=["junk"])).activity == "unknown"


def test_a_filtered_token_is_said_once():
    found = judged(system={"elevated": False}, msi_mutex=refused(), running_job=refused())
    assert found.activity == "unknown"
    assert found.sentence.count("filtered") == 1


@given(
    st.dictionaries(
        st.sampled_from([probe["id"] for probe in probes_of_activity()]),
        st.sampled_from(
            [
                ABSENT,
                refused(),
                None,
                "junk",
                5,
                ok(),
                ok(value=True),
                ok(exists=True),
                ok(exists="x"),
                ok(values={}),
                ok(values=[]),
                ok(running=[{}]),
                ok(running=[{"name": "wusa", "id": 1}]),
                ok(instances=[{}]),
                ok(services=[{"state": "running"}]),
            ]
        ),
    )
)
def test_damage_never_stops_anything_and_never_becomes_a_no(answers):
    found = judged(**answers)
    assert (found.activity == "yes") == bool(found.busy)
    assert (found.activity == "no") == (not found.busy and not any(entry.decisive for entry in found.unknown))
    damaged = {name for name in DECISIVE if answers.get(name, ABSENT) in (refused(), None, "junk", 5)}
    assert found.activity != "no" or not damaged


def test_a_busy_agent_makes_a_reboot_unsafe_and_its_refusal_does_not():
    found = verdict(document({"agent_busy": ok(value=True)}))
    assert (found["safe_to_reboot"], found["busy"], found["reboot"]) == ("no", ["agent_busy"], "not_required")
    assert "Not now: the update agent is at work." in found["sentence"]
    for answer in (refused(), ok(value=None), ok(value=False), ABSENT, "junk"):
        assert verdict(document({"agent_busy": answer}))["safe_to_reboot"] == "yes"


def test_a_busy_agent_stands_after_the_signals_that_are_busy():
    evidence = with_present("installer_running")
    evidence["probes"]["agent_busy"] = ok(value=True)
    found = verdict(evidence)
    assert (found["safe_to_reboot"], found["busy"]) == ("no", ["installer_running", "agent_busy"])
