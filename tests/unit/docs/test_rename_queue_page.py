# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The example of docs/rename_queue.md gives the answer that stands below it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml
from ansible_collections.winops.patching.plugins.filter.rename_queue import rename_queue
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.proof.verify import VERDICTS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "rename_queue.md").read_text(encoding="utf-8")


def test_the_example_of_the_filter_gives_its_answer():
    given = re.search(r"```yaml\n(queue:.*?)```", PAGE, re.DOTALL)
    answer = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    words = yaml.safe_load(given.group(1))
    found = rename_queue(words["queue"], words["files"])
    expected = json.loads(answer.group(1))
    assert {key: found[key] for key in expected} == expected


def test_the_tables_name_every_finding_and_every_verdict():
    for key in set(rename_queue([])) - {"state", "sentence", "entries", "targets"}:
        assert f"| `{key}`" in PAGE, key
    for word in VERDICTS:
        assert f"| `{word}` |" in PAGE
