# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The same questions on every further ansible-core: doors, roles and reboot give the answers that the own one gives."""

from __future__ import annotations

import json
import subprocess

import pytest

from cores import further_cores
from winsim.testing import serve

INFO = "winops.patching.win_reboot_pending_info"
AUTO_UPDATE = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update"
REQUIRED = rf"{AUTO_UPDATE}\RebootRequired"
WAITING = {REQUIRED: {"volatile": True, "values": {"guid": {"type": "REG_DWORD", "data": 1}}}}
UPDATE = {"id": "00000000-0000-0000-0000-000000000001", "revision": 1, "title": "An update", "installed": True}
AGENT = {"remote": "denied", "scan_minutes": 1, "updates": [UPDATE]}
HOSTS = {
    "waits": {"os": {}, "registry": WAITING},
    "clean": {"os": {}, "update_agent": AGENT},
    "refuses": {"os": {}, "denied": [AUTO_UPDATE]},
    "dead": {"os": {}, "network": {"listen": False}},
}
VERDICTS = {"waits": "required", "clean": "not_required", "refuses": "unknown"}
WAITS_FOR_A_BOOT = {**UPDATE, "installed": False, "reboot_behavior": "always_requires", "run_minutes": 5}
PATCHED = {"patched": {"os": {}, "update_agent": {**AGENT, "updates": [WAITS_FOR_A_BOOT]}}}
HOOK = [{"name": "hook says", "ansible.builtin.debug": {"msg": "{{ patch_hook.name }}"}}]
PATCHING = {
    "patch_target": "all",
    "patch_clock": "host",
    "patch_no_windows": "open",
    "patch_hooks": {"pre_install": "says.yml", "post_reboot": ["says.yml"], "always": "says.yml"},
    "patch_run_poll_seconds": 1,
    "patch_reboot_warn_seconds": 2,
}
PLACES = {core.version: core.bin for core in further_cores()}
# What winsim calls the form in which a series hands over a module.
FORMATS = {"2.16": "2.18", "2.18": "2.18", "2.22": "2.22"}


@pytest.fixture(params=[pytest.param(core.version, marks=pytest.mark.needs(core.name)) for core in further_cores()])
def core(request):
    """A version of ansible-core; that of .venv is asked by all other tests."""
    return request.param


@pytest.fixture
def ansible(core, commands, tmp_path):
    """The commands of that ansible-core."""

    class OnThisCore(commands):
        def command(self, program, arguments, **environment):
            return super().command(str(PLACES[core] / program), arguments, **environment)

    return OnThisCore(tmp_path / "ansible")


@pytest.fixture
def fleet(tmp_path):
    with serve(HOSTS, tmp_path / "sim") as running:
        yield running


def test_it_is_the_version_it_is_called(core):
    asked = [str(PLACES[core] / "python"), "-c", "from ansible.release import __version__; print(__version__)"]
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip() == core


def test_an_ad_hoc_question_gives_a_verdict_for_every_host_that_answers(core, ansible, fleet):
    run = ansible.adhoc("all", fleet.inventory, INFO)
    answers = {host: run.of(INFO, host)["verdict"]["reboot"] for host in VERDICTS}
    assert answers == VERDICTS, run.output
    assert [run.of(INFO, host).get("reboot_required") for host in VERDICTS] == [True, False, None]
    assert run.states(INFO)["dead"] == "unreachable"
    assert run.code == 4
    (read,) = fleet.runs("clean")
    assert read["format"] == FORMATS.get(".".join(core.split(".")[:2]), "2.19")


def test_assess_reports_every_host_the_dead_one_too_and_ends_red(ansible, fleet):
    run = ansible.assess(fleet.inventory)
    rows = run.fleet["hosts"]
    assert {host: row["reboot"] for host, row in rows.items()} == VERDICTS | {"dead": "unknown"}, run.output
    assert rows["waits"]["because"] == ["wu_reboot_required"]
    assert [entry["id"] for entry in rows["refuses"]["unknown"] if entry["decisive"]] == ["wu_reboot_required"]
    assert rows["dead"]["error"].startswith("unreachable: ")
    assert run.fleet["totals"]["hosts"] == 4
    assert run.code != 0
    assert run.notes["evidence"] == {f"{host}.json": 0o600 for host in VERDICTS}


def test_a_scan_is_made_and_the_gate_lets_through_who_is_compliant(ansible, fleet, tmp_path):
    codes = {}
    for host in ("clean", "waits"):
        options = ["winops.patching.gate", "-i", str(fleet.inventory), "-e", f"patch_target={host}"]
        run = ansible.command("ansible-playbook", [*options, "-e", f"patch_report_dir={tmp_path / host}"])
        gate = json.loads((tmp_path / host / "gate.json").read_text(encoding="utf-8"))
        codes[host] = (run.code, gate["hosts"][host]["machine"])
    assert codes == {"clean": (0, "compliant"), "waits": (2, "pending_reboot")}, run.output


def test_a_mistyped_target_is_an_error_that_names_it(ansible, fleet):
    run = ansible.assess(fleet.inventory, target="windwos")
    assert run.code == 2, run.output
    assert "'windwos' matches nothing in the inventory" in run.output
    assert run.notes["fleet"] is None


def test_a_reboot_does_its_work_and_the_host_says_so(ansible, fleet):
    tasks = [
        {"name": "before", INFO: {}},
        {"name": "reboot", "ansible.windows.win_reboot": {"reboot_timeout": 60}},
        {"name": "after", INFO: {}},
    ]
    run = ansible.play(fleet.inventory, tasks, hosts="waits")
    assert run.code == 0, run.output
    answers = [run.of(name)["verdict"]["reboot"] for name in ("before", "after")]
    assert (answers, run.of("reboot")["rebooted"]) == (["required", "not_required"], True)
    assert [entry["event"] for entry in fleet.state("waits")["log"]] == ["boot"]


def test_a_patch_run_installs_reboots_and_verifies(ansible, tmp_path, note):
    with serve(PATCHED, tmp_path / "sim", time_factor=240) as fleet:
        fleet.inventory.with_name("says.yml").write_text(json.dumps(HOOK), encoding="utf-8")
        extra = json.dumps({**PATCHING, "patch_report_dir": str(tmp_path / "report")})
        command = ["winops.patching.patch", "-i", str(fleet.inventory), "-e", extra]
        run = note(ansible.command("ansible-playbook", command), tmp_path / "report")
        log = fleet.state("patched")["log"]
    assert run.code == 0, run.output
    row = run.fleet["hosts"]["patched"]
    assert (row["machine"], row["reboot"], row["run"]["outcome"]) == ("compliant", "not_required", "patched")
    assert [(entry["id"], entry["state"]) for entry in row["run"]["updates"]] == [(UPDATE["id"], "verified")]
    assert [entry["event"] for entry in log if entry["event"] != "job"] == ["install", "boot"]
    said = [entry["result"]["msg"] for entry in run.results if entry["task"].endswith("hook says")]
    assert said == ["pre_install", "post_reboot", "always"]
