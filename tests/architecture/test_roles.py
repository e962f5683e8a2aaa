# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Roles are what their argument specs say; every rule has been seen red."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from house_rules.roles import BEGIN, END, all_roles, block, default_findings, defaults_of, options_of, with_block

ROLES = {role.name: role for role in all_roles()}
OPTIONS = {
    "patch_a_mode": {"type": "str", "default": "x", "choices": ["x", "y"], "description": ["How.", "a | b"]},
    "patch_a_rules": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "description": "Rules.",
        "options": {"name": {"description": "Its name."}},
    },
}


FILES = {str(file.relative_to(role.parent)): file for role in ROLES.values() for file in role.rglob("*.yml")}


def every(node: object, word: str) -> Iterator[Any]:
    """Whatever stands under a key, however deep."""
    if isinstance(node, list):
        for entry in node:
            yield from every(entry, word)
    elif isinstance(node, dict):
        yield from ([node[word]] if word in node else [])
        for value in node.values():
            yield from every(value, word)


def own_names(file: Path) -> list[str]:
    """The variables that a file of tasks gives a value: of tasks, of loops, of results and facts."""
    tasks = yaml.safe_load(file.read_text(encoding="utf-8"))
    maps = [*every(tasks, "vars"), *every(tasks, "ansible.builtin.set_fact")]
    return [*(name for names in maps for name in names), *every(tasks, "register"), *every(tasks, "loop_var")]


@pytest.mark.parametrize("name", sorted(FILES))
def test_no_variable_of_a_role_bears_a_name_that_a_user_may_have_given_to_another(name):
    assert [own for own in own_names(FILES[name]) if not re.match(r"(__)?patch_", own)] == []


@pytest.mark.parametrize("name", sorted(FILES))
def test_no_rescue_relies_on_a_failed_task_for_a_file_that_is_not_there_has_none(name):
    bare = re.compile(r"ansible_failed_task(?! \| default\(\{\}\))")
    assert bare.findall(FILES[name].read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", sorted(ROLES))
def test_defaults_equal_the_argument_spec(name):
    assert list(default_findings(name, options_of(ROLES[name]), defaults_of(ROLES[name]))) == []


@pytest.mark.parametrize("name", sorted(ROLES))
def test_the_readme_shows_the_argument_spec(name):
    readme = (ROLES[name] / "README.md").read_text(encoding="utf-8")
    how = "drifted; run: PYTHONPATH=tests/architecture .venv/bin/python -m house_rules.roles"
    assert readme == with_block(readme, options_of(ROLES[name])), how


def test_equal_defaults_have_no_findings():
    assert list(default_findings("patch_a", OPTIONS, {"patch_a_mode": "x"})) == []


@pytest.mark.parametrize(
    "defaults",
    [
        {},
        {"patch_a_mode": "y"},
        {"patch_a_mode": True},
        {"patch_a_mode": "x", "patch_a_other": 1},
        {"patch_a_mode": "x", "patch_a_rules": []},
    ],
)
def test_a_planted_difference_is_found(defaults):
    assert list(default_findings("patch_a", OPTIONS, defaults))


def test_true_is_not_one():
    assert list(default_findings("p", {"p_a": {"default": 1}}, {"p_a": True}))


def test_a_variable_without_the_roles_name_is_found():
    assert list(default_findings("patch_b", OPTIONS, {"patch_a_mode": "x"}))


def test_the_table_lists_options_and_their_own_options():
    assert block(OPTIONS).split("\n")[4:7] == [
        '| `patch_a_mode` | str | `"x"` | How. a \\| b Choices: `x`, `y`. |',
        "| `patch_a_rules` | list of dict | required | Rules. |",
        "| `patch_a_rules.name` | str |  | Its name. |",
    ]


def test_a_block_is_appended_once_and_then_replaced():
    first = with_block("# a\n\nText.\n", OPTIONS)
    assert first.startswith("# a\n\nText.\n\n## Variables\n\n" + BEGIN)
    assert with_block(first, OPTIONS) == first
    drifted = first.replace("How.", "Why.") + "\nMore.\n"
    assert with_block(drifted, OPTIONS) == first + "\nMore.\n"
    assert drifted.endswith(END + "\n\nMore.\n")
