# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The page on sources of updates names every finding with its level, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.winops.patching.plugins.plugin_utils._verdict.expected_source import SOURCE_WORDS

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "update_source.md").read_text(encoding="utf-8")
CODE = "".join(
    (ROOT / "plugins" / "plugin_utils" / "_verdict" / name).read_text(encoding="utf-8")
    for name in ("policy_findings.py", "update_source.py")
)
MADE = re.findall(r"Finding\(\s*\"(\w+)\",\s*(?:\"(\w+)\"|level)", CODE)
ROW = re.compile(r"^\| `(\w+)` \| (conflict|check|conflict or check) \|", re.MULTILINE)


def levels():
    """The levels that the code gives each finding; where it is worked out it may be both."""
    found: dict[str, set[str]] = {}
    for name, level in MADE:
        found.setdefault(name, set()).update({level} if level else {"conflict", "check"})
    return found


def test_every_finding_of_the_code_stands_on_the_page_with_its_levels():
    documented = {name: set(words.split(" or ")) for name, words in ROW.findall(PAGE)}
    assert documented == levels()


def test_the_page_names_every_word_for_a_source():
    assert [word for word in SOURCE_WORDS if f"| `{word}` |" not in PAGE] == []
