# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A list that the agent did not give is not an empty one: what a policy asks of it is then not answered with no."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.compliance.host_compliance import (
    patch_compliance,
)

ID = "a1111111-1111-1111-1111-111111111111"
NOW = "2026-11-20T11:00:00Z"


def answer(policy, **words):
    """What is said of one update that is not installed."""
    update = {"id": ID, "revision": 1, "title": "An update", "installed": False, **words}
    scan = {"schema": "winops.patching/scan/1", "scanned_at": "2026-11-20T10:00:00Z", "updates": [update]}
    return patch_compliance(scan, None, policy, now=NOW).as_dict()


@pytest.mark.parametrize(
    ("selector", "key"),
    [
        ({"kb": ["5030216"]}, "kb"),
        ({"cve": ["CVE-2026-0001"]}, "cves"),
        ({"product": ["Windows Server 2022"]}, "products"),
    ],
)
def test_an_update_whose_list_was_not_told_counts_as_one_that_the_baseline_names(selector, key):
    found = answer({"install": [selector]}, **{key: None})
    assert found["updates"][ID]["counted"] is True
    assert found["machine"] == "non_compliant"


@pytest.mark.parametrize("key", ["kb", "cves", "products"])
def test_an_empty_list_is_an_answer(key):
    found = answer({"install": [{"kb": ["5030216"]}]}, kb=[], **({} if key == "kb" else {key: []}))
    assert found["updates"][ID]["place"] == "out_of_baseline"
    assert found["updates"][ID]["counted"] is False
