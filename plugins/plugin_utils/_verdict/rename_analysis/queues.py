# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Both values of the rename queue, from whatever holds them: evidence, the reader's answer, or plain lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..._evidence.answers import Reading, answer_of, value_of
from ..._evidence.wording import printable, type_name
from ..judge_queue import VALUES
from ..rename_queue import RenameEntry, RenameQueueError, parse_rename_queue

PROBE = "session_manager"
FIRST, SECOND = VALUES
MAX_PROBLEM = 300
_VALUE_NAMES = frozenset(name.lower() for name in VALUES.values())


@dataclass(frozen=True, slots=True)
class Queues:
    """The operations in the order in which a boot carries them out: the first value, then its overflow.

    ``values`` holds the strings of each value that was readable and is there, by the value's name; ``problems`` are
    sentences about what was not readable or is malformed: then the entries are not all, or not certain.
    """

    entries: tuple[RenameEntry, ...]
    values: Mapping[str, tuple[str, ...]]
    problems: tuple[str, ...]


def read_queues(source: object) -> Queues:
    """Return the queues of a list of strings (the first value), or of a mapping; never raises.

    A mapping is an evidence document, a result with `probes`, the answer of the probe `session_manager`, its `data`,
    the values by name (lists, or `{kind, data}`), or a scan document. A list of mappings with `raw` is a scan's queue.
    """
    if isinstance(source, (list, tuple)):
        return _from_list(source)
    if not isinstance(source, Mapping):
        return _nothing(f"the queue must be a list of strings or a mapping, not {type_name(source)}")
    probes = source.get("probes")
    if isinstance(probes, Mapping):
        answer = answer_of(probes, PROBE)
    elif "state" in source:
        answer = answer_of({PROBE: source}, PROBE)
    else:
        return _from_mapping(source)
    if answer.reading is Reading.FOUND:
        return _from_data(answer.data)
    if answer.reading is Reading.ABSENT:
        return Queues((), {}, ())
    return _nothing(f"the queue could not be read: {answer.reason}")


def _from_mapping(source: Mapping[str, object]) -> Queues:
    """A mapping that is no answer of the reader. One that holds no queue is no empty queue."""
    if "values" in source:
        return _from_data(source)
    if any(str(name).lower() in _VALUE_NAMES for name in source):
        return _from_data({"values": source})
    queue = source.get("queue")
    if isinstance(queue, (list, tuple)):
        return _from_list(queue)
    if "queue" in source:
        return _nothing("the scan could not read the queue")
    return _nothing("the mapping holds no queue: neither probes, nor values, nor a value by its name")


def _nothing(problem: str) -> Queues:
    return Queues((), {}, (printable(problem[:MAX_PROBLEM]),))


def _from_list(items: Sequence[object]) -> Queues:
    if items and all(isinstance(item, Mapping) for item in items):
        strings: list[object] = []
        for item in items:
            raw = item.get("raw") if isinstance(item, Mapping) else None
            if not isinstance(raw, (list, tuple)) or len(raw) != 2:
                return _nothing("an entry of the queue holds no pair of strings under raw")
            strings.extend(raw)
        items = strings
    return _parse([(FIRST, list(items))], [])


def _from_data(data: Mapping[str, object]) -> Queues:
    values = data.get("values")
    if not isinstance(values, Mapping):
        return _nothing("the answer of the Session Manager's key is damaged: it holds no values")
    found: list[tuple[str, object]] = []
    problems: list[str] = []
    plain = {str(name): _wrapped(value) for name, value in values.items()}
    for queue, name in VALUES.items():
        exists, kind, strings = value_of({"values": plain}, name)
        if not exists:
            continue
        if kind == "REG_MULTI_SZ":
            found.append((queue, strings))
        else:
            problems.append(f"{name} is {printable(kind) if kind else 'unreadable'}, not REG_MULTI_SZ")
    return _parse(found, problems)


def _wrapped(value: object) -> object:
    return {"kind": "REG_MULTI_SZ", "data": value} if isinstance(value, (list, tuple)) else value


def _parse(found: Sequence[tuple[str, object]], problems: Sequence[str]) -> Queues:
    entries: list[RenameEntry] = []
    values: dict[str, tuple[str, ...]] = {}
    wrong = list(problems)
    for queue, strings in found:
        try:
            parsed = parse_rename_queue(strings, queue=queue)
        except RenameQueueError as error:
            wrong.append(f"the value is damaged: {error}")
            continue
        entries.extend(parsed.entries)
        wrong.extend(parsed.malformed)
        values[VALUES[queue]] = tuple(strings) if isinstance(strings, (list, tuple)) else ()
    return Queues(tuple(entries), values, tuple(printable(text[:MAX_PROBLEM]) for text in wrong))
