# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The playbook patch when its controller is killed, when two of them work at once, and when a host begins by itself."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from winsim.testing import serve

SYSTEM = {"build": "20348.2700", "boot_time": "2026-11-01T03:12:00Z"}
FACTOR = 120.0
SAYS = """
- name: hook says
  ansible.builtin.debug:
    msg: "{{ patch_hook.name }}"
"""


def update(number, **words):
    """An update of twenty minutes."""
    return {
        "id": f"00000000-0000-0000-0000-{number:012d}",
        "revision": 200,
        "title": f"2026-11 Update {number} (KB{5000000 + number})",
        "kb": [str(5000000 + number)],
        "classification": "Security Updates",
        "run_minutes": 20,
        **words,
    }


def agent(*updates):
    """A healthy agent with these updates, that scans in a minute."""
    return {"os": SYSTEM, "update_agent": {"remote": "denied", "scan_minutes": 1, "updates": list(updates)}}


HOSTS = {
    "killed": agent(*(update(number, run_minutes=40) for number in range(1, 4))),
    "armed": agent(update(4, reboot_behavior="always_requires")),
}


def begun(fleet, host):
    """Whether an installation has been begun on a host."""
    jobs = [job for job in fleet.jobs(host) if job.kind == "install"]
    return any(line.get("step") == "begin" and line["phase"] == "installing" for job in jobs for line in job.journal)


def waited(what, seconds=120.0):
    """Whether something has come true in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.1)
    return False


def inventory(folder):
    """The second inventory: an open window for one host, and one that comes soon for the other, which is armed."""
    (folder / "says.yml").write_text(SAYS, encoding="utf-8")
    hour = datetime.now(UTC) + timedelta(hours=2)
    tonight = {"name": "tonight", "start": f"{hour:%Y-%m-%dT%H:%M:%SZ}", "duration": "4h", "for": ["any"]}
    words = {
        "patch_clock": "host",
        "patch_windows": [{"start": "2026-01-01T00:00:00Z", "end": "2028-01-01T00:00:00Z", "for": ["any"]}],
        "patch_baseline": {"default_run_minutes": 40},
        "patch_hooks": dict.fromkeys(("pre_install", "ready", "always"), str(folder / "says.yml")),
        "patch_run_poll_seconds": 1,
    }
    hosts = {"armed": {"patch_windows": [tonight], "patch_when_closed": "arm"}}
    file = folder / "patching.yml"
    file.write_text(json.dumps({"all": {"vars": words, "hosts": hosts}}), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def lost(once, commands, note):
    """A run that is killed in the middle, one of another controller beside the next, and that next one."""

    def make(folder):
        folder.mkdir(parents=True, exist_ok=True)
        ansible = commands(folder / "ansible")
        with serve(HOSTS, folder / "sim", time_factor=FACTOR) as fleet:
            inventories = ["-i", str(fleet.inventory), "-i", str(inventory(folder))]

            def command(report, target="all", **more):
                extra = {"patch_target": target, "patch_report_dir": str(folder / report), **more}
                return ["winops.patching.patch", *inventories, "-e", json.dumps(extra)]

            with ansible.begun("ansible-playbook", command("report", run_id="november")) as first:
                was_begun = waited(lambda: begun(fleet, "killed") and len(fleet.jobs("armed")) > 1)
                os.killpg(first.pid, signal.SIGKILL)
            job = fleet.job("killed").id
            with ansible.begun("ansible-playbook", command("other", target="killed")) as second:
                journal = folder / "other" / "journal" / "killed.jsonl"
                follows = waited(lambda: journal.exists() and f'"{job}"' in journal.read_text(encoding="utf-8"))
                fleet.wait_for("armed", "job", phase="done", kind="install", seconds=120)
                done = note(
                    ansible.command("ansible-playbook", command("report", run_id="november")), folder / "report"
                )
                code = second.wait(timeout=240)
            other = json.loads((folder / "other" / "fleet.json").read_text(encoding="utf-8"))
            done.notes.update(begun=was_begun, follows=follows, job=job, second={"code": code, "fleet": other})
            done.notes["log"] = {host: fleet.state(host)["log"] for host in HOSTS}
            done.notes["jobs"] = {host: [(job.id, job.kind) for job in fleet.jobs(host)] for host in HOSTS}
        return done

    return once("patch-run-lost", make)


def run_of(fleet, host):
    """What a report says of the run of a host."""
    return fleet["hosts"][host]["run"]


def installs(lost, host):
    """How often each update was installed, by the host's own log."""
    return Counter(entry["id"] for entry in lost.notes["log"][host] if entry["event"] == "install")


def test_a_run_that_was_killed_is_taken_up_with_one_job_and_one_installation_of_each_update(lost):
    assert lost.notes["begun"]
    assert lost.code == 0, lost.output
    assert [kind for _job, kind in lost.notes["jobs"]["killed"]].count("install") == 1
    assert sorted(installs(lost, "killed").values()) == [1, 1, 1]
    run = run_of(lost.fleet, "killed")
    assert run["jobs"] == [lost.notes["job"]]
    assert [update["state"] for update in run["updates"]] == ["verified"] * 3
    assert (run["outcome"], run["failed_host"]) == ("patched", False)
    assert any(lost.notes["job"] in text for text in run["meanwhile"])


def test_the_hooks_that_the_lost_controller_left_open_are_closed(lost):
    said = [entry for entry in lost.results if entry["task"].endswith("hook says") and entry["host"] == "killed"]
    assert [entry["result"]["msg"] for entry in said] == ["ready", "always"]


def test_two_controllers_at_once_follow_one_job_and_both_report_what_happened(lost):
    assert lost.notes["follows"]
    assert lost.notes["second"]["code"] == 0
    run = run_of(lost.notes["second"]["fleet"], "killed")
    assert run["jobs"] == [lost.notes["job"]]
    assert [update["state"] for update in run["updates"]] == ["verified"] * 3
    assert run["outcome"] == "patched"


def test_an_armed_host_is_patched_rebooted_and_verified_without_a_controller_and_the_next_run_tells_it(lost):
    assert list(installs(lost, "armed").values()) == [1]
    (boot,) = [entry for entry in lost.notes["log"]["armed"] if entry["event"] == "boot"]
    assert boot["at"]
    assert [kind for _job, kind in lost.notes["jobs"]["armed"]].count("install") == 1
    run = run_of(lost.fleet, "armed")
    assert (run["outcome"], [update["state"] for update in run["updates"]]) == ("patched", ["verified"])
    assert lost.fleet["hosts"]["armed"]["machine"] == "compliant"
    assert any("rebooted the host" in text for text in run["meanwhile"])
    assert not [entry for entry in lost.results if entry["task"].endswith("hook says") and entry["host"] == "armed"]
