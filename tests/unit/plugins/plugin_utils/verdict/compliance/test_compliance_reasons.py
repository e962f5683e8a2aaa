# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The sentences that say why a machine is not compliant, word for word."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.document import parse_evidence
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.scan import parse_scan
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.fleet import fleet_compliance
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.host_compliance import (
    patch_compliance,
)
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.policy import parse_compliance_policy
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.roll_up import name_of
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.scan_trust import (
    booted_since,
    doubts_of,
)
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    BOOT,
    document,
    flags,
    ok,
    refused,
    with_present,
)

from .scans import ENTRY, FILES, ID, KB, NOW, OTHER, RULE, THIRD, attempt, judged, scan, under_key, update

RULED = {"file_rules": [RULE]}
PACKAGE = {"cbs_packages_pending": ok(values={}, subkeys=[f"Package_for_KB{KB}~31bf"])}
FOREIGN_PACKAGE = {"cbs_packages_pending": ok(values={}, subkeys=["Package_for_KB5999999~31bf"])}


def text_of(answer, word):
    """The text of one reason of the machine."""
    return next(reason.text for reason in answer.reasons if reason.reason == word)


def count_of(answer, word):
    """The count of one reason of the machine."""
    return next(reason.count for reason in answer.reasons if reason.reason == word)


def failures(number):
    """A scan with so many failed updates."""
    names = [f"u{place}" for place in range(number)]
    updates = [update(name, installed=False, kb=[str(5000000 + place)]) for place, name in enumerate(names)]
    return scan(*updates, history=[attempt(name) for name in names])


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (
            1,
            "1 update failed: KB5000000 (its last installation of 2026-11-17T22:00:00Z failed with 0x80070643)",
        ),
        (2, "2 updates failed: KB5000000, KB5000001"),
        (3, "3 updates failed: KB5000000, KB5000001, KB5000002"),
        (4, "4 updates failed: KB5000000, KB5000001, KB5000002 and 1 more"),
    ],
)
def test_failed_updates_are_named_three_at_most_and_the_only_one_with_its_evidence(number, text):
    answer = judged(failures(number))
    assert (text_of(answer, "failed"), count_of(answer, "failed")) == (text, number)


def test_the_only_update_that_is_not_known_is_told_with_why():
    answer = judged(scan(update(installed=None)))
    assert text_of(answer, "unknown") == (
        f"1 update is not known: KB{KB} (the scan does not say whether it is installed)"
    )


def test_updates_and_doubts_that_are_not_known_are_counted_together():
    answer = judged(scan(update(installed=None), update(OTHER, installed=None), complete=False))
    assert text_of(answer, "unknown") == f"2 updates are not known: KB{KB}, KB961501; the scan is not complete"
    assert count_of(answer, "unknown") == 3


def test_a_reason_without_updates_begins_with_what_there_is():
    assert text_of(judged(scan(complete=False)), "unknown") == "the scan is not complete"


def test_updates_that_wait_are_counted_and_named_in_the_order_of_their_names():
    updates = [update(THIRD, reboot_required=True, kb=["5030216"]), update(reboot_required=True)]
    answer = judged(scan(*updates))
    assert text_of(answer, "needs_reboot") == f"2 updates wait for a reboot: KB5030216, KB{KB}"
    assert count_of(answer, "needs_reboot") == 2


def test_a_reboot_that_is_no_updates_counts_once():
    answer = judged(scan(), with_present("domain_join"))
    assert text_of(answer, "needs_reboot") == ("the host waits for a reboot (domain_join); no update is named for it")
    assert count_of(answer, "needs_reboot") == 1


def test_evidence_that_names_updates_is_told_where_the_judge_sees_none_of_them_wait():
    answer = judged(scan(queue=[ENTRY], files=FILES), None, RULED, "wua")
    assert text_of(answer, "needs_reboot") == "evidence names updates that wait for a reboot"


@pytest.mark.parametrize(
    ("top", "text"),
    [
        ({"reboot_required": True}, "the update agent said so when it scanned; no update is named for it"),
        (
            {"reboot_required_before_installation": True},
            "the update agent installs nothing before a reboot; no update is named for it",
        ),
    ],
)
def test_the_agents_own_flags_are_told_in_words(top, text):
    assert text_of(judged(scan(**top)), "needs_reboot") == text


