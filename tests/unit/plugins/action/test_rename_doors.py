# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_rename_queue, win_file_pending_version and the analysis of win_reboot_pending_info on a simulated host."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from ansible.errors import AnsibleError
from ansible_collections.winops.patching.plugins.action.win_file_pending_version import (
    ActionModule as VersionDoor,
)
from ansible_collections.winops.patching.plugins.action.win_reboot_pending_info import ActionModule as InfoDoor
from ansible_collections.winops.patching.plugins.action.win_rename_queue import ActionModule as QueueDoor
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_analysis.analysis import analyse
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_analysis.lost import lost_entries
from ansible_collections.winops.patching.tests.unit.plugins.action.doors import Door
from ansible_collections.winops.patching.tests.unit.plugins.action.simulated import (
    SimulatedDoor,
    simulated_host,
)
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.verdict.renames import delete, move

from winsim import boot
from winsim.denial import SESSION_MANAGER
from winsim.registry import Value

FIRST = "PendingFileRenameOperations"
FILE_A = r"C:\App\File_A.dll"
SEED_004 = [*move(r"C:\fix1\File_A.dll", FILE_A), *delete(r"C:\junk.tmp"), *move(r"C:\fix2\File_A.dll", FILE_A)]
FILES = {
    r"C:\fix1\File_A.dll": {"version": "0.3"},
    r"C:\fix2\File_A.dll": {"version": "0.2"},
    FILE_A: {"version": "0.1"},
    r"C:\junk.tmp": {},
}
NEXT_BOOT = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)


def queued(*strings):
    """The registry of a host with such a first queue."""
    return {SESSION_MANAGER: {"values": {FIRST: {"type": "REG_MULTI_SZ", "data": list(strings)}}}}


@pytest.fixture
def make(tmp_path):
    """`make(action, …)`: a door on a host of seed 004, or of these words."""

    def door(action, **words):
        host = simulated_host(tmp_path, **{"registry": queued(*SEED_004), "files": FILES, **words})
        name = {QueueDoor: "win_rename_queue", VersionDoor: "win_file_pending_version"}.get(action)
        return SimulatedDoor(action, f"winops.patching.{name or 'win_reboot_pending_info'}", host)

    return door


def modules(door):
    """The names of what a door has run on the host."""
    return [name.rpartition(".")[2] for name, _ in door.calls]


class TestAnalysed:
    """The queue is looked at; nothing is changed."""

    def test_seed_004_is_found_with_two_runs_of_the_reader(self, make):
        door = make(QueueDoor)
        result = door.run()
        assert modules(door) == ["win_probe", "win_probe"]
        assert result["changed"] is False
        assert [entry["newer_version"] for entry in result["rename_queue"]["downgrades"]] == ["0.3.0.0"]
        assert (result["rename_queue"]["state"], result["rename_queue"]["files_asked"]) == ("risky", 3)
        assert "becomes 0.2.0.0" in result["warnings"][0]

    def test_check_mode_says_the_same(self, make):
        assert make(QueueDoor).run(check_mode=True) == make(QueueDoor).run()

    def test_a_host_without_a_queue_is_asked_once_and_clean(self, make):
        door = make(QueueDoor, registry={SESSION_MANAGER: {}})
        result = door.run()
        assert (modules(door), result["rename_queue"]["state"]) == (["win_probe"], "clean")
        assert "warnings" not in result

    def test_a_refused_queue_is_unknown_and_no_failure(self, make):
        result = make(QueueDoor, denied=[SESSION_MANAGER]).run()
        assert (result["rename_queue"]["state"], result.get("failed", False)) == ("unknown", False)
        assert "access denied" in result["warnings"][0]

    def test_a_refused_file_is_unknown(self, make):
        result = make(QueueDoor, denied=[r"C:\fix1"]).run()
        assert result["rename_queue"]["state"] == "unknown"
        assert any("denied" in entry["reason"] for entry in result["rename_queue"]["unknown"])

    def test_files_beyond_the_limit_are_said_and_unknown(self, make):
        result = make(QueueDoor).run(max_files=1)
        assert (result["rename_queue"]["files_asked"], result["rename_queue"]["files_left_out"]) == (1, 2)
        assert "2 files were not looked at" in result["warnings"][0]
        assert result["rename_queue"]["state"] == "unknown"

    def test_a_long_queue_gives_a_small_result(self, make):
        strings = [text for number in range(400) for text in move(rf"C:\s{number}.dll", rf"C:\t{number}.dll")]
        result = make(QueueDoor, registry=queued(*strings)).run()
        assert len(json.dumps(result["rename_queue"])) < 9000
        assert result["rename_queue"]["entries_more"] + len(result["rename_queue"]["entries"]) == 400

    def test_a_broken_reader_fails_the_task(self):
        result = Door(QueueDoor, "winops.patching.win_rename_queue", {"failed": True, "msg": "MODULE FAILURE"}).run()
        assert result["failed"] is True
        assert "MODULE FAILURE" in result["error"]

    @pytest.mark.parametrize("options", [{"state": "wrong"}, {"max_files": -1}, {"max_files": 5000}, {"colour": 1}])
    def test_a_wrong_option_fails_before_the_host_is_asked(self, make, options):
        door = make(QueueDoor)
        with pytest.raises(AnsibleError):
            door.run(**options)
        assert door.calls == []


