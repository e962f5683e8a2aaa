# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The playbook plan, over simulated hosts: what would be installed when, who has no plan, and that nothing changes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from winsim.testing import serve


def windows():
    """Two windows of 100 minutes, tomorrow and the day after: room for one update of an hour with its reserve."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    return [
        {
            "name": f"night {number}",
            "start": f"{tomorrow + timedelta(days=number):%Y-%m-%dT22:00:00Z}",
            "duration": "100m",
        }
        for number in (1, 2)
    ]


def update(number, **words):
    """An update as a host file writes it."""
    return {
        "id": f"00000000-0000-0000-0000-{number:012d}",
        "revision": 1,
        "title": f"2026-11 Update {number} (KB{5000000 + number})",
        "kb": [str(5000000 + number)],
        "classification": "Security Updates",
        "severity": "Critical",
        **words,
    }


def agent(*updates, **words):
    """An update agent with these updates that answers soon."""
    return {"update_agent": {"remote": "denied", "scan_minutes": 1, "updates": list(updates), **words}}


HOSTS = {
    "needs-two": {"os": {}, **agent(update(1), update(2), update(3, installed=True))},
    "up-to-date": {"os": {}, **agent(update(1, installed=True), update(4, classification="Drivers"))},
    "also": {"os": {}, **agent(update(1))},
    "no-agent": {"os": {}},
    "dead": {"os": {}, "network": {"listen": False}},
    "a-last-one": {"os": {}, **agent(update(1))},
}


@pytest.fixture(scope="module")
def planned(once, commands, note):
    """The playbook over these hosts, run once; the state of the hosts afterwards is noted."""

    def make(folder):
        with serve(HOSTS, folder / "sim") as fleet:
            run = commands(folder / "ansible")
            extra = {
                "patch_target": "all",
                "patch_report_dir": str(folder / "report"),
                "patch_windows": windows(),
                "patch_plan_waves": {"batches": [1]},
            }
            done = run.command(
                "ansible-playbook",
                ["winops.patching.plan", "-i", str(fleet.inventory), "-e", json.dumps(extra)],
            )
            done = note(done, folder / "report")
            done.notes["plan"] = json.loads((folder / "report" / "plan.json").read_text(encoding="utf-8"))
            done.notes["events"] = {
                name: [entry["event"] for entry in fleet.state(name)["log"]] for name in HOSTS if name != "dead"
            }
        return done

    return once("plan", make)


def test_each_host_is_in_the_plan_with_what_would_run_in_its_window(planned):
    hosts = planned.notes["plan"]["hosts"]
    assert sorted(hosts) == sorted(HOSTS)
    needs = hosts["needs-two"]
    assert [one["id"][-1] for one in needs["selected"]] == ["1"]
    assert [(one["id"][-1], one["word"], one["next_window"]["name"]) for one in needs["deferred"]] == [
        ("2", "does_not_fit", "night 2")
    ]
    assert (needs["begins"][-10:], needs["expected_end"][-10:]) == ("T22:00:00Z", "T23:00:00Z")
    assert [one["place"] for one in hosts["up-to-date"]["not_planned"]] == ["excluded"]


def test_who_has_no_plan_is_there_with_the_reason_and_the_run_is_not_green(planned):
    hosts = planned.notes["plan"]["hosts"]
    assert hosts["dead"]["error"].startswith("unreachable")
    assert "0x80040154" in hosts["no-agent"]["error"]
    assert (hosts["dead"]["wave"], hosts["no-agent"]["wave"]) == (None, None)
    assert planned.code == 2


def test_waves_go_in_the_order_of_the_inventory(planned):
    in_order = sorted(set(HOSTS) - {"no-agent", "dead"})
    assert [wave["hosts"] for wave in planned.notes["plan"]["waves"]] == [[name] for name in in_order]


def test_a_plan_installs_nothing_and_reboots_nothing(planned):
    assert {event for events in planned.notes["events"].values() for event in events} <= {"job"}
    assert "Nothing was changed." in planned.output


@pytest.mark.parametrize(("book", "report"), [("plan", "plan"), ("assess", "fleet")])
def test_a_mistyped_target_is_an_error_and_no_older_report_stands_for_its_answer(ansible, tmp_path, book, report):
    inventory = tmp_path / "inventory.yml"
    inventory.write_text("all: {hosts: {web01: {ansible_connection: local}}}\n", encoding="utf-8")
    (tmp_path / f"{report}.json").write_text("{}", encoding="utf-8")
    extra = json.dumps({"patch_target": "typo", "patch_report_dir": str(tmp_path)})
    run = ansible.command("ansible-playbook", [f"winops.patching.{book}", "-i", str(inventory), "-e", extra])
    assert run.code != 0
    assert "no host: 'typo' matches nothing" in run.output
    assert [path.name for path in tmp_path.glob("*.json")] == [f"{report}-previous.json"]
