# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""`make demo`: plays the demo fleet, assesses it, patches it inside a window, and shows what came of every host.

It ends 0 only when both reports hold every host and all three verdicts; the simulator is stopped whatever happens.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import tempfile
import textwrap
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

import yaml

from ansible_process import ROOT
from demo_runs import ASSESS, PATCH, DemoError, Telling, run_playbook, write_windows
from winsim.testing import NotServingError, serve

FLEET: Final = ROOT / "tests" / "simulator" / "fleets" / "demo"
# An installation of an hour then takes twelve seconds.
TIME_FACTOR: Final = 300.0
VERDICTS: Final = ("required", "not_required", "unknown")
# Rows that a person should compare with what other tools would have said.
WORTH_A_LOOK: Final = ("wu-key-only", "false-alarms-2019", "renamed-host", "denied-keys", "dead-host")


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when everything was shown as promised, else 1; 128 + n when a signal ended it."""
    parser = argparse.ArgumentParser(prog="demo", description="Assess and patch the simulated demo fleet once.")
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
        _show_tail(_newest_log(report_dir))
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
    before = report_dir / "before"
    for folder in (report_dir, before):
        _remove_old_report(folder)
    _say(
        "winops.patching: which hosts wait for a reboot, why, and may it be done now? And then: patch them.\n\n"
        f"{len(stories)} Windows hosts are simulated on 127.0.0.1. No Windows is involved, and no PowerShell runs:\n"
        "the simulator answers from the host files in tests/simulator/fleets/demo. What asks them is real:\n"
        "ansible-playbook, its WinRM client, and this collection.\n"
    )
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="winsim-") as work, serve(FLEET, Path(work), time_factor=TIME_FACTOR) as on:
        _say(f"1. simulator      {len(stories)} hosts are in the inventory and ready ({_since(begun)})")
        begun = time.monotonic()
        code = run_playbook(ASSESS, on.inventory, before, lambda _line: None)
        _say(f"2. assess         {ASSESS} has looked at them ({_since(begun)})\n")
        _say(f"{_fitted(table_of(_text(before / 'ansible.log')))}\n")
        check(_read_fleet(before / "fleet.json"), stories, code)
        write_windows(Path(work), datetime.now(UTC))
        begun = time.monotonic()
        _say(f"3. patch          {PATCH}: an hour on these hosts takes {3600 / TIME_FACTOR:g} seconds")
        code = run_playbook(PATCH, on.inventory, report_dir, Telling(_say_fitted, begun).hear)
        _say(f"                  has worked on them ({_since(begun)})")
    _say("4. simulator      stopped\n")
    _say(_fitted(table_of(_text(report_dir / "ansible.log"))))
    failed = check(_read_fleet(report_dir / "fleet.json"), stories, code)
    _say(_epilogue(report_dir, stories, failed, code))


def story(path: Path) -> str:
    """The sentences a host file begins with."""
    lines = path.read_text(encoding="utf-8").splitlines()[1:]
    told = [
        line.removeprefix("#").strip() for line in lines[: next(i for i, line in enumerate(lines) if line[0] != "#")]
    ]
    return " ".join(told)


def _remove_old_report(folder: Path) -> None:
    """What an earlier demo left must not pass for this one's."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = (folder / "fleet.json", folder / "ansible.log")
    for old in (*kept, *(folder / "evidence").glob("*.json"), *(folder / "journal").glob("*.jsonl")):
        old.unlink(missing_ok=True)


def table_of(log: str) -> str:
    """The table as the playbook printed it, with its line of totals and what it says of hosts. Raises DemoError."""
    lines = log.splitlines()
    heads = [number for number, line in enumerate(lines) if line.startswith("host ") and "reboot" in line]
    ends = [number for number, line in enumerate(lines) if line.startswith("Saved: ")]
    if not heads or not ends or ends[-1] < heads[-1]:
        raise DemoError("the playbook printed no table; this is the end of what it printed")
    return "\n".join(lines[heads[-1] : ends[-1]])


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _read_fleet(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DemoError(f"the playbook left no readable {path}: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("hosts"), dict):
        raise DemoError(f"{path} is no fleet document")
    return document


def check(document: dict[str, Any], stories: dict[str, str], code: int) -> list[str]:
    """The hosts that are not well. Raises DemoError where the report lacks something or the exit code hides it."""
    rows = document["hosts"]
    missing = sorted(set(stories) - set(rows))
    if missing:
        raise DemoError(f"fleet.json lacks {', '.join(missing)}")
    absent = [word for word in VERDICTS if word not in {row["reboot"] for row in rows.values()}]
    if absent:
        raise DemoError(f"no host of fleet.json is {' or '.join(absent)}; the fleet is made to show all three")
    failed = sorted(name for name, row in rows.items() if row["error"] is not None)
    if (code == 0) != (not failed):
        raise DemoError(f"ansible-playbook ended with {code}, but hosts that are not well: {failed or 'none'}")
    return failed


def _epilogue(folder: Path, stories: dict[str, str], failed: list[str], code: int) -> str:
    files = {
        _shown(folder / "fleet.json"): "every host, with what was done and all reasons",
        f"{_shown(folder / 'journal')}/HOST.jsonl": "what happened on each host, step by step",
        f"{_shown(folder / 'evidence')}/HOST.json": "what each host answered; can be judged again without the host",
        _shown(folder / "ansible.log"): "all that Ansible printed",
        f"{_shown(folder / 'before')}/": "the same of the look before",
    }
    return (
        f"\nWorth a look:\n{_columns({name: stories[name] for name in WORTH_A_LOOK})}\n\n"
        f"As it should, {PATCH} ended with {code}: {len(failed)} hosts need somebody,\n"
        f"and a run with such a host is not green.\n\nSaved:\n{_columns(files)}\n\n"
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


def _say_fitted(text: str) -> None:
    _say(_fitted(text))


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def _since(begun: float) -> str:
    return f"{time.monotonic() - begun:.1f} s"


def _newest_log(report_dir: Path) -> Path:
    patched = report_dir / "ansible.log"
    return patched if patched.exists() else report_dir / "before" / "ansible.log"


def _show_tail(log: Path) -> None:
    with suppress(OSError):
        lines = _text(log).splitlines()
        _say("\n".join(f"  | {line[:200]}" for line in lines[-25:]), to=sys.stderr)
        _say(f"all of it: {_shown(log)}", to=sys.stderr)


def _say(text: str, to: IO[str] | None = None) -> None:
    print(text, file=to or sys.stdout, flush=True)


if __name__ == "__main__":
    sys.exit(main())
