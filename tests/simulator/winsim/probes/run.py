# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Runs a list of probes. One that fails never stops the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..host import Access
from .answers import FLAG, NAMES, NUMBER, TEXT, AbsentError, Ask, Option, ProbeError, ProbeKind, invalid
from .cim import read_method, read_query
from .com import read_property
from .events import read_events
from .files import read_file, read_tail
from .registry import read_key
from .running import read_mutex, read_processes, read_services
from .system import read_system

DEFAULT_TIME_LIMIT: Final = 120
_MUST: Final = Option(TEXT, required=True)
_NAMES: Final = Option(NAMES, required=True)
_CLASS: Final = {"namespace": _MUST, "class": _MUST}

KINDS: Final[Mapping[str, ProbeKind]] = {
    "registry": ProbeKind(
        read_key,
        {"path": _MUST, "values": Option(NAMES), "subkeys": Option(FLAG), "write_time": Option(FLAG)},
        ms=2,
    ),
    "cim_query": ProbeKind(read_query, {**_CLASS, "filter": Option(TEXT), "properties": Option(NAMES)}, ms=40),
    "cim_method": ProbeKind(read_method, {**_CLASS, "method": _MUST}, ms=60),
    "com_property": ProbeKind(read_property, {"progid": _MUST, "property": _MUST}, ms=70),
    "file": ProbeKind(read_file, {"path": _MUST, "version": Option(FLAG), "hash": Option(FLAG)}, ms=3),
    "text_tail": ProbeKind(read_tail, {"path": _MUST, "offset": Option(NUMBER), "max_bytes": Option(NUMBER)}, ms=3),
    "process": ProbeKind(read_processes, {"names": _NAMES}, ms=15),
    "service": ProbeKind(read_services, {"names": _NAMES}, ms=8),
    "mutex": ProbeKind(read_mutex, {"name": _MUST}, ms=1),
    "event": ProbeKind(
        read_events,
        {"log": _MUST, "provider": Option(TEXT), "ids": Option(NAMES), "max": Option(NUMBER, required=True)},
        ms=30,
    ),
}


def run_reader(access: Access, probes: list[Ask], time_limit: float | None) -> dict[str, Any]:
    """The whole answer of the reader: `{changed, probes, system}`."""
    left = (time_limit or DEFAULT_TIME_LIMIT) * 1000
    answers: dict[str, Any] = {}
    for ask in probes:
        answer = run_probe(access, ask, in_time=left > 0)
        left -= answer["ms"]
        answers[str(ask.get("id"))] = answer
    return {"changed": False, "probes": answers, "system": read_system(access)}


def run_probe(access: Access, ask: Ask, *, in_time: bool = True) -> dict[str, Any]:
    """`{state, data?, error?, ms}` of one probe."""
    kind = KINDS.get(str(ask.get("kind")))
    try:
        if kind is None:
            raise invalid(f"winsim knows no probe kind '{ask.get('kind')}' (it serves {', '.join(KINDS)})")
        if not in_time:
            message = "not read: the time limit of the run had passed"
            raise ProbeError("timeout", "System.TimeoutException", "0x80131505", message)
        _check(ask, kind)
        return {"state": "ok", "data": kind.read(access, ask), "ms": kind.ms}
    except AbsentError:
        return {"state": "absent", "ms": kind.ms if kind else 0}
    except ProbeError as error:
        return {"state": error.state, "error": error.as_error(), "ms": kind.ms if kind else 0}


def _check(ask: Ask, kind: ProbeKind) -> None:
    """A probe that the reader would not take is an error that names the option. Null is as good as not given."""
    for name, value in ask.items():
        if name in {"id", "kind"} or (name in kind.options and value is None):
            continue
        if name not in kind.options:
            raise invalid(f"the probe kind '{ask['kind']}' has no option '{name}' (it has {', '.join(kind.options)})")
        types = kind.options[name].types
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise invalid(f"the option '{name}' of the probe kind '{ask['kind']}' cannot be {value!r}")
    for name, option in kind.options.items():
        if option.required and ask.get(name) is None:
            raise invalid(f"the probe kind '{ask['kind']}' needs the option '{name}'")
