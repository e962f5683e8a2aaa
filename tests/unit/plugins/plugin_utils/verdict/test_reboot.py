# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The verdict: precedence, kinds, policy, and the fixed shape."""

from __future__ import annotations

import json

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.catalogue import REQUIRED_SIGNALS, SIGNALS
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.document import EvidenceError, parse_evidence
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.times import TimeTextError
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.policy import PolicyError, parse_policy
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.reboot import reboot_verdict
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    AFTER_BOOT,
    BEFORE_BOOT,
    MINOR_PAIR,
    PRESENT,
    client,
    document,
    everything,
    flags,
    ok,
    queue,
    refused,
    scan,
    text,
    verdict,
    with_present,
)

VERDICT_KEYS = [
    "reboot",
    "kind",
    "because",
    "hints",
    "informational",
    "unknown",
    "ignored",
    "safe_to_reboot",
    "busy",
    "update_agent",
    "since",
    "limits",
    "sentence",
    "signals",
]
FIXED_KEYS = set(VERDICT_KEYS) - {"informational", "limits"}
WEAK = [name for name, entry in SIGNALS.items() if entry.strength == "weak"]


def names(entries):
    return [entry["id"] for entry in entries]


@pytest.mark.parametrize("evidence", [document(), everything(), document({"cbs_reboot_pending": refused()})])
def test_a_verdict_has_exactly_the_fixed_keys_and_the_documented_ones(evidence):
    found = verdict(evidence)
    assert list(found) == VERDICT_KEYS
    assert set(found) >= FIXED_KEYS
    assert found["reboot"] in ("required", "not_required", "unknown")
    assert found["kind"] in ("none", "soft", "hard", "in_progress")
    assert found["safe_to_reboot"] in ("yes", "no", "unknown")
    assert found["update_agent"] in ("read", "denied", "error", "not_asked")
    assert all(list(entry) == ["id", "reason", "decisive"] for entry in found["unknown"])
    assert names(found["signals"]) == list(SIGNALS)
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_without_its_signals_a_verdict_is_the_same_and_small():
    whole = reboot_verdict(everything())
    small = whole.as_dict(signals=False)
    assert {**small, "signals": whole.as_dict()["signals"]} == whole.as_dict()
    assert "signals" not in small


def test_a_healthy_host_needs_no_reboot_and_may_have_one():
    found = verdict(document())
    assert (found["reboot"], found["kind"], found["safe_to_reboot"], found["update_agent"]) == (
        "not_required",
        "none",
        "yes",
        "read",
    )
    assert [found[key] for key in ("because", "hints", "informational", "unknown", "ignored", "busy", "limits")] == [
        []
    ] * 7
    assert found["since"] is None


def test_required_wins_over_unknown_and_unknown_over_no():
    both = document({**PRESENT["domain_join"], "cbs_reboot_pending": refused()})
    assert verdict(both)["reboot"] == "required"
    assert [entry["decisive"] for entry in verdict(both)["unknown"]] == [True]
    assert verdict(document({"cbs_reboot_pending": refused(), **PRESENT["winsxs_pending_xml"]}))["reboot"] == "unknown"


@pytest.mark.parametrize(
    ("signals", "kind"),
    [
        (["wu_reboot_required"], "soft"),
        (["pending_file_rename", "domain_join"], "soft"),
        (["cbs_reboot_in_progress"], "in_progress"),
        (["wu_reboot_required", "cbs_reboot_in_progress"], "in_progress"),
        (["ccm_reboot_pending"], "soft"),
        (["winsxs_pending_xml"], "none"),
        ([], "none"),
    ],
)
def test_the_kind_is_soft_but_for_a_reboot_that_is_running(signals, kind):
    assert verdict(with_present(*signals))["kind"] == kind


def test_the_kind_is_hard_when_configmgr_says_so_and_it_counts():
    hard = document({"ccm_reboot": client(soft=True, hard=True), **PRESENT["wu_reboot_required"]})
    assert verdict(hard)["kind"] == "hard"
    assert verdict(hard, {"ignore_signals": ["ccm_reboot_pending"]})["kind"] == "soft"
    assert verdict(hard, {"strengths": {"ccm_reboot_pending": "informational"}})["kind"] == "soft"


