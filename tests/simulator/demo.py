# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""`make demo`: plays the demo fleet, assesses it once with the real ansible-playbook, and shows the table.

It ends 0 only when the report holds every host and all three verdicts; the simulator is stopped whatever happens.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final

import yaml

from winsim.testing import NotServingError, serve

ROOT: Final = Path(__file__).resolve().parents[2]
FLEET: Final = ROOT / "tests" / "simulator" / "fleets" / "demo"
PLAYBOOK: Final = "winops.patching.assess"
READING_TASK: Final = "Read the host and judge it"
MAX_SECONDS: Final = 120.0
VERDICTS: Final = ("required", "not_required", "unknown")
# Rows that a person should compare with what other tools would have said.
WORTH_A_LOOK: Final = ("wu-key-only", "false-alarms-2019", "stale-exe-flags-2022", "denied-keys", "dead-host")


class DemoError(Exception):
    """The demo did not show what it promises; the message says what is missing."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when everything was shown as promised, else 1; 128 + n when a signal ended it."""
    parser = argparse.ArgumentParser(prog="demo", description="Assess the simulated demo fleet once.")
    parser.add_argument("--report-dir", type=Path, default=ROOT / "build" / "demo", metavar="DIR", help="build/demo")
    report_dir = parser.parse_args(arguments).report_dir.resolve()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end_by_signal)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        show(report_dir)
    except (DemoError, NotServingError, OSError) as error:
        _say(f"\ndemo: {error}", to=sys.stderr)
        _show_tail(report_dir / "ansible.log")
        return 1
    except KeyboardInterrupt:
        _say("\ndemo: interrupted; the simulator is stopped", to=sys.stderr)
        return 128 + signal.SIGINT
    return 0


def _end_by_signal(number: int, _frame: object) -> None:
    """Raised where the program is, so that every `finally` on the way out stops what was started."""
    raise SystemExit(128 + number)


def show(report_dir: Path) -> None:
    """The whole demo. Raises DemoError, NotServingError."""
    stories = {yaml.safe_load(path.read_text(encoding="utf-8"))["name"]: story(path) for path in FLEET.glob("*.yml")}
    _remove_old_report(report_dir)
    _say(
        "winops.patching: which hosts wait for a reboot, why, and may it be done now?\n\n"
        f"{len(stories)} Windows hosts are simulated on 127.0.0.1. No Windows is involved, and no PowerShell runs:\n"
        "the simulator answers from the host files in tests/simulator/fleets/demo. What asks them is real:\n"
        "ansible-playbook, its WinRM client, and this collection.\n"
    )
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="winsim-") as work, serve(FLEET, Path(work)) as fleet:
        _say(f"1. simulator      {len(stories)} hosts are in the inventory and ready ({_since(begun)})")
        begun = time.monotonic()
        code = assess(fleet.inventory, report_dir, len(stories))
        _say(f"2. assess         {PLAYBOOK} has looked at them ({_since(begun)})")
    _say("3. simulator      stopped\n")
    log = (report_dir / "ansible.log").read_text(encoding="utf-8", errors="replace")
    _say(_fitted(table_of(log)))
    fleet_file = report_dir / "fleet.json"
    failed = check(_read_fleet(fleet_file), stories, code)
    _say(_epilogue(fleet_file, stories, failed, code))


def story(path: Path) -> str:
    """The sentences a host file begins with."""
    lines = path.read_text(encoding="utf-8").splitlines()[1:]
    told = [
        line.removeprefix("#").strip() for line in lines[: next(i for i, line in enumerate(lines) if line[0] != "#")]
    ]
    return " ".join(told)


def _remove_old_report(report_dir: Path) -> None:
    """What an earlier demo left must not pass for this one's."""
    report_dir.mkdir(parents=True, exist_ok=True)
    for old in (report_dir / "fleet.json", report_dir / "ansible.log", *(report_dir / "evidence").glob("*.json")):
        old.unlink(missing_ok=True)


def assess(inventory: Path, report_dir: Path, hosts: int) -> int:
    """Run the playbook, everything it prints into ansible.log, and give its exit code. Raises DemoError."""
    command = [str(Path(sys.executable).with_name("ansible-playbook")), PLAYBOOK, "-i", str(inventory)]
    command += ["-e", "patch_target=all", "-e", json.dumps({"patch_report_dir": str(report_dir)})]
    with (
        (report_dir / "ansible.log").open("w", encoding="utf-8") as log,
        _running(command, inventory.parent) as process,
    ):
        late = threading.Timer(MAX_SECONDS, _kill_group, [process, signal.SIGKILL])
        late.start()
        try:
            _follow(process, log, hosts)
            code = process.wait()
        finally:
            late.cancel()
    if code < 0:
        raise DemoError(f"ansible-playbook was ended by signal {-code}; it may take {MAX_SECONDS:g} seconds")
    return code


