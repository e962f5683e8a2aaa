# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every file is portable and bears no trace of one machine; every rule has been seen red."""

from __future__ import annotations

import pytest

from house_rules.hygiene import findings
from house_rules.places import ROOT, our_files, shown

# Written in two halves, because this file is checked as well.
HOST = "pypi" + ".org"


def test_every_file_is_portable():
    found = {f"{shown(path)}:{finding}" for path in our_files() for finding in findings(shown(path), path.read_bytes())}
    assert found == set()


DESIGN = {
    "": {"meta", "plugins", "roles", "playbooks", "extensions", "tests", "benchmarks", "docs", "changelogs", ".ci"},
    "tests": {"unit", "contract", "architecture", "e2e", "integration", "simulator", "powershell", "golden"},
    "plugins": {"modules", "module_utils", "plugin_utils", "action", "filter", "test", "lookup", "callback"}
    | {"doc_fragments"},
}


@pytest.mark.parametrize("folder", sorted(DESIGN))
def test_only_the_folders_of_the_design_exist(folder):
    below = [path.relative_to(ROOT / folder) for path in our_files(under=folder)]
    assert {path.parts[0] for path in below if len(path.parts) > 1} <= DESIGN[folder]


@pytest.mark.parametrize(
    ("path", "raw", "complaint"),
    [
        ("docs/a.md", b"a\r\nb\r\n", "carriage return"),
        ("docs/a.md", b"a", "no line feed"),
        ("docs/a.md", b"\xef\xbb\xbfa\n", "byte order mark"),
        ("docs/a.md", b"\xff\xfea\n", "not UTF-8"),
        ("roles/a/tasks/main.yml", b"- name: A\n", "begins with '---'"),
        ("docs/a.md", b"see /" + b"work/main\n", "a path of one machine"),
        ("tests/a.py", b"X = '/" + b"root/x'\n", "a path of one machine"),
        ("docs/a.md", b"in /" + b"home/jane/x\n", "a path of one machine"),
        ("plugins/a.py", b"X = '/" + b"tmp/x'\n", "a fixed temporary path"),
        ("requirements.txt", f"--{'index'}-url x\n".encode(), "a package host"),
        ("docs/a.md", f"https://{HOST}/project/x\n".encode(), "a package host"),
    ],
)
def test_a_planted_violation_is_found(path, raw, complaint):
    assert [finding for finding in findings(path, raw) if complaint in finding]


@pytest.mark.parametrize("text", ["https://example.org/work/x\n", "a/tmp/b\n", "the work / root cause\n", "./home/a\n"])
def test_what_only_looks_like_a_trace_is_not_found(text):
    assert findings("docs/a.md", text.encode()) == []
