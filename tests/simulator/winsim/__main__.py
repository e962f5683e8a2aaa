# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The command line: `python -m winsim serve HOSTS_DIR --inventory FILE`, `python -m winsim tiers`."""

from __future__ import annotations

import argparse
import contextlib
import resource
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from . import catalogue
from .hostfile import HostFileError, load_folder
from .simulator import Simulator
from .wire.endpoint import CannotListenError

EXIT_REFUSED = 2
EXIT_CANNOT_LISTEN = 3
MANY_SOCKETS = 65_536
# How soon a simulator ends after the file that holds it is gone.
HELD_SECONDS = 0.2


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = _parser().parse_args(arguments)
    match chosen.command:
        case "serve":
            return _serve(chosen)
        case "check":
            return _check(chosen.hosts_dir)
        case _:
            return _tiers()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="winsim", description="Simulated Windows hosts on 127.0.0.1 for Ansible's winrm connection."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="serve every host file of a folder until Ctrl-C")
    serve.add_argument("hosts_dir", type=Path, metavar="HOSTS_DIR")
    serve.add_argument("--inventory", type=Path, required=True, metavar="FILE", help="written when all hosts listen")
    serve.add_argument("--port-base", type=_port, metavar="N", help="first port; free ports by default")
    serve.add_argument("--time-factor", type=_factor, default=60.0, metavar="N", help="how fast the clocks run (60)")
    serve.add_argument("--state-dir", type=Path, metavar="DIR", help="keeps HOST.json, the true state of each host")
    serve.add_argument("--wire-log", type=Path, metavar="FILE", help="a line of JSON for each HTTP request")
    serve.add_argument("--while", type=Path, metavar="FILE", dest="held", help="also ends when FILE is gone")
    check = commands.add_parser("check", help="say what is wrong in the host files of a folder")
    check.add_argument("hosts_dir", type=Path, metavar="HOSTS_DIR")
    commands.add_parser("tiers", help="list what is answered, and how")
    return parser


def _port(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{number} is no port")
    return number


def _factor(text: str) -> float:
    number = float(text)
    if not 0 < number < 1_000_000:
        raise argparse.ArgumentTypeError(f"a clock cannot run {text} times as fast")
    return number


def _serve(chosen: argparse.Namespace) -> int:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    _allow_many_sockets()
    try:
        chosen.inventory.unlink(missing_ok=True)
        simulator = Simulator(
            chosen.hosts_dir,
            port_base=chosen.port_base,
            time_factor=chosen.time_factor,
            state_folder=chosen.state_dir,
            wire_log=chosen.wire_log,
        )
    except HostFileError as error:
        return _refuse(error)
    except (CannotListenError, OSError) as error:
        print(f"winsim: cannot serve: {error}", file=sys.stderr)
        return EXIT_CANNOT_LISTEN
    try:
        simulator.write_inventory(chosen.inventory)
        print(f"listening: {len(simulator.endpoints)} hosts, inventory {chosen.inventory}", flush=True)
        _wait(ended, chosen.held)
    except OSError as error:
        print(f"winsim: cannot write the inventory: {error}", file=sys.stderr)
        return EXIT_CANNOT_LISTEN
    finally:
        simulator.close()
    for (tier, name), count in sorted(simulator.counts.items()):
        print(f"answered: {tier} {name} {count}")
    return 0


def _wait(ended: threading.Event, held: Path | None) -> None:
    """Until a signal comes or `held` is gone: who only leaves files behind need not know which process to end."""
    while not ended.wait(None if held is None else HELD_SECONDS):
        if held is not None and not held.exists():
            return


def _allow_many_sockets() -> None:
    """Three for each host, and many systems begin with 256 or 1024; as many as the system allows are taken."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MANY_SOCKETS if most == resource.RLIM_INFINITY else min(most, MANY_SOCKETS)
    if now != resource.RLIM_INFINITY and now >= wanted:
        return
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _check(folder: Path) -> int:
    try:
        hosts = load_folder(folder)
    except HostFileError as error:
        return _refuse(error)
    print(f"{len(hosts)} hosts, no mistake found")
    return 0


def _refuse(error: HostFileError) -> int:
    for problem in error.problems:
        print(problem, file=sys.stderr)
    count = len(error.problems)
    print(f"winsim: {count} mistake{'s' if count != 1 else ''} in the host files; nothing is served", file=sys.stderr)
    return EXIT_REFUSED


def _tiers() -> int:
    for tier, meaning in catalogue.TIERS.items():
        print(f"{tier}: {meaning}")
    print()
    for tier, what, remark in catalogue.rows():
        print(f"{tier:9} {what}{f' ({remark})' if remark else ''}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
