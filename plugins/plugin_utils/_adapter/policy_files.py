# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Policies that stand in files: found, read, and checked as a whole, every mistake named with its line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

from .._evidence.times import format_time
from .._evidence.wording import nearest, type_name
from .._verdict.compliance.policy import parse_compliance_policy
from .._verdict.policy import PolicyError

MAX_FILE_BYTES = 1024 * 1024
MAX_VALUES = 100_000
MAX_DEPTH = 20
# So many are told at once; who mends them sees the next.
MOST_MISTAKES = 50
SHIPPED_FOLDER = Path(__file__).resolve().parents[3] / "roles" / "patch_gate" / "files"

# Returns the path of a file of the play, or None.
Find = Callable[[str], "str | None"]

_STEP = re.compile(r"\.([^.\[\]:]+)|\[([0-9]{1,6})\]")


class PolicyFileError(ValueError):
    """A policy file that cannot be used; the message names file, lines and keys."""


class _TooMuchError(Exception):
    """More data than any policy has."""


def shipped_names() -> list[str]:
    """Return the names of the policies that come with the collection."""
    return sorted(path.stem for path in SHIPPED_FOLDER.glob("*.yml"))


def load_policy(name: str, find: Find, *, custom: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return the policy of a file of the play, or of a shipped one, by its name with or without ``.yml``.

    ``custom`` are the ids of the user's own signals, which the policy may name. Times and days are texts in what is
    returned, so that it can be kept as JSON. Raises PolicyFileError.
    """
    path = _path(name, find)
    return read_policy(path, name if path.name in name else path.name, custom=custom)


def read_policy(path: Path, name: str, *, custom: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return the policy of one file; ``name`` is what messages call it."""
    document = _document(_text(path, name), name)
    if document is None:
        raise PolicyFileError(f"{name}: is empty; a policy is a mapping, such as name: security monthly")
    root, value = document
    wrong = [(node.start_mark.line + 1, problem) for node, problem in _twice(root)]
    if not isinstance(value, Mapping):
        raise PolicyFileError(f"{name}:1: must hold one mapping of policy keys, not {type_name(value)}")
    try:
        policy: dict[str, Any] = _plain(value, [MAX_VALUES])
    except _TooMuchError:
        raise PolicyFileError(f"{name}: holds more than {MAX_VALUES} values, or is nested too deep") from None
    try:
        parse_compliance_policy(policy, custom=custom)
    except PolicyError as error:
        wrong.extend((_line(root, mistake), mistake) for mistake in error.mistakes)
    if wrong:
        shown = [f"{name}:{line}: {problem}" for line, problem in sorted(wrong)[:MOST_MISTAKES]]
        more = len(wrong) - len(shown)
        raise PolicyFileError("; ".join([*shown, *([f"and {more} more mistakes"] if more else [])]))
    return policy


def _path(name: str, find: Find) -> Path:
    names = [name] if Path(name).suffix.lower() in (".yml", ".yaml") else [f"{name}.yml", f"{name}.yaml", name]
    for candidate in names:
        found = find(candidate)
        if found and Path(found).is_file():
            return Path(found)
    shipped = shipped_names()
    stem = name.removesuffix(".yml").removesuffix(".yaml")
    if stem in shipped:
        return SHIPPED_FOLDER / f"{stem}.yml"
    raise PolicyFileError(
        f"{name}: there is no such file in files/ of the play or role, and no policy of this name comes with the "
        f"collection{nearest(stem, shipped)}; there are {', '.join(shipped)}"
    )


def _text(path: Path, name: str) -> str:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise PolicyFileError(f"{name}: larger than {MAX_FILE_BYTES} bytes; a policy is a page")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyFileError(f"{name}: cannot be read: {' '.join(str(error).split())[:300]}") from None


class _Loader(yaml.SafeLoader):
    """Names the line also of what looks like a day or a number and is none, such as 2027-02-30."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Return the value of a node; raise MarkedYAMLError where there is none."""
        try:
            return super().construct_object(node, deep=deep)
        except ValueError as error:
            raise yaml.MarkedYAMLError(None, None, f"{str(node.value)[:60]!r}: {error}", node.start_mark) from None


def _document(text: str, name: str) -> tuple[yaml.Node, object] | None:
    try:
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
            return None if root is None else (root, loader.construct_document(root))
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        what = " ".join(part for part in (error.context, error.problem) if part)
        raise PolicyFileError(f"{name}:{line}: is not YAML: {what}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise PolicyFileError(f"{name}: is not YAML: {' '.join(str(error).split())[:300]}") from None


def _twice(root: yaml.Node) -> Iterator[tuple[yaml.Node, str]]:
    """Keys that stand twice in a mapping: YAML readers keep the last without a word."""
    pending, seen = [root], set()
    while pending:
        node = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            pending.extend(node.value)
        elif isinstance(node, yaml.MappingNode):
            pending.extend(value for _key, value in node.value)
            keys = Counter(str(key.value) for key, _value in node.value)
            again = {str(key.value): key for key, _value in node.value if keys[str(key.value)] > 1}
            yield from ((key, f"{name[:60]} stands here twice") for name, key in again.items())


def _line(root: yaml.Node, mistake: str) -> int:
    """The line on which stands what a mistake names, or the nearest thing around it that is there."""
    node, line = root, 1
    position = len("policy") if mistake.startswith("policy") else 0
    while step := _STEP.match(mistake, position):
        key, index = step.groups()
        inner = _entry(node, key, index)
        if inner is None:
            break
        node, line = inner
        position = step.end()
    return line


def _entry(node: yaml.Node, key: str | None, index: str | None) -> tuple[yaml.Node, int] | None:
    if index is not None and isinstance(node, yaml.SequenceNode) and int(index) < len(node.value):
        entry = node.value[int(index)]
        return entry, entry.start_mark.line + 1
    if key is not None and isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if str(name.value) == key:
                return value, name.start_mark.line + 1
    return None


def _plain(value: Any, left: list[int], depth: int = 0) -> Any:
    """Anchors let a short file hold endless data: ``left`` counts down what may still come."""
    left[0] -= 1
    if left[0] < 0 or depth > MAX_DEPTH:
        raise _TooMuchError
    if isinstance(value, dict):
        return {
            key if isinstance(key, str) else str(key): _plain(entry, left, depth + 1) for key, entry in value.items()
        }
    if isinstance(value, (list, tuple, set)):
        return [_plain(entry, left, depth + 1) for entry in value]
    if isinstance(value, datetime):
        return format_time(value) if value.tzinfo else f"{value.isoformat(timespec='seconds')}Z"
    return value.isoformat() if isinstance(value, date) else value
