# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The verdict in words: the answer, its reasons, and what could not be read."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.catalogue import DECIDING, PROBES, SIGNALS
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.sentence import MAX_SENTENCE
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    PRESENT,
    client,
    document,
    everything,
    ok,
    refused,
    signal,
    text,
    verdict,
    with_present,
)


def sentence(evidence, policy=None):
    return verdict(evidence, policy)["sentence"]


def test_a_healthy_host_gets_one_short_sentence():
    assert sentence(document()) == "No reboot is required."


@pytest.mark.parametrize("name", [name for name, entry in SIGNALS.items() if entry.strength in DECIDING])
def test_a_required_reboot_names_its_reason_and_what_was_found(name):
    evidence = with_present(name)
    words = sentence(evidence)
    assert words.startswith("A reboot is required")
    assert name in words
    assert signal(name, evidence)["detail"] in words


def test_further_reasons_are_named_and_many_are_counted():
    two = sentence(with_present("wu_reboot_required", "cbs_reboot_pending"))
    assert "cbs_reboot_pending" in two
    assert " more" in sentence(everything())


def test_the_kind_is_said_where_it_matters():
    assert "hard" in sentence(document({"ccm_reboot": client(hard=True)}))
    assert "already running" in sentence(with_present("cbs_reboot_in_progress"))
    assert "hard" not in sentence(document({"ccm_reboot": client(soft=True)}))


@pytest.mark.parametrize("name", [name for name, entry in SIGNALS.items() if entry.strength == "weak"])
def test_weak_hints_are_named_as_such(name):
    words = sentence(with_present(name))
    assert words.startswith("No reboot is required. ")
    assert f"Weak hints only: {name}." in words


def test_an_unknown_verdict_names_what_decides_and_why_it_was_not_readable():
    words = sentence(document({"cbs_reboot_pending": refused(message="Requested registry access is not allowed.")}))
    assert words.startswith("Whether a reboot is required is unknown")
    assert "cbs_reboot_pending (access denied: Requested registry access is not allowed.)" in words
    assert "No reboot" not in words


def test_a_no_says_what_it_could_not_ask():
    words = sentence(document({"system_info": refused(), "dsc_lcm": refused("timeout")}))
    assert words.startswith("No reboot is required. ")
    assert "update agent could not be asked" in words.casefold()
    assert "dsc_pending_reboot" in words


def test_a_yes_says_what_it_could_not_read_required_or_not():
    probes = {**PRESENT["domain_join"], "cbs_reboot_pending": refused(), "dsc_lcm": refused()}
    words = sentence(document(probes))
    assert "cbs_reboot_pending" in words
    assert "dsc_pending_reboot" in words


def test_a_yes_by_policy_says_that_it_is_one():
    words = sentence(document({"cbs_reboot_pending": refused()}), {"unknown_is": "required"})
    assert "as the policy asks" in words
    assert "cbs_reboot_pending" in words


def test_with_a_filtered_token_the_cause_is_said_once_instead_of_once_for_each_signal():
    probes = dict.fromkeys(PROBES, refused(message="Access is denied."))
    words = sentence(document(probes, system={"elevated": False}))
    assert "Access is denied." not in words
    assert words.count("is filtered") == 1


@pytest.mark.parametrize("length", [10, 500, 100_000])
def test_a_sentence_stays_short_whatever_the_host_says(length):
    refusals = dict.fromkeys(PROBES, refused(message="m" * length))
    assert len(sentence(document(refusals))) <= MAX_SENTENCE
    names = {"name_next": ok(values={"ComputerName": text("N" * length)})}
    assert len(sentence(document(names | {"msi_mutex": ok(exists=True)}))) <= MAX_SENTENCE


def test_long_words_of_the_host_do_not_crowd_out_that_something_is_at_work():
    refusals = dict.fromkeys(PROBES, refused(message="m" * 1000)) | PRESENT["installer_running"]
    assert "Not now: an installer is running." in sentence(document(refusals))
