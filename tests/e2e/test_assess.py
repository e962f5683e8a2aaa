# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The playbook assess.yml: no host is missing from its report, and no run that looked at nothing is green."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from winsim.testing import serve

REBOOT_REQUIRED = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired"
DEAD = {"os": {}, "network": {"listen": False}}
HOSTS = {
    "calm": {"os": {}},
    "waiting": {"os": {}, "registry": {REBOOT_REQUIRED: {"volatile": True}}},
    "dead1": DEAD,
    "dead2": DEAD,
    "dead3": DEAD,
}
ALL = {"calm": "not_required", "waiting": "required", "dead1": "unknown", "dead2": "unknown", "dead3": "unknown"}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    with serve(HOSTS, tmp_path_factory.mktemp("assess")) as running:
        yield running


@pytest.fixture
def renamed(fleet, tmp_path):
    """`renamed({name: host})`: an inventory in which simulated hosts bear other names."""

    def write(names: dict[str, str]) -> Path:
        hosts = yaml.safe_load(fleet.inventory.read_text(encoding="utf-8"))["windows"]["hosts"]
        groups = {"windows": {"hosts": {name: hosts[host] for name, host in names.items()}}, "empty": {"hosts": {}}}
        file = tmp_path / "renamed.yml"
        file.write_text(yaml.safe_dump(groups, allow_unicode=True), encoding="utf-8")
        return file

    return write


def reboots(run):
    return {name: row["reboot"] for name, row in run.fleet["hosts"].items()}


def row_of(run, host):
    """The line of the printed table that begins with the host's name."""
    [line] = [line for line in run.output.splitlines() if line.startswith(f"{host} ") and " : ok=" not in line]
    return line


def test_a_mixed_fleet_is_reported_whole_and_the_run_is_not_green(ansible, fleet):
    run = ansible.assess(fleet.inventory)
    assert reboots(run) == ALL
    assert run.code != 0
    assert run.fleet["schema"] == "winops.patching/fleet/1"
    assert run.fleet["totals"]["reboot"] == {"required": 1, "not_required": 1, "unknown": 3}
    assert all(row_of(run, host) for host in ALL)
    assert "unreachable" in run.fleet["hosts"]["dead1"]["error"]


def test_the_keys_of_a_row_that_bear_a_verdicts_name_hold_its_values_unchanged(ansible, fleet):
    run = ansible.assess(fleet.inventory, target="waiting")
    verdict = run.of("Read the host and judge it")["verdict"]
    row = run.fleet["hosts"]["waiting"]
    assert {key: row[key] for key in set(row) & set(verdict)} == {key: verdict[key] for key in set(row) & set(verdict)}
    assert len(set(row) & set(verdict)) >= 9
    assert (row["machine"], row["window"], row["error"], run.code) == (None, None, None, 0)


def test_without_a_target_the_group_windows_is_assessed(ansible, fleet):
    run = ansible.assess(fleet.inventory, "--limit", "calm,waiting", target=None)
    assert (run.code, reboots(run)) == (0, {"calm": "not_required", "waiting": "required"})


def test_a_fleet_of_only_dead_hosts_is_reported_and_the_run_is_not_green(ansible, fleet):
    run = ansible.assess(fleet.inventory, target="dead1:dead2")
    assert run.code != 0
    assert reboots(run) == {"dead1": "unknown", "dead2": "unknown"}
    assert "unknown" in row_of(run, "dead1")
    assert "2 hosts: reboot required 0, not required 0, unknown 2" in run.output


@pytest.mark.parametrize(
    ("target", "options"),
    [
        ("windos", []),
        ("windos", ["--limit", "calm"]),
        ("waiting", ["--limit", "calm"]),
        ("waiting", ["--limit", "all:!waiting"]),
        ("empty", []),
        ("windows:!windows", []),
    ],
)
def test_a_target_that_matches_no_host_fails_and_says_so(ansible, renamed, target, options):
    run = ansible.assess(renamed({"calm": "calm", "waiting": "waiting"}), *options, target=target)
    assert run.code != 0
    assert "no host: " in run.output
    assert "nothing was looked at" in run.output
    assert repr(target) in run.output
    assert run.notes["fleet"] is None


