# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The judge of this collection: an update's state changes only by evidence that names it."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    PRESENT,
    client,
    document,
    ok,
    refused,
    with_present,
)
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    scan as scan_probe,
)

from .scans import (
    BEFORE_BOOT,
    ENTRY,
    FILES,
    ID,
    KB,
    OTHER,
    QUEUE_PROBE,
    RULE,
    TARGET,
    attempt,
    judged,
    scan,
    state_of,
    under_key,
    update,
)

RULED = {"file_rules": [RULE]}
NAMES_AN_UPDATE = {"wu_reboot_required", "agent_updates_pending_reboot", "cbs_packages_pending"}


def ccm(**instance):
    """The answer of a query for ConfigMgr's updates."""
    asked = {"kind": "cim_query", "namespace": "root\\ccm\\ClientSDK", "class": "CCM_SoftwareUpdate"}
    return {"ccm_updates": {"asked": asked, **ok(instances=[instance])}}


def test_an_installed_update_of_a_quiet_host_is_installed_and_the_machine_compliant():
    answer = judged(scan())
    assert (state_of(answer), answer.machine, answer.reboot) == ("installed", "compliant", "not_required")
    assert answer.sentence == "Compliant: what counts is installed, and no reboot is required."


def test_a_missing_update_is_needed():
    answer = judged(scan(update(installed=False)))
    assert (state_of(answer), answer.machine) == ("needed", "non_compliant")
    assert answer.reasons[0].as_dict() == {"reason": "missing", "count": 1, "text": f"1 update is missing: KB{KB}"}


@pytest.mark.parametrize("installed", [None, "true", 1])
def test_without_a_plain_answer_an_update_is_unknown(installed):
    answer = judged(scan(update(installed=installed)))
    assert (state_of(answer), answer.machine) == ("unknown", "unknown")


@pytest.mark.parametrize("judge", ["winops", "wua", "itmu", "mbsa_2_0", "configmgr"])
def test_an_installed_update_of_which_the_agent_did_not_tell_whether_it_waits_is_unknown(judge):
    answer = judged(scan(update(reboot_required=None)), None, None, judge)
    assert (state_of(answer), answer.machine) == ("unknown", "unknown")
    assert "did not say whether it waits" in answer.updates[ID].because


def test_a_scan_without_the_flag_at_all_is_taken_by_its_other_words():
    plain = {key: value for key, value in update().items() if key != "reboot_required"}
    assert judged(scan(plain)).machine == "compliant"


def test_a_damaged_reboot_flag_makes_an_installed_update_unknown():
    assert state_of(judged(scan(update(reboot_required="no")))) == "unknown"


@pytest.mark.parametrize(
    ("scanned", "probes"),
    [
        (scan(), {"wu_reboot_required": under_key(ID)}),
        (scan(), {"wu_reboot_required": under_key("{" + ID.upper() + "}")}),
        (scan(update(reboot_required=True)), {}),
        (scan(reboot_required_updates=[ID.upper()]), {}),
        (scan(), {"update_agent": scan_probe(ID)}),
        (scan(), {"cbs_packages_pending": ok(values={}, subkeys=[f"Package_for_KB{KB}~31bf~amd64~~10.0.1.2"])}),
        (scan(), ccm(ArticleID=KB, EvaluationState=8)),
        (scan(), ccm(ArticleID="KB1", UpdateID=f"Site_7B3D/SUM_{ID.upper()}", EvaluationState=10)),
    ],
    ids=["key", "key in braces", "flag", "list", "probe", "package", "configmgr by KB", "configmgr by id"],
)
@pytest.mark.parametrize("installed", [True, None])
def test_evidence_that_names_an_update_makes_it_wait(scanned, probes, installed):
    scanned["updates"] = [{**scanned["updates"][0], "installed": installed}, update(OTHER)]
    answer = judged(scanned, document(probes))
    assert state_of(answer) == "soft_reboot"
    assert state_of(answer, OTHER) == "installed"
    assert answer.machine == "pending_reboot"
    assert answer.unattributed_reboot is False


