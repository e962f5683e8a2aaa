# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The hosts that were given: what is to be known of each, and those whose entry cannot be used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..._evidence.wording import nearest, printable, type_name
from ..keys import PlanError, short

MOST_HOSTS = 100_000
LONGEST_NAME = 253
TODO, RUNNING, VERIFIED, FAILED, UNKNOWN = "todo", "running", "verified", "failed", "unknown"
STARTED = (RUNNING, VERIFIED, FAILED, UNKNOWN)
STATES = (TODO, *STARTED)
KEYS = ("name", "cluster", "labels", "windows", "order", "canary", "state", "ready", "wave")
_HOST_NAME = "inventory_hostname"
_MOST_LABELS = 100
_LARGEST = 1_000_000


class HostError(ValueError):
    """An entry that cannot be used; the message names the key."""


@dataclass(frozen=True, slots=True)
class Host:
    """One host. ``ready`` None: its hook has not answered, or what it answered makes no sense.

    ``windows`` are its own specs as given; ``has_windows`` tells whether it has some, be it an empty list.
    """

    position: int
    name: str
    clusters: frozenset[str] = frozenset()
    order: int = 0
    canary: bool = False
    state: str = TODO
    ready: bool | None = None
    wave: int | None = None
    windows: object = None
    has_windows: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """A host that is in no wave of this plan, and why."""

    name: str | None
    word: str
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """Return it as the plan shows it."""
        return {"host": self.name, "word": self.word, "reason": printable(self.reason)}


def read_hosts(hosts: object) -> tuple[list[Host], list[Held]]:
    """Return the hosts of a list of names or mappings, or of a mapping by name, and those that cannot be used.

    A mapping may be the variables of a host: then ``patch_cluster``, ``patch_windows`` and so on count, and nothing
    else. Raises PlanError where it is neither list nor mapping. Of two entries of one name the first counts.
    """
    found: list[Host] = []
    held: list[Held] = []
    seen: set[str] = set()
    for position, (name, keys) in enumerate(_entries(hosts)):
        try:
            if name in seen:
                raise HostError("it stands in the list twice; the first entry counts")
            host = _host(position, name, keys)
        except HostError as error:
            held.append(Held(printable(name[:LONGEST_NAME]) if isinstance(name, str) else None, "damaged", str(error)))
            continue
        seen.add(host.name)
        found.append(host)
    return found, held


def _entries(hosts: object) -> Iterator[tuple[Any, Any]]:
    if isinstance(hosts, Mapping):
        pairs = [(name, {} if keys is None else _own(keys)) for name, keys in hosts.items()]
    elif isinstance(hosts, (list, tuple, Iterator)):
        # A template's `map` gives an iterator to the filter after it.
        entries = [_own(entry) for entry in hosts]
        pairs = [(entry.get("name"), entry) if isinstance(entry, Mapping) else (entry, {}) for entry in entries]
    else:
        raise PlanError([f"hosts: must be a list of names or mappings, or a mapping by name, not {type_name(hosts)}"])
    if len(pairs) > MOST_HOSTS:
        raise PlanError([f"hosts: {len(pairs)} are given; {MOST_HOSTS} are allowed"])
    return iter(pairs)


def _own(entry: Any) -> Any:
    """Return an entry; of the variables of a host, which its name among them tells, those that are meant for us."""
    if not isinstance(entry, Mapping) or _HOST_NAME not in entry:
        return entry
    return {"name": entry[_HOST_NAME], **{key: entry.get(f"patch_{key}") for key in KEYS if key != "name"}}


def _host(position: int, name: object, keys: object) -> Host:
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME:
        raise HostError(f"entry {position + 1} has no name of a host, but {short(name)}")
    if not isinstance(keys, Mapping):
        raise HostError(f"what is given for it must be a mapping, not {type_name(keys)}")
    for key in keys:
        if key not in KEYS:
            # A misspelled cluster would let two of its members stand still at once.
            raise HostError(f"{short(key)}: no such key{nearest(str(key)[:60], KEYS)}; there are {', '.join(KEYS)}")
    return Host(
        position=position,
        name=str(name),
        clusters=_clusters(keys),
        order=_number(keys, "order", -_LARGEST) or 0,
        canary=_flag(keys, "canary"),
        state=_state(keys.get("state")),
        ready=keys["ready"] if keys.get("ready") in (True, False) and isinstance(keys["ready"], bool) else None,
        wave=_number(keys, "wave", 1),
        windows=keys.get("windows"),
        has_windows=keys.get("windows") is not None,
    )


def _clusters(keys: Mapping[str, Any]) -> frozenset[str]:
    labels = keys.get("labels")
    if labels is not None and not isinstance(labels, Mapping):
        raise HostError(f"labels: must be a mapping, not {type_name(labels)}")
    return _texts(keys.get("cluster")) | _texts((labels or {}).get("cluster"))


def _texts(value: object) -> frozenset[str]:
    if value is None:
        return frozenset()
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, (list, tuple)) or len(given) > _MOST_LABELS:
        raise HostError(f"cluster: must be a text or a list of texts, not {short(value)}")
    if not all(isinstance(label, str) and label.strip() for label in given):
        raise HostError(f"cluster: must be a text or a list of texts, not {short(value)}")
    return frozenset(label.strip() for label in given)


def _number(keys: Mapping[str, Any], key: str, least: int) -> int | None:
    value = keys.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _LARGEST:
        raise HostError(f"{key}: must be a whole number from {least} to {_LARGEST}, not {short(value)}")
    return int(value)


def _flag(keys: Mapping[str, Any], key: str) -> bool:
    value = keys.get(key)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise HostError(f"{key}: must be true or false, not {short(value)}")


def _state(value: object) -> str:
    """What nobody understands is unknown, never done and never still to do."""
    if value is None:
        return TODO
    return value if isinstance(value, str) and value in STATES else UNKNOWN
