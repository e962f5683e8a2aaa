# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What holds for every scan, every evidence and every damage.

"Improves" means a step towards compliant in the order compliant, unknown, pending_reboot, non_compliant. Evidence of a
pending reboot is what a host or its agent says of a reboot that waits: a signal, an id under a key, the agent's flags,
a queue entry. One thing looks like it and is none: a failed installation that turns out to have been refused because of
a pending reboot is no failure any more, but a hard_reboot; there the machine goes from non_compliant to pending_reboot.
"""

from __future__ import annotations

import copy
import json
import random

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.document import EvidenceError
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.scan import ScanError
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.fleet import fleet_compliance
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.host_compliance import (
    patch_compliance,
)
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.judges import JUDGES
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.outcome import STATES
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.roll_up import MACHINES
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    PRESENT,
    client,
    document,
    ok,
    refused,
    value,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from .scans import (
    BEFORE_BOOT,
    ENTRY,
    FILES,
    ID,
    OLD_SCAN,
    OTHER,
    QUEUE_PROBE,
    RULE,
    SCANNED,
    THIRD,
    attempt,
    scan,
    update,
)

RANK = {word: place for place, word in enumerate(["compliant", "unknown", "pending_reboot", "non_compliant"])}
NAMES_AN_UPDATE = ("wu_reboot_required", "agent_updates_pending_reboot", "cbs_packages_pending")
MACHINE_SIGNALS = [name for name in PRESENT if name not in NAMES_AN_UPDATE]
NAMES = [ID, OTHER, THIRD]

updates = st.builds(
    update,
    st.sampled_from(NAMES),
    installed=st.sampled_from([True, True, True, False, None]),
    hidden=st.sampled_from([False, False, True, None]),
    reboot_required=st.sampled_from([False, False, None, True]),
    type=st.sampled_from(["software", "software", "driver"]),
    supersedes=st.sampled_from([[], [], [OTHER], [THIRD, ID]]),
    released=st.sampled_from([None, "2026-11-10T18:00:00Z", "2026-11-17T18:00:00Z"]),
)
scans = st.builds(
    lambda entries, top: scan(**{**top, "updates": entries}),
    st.lists(updates, max_size=4),
    st.fixed_dictionaries(
        {},
        optional={
            "scanned_at": st.sampled_from([SCANNED, OLD_SCAN, BEFORE_BOOT, None]),
            "complete": st.sampled_from([True, False, None]),
            "coverage": st.sampled_from([["all"], ["security"], []]),
            "history": st.lists(st.builds(attempt, st.sampled_from(NAMES)), max_size=2),
            "queue": st.sampled_from([[], [ENTRY], None]),
            "files": st.sampled_from([{}, FILES]),
        },
    ),
)
policies = st.fixed_dictionaries(
    {},
    optional={
        "rejected": st.just([{"id": ID}]),
        "approve_after": st.just("7d"),
        "install": st.just([{"classification": ["Security Updates"]}]),
        "file_rules": st.just([RULE]),
        "catalog": st.sampled_from(
            [
                {"as_of": time, "updates": [{"id": THIRD, "revision": 5}]}
                for time in (BEFORE_BOOT, "2027-01-01T00:00:00Z")
            ]
        ),
        "months": st.just([{"name": "m", "any_of": [{"kb": "961501"}]}]),
    },
)
evidences = st.builds(
    lambda names, unreadable, boot: document(
        {
            **{probe: answer for name in names for probe, answer in PRESENT[name].items()},
            **dict.fromkeys(unreadable, refused()),
        },
        boot_time=boot,
    ),
    st.lists(st.sampled_from([*MACHINE_SIGNALS]), max_size=1),
    st.lists(st.sampled_from(["cbs_reboot_pending", "session_manager", "wu_reboot_required"]), max_size=1),
    st.sampled_from(["2026-11-01T03:12:00Z", "2026-11-01T03:12:00Z", None]),
)
maybe_evidences = st.one_of(st.none(), evidences)
judges = st.sampled_from(list(JUDGES))


def known(found, counted):
    """Whether every update that counts is known, or those that do not count are left aside."""
    return [verdict.state for verdict in found.updates.values() if verdict.counted or not counted]


@given(scans, maybe_evidences, policies, judges)
def test_unknown_never_becomes_compliant(scanned, evidence, policy, judge):
    answer = patch_compliance(scanned, evidence, policy, judge)
    if answer.reboot == "unknown" or "unknown" in known(answer, counted=True) or answer.doubts:
        assert answer.machine != "compliant"


@given(scans, maybe_evidences, policies, judges)
def test_a_pending_reboot_never_becomes_compliant(scanned, evidence, policy, judge):
    answer = patch_compliance(scanned, evidence, policy, judge)
    waits = {"soft_reboot", "hard_reboot"} & set(known(answer, counted=False))
    if answer.reboot == "required" or waits or answer.unattributed_reboot:
        assert answer.machine in ("pending_reboot", "non_compliant")


@given(scans, evidences, policies, judges, st.integers(min_value=0, max_value=400))
def test_a_stale_scan_is_never_compliant(scanned, evidence, policy, judge, days):
    answer = patch_compliance({**scanned, "scanned_at": OLD_SCAN}, evidence, policy, judge)
    assert answer.machine != "compliant"
    span = {**policy, "max_scan_age": f"{days}d"}
    answer = patch_compliance(scanned, evidence, span, judge)
    if answer.scan_age_seconds is None or answer.scan_age_seconds >= days * 86400:
        assert answer.machine != "compliant"


@given(scans, maybe_evidences, policies, judges)
def test_the_precedence_is_the_fixed_one(scanned, evidence, policy, judge):
    answer = patch_compliance(scanned, evidence, policy, judge)
    bad = {"failed", "needed", "rejected"} & set(known(answer, counted=True))
    missing = [month for month in answer.months if month.state == "missing"]
    assert (answer.machine == "non_compliant") == bool(bad or missing)
    assert bool(answer.reasons) == (answer.machine != "compliant")
    assert sum(answer.counts.values()) == len(answer.updates)


@given(scans, evidences, policies, judges, st.sampled_from(MACHINE_SIGNALS))
def test_a_signal_of_the_machine_never_changes_an_update(scanned, evidence, policy, judge, name):
    policy.pop("file_rules", None)
    more = copy.deepcopy(evidence)
    more["probes"].update(copy.deepcopy(dict(PRESENT[name])))
    if name == "ccm_reboot_pending":
        more["probes"]["ccm_reboot"] = client(soft=True, hard=True)
    before, after = (patch_compliance(scanned, given, policy, judge).as_dict()["updates"] for given in (evidence, more))
    assert before == after


def _signal(scanned, evidence, name):
    evidence["probes"].update(copy.deepcopy(dict(PRESENT[name])))


def _key(scanned, evidence, name):
    evidence["probes"]["wu_reboot_required"] = ok(values={name: value(1)})


def _package(scanned, evidence, name):
    evidence["probes"]["cbs_packages_pending"] = ok(values={}, subkeys=["Package_for_KB961501~x"])


def _configmgr(scanned, evidence, name):
    asked = {"kind": "cim_query", "class": "CCM_SoftwareUpdate"}
    evidence["probes"]["ccm"] = {"asked": asked, **ok(instances=[{"UpdateID": name, "EvaluationState": 9}])}


def _flag(scanned, evidence, name):
    for entry in scanned["updates"]:
        if entry["id"] == name:
            entry["reboot_required"] = True


def _list(scanned, evidence, name):
    scanned["reboot_required_updates"] = [name]


def _agent(scanned, evidence, name):
    scanned["reboot_required"] = True


def _scanned_queue(scanned, evidence, name):
    if scanned.get("queue") is not None:
        scanned["queue"] = [ENTRY]


def _queue(scanned, evidence, name):
    evidence["probes"]["session_manager"] = QUEUE_PROBE


MORE = [_key, _package, _configmgr, _flag, _list, _agent, _scanned_queue, _queue]


@settings(max_examples=300)
@given(scans, evidences, policies, st.sampled_from(MORE), st.sampled_from(NAMES))
def test_more_evidence_of_a_pending_reboot_never_improves_a_verdict(scanned, evidence, policy, add, name):
    more_scan, more_evidence = copy.deepcopy(scanned), copy.deepcopy(evidence)
    add(more_scan, more_evidence, name)
    before, after = patch_compliance(scanned, evidence, policy), patch_compliance(more_scan, more_evidence, policy)
    assert RANK[after.machine] >= RANK[before.machine]
    assert not (before.reboot == "required" and after.reboot != "required")


@given(scans, evidences, policies, st.sampled_from([*PRESENT]))
def test_another_signal_never_improves_a_verdict(scanned, evidence, policy, name):
    more = copy.deepcopy(evidence)
    _signal(scanned, more, name)
    before, after = patch_compliance(scanned, evidence, policy), patch_compliance(scanned, more, policy)
    assert RANK[after.machine] >= RANK[before.machine]


@given(scans, evidences, policies, judges, st.randoms(use_true_random=False))
def test_roll_ups_do_not_depend_on_order(scanned, evidence, policy, judge, chance):
    turned = copy.deepcopy(scanned)
    chance.shuffle(turned["updates"])
    once = {entry["id"]: entry for entry in scanned["updates"]}
    if len(once) < len(scanned["updates"]):
        scanned["updates"], turned["updates"] = list(once.values()), list(reversed(once.values()))
    one, other = patch_compliance(scanned, evidence, policy, judge), patch_compliance(turned, evidence, policy, judge)
    assert one.as_dict() == other.as_dict()


@given(
    st.dictionaries(
        st.sampled_from([f"host{n}" for n in range(6)]),
        st.one_of(
            st.builds(lambda scanned, evidence: {"scan": scanned, "evidence": evidence}, scans, maybe_evidences),
            st.sampled_from([None, {}, "text", {"failed": True, "msg": "boom"}, {"scan": {"updates": 5}}]),
        ),
    ),
    policies,
    st.randoms(use_true_random=False),
)
def test_a_fleet_does_not_depend_on_order_and_leaves_no_host_out(hosts, policy, chance):
    names = list(hosts)
    chance.shuffle(names)
    one = fleet_compliance(hosts, policy)
    other = fleet_compliance({name: hosts[name] for name in names}, policy)
    assert json.dumps(one) == json.dumps(other)
    assert set(one["hosts"]) == set(hosts)
    assert sum(one["totals"]["machine"].values()) == len(hosts)


WRONG = {"size": "x", "revision": "x", "max_run_minutes": "x"}
TOP_KEYS = [key for key in scan() if key not in ("schema", "updates", "warnings")]
UPDATE_KEYS = [*update(), "size", "released", "deadline", "cves", "products", "supersedes", "severity"]


@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize("key", TOP_KEYS)
def test_a_damaged_part_of_a_scan_is_never_compliant(key, judge):
    answer = patch_compliance(scan(**{key: 5}), document(), None, judge)
    assert answer.machine != "compliant"


@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize("key", UPDATE_KEYS)
def test_a_damaged_word_of_an_update_is_never_compliant(key, judge):
    damage = {key: WRONG.get(key, {"?": 5})}
    answer = patch_compliance(scan({**update(), **damage}), document(), None, judge)
    assert answer.machine != "compliant"


def _places(node, path=()):
    yield path
    entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, below in entries:
        yield from _places(below, (*path, key))


def _damage(node, path, damage):
    if not path:
        return damage
    changed = copy.copy(node)
    changed[path[0]] = _damage(node[path[0]], path[1:], damage)
    return changed


@settings(max_examples=300)
@given(
    scans,
    evidences,
    policies,
    judges,
    st.sampled_from([None, 5, -1, True, "text", "\ud800", [], [None], {}, {"x": 1}, 1e308, "9" * 400]),
    st.integers(min_value=0),
    st.booleans(),
)
def test_damage_anywhere_raises_nothing_but_the_documented_errors(
    scanned, evidence, policy, judge, damage, where, of_scan
):
    target = scanned if of_scan else evidence
    places = list(_places(target))
    broken = _damage(target, places[where % len(places)], damage)
    given_scan, given_evidence = (broken, evidence) if of_scan else (scanned, broken)
    try:
        answer = patch_compliance(given_scan, given_evidence, policy, judge)
    except (ScanError, EvidenceError):
        return
    assert answer.machine in MACHINES
    assert {verdict.state for verdict in answer.updates.values()} <= set(STATES)
    json.dumps(answer.as_dict())


def test_equal_input_gives_equal_output_whatever_was_judged_before():
    chance = random.Random(0)
    documents = [scan(update(installed=chance.choice([True, False, 1, None]))) for _ in range(40)]
    first = [patch_compliance(copy.deepcopy(given), document()).as_dict() for given in documents]
    again = [patch_compliance(given, document()).as_dict() for given in reversed(documents)]
    assert first == list(reversed(again))
