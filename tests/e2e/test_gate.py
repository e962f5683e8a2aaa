# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The playbook gate.yml: open only when every host passes, and never when nothing was looked at."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import junitparser
import pytest

import demo
from winsim.testing import serve

REBOOT_REQUIRED = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired"
SESSION_MANAGER = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager"
DEAD = {"os": {}, "network": {"listen": False}}


def host(*updates, agent=None, **words):
    source = {"managed": True, "server": "https://wsus.example:8531"}
    return {
        "os": {},
        # Every Windows has the key of the rename queue.
        "registry": {SESSION_MANAGER: {}, **words.pop("registry", {})},
        "update_agent": {
            "remote": "denied",
            "source": source,
            "updates": list(updates),
            "scan_minutes": 0,
            **(agent or {}),
        },
        **words,
    }


def update(number, *, installed=True, **words):
    return {
        "id": f"{number}-0000-4000-8000-000000000000",
        "revision": 200,
        "kb": [number],
        "title": f"2026-11 Cumulative Update (KB{number})",
        "classification": "Security Updates",
        "severity": "Critical",
        "installed": installed,
        **words,
    }


HOSTS = {
    "fine1": host(update("50000001"), groups=["healthy"]),
    "fine2": host(update("50000001"), update("50000009", installed=False, type="driver"), groups=["healthy"]),
    "lacking": host(update("50000001"), update("50000002", installed=False)),
    "waiting": host(update("50000001"), registry={REBOOT_REQUIRED: {"volatile": True}}),
    "offline": host(update("50000001"), agent={"search_fails": [{"hresult": "0x80244019"}]}),
    "dead1": DEAD,
    "dead2": DEAD,
}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    with serve(HOSTS, tmp_path_factory.mktemp("gate")) as running:
        yield running


@pytest.fixture
def gate(ansible):
    """`gate(inventory, …)` runs the shipped playbook; the run notes gate.json and what junitparser reads."""

    def run(inventory, *options, report="report", environment=None, **extra):
        folder = ansible.work / report
        chosen = json.dumps({"patch_report_dir": str(folder), **extra})
        where = ["-i", str(inventory)] if inventory else []
        command = ["winops.patching.gate", *where, *options, "-e", chosen]
        done = ansible.command("ansible-playbook", command, **(environment or {}))
        return noted(done, folder)

    return run


def noted(run, folder):
    file = folder / "gate.json"
    run.notes["gate"] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else None
    run.notes["junit"] = junit(folder / "junit.xml") if (folder / "junit.xml").exists() else None
    if run.notes["gate"] is not None:
        assert list(run.notes["junit"]) == list(run.notes["gate"]["hosts"])
        assert run.notes["gate"]["passed"] == (run.code == 0), run.output
        assert {path.stat().st_mode & 0o777 for path in (file, folder / "junit.xml")} == {0o600}
    return run


def junit(path):
    """By host, what a CI system shows: failure, error, skipped, each with its type, or nothing."""
    [suite] = junitparser.JUnitXml.fromfile(str(path))
    return {case.name: [f"{type(found).__name__.lower()} {found.type}" for found in case.result] for case in suite}


def reasons(run):
    assert run.notes["gate"] is not None, run.output
    return {name: row["reason"] for name, row in run.notes["gate"]["hosts"].items()}


@pytest.fixture(scope="module")
def night(fleet, once, commands):
    """All hosts at the gate, once; its report folder serves as saved evidence."""

    def make(work: Path):
        folder = work / "report"
        chosen = json.dumps({"patch_target": "all", "patch_report_dir": str(folder)})
        run = commands(work).command(
            "ansible-playbook", ["winops.patching.gate", "-i", str(fleet.inventory), "-e", chosen]
        )
        run.notes["folder"] = str(folder)
        return noted(run, folder)

    return once("gate-night", make)


