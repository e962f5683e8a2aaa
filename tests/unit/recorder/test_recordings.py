# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Recordings are kept whole, judged against the contract, replayed, and known to be old when their script changed."""

from __future__ import annotations

import json

import pytest

from recorder import contract, golden
from recorder.replay import replay


def test_a_recording_is_read_as_it_was_written(recording, tmp_path):
    made = recording()
    golden.write(made, tmp_path)
    assert golden.read_all(tmp_path) == [made]


def test_no_recordings_are_no_mistake_and_are_said(tmp_path):
    assert golden.read_all(tmp_path) == []
    sentences = list(golden.unproven(tmp_path))
    for script, sentence in zip(golden.SERVED_SCRIPTS, sentences, strict=True):
        name = script.rpartition("/")[2]
        assert sentence.startswith(f"{name}: NO recording of a real PowerShell; what its double shows is unproven")


def test_a_recording_of_the_present_script_needs_no_word(recording, tmp_path):
    golden.write(recording(), tmp_path)
    assert [sentence for sentence in golden.unproven(tmp_path) if "win_probe.ps1" in sentence] == []


def test_a_script_that_changed_since_it_was_recorded_is_named(recording, tmp_path):
    golden.write(recording("cim"), tmp_path / "golden")
    golden.write(recording("files"), tmp_path / "golden")
    script = tmp_path / golden.SERVED_SCRIPTS[0]
    script.parent.mkdir(parents=True)
    script.write_text("another script", encoding="utf-8")
    (sentence,) = [said for said in golden.unproven(tmp_path / "golden", tmp_path) if "CHANGED" in said]
    assert "win_probe.ps1: CHANGED since 2 of its recordings" in sentence
    assert "2026-11-18T03:20:00+00:00" in sentence