@pytest.mark.parametrize("name", [name for name in PRESENT if name not in NAMES_AN_UPDATE])
def test_a_signal_of_the_machine_leaves_every_update_as_it_is(name):
    updates = [update(), update(OTHER, installed=False)]
    before, after = judged(scan(*updates)), judged(scan(*updates), with_present(name))
    assert {key: found.as_dict() for key, found in after.updates.items()} == {
        key: found.as_dict() for key, found in before.updates.items()
    }


@pytest.mark.parametrize("probes", [PRESENT["computer_rename"], {"wu_reboot_required": ok(values={})}])
def test_a_reboot_that_no_evidence_attributes_is_told(probes):
    answer = judged(scan(), document(probes))
    assert (answer.machine, answer.reboot, answer.unattributed_reboot) == ("pending_reboot", "required", True)
    assert "no update is named" in answer.sentence


def test_configmgrs_hard_reboot_of_the_machine_makes_no_update_hard():
    answer = judged(scan(), document({"ccm_reboot": client(hard=True), "wu_reboot_required": under_key(ID)}))
    assert state_of(answer) == "soft_reboot"


@pytest.mark.parametrize(
    ("scanned", "probes"),
    [
        (scan(), ccm(ArticleID=KB, EvaluationState=9)),
        (
            scan(
                update(installed=False),
                history=[attempt(hresult="0x80240016")],
                reboot_required_before_installation=True,
            ),
            {},
        ),
    ],
    ids=["configmgr", "refused before a reboot"],
)
def test_evidence_that_names_it_makes_a_reboot_hard(scanned, probes):
    answer = judged(scanned, document(probes))
    assert (state_of(answer), answer.machine) == ("hard_reboot", "pending_reboot")


def test_that_nothing_may_install_before_a_reboot_makes_no_update_hard():
    answer = judged(scan(update(reboot_required=True), reboot_required_before_installation=True))
    assert state_of(answer) == "soft_reboot"


@pytest.mark.parametrize("state", [0, 1, 7, 11, 13, 23, None, "x"])
def test_other_evaluation_states_of_configmgr_name_no_reboot(state):
    assert state_of(judged(scan(), document(ccm(ArticleID=KB, EvaluationState=state)))) == "installed"


@pytest.mark.parametrize("answer", [refused(), {"state": "absent"}, ok(instances="damaged"), ok(instances=[5])])
def test_a_query_of_configmgr_without_an_answer_names_nothing(answer):
    probe = {"asked": {"class": "CCM_SoftwareUpdate"}, **answer}
    assert state_of(judged(scan(), document({"x": probe, "y": "damaged", "z": {"asked": 5}}))) == "installed"


def test_an_update_that_the_agent_misses_stays_needed_whatever_waits():
    answer = judged(scan(update(installed=False)), document({"wu_reboot_required": under_key(ID)}))
    assert (state_of(answer), answer.machine) == ("needed", "non_compliant")
    assert "scan again" in answer.updates[ID].because


def test_an_id_that_waits_and_is_in_no_scan_is_listed_but_does_not_count():
    answer = judged(scan(), document({"wu_reboot_required": under_key(OTHER)}))
    found = answer.updates[OTHER]
    assert (found.state, found.counted, found.place) == ("soft_reboot", False, "not_in_scan")
    assert (answer.machine, answer.unattributed_reboot) == ("pending_reboot", False)