def test_what_the_judges_own_check_of_the_machine_found_is_told():
    answer = judged(scan(), document({"update_exe": flags(2, "2026-10-01T00:00:00Z")}), None, "mbsa_2_0")
    assert text_of(answer, "needs_reboot") == f"{answer.machine_check[1]}; no update is named for it"


def test_a_reboot_taken_for_required_because_signals_are_unknown_says_so():
    answer = judged(scan(), document({"cbs_reboot_pending": refused()}), {"unknown_is": "required"})
    assert text_of(answer, "needs_reboot") == (
        "the host waits for a reboot (taken for so, as the policy asks, because signals could not be read)"
    )


@pytest.mark.parametrize(
    ("updates", "probes", "unattributed"),
    [
        ([update(OTHER), update()], PACKAGE, False),
        ([update(), update(OTHER)], PACKAGE, False),
        ([update(), update(OTHER)], FOREIGN_PACKAGE, True),
        ([update()], {"wu_reboot_required": under_key(THIRD)}, False),
        ([update()], {}, True),
    ],
    ids=["package, second", "package, first", "package of no update", "id of no update", "nothing"],
)
def test_a_reboot_is_attributed_once_any_evidence_names_an_update(updates, probes, unattributed):
    answer = judged(scan(*updates), document({**probes, "netlogon": ok(values={}, subkeys=["JoinDomain"])}))
    assert (answer.reboot, answer.unattributed_reboot) == ("required", unattributed)


@pytest.mark.parametrize(
    "rules",
    [
        [RULE, {**RULE, "path": "C:\\WINDOWS\\system32\\other.dll"}],
        [{**RULE, "path": "C:\\WINDOWS\\system32\\other.dll"}, RULE],
    ],
)
def test_an_entry_aimed_at_one_file_of_an_update_attributes_the_reboot(rules):
    scanned = scan(update(), update(OTHER), queue=[ENTRY], files=FILES)
    answer = judged(scanned, with_present("domain_join"), {"file_rules": rules}, "wua")
    assert (answer.machine, answer.unattributed_reboot) == ("pending_reboot", False)


@pytest.mark.parametrize("policy", [None, RULED])
def test_without_an_entry_for_a_rule_the_reboot_stays_unattributed(policy):
    scanned = scan(queue=[{**ENTRY, "target": "C:\\x.dll"}], files={RULE["path"]: {"version": "10.0"}})
    assert judged(scanned, with_present("domain_join"), policy).unattributed_reboot is True


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ({"kb": ["5030216", "1"], "title": "A title"}, "KB5030216"),
        ({"kb": [], "title": "t" * 100}, "t" * 80),
        ({"kb": [], "title": ""}, "i" * 80),
    ],
)
def test_an_update_is_named_by_its_kb_its_title_or_its_id_in_eighty_characters(words, name):
    answer = judged(scan(update("i" * 100, installed=False, **words)))
    assert name_of(answer.updates["i" * 100]) == name
    assert text_of(answer, "missing") == f"1 update is missing: {name}"


def test_the_text_of_a_reason_is_cut_at_six_hundred_characters():
    errors = [{"step": "search", "message": "m" * 350}, {"step": "search", "message": "n" * 350}]
    assert len(text_of(judged(scan(errors=errors)), "unknown")) == 600


def test_a_fleet_lists_its_hosts_under_every_reason():
    waiting_and_rejected = judged(scan(), with_present("domain_join"), {"rejected": [{"id": ID}]})
    found = fleet_compliance({"web01": waiting_and_rejected})["by_reason"]
    assert found == {"rejected": ["web01"], "needs_reboot": ["web01"]}


