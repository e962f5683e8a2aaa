# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The words of a host file below `update_agent`. Left out, the words beyond design §8 mean a healthy agent."""

from __future__ import annotations

from typing import Any, Final

import yaml

from ..agent import lines, services
from ..agent.categories import TRANSLATIONS
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
from .problems import Place

_any_text = text(empty=True)
_hresult = text(pattern="0x[0-9a-f]{8}", meaning="an HRESULT like 0x8024401F")
_result = text(
    pattern="ok|roll_back|hang|fail:0x[0-9a-f]{8}", meaning="ok, roll_back, hang or fail:0x with eight digits"
)
_download = text(pattern="ok|fail:0x[0-9a-f]{8}", meaning="ok or fail:0x with eight digits")
_file_path = text(pattern=r"[A-Za-z]:\\.+", meaning=r"a full Windows path like C:\Temp\wsusscn2.cab")
# Services that an update can be offered by, and places that a search can fail at.
_OFFERS: Final = tuple(word for word in services.SELECTIONS if word != "default")
_PLACES: Final = (*services.SELECTIONS, "local", "scan_cab")


def _text_or(words: Check) -> Check:
    """Text where a name is enough, else a map of words."""

    def check(node: yaml.Node, place: Place) -> Any | Invalid:
        return words(node, place) if isinstance(node, yaml.MappingNode) else text()(node, place)

    return check


_FAILURE: Final = record(
    {"hresult": Word(_hresult, required=True), "source": Word(choice(*_PLACES)), "times": Word(integer(1))}
)


def _failure(node: yaml.Node, place: Place) -> dict[str, Any] | Invalid:
    """A bare HRESULT fails the next search only; a map fails for good unless it says how many times."""
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] | Invalid = _FAILURE(node, place)
    else:
        code = _hresult(node, place)
        found = INVALID if isinstance(code, Invalid) else {"hresult": code, "times": 1}
    if isinstance(found, dict) and "hresult" in found:
        found["hresult"] = f"0x{found['hresult'][2:].upper()}"
    return found


_HISTORY: Final = {
    "operation": (lines.OPERATIONS, "install, uninstall or a number"),
    "result": (lines.RESULTS, "succeeded, failed, another result or a number"),
    "server_selection": (lines.SELECTIONS, "default, managed_server, windows_update, service or a number"),
}


def _history(node: yaml.Node, place: Place) -> dict[str, Any] | Invalid:
    """A free map; what the agent will tell of it must be understood."""
    found = any_map(node, place)
    if not isinstance(found, dict) or not isinstance(node, yaml.MappingNode):
        return INVALID
    for key, value in node.value:
        if key.value in {"at", "date"}:
            found[key.value] = moment(value, place.below(key.value))
    for word, (known, meaning) in _HISTORY.items():
        value = found.get(word)
        if value is not None and value not in known and not (isinstance(value, int) and not isinstance(value, bool)):
            place.below(word).refuse(line_of(node), f"must be {meaning}, not {value!r}")
    return found


_PRODUCT: Final = record({"id": Word(text()), "name": Word(text(), required=True)})
_CATEGORY: Final = record(
    {
        "id": Word(text()),
        "name": Word(_any_text, required=True),
        "type": Word(choice("UpdateClassification", "Product", "ProductFamily", "Company")),
    },
)
UPDATE: Final = record(
    {
        "id": Word(text(), required=True),
        "revision": Word(integer(0)),
        "title": Word(_any_text),
        "kb": Word(list_of(text())),
        "severity": Word(_any_text),
        "classification": Word(text()),
        "size": Word(integer(0)),
        "installed": Word(boolean),
        "reboot_required": Word(boolean),
        "reboot_behavior": Word(choice(*lines.REBOOT_BEHAVIOR)),
        "impact": Word(choice(*lines.IMPACT)),
        "run_minutes": Word(integer(0)),
        "result": Word(_result),
        "supersedes": Word(list_of(text())),
        "renames": Word(list_of(list_of(_any_text, least=2, most=2))),
        # From part 3 on.
        "products": Word(list_of(_text_or(_PRODUCT))),
        "categories": Word(list_of(_CATEGORY)),
        "type": Word(choice("software", "driver")),
        "cves": Word(list_of(text())),
        "bulletins": Word(list_of(text())),
        "hidden": Word(boolean),
        "downloaded": Word(boolean),
        "mandatory": Word(boolean),
        "present": Word(boolean),
        "beta": Word(boolean),
        "uninstallable": Word(boolean),
        "browse_only": Word(boolean),
        "user_input": Word(boolean),
        "eula_accepted": Word(boolean),
        "deployment_action": Word(choice(*lines.DEPLOYMENT)),
        "deadline": Word(moment),
        "released": Word(moment),
        "superseded_by": Word(list_of(text())),
        "offered_by": Word(list_of(choice(*_OFFERS))),
        "unreadable": Word(list_of(choice(*lines.UPDATE))),
        # From part 6 on.
        "download": Word(_download),
        "download_fails": Word(integer(0)),
        "download_minutes": Word(number(0, 6000)),
        "interactive": Word(boolean),
        "hard_reboot": Word(boolean),
        "lingers_minutes": Word(number(0, 6000)),
        "reboots_itself": Word(boolean),
        "kills_worker": Word(boolean),
        "refuses_eula": Word(boolean),
        "overwrites_queue": Word(boolean),
        "overwrites_run_once": Word(boolean),
    },
)
_CATALOG: Final = record(
    {"date": Word(moment), "updates": Word(list_of(text())), "signed": Word(boolean), "damaged": Word(boolean)}
)
_SERVICE: Final = record(
    {"id": Word(text(), required=True), "name": Word(text()), "managed": Word(boolean), "server": Word(text())},
)
_WARNING: Final = record(
    {"context": Word(integer()), "hresult": Word(_hresult, required=True), "message": Word(_any_text)}
)

AGENT: Final = record(
    {
        "remote": Word(choice("allowed", "denied")),
        "reboot_required": Word(boolean),
        "source": Word(record({"managed": Word(boolean), "server": Word(_any_text)})),
        "updates": Word(unique(list_of(UPDATE), lambda update: str(update.get("id", "")).lower(), "update")),
        "history": Word(list_of(_history)),
        # From part 3 on.
        "scan_minutes": Word(number(0, 600)),
        "search_fails": Word(list_of(_failure)),
        "search_kills_worker": Word(boolean),
        "warnings": Word(list_of(_WARNING)),
        "catalogs": Word(mapping(_file_path, _CATALOG)),
        "services": Word(unique(list_of(_SERVICE), lambda service: str(service.get("id", "")).lower(), "service")),
        "language": Word(choice(*TRANSLATIONS)),
        "version": Word(text()),
        "busy": Word(boolean),
        "reboot_required_before_installation": Word(boolean),
        "unreadable": Word(list_of(choice(*lines.INSTALLER_FLAGS))),
    },
)
