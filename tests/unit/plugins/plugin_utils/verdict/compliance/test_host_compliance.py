# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From updates to the machine: the precedence, what counts, what puts a scan in doubt."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.document import EvidenceError, parse_evidence
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.scan import ScanError, parse_scan
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.times import TimeTextError
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.host_compliance import (
    ComplianceJudge,
    patch_compliance,
)
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.judges import JUDGES
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.policy import PolicyError
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    COLLECTED,
    document,
    refused,
    with_present,
)

from .scans import ID, KB, NOW, OLD_SCAN, OTHER, THIRD, attempt, judged, scan, state_of, under_key, update

LACKING = update(OTHER, installed=False)
UNKNOWN = update(THIRD, installed=None)
WAITING = update(reboot_required=True)
REJECTED = {"rejected": [{"id": ID, "reason": "breaks printing"}]}
MONTH = {"months": [{"name": "2026-11", "any_of": [{"kb": KB}, {"kb": "961501"}, {"build": "20348.4405"}]}]}
UNREADABLE = document({"cbs_reboot_pending": refused()})


def machine(*given, **how):
    """The machine's word."""
    return judged(*given, **how).machine


@pytest.mark.parametrize(
    ("updates", "evidence", "policy", "word"),
    [
        ([update()], None, None, "compliant"),
        ([update(), UNKNOWN], None, None, "unknown"),
        ([update()], UNREADABLE, None, "unknown"),
        ([update()], UNREADABLE, {"unknown_is": "required"}, "pending_reboot"),
        ([WAITING], None, None, "pending_reboot"),
        ([WAITING, UNKNOWN], UNREADABLE, None, "pending_reboot"),
        ([update()], with_present("domain_join"), None, "pending_reboot"),
        ([LACKING], None, None, "non_compliant"),
        ([LACKING, WAITING, UNKNOWN], UNREADABLE, None, "non_compliant"),
        ([update()], None, REJECTED, "non_compliant"),
        ([WAITING, UNKNOWN], UNREADABLE, REJECTED, "non_compliant"),
    ],
)
def test_the_worst_of_what_counts_decides(updates, evidence, policy, word):
    assert machine(scan(*updates), evidence, policy) == word


def test_the_order_of_updates_changes_nothing():
    updates = [LACKING, WAITING, UNKNOWN]
    one, other = judged(scan(*updates)), judged(scan(*reversed(updates)))
    assert one.as_dict() == other.as_dict()


def test_all_counts_and_all_reasons_are_shown():
    failed = update("u4", installed=False, kb=["5030216"])
    answer = judged(scan(LACKING, WAITING, UNKNOWN, failed, history=[attempt("u4")]), with_present("domain_join"))
    assert {state: n for state, n in answer.counts.items() if n} == {
        "failed": 1,
        "needed": 1,
        "soft_reboot": 1,
        "unknown": 1,
    }
    assert len(answer.counts) == 8
    assert [(reason.reason, reason.count) for reason in answer.reasons] == [
        ("failed", 1),
        ("missing", 1),
        ("needs_reboot", 1),
        ("unknown", 1),
    ]
    assert "KB5030216" in answer.sentence
    assert "0x80070643" in answer.sentence


def test_long_lists_are_cut_and_counted():
    text = judged(scan(*(update(f"u{n}", installed=False, kb=[str(5000000 + n)]) for n in range(9)))).reasons[0].text
    assert text == "9 updates are missing: KB5000000, KB5000001, KB5000002 and 6 more"


