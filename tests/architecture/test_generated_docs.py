# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The pages say what the code says, and lead nowhere in vain; every rule has been seen red."""

from __future__ import annotations

import re

import pytest
import yaml
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.catalogue import SIGNALS
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.document import build_document
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.policy import PolicyError, parse_policy
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.reboot import reboot_verdict

import generate_docs
from house_rules.places import ROOT, our_files, shown

DEMO = "tests/simulator/fleets/demo"
# Pages that users get; what they link to must ship too.
PAGES = [ROOT / "README.md", *our_files(".md", under="docs"), *our_files(".md", under="roles")]
SHIPPED = ("README.md", "LICENSE", "CHANGELOG.md", "docs/", "roles/", "changelogs/", "meta/", "playbooks/", "plugins/")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| `(\w+)` \| (.*) \|$", re.MULTILINE)


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def links(text):
    """Link targets outside of code."""
    return LINK.findall(FENCE.sub("", text))


def headings(text):
    """Anchors of a page, as GitHub makes them."""
    found = re.findall(r"^#+ (.*)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in found}


def broken_links(path, text):
    """Links that leave the page for something that is not there or does not ship, and anchors that do not exist."""
    for link in links(text):
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        if link.startswith(("http://", "https://")):
            continue
        if not target.is_file() or not shown(target).startswith(SHIPPED):
            yield f"{shown(path)}: {link} does not ship"
        elif anchor and anchor not in headings(target.read_text(encoding="utf-8") if file else text):
            yield f"{shown(path)}: {link} has no such heading"


def section(text, heading):
    """The text below a heading, up to the next one of any level outside of code."""
    found = re.search(rf"^#+ {re.escape(heading)}$\n(.*?)(?=^#+ |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"no heading {heading!r}"
    return found.group(1)


def test_no_generated_page_has_drifted():
    assert sorted(generate_docs.drifted()) == [], f"run: {generate_docs.COMMAND}"


def test_a_changed_generated_part_is_found_and_mended():
    page = read("docs/signals.md")
    damaged = page.replace("| `wu_reboot_required` | conclusive, required", "| `wu_reboot_required` | weak", 1)
    assert damaged != page
    assert generate_docs.wanted("docs/signals.md", damaged) == page


def test_what_stands_around_a_generated_part_is_left_alone():
    page = f"# a\n\n{generate_docs.begin('x')}\nold\n{generate_docs.end('x')}\n\nMore.\n"
    once = generate_docs.with_block(page, "x", iter(["new"]))
    assert once == f"# a\n\n{generate_docs.begin('x')}\n\nnew\n\n{generate_docs.end('x')}\n\nMore.\n"
    assert generate_docs.with_block(once, "x", iter(["new"])) == once


@pytest.mark.parametrize(
    "page", ["# a\n", f"{generate_docs.begin('x')}\n", f"{generate_docs.end('x')}\n{generate_docs.begin('x')}\n"]
)
def test_a_page_without_place_for_a_generated_part_is_an_error(page):
    with pytest.raises(generate_docs.MarkerError):
        generate_docs.with_block(page, "x", iter(["new"]))


def test_check_writes_nothing_and_says_what_to_run(tmp_path, monkeypatch, capsys):
    page = "\n\n".join(f"{generate_docs.begin(name)}\n{generate_docs.end(name)}" for name in ("a", "b"))
    (tmp_path / "p.md").write_text(page, encoding="utf-8")
    monkeypatch.setattr(generate_docs, "ROOT", tmp_path)
    monkeypatch.setattr(generate_docs, "shown", str)
    monkeypatch.setattr(generate_docs, "BLOCKS", {"p.md": {name: lambda: iter(["x"]) for name in ("a", "b")}})
    assert generate_docs.main(["--check"]) == 1
    assert (tmp_path / "p.md").read_text(encoding="utf-8") == page
    assert f"run: {generate_docs.COMMAND}" in capsys.readouterr().out
    assert generate_docs.main([]) == 0
    assert generate_docs.main(["--check"]) == 0
    assert generate_docs.main(["--chekc"]) == 2


def test_every_signal_of_the_page_says_how_it_is_judged():
    assert [name for name, signal in SIGNALS.items() if not generate_docs.judged(signal)] == []


def test_the_readme_names_every_key_of_a_policy_and_no_other():
    # The heading's first table; its rows are read back as a policy, which refuses a word it does not know.
    named = [key for key, _meaning in ROW.findall(section(read("README.md"), "Rules and policy"))]
    with pytest.raises(PolicyError) as refused:
        parse_policy({"no_such_key": 1})
    assert sorted(named) == sorted(str(refused.value).rpartition("there are ")[2].split(", "))


def test_the_readme_explains_every_key_of_a_verdict_and_no_other():
    document = build_document({"probes": {}}, host="a", asked=[], collected_at="2026-11-18T03:20:00Z")
    keys = set(reboot_verdict(document).as_dict(signals=False)) | {"unknown_more"}
    assert {key for key, _meaning in ROW.findall(section(read("README.md"), "Read the verdict"))} == keys


def test_the_readme_counts_the_signals():
    assert f" {len(SIGNALS)} signals" in read("README.md")


def test_the_readme_shows_every_host_of_the_demo():
    names = {yaml.safe_load(path.read_text(encoding="utf-8"))["name"] for path in our_files(".yml", under=DEMO)}
    shown_hosts = set(re.findall(r"^([\w-]+) +(?:required|unknown|no)\b", read("README.md"), re.MULTILINE))
    assert shown_hosts == names


def test_every_test_that_the_page_of_verification_names_exists():
    named = set(re.findall(r"`(test_\w+)`", read("docs/verification.md")))
    tests = "".join(path.read_text(encoding="utf-8") for path in our_files(".py", under="tests"))
    assert named
    assert sorted(name for name in named if f"def {name}(" not in tests) == []


@pytest.mark.parametrize("path", PAGES, ids=shown)
def test_every_link_leads_to_something_that_ships(path):
    assert list(broken_links(path, path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("link", ["docs/none.md", "CONTRIBUTING.md", "docs/signals.md#no-such-heading", "#none"])
def test_a_broken_link_is_found(link):
    assert list(broken_links(ROOT / "README.md", f"# a\n\n[x]({link})\n"))


def test_a_link_in_code_is_none():
    assert list(broken_links(ROOT / "README.md", "```console\n[x](none)\n```\n")) == []


@pytest.mark.parametrize("path", PAGES, ids=shown)
def test_every_yaml_example_can_be_read(path):
    for language, body in FENCE.findall(path.read_text(encoding="utf-8")):
        if language == "yaml":
            # Alternatives stand below each other in one example: `when:` three times is one document each.
            for part in re.split(r"^(?=when: )", body, flags=re.MULTILINE):
                yaml.safe_load(part)
