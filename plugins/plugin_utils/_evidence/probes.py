# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The ten kinds of probe and their options: what may be asked, checked before anything is sent to a host."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .wording import nearest

# One WinRM Send carries 200,000 bytes, of which the reader and the wrapper of ansible-core need about a quarter.
MAX_INPUT_BYTES = 120_000

READING_METHODS = frozenset(
    {
        "CCM_ClientUtilities.DetermineIfRebootPending",
        "MSFT_DSCLocalConfigurationManager.GetMetaConfiguration",
    }
)


class ProbeError(ValueError):
    """Probes that must not be sent; ``mistakes`` names every position, option and remedy."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = tuple(mistakes)


def _is_text(value: object) -> str | None:
    return None if isinstance(value, str) and value.strip() else "must be a text"


def _is_hive_path(value: object) -> str | None:
    if isinstance(value, str) and value.upper().startswith("HKEY_LOCAL_MACHINE\\") and len(value) > 19:
        return None
    return "must be a path such as HKEY_LOCAL_MACHINE\\SOFTWARE\\Vendor"


def _is_names(value: object) -> str | None:
    if isinstance(value, list) and value and all(isinstance(name, str) and name.strip() for name in value):
        return None if not any(set("*?[]") & set(name) for name in value) else "must hold names without wildcards"
    return "must be a list of names"


def _is_value_names(value: object) -> str | None:
    return (
        None
        if isinstance(value, list) and all(isinstance(name, str) for name in value)
        else "must be a list of value names"
    )


def _is_flag(value: object) -> str | None:
    return None if isinstance(value, bool) else "must be true or false"


def _is_count(value: object) -> str | None:
    fits = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return None if fits else "must be a whole number that is not negative"


def _is_some(value: object) -> str | None:
    return None if _is_count(value) is None and value else "must be a whole number above zero"


def _is_event_ids(value: object) -> str | None:
    if isinstance(value, list) and value and all(_is_count(number) is None for number in value):
        return None
    return "must be a list of event ids"


Check = Callable[[object], "str | None"]

# kind -> (required options, optional options); `id` and `kind` go with every probe.
KINDS: Mapping[str, tuple[Mapping[str, Check], Mapping[str, Check]]] = {
    "registry": (
        {"path": _is_hive_path},
        {"values": _is_value_names, "subkeys": _is_flag, "write_time": _is_flag},
    ),
    "cim_query": ({"namespace": _is_text, "class": _is_text}, {"filter": _is_text, "properties": _is_names}),
    "cim_method": ({"namespace": _is_text, "class": _is_text, "method": _is_text}, {}),
    "com_property": ({"progid": _is_text, "property": _is_text}, {}),
    "file": ({"path": _is_text}, {"version": _is_flag, "hash": _is_flag}),
    "text_tail": ({"path": _is_text}, {"offset": _is_count, "max_bytes": _is_some}),
    "process": ({"names": _is_names}, {}),
    "service": ({"names": _is_names}, {}),
    "mutex": ({"name": _is_text}, {}),
    "event": ({"log": _is_text, "max": _is_some}, {"provider": _is_text, "ids": _is_event_ids}),
}


def _mistakes_of_options(where: str, kind: str, probe: Mapping[str, Any]) -> list[str]:
    required, optional = KINDS[kind]
    known = {**required, **optional}
    mistakes = [f"{where}.{name}: {kind} needs this option" for name in required if name not in probe]
    for name, value in probe.items():
        if name in ("id", "kind"):
            continue
        if name not in known:
            allowed = sorted(known)
            mistakes.append(
                f"{where}.{name}: {kind} has no such option{nearest(str(name), allowed)}; it has {', '.join(allowed)}"
            )
        elif complaint := known[name](value):
            mistakes.append(f"{where}.{name}: {complaint}")
    if kind == "cim_method" and not mistakes and f"{probe['class']}.{probe['method']}" not in READING_METHODS:
        mistakes.append(
            f"{where}.method: {probe['class']}.{probe['method']} is not on the list of methods that only read: "
            + ", ".join(sorted(READING_METHODS))
        )
    return mistakes


def _mistakes_of_probe(where: str, probe: object) -> list[str]:
    if not isinstance(probe, Mapping):
        return [f"{where}: a probe is a mapping with id, kind and options"]
    mistakes = []
    if not isinstance(probe.get("id"), str) or not probe["id"].strip():
        mistakes.append(f"{where}.id: must be a text")
    kind = probe.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        kinds = sorted(KINDS)
        mistakes.append(
            f"{where}.kind: {kind!r} is no kind of probe{nearest(str(kind), kinds)}; there are {', '.join(kinds)}"
        )
        return mistakes
    return mistakes + _mistakes_of_options(where, kind, probe)


def validate_probes(probes: object) -> list[dict[str, Any]]:
    """Return the probes, checked; raise ProbeError with every mistake by position, option and remedy.

    ``probes`` is a list of ``{id, kind, ...}`` with the options of KINDS; ids are unique; as JSON they stay below
    MAX_INPUT_BYTES, so that they reach the host in one WinRM message.
    """
    if not isinstance(probes, list) or not probes:
        raise ProbeError(["probes: must be a list with at least one probe"])
    mistakes = [text for place, probe in enumerate(probes) for text in _mistakes_of_probe(f"probes[{place}]", probe)]
    if not mistakes:
        seen: set[str] = set()
        for place, probe in enumerate(probes):
            # PowerShell's hash tables ignore case: one answer would overwrite the other.
            if probe["id"].casefold() in seen:
                mistakes.append(f"probes[{place}].id: {probe['id']!r} is taken by an earlier probe (case is ignored)")
            seen.add(probe["id"].casefold())
    if mistakes:
        raise ProbeError(mistakes)
    size = len(json.dumps(probes))
    if size > MAX_INPUT_BYTES:
        raise ProbeError([f"probes: {size} bytes as JSON are more than the {MAX_INPUT_BYTES} that one message carries"])
    return [dict(probe) for probe in probes]
