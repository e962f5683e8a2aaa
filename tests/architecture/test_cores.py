# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The further environments: which there are, which interpreter is taken, and when one is made anew."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

import pytest

import cores
from cores import CORES, Core, further_cores

OWN = f"{sys.version_info[0]}.{sys.version_info[1]}"
ABSENT = "2.99"


@pytest.fixture
def core(tmp_path, monkeypatch):
    """A core whose environment would stand in a folder of this test."""
    monkeypatch.setattr(cores, "FOLDER", tmp_path / "cores")
    return Core("2.16.19", OWN)


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_every_promised_series_is_run_on_and_none_twice():
    promised = {core.series for core in CORES if core.promised}
    assert promised == {"2.16", "2.18", "2.19", "2.21"}
    own = ".".join(metadata.version("ansible-core").split(".")[:2])
    assert sorted([own, *(core.series for core in further_cores())]) == sorted({core.series for core in CORES})


def test_the_versions_are_those_that_requirements_txt_pins():
    text = (cores.ROOT / "requirements.txt").read_text(encoding="utf-8")
    for series in ("2.19", "2.21"):
        (core,) = [core for core in CORES if core.series == series]
        assert f"ansible-core=={core.version};" in text


def test_the_further_environments_get_the_pinned_clients_and_no_ansible_core():
    assert [pin.partition("==")[0] for pin in cores.requirements()] == ["pywinrm", "pyspnego", "tzdata"]


def test_a_shim_without_its_python_is_passed_over(tmp_path, monkeypatch):
    script(tmp_path / "shims" / f"python{ABSENT}", "exit 127")
    script(tmp_path / "old" / f"python{ABSENT}", "echo 2.98")
    right = script(tmp_path / "right" / f"python{ABSENT}", f"echo {ABSENT}")
    monkeypatch.setenv("PATH", f"{tmp_path / 'shims'}:{tmp_path / 'old'}:{right.parent}:/bin")
    assert cores.find_interpreter(ABSENT) == str(right)


def test_pyenvs_versions_are_looked_through(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    assert cores.find_interpreter(ABSENT) is None
    right = script(tmp_path / "versions" / f"{ABSENT}.1" / "bin" / f"python{ABSENT}", f"echo {ABSENT}")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert cores.find_interpreter(ABSENT) == str(right)


def test_what_is_lacking_is_said_in_words(core, monkeypatch):
    assert "make test" in (cores.lacking(core) or "")
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    assert cores.lacking(Core("2.16.19", ABSENT)) == f"no Python {ABSENT} on PATH or in PYENV_ROOT"


def test_an_environment_is_ready_only_for_the_pins_it_was_made_for(core, monkeypatch):
    core.bin.mkdir(parents=True)
    (core.bin / "python").symlink_to(sys.executable)
    assert not cores.is_ready(core)
    (core.folder / "stamp").write_text(cores.stamp_of(core), encoding="utf-8")
    assert cores.is_ready(core)
    assert cores.lacking(core) is None
    monkeypatch.setattr(cores, "requirements", lambda: ["pywinrm==9"])
    assert not cores.is_ready(core)


def test_an_environment_whose_interpreter_has_gone_is_not_ready(core):
    core.bin.mkdir(parents=True)
    (core.bin / "python").symlink_to(core.folder / "gone")
    (core.folder / "stamp").write_text(cores.stamp_of(core), encoding="utf-8")
    assert not cores.is_ready(core)


@pytest.mark.parametrize(("promised", "fine"), [(True, False), (False, True)])
def test_a_failed_installation_is_red_unless_the_version_is_a_pre_release(core, monkeypatch, capsys, promised, fine):
    def fail(core: Core, interpreter: str) -> None:
        raise cores.SetupError(f"no index for {core.version} and {interpreter}")

    monkeypatch.setattr(cores, "make", fail)
    assert cores.make_if_possible(Core("2.16.19", OWN, promised)) is fine
    assert "no index for 2.16.19" in capsys.readouterr().err


def test_a_version_without_an_interpreter_is_named_and_left_out(core, monkeypatch, capsys):
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    assert cores.make_if_possible(Core("2.16.19", ABSENT)) is True
    assert f"ansible-core 2.16.19: no Python {ABSENT}" in capsys.readouterr().out
