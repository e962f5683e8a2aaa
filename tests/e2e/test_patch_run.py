# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The playbook patch, over simulated hosts: in check mode, in earnest and once more; what is done, and what is told."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from winsim.testing import serve

SYSTEM = {"build": "20348.2700", "boot_time": "2026-11-01T03:12:00Z"}
FACTOR = 120.0
HOOKS = ("pre_install", "post_install", "pre_reboot", "post_reboot", "ready", "on_failure", "always")
# The one task file of all hooks: it says which hook it is, and fails where a host must not be drained.
SAYS = """
- name: hook says
  ansible.builtin.debug:
    msg: "{{ patch_hook.name }}"

- name: hook fails
  ansible.builtin.fail:
    msg: the load balancer has no other node
  when: patch_hook.name == 'pre_install' and patch_hook.host == 'undrained'
"""


def update(number, **words):
    """An update of five minutes."""
    return {
        "id": f"00000000-0000-0000-0000-{number:012d}",
        "revision": 200,
        "title": f"2026-11 Update {number} (KB{5000000 + number})",
        "kb": [str(5000000 + number)],
        "classification": "Security Updates",
        "run_minutes": 5,
        **words,
    }


def agent(*updates, **words):
    """A healthy agent with these updates, that scans in a minute."""
    return {"os": SYSTEM, "update_agent": {"remote": "denied", "scan_minutes": 1, "updates": list(updates)}, **words}


REBOOTS = {"reboot_behavior": "always_requires"}
AU = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate\AU"
BY_ITSELF = {AU: {"values": {"AUOptions": {"type": "REG_DWORD", "data": 4}}}}
HOSTS = {
    "five": agent(*(update(number, run_minutes=20) for number in range(1, 6))),
    "reboots": agent(update(11, **REBOOTS)),
    "outside": agent(update(12, **REBOOTS)),
    "fails": agent(update(13, result="fail:0x80070643"), update(14)),
    "rolls": agent(update(15, result="roll_back", **REBOOTS)),
    "clean": agent(update(16, installed=True)),
    "closed": agent(update(17)),
    "undrained": agent(update(18)),
    "gone": agent(update(19, **REBOOTS), network={"faults": [{"do": "never_return"}]}),
    "elsewhere": agent(update(20), registry=BY_ITSELF),
    "after-fails": agent(update(21)),
    "no-agent": {"os": SYSTEM},
    "dead": {"os": SYSTEM, "network": {"listen": False}},
}
CLUSTERS = {"fails": "sql", "after-fails": "sql", "reboots": "web", "clean": "web"}
GREEN = "five,reboots,outside,clean,closed"


def text(instant):
    """An instant as windows are written."""
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


class Calendar:
    """The clock of the simulated hosts, and the windows of a run that is about to begin."""

    def __init__(self):
        self.began = datetime.now(UTC)

    def now(self):
        """What time it is on the hosts, nearly."""
        return self.began + (datetime.now(UTC) - self.began) * FACTOR

    def inventory(self, folder):
        """The second inventory: how the hosts are patched, and when."""
        now = self.now()
        always = {"name": "always", "start": "2026-01-01T00:00:00Z", "end": "2028-01-01T00:00:00Z"}
        # Two of twenty minutes and the reserve take 55 minutes, three 75: what is over is patience with a busy machine.
        soon = {"name": "tonight", "start": text(now + timedelta(minutes=120)), "duration": "72m", "for": ["any"]}
        later = {"name": "next", "start": text(now + timedelta(days=20)), "duration": "60m", "for": ["any"]}
        hooks = folder / "hooks"
        hooks.mkdir(parents=True, exist_ok=True)
        (hooks / "says.yml").write_text(SAYS, encoding="utf-8")
        hosts = {name: {"patch_cluster": label} for name, label in CLUSTERS.items()}
        hosts["five"] = {"patch_windows": [soon, later], "patch_when_closed": "wait"}
        hosts["outside"] = {"patch_windows": [{**always, "for": ["install"]}, {**later, "for": ["reboot"]}]}
        hosts["closed"] = {"patch_windows": [later]}
        words = {
            "patch_clock": "host",
            "patch_baseline": {"default_run_minutes": 20},
            "patch_windows": [{**always, "for": ["any"]}],
            "patch_hooks": dict.fromkeys(HOOKS, "hooks/says.yml"),
            "patch_run_poll_seconds": 1,
            "patch_reboot_warn_seconds": 2,
            "patch_reboot_timeout": 12,
        }
        file = folder / "patching.yml"
        file.write_text(json.dumps({"all": {"vars": words, "hosts": hosts}}), encoding="utf-8")
        return file


