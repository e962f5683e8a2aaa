# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The two patterns by which run_script.ps1 hides texts from ConvertFrom-Json, tried in Python: no text may change.

PowerShell is not run here. The patterns mean the same in both languages, and JSON escapes the same.
"""

from __future__ import annotations

import json
import re

from hypothesis import example, given
from hypothesis import strategies as st

from recorder.engine import RUNNER

SOURCE = RUNNER.read_text(encoding="ascii")
MARK = re.search(r"^\$mark = '([^']+)'$", SOURCE, re.MULTILINE)[1]
TIME, UNNAMED = re.findall(r"-replace '([^']+)'", SOURCE)
TEXTS = st.text(alphabet='"\\:/ab€20-6T1Date()[]{}, ', max_size=12) | st.sampled_from(
    ["", "2026-11-18T03:20:00Z", "/Date(1700000000000)/", '"2026-11-18T', '"":', '\\"":', '""', "2026-11-18"]
)
DOCUMENTS = st.recursive(
    TEXTS | st.none() | st.booleans() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def hidden(document):
    text = json.dumps(document, ensure_ascii=False)
    return re.sub(UNNAMED, f'"{MARK}"', re.sub(TIME, f'"{MARK}', text))


def without_mark(value):
    if isinstance(value, str):
        return value.replace(MARK, "")
    if isinstance(value, dict):
        return {without_mark(name): without_mark(item) for name, item in value.items()}
    return [without_mark(item) for item in value] if isinstance(value, list) else value


def texts(value):
    """Every name and every text of a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in [*value, *(value.values() if isinstance(value, dict) else ())]:
            yield from texts(item)


@given(DOCUMENTS)
@example({"": {"": ["2026-11-18T03:20:00Z", '"2026-11-18T03:20:00Z"', 'a"":', '"": 1']}})
def test_what_was_hidden_comes_out_unchanged(document):
    assert without_mark(json.loads(hidden(document))) == document


@given(DOCUMENTS)
@example({"at": "2026-11-18T03:20:00Z", "": ["/Date(1)/"]})
def test_nothing_that_convertfrom_json_would_change_is_left(document):
    for text in texts(json.loads(hidden(document))):
        assert not re.match(r"\d{4}-\d\d-\d\dT|/Date\(", text)


@given(DOCUMENTS)
def test_no_property_name_is_empty(document):
    assert not re.search(r'(?:\{|, )"": ', re.sub(r'"(?:\\.|[^"\\])+"', '"x"', hidden(document)))