class TestWhatDoesNotCount:
    """Listed, and never decisive for the machine."""

    @pytest.mark.parametrize(
        ("words", "policy", "place"),
        [
            ({"hidden": True}, None, "excluded"),
            ({"type": "driver"}, None, "excluded"),
            ({}, {"install": [{"classification": ["Drivers"]}]}, "out_of_baseline"),
            ({}, {"rejected": [{"kb": KB}]}, "rejected"),
            ({}, {"ignore_updates": [{"kb": KB, "reason": "case 12", "until": "2027-01-31"}]}, "ignored"),
            ({"released": "2026-11-17T00:00:00Z"}, {"approve_after": "7d"}, "not_yet_approved"),
        ],
    )
    def test_it_is_listed_as_needed(self, words, policy, place):
        answer = judged(scan(update(installed=False, **words)), None, policy)
        found = answer.updates[ID]
        assert (found.state, found.counted, found.place) == ("needed", False, place)
        assert (answer.machine, answer.counts["needed"], answer.counted["needed"]) == ("compliant", 1, 0)

    def test_ignoring_ends_on_its_day(self):
        policy = {"ignore_updates": [{"kb": KB, "reason": "case 12", "until": "2026-11-18T02:00:00Z"}]}
        assert machine(scan(update(installed=False)), None, policy) == "non_compliant"
        assert machine(scan(update(installed=False)), None, policy, now="2026-11-18T01:00:00Z") == "compliant"

    def test_without_any_time_ignoring_does_not_hold(self):
        policy = {"ignore_updates": [{"kb": KB, "reason": "case 12", "until": "2027-01-31"}]}
        assert patch_compliance(scan(update(installed=False)), None, policy).machine == "non_compliant"

    def test_a_superseded_update_is_not_missing_once(self):
        newer = update(OTHER, installed=False, supersedes=[ID.upper()])
        answer = judged(scan(update(installed=False), newer))
        assert (answer.updates[ID].counted, answer.updates[ID].place) == (False, "superseded")
        assert (answer.machine, answer.counted["needed"]) == ("non_compliant", 1)

    def test_a_superseded_update_is_not_missing_where_the_newer_one_is_installed(self):
        assert machine(scan(update(installed=False), update(OTHER, supersedes=[ID]))) == "compliant"

    def test_what_nobody_will_install_supersedes_nothing(self):
        newer = update(OTHER, installed=False, supersedes=[ID], released="2026-11-17T00:00:00Z")
        answer = judged(scan(update(installed=False), newer), None, {"approve_after": "7d"})
        assert (answer.machine, answer.updates[ID].counted) == ("non_compliant", True)

    @pytest.mark.parametrize("words", [{"hidden": True}, {"type": "driver"}])
    def test_but_one_that_waits_for_a_reboot_makes_the_machine_wait(self, words):
        answer = judged(scan(update(reboot_required=True, **words)))
        assert (answer.updates[ID].counted, answer.machine) == (False, "pending_reboot")

    def test_a_rejected_update_that_is_installed_counts(self):
        answer = judged(scan(), None, REJECTED)
        found = answer.updates[ID]
        assert (found.state, found.counted, answer.machine) == ("rejected", True, "non_compliant")
        assert answer.reasons[0].reason == "rejected"

    @pytest.mark.parametrize("judge", JUDGES)
    def test_a_rejected_update_that_may_be_there_keeps_the_machine_from_being_compliant(self, judge):
        answer = judged(scan(update(installed=None)), None, REJECTED, judge)
        found = answer.updates[ID]
        assert (found.state, found.counted, answer.machine) == ("unknown", True, "unknown")


