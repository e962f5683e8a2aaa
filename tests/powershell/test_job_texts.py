# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What can be said of the worker and its double without a PowerShell: both know the same names, codes and words."""

from __future__ import annotations

import inspect
import json
import re
from datetime import UTC, datetime

import pytest
import yaml
from ansible_collections.winops.patching.tests.contract.jobs import Stage

from recorder import jobs
from recorder.golden import ROOT
from winsim.agent.lines import UPDATE
from winsim.mishaps import installers
from winsim.worker import install_guards, patience, places, records

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CASES = jobs.cases()
QUEUE = (ROOT / "plugins/modules/win_rename_queue.ps1").read_text(encoding="ascii")
WORKER = (ROOT / jobs.WORKER).read_text(encoding="ascii")
MODULE = (ROOT / "plugins/modules/win_patch_job.ps1").read_text(encoding="ascii")


def body_of(function: str, script: str = WORKER) -> str:
    found = re.search(rf"^function {function}\b.*?^}}", script, re.DOTALL | re.MULTILINE)
    assert found, function
    return found[0]


def read_by(function: str) -> dict[str, str]:
    """Key of a line -> the agent's property that it is read from."""
    return dict(re.findall(r"^ +(\w+) = .*-Name '(\w+)'\)?$", body_of(function), re.MULTILINE))


def test_the_worker_reads_each_key_of_an_update_from_the_property_that_the_double_names():
    assert read_by("Read-Update") | {"categories": "Categories"} == {key: name for key, (name, _) in UPDATE.items()}
    assert "-Name 'Categories'" in body_of("Read-Categories")


def test_the_worker_reads_each_key_of_the_history_from_the_property_that_the_fake_gives():
    expected = {**jobs.HISTORY, "hresult": "HResult", "id": "UpdateID", "revision": "RevisionNumber"}
    assert read_by("Read-Entry") == expected


def test_worker_and_double_try_again_after_the_same_codes():
    assert set(re.findall(r"'(0x[0-9A-F]{8})'", body_of("Test-Transient"))) == patience.TRANSIENT


def test_worker_and_double_write_a_header_of_the_same_keys():
    traces, _agent = jobs.run_double(CASES["catalog"], NOW)
    for key in traces.result[0]:
        assert re.search(rf"\b{key}\b", WORKER), key


def written_lines() -> list[tuple[str | None, str, set[str]]]:
    """(phase, step, keys) of each line in the worker's text; no phase where a function is told which."""
    blocks = re.findall(r"-Phase (?:'(\w+)'|\$\w+) -Facts \(\[ordered\]@\{(.*?)\}\)", WORKER, re.DOTALL)
    return [
        (phase or None, step[1], set(re.findall(r"(?:^|;|\n)\s*(\w+) =", block)) - {"step"})
        for phase, block in blocks
        if (step := re.search(r"step = '(\w+)'", block))
    ]


def test_worker_and_double_journal_the_same_steps_of_a_scan_with_the_same_keys():
    double = {
        line["step"]: set(line) - {"at", "phase", "step"}
        for name in CASES
        for line in jobs.run_double(CASES[name], NOW)[0].journal
        if "step" in line
    }
    assert {step: keys for phase, step, keys in written_lines() if phase == "scanning"} == double


def lines_of_the_double() -> set[tuple[str, str, frozenset[str]]]:
    """(phase, step, keys) of the golden installations, which the double leaves: tests/contract/test_jobs.py."""
    cases = yaml.safe_load((ROOT / "tests/contract/golden_installs.yml").read_text(encoding="utf-8"))
    lines = [json.loads(text) for case in cases for text in case["journal"]]
    return {
        (line["phase"], line["step"], frozenset(set(line) - {"at", "phase", "step"}))
        for line in lines
        if "step" in line
    }


