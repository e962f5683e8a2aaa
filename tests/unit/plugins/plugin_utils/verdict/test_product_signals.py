# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ConfigMgr, Desired State Configuration, Server Manager, setup from media and our own witness."""

from __future__ import annotations

import json

import pytest
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    ABSENT,
    LEFT_OUT,
    client,
    document,
    judged,
    ok,
    refused,
    service,
    signal,
    text,
    value,
    verdict,
)


class TestConfigMgr:
    """DetermineIfRebootPending, and whether the client runs."""

    @pytest.mark.parametrize(
        ("answer", "state", "kind"),
        [
            (client(), "absent", "soft"),
            (client(soft=True), "present", "soft"),
            (client(hard=True), "present", "hard"),
            (client(soft=True, hard=True), "present", "hard"),
            (client(soft=True, hard=None), "present", "soft"),
            (client(soft=None, hard=True), "present", "hard"),
            (client(soft=False, hard=None), "unknown", "soft"),
            (client(soft=None, hard=False), "unknown", "soft"),
            (client(soft=None, hard=None), "unknown", "soft"),
            (client(soft="False", hard="False"), "unknown", "soft"),
            (client(soft=0, hard=0), "unknown", "soft"),
            (client(soft=True, result=1), "unknown", "soft"),
            (client(soft=True, result=-2147217389), "unknown", "soft"),
            (client(soft=False, result=None), "unknown", "soft"),
            (client(soft=False, result=False), "unknown", "soft"),
            (ABSENT, "absent", "soft"),
        ],
    )
    def test_the_client_answers_hard_soft_no_or_nothing(self, answer, state, kind):
        found = judged("ccm_reboot_pending", {"ccm_reboot": answer})
        assert (found["state"], found["kind"]) == (state, kind)

    @pytest.mark.parametrize("runs", [ABSENT, refused(), LEFT_OUT, service("stopped"), service("running")])
    def test_its_answer_counts_whatever_the_service_says(self, runs):
        yes = document({"ccm_reboot": client(hard=True), "ccm_service": runs})
        assert (verdict(yes)["reboot"], verdict(yes)["kind"]) == ("required", "hard")
        no = document({"ccm_reboot": client(), "ccm_service": runs})
        assert (verdict(no)["reboot"], verdict(no)["unknown"]) == ("not_required", [])

    @pytest.mark.parametrize("refusal", [refused("denied"), refused("timeout"), client(result=5), "damaged", ok()])
    @pytest.mark.parametrize(
        ("runs", "decisive"),
        [
            (service("running"), True),
            (service("start_pending"), True),
            (service("paused"), True),
            (refused(), True),
            ("damaged", True),
            (ok(services=None), True),
            (ok(services=["CcmExec"]), True),
            (ok(services=[{"name": "CcmExec", "state": None}]), True),
            (service("stopped"), False),
            (ABSENT, False),
        ],
    )
    def test_its_silence_decides_where_the_client_runs_or_may_run(self, runs, decisive, refusal):
        found = verdict(document({"ccm_reboot": refusal, "ccm_service": runs}))
        assert [(entry["id"], entry["decisive"]) for entry in found["unknown"]] == [("ccm_reboot_pending", decisive)]
        assert found["reboot"] == ("unknown" if decisive else "not_required")

    def test_no_client_at_all_is_an_answer_even_with_its_service_running(self):
        found = verdict(document({"ccm_reboot": ABSENT, "ccm_service": service("running")}))
        assert (found["reboot"], found["unknown"]) == ("not_required", [])


@pytest.mark.parametrize(
    ("configuration", "state"),
    [
        ({"LCMState": "PendingReboot"}, "present"),
        ({"LCMState": "Idle"}, "absent"),
        ({"LCMState": "PendingConfiguration"}, "absent"),
        ({"LCMState": ""}, "unknown"),
        ({"LCMState": "Rebooting"}, "unknown"),
        ({"LCMState": 3}, "unknown"),
        ({"LCMState": ["Idle"]}, "unknown"),
        ({}, "unknown"),
        (None, "unknown"),
        ("MSFT_DSCMetaConfiguration", "unknown"),
    ],
)
def test_desired_state_configuration_waits_only_in_the_state_pending_reboot(configuration, state):
    assert judged("dsc_pending_reboot", {"dsc_lcm": ok(MetaConfiguration=configuration)})["state"] == state