class TestHistory:
    """The newest installation of an update that is not installed."""

    @pytest.mark.parametrize("result", ["failed", "aborted"])
    @pytest.mark.parametrize("installed", [False])
    def test_a_failed_installation_makes_it_failed_with_its_code(self, result, installed):
        answer = judged(scan(update(installed=installed), history=[attempt(result=result)]))
        assert (state_of(answer), answer.machine) == ("failed", "non_compliant")
        assert "0x80070643" in answer.updates[ID].because
        assert answer.reasons[0].reason == "failed"

    @pytest.mark.parametrize("line", [attempt(), attempt(hresult="0x80240016")])
    def test_a_failure_of_an_installed_update_is_over(self, line):
        assert state_of(judged(scan(update(), history=[line]))) == "installed"

    @pytest.mark.parametrize(
        "history",
        [
            [attempt(result="succeeded", at="2026-11-17T23:00:00Z"), attempt()],
            [attempt(), attempt(result="succeeded", at="2026-11-17T23:00:00Z")],
            [attempt(operation="uninstall")],
            [attempt(OTHER)],
            [attempt(result="in_progress")],
            [{"title": "damaged"}],
        ],
        ids=["newest first", "newest last", "a removal", "another update", "not over", "damaged"],
    )
    def test_only_the_newest_installation_of_that_update_counts(self, history):
        assert state_of(judged(scan(update(installed=False), history=history))) == "needed"

    def test_without_times_the_first_line_is_the_newest(self):
        history = [attempt(at=None), attempt(at=None, result="succeeded")]
        assert state_of(judged(scan(update(installed=False), history=history))) == "failed"

    def test_a_refusal_without_a_pending_reboot_is_a_failure(self):
        history = [attempt(hresult="0x80240016")]
        assert state_of(judged(scan(update(installed=False), history=history))) == "failed"

    def test_an_update_offered_again_after_success_was_rolled_back(self):
        found = judged(scan(update(installed=False), history=[attempt(result="succeeded")])).updates[ID]
        assert found.state == "needed"
        assert "rolled back" in found.because

    def test_an_update_installed_after_the_scan_asks_for_a_new_one(self):
        history = [attempt(result="succeeded", at="2026-11-18T01:00:00Z")]
        assert "scan again" in judged(scan(update(installed=False), history=history)).updates[ID].because


class TestFileRules:
    """What the user's own rules add."""

    def test_a_file_that_passes_leaves_the_agents_answer(self):
        files = {TARGET: {"version": "10.0.0.0"}}
        assert state_of(judged(scan(files=files), None, RULED)) == "installed"
        assert state_of(judged(scan(update(installed=False), files=files), None, RULED)) == "needed"
        assert state_of(judged(scan(update(installed=None), files=files), None, RULED)) == "unknown"

    def test_a_file_that_fails_contradicts_the_agent(self):
        answer = judged(scan(files={TARGET: {"version": "9.9.9.9"}}), None, RULED)
        assert (state_of(answer), answer.machine) == ("unknown", "unknown")
        assert "contradicts" in answer.updates[ID].because

    @pytest.mark.parametrize("files", [{}, {TARGET: {"state": "denied"}}, {TARGET: {"version": None}}])
    def test_a_file_that_was_not_read_makes_it_unknown(self, files):
        assert state_of(judged(scan(files=files), None, RULED)) == "unknown"

    @pytest.mark.parametrize("path", [TARGET.lower(), TARGET.replace("\\", "/"), "%SystemRoot%\\System32\\clbcatq.dll"])
    def test_paths_are_compared_as_windows_does(self, path):
        answer = judged(scan(queue=[ENTRY], files=FILES), None, {"file_rules": [{**RULE, "path": path}]})
        assert state_of(answer) == "soft_reboot"

    @pytest.mark.parametrize("name", [KB, f"KB{KB}", int(KB), ID.upper()])
    def test_a_rule_names_its_update_by_id_or_kb(self, name):
        answer = judged(scan(queue=[ENTRY], files=FILES), None, {"file_rules": [{**RULE, "update": name}]})
        assert state_of(answer) == "soft_reboot"

    @pytest.mark.parametrize("scanned", [scan(queue=None), scan(queue=[])])
    def test_the_queue_of_the_evidence_names_it_too(self, scanned):
        answer = judged(scanned, document({"session_manager": QUEUE_PROBE}), RULED)
        assert state_of(answer) == "soft_reboot"
        assert answer.unattributed_reboot is False

    def test_that_nothing_waits_is_only_said_where_the_queue_was_read(self):
        scanned = scan(queue=None, files={TARGET: {"version": "9.0.0.0"}})
        for probe, said in ((ok(values={}), "nothing waits"), (refused(), "is not known")):
            found = judged(scanned, document({"session_manager": probe}), RULED).updates[ID]
            assert (found.state, said in found.because) == ("unknown", True)

    def test_an_entry_whose_file_will_fail_says_so(self):
        files = {TARGET: {"version": "10.0.0.0"}, ENTRY["source"]: {"version": "9.0.0.0"}}
        found = judged(scan(queue=[ENTRY], files=files), None, RULED).updates[ID]
        assert found.state == "soft_reboot"
        assert "even after the boot" in found.because

    def test_a_deletion_of_its_file_names_it(self):
        entry = {"operation": "delete", "source": TARGET, "target": None}
        found = judged(scan(queue=[entry], files={TARGET: {"version": "10.0"}}), None, RULED).updates[ID]
        assert found.state == "soft_reboot"
        assert "deletion of clbcatq.dll" in found.because

    def test_an_entry_for_another_file_names_nothing(self):
        entry = {**ENTRY, "target": "C:\\WINDOWS\\system32\\other.dll"}
        assert state_of(judged(scan(queue=[entry], files={TARGET: {"version": "10.0"}}), None, RULED)) == "installed"

    def test_a_rule_of_an_update_that_the_scan_does_not_show_is_a_finding(self):
        answer = judged(scan(), None, {"file_rules": [{**RULE, "update": OTHER}]})
        assert [finding.id for finding in answer.findings] == ["rule_without_update"]

    def test_an_entry_aimed_at_a_file_of_a_rule_never_leaves_the_machine_compliant_under_any_judge(self):
        scanned = scan(queue=[ENTRY], files=FILES)
        assert judged(scanned, None, RULED, "wua").machine == "pending_reboot"


