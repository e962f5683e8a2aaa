# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The recordings in tests/golden: each keeps the contract, and the simulator answers what was recorded.

Without recordings there is nothing to compare: the end of every test run says so, by the name of the script.
"""

from __future__ import annotations

from pathlib import Path

from recorder import golden
from recorder.fixtures import READER
from recorder.jobs import WORKER
from recorder.replay import problems, replay


def test_the_simulator_answers_what_a_real_powershell_answered():
    diffs = {recording.name: replay(recording) for recording in golden.read_all()}
    assert "\n\n".join(f"{name}\n{diff}" for name, diff in diffs.items() if diff) == ""


def test_every_recording_keeps_the_contract_of_its_script():
    broken = {recording.name: problems(recording) for recording in golden.read_all()}
    assert {name: found for name, found in broken.items() if found} == {}


def test_every_script_that_was_recorded_is_one_that_the_simulator_answers_for():
    assert {recording.script for recording in golden.read_all()} <= {READER, WORKER}
    writers = {f"plugins/modules/win_{name}.ps1" for name in ("patch_job", "rename_queue", "reboot_mark")}
    assert set(golden.SERVED_SCRIPTS) == {READER, WORKER, *writers}


def test_the_folder_of_recordings_holds_nothing_else():
    stray = [path.name for path in golden.GOLDEN.iterdir() if path.suffix != ".json" and path.name != "README.md"]
    assert stray == []


def test_the_guide_to_recording_is_there():
    text = Path(golden.ROOT / golden.GUIDE).read_text(encoding="utf-8")
    for word in ("make record", "--kit", "--add", "--host", "--replace"):
        assert word in text