class TestDoubts:
    """A scan in doubt never makes a machine compliant; what is worse stays worse."""

    CASES = (
        ({"scanned_at": OLD_SCAN}, {}, "scan_too_old"),
        ({"scanned_at": None}, {}, "scan_without_time"),
        ({"scanned_at": "soon"}, {}, "scan_without_time"),
        ({"scanned_at": "2026-11-18T03:30:00Z"}, {}, "scan_from_future"),
        ({"scanned_at": "2026-11-01T03:12:00Z"}, {}, "scan_before_boot"),
        ({"boot_time": "2026-10-01T03:12:00Z"}, {}, "other_boot"),
        ({"complete": False}, {}, "scan_incomplete"),
        ({"errors": [{"step": "search", "hresult": "0x8024401F"}]}, {}, "scan_incomplete"),
        ({"warnings": 5, "updates": [update(), None]}, {}, "scan_damaged"),
        ({"host": "web02"}, {}, "other_host"),
        ({"coverage": ["security"]}, {}, "coverage"),
        ({}, {"boot_time": None}, "no_boot_time"),
        ({}, {"boot_time": "?"}, "no_boot_time"),
        ({}, {"collected_at": None}, "evidence_without_time"),
    )

    @pytest.mark.parametrize(("top", "evidence", "doubt"), CASES)
    def test_it_is_unknown_with_the_reason(self, top, evidence, doubt):
        answer = judged(scan(**top), document(**evidence))
        assert answer.machine == "unknown"
        assert doubt in [found.id for found in answer.doubts]
        assert answer.reasons[-1].reason == "unknown"

    @pytest.mark.parametrize(("top", "evidence", "doubt"), [case for case in CASES if "updates" not in case[0]])
    def test_what_is_missing_stays_missing(self, top, evidence, doubt):
        assert machine(scan(LACKING, **top), document(**evidence)) == "non_compliant"

    def test_a_stale_scan_keeps_its_states(self):
        assert state_of(judged(scan(WAITING, scanned_at=OLD_SCAN))) == "soft_reboot"

    @pytest.mark.parametrize(
        ("now", "word"), [("2026-11-18T00:59:59Z", "compliant"), ("2026-11-18T01:00:00Z", "unknown")]
    )
    def test_a_scan_is_too_old_when_it_reaches_max_scan_age(self, now, word):
        assert machine(scan(), document(collected_at=now), {"max_scan_age": "1h"}, now=now) == word

    @pytest.mark.parametrize(
        ("scanned_at", "word"), [("2026-11-18T03:25:00Z", "compliant"), ("2026-11-18T03:25:01Z", "unknown")]
    )
    def test_clocks_may_differ_by_five_minutes(self, scanned_at, word):
        assert machine(scan(scanned_at=scanned_at)) == word

    def test_the_evidence_may_not_be_too_old_either(self):
        answer = judged(scan(), document(collected_at="2026-11-10T00:00:00Z"), now=NOW)
        assert [doubt.id for doubt in answer.doubts] == ["evidence_too_old"]
        assert answer.machine == "unknown"

    @pytest.mark.parametrize("case", ["web01", "WEB01", ""])
    def test_names_of_hosts_are_compared_without_case(self, case):
        assert machine(scan(host=case)) == "compliant"

    @pytest.mark.parametrize(
        ("selectors", "word"),
        [
            ([{"classification": ["Security Updates"]}], "compliant"),
            ([{"classification": ["Security Updates"], "severity": ["Critical"]}, {"kb": ["1234567"]}], "unknown"),
            ([{"classification": ["Security Updates", "Updates"]}], "unknown"),
            ([{"kb": ["1234567"]}], "unknown"),
        ],
    )
    def test_an_offline_catalogue_proves_only_what_it_can_show(self, selectors, word):
        assert machine(scan(coverage=["security"]), None, {"install": selectors}) == word


class TestEvidence:
    """The other half of the answer."""

    def test_without_evidence_the_reboot_is_unknown_and_so_is_the_machine(self):
        answer = patch_compliance(scan(), now=NOW)
        assert (answer.reboot, answer.machine, answer.scan_age_seconds) == ("unknown", "unknown", 4 * 3600)
        assert "no evidence of the host is given" in answer.sentence

    def test_without_evidence_and_now_nobody_knows_the_age(self):
        answer = patch_compliance(scan())
        assert answer.scan_age_seconds is None
        assert [doubt.id for doubt in answer.doubts] == ["no_time"]

    def test_without_evidence_what_the_scan_says_still_counts(self):
        assert patch_compliance(scan(LACKING)).machine == "non_compliant"
        assert patch_compliance(scan(WAITING)).machine == "pending_reboot"

    def test_age_is_judged_when_the_evidence_was_collected(self):
        assert judged(scan()).scan_age_seconds == 3 * 3600 + 20 * 60

    def test_the_reboot_is_judged_under_the_same_policy(self):
        answer = judged(scan(), with_present("domain_join"), {"ignore_signals": ["domain_join"], "name": "x"})
        assert (answer.reboot, answer.machine) == ("not_required", "compliant")

    def test_parsed_documents_are_taken_too(self):
        evidence = parse_evidence(document())
        assert judged(parse_scan(scan()), evidence).as_dict() == judged(scan()).as_dict()
        assert judged(parse_scan(scan()), evidence, now=NOW).scan_age_seconds == 4 * 3600

    @pytest.mark.parametrize("within", [document(scan=scan()), {"scan": scan(), "evidence": document()}])
    def test_what_holds_a_scan_is_taken_as_one(self, within):
        assert patch_compliance(within).as_dict() == judged(scan()).as_dict()

    def test_signals_that_the_user_added_may_be_named_by_the_policy(self):
        own = {
            "id": "acme_flag",
            "title": "Acme",
            "strength": "strong",
            "probe": {"kind": "registry", "path": "HKEY_LOCAL_MACHINE\\SOFTWARE\\Acme"},
            "when": {"exists": True},
        }
        policy = {"ignore_signals": ["acme_flag"]}
        patch_compliance(scan(), None, policy)
        with pytest.raises(PolicyError, match="acme_flag"):
            judged(scan(), None, policy)
        assert own["id"] in policy["ignore_signals"]


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ((None,), ScanError),
        (({"updates": 5},), ScanError),
        ((scan(), {}), EvidenceError),
        ((scan(), "text"), EvidenceError),
        ((scan(), document(custom_signals=[5])), EvidenceError),
        ((scan(), None, {"instal": []}), PolicyError),
        ((scan(), None, "strict"), PolicyError),
    ],
)
def test_what_cannot_be_judged_at_all_is_refused_by_name(given, error):
    with pytest.raises(error):
        patch_compliance(*given)


