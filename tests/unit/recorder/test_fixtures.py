# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The fixtures show every kind of probe in every state, and what a fake cannot answer is left out by name."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import yaml

from recorder import contract, fixtures
from recorder.replay import served
from winsim.probes.run import KINDS

NOW = datetime(2026, 11, 18, 3, 20, tzinfo=UTC)
ALL = fixtures.load_all(NOW)


@pytest.mark.parametrize("fixture", ALL, ids=lambda fixture: fixture.name)
def test_what_is_served_for_a_fixture_keeps_the_contract(fixture):
    output = served(fixture.state, fixture.arguments, NOW)
    assert contract.problems(fixture.arguments, output) == []


@pytest.mark.parametrize("fixture", ALL, ids=lambda fixture: fixture.name)
def test_a_state_comes_back_unchanged_from_the_simulator(fixture):
    assert fixtures.state_of(fixtures.host_of(fixture.state, NOW)) == fixture.state


def test_every_kind_of_probe_is_asked_or_named_as_not_run():
    asked = {probe["kind"] for fixture in ALL for probe in fixture.arguments["probes"]}
    assert asked >= set(KINDS) - set(fixtures.STATIC_KINDS)
    assert not asked & set(fixtures.STATIC_KINDS)


def test_every_kind_of_probe_is_shown_in_every_state_it_can_have():
    seen: dict[str, set[str]] = {}
    for fixture in ALL:
        kinds = {probe["id"]: probe["kind"] for probe in fixture.arguments["probes"]}
        for name, answer in served(fixture.state, fixture.arguments, NOW)["probes"].items():
            seen.setdefault(kinds[name], set()).add(answer["state"])
    usual = {"ok", "absent", "denied"}
    assert {kind: states & usual for kind, states in seen.items() if kind in KINDS} == {
        "registry": usual,
        "cim_query": usual,
        "cim_method": usual,
        "com_property": usual,
        "file": usual,
        "service": usual,
        "event": usual,
        # Who may not see one process may not see any.
        "process": {"ok", "absent"},
    }
    assert {kind for kind, states in seen.items() if "error" in states} >= {"cim_method", "com_property", "nonsense"}


def test_what_no_function_can_replace_is_left_out_and_named():
    (fixture,) = [fixture for fixture in ALL if fixture.name == "statics"]
    assert [probe["id"] for probe in fixture.arguments["probes"]] == ["no_such_kind"]
    named = {entry["what"]: entry["why"] for entry in fixture.not_run}
    assert named["probes.held"].startswith("not run under the fake: a mutex")
    assert named["probes.tail"].startswith("not run under the fake: a file")
    assert named["system.user"].startswith("not run under the fake: the identity")


def test_a_write_time_is_left_out_only_where_the_state_has_one():
    (fixture,) = [fixture for fixture in ALL if fixture.name == "registry-keys"]
    asked = {probe["id"] for probe in fixture.arguments["probes"] if probe.get("write_time")}
    assert asked == {"bare", "absent"}
    assert "probes.written.write_time" in {entry["what"] for entry in fixture.not_run}


def test_a_fixture_with_a_mistake_is_refused_with_its_place(tmp_path):
    document = {"host": {"os": {}, "registri": {}}, "arguments": {"probes": []}}
    (tmp_path / "bad.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
    with pytest.raises(fixtures.FixtureError, match="registri"):
        fixtures.load("bad", tmp_path / "bad.yml", NOW)
    (tmp_path / "bad.yml").write_text("host: {}\n", encoding="utf-8")
    with pytest.raises(fixtures.FixtureError, match=r"bad\.yml must hold exactly host and arguments"):
        fixtures.load("bad", tmp_path / "bad.yml", NOW)


def test_a_machine_whose_clock_is_behind_answers_the_same():
    (fixture,) = [fixture for fixture in ALL if fixture.name == "running"]
    early = served(fixture.state, fixture.arguments, datetime(2020, 1, 1, tzinfo=UTC))
    assert early["probes"] == served(fixture.state, fixture.arguments, NOW)["probes"]
