# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""`make record` writes what a PowerShell answered, and says in one sentence what it could not do.

The PowerShell of these tests is a stand-in that answers with the simulator's double: they prove the recorder only.
"""

from __future__ import annotations

import json

import pytest

from recorder import golden
from recorder.__main__ import main
from recorder.replay import replay


def test_without_a_powershell_it_says_so_in_one_sentence_and_writes_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["--golden", str(tmp_path / "golden")]) == 1
    said = capsys.readouterr()
    assert (
        said.err
        == "record: there is no pwsh and no powershell on PATH, so no script was run and nothing was recorded\n"
    )
    assert said.out == ""
    assert not (tmp_path / "golden").exists()


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("old", "is PowerShell 7.2.1; Core must be 7.5 or newer"),
        ("silent", "does not say which PowerShell it is, but: what?"),
    ],
)
def test_a_powershell_that_cannot_be_used_is_named(stand_in, tmp_path, capsys, how, sentence):
    stand_in(how)
    assert main(["cim", "--golden", str(tmp_path / "golden")]) == 1
    assert sentence in capsys.readouterr().err


def test_a_named_engine_that_is_not_there_is_named(stand_in, capsys):
    stand_in()
    assert main(["--engine", "powershell"]) == 1
    assert "there is no powershell on PATH" in capsys.readouterr().err


def test_fixtures_are_recorded_with_everything_that_a_replay_needs(stand_in, tmp_path, capsys):
    stand_in()
    assert main(["cim", "statics", "--golden", str(tmp_path)]) == 0
    assert "2 recorded under Core 7.5.2, 0 not" in capsys.readouterr().out
    cim, statics = golden.read_all(tmp_path)
    assert (cim.name, statics.name) == ("cim.core-7.5", "statics.core-7.5")
    assert cim.engine == {"edition": "Core", "version": "7.5.2", "os": "Testix 1.0"}
    assert cim.script_sha256 == golden.sha256_of("plugins/modules/win_probe.ps1")
    assert "probes.held" in {entry["what"] for entry in statics.not_run}
    assert [replay(cim), replay(statics)] == ["", ""]


def test_a_fixture_that_is_not_there_is_named_with_those_that_are(stand_in, tmp_path, capsys):
    stand_in()
    assert main(["cim", "nope", "--golden", str(tmp_path)]) == 1
    assert "no fixture nope; there are cim, com-allowed" in capsys.readouterr().err
    assert list(tmp_path.glob("*.json")) == []


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("throws", "ended with 1: win_probe.ps1: it went wrong"),
        ("garbage", "win_probe.ps1 printed no JSON"),
        ("breaks", "breaks the contract: probes.writing_method: was asked and not answered"),
    ],
)
def test_an_answer_that_is_none_is_not_kept_and_makes_the_run_fail(stand_in, tmp_path, capsys, how, sentence):
    stand_in(how)
    assert main(["cim", "--golden", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert sentence in said.err
    assert "0 recorded under Core 7.5.2, 1 not" in said.out
    assert list(tmp_path.glob("*.json")) == []


def test_an_answer_that_the_simulator_disagrees_with_is_kept_and_said(stand_in, tmp_path, capsys):
    stand_in("disagrees")
    assert main(["cim", "--golden", str(tmp_path)]) == 0
    assert "recorded cim.core-7.5: the simulator answers otherwise" in capsys.readouterr().out
    assert '+  "os_caption": "Something else"' in replay(golden.read_all(tmp_path)[0])


def test_a_real_host_is_recorded_without_a_state(stand_in, tmp_path, capsys):
    stand_in()
    assert main(["--host", "web01", "--golden", str(tmp_path), "--replace", "REAL=HOST"]) == 0
    (recording,) = golden.read_all(tmp_path)
    assert recording.name == "host-web01.core-7.5"
    assert recording.state is None
    assert recording.output["system"]["computer_name"] == "HOST"
    assert {probe["kind"] for probe in recording.arguments["probes"]} >= {"mutex", "event", "registry"}
    assert "holds the names HOST and HOST\\Administrator" in capsys.readouterr().out


def test_a_kit_goes_to_a_host_without_python_and_comes_back_as_a_recording(stand_in, recording, tmp_path, capsys):
    kit = tmp_path / "kit"
    assert main(["--kit", str(kit)]) == 0
    assert {path.name for path in kit.iterdir()} == {"arguments.json", "record.cmd", "run_script.ps1", "win_probe.ps1"}
    assert (kit / "record.cmd").read_bytes().endswith(b'> "%~dp0output.json"\r\n')
    # What the host adds: here the double's answer, with the byte order mark that some editors put first.
    answer = recording("demo-clean-2022").output
    answer["system"] |= {"powershell": "5.1.20348.2700", "user": "CLEAN-2022\\jane"}
    (kit / "output.json").write_text(json.dumps(answer), encoding="utf-8-sig")
    arguments = recording("demo-clean-2022").arguments
    (kit / "arguments.json").write_text(json.dumps(arguments), encoding="utf-8")
    command = ["--add", str(kit), "--name", "lab", "--golden", str(tmp_path / "golden")]
    assert main([*command, "--replace", "clean-2022=HOST", "--replace", "jane=USER"]) == 0
    (made,) = golden.read_all(tmp_path / "golden")
    assert made.name == "host-lab.desktop-5.1"
    assert made.engine["edition"] == "Desktop"
    assert made.output["system"]["user"] == "HOST\\USER"
    assert "clean-2022" not in json.dumps(made.output).lower()
    assert golden.changed([made]) == []


def test_a_folder_that_did_not_come_back_is_named(tmp_path, capsys):
    assert main(["--add", str(tmp_path), "--golden", str(tmp_path)]) == 1
    assert f"{tmp_path} is no folder that came back from a host" in capsys.readouterr().err


def test_a_replacement_without_an_equals_sign_is_refused(stand_in, tmp_path, capsys):
    stand_in()
    assert main(["--host", "web01", "--golden", str(tmp_path), "--replace", "REAL"]) == 1
    assert "--replace takes OLD=NEW" in capsys.readouterr().err
