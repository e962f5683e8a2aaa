# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What holds for every host and every damage: an answer is never better than its evidence."""

from __future__ import annotations

import copy
import json
from contextlib import suppress

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.catalogue import (
    DECIDING,
    PROBES,
    REQUIRED_SIGNALS,
    SCAN_PROBE,
    SIGNALS,
)
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.document import EvidenceError
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    ABSENT,
    BEFORE_BOOT,
    HEALTHY,
    IGNORED_PAIR,
    LEFT_OUT,
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
    service,
    verdict,
)
from hypothesis import given, settings
from hypothesis import strategies as st

# Answers by probe: what a healthy host says, what makes a signal present, and the doubtful ones in between.
ANSWERS = {name: [HEALTHY.get(name, ABSENT), ABSENT] for name in [*PROBES, SCAN_PROBE]}
for probes in PRESENT.values():
    for probe, answer in probes.items():
        ANSWERS[probe].append(answer)
ANSWERS["session_manager"] += [queue(*MINOR_PAIR), queue(*IGNORED_PAIR), queue("a")]
ANSWERS["update_exe"] += [flags(3, None), flags(3, BEFORE_BOOT)]
ANSWERS["update_exe_32"] += [flags(3), flags(3, None), flags(3, BEFORE_BOOT)]
ANSWERS["ccm_reboot"] += [client(), client(hard=True), client(result=1)]
ANSWERS["ccm_service"] += [service("running"), service("stopped")]
ANSWERS["system_info"] += [ok(value=None)]
ANSWERS["update_agent"] += [scan(), scan(scanned_at=BEFORE_BOOT), LEFT_OUT]
UNREADABLE = [refused(), refused("timeout"), refused("error"), None, "damaged", {}, {"state": "ok"}]
BUILDS = ["20348.2700", "5.2.3790", None]
# Looked at only when another place has found something.
SIDE_PROBES = {"ccm_service", "processes"}

hosts = st.builds(
    document,
    st.fixed_dictionaries({name: st.sampled_from([*answers, *UNREADABLE]) for name, answers in ANSWERS.items()}),
    system=st.fixed_dictionaries({"os_build": st.sampled_from(BUILDS), "elevated": st.sampled_from([True, False])}),
)
readable_hosts = st.builds(
    document,
    st.fixed_dictionaries({name: st.sampled_from(answers) for name, answers in ANSWERS.items()}),
    system=st.fixed_dictionaries({"os_build": st.sampled_from(BUILDS)}),
)
policies = st.fixed_dictionaries(
    {},
    optional={
        "require": st.lists(st.sampled_from(list(SIGNALS)), max_size=4),
        "ignore_signals": st.lists(st.sampled_from(list(SIGNALS)), max_size=2),
        "strengths": st.dictionaries(
            st.sampled_from(list(SIGNALS)),
            st.sampled_from(["informational", "weak", "strong", "conclusive"]),
            max_size=3,
        ),
        "rename_queue": st.sampled_from(["significant", "any", "ignore"]),
        "weak_decides": st.integers(0, 3),
        "unknown_is": st.sampled_from(["unknown", "required"]),
    },
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(
        ["²", "9" * 5000, "0001-01-01T00:00:00+01:00", "absent", "\ud800", "\u2028", "REG_MULTI_SZ", 2**64]
    )
)
junk = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
many = settings(max_examples=150, deadline=None)


