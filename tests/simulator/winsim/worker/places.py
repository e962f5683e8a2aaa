# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Where jobs live on a host: folders, files, registry keys, the scheduler's folder."""

from __future__ import annotations

import re
from typing import Final

PROGRAM_FOLDER: Final = "C:\\Program Files\\winops.patching"
WORKER: Final = f"{PROGRAM_FOLDER}\\patch_worker.ps1"
LOCK: Final = f"{PROGRAM_FOLDER}\\lock"
START_LOCK: Final = f"{PROGRAM_FOLDER}\\start.lock"
LAST_SCAN: Final = f"{PROGRAM_FOLDER}\\last_scan.json"
JOBS: Final = f"{PROGRAM_FOLDER}\\jobs"
TASKS: Final = "\\winops.patching"
ROOT_KEY: Final = "HKLM\\SOFTWARE\\winops.patching"
RUNNING_JOB: Final = f"{ROOT_KEY}\\RunningJob"
BOOT_MARK: Final = f"{ROOT_KEY}\\BootMark"
POWERSHELL: Final = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe"
JOB_ID: Final = re.compile(r"(?P<kind>scan|install)-\d{8}T\d{6}Z-[0-9a-f]{8}")


def folder_of(job: str) -> str:
    return f"{JOBS}\\{job}"


def task_of(job: str) -> str:
    return f"{TASKS}\\{job}"


def kind_of(job: str) -> str | None:
    """`scan` or `install`; None for what is no id of a job."""
    match = JOB_ID.fullmatch(job)
    return match["kind"] if match else None


def command_of(job: str) -> str:
    """The fixed command line of a job's task."""
    switches = "-NoLogo -NoProfile -NonInteractive -ExecutionPolicy RemoteSigned"
    return f'{POWERSHELL} {switches} -File "{WORKER}" -JobFolder "{folder_of(job)}"'