class TestLiveHosts:
    """A target of hosts that answer, or do not."""

    def test_every_host_is_named_with_its_own_reason(self, night):
        assert night.code != 0
        assert reasons(night) == {
            "dead1": "unreachable",
            "dead2": "unreachable",
            "fine1": None,
            "fine2": None,
            "lacking": "missing",
            "offline": "unknown",
            "waiting": "needs_reboot",
        }
        for sentence in (
            "unreachable: the host gave no answer at all (2 hosts)\n  dead1: Connection refused\n  dead2: ",
            "missing: an update that the baseline asks for is not installed (1 host)\n  lacking: 1 update is missing: ",
            "needs reboot: what was installed is not in force before the next start (1 host)\n  waiting: ",
            "unknown: what would be needed for an answer could not be read (1 host)\n  offline: ",
            "the gate is closed: 5 of 7 hosts did not pass (unreachable: dead1, dead2; missing: lacking; ",
        ):
            assert sentence in night.output

    def test_ci_sees_a_failure_for_a_host_and_an_error_where_nothing_is_known(self, night):
        assert night.notes["junit"] == {
            "dead1": ["error unreachable"],
            "dead2": ["error unreachable"],
            "fine1": [],
            "fine2": [],
            "lacking": ["failure missing"],
            "offline": ["error unknown"],
            "waiting": ["failure needs_reboot"],
        }

    def test_a_healthy_group_passes(self, gate, fleet):
        run = gate(fleet.inventory, patch_target="healthy", patch_baseline="security_monthly")
        assert (run.code, reasons(run)) == (0, {"fine1": None, "fine2": None})
        assert "the gate is open: all 2 hosts are compliant" in run.output

    def test_a_lenient_gate_lets_pass_what_it_names(self, gate, fleet):
        run = gate(fleet.inventory, patch_target="lacking:fine1", patch_gate_allow=["missing"])
        assert (run.code, reasons(run)) == (0, {"lacking": "missing", "fine1": None})
        assert run.notes["junit"] == {"fine1": [], "lacking": ["skipped missing"]}

    @pytest.mark.parametrize(
        ("target", "options"),
        [
            ("windos", []),
            ("windos", ["--limit", "fine1"]),
            ("fine1", ["--limit", "fine2"]),
            ("windows:!windows", []),
        ],
    )
    def test_a_target_that_matches_no_host_closes_the_gate_and_leaves_no_old_answer(
        self, ansible, gate, fleet, target, options
    ):
        old = ansible.work / "report"
        old.mkdir()
        for name in ("gate.json", "junit.xml"):
            (old / name).write_text('{"passed": true}', encoding="utf-8")
        run = gate(fleet.inventory, *options, patch_target=target)
        assert run.code != 0
        assert f"no host: {target!r}" in run.output
        assert [path.name for path in old.iterdir()] == ["gate-previous.json"]

    def test_an_empty_inventory_closes_the_gate(self, gate, tmp_path):
        inventory = tmp_path / "empty.yml"
        inventory.write_text("---\nall: {}\n", encoding="utf-8")
        run = gate(inventory)
        assert run.code != 0
        assert "no host: 'windows'" in run.output

    def test_dead_hosts_alone_close_the_gate_whatever_is_allowed(self, gate, fleet):
        lenient = {"patch_gate_allow": ["unreachable", "unknown"]}
        run = gate(fleet.inventory, "--limit", "dead1,dead2", **lenient)
        assert run.code != 0
        assert reasons(run) == {"dead1": "unreachable", "dead2": "unreachable"}
        assert "not one was read" in run.output

    def test_a_policy_with_a_mistake_is_told_and_nothing_passes(self, gate, fleet):
        run = gate(fleet.inventory, patch_target="fine1", patch_gate_policy={"instal": []})
        assert run.code != 0
        assert "policy.instal: no such key (did you mean install?)" in run.output
        assert "Traceback" not in run.output


def test_a_host_that_died_between_two_gates_of_a_playbook_closes_the_second(ansible, fleet):
    role = {"name": "gate", "ansible.builtin.include_role": {"name": "winops.patching.patch_gate"}}
    # Nobody listens on this port.
    death = {"name": "death", "ansible.builtin.set_fact": {"ansible_port": 1}, "when": "inventory_hostname == 'fine2'"}
    play = {"hosts": "healthy", "gather_facts": False}
    first = {**play, "name": "In batches", "serial": 1, "vars": {"patch_report_dir": "first"}, "tasks": [role]}
    # With any_errors_fatal Ansible takes every host for failed, and none of them for the last of the play.
    strict = {"any_errors_fatal": True, "vars": {"patch_report_dir": "second"}, "tasks": [death, role]}
    run = ansible.playbook(fleet.inventory, [first, {**play, "name": "Again", **strict}])
    noted(run, ansible.work / "second")
    assert reasons(run) == {"fine1": None, "fine2": "unreachable"}
    earlier = json.loads((ansible.work / "first" / "gate.json").read_text(encoding="utf-8"))
    assert (earlier["passed"], set(earlier["hosts"])) == (True, {"fine1", "fine2"})
    assert earlier["run_id"] != run.notes["gate"]["run_id"]


