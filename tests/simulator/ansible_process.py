# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""An Ansible program beside the simulator: in a process group of its own, with nothing of the caller's settings."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
FORKS: Final = 20


def started(command: Sequence[str], *, cwd: Path, work: Path, **settings: str) -> subprocess.Popen[str]:
    """The program, which prints into a pipe. What it keeps lies in `work`, and nothing in the home folder."""
    return subprocess.Popen(
        command,
        cwd=cwd,
        env=_environment(work) | settings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )


def kill_group(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Sends a signal to the program and all its forks, if they are still there."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _environment(work: Path) -> dict[str, str]:
    settings = work / "ansible.cfg"
    settings.touch()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    return kept | {
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build"),
        "ANSIBLE_CONFIG": str(settings),
        "ANSIBLE_FORKS": str(FORKS),
        "ANSIBLE_HOME": str(work / "ansible"),
        "ANSIBLE_NOCOLOR": "1",
        "LC_ALL": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
    }
