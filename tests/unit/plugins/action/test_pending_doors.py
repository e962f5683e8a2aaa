# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_reboot_pending_info and win_patch_facts: one module execution, one verdict."""

from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError
from ansible_collections.winops.patching.plugins.action.win_patch_facts import ActionModule as FactsDoor
from ansible_collections.winops.patching.plugins.action.win_reboot_pending_info import ActionModule as InfoDoor
from ansible_collections.winops.patching.tests.unit.plugins.action.doors import Door, answer_of
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    MINOR_PAIR,
    document,
    queue,
    refused,
    verdict,
    with_present,
)

BLIND = answer_of(document({"cbs_reboot_pending": refused()}))
BROKEN = {"failed": True, "msg": "MODULE FAILURE", "module_stdout": "junk"}


@pytest.fixture
def info():
    return lambda answer=None: Door(InfoDoor, "winops.patching.win_reboot_pending_info", answer)


@pytest.fixture
def facts():
    return lambda answer=None: Door(FactsDoor, "winops.patching.win_patch_facts", answer)


def test_the_host_is_asked_once_and_nothing_is_changed(info):
    door = info()
    result = door.run()
    assert [name for name, _ in door.calls] == ["winops.patching.win_probe"]
    assert (result["changed"], result["reboot_required"], result["verdict"]["reboot"]) == (False, False, "not_required")
    assert not result.get("failed")


def test_check_mode_asks_and_answers_the_same(info):
    assert info().run(check_mode=True)["verdict"] == info().run()["verdict"]


def test_a_yes_is_true_with_its_reasons(info):
    result = info(answer_of(with_present("wu_reboot_required"))).run()
    assert result["reboot_required"] is True
    assert [reason["signal"] for reason in result["reboot_required_reasons"]] == ["wu_reboot_required"]


def test_an_unknown_verdict_returns_no_reboot_required_and_warns_why(info):
    result = info(BLIND).run()
    assert "reboot_required" not in result
    assert "cbs_reboot_pending" in result["warnings"][0]
    assert not result.get("failed")


@pytest.mark.parametrize(("unknown_is", "failed", "required"), [("required", False, True), ("fail", True, None)])
def test_what_unknown_means_is_an_option(info, unknown_is, failed, required):
    result = info(BLIND).run(unknown_is=unknown_is)
    assert bool(result.get("failed")) is failed
    assert result.get("reboot_required") is required
    assert result["verdict"]["unknown"][0]["id"] == "cbs_reboot_pending"
    assert not info().run(unknown_is=unknown_is).get("failed")


def test_a_broken_reader_fails_the_task_with_an_unknown_verdict_beside_the_reason(info):
    result = info(BROKEN).run()
    assert result["failed"] is True
    assert "MODULE FAILURE" in result["msg"]
    assert result["verdict"]["reboot"] == "unknown"
    assert "reboot_required" not in result


def test_a_broken_reader_still_leaves_its_evidence(info, tmp_path):
    result = info(BROKEN).run(evidence="file", evidence_dir=str(tmp_path), run_id="r1")
    saved = json.loads((tmp_path / "web01.json").read_text(encoding="utf-8"))
    assert result["failed"] is True
    assert (saved["run_id"], verdict(saved)["reboot"]) == ("r1", "unknown")


def test_a_lost_line_is_left_to_ansible(info):
    with pytest.raises(AnsibleConnectionFailure):
        info(AnsibleConnectionFailure("lost")).run()


def test_evidence_is_returned_saved_or_left_out(info, tmp_path):
    assert not {"evidence", "signals", "evidence_file"} & set(info().run())
    returned = info().run(evidence="return")
    assert returned["evidence"]["schema"] == "winops.patching/evidence/1"
    assert returned["signals"] == verdict(returned["evidence"])["signals"]
    saved = info().run(evidence="file", evidence_dir=str(tmp_path / "e"))
    assert saved["evidence_file"] == str(tmp_path / "e" / "web01.json")
    assert verdict(json.loads((tmp_path / "e" / "web01.json").read_text(encoding="utf-8")))["reboot"] == "not_required"


def test_the_evidence_says_under_which_policy_it_was_judged(info):
    answer = answer_of(document({"session_manager": queue(*MINOR_PAIR)}))
    result = info(answer).run(evidence="return", policy={"rename_queue": "any"})
    assert result["reboot_required"] is True
    assert result["evidence"]["policy"] == {"rename_queue": "any"}


def test_rename_rules_and_policy_are_taken_together(info):
    answer = answer_of(document({"session_manager": queue(*MINOR_PAIR)}))
    rule = {"id": "own", "match": "contoso", "reason": "r"}
    result = info(answer).run(policy={"rename_queue": "any"}, rename_rules=[rule])
    assert result["verdict"]["ignored"] == [{"id": "pending_file_rename", "rule": "own"}]


def test_only_what_was_chosen_is_asked_and_whether_the_configmgr_client_runs(info):
    door = info()
    result = door.run(signals=["cbs_reboot_pending"], policy={"require": ["cbs_reboot_pending"]})
    assert [probe["id"] for probe in door.calls[0][1]["probes"]] == ["cbs_reboot_pending", "ccm_service"]
    assert result["reboot_required"] is False
    door = info()
    assert "reboot_required" not in door.run(skip=["cbs_reboot_pending"])
    assert "cbs_reboot_pending" not in [probe["id"] for probe in door.calls[0][1]["probes"]]
    door = info()
    assert door.run(update_agent="skip")["verdict"]["update_agent"] == "not_asked"
    assert "system_info" not in [probe["id"] for probe in door.calls[0][1]["probes"]]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"signals": ["nothing"]}, "signals: 'nothing' is no signal"),
        ({"skip": ["nothing"]}, "skip: 'nothing' is no signal"),
        ({"policy": {"requires": []}}, "policy.requires"),
        ({"policy": {"unknown_is": "required"}, "unknown_is": "required"}, "given as an option and inside policy"),
        ({"rename_rules": [{"match": "("}]}, "rename_rules"),
        ({"evidence": "file"}, "evidence_dir: evidence=file needs the folder"),
        ({"evidence": "maybe"}, "evidence"),
        ({"update_agent": "never"}, "update_agent"),
        ({"unknown_is": "no"}, "unknown_is"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_option_fails_before_the_host_is_asked(info, options, words):
    door = info()
    with pytest.raises(AnsibleError, match=words):
        door.run(**options)
    assert door.calls == []


def test_a_folder_that_cannot_be_written_is_a_clear_failure(info, tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(AnsibleActionFail, match="cannot write"):
        info().run(evidence="file", evidence_dir=str(tmp_path / "file"))


def test_the_fact_is_the_verdict_and_can_be_cached(facts):
    result = facts(answer_of(with_present("domain_join"))).run()
    fact = result["ansible_facts"]["winops_patching"]
    assert (fact["reboot"], fact["collected_at"]) == ("required", "2026-11-18T03:20:00Z")
    assert set(result["ansible_facts"]) == {"winops_patching"}
    assert "reboot_required" not in result
    assert json.loads(json.dumps(fact)) == fact


def test_the_fact_of_a_broken_reader_is_unknown_and_the_task_fails(facts):
    result = facts(BROKEN).run()
    assert result["failed"] is True
    assert result["ansible_facts"]["winops_patching"]["reboot"] == "unknown"