class TestSavedEvidence:
    """A folder, and no host at all."""

    @pytest.fixture
    def saved(self, night, tmp_path):
        folder = tmp_path / "saved"
        shutil.copytree(Path(night.notes["folder"]) / "evidence", folder)
        return folder

    def test_the_folder_gives_the_same_answers_without_a_host(self, gate, saved, night):
        run = gate(None, patch_evidence_dir=str(saved))
        assert run.code != 0
        live = {name: reason for name, reason in reasons(night).items() if reason != "unreachable"}
        assert reasons(run) == live

    def test_another_policy_gives_another_answer(self, gate, saved):
        for name in ("offline", "waiting"):
            (saved / f"{name}.json").unlink()
        policy = {"install": [{"kb": ["50000001"]}]}
        run = gate(None, patch_evidence_dir=str(saved), patch_gate_policy=policy)
        assert (run.code, set(reasons(run))) == (0, {"fine1", "fine2", "lacking"})

    def test_a_host_of_the_target_that_the_folder_lacks_closes_the_gate(self, gate, saved, fleet):
        run = gate(fleet.inventory, patch_evidence_dir=str(saved), patch_target="fine1:dead1")
        assert (run.code != 0, reasons(run)) == (True, {"fine1": None, "dead1": "unknown"})

    def test_an_empty_folder_closes_the_gate(self, gate, tmp_path):
        run = gate(None, patch_evidence_dir=str(tmp_path))
        assert run.code != 0
        assert "no evidence: " in run.output
        assert run.notes["gate"] is None


class TestFactCache:
    """What win_patch_facts has left."""

    def test_the_cached_fact_answers_without_a_host(self, ansible, gate, fleet, tmp_path):
        cache = {
            "ANSIBLE_CACHE_PLUGIN": "ansible.builtin.jsonfile",
            "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(tmp_path / "facts"),
        }
        facts = {"name": "facts", "winops.patching.win_patch_facts": {"update_agent": "scan"}}
        play = {"name": "Facts", "hosts": "fine1,waiting", "gather_facts": False, "tasks": [facts]}
        gathered = ansible.playbook(fleet.inventory, [play], **cache)
        assert gathered.code == 0, gathered.output
        # Nobody listens on this port: what is answered is answered from the cache.
        words = {"patch_gate_from": "facts", "patch_target": "fine1:waiting:lacking", "ansible_port": 1}
        allowed = gate(fleet.inventory, environment=cache, patch_gate_for="reboot_allowed", **words)
        assert allowed.code != 0
        assert reasons(allowed) == {"fine1": "not_required", "lacking": "unknown", "waiting": None}
        compliant = gate(fleet.inventory, environment=cache, **words)
        assert compliant.code != 0
        assert reasons(compliant) == {"fine1": None, "lacking": "unknown", "waiting": "needs_reboot"}


def test_a_reboot_is_allowed_then_done(ansible, gate, fleet):
    target = {"patch_target": "waiting"}
    before = gate(fleet.inventory, patch_gate_for="reboot_allowed", **target)
    assert (before.code, reasons(before)) == (0, {"waiting": None})
    reboot = {"name": "reboot", "ansible.windows.win_reboot": {"reboot_timeout": 60, "post_reboot_delay": 0}}
    assert ansible.play(fleet.inventory, [reboot], hosts="waiting").code == 0
    after = gate(fleet.inventory, patch_gate_for="reboot_done", **target)
    assert (after.code, reasons(after)) == (0, {"waiting": None})
    row = after.notes["gate"]["hosts"]["waiting"]
    assert row["boot_time"] > row["boot_time_before"]


def test_the_demo_fleet_does_not_pass_and_each_host_has_its_reason(gate, tmp_path):
    with serve(demo.FLEET, tmp_path / "demo") as running:
        # Each scan is waited for, so all of them at once.
        run = gate(running.inventory, environment={"ANSIBLE_FORKS": "20"}, patch_target="all")
    assert run.code != 0
    names = {path.stem for path in demo.FLEET.glob("*.yml")}
    assert set(reasons(run)) == names
    assert len(set(reasons(run).values()) - {None}) >= 4
    for name, row in run.notes["gate"]["hosts"].items():
        assert row["passed"] == (row["reason"] is None), name
        assert row["message"], name
        assert f"  {name}: " in run.output or row["passed"]