@pytest.mark.parametrize("target", ["all", None])
def test_an_empty_inventory_fails_and_says_so(ansible, tmp_path, target):
    inventory = tmp_path / "empty.yml"
    inventory.write_text("---\nall: {}\n", encoding="utf-8")
    run = ansible.assess(inventory, target=target)
    assert run.code != 0
    assert f"no host: {target or 'windows'!r}" in run.output
    assert run.notes["fleet"] is None


def test_a_limit_narrows_the_report_to_the_hosts_of_both(ansible, fleet):
    run = ansible.assess(fleet.inventory, "--limit", "calm:dead1", target="calm:waiting")
    assert (run.code, reboots(run)) == (0, {"calm": "not_required"})


def test_a_limit_from_files_narrows_the_report_to_their_hosts(ansible, fleet, tmp_path):
    (tmp_path / "retry").write_text("calm\ndead1\n", encoding="utf-8")
    run = ansible.assess(fleet.inventory, "--limit", f"waiting,@{tmp_path / 'retry'}")
    assert run.code != 0
    assert reboots(run) == {"calm": "not_required", "waiting": "required", "dead1": "unknown"}
    assert "unreachable" in run.fleet["hosts"]["dead1"]["error"]


def test_a_limit_from_a_file_without_a_host_of_the_target_fails_and_says_so(ansible, fleet, tmp_path):
    (tmp_path / "retry").write_text("calm\n", encoding="utf-8")
    run = ansible.assess(fleet.inventory, "--limit", f"@{tmp_path / 'retry'}", target="waiting")
    assert run.code != 0
    assert "no host: 'waiting'" in run.output
    assert run.notes["fleet"] is None


def test_a_user_who_prefers_the_strategy_free_gets_the_same_report(ansible, fleet):
    report = ansible.work / "report"
    options = ["-e", "patch_target=all", "-e", f"patch_report_dir={report}"]
    command = ["winops.patching.assess", "-i", str(fleet.inventory), *options]
    ansible.command("ansible-playbook", command, ANSIBLE_STRATEGY="free")
    rows = json.loads((report / "fleet.json").read_text(encoding="utf-8"))["hosts"]
    assert {name: row["reboot"] for name, row in rows.items()} == ALL


def test_check_mode_reads_and_reports_the_same(ansible, fleet):
    run = ansible.assess(fleet.inventory, "--check", target="calm:waiting")
    assert (run.code, reboots(run)) == (0, {"calm": "not_required", "waiting": "required"})
    assert run.notes["evidence"] == {"calm.json": 0o600, "waiting.json": 0o600}


def test_an_old_document_never_stands_in_for_a_host_that_is_dead_now(ansible, fleet, renamed):
    before = ansible.assess(renamed({"web": "calm", "db": "waiting"}))
    assert (before.code, reboots(before)) == (0, {"web": "not_required", "db": "required"})
    after = ansible.assess(renamed({"web": "dead1", "db": "waiting"}))
    assert "web.json" in after.notes["evidence"], "the old document is still there"
    assert (after.code != 0, reboots(after)) == (True, {"web": "unknown", "db": "required"})
    assert after.fleet["run_id"] != before.fleet["run_id"]


def test_tags_that_leave_out_the_reading_leave_every_host_unknown_whatever_old_documents_say(ansible, fleet):
    before = ansible.assess(fleet.inventory, target="calm:waiting")
    assert (before.code, reboots(before)) == (0, {"calm": "not_required", "waiting": "required"})
    run = ansible.assess(fleet.inventory, "--tags", "something", target="calm:waiting")
    assert (run.code != 0, reboots(run)) == (True, {"calm": "unknown", "waiting": "unknown"})
    assert "calm.json" in run.notes["evidence"], "the old document is still there"


