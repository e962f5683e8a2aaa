# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Proof after the fact: what each source says of an update, and what all of them prove together."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.document import parse_evidence
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.scan import FileReading
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.proof.demands import ProofError, parse_demands
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.proof.sources import packages_of
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.proof.verify import (
    Facts,
    check_predictions,
    prove,
    roll_up,
)
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_analysis.pending_version import (
    pending_versions,
)
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    ABSENT,
    AFTER_BOOT,
    BEFORE_BOOT,
    GUID,
    document,
    ok,
    refused,
    value,
)
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.verdict.renames import move

PACKAGE = "Package_for_KB5030216~31bf3856ad364e35~amd64~~10.0.1.0"
DLL = r"C:\Windows\System32\clbcatq.dll"
RULE = {"update": "KB5030216", "path": DLL, "min_version": "10.0.0.0"}
LISTED = ok(instances=[{"HotFixID": "KB5030216"}, {"HotFixID": "File 1"}, {}])


def proved(probes=None, *, updates=("KB5030216",), builds=None, rules=None, scan=None, system=None, facts=None):
    """The verdict, with everything about it, on one demand."""
    demands = parse_demands(list(updates), builds, rules)
    evidence = parse_evidence(document(probes, system=system))
    found = prove(evidence, demands, facts or Facts(), scan)
    assert len(found) == 1
    return found[0]


def says(found, source):
    """What one source says."""
    return next(answer.says for answer in found.answers if answer.source == source)


def package(number):
    """Probes and facts of one package in this state."""
    answer = ok(values={"CurrentState": value(number)}) if isinstance(number, int) else number
    return {"package_0": answer}, Facts(packages={"KB5030216": [PACKAGE]}, package_probes={PACKAGE: "package_0"})


def scan(*, at=AFTER_BOOT, **update):
    """A scan with this one update."""
    return {"scanned_at": at, "updates": [{"id": GUID, "kb": ["5030216"], "title": "2026-11 update", **update}]}


def of_file(now, queue=(), **files):
    """Facts of the rule's file: its version now, and what the queue makes of it."""
    known = {DLL: {"version": now} if now else {"state": "absent"}, **files}
    (pending,) = pending_versions(list(queue), known, [DLL])
    reading = FileReading("ok" if now else "absent", now, None)
    return Facts(files={DLL.lower(): reading}, pending={DLL.lower(): pending})


@pytest.mark.parametrize(
    ("number", "word", "verdict"),
    [
        (0x70, "installed", "verified"),
        (0x80, "installed", "verified"),
        (0x50, "installed", "verified"),
        (0x60, "pending", "pending"),
        (0x05, "pending", "pending"),
        (0x40, "missing", "missing"),
        (0x65, "missing", "missing"),
        (0x00, "missing", "missing"),
        (0x99, "unknown", "unknown"),
        (refused(), "unknown", "unknown"),
        (ABSENT, "missing", "missing"),
        (ok(values={}), "unknown", "unknown"),
    ],
)
def test_the_state_of_a_package_decides(number, word, verdict):
    probes, facts = package(number)
    found = proved({**probes, "hotfixes": ok(instances=[])}, facts=facts)
    assert (says(found, "component_servicing"), found.verdict) == (word, verdict)


@pytest.mark.parametrize(
    ("update", "word", "verdict"),
    [
        ({"installed": True, "reboot_required": False}, "installed", "verified"),
        ({"installed": True, "reboot_required": True}, "pending", "pending"),
        ({"installed": False}, "missing", "missing"),
        ({"installed": None}, "unknown", "unknown"),
        ({"installed": True}, "unknown", "unknown"),
        ({"installed": True, "reboot_required": False, "at": BEFORE_BOOT}, "unknown", "unknown"),
        ({"installed": True, "reboot_required": False, "at": None}, "unknown", "unknown"),
        ({"installed": True, "kb": ["1234567"], "id": "x"}, "silent", "missing"),
    ],
)
def test_a_scan_counts_when_it_is_younger_than_the_boot(update, word, verdict):
    found = proved({"hotfixes": ok(instances=[])}, scan=scan(**update))
    assert (says(found, "update_agent"), found.verdict) == (word, verdict)


def test_a_damaged_scan_is_unknown():
    assert says(proved(scan={"updates": 7}), "update_agent") == "unknown"


def test_the_list_of_hotfixes_proves_it_only_while_nothing_waits_for_a_boot():
    assert proved({"hotfixes": LISTED}).verdict == "verified"
    assert proved({"hotfixes": LISTED, "cbs_reboot_pending": ok(values={})}).verdict == "unknown"
    assert proved({"hotfixes": LISTED, "wu_reboot_required": refused()}).verdict == "unknown"
    assert proved({"hotfixes": refused()}).verdict == "unknown"
    assert proved({"hotfixes": ok(instances=7)}).verdict == "unknown"
    missing = proved({"hotfixes": ok(instances=[])})
    assert (missing.verdict, missing.agree) == ("missing", ("hotfix_list",))
    assert "a later update may contain it" in missing.sentence


