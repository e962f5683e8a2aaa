# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Install jobs over simulated hosts: what fits, a controller that is killed, and an update that is rolled back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from winsim.testing import serve

ROOT = Path(__file__).resolve().parents[2]
SYSTEM = {"build": "20348.2700", "boot_time": "2026-11-01T03:12:00Z"}
FACTOR = 120.0
JOB, INFO = "winops.patching.win_patch_job", "winops.patching.win_patch_info"


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


ROLLS_BACK = update(6, run_minutes=5, reboot_behavior="always_requires", result="roll_back")
HOSTS = {"five": agent(*(update(number) for number in range(1, 6))), "rolls": agent(ROLLS_BACK)}
FOLLOWED = [
    {"name": "follow", JOB: {"operation": "read", "id": "{{ job.id }}", "lost_host": "report"}, "register": "journal"}
    | {"until": "journal.outcome | default(none) is not none", "retries": 90, "delay": 1}
]
STARTED = [
    {
        "name": "start",
        "vars": {"made": "{{ scanned[inventory_hostname] | winops.patching.patch_install_plan(policy, options) }}"},
        JOB: {"operation": "start", "kind": "install", "plan": "{{ made.plan }}"},
        "register": "job",
    },
    *FOLLOWED,
]
LOOKED = [{"name": "scan", INFO: {"evidence": "return", "refresh": True}}]


def documents(run):
    """By host, the evidence document that its scan returned."""
    found = {entry["host"]: entry["result"] for entry in run.results if entry["task"].endswith("scan")}
    return {host: {**result["evidence"], "scan": result["scan"]} for host, result in found.items()}


def window(scanned):
    """An hour by the hosts' clock, which is there soon: forty minutes after the scan."""
    clock = max(datetime.fromisoformat(document["collected_at"]) for document in scanned.values())
    return [{"name": "tonight", "start": f"{clock + timedelta(minutes=40):%Y-%m-%dT%H:%M:%SZ}", "duration": "60m"}]


def killed(work, playbook, inventory, fleet):
    """Start a play and kill it with all its children as soon as the first installation has been begun."""
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "ansible-playbook"), str(playbook), "-i", str(inventory)],
        cwd=work,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build"), "ANSIBLE_HOME": str(work / "home")},
    )
    until = time.monotonic() + 90
    try:
        while time.monotonic() < until and process.poll() is None:
            jobs = [job for job in fleet.jobs("five") if job.kind == "install"]
            if any(
                line.get("step") == "begin" and line["phase"] == "installing" for job in jobs for line in job.journal
            ):
                return True
            time.sleep(0.1)
        return False
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="module")
def patched(once, commands):
    """Both hosts scanned, installed by a controller that is killed, followed by another one, and scanned again."""

    def make(folder):
        with serve(HOSTS, folder / "sim", time_factor=FACTOR) as fleet:
            ansible = commands(folder / "ansible")
            scanned = documents(ansible.play(fleet.inventory, LOOKED))
            words = {
                "scanned": scanned,
                "policy": {"windows": window(scanned), "default_run_minutes": 20},
                "options": {"clock": "host", "when_closed": "wait"},
            }
            playbook = ansible.work / "killed.yml"
            play = {"name": "Killed", "hosts": "all", "gather_facts": False, "vars": words, "tasks": STARTED}
            playbook.write_text(json.dumps([play]), encoding="utf-8")
            was_killed = killed(ansible.work, playbook, fleet.inventory, fleet)
            running = {host: fleet.job(host).id for host in HOSTS}
            done = ansible.play(fleet.inventory, STARTED, vars=words)
            after = documents(ansible.play(fleet.inventory, LOOKED))
            done.notes.update(
                killed=was_killed,
                running=running,
                after=after,
                plans={host: _plan(fleet, host) for host in HOSTS},
                jobs={host: [(job.id, job.kind) for job in fleet.jobs(host)] for host in HOSTS},
                log={host: fleet.state(host)["log"] for host in HOSTS},
            )
        return done

    return once("install-job", make)


def _plan(fleet, host):
    """The plan of the host's install job, as it lies there."""
    (job,) = [job.id for job in fleet.jobs(host) if job.kind == "install"]
    files = fleet.state(host)["files"]
    (text,) = [words["text"] for path, words in files.items() if path.endswith(f"{job}\\plan.json")]
    return json.loads(text)


def lines(patched, host):
    """The whole journal, as the second controller read it."""
    return patched.of("follow", host)["lines"]


def judged(patched, ansible, host):
    """What the filter says of a host's job, by the scan made after it."""
    words = {"lines": lines(patched, host), "plan": patched.notes["plans"][host], "after": patched.notes["after"][host]}
    answer = "{{ lines | winops.patching.patch_install_result(plan, document=after, running=false) }}"
    inventory = ansible.work / "inventory.yml"
    inventory.write_text("all: {hosts: {here: {ansible_connection: local}}}\n", encoding="utf-8")
    task = {"name": "judged", "ansible.builtin.set_fact": {"answer": answer}}
    return ansible.play(inventory, [task], vars=words).of("judged")["ansible_facts"]["answer"]


def test_of_five_updates_of_twenty_minutes_exactly_two_fit_into_an_hour(patched, ansible):
    assert patched.code == 0, patched.output
    installs = [entry["id"] for entry in patched.notes["log"]["five"] if entry["event"] == "install"]
    assert len(installs) == 2
    left = [line["reason"] for line in lines(patched, "five") if line.get("step") == "skipped" and "id" in line]
    assert left == ["does_not_fit"] * 3
    result = judged(patched, ansible, "five")
    assert Counter(one["state"] for one in result["updates"]) == {"verified": 2, "deferred": 3}
    assert (result["state"], result["outcome"]) == ("finished", "deferred")


def test_a_controller_that_is_killed_leaves_one_job_and_the_next_one_attaches(patched):
    assert patched.notes["killed"]
    for host in HOSTS:
        started = patched.of("start", host)
        assert (started["attached"], started["changed"]) == (True, False)
        assert started["id"] == patched.notes["running"][host]
        assert [kind for _job, kind in patched.notes["jobs"][host]].count("install") == 1
        assert patched.of("follow", host)["plan"] == patched.notes["plans"][host]
    counted = Counter(entry["id"] for entry in patched.notes["log"]["five"] if entry["event"] == "install")
    assert set(counted.values()) == {1}


def test_an_update_that_was_rolled_back_at_the_reboot_is_told(patched, ansible):
    result = judged(patched, ansible, "rolls")
    assert [one["state"] for one in result["updates"]] == ["rolled_back"]
    assert (result["outcome"], result["boots"], result["unexpected_boots"]) == ("failed", 1, 0)
    assert list(result["not_again"].values()) == ["it was rolled back in this run"]
    assert any("the job rebooted the host" in sentence for sentence in result["story"])