def test_with_a_batch_size_the_last_report_holds_the_hosts_of_all_batches(ansible, fleet):
    report = ansible.work / "report"
    play = {
        "name": "Assess in batches",
        "hosts": "calm,dead1,waiting,dead2",
        "serial": 2,
        "gather_facts": False,
        "roles": [
            {
                "role": "winops.patching.patch_assess",
                "vars": {
                    "patch_assess_target": "four hosts",
                    "patch_assess_hosts": ["calm", "dead1", "waiting", "dead2"],
                    "patch_assess_report_dir": str(report),
                },
            },
        ],
    }
    run = ansible.playbook(fleet.inventory, [play])
    fleet_document = json.loads((report / "fleet.json").read_text(encoding="utf-8"))
    rows = fleet_document["hosts"]
    assert {name: row["reboot"] for name, row in rows.items()} == {
        name: ALL[name] for name in ("calm", "dead1", "waiting", "dead2")
    }
    assert "unreachable" in rows["dead1"]["error"]
    assert "unreachable" in rows["dead2"]["error"]
    assert run.code != 0


def test_when_the_first_batch_ends_the_run_the_report_names_the_hosts_that_were_never_reached(ansible, fleet):
    report = ansible.work / "report"
    role = {
        "role": "winops.patching.patch_assess",
        "vars": {"patch_assess_report_dir": str(report), "patch_assess_hosts": ["dead1", "dead2", "calm"]},
    }
    hosts = "dead1,dead2,calm"
    play = {"name": "Batches", "hosts": hosts, "serial": 2, "gather_facts": False, "roles": [role]}
    run = ansible.playbook(fleet.inventory, [play])
    rows = json.loads((report / "fleet.json").read_text(encoding="utf-8"))["hosts"]
    assert run.code != 0
    assert {name: row["reboot"] for name, row in rows.items()} == dict.fromkeys(("dead1", "dead2", "calm"), "unknown")
    assert "never reached" in rows["calm"]["error"]


def test_a_wrong_password_is_unreachable_and_in_the_report(ansible, fleet):
    run = ansible.assess(fleet.inventory, target="calm", ansible_password="hunter2")
    assert run.code != 0
    assert reboots(run) == {"calm": "unknown"}
    assert "credentials were rejected" in run.fleet["hosts"]["calm"]["error"]
    assert "hunter2" not in json.dumps(run.fleet) + run.output


def test_odd_host_names_neither_leave_the_folder_nor_collide(ansible, renamed):
    names = {
        "..": "calm",
        ".hidden": "calm",
        "a%2Fb": "calm",
        "a&b;c$(id)'\"": "calm",
        "été.example": "waiting",
        "x" * 200: "calm",
    }
    run = ansible.assess(renamed(names))
    assert run.code == 0, run.output
    assert reboots(run) == {name: ALL[host] for name, host in names.items()}
    assert len(run.notes["evidence"]) == len(names)
    assert sorted(path.name for path in (ansible.work / "report").iterdir()) == ["evidence", "fleet.json"]


def test_host_names_with_blanks_and_templates_are_read_like_any_other(ansible, renamed):
    names = {"web 01/../x": "calm", "{{ 7 * 7 }}": "waiting", "plain": "calm"}
    run = ansible.assess(renamed(names))
    assert (run.code, reboots(run)) == (0, {name: ALL[host] for name, host in names.items()})


def test_a_report_folder_that_cannot_be_written_fails_with_its_name(ansible, fleet):
    run = ansible.assess(fleet.inventory, target="calm", patch_report_dir="/proc/none")
    assert run.code != 0
    assert "cannot write /proc/none/" in run.output
    assert row_of(run, "calm"), "the table is shown all the same"
    assert "Traceback" not in run.output


def test_a_policy_that_cannot_be_used_fails_every_host_and_still_reports_them(ansible, fleet):
    run = ansible.assess(fleet.inventory, target="calm:waiting", patch_assess_policy={"requires": []})
    assert run.code != 0
    assert reboots(run) == {"calm": "unknown", "waiting": "unknown"}
    assert "policy.requires: no such key" in run.fleet["hosts"]["calm"]["error"]


def test_the_report_is_made_under_the_policy_and_the_id_of_the_run(ansible, fleet):
    policy = {"ignore_signals": ["wu_reboot_required"]}
    chosen = {"patch_assess_policy": policy, "patch_assess_run_id": "night-17"}
    run = ansible.assess(fleet.inventory, target="waiting", **chosen)
    evidence = json.loads((ansible.work / "report" / "evidence" / "waiting.json").read_text(encoding="utf-8"))
    assert (run.code, reboots(run)) == (0, {"waiting": "not_required"})
    assert (run.fleet["run_id"], evidence["run_id"]) == ("night-17", "night-17")