@pytest.fixture(scope="module")
def patched(once, commands, note):
    """The playbook in check mode, in earnest, and once more on the hosts that are as they should be."""

    def make(folder):
        report, ansible = folder / "report", commands(folder / "ansible")

        def run(calendar, *options, **more):
            extra = {"patch_target": "all", "patch_report_dir": str(report), **more}
            inventories = ["-i", str(fleet.inventory), "-i", str(calendar.inventory(folder))]
            command = ["winops.patching.patch", *inventories, "-e", json.dumps(extra), *options]
            done = note(ansible.command("ansible-playbook", command), report)
            answering = [name for name in HOSTS if name != "dead"]
            done.notes["log"] = {name: fleet.state(name)["log"] for name in answering}
            return done

        calendar = Calendar()
        with serve(HOSTS, folder / "sim", time_factor=FACTOR) as fleet:
            checked = run(calendar, "--check", "--limit", f"{GREEN},undrained")
            done = run(calendar, patch_trigger="schedule")
            again = run(calendar, "--limit", GREEN, patch_when_closed="defer")
            skewed = run(calendar, "--limit", "undrained", patch_clock="controller")
        done.notes["journal"] = (report / "journal" / "reboots.jsonl").read_text(encoding="utf-8")
        done.notes["skewed"] = {"code": skewed.code, **skewed.notes}
        done.notes["checked"] = {"code": checked.code, "results": checked.results, **checked.notes}
        done.notes["again"] = {"code": again.code, "results": again.results, "output": again.output, **again.notes}
        return done

    return once("patch-run", make)


def row(patched, host):
    """What fleet.json says of a host, and of its run."""
    found = patched.fleet["hosts"][host]
    return found, found["run"]


def installs(patched, host):
    """How often each update was installed, by the host's own log, and how."""
    log = patched.notes["log"][host]
    return [(int(entry["id"][-2:]), entry["result"]) for entry in log if entry["event"] == "install"]


def hooks(results, host):
    """The hooks that ran for a host, in their order."""
    return [
        entry["result"]["msg"] for entry in results if entry["task"].endswith("hook says") and entry["host"] == host
    ]


def states(run):
    """How many updates are in which state."""
    return Counter(entry["state"] for entry in run["updates"])


def test_check_mode_tells_the_plan_and_changes_no_host(patched):
    checked = patched.notes["checked"]
    events = {entry["event"] for log in checked["log"].values() for entry in log}
    assert events == {"job"}
    assert {entry["kind"] for log in checked["log"].values() for entry in log} == {"scan"}
    outcomes = {name: found["run"]["outcome"] for name, found in checked["fleet"]["hosts"].items()}
    planned = {name for name, outcome in outcomes.items() if outcome == "planned"}
    assert planned == {"five", "reboots", "outside", "undrained"}
    assert (outcomes["clean"], outcomes["closed"]) == ("nothing_to_do", "deferred")
    assert not [entry for entry in checked["results"] if entry["task"].endswith("hook says")]
    assert not [entry for entry in checked["results"] if entry["result"].get("changed") and entry["state"] == "ok"]


def test_of_five_updates_of_twenty_minutes_exactly_two_fit_into_the_window(patched):
    found, run = row(patched, "five")
    assert installs(patched, "five") == [(1, "ok"), (2, "ok")]
    assert states(run) == {"verified": 2, "deferred": 3}
    assert (run["outcome"], run["failed_host"]) == ("deferred", False)
    assert run["next_window"]["name"] == "next"
    assert found["machine"] == "non_compliant"


def test_a_host_is_installed_rebooted_and_verified_in_its_window(patched):
    found, run = row(patched, "reboots")
    assert (run["outcome"], run["trigger"]) == ("patched", "schedule")
    assert states(run) == {"verified": 1}
    assert (found["machine"], found["reboot"], found["error"]) == ("compliant", "not_required", None)
    assert [entry["event"] for entry in patched.notes["log"]["reboots"]].count("boot") == 1
    lines = [json.loads(line) for line in patched.notes["journal"].splitlines()]
    steps = [line["step"] for line in lines if line["run_id"] == patched.fleet["run_id"]]
    told = list(dict.fromkeys(step for step in steps if not step.startswith("hook")))
    assert told == ["look", "scan", "plan", "preflight", "install", "job", "verify", "reboot", "result", "reported"]


def test_there_is_no_reboot_outside_a_window_for_reboots(patched):
    found, run = row(patched, "outside")
    assert installs(patched, "outside") == [(12, "ok")]
    assert not [entry for entry in patched.notes["log"]["outside"] if entry["event"] == "boot"]
    assert (found["reboot"], run["outcome"], run["failed_host"]) == ("required", "pending_reboot", False)
    assert run["next_window"]["name"] == "next"


def test_with_a_closed_window_nothing_is_changed_and_the_next_one_is_told(patched):
    _found, run = row(patched, "closed")
    assert installs(patched, "closed") == []
    assert (run["outcome"], run["failed_host"]) == ("deferred", False)
    assert run["next_window"]["name"] == "next"
    assert hooks(patched.results, "closed") == []


def test_hooks_run_in_their_order_and_none_where_nothing_is_to_be_done(patched):
    assert hooks(patched.results, "reboots") == [
        "pre_install",
        "post_install",
        "pre_reboot",
        "post_reboot",
        "ready",
        "always",
    ]
    assert hooks(patched.results, "outside") == ["pre_install", "post_install", "ready", "always"]
    for host in ("clean", "elsewhere", "no-agent", "dead"):
        assert hooks(patched.results, host) == []