NUMBERS = {
    "server_manager_attempts": ("server_manager", "CurrentRebootAttempts"),
    "server_manager_restart": ("component_cache", "RestartRequired"),
    "wu_ux_reboot_required": ("wu_ux_state", "RebootRequired"),
}


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize(
    ("entry", "state"),
    [
        (value(0), "absent"),
        (value(1), "present"),
        (value(7), "present"),
        (value(-1), "present"),
        (text("1"), "present"),
        (text("0"), "absent"),
        (text(""), "unknown"),
        (text("once"), "unknown"),
        (text("²"), "unknown"),
        (value(None), "unknown"),
        (value("ff00", "REG_BINARY"), "unknown"),
        (value([], "REG_MULTI_SZ"), "unknown"),
        (None, "unknown"),
        (1, "unknown"),
    ],
)
def test_a_number_counts_above_zero_and_what_is_none_is_unknown(name, entry, state):
    probe, word = NUMBERS[name]
    assert judged(name, {probe: ok(values={word: entry})})["state"] == state


@pytest.mark.parametrize("name", NUMBERS)
def test_a_missing_number_or_one_of_another_name_is_absent(name):
    probe, word = NUMBERS[name]
    assert judged(name, {probe: ok(values={})})["state"] == "absent"
    assert judged(name, {probe: ok(values={f"{word}s": value(1)})})["state"] == "absent"


@pytest.mark.parametrize("entry", [text("x"), text(""), value(0), None])
def test_a_dvd_reboot_signal_counts_whatever_it_holds(entry):
    assert judged("dvd_reboot_signal", {"run_once": ok(values={"DVDREBOOTSIGNAL": entry})})["state"] == "present"


def test_the_witness_says_who_asked():
    held = {"Reason": text("setup.exe answered 3010"), "ExitCode": value(3010), "At": text("2026-11-17T22:40:00Z")}
    found = judged("reboot_witness", {"reboot_witness": ok(values=held)})
    assert "setup.exe answered 3010" in found["detail"]
    assert found["entries"] == [
        {"Reason": "setup.exe answered 3010", "ExitCode": 3010, "At": "2026-11-17T22:40:00Z"},
    ]


def test_the_witness_counts_empty_and_a_swollen_one_stays_small():
    assert judged("reboot_witness", {"reboot_witness": ok(values={})})["state"] == "present"
    swollen = {f"{number}" * 500: text("x" * 5000) for number in range(1000)}
    found = judged("reboot_witness", {"reboot_witness": ok(values=swollen)})
    assert len(json.dumps(found)) < 20_000


def test_host_text_is_passed_on_and_never_evaluated():
    hostile = "{{ lookup('pipe', 'id') }} ünïcödé"
    evidence = document({"reboot_witness": ok(values={"Reason": text(hostile)})})
    assert hostile in signal("reboot_witness", evidence)["detail"]


@pytest.mark.parametrize("hostile", ["\x1b[31mred", "a\nb", "\u202eabc", "\u2028row", "\x9b1m", "\x07"])
def test_nothing_of_a_host_moves_the_cursor_of_who_reads_it(hostile):
    evidence = document({"reboot_witness": ok(values={"Reason": text(hostile)}), "ccm_reboot": ok(ReturnValue=hostile)})
    seen = verdict(evidence)["sentence"] + signal("reboot_witness", evidence)["detail"]
    assert not any(character in seen for character in "\x1b\n\u202e\u2028\x9b\x07")


@pytest.mark.parametrize("services", [[], ["junk"], [{"name": "Other", "state": None}]])
def test_a_damaged_list_of_services_does_not_say_that_the_client_is_stopped(services):
    evidence = document({"ccm_reboot": refused(), "ccm_service": ok(services=services)})
    assert verdict(evidence)["reboot"] == "unknown"


def test_a_refusing_client_decides_also_where_nobody_asked_for_its_service():
    evidence = document({"ccm_reboot": refused()})
    del evidence["probes"]["ccm_service"]
    assert verdict(evidence)["reboot"] == "unknown"
