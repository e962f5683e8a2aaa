# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All updates of many hosts: what hosts share is judged once, and never taken over where it does not hold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.document import parse_evidence
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.scan import parse_scan
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.times import parse_time
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance import judge_updates
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.host import view_host
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.judges import JUDGES
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.policy import parse_compliance_policy
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.reboot import judge_reboot
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import document, ok

from .scans import (
    BEFORE_BOOT,
    ID,
    KB,
    NOW,
    OTHER,
    RULE,
    TARGET,
    THIRD,
    attempt,
    judged,
    scan,
    state_of,
    under_key,
    update,
)

TWO = [update(), update(OTHER)]
NEWER = update(OTHER, supersedes=[ID])
REJECTED = {"rejected": [{"id": ID, "reason": "breaks printing"}]}
LATER = "2026-11-18T05:00:00Z"
PACKAGE = {"cbs_packages_pending": ok(values={}, subkeys=[f"Package_for_KB{KB}~31bf"])}


class Counted:
    """A judge of updates under a policy that notes which updates it was asked about."""

    def __init__(self, policy=None, judge="winops"):
        self.asked = []
        self.policy = parse_compliance_policy(policy)
        plain = JUDGES[judge]

        def note(update, rules, host):
            """Judge as ever, and note it."""
            self.asked.append(update.id)
            return plain.judge(update, rules, host)

        self.judge = judge_updates.UpdateJudge(self.policy, replace(plain, judge=note))

    def host(self, *updates, probes=None, at=NOW, **top):
        """What is found for a host."""
        evidence = parse_evidence(document(probes))
        view = view_host(
            parse_scan(scan(*updates, **top)),
            evidence,
            judge_reboot(evidence, self.policy.reboot),
            self.policy,
            at=parse_time(at),
            untrusted="",
        )
        return self.judge.all_of(view)

    def asked_for(self, *updates, **how):
        """The updates that had to be judged for a host."""
        self.asked.clear()
        self.host(*updates, **how)
        return sorted(self.asked)


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"at": LATER},
        {"reboot_required": True},
        {"reboot_required_updates": [THIRD]},
        {"probes": {"wu_reboot_required": under_key(THIRD)}},
    ],
    ids=["the same", "another time", "flag of the machine", "another update of the list", "another update of the key"],
)
def test_an_installed_update_that_nothing_names_is_judged_once_for_all_hosts(how):
    judge = Counted()
    assert judge.asked_for(*TWO) == sorted([ID, OTHER])
    assert [name for name in judge.asked_for(*TWO, **how) if name != THIRD] == []


def test_hosts_that_booted_since_their_scan_share_their_answers_too():
    judge = Counted()
    assert judge.asked_for(*TWO, scanned_at=BEFORE_BOOT) == sorted([ID, OTHER])
    assert judge.asked_for(*TWO, scanned_at=BEFORE_BOOT) == []
    assert judge.asked_for(*TWO, scanned_at=BEFORE_BOOT, reboot_required_updates=[ID]) == sorted([ID, OTHER])


@pytest.mark.parametrize(
    ("how", "asked"),
    [
        ({"probes": {"wu_reboot_required": under_key(ID)}}, [ID]),
        ({"reboot_required_updates": [ID]}, [ID]),
        ({"probes": PACKAGE}, [OTHER, ID]),
    ],
    ids=["key", "list", "package"],
)
def test_an_update_that_evidence_names_is_judged_for_its_host(how, asked):
    judge = Counted()
    judge.host(*TWO)
    assert judge.asked_for(*TWO, **how) == asked
    assert judge.host(*TWO, **how)[ID].state == "soft_reboot"
    assert judge.host(*TWO)[ID].state == "installed"


def test_an_update_that_is_not_installed_is_judged_for_each_host():
    judge, missing = Counted(), update(installed=False)
    assert judge.host(missing)[ID].state == "needed"
    assert judge.host(missing, history=[attempt()])[ID].state == "failed"


def test_under_file_rules_each_host_is_judged_by_its_own_files():
    judge = Counted({"file_rules": [RULE]})
    for version, state in (("10.0.0.0", "installed"), ("9.0.0.0", "unknown")):
        assert judge.host(update(), files={TARGET: {"version": version}})[ID].state == state


def test_a_list_from_before_the_boot_is_looked_at_for_each_host():
    judge = Counted()
    assert judge.host(update(), scanned_at=BEFORE_BOOT)[ID].state == "installed"
    assert judge.host(update(), scanned_at=BEFORE_BOOT, reboot_required_updates=[ID])[ID].state == "unknown"


def test_the_place_of_an_update_is_that_of_the_hosts_own_time():
    judge, young = Counted({"approve_after": "7d"}), update(released="2026-11-17T00:00:00Z")
    for at, place in ((NOW, "not_yet_approved"), ("2026-11-30T00:00:00Z", "wanted"), (NOW, "not_yet_approved")):
        found = judge.host(young, at=at)[ID]
        assert (found.place, found.counted) == (place, place == "wanted")