def test_every_line_of_an_installation_of_the_double_is_one_that_the_worker_writes():
    written = written_lines()
    unknown = [
        (phase, step, sorted(keys))
        for phase, step, keys in lines_of_the_double()
        if not any(step == mine and phase in (there, there or phase) and keys == own for there, mine, own in written)
    ]
    assert unknown == []


def test_every_line_that_the_worker_writes_of_an_installation_is_one_of_the_double():
    double = lines_of_the_double()
    missing = [
        (phase, step, sorted(keys))
        for phase, step, keys in written_lines()
        # A simulated host that is told to go down goes down.
        if phase != "scanning"
        and (phase, step) != ("rebooting", "failed")
        and not any(step == theirs and phase in (None, there) and keys == its for there, theirs, its in double)
    ]
    assert missing == []


def words_of(function: str, parameter: str) -> set[str]:
    return set(re.findall(rf"-{parameter} '(\w+)'", body_of(function)))


def test_the_worker_has_every_reason_of_the_contract_and_no_other():
    reasons = set(re.findall(r"-Reason '(\w+)'", WORKER))
    reboot = words_of("Get-RebootRefusal", "Reason") | words_of("Get-RebootObstacle", "Reason")
    assert reboot == {
        *("unknown", "not_required", "never", "stopped", "max_reboots", "persistent", "outside_window", "busy"),
    }
    assert reasons - reboot | {"stopped"} == {
        *("does_not_fit", "stopped", "hard_reboot", "not_offered", "revision_changed", "excluded", "download_failed"),
        *("eula", "disk_space", "other_installer", "too_late", "installed"),
    }
    assert words_of("Set-Ruling", "Reason") >= {"unknown", "not_offered"}
    assert words_of("Get-HardReboot", "Reason") == {"unknown", "hard_reboot"}
    assert words_of("Get-SpaceObstacle", "Reason") == {"unknown", "disk_space"}
    assert words_of("Get-DownloadObstacle", "Reason") == {"unknown", "download_failed"}
    assert words_of("Get-Busy", "Reason") == {"unknown", "other_installer"}


@pytest.mark.parametrize("function", ["Test-AgentBusy", "Test-Mutex", "Test-Servicing", "Test-Process"])
def test_who_cannot_be_asked_is_never_told_to_be_idle(function):
    body = body_of(function)
    assert "catch { $false }" not in body
    assert re.search(r"catch \{(?: return)? \$null \}|\n        \$null\n    \}\n\}$", body)
    assert f"busy = {function}" in body_of("Get-Busy")
    assert "if ($null -eq $answer.busy) { return New-Obstacle -Reason 'unknown'" in body_of("Get-Busy")


def test_worker_and_double_ask_the_same_installers_in_the_same_order(tmp_path):
    assert re.findall(r"who = '([^']+)'", body_of("Get-Busy")) == list(installers(Stage({}, tmp_path).host))


def test_worker_and_double_have_the_same_words_for_what_is_unknown():
    bodies = map(body_of, ("Set-Ruling", "Get-HardReboot", "Get-SpaceObstacle", "Get-DownloadObstacle"))
    texts = re.findall(r"-Reason 'unknown' -Text [\"']([^:\"']+)", "".join(bodies))
    source = inspect.getsource(install_guards)
    assert len(texts) == 4
    assert [text for text in texts if text not in source] == []


def test_module_and_double_wait_as_long_for_a_boot_whose_time_nobody_tells():
    catch = re.search(r"LastBootUpTime.*?\n    catch \{(.*?)\n    \}", body_of("Test-Rebooting", MODULE), re.DOTALL)
    assert catch is not None
    assert f"-lt {records.MAY_COME.total_seconds() / 60:g}" in catch[1]
    assert "return $false" not in catch[1]


def test_worker_and_double_have_the_same_words_for_what_is_never_installed():
    texts = re.findall(r"text = '(it [^']+)'", body_of("Get-Exclusion"))
    source = inspect.getsource(install_guards)
    assert len(texts) == 5
    assert [text for text in texts if f'"{text}"' not in source] == []