def test_a_failing_pre_hook_stops_its_host_before_anything_changes(patched):
    _found, run = row(patched, "undrained")
    assert hooks(patched.results, "undrained") == ["pre_install", "on_failure", "always"]
    assert installs(patched, "undrained") == []
    assert (run["outcome"], run["stopped"]["step"]) == ("stopped", "hook pre_install")
    assert "no other node" in run["stopped"]["reason"]


def test_the_last_hooks_run_also_where_the_host_never_came_back(patched):
    found, run = row(patched, "gone")
    assert hooks(patched.results, "gone")[-2:] == ["on_failure", "always"]
    assert (run["outcome"], run["failed_host"]) == ("failed", True)
    assert found["error"] is not None
    assert found["reboot"] == "unknown"


def test_who_is_dead_unknown_or_failed_is_there_with_the_reason_and_the_run_is_not_green(patched):
    assert sorted(patched.fleet["hosts"]) == sorted(HOSTS)
    red = {name for name, found in patched.fleet["hosts"].items() if found["run"]["failed_host"]}
    assert red == {"fails", "rolls", "undrained", "gone", "elsewhere", "after-fails", "no-agent", "dead"}
    assert patched.code != 0
    assert row(patched, "dead")[0]["error"].startswith("unreachable")
    assert (row(patched, "dead")[0]["reboot"], row(patched, "no-agent")[0]["machine"]) == ("unknown", "unknown")
    assert "Automatic Updates" in row(patched, "elsewhere")[1]["stopped"]["reason"]
    assert installs(patched, "elsewhere") == []


def test_one_failing_update_stops_no_other_and_carries_its_cause_and_the_next_step(patched):
    _found, run = row(patched, "fails")
    assert installs(patched, "fails") == [(13, "fail:0x80070643"), (14, "ok")]
    assert states(run) == {"failed": 1, "verified": 1}
    (failed,) = [entry for entry in run["updates"] if entry["state"] == "failed"]
    assert failed["hresult"] == "0x80070643"
    assert failed["cause"]
    assert failed["next_step"]


def test_an_update_that_was_rolled_back_is_told_and_not_tried_again_in_the_same_run(patched):
    _found, run = row(patched, "rolls")
    assert installs(patched, "rolls") == [(15, "ok"), (15, "rolled_back")]
    assert (states(run), run["outcome"]) == ({"rolled_back": 1}, "failed")


def test_the_next_host_of_a_cluster_waits_for_one_that_is_verified_and_ready(patched):
    done = [(entry["host"], entry["task"].rsplit("| ", 1)[-1]) for entry in patched.results]
    assert done.index(("reboots", "Say what came of the host")) < done.index(("clean", "Scan the host for updates"))
    assert installs(patched, "after-fails") == []
    assert "fails" in row(patched, "after-fails")[1]["stopped"]["reason"]


def test_a_second_run_changes_nothing_runs_no_hook_and_is_green(patched):
    again = patched.notes["again"]
    assert again["code"] == 0, again["output"]
    assert not [entry for entry in again["results"] if entry["result"].get("changed")]
    assert not [entry for entry in again["results"] if entry["task"].endswith("hook says")]
    for host in GREEN.split(","):
        assert installs(patched, host) == [
            (int(entry["id"][-2:]), entry["result"]) for entry in again["log"][host] if entry["event"] == "install"
        ]
    assert {name: found["run"]["outcome"] for name, found in again["fleet"]["hosts"].items()} == {
        "five": "deferred",
        "reboots": "nothing_to_do",
        "outside": "pending_reboot",
        "clean": "nothing_to_do",
        "closed": "deferred",
    }


def test_by_the_controllers_clock_a_host_whose_own_is_hours_ahead_is_refused(patched):
    skewed = patched.notes["skewed"]
    run = skewed["fleet"]["hosts"]["undrained"]["run"]
    assert skewed["code"] != 0
    assert (run["outcome"], run["failed_host"]) == ("unknown", True)
    assert "ahead of the controller's" in run["sentence"]
    assert {entry["event"] for entry in skewed["log"]["undrained"]} == {"job"}


def test_a_mistyped_target_is_an_error_and_no_older_report_stands_for_its_answer(ansible, tmp_path):
    inventory = tmp_path / "inventory.yml"
    inventory.write_text("all: {hosts: {web01: {ansible_connection: local}}}\n", encoding="utf-8")
    (tmp_path / "fleet.json").write_text("{}", encoding="utf-8")
    extra = json.dumps({"patch_target": "typo", "patch_report_dir": str(tmp_path)})
    run = ansible.command("ansible-playbook", ["winops.patching.patch", "-i", str(inventory), "-e", extra])
    assert run.code != 0
    assert "no host: 'typo' matches nothing" in run.output
    assert [path.name for path in tmp_path.glob("*.json")] == ["fleet-previous.json"]
