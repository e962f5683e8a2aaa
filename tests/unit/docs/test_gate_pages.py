# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The examples of docs/baselines.md and docs/gate.md can be used as they stand there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.policy_files import PolicyFileError, read_policy
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.scan import parse_scan
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.times import parse_time
from ansible_collections.winops.patching.plugins.plugin_utils._report.gate import (
    QUESTIONS,
    REASONS,
    SCHEMA,
    gate_document,
)
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.baseline import (
    BASELINE_KEYS,
    CLASSIFICATIONS,
    parse_baseline,
)
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.baseline.selectors import (
    SELECTOR_KEYS,
    SEVERITIES,
)
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.policy import parse_compliance_policy
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.policy import COMPLIANCE_KEYS, parse_policy

ROOT = Path(__file__).resolve().parents[3]
BASELINES = (ROOT / "docs" / "baselines.md").read_text(encoding="utf-8")
GATE = (ROOT / "docs" / "gate.md").read_text(encoding="utf-8")
SPECS = yaml.safe_load((ROOT / "roles/patch_gate/meta/argument_specs.yml").read_text(encoding="utf-8"))
OPTIONS = set(SPECS["argument_specs"]["main"]["options"])
# What gate.yml takes besides the variables of its role.
PLAYBOOK_VARIABLES = {"patch_target", "patch_report_dir", "patch_baseline", "patch_evidence_dir"}


def blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


POLICIES = [text for text in blocks(BASELINES, "yaml") if isinstance(yaml.safe_load(text), dict)]


@pytest.mark.parametrize("text", POLICIES, ids=[text.partition("\n")[0] for text in POLICIES])
def test_an_example_policy_can_be_used(text, tmp_path):
    path = tmp_path / "policy.yml"
    path.write_text(text, encoding="utf-8")
    assert parse_compliance_policy(read_policy(path, "policy.yml")).baseline == parse_baseline(yaml.safe_load(text))


def test_the_page_has_enough_examples_to_be_worth_the_test():
    assert len(POLICIES) >= 4


def test_the_example_of_a_mistake_is_what_the_lookup_says(tmp_path):
    path = tmp_path / "servers.yml"
    path.write_text(POLICIES[0].replace("severity: [Critical, ", "severity: [Critcal, "), encoding="utf-8")
    [said] = blocks(BASELINES, "text")
    with pytest.raises(PolicyFileError) as caught:
        read_policy(path, "servers.yml")
    assert str(caught.value) == said.strip()


def test_the_page_names_every_key_every_word_and_every_value():
    for key in (*BASELINE_KEYS, *COMPLIANCE_KEYS, *SELECTOR_KEYS, *SEVERITIES, *CLASSIFICATIONS):
        assert f"`{key}`" in BASELINES, key


def test_the_other_keys_are_those_of_the_reboot_policy():
    with pytest.raises(ValueError, match="there are ") as caught:
        parse_policy({"x": 1})
    known = set(str(caught.value).partition("there are ")[2].split(", "))
    assert {key for key in known if f"`{key}`" not in BASELINES} == set()


def test_the_month_of_the_page_is_held_by_any_of_its_answers():
    [policy] = [yaml.safe_load(text) for text in POLICIES if "months:" in text]
    november = parse_baseline(policy).months[1]
    assert november.answer(["5068840"], ["5068861"], None).state == "satisfied"
    assert november.answer([], [], None).state == "unknown"


def test_the_first_example_says_what_the_page_says_of_it():
    baseline = parse_baseline(yaml.safe_load(POLICIES[0]))
    [update] = parse_scan({"updates": [{"id": "a", "kb": ["5004321"], "classification": "Security Updates"}]}).updates
    assert baseline.place(update, None).word == "wanted"


@pytest.mark.parametrize("page", [GATE, BASELINES], ids=["gate", "baselines"])
def test_every_variable_of_a_page_exists(page):
    named = set(re.findall(r"\bpatch_(?:gate_\w+|target|report_dir|baseline|evidence_dir)\b", page))
    assert named <= OPTIONS | PLAYBOOK_VARIABLES | {"patch_gate_report"}
    if page is GATE:
        assert {"patch_gate_for", "patch_gate_from", "patch_gate_allow", "patch_evidence_dir"} <= named


def test_every_question_and_every_reason_stands_on_the_page():
    for word in (*QUESTIONS, *REASONS):
        assert f"`{word}`" in GATE, word


def test_the_choices_of_the_role_are_those_of_the_code():
    options = SPECS["argument_specs"]["main"]["options"]
    assert options["patch_gate_for"]["choices"] == list(QUESTIONS)
    assert options["patch_gate_allow"]["choices"] == list(REASONS)


def test_the_ci_examples_run_the_gate_and_keep_its_files():
    pages = [yaml.safe_load(text) for text in blocks(GATE, "yaml")]
    assert len(pages) == 5
    for page in pages:
        text = yaml.safe_dump(page)
        assert "winops.patching.gate" in text or "winops.patching.patch_gate" in text
    gitlab = pages[2]["patch_gate"]
    assert gitlab["artifacts"]["reports"]["junit"] == "gate/junit.xml"
    assert gitlab["artifacts"]["when"] == "always"


def test_the_example_of_the_document_has_the_keys_of_the_document():
    [text] = blocks(GATE, "json")
    shown = json.loads(text)
    [(name, row)] = shown["hosts"].items()
    at = parse_time(shown["at"])
    made = gate_document(
        {name: row}, at=at, run_id=shown["run_id"], question=shown["for"], source=shown["from"], allow=shown["allow"]
    )
    assert made == shown
    assert shown["schema"] == SCHEMA
