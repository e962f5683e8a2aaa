# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_probe, patch_begin and patch_fleet_report."""

from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleError
from ansible_collections.winops.patching.plugins.action.patch_begin import ActionModule as BeginDoor
from ansible_collections.winops.patching.plugins.action.patch_fleet_report import ActionModule as ReportDoor
from ansible_collections.winops.patching.plugins.action.win_probe import ActionModule as ProbeDoor
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.files import write_json
from ansible_collections.winops.patching.tests.unit.plugins.action.doors import Door, answer_of
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    document,
    with_present,
)

PROBES = [{"id": "m", "kind": "mutex", "name": "Global\\_MSIExecute"}]


def probe_door():
    return Door(ProbeDoor, "winops.patching.win_probe")


def begin_door():
    return Door(BeginDoor, "winops.patching.patch_begin")


def report_door():
    return Door(ReportDoor, "winops.patching.patch_fleet_report")


class TestProbe:
    """The reader itself."""

    def test_checked_probes_are_handed_on_and_the_answer_comes_back_as_it_is(self):
        door = probe_door()
        result = door.run(probes=PROBES)
        assert door.calls == [("winops.patching.win_probe", {"probes": PROBES, "time_limit": 120})]
        assert result["probes"] == answer_of()["probes"]
        assert result["changed"] is False

    def test_check_mode_does_the_same(self):
        door = probe_door()
        door.run(probes=PROBES, time_limit=5, check_mode=True)
        assert door.calls[0][1]["time_limit"] == 5

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({}, "probes"),
            ({"probes": []}, "at least one probe"),
            ({"probes": [{"id": "a", "kind": "registri", "path": "x"}]}, "did you mean registry"),
            ({"probes": [{"id": "a", "kind": "mutex"}]}, r"probes\[0\]\.name: mutex needs this option"),
            ({"probes": PROBES, "time_limit": "soon"}, "time_limit"),
        ],
    )
    def test_wrong_probes_never_reach_the_host(self, options, words):
        door = probe_door()
        with pytest.raises(AnsibleError, match=words):
            door.run(**options)
        assert door.calls == []


class TestBegin:
    """A run that looks at nothing is a failure; every run has an id."""

    @pytest.mark.parametrize("limit", [None, "db*"])
    def test_no_host_at_all_fails_and_says_what_was_mistyped(self, limit):
        with pytest.raises(AnsibleError, match="'prdo'") as caught:
            begin_door().run(hosts=[], target="prdo", limit=limit, registered_as="run")
        assert ("--limit 'db*'" in str(caught.value)) == (limit is not None)

    def test_a_run_gets_an_id_of_its_own_and_keeps_a_given_one_as_a_name_that_may_come_again(self):
        first = begin_door().run(hosts=["a"], registered_as="run")["run_id"]
        assert first != begin_door().run(hosts=["a"], registered_as="run")["run_id"]
        given = begin_door().run(hosts=["a"], registered_as="run", run_id="nightly")
        assert (given["run_id"], given["named"]) == ("nightly", True)
        assert begin_door().run(hosts=["a"], registered_as="run")["named"] is False

    def test_all_batches_of_a_play_share_the_id_of_the_first(self):
        old = self.begin("a", {})
        later = self.begin("b", {"a": old})
        assert (later["run_id"], later["begun"]) == (old["run_id"], old["begun"])

    @pytest.mark.parametrize("order", ["ab", "ba"])
    def test_the_order_in_which_a_batch_finds_the_hosts_means_nothing(self, order):
        first = self.begin("a", {}, play=order)
        assert self.begin("b", {"a": first}, play=order)["run_id"] == first["run_id"]

    @pytest.mark.parametrize("order", ["ab", "ba"])
    def test_the_batches_of_a_later_play_share_an_id_of_their_own(self, order):
        old = self.begin("a", {})
        new = self.begin("a", {"a": old, "b": old}, play=order)
        assert new["run_id"] != old["run_id"]
        later = self.begin("b", {"a": new, "b": old}, play=order)
        assert (later["run_id"], later["begun"]) == (new["run_id"], new["begun"])

    def test_what_was_begun_on_some_of_the_hosts_was_another_play(self):
        canary = self.begin("a", {}, play="a")
        assert self.begin("b", {"a": canary})["run_id"] != canary["run_id"]

    def test_a_play_of_one_batch_always_begins_anew(self):
        old = self.begin("a", {}, batch="ab")
        assert self.begin("b", {"a": old}, batch="ab")["run_id"] != old["run_id"]

    def test_the_role_twice_in_one_play_is_two_runs_whatever_name_is_given(self):
        old = self.begin("a", {}, batch="ab", run_id="nightly")
        new = self.begin("a", {"a": old}, batch="ab", run_id="nightly")
        assert (old["run_id"], new["run_id"]) == ("nightly", "nightly")
        assert new["begun"] != old["begun"]

    @staticmethod
    def begin(host, known, play="ab", batch=None, **options):
        """Runs the door on a host of a play, in a batch of its own; `known` is what hosts have registered before."""
        variables = {
            "inventory_hostname": host,
            "hostvars": {name: {"run": result} for name, result in known.items()},
            "ansible_play_hosts_all": list(play),
            "ansible_play_batch": list(batch or host),
        }
        return begin_door().run(hosts=list(play), registered_as="run", variables=variables, **options)

    def test_a_run_that_finds_no_host_leaves_no_older_report_behind(self, tmp_path):
        reports = [tmp_path / "gate.json", tmp_path / "junit.xml", tmp_path / "none.json"]
        for file in reports[:2]:
            file.write_text("old", encoding="utf-8")
        with pytest.raises(AnsibleError, match="no host"):
            begin_door().run(hosts=[], registered_as="run", reports=[str(file) for file in reports])
        assert {file.name: file.read_text(encoding="utf-8") for file in tmp_path.iterdir()} == {
            "gate-previous.json": "old"
        }

    def test_a_later_batch_leaves_the_reports_of_its_run_alone(self, tmp_path):
        report = tmp_path / "gate.json"
        options = {"reports": [str(report)]}
        first = self.begin("a", {}, **options)
        report.write_text("of the first batch", encoding="utf-8")
        self.begin("b", {"a": first}, **options)
        assert report.exists()

    def test_a_report_that_cannot_be_taken_away_stops_the_run_by_name(self, tmp_path):
        (tmp_path / "junit.xml").mkdir()
        with pytest.raises(AnsibleError, match=r"cannot take away .*junit\.xml"):
            begin_door().run(hosts=["a"], registered_as="run", reports=[str(tmp_path / "junit.xml")])

    def test_nothing_is_asked_of_a_host(self):
        door = begin_door()
        assert door.run(hosts=["a"], registered_as="run", check_mode=True)["changed"] is False
        assert door.calls == []


