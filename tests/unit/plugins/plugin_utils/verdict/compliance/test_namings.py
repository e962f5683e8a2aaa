# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which evidence names an update, and what the history says of it."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.document import parse_evidence
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.scan import parse_scan
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.history import newest_attempts
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.host_compliance import (
    patch_compliance,
)
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.judge_winops import SAYS_MISSING
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.naming import find_namings
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.reboot import reboot_verdict
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    document,
    ok,
    refused,
)

from .scans import ID, KB, OTHER, SCANNED, THIRD, attempt, judged, scan, state_of, under_key, update

ROLLED_BACK = "its installation of 2026-11-17T22:00:00Z was reported as done: it was rolled back or removed since"


def packages(*names):
    """The answer about component servicing's pending packages."""
    return {"cbs_packages_pending": ok(values={}, subkeys=list(names))}


def ccm(*instances, kind="CCM_SoftwareUpdate"):
    """The answer of a query for objects of ConfigMgr."""
    asked = {"kind": "cim_query", "namespace": "root\\ccm\\ClientSDK", "class": kind}
    return {"ccm_updates": {"asked": asked, **ok(instances=list(instances))}}


def namings(scanned, probes=None, *, ignored=(), outdated=False, **top):
    """All that names updates on a host."""
    evidence = parse_evidence(document(probes, **top))
    return find_namings(parse_scan(scanned), evidence, reboot_verdict(evidence), ignored=ignored, outdated=outdated)


def because(probes, scanned=None):
    """Why the update is in its state."""
    return judged(scan() if scanned is None else scanned, document(probes)).updates[ID].because


@pytest.mark.parametrize(
    ("state", "word", "hard"),
    [(8, "PendingSoftReboot", False), (9, "PendingHardReboot", True), (10, "WaitReboot", False)],
)
def test_configmgrs_word_for_an_update_that_waits_is_told(state, word, hard):
    found = judged(scan(), document(ccm({"ArticleID": KB, "EvaluationState": state}))).updates[ID]
    assert found.because == f"ConfigMgr says {word} of it"
    assert found.state == ("hard_reboot" if hard else "soft_reboot")


@pytest.mark.parametrize("kind", ["CCM_Application", "", None, 5])
def test_states_of_other_classes_of_configmgr_name_nothing(kind):
    assert state_of(judged(scan(), document(ccm({"ArticleID": KB, "EvaluationState": 8}, kind=kind)))) == "installed"


@pytest.mark.parametrize("instance", [{"ArticleID": KB}, {"ArticleID": KB, "EvaluationState": 1}])
def test_an_update_of_configmgr_that_does_not_wait_names_nothing(instance):
    assert state_of(judged(scan(), document(ccm(instance)))) == "installed"


def test_configmgr_names_by_the_id_where_it_gives_one_and_else_by_the_kb():
    found = namings(
        scan(),
        ccm(
            {"UpdateID": f"Site_7B3D/SUM_{OTHER.upper()}", "ArticleID": KB, "EvaluationState": 8},
            {"UpdateID": None, "ArticleID": "5030216", "EvaluationState": 9},
            {"UpdateID": "no id", "ArticleID": "5030217", "EvaluationState": 10},
            {"EvaluationState": 8},
        ),
    )
    assert (list(found.by_id), list(found.by_kb)) == ([OTHER], ["5030216", "5030217"])


def test_one_hard_reboot_among_the_evidence_makes_it_hard():
    probes = {"wu_reboot_required": under_key(ID), **ccm({"ArticleID": KB, "EvaluationState": 9})}
    assert state_of(judged(scan(), document(probes))) == "hard_reboot"


def test_a_package_is_shown_in_a_hundred_and_twenty_characters():
    package = f"Package_for_KB{KB}~" + "x" * 200
    assert because(packages(package)) == f"component servicing holds its package as pending ({package[:120]})"


@pytest.mark.parametrize(
    ("names", "state"),
    [
        (["p" * 390 + f"KB{KB}"], "soft_reboot"),
        (["p" * 395 + f"KB{KB}"], "installed"),
        ([*(f"Package_{number}" for number in range(4999)), f"Package_for_KB{KB}"], "soft_reboot"),
        ([*(f"Package_{number}" for number in range(5000)), f"Package_for_KB{KB}"], "installed"),
        ([5, f"Package_for_KB{KB}"], "soft_reboot"),
    ],
    ids=["long name", "too long name", "the last one looked at", "one too many", "damaged entry"],
)
def test_so_much_of_the_pending_packages_is_looked_at(names, state):
    assert state_of(judged(scan(), document(packages(*names)))) == state


