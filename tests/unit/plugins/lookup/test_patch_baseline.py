# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lookup patch_baseline and the policy files behind it: found, whole, and every mistake with its line."""

from __future__ import annotations

import json
import re

import pytest
from ansible.errors import AnsibleLookupError
from ansible.parsing.dataloader import DataLoader
from ansible_collections.winops.patching.plugins.lookup.patch_baseline import LookupModule
from ansible_collections.winops.patching.plugins.plugin_utils._adapter import policy_files
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.policy_files import SHIPPED_FOLDER, shipped_names
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.baseline import parse_baseline

BAD = """\
---
name: bad
install:
  - classification: [Security Updates]
    kb:
      - 5030216
      - x1
  - severity: [Critcal]
rejected:
  - {kb: 1}
name: again
requires: []
months:
  - name: 2026-11
    any_of:
      - build: 20348.44
require: [acme]
catalog: {as_of: 2026-11-10T18:00:00Z}
max_scan_age: 7dd
file_rules:
  - {update: KB5030216, path: a.dll}
rename_rules:
  - match: '('
    reason: x
"""
LINES = {
    7: "policy.install[0].kb[1]: 'x1'",
    8: "policy.install[1].severity[0]: 'Critcal'",
    10: "policy.rejected[0].kb: '1'",
    11: "name stands here twice",
    12: "policy.requires: no such key (did you mean require?)",
    16: "policy.months[0].any_of[0].build: '20348.44'",
    17: "policy.require: 'acme' is no signal",
    18: "policy.catalog.updates",
    19: "policy.max_scan_age: '7dd'",
    21: "policy.file_rules[0]",
    23: "policy.rename_rules[0].match",
}


@pytest.fixture
def look(tmp_path):
    """`look(term, **files)`: what the lookup returns in a play whose files are these."""

    def up(*terms, files=None, **options):
        folder = tmp_path / "files"
        folder.mkdir(exist_ok=True)
        for name, text in (files or {}).items():
            (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        loader = DataLoader()
        loader.set_basedir(str(tmp_path))
        return LookupModule(loader=loader).run(list(terms), {}, **options)

    return up


@pytest.mark.parametrize("line", LINES)
def test_every_mistake_is_named_with_the_line_on_which_it_stands(look, line):
    with pytest.raises(AnsibleLookupError) as caught:
        look("bad", files={"bad.yml": BAD})
    assert f"bad.yml:{line}: {LINES[line]}" in str(caught.value)


def test_the_mistakes_come_in_the_order_of_their_lines(look):
    with pytest.raises(AnsibleLookupError) as caught:
        look("bad.yml", files={"bad.yml": BAD})
    found = [int(line) for line in re.findall(r"bad\.yml:([0-9]+):", str(caught.value))]
    assert found == sorted(found)
    assert set(found) == set(LINES)


@pytest.mark.parametrize("name", shipped_names())
@pytest.mark.parametrize("ending", ["", ".yml"])
def test_a_shipped_policy_is_found_by_its_name(look, name, ending):
    [policy] = look(f"{name}{ending}")
    assert parse_baseline(policy).name == name.replace("_", " ")


def test_the_shipped_policies_are_the_promised_ones():
    assert shipped_names() == ["everything", "security_monthly", "servicing_stack_first"]
    assert look_order("servicing_stack_first") == "servicing_stack_first"
    assert look_order("security_monthly") == "shortest"


def look_order(name):
    return parse_baseline(policy_files.read_policy(SHIPPED_FOLDER / f"{name}.yml", name)).order


def test_a_file_of_the_play_goes_before_a_shipped_one_of_the_same_name(look):
    assert look("everything", files={"everything.yml": "name: ours\n"}) == [{"name": "ours"}]


@pytest.mark.parametrize(("term", "file"), [("a", "a.yml"), ("a", "a.yaml"), ("a.yaml", "a.yaml"), ("a", "a")])
def test_a_file_is_found_with_and_without_its_ending(look, term, file):
    assert look(term, files={file: "name: ours\n"}) == [{"name": "ours"}]


def test_a_file_is_found_by_its_full_path(look, tmp_path):
    path = tmp_path / "else where.yml"
    path.write_text("name: ours\n", encoding="utf-8")
    assert look(str(path)) == [{"name": "ours"}]


def test_several_names_give_several_policies(look):
    assert [policy["name"] for policy in look("everything", "security_monthly")] == ["everything", "security monthly"]


def test_times_are_texts_so_that_a_policy_can_be_kept(look):
    text = (
        "ignore_updates: [{kb: 5030216, reason: x, until: 2027-01-31}]\n"
        "catalog: {as_of: 2026-11-10T18:00:00Z, updates: []}\n"
    )
    [policy] = look("a", files={"a.yml": text})
    assert policy["ignore_updates"][0]["until"] == "2027-01-31"
    assert policy["catalog"]["as_of"] == "2026-11-10T18:00:00Z"
    assert json.loads(json.dumps(policy)) == policy


def test_signals_of_ones_own_may_be_named(look):
    [policy] = look("a", files={"a.yml": "require: [acme_reboot]\n"}, custom_signals=["acme_reboot"])
    assert policy == {"require": ["acme_reboot"]}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "a.yml: is empty"),
        ("# nothing\n", "a.yml: is empty"),
        ("- name: x\n", "a.yml:1: must hold one mapping of policy keys, not list"),
        ("name: [x\nb: c\n", "a.yml:2: is not YAML"),
        ("name: !!python/object:os.system x\n", "a.yml:1: is not YAML"),
        ("a: &a [*a]\n", "nested too deep"),
        (
            "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
            + "".join(
                f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcde", "bcdef", strict=True)
            ),
            "more than 100000 values",
        ),
        ("install: []\nname: 2026-13-45\n", "a.yml:2: is not YAML: '2026-13-45': month must be in 1..12"),
        ("---\nname: a\n---\nname: b\n", "a.yml:3: is not YAML: expected a single document"),
        (b"name: \xff\n", "cannot be read"),
        ("name: x\n" + "#" * 1024 * 1024, "larger than"),
        ("[" * 5000, "is not YAML"),
    ],
)
def test_a_file_that_is_no_policy_is_named_with_the_reason(look, text, words):
    with pytest.raises(AnsibleLookupError) as caught:
        look("a", files={"a.yml": text})
    assert words in str(caught.value)


def test_of_very_many_mistakes_the_first_are_told_and_the_others_counted(look):
    text = "install:\n" + "".join(f"  - {{kb: x{number}}}\n" for number in range(policy_files.MOST_MISTAKES + 7))
    with pytest.raises(AnsibleLookupError) as caught:
        look("a", files={"a.yml": text})
    assert "a.yml:2: policy.install[0].kb: 'x0'" in str(caught.value)
    assert str(caught.value).count("a.yml:") == policy_files.MOST_MISTAKES
    assert str(caught.value).endswith("; and 7 more mistakes")


def test_a_name_that_is_nowhere_names_those_that_there_are(look):
    with pytest.raises(
        AnsibleLookupError, match=r"everythin: there is no such file.*did you mean everything.*security_monthly"
    ):
        look("everythin")