class TestReport:
    """fleet.json and the table: no host is left out."""

    OPTIONS = ("run_id", "r1"), ("registered_as", "reading")

    def run(self, folder, *hosts, **variables):
        return report_door().run(hosts=list(hosts), report_dir=str(folder), variables=variables, **dict(self.OPTIONS))

    def save(self, folder, evidence, host):
        write_json(folder / "evidence" / f"{host}.json", {**evidence, "host": host, "run_id": "r1"})

    def test_every_host_is_in_the_document_and_in_the_table(self, tmp_path, capsys):
        self.save(tmp_path, with_present("domain_join"), "web01")
        self.save(tmp_path, document(), "web02")
        hosts = {"dead": {"reading": {"unreachable": True, "msg": "no route"}}}
        result = self.run(tmp_path, "web01", "web02", "dead", "late", hostvars=hosts)
        fleet = json.loads((tmp_path / "fleet.json").read_text(encoding="utf-8"))
        assert {host: row["reboot"] for host, row in fleet["hosts"].items()} == {
            "dead": "unknown",
            "late": "unknown",
            "web01": "required",
            "web02": "not_required",
        }
        assert (fleet["schema"], fleet["run_id"]) == ("winops.patching/fleet/1", "r1")
        assert result["totals"] == fleet["totals"]
        assert result["fleet_file"] == str(tmp_path / "fleet.json")
        shown = capsys.readouterr().out
        assert all(host in shown for host in fleet["hosts"])
        assert str(tmp_path / "fleet.json") in shown

    def test_only_dead_hosts_still_make_a_report(self, tmp_path):
        assert self.run(tmp_path, "a", "b")["totals"]["reboot"] == {"required": 0, "not_required": 0, "unknown": 2}

    def test_a_folder_that_cannot_be_written_takes_the_table_not_away(self, tmp_path, capsys):
        (tmp_path / "file").write_text("x", encoding="utf-8")
        with pytest.raises(AnsibleError, match="cannot write"):
            self.run(tmp_path / "file", "a")
        assert "1 host" in capsys.readouterr().out

    def test_a_host_the_play_could_not_take_in_fails_the_run_after_the_report(self, tmp_path):
        with pytest.raises(AnsibleError, match="could not take in 'web:01'"):
            self.run(tmp_path, "web01", "web:01", ansible_play_hosts_all=["web01"])
        fleet = json.loads((tmp_path / "fleet.json").read_text(encoding="utf-8"))
        assert fleet["totals"]["hosts"] == 2
