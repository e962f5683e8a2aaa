# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What users get and what developers type: the built collection, and make's first answers."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile

import pytest

from house_rules.places import ROOT, our_files

SHIPPED = ("changelogs", "docs", "extensions", "meta", "playbooks", "plugins", "roles")
TOP = {"README.md", "LICENSE", "CHANGELOG.md", "MANIFEST.json", "FILES.json"}


def run(*command, **environment):
    env = os.environ | {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build")} | environment
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("built")
    done = run(str(ROOT / ".venv/bin/ansible-galaxy"), "collection", "build", "--output-path", str(folder))
    assert done.returncode == 0, done.stderr
    with tarfile.open(next(folder.glob("winops-patching-*.tar.gz"))) as archive:
        return {member.name for member in archive.getmembers() if member.isfile()}


def test_the_built_collection_holds_nothing_but_what_users_need(built):
    stray = {name for name in built if not name.startswith(tuple(f"{folder}/" for folder in SHIPPED))}
    assert stray == TOP


def test_scenarios_that_need_the_simulator_stay_in_the_checkout(built):
    assert [name for name in built if name.startswith("extensions/molecule/")] == []
    assert (ROOT / "extensions" / "molecule").is_dir()


def test_the_built_collection_forgets_nothing_that_users_need(built):
    ours = {path.relative_to(ROOT).as_posix() for path in our_files()}
    assert {name for name in ours if name.startswith(("meta/", "playbooks/", "plugins/", "roles/"))} <= built


def test_make_alone_lists_its_targets():
    done = run("make")
    named = {line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")}
    assert {"setup", "test", "demo", "sim", "lint", "help"} <= named


def test_make_says_in_one_sentence_that_there_is_no_such_python():
    done = run("make", "setup", "PYTHON=no-such-python")
    assert done.returncode != 0
    assert done.stderr.splitlines()[0].startswith("setup: 'no-such-python' does not run; name a Python 3.11 or newer")
    assert "Traceback" not in done.stderr


def test_make_says_in_one_sentence_that_python_is_too_old(tmp_path):
    # An interpreter that believes to be old: it runs the same check with another version.
    old = tmp_path / "old python"
    code = "import sys; sys.version_info = (3, 9, 0); exec(sys.argv[1])"
    old.write_text(f"#!/bin/sh\nexec '{sys.executable}' -c '{code}' \"$2\"\n", encoding="utf-8")
    old.chmod(0o755)
    done = run("make", "setup", f"PYTHON={old}")
    assert done.returncode != 0
    assert done.stderr.splitlines()[0].startswith("setup: Python 3.11 or newer is needed")
    assert "Traceback" not in done.stderr
