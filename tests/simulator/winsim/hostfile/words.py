# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The words of a host file (design §8): one table, nothing else decides what a file may say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import yaml

from ..denial import normal_namespace
from ..misbehaviour import MISBEHAVIOURS
from ..mishaps import INSTALLERS
from ..registry import HIVES, normal
from .agent_words import AGENT
from .checks import (
    INVALID,
    Check,
    Invalid,
    Word,
    any_map,
    boolean,
    choice,
    integer,
    line_of,
    list_of,
    mapping,
    moment,
    number,
    record,
    text,
    unique,
)
from .package_words import PACKAGES
from .problems import Place

_HIVE = "(?:" + "|".join(word for pair in HIVES.items() for word in pair) + ")"
_NAMESPACE = r"root(?:[\\/][^\\/:]+)*"
_FOLDER = r"(?:[A-Za-z]:|%\w+(?:\(x86\))?%)\\"

_any_text = text(empty=True)
_hex = text(pattern="(?:[0-9a-f]{2})*", meaning="bytes as hexadecimal text, like '01ff'", empty=True)

# What the data of each registry type is, as the reader gives it back.
DATA: Final[Mapping[str, Check]] = {
    "REG_SZ": _any_text,
    "REG_EXPAND_SZ": _any_text,
    "REG_MULTI_SZ": list_of(_any_text),
    "REG_DWORD": integer(-(2**31), 2**32 - 1),
    "REG_QWORD": integer(-(2**63), 2**64 - 1),
    "REG_BINARY": _hex,
    "REG_NONE": _hex,
}


def registry_value(node: yaml.Node, place: Place) -> dict[str, Any] | Invalid:
    """`{type, data}`, the data judged by the type."""
    kind = ""
    if isinstance(node, yaml.MappingNode):
        kinds = [str(v.value) for k, v in node.value if k.value == "type" and isinstance(v, yaml.ScalarNode)]
        kind = kinds[0] if kinds else ""
    data = DATA.get(kind, _ignored)
    words = {"type": Word(choice(*DATA), required=True), "data": Word(data, required=kind != "REG_NONE")}
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] | Invalid = record(words)(node, place)
        return found
    place.refuse(line_of(node), "a registry value is a map with type and data, like {type: REG_DWORD, data: 1}")
    return INVALID


def _ignored(_node: yaml.Node, _place: Place) -> None:
    """The data of a value whose type was refused: one mistake is enough."""


def fault(node: yaml.Node, place: Place) -> dict[str, Any] | Invalid:
    """Only `never_return` may stand without a request number: then it waits for the next boot. Only `slow` lasts."""
    found: dict[str, Any] | Invalid = _FAULT(node, place)
    if isinstance(found, dict) and "do" in found and "at_request" not in found and found["do"] != "never_return":
        given = isinstance(node, yaml.MappingNode) and any(k.value == "at_request" for k, _ in node.value)
        if not given:
            place.refuse(line_of(node), f"the word 'at_request' is missing: when shall '{found['do']}' happen?")
    if isinstance(found, dict) and "seconds" in found and found.get("do", "slow") != "slow":
        place.below("seconds").refuse(line_of(node), f"'{found['do']}' takes no time; only 'slow' does")
    return found


FAULTS: Final = ("drop", "slow", "truncate", "error_500", "reboot", "never_return")
_FAULT: Final = record(
    {
        "at_request": Word(integer(1)),
        "do": Word(choice(*FAULTS), required=True),
        "seconds": Word(integer(1, 600)),
    },
)

_registry_path = text(pattern=_HIVE + r"\\[^\\]+(?:\\[^\\]+)*", meaning=r"a registry path like HKLM\SOFTWARE\X")
_class_path = text(
    pattern=_NAMESPACE + r":\w+", meaning=r"a namespace and a class like root\ccm\ClientSDK:CCM_SoftwareUpdate"
)
_method_path = text(
    pattern=_NAMESPACE + r":\w+\.\w+", meaning=r"a namespace, a class and a method like root\ccm\ClientSDK:X.Y"
)
_file_path = text(pattern=_FOLDER + ".+", meaning=r"a full Windows path like C:\Windows\x.dll")
_survivor = text(
    pattern=_HIVE + r"\\.+|update_agent|" + _NAMESPACE + r":\w+\.\w+",
    meaning=r"a registry key, KEY\value, a method like root\ccm\ClientSDK:X.Y, or update_agent",
)