class TestSnapshot:
    """The overwritten entry, end to end without the wire."""

    def test_the_overwritten_entry_is_lost(self, make):
        door = make(QueueDoor)
        before = door.run(return_snapshot=True)["snapshot"]
        key = door.host.registry.key(SESSION_MANAGER)
        key.put(Value(FIRST, "REG_MULTI_SZ", move(r"C:\Exchange\new.tmp", r"C:\Exchange\store.dll")))
        result = door.run(snapshot=before, return_snapshot=True)
        assert [entry["file"] for entry in result["rename_queue"]["lost"]] == [FILE_A, r"C:\junk.tmp", FILE_A]
        assert lost_entries(before, result["snapshot"])["state"] == "lost"

    def test_a_boot_between_leaves_nothing_lost(self, make):
        door = make(QueueDoor)
        before = door.run(return_snapshot=True)["snapshot"]
        boot.carry_out(door.host, "test", NEXT_BOOT)
        found = lost_entries(before, door.run(return_snapshot=True)["snapshot"])
        assert (found["state"], found["booted"], found["gone"]) == ("none", True, 3)


class TestNormalised:
    """The newest version wins, proved before it is written."""

    def test_the_entry_of_0_2_goes_and_the_boot_brings_0_3(self, make):
        door = make(QueueDoor)
        result = door.run(state="normalised")
        assert modules(door) == ["win_probe", "win_probe", "win_rename_queue"]
        assert (result["changed"], result["dropped_count"], result["refused"]) == (True, 1, [])
        assert door.host.registry.value(SESSION_MANAGER, FIRST).data == SEED_004[:4]
        assert door.host.registry.value(result["backup"], FIRST).data == SEED_004
        assert result["backup"].endswith(r"RenameQueueBackup\20261118T032000Z")
        boot.carry_out(door.host, "test", NEXT_BOOT)
        assert door.host.file(FILE_A).version == "0.3"

    def test_doing_it_again_changes_nothing(self, make):
        door = make(QueueDoor)
        door.run(state="normalised")
        door.calls.clear()
        assert door.run(state="normalised")["changed"] is False
        assert "win_rename_queue" not in modules(door)

    def test_check_mode_shows_the_diff_and_writes_nothing(self, make):
        door = make(QueueDoor)
        result = door.run(state="normalised", check_mode=True, diff=True)
        assert result["changed"] is True
        assert "win_rename_queue" not in modules(door)
        gone = set(result["diff"]["before"].splitlines()) - set(result["diff"]["after"].splitlines())
        assert [line for line in gone if "fix2" in line] == list(gone)
        assert door.host.registry.value(SESSION_MANAGER, FIRST).data == SEED_004

    def test_what_cannot_be_proved_stays_and_is_warned_of(self, make):
        door = make(QueueDoor, files={**FILES, r"C:\fix1\File_A.dll": {}})
        result = door.run(state="normalised")
        assert (result["changed"], result["refused_count"]) == (False, 1)
        assert "it has no version" in result["warnings"][0]

    @pytest.mark.parametrize(
        "words",
        [
            {"mutexes": [r"Global\_MSIExecute"]},
            {"processes": [{"name": "TiWorker", "id": 812}]},
            {"denied": [r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing"]},
        ],
        ids=["installer", "servicing", "unreadable"],
    )
    def test_nothing_is_written_while_an_installer_may_be_at_work(self, make, words):
        door = make(QueueDoor, **words)
        result = door.run(state="normalised")
        assert (result["failed"], result["changed"]) == (True, False)
        assert "an installer may be writing to it" in result["msg"]
        assert "win_rename_queue" not in modules(door)

    def test_a_queue_that_cannot_be_read_is_refused_as_a_whole(self, make):
        result = make(QueueDoor, denied=[SESSION_MANAGER]).run(state="normalised")
        assert result["failed"] is True
        assert "stays as it is" in result["msg"]

    def test_a_queue_that_changed_meanwhile_is_not_touched(self, make):
        door = make(QueueDoor)
        more = [*SEED_004, *delete(r"C:\late.tmp")]
        whole = door.execute

        def execute(module_name, module_args, task_vars):
            if module_name.endswith("win_rename_queue"):
                door.host.registry.key(SESSION_MANAGER).put(Value(FIRST, "REG_MULTI_SZ", more))
            return whole(module_name, module_args, task_vars)

        door.execute = execute
        result = door.run(state="normalised")
        assert (result["failed"], result["changed"], result["reason"]) == (True, False, "queue_changed")
        assert "run the task again" in result["msg"]
        assert door.host.registry.value(SESSION_MANAGER, FIRST).data == more

    def test_a_filtered_token_is_a_clear_refusal(self, make):
        result = make(QueueDoor, token={"elevated": False}).run(state="normalised")
        assert result["failed"] is True


class TestPendingVersion:
    """Seed 000: the update agent says installed, the file on the disk is the old one."""

    CLBCATQ, SET31 = r"C:\WINDOWS\system32\clbcatq.dll", r"C:\WINDOWS\system32\SET31.tmp"

    def words(self):
        return {
            "registry": queued(*move(self.SET31, self.CLBCATQ), *delete(r"C:\other.tmp")),
            "files": {self.SET31: {"version": "10.0.0.0"}, self.CLBCATQ: {"version": "9.0.0.0"}},
        }

    def test_clbcatq_dll_is_9_and_will_be_10(self, make):
        door = make(VersionDoor, **self.words())
        result = door.run(path=[r"C:\Windows\System32\clbcatq.dll"])
        (found,) = result["files"]
        assert (found["on_disk_version"], found["pending_version"]) == ("9.0.0.0", "10.0.0.0")
        assert (found["after_boot"], found["by"]["index"]) == ("replaced", 0)
        assert [probe["path"] for probe in door.calls[1][1]["probes"]] == [
            r"C:\Windows\System32\clbcatq.dll",
            self.SET31,
        ]
        assert result["changed"] is False
        boot.carry_out(door.host, "test", NEXT_BOOT)
        assert door.run(path=[self.CLBCATQ])["files"][0]["on_disk_version"] == "10.0.0.0"

    def test_check_mode_says_the_same(self, make):
        options = {"path": [self.CLBCATQ]}
        assert make(VersionDoor, **self.words()).run(check_mode=True, **options) == make(
            VersionDoor, **self.words()
        ).run(**options)

    def test_a_refused_queue_leaves_the_file_unknown_with_a_warning(self, make):
        result = make(VersionDoor, **self.words(), denied=[SESSION_MANAGER]).run(path=[self.CLBCATQ])
        assert result["files"][0]["after_boot"] == "unknown"
        assert "denied" in result["warnings"][0]
        assert not result.get("failed")

    def test_a_broken_reader_fails_with_every_file_unknown(self):
        door = Door(VersionDoor, "winops.patching.win_file_pending_version", {"failed": True, "msg": "broken"})
        result = door.run(path=[self.CLBCATQ])
        assert result["failed"] is True
        assert result["files"][0]["after_boot"] == "unknown"

    @pytest.mark.parametrize(
        "path", [[], ["clbcatq.dll"], [r"%SystemRoot%\a.dll"], [r"C:\*.dll"], [""], ["C:\\a"] * 51]
    )
    def test_a_path_that_names_no_file_fails_before_the_host_is_asked(self, make, path):
        door = make(VersionDoor)
        with pytest.raises(AnsibleError, match="path"):
            door.run(path=path)
        assert door.calls == []


class TestInfo:
    """win_reboot_pending_info analyse_rename_queue."""

    def test_the_analysis_comes_with_the_verdict_and_its_facts_with_the_evidence(self, make):
        door = make(InfoDoor)
        result = door.run(analyse_rename_queue=True, evidence="return")
        assert result["rename_queue"]["state"] == "risky"
        assert modules(door) == ["win_probe", "win_probe"]
        assert result["evidence"]["files"][FILE_A]["version"] == "0.1.0.0"
        assert analyse(result["evidence"]).as_dict()["downgrades"] == result["rename_queue"]["downgrades"]

    def test_without_the_option_nothing_more_is_asked_or_returned(self, make):
        door = make(InfoDoor)
        result = door.run()
        assert modules(door) == ["win_probe"]
        assert "rename_queue" not in result

    def test_a_queue_that_was_not_asked_for_is_unknown(self, make):
        result = make(InfoDoor).run(analyse_rename_queue=True, signals=["cbs_reboot_pending"])
        assert result["rename_queue"]["state"] == "unknown"
        assert "was not asked" in result["rename_queue"]["sentence"]
