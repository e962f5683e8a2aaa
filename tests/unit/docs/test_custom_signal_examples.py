# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The examples of docs/custom_signals.md can be used as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.custom_signals import parse_custom_signals
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_rules import parse_rename_rules
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    document,
    ok,
    signal,
    text,
    value,
)

PAGE = Path(__file__).resolve().parents[3] / "docs" / "custom_signals.md"
FENCED = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
BLOCKS = [yaml.safe_load(block) for block in FENCED.findall(PAGE.read_text(encoding="utf-8"))]
LISTS = [block for block in BLOCKS if isinstance(block, list)]
SIGNALS = {entry["id"]: entry for block in LISTS for entry in block if "probe" in entry}
RULES = [block for block in LISTS if "probe" not in block[0]]
PRESENT = {
    "sql_setup_reboot": ok(values={"RebootRequired": value(1)}),
    "vmware_tools_stopped": ok(services=[{"name": "VMTools", "state": "stopped", "start": "auto"}]),
    "vmware_tools_upgrade": ok(length=0, modified="2026-11-17T22:40:00Z", version=None, sha256=None),
    "antivirus_reboot": ok(values={"State": text("Reboot needed")}),
}


def test_the_page_has_signals_and_rules_and_each_signal_has_an_answer_here():
    assert set(SIGNALS) == set(PRESENT)
    assert RULES


@pytest.mark.parametrize("name", PRESENT)
def test_an_example_signal_is_present_on_its_answer(name):
    entry = SIGNALS[name]
    assert len(parse_custom_signals([entry])) == 1
    assert signal(name, document({name: PRESENT[name]}, custom_signals=[entry]))["state"] == "present"


@pytest.mark.parametrize("rules", RULES)
def test_an_example_file_of_rules_can_be_used(rules):
    assert [rule.id for rule in parse_rename_rules(rules)][: len(rules)] == [rule["id"] for rule in rules]