_task_path = text(pattern=r"(?:\\[^\\]+)+", meaning=r"the path of a task like \winops.patching\x")
_group = text(
    pattern=r"(?!(?:all|windows|ungrouped)$)[a-z_]\w*", meaning="the name of a group: letters, digits and '_'"
)
_LANGUAGE_MODES: Final = ("FullLanguage", "ConstrainedLanguage", "RestrictedLanguage", "NoLanguage")
_POLICIES: Final = ("Unrestricted", "RemoteSigned", "AllSigned", "Restricted", "Bypass")
_TASK: Final = record(
    {
        "user": Word(text()),
        "command": Word(_any_text),
        "state": Word(choice("ready", "queued", "running", "disabled")),
        "at": Word(moment),
        "at_startup": Word(boolean),
    },
)

_CLOCK_JUMP: Final = record(
    {"after_minutes": Word(number(0, 100_000), required=True), "seconds": Word(integer(), required=True)}
)
_SECOND_INSTALLER: Final = record(
    {
        "after_minutes": Word(number(0, 100_000), required=True),
        "minutes": Word(number(0, 100_000), required=True),
        "kind": Word(choice(*INSTALLERS)),
    },
)

_POWER_CUT: Final = record({"at_line": Word(integer(2), required=True), "torn": Word(boolean)})

_KEY: Final = record(
    {
        "volatile": Word(boolean),
        "write_time": Word(moment),
        "values": Word(mapping(_any_text, registry_value)),
    },
)

_SERVICE_STATES: Final = (
    "running",
    "stopped",
    "paused",
    "start_pending",
    "stop_pending",
    "continue_pending",
    "pause_pending",
)

HOST: Final = record(
    {
        "name": Word(
            text(pattern=r"\w[\w.-]*", meaning="a host name: letters, digits, '.', '-' and '_'"), required=True
        ),
        "os": Word(
            record(
                {
                    "caption": Word(text()),
                    "build": Word(text(pattern=r"\d+(?:\.\d+)*", meaning="a build like '20348.2700'")),
                    "boot_time": Word(moment),
                    "timezone": Word(text()),
                },
            ),
            required=True,
        ),
        "registry": Word(mapping(_registry_path, _KEY, same=normal)),
        "denied": Word(list_of(text())),
        "files": Word(
            mapping(
                _file_path,
                record(
                    {
                        "version": Word(text(pattern=r"\d+(?:\.\d+){0,3}", meaning="a version like 10.0.1.2")),
                        "size": Word(integer(0)),
                        "modified": Word(moment),
                        "text": Word(_any_text),
                    },
                ),
            ),
        ),
        "folders": Word(mapping(_file_path, record({"owner": Word(text()), "reparse": Word(boolean)}))),
        "processes": Word(
            unique(
                list_of(record({"name": Word(text(), required=True), "id": Word(integer(0))})),
                lambda process: str(process.get("id", "")),
                "process id",
            ),
        ),
        "services": Word(
            mapping(
                text(),
                record(
                    {
                        "state": Word(choice(*_SERVICE_STATES)),
                        "start": Word(choice("auto", "manual", "disabled", "boot", "system")),
                    },
                ),
            ),
        ),
        "mutexes": Word(list_of(text())),
        "cim": Word(mapping(_class_path, list_of(any_map), same=normal_namespace)),
        "methods": Word(mapping(_method_path, any_map, same=normal_namespace)),
        "events": Word(
            list_of(
                record(
                    {
                        "log": Word(text(), required=True),
                        "provider": Word(_any_text),
                        "id": Word(integer(0, 65535), required=True),
                        "time": Word(moment, required=True),
                        "data": Word(list_of(_any_text)),
                        "message": Word(_any_text),
                    },
                ),
            ),
        ),
        "update_agent": Word(AGENT),
        "packages": Word(PACKAGES),
        "tasks": Word(mapping(_task_path, _TASK)),
        "powershell": Word(
            record({"language_mode": Word(choice(*_LANGUAGE_MODES)), "execution_policy": Word(choice(*_POLICIES))}),
        ),
        "groups": Word(unique(list_of(_group), str, "group")),
        "token": Word(record({"elevated": Word(boolean)})),
        "network": Word(
            record(
                {
                    "listen": Word(boolean),
                    "auth": Word(list_of(choice("ntlm", "basic"), least=1)),
                    "https": Word(boolean),
                    "latency_ms": Word(integer(0, 600_000)),
                    "run_ms": Word(integer(0, 600_000)),
                    "dies_after": Word(text()),
                    "faults": Word(list_of(fault)),
                },
            ),
        ),
        "survives_reboot": Word(list_of(_survivor)),
        "misbehaves": Word(unique(list_of(choice(*MISBEHAVIOURS)), str, "word")),
        "clock_jump": Word(_CLOCK_JUMP),
        "second_installer": Word(_SECOND_INSTALLER),
        "power_cut": Word(_POWER_CUT),
        "free_mb": Word(integer(0)),
        "servicing_after_boot_minutes": Word(number(0, 100_000)),
    },
)