def nodes(value, path=()):
    """The path of every node of a document."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from nodes(inner, (*path, key))


def replaced(value, path, new):
    """A copy of a document with another node in one place."""
    if not path:
        return new
    whole = copy.deepcopy(value)
    inner = whole
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    return whole


def refuse(evidence, probe, answer):
    """The same host with one probe unreadable."""
    return {**evidence, "probes": {**evidence["probes"], probe: answer}}


@many
@given(st.sampled_from([document(), everything(since=True)]), st.data())
def test_no_damage_to_a_document_raises_anything_but_the_evidence_error(evidence, data):
    place = data.draw(st.sampled_from(list(nodes(evidence))))
    damaged = replaced(evidence, place, data.draw(junk))
    with suppress(EvidenceError):
        json.dumps(verdict(damaged))


@many
@given(hosts, st.data())
def test_several_damages_at_once_raise_nothing_either(evidence, data):
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.sampled_from(list(nodes(evidence["probes"]))))
        evidence = {**evidence, "probes": replaced(evidence["probes"], place, data.draw(junk))}
    with suppress(EvidenceError):
        json.dumps(verdict(evidence))


@many
@given(junk)
def test_any_json_at_all_is_judged_or_refused(value):
    with suppress(EvidenceError):
        verdict(value)
    with suppress(EvidenceError):
        verdict({**document(), "probes": value, "system": value})


@many
@given(hosts, policies, st.sampled_from(list(ANSWERS)), st.sampled_from(UNREADABLE))
def test_refusing_an_answer_never_turns_unknown_into_no(evidence, policy, probe, answer):
    before = verdict(evidence, policy)["reboot"]
    after = verdict(refuse(evidence, probe, answer), policy)["reboot"]
    assert not (before == "unknown" and after == "not_required")


@many
@given(hosts, st.sampled_from(REQUIRED_SIGNALS), st.sampled_from(UNREADABLE))
def test_refusing_a_required_place_never_leaves_a_no(evidence, name, answer):
    for probe in SIGNALS[name].probes:
        assert verdict(refuse(evidence, probe, answer))["reboot"] != "not_required"


@many
@given(hosts, st.sampled_from(sorted(set(PROBES) - SIDE_PROBES)), st.sampled_from(UNREADABLE))
def test_when_everything_is_required_nothing_unreadable_leaves_a_no(evidence, probe, answer):
    evidence = refuse(evidence, probe, answer)
    evidence["probes"].pop(SCAN_PROBE, None)
    every = [name for name in SIGNALS if name != "agent_updates_pending_reboot"]
    assert verdict(evidence, {"require": every})["reboot"] != "not_required"


@many
@given(hosts, st.sampled_from([name for name, entry in SIGNALS.items() if entry.strength in DECIDING]))
def test_one_more_deciding_signal_always_makes_it_required(evidence, name):
    worse = {**evidence, "probes": {**evidence["probes"], **PRESENT[name]}}
    found = verdict(worse)
    assert found["reboot"] == "required"
    assert name in found["because"]


@many
@given(hosts, policies, st.randoms(use_true_random=False))
def test_the_order_of_the_answers_changes_no_byte_of_the_verdict(evidence, policy, random):
    names = list(evidence["probes"])
    random.shuffle(names)
    shuffled = {**evidence, "probes": {name: evidence["probes"][name] for name in names}}
    assert json.dumps(verdict(shuffled, policy)) == json.dumps(verdict(evidence, policy))


@many
@given(hosts, policies)
def test_the_parts_of_a_verdict_agree_with_one_another(evidence, policy):
    found = verdict(evidence, policy)
    states = {entry["id"]: entry["state"] for entry in found["signals"]}
    decisive = [entry["id"] for entry in found["unknown"] if entry["decisive"]]
    sorted_in = [*found["because"], *found["hints"], *found["informational"]]
    assert len(set(sorted_in)) == len(sorted_in)
    assert all(states[name] == "present" for name in sorted_in)
    assert all(states[entry["id"]] in ("unknown", "not_asked") for entry in found["unknown"])
    ignored = {entry["id"] for entry in found["ignored"]}
    assert {name for name, state in states.items() if state == "present"} == set(sorted_in) | {
        name for name in ignored if states[name] == "present"
    }
    assert {name for name, state in states.items() if state == "unknown"} <= {
        *(entry["id"] for entry in found["unknown"]),
        *ignored,
    }
    by_policy = policy.get("unknown_is") == "required" and bool(decisive)
    assert (found["reboot"] == "required") == (bool(found["because"]) or by_policy)
    assert (found["reboot"] == "unknown") == (not found["because"] and bool(decisive) and not by_policy)
    assert (found["kind"] == "none") == (found["reboot"] != "required")
    assert found["sentence"]


@many
@given(hosts, policies)
def test_it_is_safe_only_when_all_four_places_of_work_were_read_and_idle(evidence, policy):
    found = verdict(evidence, policy)
    states = {entry["id"]: entry["state"] for entry in found["signals"]}
    four = ("cbs_reboot_in_progress", "servicing_in_progress", "installer_running", "patch_job_running")
    assert (found["safe_to_reboot"] == "no") == any(states[name] == "present" for name in four)
    assert (found["safe_to_reboot"] == "yes") == all(states[name] == "absent" for name in four)
    assert found["busy"] == [name for name in four if states[name] == "present"]


@many
@given(readable_hosts, policies)
def test_whatever_the_policy_a_yes_has_a_present_signal_or_says_that_it_was_a_wish(evidence, policy):
    found = verdict(evidence, policy)
    if found["reboot"] == "required" and not found["because"]:
        assert policy["unknown_is"] == "required"
        assert "as the policy asks" in found["sentence"]


@pytest.mark.parametrize("probe", [*PROBES, SCAN_PROBE])
@pytest.mark.parametrize("state", ["denied", "timeout", "error"])
def test_a_refusal_beside_a_healthy_host_leaves_no_other_signal_unknown(probe, state):
    readers = {name for name, entry in SIGNALS.items() if probe in entry.probes}
    states = {entry["id"]: entry["state"] for entry in verdict(document({probe: refused(state)}))["signals"]}
    assert {name for name, found in states.items() if found == "unknown"} <= readers
