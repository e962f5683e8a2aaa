# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""docs/hooks.md knows every hook and every example, and its settings are those that the examples take."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "hooks.md").read_text(encoding="utf-8")
TASKS = ROOT / "roles" / "patch_run" / "tasks"
EXAMPLES = {path.name: path.read_text(encoding="utf-8") for path in (TASKS / "examples").glob("*.yml")}
HOOKS = yaml.safe_load((TASKS.parent / "vars" / "main.yml").read_text(encoding="utf-8"))["__patch_run_hook_names"]
FENCED = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
# The first block shows files that do not ship.
WORKED = [yaml.safe_load(block) for block in FENCED.findall(PAGE)][1:]


def rows(heading):
    """The first cells of the table that begins with this heading."""
    table = PAGE[PAGE.index(f"| {heading} |") :].partition("\n\n")[0]
    return [re.sub(r"[|`]", "", line.split("|")[1]).strip() for line in table.splitlines()[2:]]


def test_the_page_knows_every_hook():
    assert rows("Hook") == HOOKS


def test_the_page_knows_every_example():
    assert sorted(rows("Example")) == sorted(EXAMPLES)


@pytest.mark.parametrize("worked", WORKED, ids=lambda worked: next(iter(worked["patch_hooks"].values())))
def test_a_worked_example_sets_what_its_files_take_in_the_hooks_they_are_made_for(worked):
    files = {hook: file.removeprefix("examples/") for hook, file in worked["patch_hooks"].items()}
    known = " ".join(EXAMPLES[file] for file in files.values())
    own = {"patch_hooks", "patch_cluster", "patch_lb_api"}
    assert {name for name in worked if name not in known} <= own
    for hook, file in files.items():
        top = EXAMPLES[file].partition("\n- name:")[0]
        assert re.search(rf"Hooks?: [^.]*\b{hook}\b|in (ready and in )?{hook}\b", top), f"{file} in {hook}"


def test_every_example_is_in_a_worked_example():
    used = {file.removeprefix("examples/") for worked in WORKED for file in worked["patch_hooks"].values()}
    assert used == set(EXAMPLES)