@pytest.mark.parametrize(
    ("build", "builds", "verdict"),
    [
        ("20348.2700", ["20348.2700"], "verified"),
        ("20348.2762", ["20348.2700"], "verified"),
        ("20348.2695", ["20348.2700", "20348.2695"], "verified"),
        ("20348.2694", ["20348.2700", "20348.2695"], "missing"),
        ("20348.2700", ["17763.6414"], "unknown"),
        ("20348", ["20348.2700"], "unknown"),
        (None, ["20348.2700"], "unknown"),
    ],
)
def test_any_expected_build_of_the_line_or_a_later_one_shows_it(build, builds, verdict):
    found = proved(updates=[], builds=builds, system={"os_build": build})
    assert (found.key, found.verdict) == ("host", verdict)


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        (of_file("10.0.0.0"), "installed"),
        (of_file("9.0.0.0"), "missing"),
        (of_file(None), "missing"),
        (of_file("9.0.0.0", move(r"C:\SET31.tmp", DLL), **{r"C:\SET31.tmp": {"version": "10.0.0.0"}}), "pending"),
        (of_file("10.0.0.0", move(r"C:\SET31.tmp", DLL), **{r"C:\SET31.tmp": {"version": "9.0.0.0"}}), "missing"),
        (of_file("9.0.0.0", move(r"C:\SET31.tmp", DLL)), "unknown"),
        (Facts(), "unknown"),
    ],
)
def test_a_file_is_looked_at_as_it_is_now_and_as_the_boot_leaves_it(facts, word):
    found = proved(rules=[RULE], facts=facts)
    assert says(found, "files") == word


def test_an_id_under_the_reboot_key_is_pending():
    found = proved({"wu_reboot_required": ok(values={GUID.upper(): value(1)})}, updates=[GUID])
    assert (found.verdict, found.agree) == ("pending", ("reboot_required_key",))
    assert proved({"wu_reboot_required": refused()}, updates=[GUID]).verdict == "unknown"


def test_sources_that_contradict_each_other_are_inconsistent_and_both_are_named():
    probes, facts = package(0x40)
    found = proved({**probes, "hotfixes": LISTED}, facts=facts)
    assert (found.verdict, found.agree, found.disagree) == ("inconsistent", ("hotfix_list",), ("component_servicing",))
    assert "staged, not installed" in found.sentence


def test_what_was_asked_for_and_could_not_be_read_is_not_made_up_for_by_the_others():
    probes, facts = package(0x70)
    files = of_file("10.0.0.0")
    both = Facts(facts.packages, facts.package_probes, files.files, files.pending)
    assert proved(probes, rules=[RULE], facts=both).verdict == "verified"
    unread = Facts(facts.packages, facts.package_probes)
    found = proved(probes, rules=[RULE], facts=unread)
    assert (found.verdict, found.unsure) == ("unknown", ("hotfix_list", "files"))


def test_an_unknown_list_of_hotfixes_does_not_take_away_what_others_prove():
    probes, facts = package(0x70)
    assert proved({**probes, "hotfixes": refused()}, facts=facts).verdict == "verified"


def test_an_answer_is_never_better_for_a_source_that_could_not_be_read():
    probes, facts = package(0x70)
    healthy = document({**probes, "hotfixes": LISTED, "wu_reboot_required": ABSENT})
    demands = parse_demands([{"kb": "5030216", "id": GUID, "builds": ["20348.2700"]}], None, None)
    assert prove(parse_evidence(healthy), demands, facts, scan(installed=True, reboot_required=False))[0].verdict == (
        "verified"
    )
    for probe in ("package_0", "wu_reboot_required"):
        blind = copy.deepcopy(healthy)
        blind["probes"][probe] = refused()
        assert prove(parse_evidence(blind), demands, facts, None)[0].verdict == "unknown", probe


def test_packages_are_found_by_kb_and_cumulative_ones_by_build():
    (demand,) = parse_demands([{"kb": "5030216", "builds": ["20348.2700"], "packages": ["Mine~~1"]}], None, None)
    rollup = "Package_for_RollupFix~31bf3856ad364e35~amd64~~20348.2700.1.8"
    listed = [PACKAGE, rollup, rollup.replace("2700", "27001"), "Package_for_KB50302161~x~y~~1", "Other"]
    assert packages_of(demand, listed) == ("Mine~~1", PACKAGE, rollup)


@pytest.mark.parametrize(
    ("updates", "builds", "rules", "words"),
    [
        (None, None, None, "say what is to be proved"),
        (7, None, None, "updates: must be a list"),
        (["latest"], None, None, r"updates\[0\]: 'latest' is neither"),
        ([{"kb": "x"}], None, None, r"updates\[0\].kb"),
        ([{"id": "x"}], None, None, r"updates\[0\].id"),
        ([{}], None, None, "needs kb, id or packages"),
        ([{"kbs": "1"}], None, None, r"did you mean kb\?"),
        ([{"packages": ["a*b~~~~~"]}], None, None, "without wildcards"),
        ([{"packages": [r"..\\..\\x"]}], None, None, "whole package names"),
        (["KB5030216", {"kb": "5030216"}], None, None, "named twice"),
        (None, ["20348"], None, "builds: must be a list of builds"),
        (None, "20348.2700", None, "builds: must be a list of builds"),
        (None, None, [{"path": "x"}], r"file_rules\[0\]"),
        ([f"KB{5000000 + n}" for n in range(101)], None, None, "more than the 100"),
    ],
)
def test_demands_that_make_no_sense_are_named_by_key(updates, builds, rules, words):
    with pytest.raises(ProofError, match=words):
        parse_demands(updates, builds, rules)