@pytest.mark.parametrize("now", ["yesterday", "2026-11-18T00:00:00", 5])
def test_now_must_be_a_time_with_a_zone(now):
    with pytest.raises(TimeTextError):
        patch_compliance(scan(), now=now)


class TestSource:
    """A scan of another source than expected says nothing."""

    @pytest.mark.parametrize("expected", ["https://WSUS.example:8531/", "managed_server"])
    def test_the_expected_source_is_trusted(self, expected):
        assert machine(scan(), None, {"expected_source": expected}) == "compliant"

    @pytest.mark.parametrize("expected", ["https://other.example:8531", "windows_update", "microsoft_update"])
    def test_another_source_makes_every_update_unknown(self, expected):
        answer = judged(scan(update(), LACKING, WAITING), None, {"expected_source": expected})
        assert {found.state for found in answer.updates.values()} == {"unknown"}
        assert answer.machine == "pending_reboot"
        assert "source_overwritten" in [finding.id for finding in answer.findings]
        assert "overwritten by a higher authority" in answer.findings[0].text

    def test_a_scan_that_does_not_name_its_source_is_not_trusted(self):
        answer = judged(scan(source={}), None, {"expected_source": "managed_server"})
        assert (state_of(answer), answer.machine) == ("unknown", "unknown")


class TestMonths:
    """Several updates that stand for one month."""

    def test_one_of_them_satisfies_the_month_and_the_other_is_not_missing(self):
        answer = judged(scan(update(), LACKING), None, MONTH)
        assert (answer.machine, answer.months[0].state) == ("compliant", "satisfied")
        assert (answer.updates[OTHER].counted, answer.updates[OTHER].place) == (False, "month_held")

    def test_a_late_enough_build_satisfies_it(self):
        evidence = document(system={"os_build": "20348.4405"})
        assert machine(scan(LACKING), evidence, MONTH) == "compliant"

    def test_a_month_that_is_lacking_is_missing_even_where_its_update_does_not_count(self):
        policy = {**MONTH, "rejected": [{"id": OTHER}]}
        answer = judged(scan(LACKING), None, policy)
        assert (answer.machine, answer.reasons[0].reason, answer.reasons[0].count) == ("non_compliant", "missing", 1)

    def test_a_month_of_which_nothing_is_known_makes_the_machine_unknown(self):
        policy = {"months": [{"name": "2026-11", "any_of": [{"kb": "5000001"}]}]}
        assert machine(scan(), None, policy) == "unknown"

    def test_a_scan_that_is_not_trusted_holds_no_month(self):
        policy = {**MONTH, "expected_source": "windows_update"}
        assert judged(scan(), None, policy).months[0].state != "satisfied"