def test_ignored_packages_name_no_update():
    answer = judged(scan(), document(packages(f"KB{KB}")), {"ignore_signals": ["cbs_packages_pending"]})
    assert state_of(answer) == "installed"


def test_packages_that_nobody_asked_for_name_no_update():
    found = namings(scan(), packages(f"KB{KB}"), asked_signals=["wu_reboot_required"])
    assert found.by_kb == {}


def test_updates_are_named_in_the_order_of_their_ids():
    names = [f"{number:08d}-c4a1-4a22-9996-848cb67eddc3" for number in range(12)]
    assert list(namings(scan(reboot_required_updates=names[::-1])).by_id) == names


def test_the_same_evidence_of_an_update_is_told_once():
    found = judged(scan(update(reboot_required=True), reboot_required_updates=[ID])).updates[ID]
    assert found.because == "the agent says RebootRequired=1 of it"


class TestTheKeyOfTheAgent:
    """Why it is not known what stands under RebootRequired."""

    @pytest.mark.parametrize("key", [under_key(ID), {"state": "absent"}, ok(values={})])
    def test_a_key_that_was_read_is_known(self, key):
        assert namings(scan(), {"wu_reboot_required": key, "cbs_reboot_pending": refused()}).key_unread == ""

    def test_a_key_that_was_refused_is_not_known_for_that_reason(self):
        assert "Access is denied." in namings(scan(), {"wu_reboot_required": refused()}).key_unread

    def test_a_key_that_nobody_asked_for_is_not_known(self):
        assert namings(scan(), asked_signals=["domain_join"]).key_unread == "was not asked"

    def test_itmu_says_that_without_evidence_the_key_is_not_known(self):
        found = patch_compliance(scan(), None, None, "itmu").updates[ID]
        assert (found.state, found.because) == (
            "unknown",
            "WUA says installed, but the RebootRequired key is not known: no evidence of the host is given",
        )


class TestNewestAttempts:
    """The newest installation of each of the updates."""

    @staticmethod
    def found(*history):
        """The results by id, for two updates."""
        attempts = newest_attempts(parse_scan(scan(history=list(history))), {ID, OTHER})
        return {name: entry.result for name, entry in attempts.items()}

    def test_lines_that_are_no_installation_of_the_updates_hide_none_of_those_behind_them(self):
        history = [
            attempt(THIRD),
            attempt(5),
            attempt([]),
            {"title": "no id"},
            "damaged",
            attempt(operation="uninstall"),
            attempt("{" + ID.upper() + "}", "succeeded"),
            attempt(OTHER),
        ]
        assert self.found(*history) == {ID: "succeeded", OTHER: "failed"}

    @pytest.mark.parametrize(
        ("times", "result"),
        [
            ((None, "2026-11-17T22:00:00Z"), "succeeded"),
            (("2026-11-17T22:00:00Z", None), "failed"),
            (("2026-11-17T22:00:00Z", "2026-11-17T22:00:00Z"), "failed"),
            (("2026-11-17T22:00:00Z", "2026-11-17T22:00:01Z"), "succeeded"),
            ((None, None), "failed"),
        ],
    )
    def test_a_known_time_is_newer_than_none_and_of_equal_times_the_first_line_counts(self, times, result):
        first, second = times
        assert self.found(attempt(at=first), attempt(result="succeeded", at=second)) == {ID: result}


@pytest.mark.parametrize(
    ("words", "top", "text"),
    [
        (
            {"result": "succeeded"},
            {},
            f"{SAYS_MISSING}; {ROLLED_BACK}",
        ),
        (
            {"result": "succeeded_with_errors", "at": SCANNED},
            {},
            f"{SAYS_MISSING}; it was installed after the scan, at {SCANNED}: scan again",
        ),
        ({"result": "succeeded", "at": None}, {}, SAYS_MISSING),
        ({"result": "succeeded"}, {"scanned_at": None}, SAYS_MISSING),
        ({"result": "in_progress"}, {}, SAYS_MISSING),
        ({"at": None}, {}, "its last installation failed with 0x80070643"),
        ({"hresult": None, "result": "aborted"}, {}, "its last installation of 2026-11-17T22:00:00Z aborted with"),
    ],
)
def test_the_history_of_a_missing_update_is_told(words, top, text):
    found = judged(scan(update(installed=False), history=[attempt(**words)], **top)).updates[ID].because
    assert found == (f"{text} an unknown code" if text.endswith("with") else text)
