# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which hosts are shown to the scripts, what is asked of them, and what can no fake answer?"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import yaml
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.catalogue import PROBES

from recorder.golden import ROOT
from winsim.build import build_host
from winsim.clock import HostClock
from winsim.host import Host
from winsim.hostfile import HostFileError, read_host
from winsim.hostfile.problems import Place
from winsim.statefile import as_document

READER: Final = "plugins/modules/win_probe.ps1"
FOLDER: Final = ROOT / "tests" / "powershell" / "fixtures"
FLEET: Final = ROOT / "tests" / "simulator" / "fleets" / "demo"
_DEMO: Final = "demo-"
# Kinds of probe that go through static calls, which no function can replace.
STATIC_KINDS: Final[Mapping[str, str]] = {
    "mutex": "not run under the fake: a mutex is opened by a static call",
    "text_tail": "not run under the fake: a file is opened by a static call",
}
WRITE_TIME: Final = "not run under the fake: the write time of a key comes through P/Invoke"
# Fields of `system` that tell of the process, the machine or the engine, not of the state.
ENGINE_FIELDS: Final[Mapping[str, str]] = {
    "computer_name": "not run under the fake: comes from the environment of the process",
    "time_zone": "not run under the fake: comes through a static property",
    "powershell": "is the engine's own",
    "is_64bit": "not run under the fake: comes through a static property",
    "user": "not run under the fake: the identity comes through a static call",
    "elevated": "not run under the fake: the identity comes through a static call",
    "is_system": "not run under the fake: the identity comes through a static call",
    "language_mode": "is the engine's own",
    "clock": "is the moment of the recording",
}


class FixtureError(Exception):
    """A fixture that cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Fixture:
    """A host (its state in the words of a host file) and what a script is asked about it."""

    name: str
    script: str
    state: Mapping[str, Any]
    arguments: Mapping[str, Any]
    not_run: Sequence[Mapping[str, str]]


def host_of(document: Mapping[str, Any], at: datetime) -> Host:
    """The simulator's host of a state; its clock stands at `at`, or an hour after its boot. Raises FixtureError."""
    with tempfile.TemporaryDirectory(prefix="winsim-") as work:
        file = Path(work) / "host.yml"
        file.write_text(yaml.safe_dump(dict(document), allow_unicode=True), encoding="utf-8")
        place = Place(file.name)
        found = read_host(file, place)
    if found is None or place.problems:
        raise FixtureError(str(HostFileError(place.problems)))
    found.pop("__line__")
    # A host of a fixture may have booted later than the machine that records believes it to be.
    now = max(at, found["os"].get("boot_time", at) + timedelta(hours=1))
    return build_host(found, HostClock(start=now, ticks=lambda: 0.0))


def state_of(host: Host) -> dict[str, Any]:
    """The host in the words of a host file, with everything that the simulator fills in; without what has happened."""
    return {word: value for word, value in as_document(host).items() if word != "log"}


def standard_arguments() -> dict[str, Any]:
    """What win_reboot_pending_info asks of a host by default, and more: every probe of the catalogue."""
    return {"probes": [{"id": name, **probe} for name, probe in PROBES.items()]}


def split(arguments: Mapping[str, Any], host: Host) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """The arguments without what a fake cannot answer, and what was left out with its reason."""
    kept: list[dict[str, Any]] = []
    left_out: list[dict[str, str]] = []
    for probe in arguments["probes"]:
        reason = STATIC_KINDS.get(probe["kind"])
        if reason:
            left_out.append({"what": f"probes.{probe['id']}", "why": reason})
            continue
        key = host.registry.key(probe["path"]) if probe.get("write_time") else None
        if key is not None and key.write_time is not None:
            left_out.append({"what": f"probes.{probe['id']}.write_time", "why": WRITE_TIME})
            kept.append({name: value for name, value in probe.items() if name != "write_time"})
        else:
            kept.append(dict(probe))
    left_out += [{"what": f"system.{name}", "why": why} for name, why in ENGINE_FIELDS.items()]
    return {**arguments, "probes": kept}, left_out


def make(name: str, words: Mapping[str, Any], arguments: Mapping[str, Any], at: datetime) -> Fixture:
    """A fixture of the reader. Raises FixtureError."""
    host = host_of(words, at)
    asked, left_out = split(arguments, host)
    return Fixture(name, READER, state_of(host), asked, left_out)


def names(*, folder: Path = FOLDER, fleet: Path = FLEET) -> dict[str, Path]:
    """Every fixture: those of the folder, and the demo fleet, each host of which is asked everything."""
    own = {path.stem: path for path in sorted(folder.glob("*.yml"))}
    return own | {f"{_DEMO}{path.stem}": path for path in sorted(fleet.glob("*.yml"))}


def load(name: str, path: Path, at: datetime) -> Fixture:
    """One fixture of `names()`. Raises FixtureError."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    if name.startswith(_DEMO):
        return make(name, document, standard_arguments(), at)
    if not isinstance(document, dict) or set(document) != {"host", "arguments"}:
        raise FixtureError(f"{path.name} must hold exactly host and arguments")
    return make(name, {"name": name, **document["host"]}, document["arguments"], at)


def load_all(at: datetime) -> list[Fixture]:
    """Every fixture, read. Raises FixtureError."""
    return [load(name, path, at) for name, path in names().items()]