def test_both_sides_of_a_change_of_the_queue_are_lists_whatever_the_wire_made_of_them():
    body = body_of("Read-Change", QUEUE)
    assert "foreach ($side in 'expected', 'wanted')" in body
    assert "$change[$side] = [string[]]@(foreach ($text in $change[$side]) { $text })" in body
    assert QUEUE.count("Read-Change") == 2


def test_a_queue_that_was_written_in_part_is_told_as_changed_with_the_place_of_its_copy():
    body = body_of("Set-Queue", QUEUE)
    fails = re.search(r"try \{ Write-Queue .*?\}\n    catch \{ return (.*) \}\n", body)
    assert fails is not None
    assert "-Reason 'write_differs'" in fails[1]
    assert "$backup" in fails[1]


def test_worker_and_module_know_the_same_ways_to_end():
    assert "(finished|failed|stopped|expired)" in MODULE
    assert set(re.findall(r"outcome = '(\w+)'", WORKER)) == {"finished", "failed", "stopped", "expired"}


def test_a_host_is_rebooted_only_after_the_line_that_says_so():
    body = body_of("Invoke-Reboot")
    assert WORKER.count("Start-Restart") == 2
    assert body.index("step = 'begin'") < body.index("Start-Restart")
    assert "$stream.Flush($true)" in body_of("Add-JournalLine")


def test_an_update_is_installed_only_after_the_line_that_says_so():
    body = body_of("Install-Update")
    assert WORKER.count("$installer.Install()") == 1
    assert WORKER.count("Start-Installation") == 2
    assert body.index("step = 'begin'") < body.index("Start-Installation") < body.index("step = 'end'")
    assert "Install-Update" not in body_of("Resume-Install") + body_of("Invoke-Verification")


def test_the_task_gets_the_command_line_of_the_double():
    pattern = re.search(r"\$line = '(.*)' -f", MODULE)
    assert pattern is not None
    line = pattern[1].replace("{0}", places.WORKER).replace("{1}", places.folder_of(jobs.JOB))
    assert places.command_of(jobs.JOB).endswith(f"powershell.exe {line}")


@pytest.mark.parametrize("name", sorted(CASES))
def test_each_case_ends_in_the_double_as_it_says(name):
    traces, agent = jobs.run_double(CASES[name], NOW)
    assert traces.journal[-1]["outcome"] == CASES[name].ends
    assert bool(traces.result) == bool(traces.last_scan) == (CASES[name].ends == "finished")
    assert json.loads(json.dumps(agent)) == agent


def test_a_folder_is_prepared_as_the_module_leaves_it_and_read_back(tmp_path):
    traces, _agent = jobs.run_double(CASES["wsus"], NOW)
    job = jobs.prepared(tmp_path, CASES["wsus"], traces)
    left = jobs.left_in(job)
    assert list(left.journal) == [traces.journal[0]]
    assert list(left.result) == []
    assert dict(left.last_scan) == {}


def test_comparing_overlooks_times_and_texts_and_nothing_else():
    traces, _agent = jobs.run_double(CASES["fallback"], NOW)
    later = jobs.Traces(
        [{**line, "at": "later"} for line in traces.journal],
        [{**traces.result[0], "scanned_at": "later"}, *traces.result[1:]],
        {**traces.last_scan, "scanned_at": "later"},
    )
    assert jobs.comparable(later) == jobs.comparable(traces)
    other = jobs.Traces(traces.journal, [*traces.result[:1], *traces.result[2:]], traces.last_scan)
    assert jobs.comparable(other) != jobs.comparable(traces)


@pytest.mark.parametrize(("code", "number"), [("0x00240005", 2359301), ("0x8024401F", -2145107937)])
def test_a_code_has_its_sign_as_com_hands_it_out(code, number):
    assert jobs.signed(code) == number