class TestWeakSignals:
    """They hint, unless the policy lets a number of them from different sources decide."""

    @pytest.mark.parametrize("name", WEAK)
    def test_one_of_them_never_decides_and_two_do_when_the_policy_says_so(self, name):
        other = next(found for found in WEAK if SIGNALS[found].source != SIGNALS[name].source)
        one, two = with_present(name), with_present(name, other)
        assert verdict(one)["reboot"] == verdict(two)["reboot"] == "not_required"
        assert verdict(one, {"weak_decides": 2})["hints"] == [name]
        decided = verdict(two, {"weak_decides": 2})
        assert (decided["reboot"], decided["kind"], decided["hints"]) == ("required", "soft", [])
        assert set(decided["because"]) == {name, other}
        assert verdict(two, {"weak_decides": 3})["reboot"] == "not_required"
        assert verdict(one, {"weak_decides": 1})["reboot"] == "required"

    @pytest.mark.parametrize(
        "pair",
        [("server_manager_attempts", "server_manager_restart"), ("cbs_packages_pending", "winsxs_pending_xml")],
    )
    def test_two_of_one_source_are_one_voice(self, pair):
        found = verdict(with_present(*pair), {"weak_decides": 2})
        assert (found["reboot"], found["hints"]) == ("not_required", list(pair))

    def test_the_two_minor_queues_are_one_voice(self):
        values = (
            queue(*MINOR_PAIR)["data"]["values"]
            | queue(*MINOR_PAIR, name="PendingFileRenameOperations2")["data"]["values"]
        )
        evidence = document({"session_manager": ok(values=values)})
        assert verdict(evidence, {"weak_decides": 2})["hints"] == ["pending_file_rename", "pending_file_rename_2"]
        assert verdict(evidence, {"weak_decides": 2})["reboot"] == "not_required"

    def test_ignored_and_informational_signals_have_no_voice(self):
        evidence = with_present("dvd_reboot_signal", "winsxs_pending_xml", "shutdown_scheduled")
        policy = {"weak_decides": 2, "ignore_signals": ["dvd_reboot_signal"]}
        assert verdict(evidence, policy)["reboot"] == "not_required"

    def test_unread_weak_signals_have_no_voice(self):
        evidence = document({"run_once": refused(), **PRESENT["winsxs_pending_xml"]})
        assert verdict(evidence, {"weak_decides": 2})["reboot"] == "not_required"

    def test_too_few_of_them_do_not_answer_for_what_could_not_be_read(self):
        evidence = document({"cbs_reboot_pending": refused(), **PRESENT["winsxs_pending_xml"]})
        assert verdict(evidence, {"weak_decides": 2})["reboot"] == "unknown"


class TestRequire:
    """Which signals must be answered before a "no"."""

    @pytest.mark.parametrize("name", [name for name in SIGNALS if name != "agent_updates_pending_reboot"])
    def test_any_signal_can_be_required(self, name):
        probe = SIGNALS[name].probes[0]
        found = verdict(document({probe: refused()}), {"require": [name]})
        assert found["reboot"] == "unknown"
        assert {entry["id"] for entry in found["unknown"] if entry["decisive"]} == {name}
        assert verdict(document(), {"require": [name]})["reboot"] == "not_required"

    def test_a_required_scan_that_nobody_made_leaves_no_no(self):
        policy = {"require": ["agent_updates_pending_reboot"]}
        assert verdict(document(), policy)["reboot"] == "unknown"
        assert verdict(document({"update_agent": scan(scanned_at=BEFORE_BOOT)}), policy)["reboot"] == "unknown"
        assert verdict(document({"update_agent": scan()}), policy)["reboot"] == "not_required"

    @pytest.mark.parametrize("name", REQUIRED_SIGNALS)
    def test_the_list_replaces_the_default_one(self, name):
        evidence = document({probe: refused() for probe in SIGNALS[name].probes})
        assert verdict(evidence, {"require": ["hostname_rename"]})["reboot"] == "not_required"
        assert verdict(evidence, {"require": []})["reboot"] == "not_required"

    def test_the_default_is_not_what_the_client_or_the_age_of_windows_adds(self):
        evidence = document({"ccm_reboot": refused(), "ccm_service": refused()}, system={"os_build": "2600"})
        assert verdict(evidence, {"require": ["wu_reboot_required"]})["reboot"] == "not_required"

    def test_an_unreadable_view_of_a_required_signal_leaves_no_no(self):
        evidence = document({"update_exe": flags(3, None), "update_exe_32": refused()})
        assert verdict(evidence, {"require": ["update_exe_volatile"]})["reboot"] == "unknown"


