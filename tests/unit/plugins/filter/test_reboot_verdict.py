# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter reboot_verdict: saved evidence judged again, without a host."""

from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleFilterError
from ansible.template import is_trusted_as_template
from ansible_collections.winops.patching.plugins.filter.reboot_verdict import FilterModule
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    COLLECTED,
    MINOR_PAIR,
    document,
    everything,
    ok,
    queue,
    scan,
    text,
    verdict,
)


@pytest.fixture
def judge():
    return FilterModule().filters()["reboot_verdict"]


def test_it_is_the_only_filter_of_its_file():
    assert list(FilterModule().filters()) == ["reboot_verdict"]


def test_it_gives_the_whole_verdict_with_its_signals(judge):
    assert judge(everything()) == verdict(everything())
    assert judge(document())["signals"]


def test_the_policy_and_the_time_are_taken_by_position_and_by_name(judge):
    evidence = document({"session_manager": queue(*MINOR_PAIR)})
    assert judge(evidence, {"rename_queue": "any"})["reboot"] == "required"
    assert judge(evidence, policy={})["reboot"] == "not_required"
    stale = document({"update_agent": scan("x")})
    assert judge(stale, {}, COLLECTED)["reboot"] == "required"
    assert judge(stale, now="2027-01-01T00:00:00Z")["reboot"] == "not_required"


def test_a_document_that_went_through_a_file_is_judged_alike(judge):
    saved = json.loads(json.dumps(everything()))
    assert json.dumps(judge(saved)) == json.dumps(judge(everything()))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((None,), "evidence is a mapping"),
        (('{"schema": ',), "evidence is a mapping"),
        (([],), "evidence is a mapping"),
        (({},), "of schema 'None'"),
        (({"schema": "winops.patching/evidence/2", "probes": {}},), "collect it again"),
        (({"schema": "winops.patching/evidence/1"},), "has no probes"),
        ((document(), {"requir": []}), "did you mean require"),
        ((document(), {"rename_rules": [{"match": "(", "reason": "r"}]}), "not a regular expression"),
        ((document(), {}, "tomorrow"), "is not a time"),
    ],
)
def test_what_cannot_be_judged_is_a_filter_error_that_says_what_to_do(judge, arguments, words):
    with pytest.raises(AnsibleFilterError, match=words) as caught:
        judge(*arguments)
    assert str(caught.value).startswith("reboot_verdict: ")


def test_text_of_the_host_is_never_a_template(judge):
    hostile = "{{ lookup('pipe', 'id') }}"
    found = judge(document({"reboot_witness": ok(values={"Reason": text(hostile)})}))
    words = [found["sentence"], found["signals"][6]["detail"]]
    assert all(hostile in word for word in words)
    assert not any(is_trusted_as_template(word) for word in words)