def test_a_script_that_is_gone_counts_as_changed(recording, tmp_path):
    assert golden.changed([recording()], tmp_path) == [recording()]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda d: d.pop("output"), "must hold exactly"),
        (lambda d: d.update(extra=1), "must hold exactly"),
        (lambda d: d.update(output=[]), "'output' must be a map"),
        (lambda d: d.update(state="x"), "'state' must be a map or null"),
        (lambda d: d.update(script_sha256=None), "'script_sha256' must be a text"),
    ],
)
def test_a_file_that_is_no_recording_is_refused_by_name(recording, tmp_path, change, complaint):
    document = json.loads(golden.write(recording(), tmp_path).read_text(encoding="utf-8"))
    change(document)
    (tmp_path / "bad.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(golden.RecordingError, match=r"^bad\.json") as caught:
        golden.read(tmp_path / "bad.json")
    assert complaint in str(caught.value)


def test_a_file_that_is_cut_off_is_said_at_the_end_of_the_run(recording, tmp_path):
    path = golden.write(recording(), tmp_path)
    path.write_text(path.read_text(encoding="utf-8")[:200], encoding="utf-8")
    (sentence,) = golden.unproven(tmp_path)
    assert sentence.startswith("Recordings of a real PowerShell: NOT readable: registry-values.core-7.5.json")


def test_what_is_the_engines_own_is_not_compared(recording):
    def change(output):
        output["system"] |= {"clock": "2030-01-01T00:00:00Z", "user": "X\\Y", "powershell": "9.9", "time_zone": None}
        output["system"]["errors"].append(
            {"field": "is_system", "error": {"type": "T", "hresult": "0x80131539", "message": "not here"}}
        )
        for answer in output["probes"].values():
            answer["ms"] = 4711
        output["probes"]["denied"]["error"] = {
            "type": "Other",
            "hresult": "0x80131500",
            "message": "Zugriff verweigert",
        }
        output["probes"]["many"]["data"]["subkeys"].reverse()

    assert replay(recording("registry-keys", change)) == ""


@pytest.mark.parametrize(
    "name", ["registry-values", "registry-keys", "cim", "com-denied", "files", "running", "events"]
)
def test_a_faithful_recording_agrees_with_the_simulator(recording, name):
    assert replay(recording(name)) == ""


def unrolled(output):
    output["probes"]["all"]["data"]["values"]["ListOfOne"]["data"] = "\\??\\C:\\Windows\\Temp\\a.dll"


def unsigned(output):
    output["probes"]["all"]["data"]["values"]["All"]["data"] = 4294967295


def emptied(output):
    output["probes"]["all"]["data"]["values"]["ListEmbedded"]["data"] = ["a", "b", "c"]


def refused(output):
    output["probes"]["some"] = {"state": "absent", "ms": 1}


def silent(output):
    output["system"]["errors"] = []
    output["system"]["os_caption"] = "Windows"


@pytest.mark.parametrize("change", [unrolled, unsigned, emptied, refused, silent])
def test_a_recording_that_tells_otherwise_is_shown_as_a_diff(recording, change):
    diff = replay(recording("registry-values", change))
    assert diff.startswith("--- served by the simulator\n+++ executed\n")
    assert [line for line in diff.splitlines() if line.startswith("-  ")]


def test_a_recording_of_a_real_host_has_nothing_to_be_replayed_from(recording):
    made = recording()
    assert replay(golden.Recording(**{**made.as_document(), "name": "x", "state": None, "output": {}})) == ""


def test_a_recording_of_a_script_without_a_double_is_refused(recording):
    made = golden.Recording(**{**recording().as_document(), "name": "x", "script": "plugins/modules/other.ps1"})
    with pytest.raises(golden.RecordingError, match=r"no double answers for plugins/modules/other\.ps1"):
        replay(made)


def drop(output):
    output["probes"].pop("all")


def stray(output):
    output["probes"]["stray"] = {"state": "absent", "ms": 0}


def no_time(output):
    output["system"]["boot_time"] = "01.11.2026 03:12"


def both(output):
    output["system"]["errors"] = [
        {"field": "os_caption", "error": {"type": "T", "hresult": "0x80131500", "message": "m"}}
    ]


def code_as_number(output):
    error = {"type": "T", "hresult": "-2147024891", "message": "m"}
    output["probes"]["all"] = {"state": "denied", "error": error, "ms": 1}


def no_error(output):
    output["probes"]["all"] = {"state": "denied", "ms": 1}


def upper_hex(output):
    output["probes"]["all"]["data"]["values"]["Bytes"]["data"] = "00FF10AB"


def extra_data(output):
    output["probes"]["all"]["data"]["subkeys"] = []


def changed(output):
    output["changed"] = True


def no_number(output):
    output["probes"]["all"]["ms"] = "3"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (unrolled, "probes.all: data.values is not as the contract has it"),
        (drop, "probes.all: was asked and not answered"),
        (stray, "probes.stray: was answered and not asked"),
        (no_time, "system.boot_time: is not as the contract has it"),
        (both, "system.os_caption: has a value and an error"),
        (code_as_number, "probes.all: error must hold type, hresult"),
        (no_error, "probes.all: state denied goes with error and ms"),
        (upper_hex, "probes.all: data.values is not as the contract has it"),
        (extra_data, "probes.all: data must hold exactly values"),
        (changed, "output: must hold exactly changed (false)"),
        (no_number, "probes.all: ms must be a whole number"),
        (lambda output: output["probes"].update(all=None), "probes.all: has no state of"),
        (lambda output: output["probes"]["all"].update(data=[]), "probes.all: data must be a map"),
        (lambda output: output["system"].pop("clock"), "system: must hold exactly"),
        (lambda output: output.update(system=None), "output: probes and system must be maps"),
    ],
)
def test_an_output_that_breaks_the_contract_is_named_with_its_place(recording, change, complaint):
    made = recording("registry-values", change)
    assert [problem for problem in contract.problems(made.arguments, made.output) if complaint in problem]