def test_answers_are_forgotten_all_at_once_when_there_are_too_many(monkeypatch):
    monkeypatch.setattr(judge_updates, "MAX_CACHED", 2)
    judge, third = Counted(), update(THIRD)
    assert judge.asked_for(*TWO) == sorted([ID, OTHER])
    assert judge.asked_for(*TWO) == []
    assert judge.asked_for(third) == [THIRD]
    assert judge.asked_for(third) == []
    assert judge.asked_for(update()) == [ID]
    assert judge.asked_for(third, update()) == []
    assert judge.asked_for(update(OTHER)) == [OTHER]


class TestCatalogue:
    """What the policy's catalogue changes."""

    @staticmethod
    def policy(as_of, name=ID, **entry):
        """A catalogue of one update."""
        return {"catalog": {"as_of": as_of, "updates": [{"id": name, **entry}]}}

    @pytest.mark.parametrize(
        ("scanned", "listed", "state"),
        [
            (101, 102, "unknown"),
            (101, 101, "installed"),
            (None, 1, "unknown"),
            (0, None, "installed"),
            (101, None, "installed"),
            (None, None, "installed"),
        ],
    )
    def test_only_a_newer_revision_than_the_scans_makes_an_installed_update_unknown(self, scanned, listed, state):
        words = {} if listed is None else {"revision": listed}
        answer = judged(scan(update(revision=scanned)), None, self.policy("2026-11-19T00:00:00Z", **words))
        assert state_of(answer) == state

    def test_an_older_catalogue_says_nothing_against_a_scan(self):
        assert state_of(judged(scan(), None, self.policy("2026-11-17T00:00:00Z", revision=102))) == "installed"

    @pytest.mark.parametrize(
        ("coverage", "classification", "state"),
        [
            (["security"], "Security Updates", "not_needed"),
            (["security"], "Updates", "unknown"),
            (["security"], None, "unknown"),
            (["drivers"], "Security Updates", "unknown"),
        ],
    )
    def test_what_a_source_cannot_show_is_unknown_when_it_is_lacking(self, coverage, classification, state):
        words = {} if classification is None else {"classification": classification}
        policy = self.policy("2026-11-17T00:00:00Z", OTHER, **words)
        assert state_of(judged(scan(coverage=coverage), None, policy), OTHER) == state

    def test_a_judge_without_a_state_for_it_does_not_need_what_waits_and_no_scan_shows(self):
        policy = self.policy("2026-11-17T00:00:00Z", OTHER)
        answer = judged(scan(), document({"wu_reboot_required": under_key(OTHER)}), policy, "wua")
        assert state_of(answer, OTHER) == "not_needed"


class TestRejected:
    """What the policy rejects."""

    def test_one_that_is_known_to_be_absent_does_not_count_even_where_its_state_is_unknown(self):
        policy = {**REJECTED, "catalog": {"as_of": "2026-11-19T00:00:00Z", "updates": []}}
        found = judged(scan(update(installed=False)), None, policy, "configmgr").updates[ID]
        assert (found.state, found.counted, found.place) == ("unknown", False, "rejected")

    @pytest.mark.parametrize(("installed", "state"), [(None, "soft_reboot"), (True, "rejected")])
    def test_one_that_waits_is_called_rejected_only_where_it_is_installed(self, installed, state):
        evidence = document({"wu_reboot_required": under_key(ID)})
        found = judged(scan(update(installed=installed)), evidence, REJECTED).updates[ID]
        assert (found.state, found.counted) == (state, state == "rejected")


class TestSuperseded:
    """What another update stands in for."""

    @pytest.mark.parametrize(
        ("older", "place"),
        [
            (update(), "wanted"),
            (update(installed=None), "wanted"),
            (update(installed=False), "superseded"),
            (update(installed=False, hidden=True), "excluded"),
        ],
        ids=["installed", "unknown", "missing", "missing and excluded"],
    )
    def test_only_what_is_missing_and_counts_is_passed_over(self, older, place):
        missing = update(THIRD, installed=False)
        assert judged(scan(older, missing, NEWER)).updates[ID].place == place

    def test_what_supersedes_other_updates_is_no_stand_in_for_a_missing_one(self):
        answer = judged(scan(update(), update(THIRD, installed=False), NEWER))
        assert answer.updates[THIRD].place == "wanted"


def test_of_two_updates_with_one_id_the_one_that_counts_is_taken():
    pair = [update(installed=False, hidden=True), update()]
    for updates in (pair, pair[::-1]):
        found = judged(scan(*updates)).updates[ID]
        assert (found.state, found.counted) == ("installed", True)
