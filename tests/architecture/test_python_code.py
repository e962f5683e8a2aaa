# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All our Python obeys the house rules; every rule has been seen red."""

from __future__ import annotations

import pytest

from house_rules.places import our_files, shown
from house_rules.python_code import findings

FILES = our_files(".py")
HEADER = """\
# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
\"\"\"What it is.\"\"\"

from __future__ import annotations

"""
VERDICT = "plugins/plugin_utils/_verdict/planted.py"
FILTER = "plugins/filter/planted.py"
ROOTED = "ansible_collections.winops.patching.plugins"


@pytest.mark.parametrize("path", FILES, ids=shown)
def test_file_obeys_the_rules(path):
    assert findings(shown(path), path.read_text(encoding="utf-8")) == []


HARMLESS = '''\
import re
from datetime import datetime, timedelta

from .rules import RULES
from .._evidence.catalogue import SIGNALS


def judge(now: datetime) -> bool:
    """Whether."""
    for rule in RULES:
        if rule in SIGNALS:
            return now - timedelta(1) > now
        elif rule == "a":
            return False
        elif rule == "b":
            return bool(re.match("a", rule))
    return True
'''


def test_a_well_written_brain_file_has_no_findings():
    assert findings(VERDICT, HEADER + HARMLESS) == []


@pytest.mark.parametrize(
    ("path", "body", "complaint"),
    [
        (VERDICT, "from .._plan import waves\n", "_verdict must not import _plan"),
        (VERDICT, "from .._adapter import ansible\n", "_verdict must not import _adapter"),
        (VERDICT, f"from {ROOTED}.plugin_utils._report import fleet\n", "_verdict must not import _report"),
        (VERDICT, f"from {ROOTED}.filter.reboot_verdict import x\n", "nothing imports plugins/filter"),
        (VERDICT, f"import {ROOTED}.action.win_x\n", "nothing imports plugins/action"),
        ("plugins/plugin_utils/_adapter/planted.py", "from ...filter.a import b\n", "nothing imports plugins/filter"),
        ("plugins/plugin_utils/stray.py", "from ._verdict import judge\n", "is no part of the brain"),
        (FILTER, f"from {ROOTED}.plugin_utils import stray\n", "a door imports the brain and _adapter only"),
        (FILTER, f"from {ROOTED}.action.win_x import y\n", "nothing imports plugins/action"),
        (VERDICT, "from ansible.errors import AnsibleError\n", "does not import ansible"),
        (VERDICT, "import os\n", "does not import os"),
        (VERDICT, "import time\n", "does not import time"),
        (VERDICT, "from pathlib import Path\n", "does not import pathlib"),
        (VERDICT, "import random\n", "does not import random"),
        (VERDICT, "import yaml\n", "does not import yaml"),
        (VERDICT, "from datetime import datetime\n\nNOW = datetime.now(None)\n", "reads the clock"),
        (VERDICT, "import datetime\n\nNOW = datetime.datetime.utcnow()\n", "reads the clock"),
        (VERDICT, "DATA = open('x')\n", "reads the disk"),
        (VERDICT, "print('x')\n", "writes to the terminal"),
        (VERDICT, "from enum import StrEnum\n", "newer than Python 3.10"),
        (FILTER, "import datetime\n\nX = datetime.UTC\n", "newer than Python 3.10"),
        (VERDICT, "def judge():\n    return 1\n", "judge has no docstring"),
        (VERDICT, "class Judge:\n    pass\n", "Judge has no docstring"),
        ("tests/unit/test_a.py", "def long():\n" + "    pass\n" * 60, "long has 61 lines"),
        ("tests/unit/test_a.py", "\n" * 500, "lines, 500 are allowed"),
        (
            "tests/unit/test_a.py",
            "def deep():\n if a:\n  for b in c:\n   try:\n    with d:\n     pass\n   except E:\n    pass\n",
            "deep nests 4 levels",
        ),
    ],
)
def test_a_planted_violation_is_found(path, body, complaint):
    assert [finding for finding in findings(path, HEADER + body) if complaint in finding]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('"""What it is."""\n\nfrom __future__ import annotations\n', "copyright"),
        (HEADER.replace('"""What it is."""', ""), "no module docstring"),
        (HEADER.replace("from __future__ import annotations", "X = 1"), "the first statement"),
    ],
)
def test_a_file_without_a_part_of_its_header_is_found(text, complaint):
    assert [finding for finding in findings("tests/unit/test_a.py", text) if complaint in finding]


def test_an_empty_package_file_needs_no_header():
    assert findings("plugins/plugin_utils/__init__.py", "") == []


def test_an_elif_chain_is_one_level():
    chain = "def flat():\n    if a:\n        pass\n" + "    elif b:\n        pass\n" * 6
    assert findings("tests/unit/test_a.py", HEADER + chain) == []
