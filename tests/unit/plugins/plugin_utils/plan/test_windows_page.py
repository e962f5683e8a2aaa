# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The examples of docs/windows.md, executed through the doors, and the doors' errors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.winops.patching.plugins.filter import (
    explain_window,
    next_windows,
    patch_plan,
    patch_waves,
    patch_windows_lint,
    to_ical,
    window_fits,
    window_state,
)
from ansible_collections.winops.patching.plugins.test import in_window
from jinja2 import Environment

PAGE = (Path(__file__).resolve().parents[5] / "docs/windows.md").read_text(encoding="utf-8")
BLOCKS = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
SPECS = BLOCKS[0]
# The blocks with the things that the examples speak of; the last one is a playbook.
VARIABLES = {"specs": SPECS, **BLOCKS[1], **BLOCKS[2]}
EXAMPLES = re.findall(r"```jinja\n(.*?)\n```\n\n```json\n(.*?)\n```", PAGE, re.DOTALL)
DOORS = (
    explain_window,
    next_windows,
    patch_plan,
    patch_waves,
    patch_windows_lint,
    to_ical,
    window_fits,
    window_state,
)
FILTERS = {name: function for module in DOORS for name, function in module.FilterModule().filters().items()}
JINJA = Environment(autoescape=True)
JINJA.filters |= {f"winops.patching.{name}": function for name, function in FILTERS.items()}
JINJA.tests |= {f"winops.patching.{name}": check for name, check in in_window.TestModule().tests().items()}


@pytest.mark.parametrize(("expression", "answer"), EXAMPLES)
def test_an_example_of_the_page_answers_what_the_page_says(expression, answer):
    found = JINJA.compile_expression(expression)(**VARIABLES)
    assert (list(found) if isinstance(found, Iterator) else found) == json.loads(answer)


def test_the_page_has_examples_and_its_specs_have_no_mistakes():
    assert len(EXAMPLES) == 13
    assert FILTERS["patch_windows_lint"](SPECS) == {"ok": True, "mistakes": [], "warnings": []}


def test_the_controllers_clock_is_asked_where_no_time_is_given():
    always = [{"name": "a", "rrule": "FREQ=DAILY", "start": "00:00", "duration": "24h", "timezone": "UTC"}]
    assert FILTERS["window_state"](always)["open"]
    assert in_window.in_window(always)
    assert FILTERS["to_ical"]([]).startswith("BEGIN:VCALENDAR\r\n")


def test_a_door_names_itself_in_an_error():
    with pytest.raises(AnsibleFilterError, match=r"next_windows: w: weekly"):
        FILTERS["next_windows"]([{"name": "w", "weekly": ["x"], "start": "22:00", "duration": "1h"}])