class TestStrengths:
    """The policy weighs, but never more than the evidence."""

    def test_a_signal_is_lowered(self):
        evidence = with_present("cbs_reboot_pending")
        for strength, word in (("strong", "because"), ("weak", "hints"), ("informational", "informational")):
            found = verdict(evidence, {"strengths": {"cbs_reboot_pending": strength}})
            assert found[word] == ["cbs_reboot_pending"]
            assert found["reboot"] == ("required" if word == "because" else "not_required")

    def test_a_signal_is_raised(self):
        found = verdict(with_present("winsxs_pending_xml"), {"strengths": {"winsxs_pending_xml": "strong"}})
        assert (found["reboot"], found["because"]) == ("required", ["winsxs_pending_xml"])
        shutdown = verdict(with_present("shutdown_scheduled"), {"strengths": {"shutdown_scheduled": "conclusive"}})
        assert shutdown["reboot"] == "required"

    @pytest.mark.parametrize(
        ("name", "probes", "stays"),
        [
            ("update_exe_volatile", {"update_exe": flags(3, BEFORE_BOOT)}, "informational"),
            ("update_exe_volatile", {"update_exe": flags(3, None)}, "hints"),
            ("pending_file_rename", {"session_manager": queue(*MINOR_PAIR)}, "hints"),
        ],
    )
    def test_evidence_that_is_weaker_than_usual_gains_nothing_by_it(self, name, probes, stays):
        for strength in ("strong", "conclusive"):
            found = verdict(document(probes), {"strengths": {name: strength}})
            assert (found[stays], found["reboot"]) == ([name], "not_required")
        assert verdict(document(probes), {"strengths": {name: "informational"}})["informational"] == [name]

    def test_lowering_does_not_make_an_unreadable_signal_unimportant(self):
        evidence = document({"cbs_reboot_pending": refused()})
        assert verdict(evidence, {"strengths": {"cbs_reboot_pending": "informational"}})["reboot"] == "unknown"


class TestIgnoreSignals:
    """What is ignored is told, and neither decides nor is missed."""

    @pytest.mark.parametrize("name", SIGNALS)
    def test_an_ignored_signal_is_listed_and_decides_nothing(self, name):
        found = verdict(with_present(name), {"ignore_signals": [name], "weak_decides": 1})
        assert found["ignored"] == [{"id": name, "rule": "ignore_signals"}]
        assert found["reboot"] == "not_required"
        assert [found[key] for key in ("because", "hints", "informational", "unknown")] == [[]] * 4

    @pytest.mark.parametrize("name", REQUIRED_SIGNALS)
    def test_an_ignored_signal_is_not_required_even_when_it_is_named_so(self, name):
        evidence = document({probe: refused() for probe in SIGNALS[name].probes})
        everywhere = [found for found, entry in SIGNALS.items() if set(entry.probes) & set(SIGNALS[name].probes)]
        for policy in ({"ignore_signals": everywhere}, {"ignore_signals": everywhere, "require": [name]}):
            found = verdict(evidence, policy)
            assert (found["reboot"], found["unknown"]) == ("not_required", [])
            assert {"id": name, "rule": "ignore_signals"} in found["ignored"]

    def test_what_is_absent_needs_no_rule(self):
        assert verdict(document(), {"ignore_signals": list(SIGNALS)})["ignored"] == []

    def test_another_signal_still_decides(self):
        evidence = with_present("wu_reboot_required", "cbs_reboot_pending")
        found = verdict(evidence, {"ignore_signals": ["wu_reboot_required"]})
        assert (found["reboot"], found["because"]) == ("required", ["cbs_reboot_pending"])


