# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every role has a whole scenario for `make molecule`; every rule has been seen red."""

from __future__ import annotations

import pytest
import yaml

from house_rules.molecule import SCENARIOS, SEQUENCE, findings
from house_rules.places import ROOT


def test_every_role_has_a_whole_scenario():
    assert list(findings(ROOT)) == []


FILES = {
    "roles/patch_a/tasks/main.yml": [],
    f"{SCENARIOS}/config.yml": {"scenario": {"test_sequence": SEQUENCE}},
    f"{SCENARIOS}/default/molecule.yml": {},
    f"{SCENARIOS}/default/hosts/a.yml": {"name": "a", "groups": ["patch_a"]},
    f"{SCENARIOS}/patch_a/molecule.yml": {},
    f"{SCENARIOS}/patch_a/converge.yml": [{"roles": ["winops.patching.patch_a"]}],
    f"{SCENARIOS}/patch_a/verify.yml": [],
}


def checkout(folder, files):
    """A checkout that consists of these files; None leaves one out."""
    for name, content in files.items():
        if content is not None:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return folder


def test_a_whole_scenario_has_no_findings(tmp_path):
    assert list(findings(checkout(tmp_path, FILES))) == []


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("roles/patch_b/tasks/main.yml", [], "role patch_b has no"),
        ("patch_a/molecule.yml", None, "role patch_a has no"),
        ("patch_b/molecule.yml", {}, "is of no role"),
        ("patch_a/molecule.yml", {"scenario": {"test_sequence": ["converge"]}}, "a test_sequence of its own"),
        ("patch_a/converge.yml", [{"roles": ["winops.patching.patch_b"]}], "does not run the role"),
        ("patch_a/converge.yml", None, "does not run the role"),
        ("patch_a/verify.yml", None, "is missing"),
        ("default/hosts/a.yml", {"name": "a"}, "is in the group"),
        ("config.yml", {"scenario": {"test_sequence": ["converge", "verify"]}}, "does not run"),
    ],
)
def test_a_planted_gap_is_found(tmp_path, name, content, complaint):
    path = name if name.startswith("roles/") else f"{SCENARIOS}/{name}"
    found = list(findings(checkout(tmp_path, FILES | {path: content})))
    assert any(complaint in finding for finding in found), found
