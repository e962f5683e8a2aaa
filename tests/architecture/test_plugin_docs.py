# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every plugin has a page, and page and code say the same; every rule has been seen red."""

from __future__ import annotations

from importlib import import_module

import pytest
import yaml

from house_rules.places import ROOT
from house_rules.plugin_docs import (
    attributes,
    companions,
    compare_options,
    options_read,
    page,
    read_documents,
    stems,
)

PLUGINS = "ansible_collections.winops.patching.plugins"
SCRIPTS, PAGES, ACTIONS = stems("modules", ".ps1"), stems("modules", ".yml"), stems("action", ".py")
# Ansible's class of each kind of door, and the method that names the doors.
DOORS = {"filter": ("FilterModule", "filters"), "test": ("TestModule", "tests")}


@pytest.fixture(scope="module")
def modules():
    return read_documents("module", PAGES)


def door_names(kind):
    class_name, method = DOORS[kind]
    files = [import_module(f"{PLUGINS}.{kind}.{name}") for name in sorted(stems(kind, ".py"))]
    return {name for file in files for name in getattr(getattr(file, class_name)(), method)()}


def test_every_module_has_its_script_and_its_page():
    assert list(companions(SCRIPTS, PAGES, ACTIONS)) == []


def test_a_missing_script_page_or_stub_is_found():
    found = list(companions({"win_a"}, {"win_b"}, {"win_c"}))
    assert [finding.split()[0] for finding in found] == [
        "plugins/modules/win_a.yml",
        "plugins/modules/win_b.ps1",
        "plugins/modules/win_c.ps1",
        "plugins/modules/win_c.yml",
    ]


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_options_of_an_action_are_those_of_its_page(name, modules):
    spec = import_module(f"{PLUGINS}.action.{name}").ARGUMENT_SPEC
    assert list(compare_options(modules[name]["doc"].get("options", {}), spec)) == []


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_options_that_a_script_reads_stand_on_its_page(name, modules):
    script = (ROOT / f"plugins/modules/{name}.ps1").read_text(encoding="utf-8")
    assert options_read(script) <= set(modules[name]["doc"].get("options", {}))


def test_every_module_declares_check_mode_and_async(modules):
    assert [finding for name, entry in modules.items() for finding in attributes(name, entry["doc"])] == []


def test_every_module_page_has_a_version_and_an_example(modules):
    assert [finding for name, entry in modules.items() for finding in page(name, entry["doc"], entry["examples"])] == []


def test_the_action_group_holds_every_module_that_runs_against_windows():
    runtime = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))
    assert runtime["action_groups"]["winops"] == sorted(name for name in PAGES if name.startswith("win_"))


@pytest.mark.parametrize("kind", sorted(DOORS))
def test_every_filter_and_test_has_its_page(kind):
    assert door_names(kind) == stems(kind, ".yml")


@pytest.mark.parametrize("kind", sorted(DOORS))
def test_every_page_of_a_filter_or_test_has_a_version_and_an_example(kind):
    documents = read_documents(kind, stems(kind, ".yml"))
    assert [
        finding for name, entry in documents.items() for finding in page(name, entry["doc"], entry["examples"])
    ] == []


SPEC = {"mode": {"type": "str", "choices": ["a", "b"], "default": "a"}, "rules": {"type": "list", "elements": "dict"}}
DOCUMENTED = {
    "mode": {"description": ["x"], "type": "str", "choices": {"a": ["x"], "b": ["y"]}, "default": "a"},
    "rules": {"description": ["x"], "type": "list", "elements": "dict"},
}


def test_equal_options_have_no_differences():
    assert list(compare_options(DOCUMENTED, SPEC)) == []


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"extra": {}}, "extra is in the argument spec but not documented"),
        ({"mode": SPEC["mode"] | {"default": "b"}}, "mode.default is 'a'"),
        ({"mode": SPEC["mode"] | {"choices": ["a"]}}, "mode.choices are"),
        ({"mode": SPEC["mode"] | {"required": True}}, "mode.required is False"),
        ({"mode": SPEC["mode"] | {"aliases": ["m"]}}, "mode.aliases are"),
        ({"rules": {"type": "list", "elements": "str"}}, "rules.elements is 'dict'"),
        ({"rules": SPEC["rules"] | {"options": {"name": {}}}}, "rules.name is in the argument spec"),
    ],
)
def test_a_planted_difference_is_found(change, difference):
    assert [finding for finding in compare_options(DOCUMENTED, SPEC | change) if finding.startswith(difference)]


def test_an_option_of_the_page_alone_is_found():
    assert list(compare_options(DOCUMENTED, {"mode": SPEC["mode"]})) == [
        "rules is documented but not in the argument spec"
    ]


def test_a_default_of_another_type_is_found():
    assert list(compare_options({"n": {"type": "int", "default": 1}}, {"n": {"type": "int", "default": True}}))


def test_options_are_found_in_a_script():
    assert options_read("$arguments['probes']\n$complex_args.time_limit\n$ask['id']\n") == {"probes", "time_limit"}


def test_missing_attributes_are_found():
    assert list(attributes("win_a", {"attributes": {"check_mode": {"support": "full"}}})) == [
        "win_a: attributes.async.support is None"
    ]
    halves = {"check_mode": {"support": "none"}, "async": {"support": "none"}}
    assert list(attributes("win_a_info", {"attributes": halves}))


def test_a_page_without_version_and_example_is_found():
    assert len(list(page("win_a", {}, "- win_a:\n"))) == 2
