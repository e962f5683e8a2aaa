# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Does an answer of the reader keep the contract of the design, section 4? Asked of recordings, whoever made them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

STATES: Final = ("ok", "absent", "denied", "timeout", "error")
SYSTEM: Final = (
    "boot_time",
    "clock",
    "computer_name",
    "elevated",
    "errors",
    "execution_policy",
    "is_64bit",
    "is_system",
    "language_mode",
    "os_build",
    "os_caption",
    "powershell",
    "product_type",
    "time_zone",
    "user",
)
REGISTRY_KINDS: Final = ("REG_SZ", "REG_EXPAND_SZ", "REG_MULTI_SZ", "REG_DWORD", "REG_QWORD", "REG_BINARY", "REG_NONE")
SERVICE_STATES: Final = (
    "running",
    "stopped",
    "paused",
    "start_pending",
    "stop_pending",
    "continue_pending",
    "pause_pending",
)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_CODE = re.compile(r"0x[0-9A-F]{8}")
_HEX = re.compile(r"(?:[0-9a-f]{2})*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_VERSION = re.compile(r"\d+\.\d+\.\d+\.\d+")

Test = Callable[[Any], bool]


def _text(value: object) -> bool:
    return isinstance(value, str)


def _number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _flag(value: object) -> bool:
    return isinstance(value, bool)


def _anything(_value: object) -> bool:
    return True


def _map(value: object) -> bool:
    return isinstance(value, dict)


def _like(pattern: re.Pattern[str]) -> Test:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _one_of(*words: str) -> Test:
    return lambda value: isinstance(value, str) and value in words


def _or_null(test: Test) -> Test:
    return lambda value: value is None or test(value)


def _list_of(test: Test) -> Test:
    return lambda value: isinstance(value, list) and all(test(item) for item in value)


def _record(**fields: Test) -> Test:
    return lambda value: (
        isinstance(value, dict)
        and set(value) == set(fields)
        and all(test(value[name]) for name, test in fields.items())
    )


def _registry_value(value: object) -> bool:
    if not isinstance(value, dict) or set(value) != {"kind", "data"}:
        return False
    kind, data = value["kind"], value["data"]
    if kind == "REG_MULTI_SZ":
        return _list_of(_text)(data)
    if kind in {"REG_DWORD", "REG_QWORD"}:
        return _number(data)
    if kind in {"REG_BINARY", "REG_NONE"}:
        return _like(_HEX)(data)
    return kind in REGISTRY_KINDS and _text(data)


_ERROR = _record(type=_text, hresult=_like(_CODE), message=_text)
# Fields of `data` by kind of probe. Those in _ASKED_FOR are there only when the probe asked for them.
DATA: Final[Mapping[str, Mapping[str, Test]]] = {
    "registry": {
        "values": lambda value: isinstance(value, dict) and all(map(_registry_value, value.values())),
        "subkeys": _list_of(_text),
        "write_time": _or_null(_like(_TIME)),
    },
    "cim_query": {"instances": _list_of(_map)},
    "com_property": {"value": _anything},
    "file": {
        "length": _or_null(_number),
        "modified": _like(_TIME),
        "version": _or_null(_like(_VERSION)),
        "sha256": _or_null(_like(_SHA256)),
    },
    "text_tail": {"text": _text, "offset": _number, "length": _number},
    "process": {"running": _list_of(_record(name=_text, id=_number, started=_or_null(_like(_TIME))))},
    "service": {
        "services": _list_of(
            _record(
                name=_text,
                state=_one_of(*SERVICE_STATES),
                start=_one_of("auto", "manual", "disabled", "boot", "system"),
            )
        )
    },
    "mutex": {"exists": lambda value: value is True},
    "event": {
        "events": _list_of(
            _record(
                id=_number,
                time=_or_null(_like(_TIME)),
                provider=_text,
                message=_or_null(_text),
                data=_list_of(_text),
            )
        )
    },
}
_ASKED_FOR: Final = {"subkeys", "write_time"}
_SYSTEM_FIELDS: Final[Mapping[str, Test]] = {
    **dict.fromkeys(SYSTEM, _text),
    "boot_time": _like(_TIME),
    "clock": _like(_TIME),
    "elevated": _flag,
    "is_64bit": _flag,
    "is_system": _flag,
    "product_type": _number,
    "errors": _list_of(_record(field=_one_of(*SYSTEM), error=_ERROR)),
}


def problems(arguments: Mapping[str, Any], output: Mapping[str, Any]) -> list[str]:
    """Every place where the reader's output breaks the contract, as `place: sentence`; empty when it is kept."""
    return list(_problems(arguments, output))


def _problems(arguments: Mapping[str, Any], output: Mapping[str, Any]) -> Iterator[str]:
    if set(output) != {"changed", "probes", "system"} or output.get("changed") is not False:
        yield "output: must hold exactly changed (false), probes and system"
    answers, system = output.get("probes"), output.get("system")
    if not isinstance(answers, dict) or not isinstance(system, dict):
        yield "output: probes and system must be maps"
        return
    asked = {str(probe.get("id")): probe for probe in arguments.get("probes", [])}
    for name in sorted(asked.keys() ^ answers.keys()):
        yield f"probes.{name}: {'was asked and not answered' if name in asked else 'was answered and not asked'}"
    for name in sorted(asked.keys() & answers.keys()):
        for sentence in _answer(asked[name], answers[name]):
            yield f"probes.{name}: {sentence}"
    yield from _system(system)


def _answer(ask: Mapping[str, Any], answer: object) -> Iterator[str]:
    """What is wrong with the answer of one probe."""
    if not isinstance(answer, dict) or answer.get("state") not in STATES:
        yield f"has no state of {', '.join(STATES)}"
        return
    state = answer["state"]
    part = {"ok": "data", "absent": ""}.get(state, "error")
    if set(answer) != {"state", "ms", part} - {""}:
        yield f"state {state} goes with {part or 'nothing'} and ms, not with {', '.join(sorted(answer))}"
        return
    if not _number(answer["ms"]) or answer["ms"] < 0:
        yield "ms must be a whole number of at least 0"
    if part == "error" and not _ERROR(answer["error"]):
        yield "error must hold type, hresult (0x and eight digits) and message"
    if part == "data":
        yield from _data(ask, answer["data"])


def _data(ask: Mapping[str, Any], data: object) -> Iterator[str]:
    if not isinstance(data, dict):
        yield "data must be a map"
        return
    if ask.get("kind") == "cim_method":
        return
    fields = DATA.get(str(ask.get("kind")), {})
    wanted = {name for name in fields if name not in _ASKED_FOR or ask.get(name)}
    if set(data) != wanted:
        yield f"data must hold exactly {', '.join(sorted(wanted))}, not {', '.join(sorted(data))}"
    for name in sorted(wanted & set(data)):
        if not fields[name](data[name]):
            yield f"data.{name} is not as the contract has it: {str(data[name])[:120]}"


def _system(system: Mapping[str, Any]) -> Iterator[str]:
    """A field that could not be read is null, and only then."""
    if set(system) != set(SYSTEM):
        yield f"system: must hold exactly {', '.join(SYSTEM)}"
        return
    for name, test in _SYSTEM_FIELDS.items():
        if not (test(system[name]) or (system[name] is None and name != "errors")):
            yield f"system.{name}: is not as the contract has it: {str(system[name])[:120]}"
    if not _SYSTEM_FIELDS["errors"](system["errors"]):
        return
    failed = {entry["field"] for entry in system["errors"]}
    for name in sorted(name for name in failed if system[name] is not None):
        yield f"system.{name}: has a value and an error"