def test_a_policy_may_take_unknown_for_required_and_it_shows():
    evidence = document({"cbs_reboot_pending": refused()})
    found = verdict(evidence, {"unknown_is": "required"})
    assert (found["reboot"], found["kind"], found["because"]) == ("required", "soft", [])
    assert names(found["unknown"]) == ["cbs_reboot_pending"]
    assert verdict(document(), {"unknown_is": "required"})["reboot"] == "not_required"
    assert verdict(document({"dsc_lcm": refused()}), {"unknown_is": "required"})["reboot"] == "not_required"


class TestSince:
    """The oldest write time of a deciding key, only when somebody asked."""

    OLD, NEW = "2026-11-10T00:00:00Z", AFTER_BOOT

    def host(self, **options):
        keys = {
            "wu_reboot_required": ok(values={}, write_time=self.NEW),
            "cbs_reboot_pending": ok(values={}, write_time=self.OLD),
            "cbs_packages_pending": ok(values={}, subkeys=["p"], write_time="2026-11-02T00:00:00Z"),
        }
        return document({**keys, **options.pop("probes", {})}, **options)

    def test_it_is_the_oldest_of_those_that_decide(self):
        assert verdict(self.host(since=True))["since"] == self.OLD
        assert verdict(self.host(since=True), {"ignore_signals": ["cbs_reboot_pending"]})["since"] == self.NEW
        assert verdict(self.host(since=True), {"weak_decides": 1})["since"] == "2026-11-02T00:00:00Z"

    @pytest.mark.parametrize("since", [False, None, "yes"])
    def test_it_is_null_when_nobody_asked(self, since):
        assert verdict(self.host(since=since))["since"] is None
        assert verdict(document({"update_exe": flags(3)}))["since"] is None

    @pytest.mark.parametrize("write_time", [None, "soon", 7])
    def test_it_is_null_when_no_time_was_readable(self, write_time):
        evidence = document({"cbs_reboot_pending": ok(values={}, write_time=write_time)}, since=True)
        assert verdict(evidence)["since"] is None
        evidence["probes"]["wu_reboot_required"] = ok(values={}, write_time=self.NEW)
        assert verdict(evidence)["since"] == self.NEW

    def test_it_is_null_when_nothing_decides(self):
        assert verdict(document({"cbs_reboot_pending": refused()}, since=True))["since"] is None
        assert verdict(document(since=True))["since"] is None

    @pytest.mark.parametrize(
        "name", ["wu_reboot_required", "cbs_reboot_pending", "cbs_reboot_in_progress", "reboot_witness", "domain_join"]
    )
    def test_every_key_that_decides_tells_its_time(self, name):
        evidence = with_present(name, since=True)
        for probe in SIGNALS[name].probes:
            evidence["probes"][probe]["data"]["write_time"] = self.OLD
        assert verdict(evidence)["since"] == self.OLD

    @pytest.mark.parametrize("name", ["pending_file_rename", "pending_file_rename_2", "hostname_rename"])
    def test_a_value_tells_the_time_of_its_key(self, name):
        evidence = with_present(name, since=True)
        evidence["probes"][SIGNALS[name].probes[0]]["data"]["write_time"] = self.OLD
        assert verdict(evidence)["since"] == self.OLD


