# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A month later, into another folder: what the run before could not mend is told again, and nothing is done twice."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from winsim.testing import serve


def agent(**words):
    """An update agent that refuses the network, with one update."""
    update = {
        "id": "00000000-0000-0000-0000-000000000001",
        "revision": 1,
        "title": "2026-11 Cumulative Update (KB5000001)",
        "kb": ["5000001"],
        "classification": "Security Updates",
        "run_minutes": 2,
        **words,
    }
    return {"os": {}, "update_agent": {"remote": "denied", "scan_minutes": 1, "updates": [update]}}


HOSTS = {
    # It waits for somebody to log on: what the agent says of it comes back after every boot.
    "waits-for-a-logon": agent(interactive=True, reboot_behavior="always_requires"),
    "holds-what-is-rejected": agent(installed=True),
    "closed": agent(),
    "fails": agent(result="fail:0x80070643"),
}
NIGHT = {"name": "night", "start": "2060-01-01T00:00:00Z", "duration": "4h"}


@pytest.fixture(scope="module")
def runs(once, commands, note):
    """The playbook twice, each time into another folder; the second knows the hosts alone."""

    def make(folder):
        ansible, found = commands(folder / "ansible"), []
        closed, rejected = folder / "closed.json", {"rejected": [{"kb": "KB5000001", "reason": "breaks printing"}]}
        words = {"closed": {"patch_windows": [NIGHT]}, "holds-what-is-rejected": {"patch_baseline": rejected}}
        closed.write_text(json.dumps({"all": {"hosts": words}}), encoding="utf-8")
        settings = {
            "patch_target": "all",
            "patch_no_windows": "open",
            "patch_clock": "host",
            "patch_run_poll_seconds": 1,
            "patch_reboot_warn_seconds": 2,
        }
        with serve(HOSTS, folder / "sim", time_factor=300) as fleet:
            for number in (1, 2):
                report = folder / f"report-{number}"
                extra = json.dumps({**settings, "patch_report_dir": str(report)})
                command = ["winops.patching.patch", "-i", str(fleet.inventory), "-i", str(closed), "-e", extra]
                done = note(ansible.command("ansible-playbook", command), report)
                logs = {name: fleet.state(name)["log"] for name in HOSTS}
                events = {name: dict(Counter(entry["event"] for entry in log)) for name, log in logs.items()}
                found.append({"code": done.code, "fleet": done.fleet, "events": events})
        done.notes["found"] = found
        return done

    return once("patch-run-again", make)


def test_no_host_is_rebooted_a_second_time_for_what_no_reboot_clears(runs):
    first, second = runs.notes["found"]
    events = [found["events"]["waits-for-a-logon"] for found in (first, second)]
    assert [(found["install"], found["boot"]) for found in events] == [(1, 1), (1, 1)], runs.output
    rows = [found["fleet"]["hosts"]["waits-for-a-logon"] for found in (first, second)]
    assert [(row["run"]["failed_host"], row["machine"]) for row in rows] == [
        (True, "pending_reboot"),
        (True, "unknown"),
    ]
    assert all("needs repair" in row["error"] or "repair that" in row["error"] for row in rows)
    assert (first["code"], second["code"]) == (2, 2)


def test_what_failed_in_an_earlier_run_is_tried_once_more_although_its_job_is_told_again(runs):
    assert [found["events"]["fails"]["install"] for found in runs.notes["found"]] == [1, 2], runs.output
    assert [found["fleet"]["hosts"]["fails"]["run"]["outcome"] for found in runs.notes["found"]] == ["failed"] * 2


def test_what_is_rejected_and_installed_is_named_and_waits_for_no_window(runs):
    for found in runs.notes["found"]:
        row = found["fleet"]["hosts"]["holds-what-is-rejected"]
        assert (row["run"]["outcome"], row["machine"]) == ("nothing_to_do", "non_compliant")
        assert "KB5000001" in row["run"]["sentence"]


def test_what_fits_into_the_coming_window_is_listed_as_deferred_to_it(runs):
    run = runs.notes["found"][0]["fleet"]["hosts"]["closed"]["run"]
    assert [(update["title"], update["state"]) for update in run["updates"]] == [
        ("2026-11 Cumulative Update (KB5000001)", "deferred")
    ]
    assert run["next_window"]["start"] == NIGHT["start"]
