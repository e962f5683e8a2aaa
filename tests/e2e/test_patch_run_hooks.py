# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Hooks of the playbook patch in trouble: one leads to no file, and some a controller that was lost has left open."""

from __future__ import annotations

import json

import pytest

from winsim.testing import serve

UPDATE = {"id": "00000000-0000-0000-0000-000000000001", "revision": 1, "title": "An update", "run_minutes": 5}
HOSTS = {
    name: {"os": {}, "update_agent": {"remote": "denied", "scan_minutes": 1, "updates": [{**UPDATE, **words}]}}
    for name, words in {"misdirected": {}, "left-open": {"installed": True}}.items()
}
LEFT_OPEN = {"at": "2026-11-20T22:00:00Z", "run_id": "lost", "host": "left-open", "step": "hooks", "open": True}


@pytest.fixture(scope="module")
def run(once, commands, note):
    """In check mode and twice in earnest for the host whose hooks are open; the other is in the second of these."""

    def make(folder):
        ansible, report = commands(folder / "ansible"), folder / "report"
        with serve(HOSTS, folder / "sim", time_factor=300) as fleet:
            hooks = fleet.inventory.parent
            says = [{"name": "hook says", "ansible.builtin.debug": {"msg": "{{ patch_hook.name }}"}}]
            (hooks / "says.yml").write_text(json.dumps(says), encoding="utf-8")
            nowhere = [{"name": "lead nowhere", "ansible.builtin.include_tasks": "nowhere.yml"}]
            (hooks / "leads.yml").write_text(json.dumps(nowhere), encoding="utf-8")
            journal = report / "journal" / "left-open.jsonl"
            journal.parent.mkdir(parents=True)
            journal.write_text(json.dumps(LEFT_OPEN) + "\n", encoding="utf-8")
            extra = {
                "patch_target": "all",
                "patch_report_dir": str(report),
                "patch_no_windows": "open",
                "patch_clock": "host",
                "patch_run_poll_seconds": 1,
                "patch_hooks": {
                    "pre_install": "leads.yml",
                    "ready": "says.yml",
                    "on_failure": "leads.yml",
                    "always": "says.yml",
                },
            }
            command = ["winops.patching.patch", "-i", str(fleet.inventory), "-e", json.dumps(extra)]
            checked = ansible.command("ansible-playbook", [*command, "--check", "--limit", "left-open"])
            done = note(ansible.command("ansible-playbook", command), report)
            again = ansible.command("ansible-playbook", [*command, "--limit", "left-open"])
            done.notes["log"] = fleet.state("misdirected")["log"]
        done.notes["said"] = [said(one.results, "left-open") for one in (checked, done, again)]
        return done

    return once("patch-run-hooks", make)


def said(results, host):
    """The hooks that ran for a host, in their order."""
    return [one["result"]["msg"] for one in results if one["task"].endswith("hook says") and one["host"] == host]


def test_a_hook_that_leads_to_no_file_stops_its_host_which_keeps_its_result_and_its_last_hooks(run):
    told = run.fleet["hosts"]["misdirected"]["run"]
    assert (told["outcome"], told["failed_host"], told["stopped"]["step"]) == ("stopped", True, "hook pre_install")
    assert said(run.results, "misdirected") == ["always"], run.output
    assert "; then the hook on_failure: " in told["stopped"]["reason"]
    assert [entry for entry in run.notes["log"] if entry["event"] == "install"] == []


def test_hooks_that_were_left_open_are_closed_once_and_not_by_a_run_in_check_mode(run):
    assert run.notes["said"] == [[], ["ready", "always"], []], run.output
    assert run.fleet["hosts"]["left-open"]["run"]["outcome"] == "nothing_to_do"