class TestLimits:
    """What hinders the reader as a whole is one reason, said once."""

    def test_a_filtered_token_is_one_limit_with_a_remedy(self):
        found = verdict(document(system={"elevated": False, "user": "WEB01\\svc"}))
        assert names(found["limits"]) == ["not_elevated"]
        assert "WEB01\\svc" in found["limits"][0]["reason"]
        assert "elevated token" in found["limits"][0]["reason"]
        assert found["reboot"] == "not_required"

    @pytest.mark.parametrize("mode", ["ConstrainedLanguage", "RestrictedLanguage", "NoLanguage"])
    def test_a_restricted_language_is_one_limit(self, mode):
        assert names(verdict(document(system={"language_mode": mode}))["limits"]) == ["constrained_language"]

    @pytest.mark.parametrize("system", [{}, {"elevated": None}, {"elevated": True}, {"language_mode": None}])
    def test_what_is_not_known_to_hinder_is_no_limit(self, system):
        assert verdict(document(system=system))["limits"] == []

    def test_both_are_two_limits_each_said_once_however_much_was_refused(self):
        probes = {name: refused() for entry in SIGNALS.values() for name in entry.probes}
        found = verdict(document(probes, system={"elevated": False, "language_mode": "ConstrainedLanguage"}))
        assert names(found["limits"]) == ["not_elevated", "constrained_language"]
        for entry in found["limits"]:
            assert found["sentence"].casefold().count(entry["reason"].casefold()) == 1
        assert "Access is denied" not in found["sentence"]


def test_equal_input_gives_equal_bytes():
    for evidence in (document(), everything(), everything(since=True)):
        first = json.dumps(verdict(evidence))
        assert json.dumps(verdict(json.loads(json.dumps(evidence)))) == first
        backwards = {**evidence, "probes": dict(reversed(evidence["probes"].items()))}
        assert json.dumps(verdict(backwards)) == first


def test_judging_changes_neither_evidence_nor_policy():
    evidence, policy = everything(), {"strengths": {"domain_join": "weak"}, "require": ["hostname_rename"]}
    before = json.dumps([evidence, policy])
    found = reboot_verdict(evidence, policy)
    found.as_dict()["because"].clear()
    found.as_dict()["signals"][0]["updates"].clear()
    assert json.dumps([evidence, policy]) == before
    assert found.as_dict() == verdict(evidence, policy)


def test_parsed_evidence_and_a_parsed_policy_are_judged_alike():
    evidence, policy = everything(), {"weak_decides": 2}
    assert reboot_verdict(parse_evidence(evidence), parse_policy(policy)).as_dict() == verdict(evidence, policy)


def test_a_time_of_judgement_counts_for_parsed_evidence_too():
    evidence, later = document({"update_agent": scan("x" * 36)}), "2027-01-01T00:00:00Z"
    assert reboot_verdict(evidence, now=later).reboot == "not_required"
    assert reboot_verdict(parse_evidence(evidence), now=later).reboot == "not_required"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((None, None, None), EvidenceError),
        (({"schema": "winops.patching/evidence/9"}, None, None), EvidenceError),
        ((document(), {"requires": []}, None), PolicyError),
        ((document(), None, "soon"), TimeTextError),
        ((document(), None, "2026-11-18T03:20:00"), TimeTextError),
    ],
)
def test_what_cannot_be_judged_at_all_is_an_error_of_its_kind(arguments, error):
    evidence, policy, now = arguments
    with pytest.raises(error):
        reboot_verdict(evidence, policy, now=now)


@pytest.mark.parametrize("top", [{"boot_time": None}, {"boot_time": "x"}, {"collected_at": None}, {"system": "x"}])
def test_a_damaged_frame_keeps_what_the_probes_say(top):
    assert verdict({**with_present("cbs_reboot_pending"), **top})["reboot"] == "required"
    assert verdict({**document(), **top})["reboot"] == "not_required"
    assert verdict({**document({"cbs_reboot_pending": refused()}), **top})["reboot"] == "unknown"


def test_the_witness_of_a_host_is_not_taken_for_a_time():
    evidence = document({"reboot_witness": ok(values={"At": text("soon")}, write_time="soon")}, since=True)
    assert (verdict(evidence)["reboot"], verdict(evidence)["since"]) == ("required", None)