class TestCatalog:
    """What a scan does not show."""

    @staticmethod
    def policy(as_of, **entry):
        """A catalogue of one update that the scan lacks."""
        return {"catalog": {"as_of": as_of, "updates": [{"id": OTHER.upper(), "revision": 101, **entry}]}}

    @pytest.mark.parametrize(
        ("as_of", "state", "word"),
        [
            ("2026-11-17T23:59:59Z", "not_needed", "compliant"),
            ("2026-11-18T00:00:00Z", "unknown", "unknown"),
            ("2026-11-18T01:00:00Z", "unknown", "unknown"),
        ],
    )
    def test_a_newer_scan_that_lacks_it_does_not_need_it(self, as_of, state, word):
        answer = judged(scan(), None, self.policy(as_of))
        assert (state_of(answer, OTHER), answer.machine) == (state, word)

    @pytest.mark.parametrize(
        "top", [{"complete": False}, {"errors": ["x"]}, {"updates": [None]}, {"coverage": ["security"]}]
    )
    def test_a_scan_that_may_have_missed_it_leaves_it_unknown(self, top):
        assert state_of(judged(scan(**top), None, self.policy("2026-11-17T00:00:00Z")), OTHER) == "unknown"

    def test_a_source_that_would_have_shown_it_does_not_need_it(self):
        policy = self.policy("2026-11-17T00:00:00Z", classification="Security Updates")
        assert state_of(judged(scan(coverage=["security"]), None, policy), OTHER) == "not_needed"

    def test_an_untrusted_scan_leaves_it_unknown(self):
        policy = {**self.policy("2026-11-17T00:00:00Z"), "expected_source": "windows_update"}
        assert state_of(judged(scan(), None, policy), OTHER) == "unknown"

    def test_one_that_waits_by_its_id_waits(self):
        evidence = document({"wu_reboot_required": under_key(OTHER)})
        assert state_of(judged(scan(), evidence, self.policy("2026-11-17T00:00:00Z")), OTHER) == "soft_reboot"

    def test_it_changes_nothing_for_what_the_scan_shows(self):
        policy = self.policy("2026-11-19T00:00:00Z")
        assert state_of(judged(scan(update(OTHER)), None, policy), OTHER) == "installed"

    def test_a_newer_revision_than_an_older_scans_is_unknown(self):
        policy = self.policy("2026-11-19T00:00:00Z", revision=102)
        assert state_of(judged(scan(update(OTHER)), None, policy), OTHER) == "unknown"
        assert state_of(judged(scan(LACKING), None, policy), OTHER) == "needed"

    @pytest.mark.parametrize("judge", ["mbsa_1_2", "sms_2003"])
    def test_judges_of_files_know_nothing_of_it(self, judge):
        assert state_of(judged(scan(), None, self.policy("2026-11-17T00:00:00Z"), judge), OTHER) == "unknown"

    @pytest.mark.parametrize("judge", ["wua", "itmu", "mbsa_2_0", "configmgr"])
    def test_the_other_judges_do_not_need_it(self, judge):
        found = judged(scan(), None, self.policy("2026-11-17T00:00:00Z"), judge).updates[OTHER]
        assert found.state == "not_needed"
        assert found.word.lower() in ("not applicable", "not needed")


def test_one_judge_answers_for_many_hosts_as_for_each_alone():
    policy = {"install": [{"classification": ["Security Updates"]}], "approve_after": "7d"}
    scans = [
        scan(),
        scan(WAITING),
        scan(scanned_at=OLD_SCAN),
        scan(update(released="2026-11-17T00:00:00Z", installed=False)),
        scan(reboot_required_updates=[ID], scanned_at="2026-11-01T00:00:00Z"),
        scan(),
    ]
    evidences = [document(), with_present("domain_join"), document({"wu_reboot_required": under_key(ID)}), UNREADABLE]
    judge = ComplianceJudge(policy)
    for _round in range(2):
        for scanned in scans:
            for evidence in evidences:
                assert judge.host(scanned, evidence).as_dict() == judged(scanned, evidence, policy).as_dict()


def test_the_published_shape_is_plain_data():
    shape = judged(scan(), document(collected_at=COLLECTED), MONTH, "mbsa_2_0").as_dict()
    assert set(shape["updates"][ID]) == {
        "state",
        "because",
        "word",
        "title",
        "kb",
        "revision",
        "counted",
        "place",
        "place_reason",
    }
    assert shape["machine_check"]["state"] == "clear"
    assert shape["months"][0]["state"] == "satisfied"
    assert shape["judge"] == "mbsa_2_0"