def test_a_rule_of_an_update_that_is_not_listed_adds_it():
    demands = parse_demands(["KB1234567"], None, [RULE])
    assert [demand.key for demand in demands] == ["KB1234567", "KB5030216"]


PREDICTED = {"targets": {DLL: {"outcome": "replaced", "final_version": "10.0.0.0"}}}


@pytest.mark.parametrize(
    ("prediction", "facts", "verdict"),
    [
        (PREDICTED, of_file("10.0.0.0"), "verified"),
        (PREDICTED, of_file("9.0.0.0"), "inconsistent"),
        (PREDICTED, of_file(None), "inconsistent"),
        (
            PREDICTED,
            of_file("9.0.0.0", move(r"C:\s", DLL), **{r"C:\s": {"version": "10.0.0.0"}}),
            "pending",
        ),
        (PREDICTED, Facts(), "unknown"),
        ({"targets": {DLL: {"outcome": "deleted", "final_version": None}}}, of_file(None), "verified"),
        ({"targets": {DLL: {"outcome": "deleted", "final_version": None}}}, of_file("1"), "inconsistent"),
        ({"targets": {DLL: {"outcome": "unknown", "final_version": None}}}, of_file("1"), "unknown"),
        ({"targets": {DLL: 7}}, of_file("1"), "unknown"),
        (7, Facts(), "unknown"),
    ],
)
def test_files_are_compared_with_what_was_predicted_before_the_boot(prediction, facts, verdict):
    assert [entry["verdict"] for entry in check_predictions(prediction, facts.files, facts.pending)] == [verdict]


@pytest.mark.parametrize("found", ["1.2", "1.2.0", "1.2.0.0"])
def test_a_predicted_version_is_compared_as_numbers(found):
    prediction = {"state": "clean", "targets": {DLL: {"outcome": "replaced", "final_version": "1.2.0.0"}}}
    (entry,) = check_predictions(prediction, {DLL.lower(): FileReading("ok", found, None)}, {})
    assert entry["verdict"] == "verified"


@pytest.mark.parametrize(
    ("prediction", "verdict", "words"),
    [
        ({"state": "clean", "targets": {}}, "verified", "its queue was empty"),
        ({"state": "unknown", "targets": {}, "sentence": "access denied"}, "unknown", "names no file: access denied"),
        ({}, "unknown", "a mapping without targets"),
        ([], "unknown", "no analysis of a rename queue but list"),
    ],
)
def test_a_prediction_that_names_no_file_is_verified_only_where_the_queue_was_known_to_be_empty(
    prediction, verdict, words
):
    (entry,) = check_predictions(prediction, {}, {})
    assert (entry["verdict"], entry["path"]) == (verdict, "")
    assert words in entry["sentence"]
    assert check_predictions(prediction, {}, {}, read=False)[0]["verdict"] == "unknown"


def test_targets_that_the_prediction_left_out_are_unknown_and_counted():
    target = {"outcome": "replaced", "final_version": "1.0"}
    prediction = {"state": "clean", "targets": {DLL: target}, "targets_more": 390}
    found = check_predictions(prediction, {DLL.lower(): FileReading("ok", "1.0", None)}, {})
    assert [entry["verdict"] for entry in found] == ["verified", "unknown"]
    assert "390 of its files were not looked at" in found[1]["sentence"]


@pytest.mark.parametrize(
    ("listed", "word", "verdict"),
    [
        (refused(), "unknown", "unknown"),
        (ok(), "unknown", "unknown"),
        (ok(subkeys=["Package_for_KB1234567~x"]), "silent", "verified"),
        (ABSENT, "silent", "verified"),
    ],
)
def test_a_list_of_packages_that_was_asked_for_and_not_read_lets_nothing_be_verified(listed, word, verdict):
    found = proved({"hotfixes": LISTED, "package_list": listed})
    assert (says(found, "component_servicing"), found.verdict) == (word, verdict)


def test_a_named_package_does_not_make_up_for_a_list_that_could_not_be_read():
    probes, facts = package(0x70)
    assert proved({**probes, "hotfixes": LISTED, "package_list": refused()}, facts=facts).verdict == "unknown"


def test_the_worst_verdict_is_that_of_the_host():
    good, bad = proved({"hotfixes": LISTED}), proved({"hotfixes": ok(instances=[])})
    found = roll_up([good, bad], [])
    assert (found["verdict"], found["counts"]["verified"], found["counts"]["missing"]) == ("missing", 1, 1)
    assert found["sentence"].startswith("1 missing, 1 verified: KB5030216 is missing")
    assert roll_up([], [])["verdict"] == "unknown"