@contextmanager
def _running(command: Sequence[str], work: Path) -> Iterator[subprocess.Popen[str]]:
    """Ansible in a process group of its own, which is ended with all its forks when the block is left early."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=_environment(work),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            _kill_group(process, signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                _kill_group(process, signal.SIGKILL)
                process.wait()


def _kill_group(process: subprocess.Popen[str], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _environment(work: Path) -> dict[str, str]:
    """Nothing of the user's own Ansible settings reaches the demo, and the demo writes nothing into the home folder."""
    settings = work / "ansible.cfg"
    settings.touch()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    return kept | {
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build"),
        "ANSIBLE_CONFIG": str(settings),
        "ANSIBLE_FORKS": "20",
        "ANSIBLE_HOME": str(work / "ansible"),
        "ANSIBLE_NOCOLOR": "1",
        "LC_ALL": "C.UTF-8",
    }


def _follow(process: subprocess.Popen[str], log: IO[str], hosts: int) -> None:
    """Copy the output into the log; on a terminal one line counts the hosts that have answered or failed."""
    if process.stdout is None:
        raise DemoError("ansible-playbook has no output")
    seen: set[str] = set()
    reading = False
    for line in process.stdout:
        log.write(line)
        if line.startswith("TASK ["):
            reading = READING_TASK in line
        elif reading and line.startswith(("ok: [", "fatal: [")):
            seen.add(line.partition("[")[2].partition("]")[0])
            if sys.stdout.isatty():
                print(f"\r2. assess         {len(seen)} of {hosts} hosts", end="", flush=True)
    if sys.stdout.isatty():
        print("\r", end="")


def table_of(log: str) -> str:
    """The table as the playbook printed it, with its line of totals. Raises DemoError."""
    lines = log.splitlines()
    heads = [number for number, line in enumerate(lines) if line.startswith("host ") and "reboot" in line]
    ends = [number for number, line in enumerate(lines) if line.startswith("Saved: ")]
    if not heads or not ends or ends[-1] < heads[-1]:
        raise DemoError("the playbook printed no table; this is the end of what it printed")
    return "\n".join(lines[heads[-1] : ends[-1]])


def _read_fleet(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DemoError(f"the playbook left no readable {path}: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("hosts"), dict):
        raise DemoError(f"{path} is no fleet document")
    return document


def check(document: dict[str, Any], stories: dict[str, str], code: int) -> list[str]:
    """The hosts that could not be read. Raises DemoError where the report lacks something or the exit code hides it."""
    rows = document["hosts"]
    missing = sorted(set(stories) - set(rows))
    if missing:
        raise DemoError(f"fleet.json lacks {', '.join(missing)}")
    absent = [word for word in VERDICTS if word not in {row["reboot"] for row in rows.values()}]
    if absent:
        raise DemoError(f"no host of fleet.json is {' or '.join(absent)}; the fleet is made to show all three")
    failed = sorted(name for name, row in rows.items() if row["error"] is not None)
    if (code == 0) != (not failed):
        raise DemoError(f"ansible-playbook ended with {code}, but hosts that could not be read: {failed or 'none'}")
    return failed


def _epilogue(fleet_file: Path, stories: dict[str, str], failed: list[str], code: int) -> str:
    folder = fleet_file.parent
    files = {
        _shown(fleet_file): "every host, with all reasons",
        f"{_shown(folder / 'evidence')}/HOST.json": "what each host answered; can be judged again without the host",
        _shown(folder / "ansible.log"): "all that Ansible printed",
    }
    return (
        f"\nWorth a look:\n{_columns({name: stories[name] for name in WORTH_A_LOOK})}\n\n"
        f"As it should, {PLAYBOOK} ended with {code}: {' and '.join(failed)} could not be read,\n"
        f"and a run that has not seen every host is not green.\n\nSaved:\n{_columns(files)}\n\n"
        "To ask the hosts yourself, leave the first running and use the second in another terminal:\n"
        "  make sim\n"
        "  .venv/bin/ansible wu-key-only -i .build/sim/inventory.yml -m winops.patching.win_reboot_pending_info"
    )


def _columns(rows: dict[str, str]) -> str:
    """Names to the left, their texts wrapped to the right."""
    width = max(map(len, rows)) + 4
    return "\n".join(
        textwrap.fill(text, 110, initial_indent=f"  {name}".ljust(width), subsequent_indent=" " * width)
        for name, text in rows.items()
    )


def _fitted(table: str) -> str:
    """The table as wide as the terminal, because wrapped lines are no table; the log has it whole."""
    if not sys.stdout.isatty():
        return table
    width = shutil.get_terminal_size((200, 24)).columns
    return "\n".join(line if len(line) <= width else f"{line[: width - 1]}…" for line in table.splitlines())


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def _since(begun: float) -> str:
    return f"{time.monotonic() - begun:.1f} s"


def _show_tail(log: Path) -> None:
    with suppress(OSError):
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        _say("\n".join(f"  | {line[:200]}" for line in lines[-25:]), to=sys.stderr)
        _say(f"all of it: {_shown(log)}", to=sys.stderr)


def _say(text: str, to: IO[str] | None = None) -> None:
    print(text, file=to or sys.stdout, flush=True)


if __name__ == "__main__":
    sys.exit(main())