class TestDoubts:
    """What speaks against a scan."""

    @staticmethod
    def text(answer):
        """The one doubt of an answer."""
        (found,) = answer.doubts
        return found.text

    @pytest.mark.parametrize(
        ("now", "age"),
        [
            ("2026-11-18T00:59:59Z", "59 min"),
            ("2026-11-18T01:00:00Z", "1 h"),
            ("2026-11-19T23:59:59Z", "47 h"),
            ("2026-11-20T00:00:00Z", "2 days"),
            ("2026-11-20T23:59:59Z", "2 days"),
        ],
    )
    def test_an_age_is_told_in_minutes_hours_or_days(self, now, age):
        answer = judged(scan(), document(collected_at=now), {"max_scan_age": "30m"})
        assert self.text(answer) == f"the scan of 2026-11-18T00:00:00Z is {age} old: scan again"

    @pytest.mark.parametrize(("now", "old"), [("2026-11-18T04:19:59Z", False), ("2026-11-18T04:20:00Z", True)])
    def test_evidence_is_too_old_when_it_reaches_max_scan_age(self, now, old):
        scanned = scan(scanned_at="2026-11-18T03:21:00Z")
        answer = judged(scanned, document(), {"max_scan_age": "1h"}, now=now)
        assert [doubt.id for doubt in answer.doubts] == (["evidence_too_old"] if old else [])

    def test_without_an_instant_nobody_calls_the_evidence_old(self):
        found = doubts_of(parse_scan(scan()), parse_evidence(document()), parse_compliance_policy(None), None)
        assert [doubt.id for doubt in found] == ["no_time"]

    @pytest.mark.parametrize(
        ("boot_time", "doubts"), [("2026-11-01T03:17:00Z", []), ("2026-11-01T03:17:01Z", ["other_boot"])]
    )
    def test_boot_times_of_one_boot_may_differ_by_five_minutes(self, boot_time, doubts):
        assert [doubt.id for doubt in judged(scan(boot_time=boot_time)).doubts] == doubts

    @pytest.mark.parametrize(
        ("errors", "text"),
        [
            ([], "the scan is not complete"),
            (
                [{"step": "search", "hresult": "0x8024401F"}, "cut off"],
                "the scan is not complete (search: 0x8024401F; cut off)",
            ),
            (["a", "b", "c", "d"], "the scan is not complete (a; b; c)"),
        ],
    )
    def test_a_scan_that_is_not_complete_says_what_failed(self, errors, text):
        assert self.text(judged(scan(complete=False, errors=errors))) == text

    @pytest.mark.parametrize(
        ("keys", "more"),
        [(("asked",), ""), (("asked", "job", "source"), ""), (("asked", "job", "source", "files"), " and 1 more")],
    )
    def test_damage_is_told_three_times_at_most(self, keys, more):
        found = self.text(judged(scan(**dict.fromkeys(keys, 5))))
        assert found.startswith("the scan is damaged: ")
        assert found.count(" is no mapping but int") == min(len(keys), 3)
        assert found.endswith(f"int{more}")

    @pytest.mark.parametrize("host", ["WEB01", "web01", ""])
    def test_the_evidences_name_of_the_host_is_compared_without_case_and_may_be_missing(self, host):
        assert judged(scan(), document(host=host)).doubts == ()

    def test_a_source_that_shows_no_security_updates_proves_nothing_of_them(self):
        policy = {"install": [{"classification": ["Security Updates"]}]}
        answer = judged(scan(coverage=["drivers", "b", "c", "d"]), None, policy)
        assert self.text(answer) == (
            "the source of the scan shows only drivers, b, c updates, and the baseline asks for more"
        )

    @pytest.mark.parametrize(
        ("scanned_at", "evidence", "booted"),
        [
            (BOOT, document(), True),
            (NOW, document(), False),
            (None, document(), False),
            (BOOT, document(boot_time=None), False),
            (BOOT, None, False),
        ],
    )
    def test_a_boot_since_the_scan_is_said_only_where_both_times_are_known(self, scanned_at, evidence, booted):
        read = parse_evidence(evidence) if evidence is not None else None
        assert booted_since(parse_scan(scan(scanned_at=scanned_at)), read) is booted


def test_without_evidence_the_flags_of_the_scan_still_make_the_machine_wait():
    answer = patch_compliance(scan(reboot_required=True), now=NOW)
    assert (answer.machine, answer.unattributed_reboot) == ("pending_reboot", True)