class TestBootAfterTheScan:
    """What waited for a boot that has come since is not waiting any more, and not known either."""

    @pytest.mark.parametrize(
        "scanned",
        [
            scan(update(reboot_required=True), scanned_at=BEFORE_BOOT),
            scan(reboot_required_updates=[ID], scanned_at=BEFORE_BOOT),
        ],
    )
    def test_an_update_that_waited_is_unknown(self, scanned):
        answer = judged(scanned)
        assert (state_of(answer), answer.machine) == ("unknown", "unknown")

    def test_an_installed_update_stays_so_and_the_machine_is_unknown(self):
        answer = judged(scan(scanned_at=BEFORE_BOOT))
        assert (state_of(answer), answer.machine) == ("installed", "unknown")

    def test_a_missing_update_stays_missing(self):
        answer = judged(scan(update(installed=False), scanned_at=BEFORE_BOOT))
        assert answer.machine == "non_compliant"

    def test_the_agents_flags_of_that_scan_count_no_more(self):
        answer = judged(scan(scanned_at=BEFORE_BOOT, reboot_required=True, reboot_required_before_installation=True))
        assert answer.machine == "unknown"

    def test_its_queue_is_gone(self):
        answer = judged(scan(scanned_at=BEFORE_BOOT, queue=[ENTRY], files={TARGET: {"version": "10.0"}}), None, RULED)
        assert state_of(answer) == "installed"

    def test_an_id_under_the_key_still_waits(self):
        answer = judged(scan(scanned_at=BEFORE_BOOT), document({"wu_reboot_required": under_key(ID)}))
        assert state_of(answer) == "soft_reboot"


@pytest.mark.parametrize(
    "flag", [{"reboot_required": True}, {"reboot_required_before_installation": True}], ids=["required", "before"]
)
def test_the_agents_flag_for_the_machine_makes_it_wait_and_no_update(flag):
    answer = judged(scan(**flag))
    assert (state_of(answer), answer.machine, answer.unattributed_reboot) == ("installed", "pending_reboot", True)


@pytest.mark.parametrize(
    ("scanned", "ignored"),
    [
        (scan(reboot_required=True), "agent_reboot_required"),
        (scan(reboot_required_updates=[ID]), "agent_updates_pending_reboot"),
    ],
)
def test_a_signal_that_the_policy_ignores_counts_for_no_update_either(scanned, ignored):
    answer = judged(scanned, None, {"ignore_signals": [ignored]})
    assert (state_of(answer), answer.machine) == ("installed", "compliant")


def test_an_ignored_key_names_no_update():
    evidence = document({"wu_reboot_required": under_key(ID)})
    answer = judged(scan(), evidence, {"ignore_signals": ["wu_reboot_required"]})
    assert state_of(answer) == "installed"


def test_of_two_updates_with_one_id_the_worse_counts():
    for updates in ([update(), update(installed=False)], [update(installed=False), update()]):
        assert state_of(judged(scan(*updates))) == "needed"
