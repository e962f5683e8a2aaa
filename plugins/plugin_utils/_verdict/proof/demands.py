# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is to be proved: updates, each with what shows it, as a user names them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..._evidence.update import kb_number, update_id
from ..._evidence.wording import nearest, printable, type_name
from ..baseline.months import Build, parse_build
from ..compliance.file_rules import FileRule, parse_file_rules
from ..policy import PolicyError

MAX_UPDATES = 100
MAX_PACKAGES = 50
_KEYS = ("kb", "id", "packages", "builds")
_PACKAGE = re.compile(r"[^\\/*?\[\]\x00-\x1f]{5,250}")
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class ProofError(ValueError):
    """Demands that cannot be used; ``mistakes`` names every key and what it takes."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = tuple(mistakes)


@dataclass(frozen=True, slots=True)
class Demand:
    """One update that is to be there: ``kb`` is digits, ``packages`` exact names of component servicing."""

    kb: str | None = None
    id: str | None = None
    packages: tuple[str, ...] = ()
    builds: tuple[Build, ...] = ()
    rules: tuple[FileRule, ...] = ()

    @property
    def key(self) -> str:
        """What results call it."""
        return f"KB{self.kb}" if self.kb else self.id or (self.packages[0] if self.packages else "host")


def parse_demands(updates: object, builds: object, file_rules: object) -> tuple[Demand, ...]:
    """Return what is to be proved; raise ProofError with every mistake.

    ``updates`` is a list of KB numbers, update ids or mappings with kb, id, packages and builds. ``builds`` (texts such
    as 20348.2700) that belong to no update become a demand of their own, called `host`. ``file_rules`` are those of the
    compliance policy; a rule of an update that is not in the list adds it.
    """
    mistakes: list[str] = []
    demands = _updates(updates, mistakes)
    rules = _rules(file_rules, mistakes)
    whole = _builds(builds, "builds", mistakes)
    demands = [_with_rules(demand, rules) for demand in demands]
    known = {rule for demand in demands for rule in demand.rules}
    for rule in rules:
        if rule not in known:
            demand = _with_rules(Demand(kb=rule.kb, id=rule.update), rules)
            known.update(demand.rules)
            demands.append(demand)
    if whole:
        demands.append(Demand(builds=whole))
    keys = [demand.key for demand in demands]
    mistakes += [f"updates: {key} is named twice" for key in dict.fromkeys(keys) if keys.count(key) > 1]
    if not demands and not mistakes:
        mistakes.append("updates, builds, file_rules: say what is to be proved")
    if len(demands) > MAX_UPDATES:
        mistakes.append(f"updates: {len(demands)} are more than the {MAX_UPDATES} that one run proves")
    if mistakes:
        raise ProofError(mistakes)
    return tuple(demands)


def _with_rules(demand: Demand, rules: Sequence[FileRule]) -> Demand:
    mine = tuple(
        rule
        for rule in rules
        if (rule.kb is not None and rule.kb == demand.kb) or (rule.update is not None and rule.update == demand.id)
    )
    return Demand(demand.kb, demand.id, demand.packages, demand.builds, mine)


def _updates(value: object, mistakes: list[str]) -> list[Demand]:
    if value is None:
        return []
    if not isinstance(value, (list, tuple)):
        mistakes.append(f"updates: must be a list of KB numbers, ids or mappings, not {type_name(value)}")
        return []
    return [_update(entry, f"updates[{place}]", mistakes) for place, entry in enumerate(value)]


def _update(entry: object, where: str, mistakes: list[str]) -> Demand:
    if not isinstance(entry, Mapping):
        kb, name = kb_number(entry), update_id(entry)
        if kb is None and (name is None or not _GUID.fullmatch(name)):
            shown = printable(str(entry)[:60])
            mistakes.append(f"{where}: {shown!r} is neither a KB number such as KB5030216 nor the id of an update")
        return Demand(kb=kb, id=None if kb else name)
    for key in entry:
        if key not in _KEYS:
            hint = nearest(str(key), _KEYS)
            mistakes.append(f"{where}.{str(key)[:60]}: no such key{hint}; there are {', '.join(_KEYS)}")
    kb, name = entry.get("kb"), entry.get("id")
    number, found = kb_number(kb), update_id(name)
    if kb is not None and number is None:
        mistakes.append(f"{where}.kb: {printable(str(kb)[:60])!r} is no KB number such as KB5030216")
    if name is not None and (found is None or not _GUID.fullmatch(found)):
        mistakes.append(f"{where}.id: {printable(str(name)[:60])!r} is no id of an update")
    packages = _packages(entry.get("packages"), f"{where}.packages", mistakes)
    if number is None and found is None and not packages:
        mistakes.append(f"{where}: needs kb, id or packages")
    return Demand(number, found, packages, _builds(entry.get("builds"), f"{where}.builds", mistakes))


def _packages(value: object, where: str, mistakes: list[str]) -> tuple[str, ...]:
    if value is None:
        return ()
    names = value if isinstance(value, (list, tuple)) else None
    if names is None or not all(isinstance(name, str) and _PACKAGE.fullmatch(name) for name in names):
        mistakes.append(f"{where}: must be a list of whole package names, without wildcards")
        return ()
    if len(names) > MAX_PACKAGES:
        mistakes.append(f"{where}: {len(names)} are more than {MAX_PACKAGES}")
    return tuple(names)


def _builds(value: object, where: str, mistakes: list[str]) -> tuple[Build, ...]:
    if value is None:
        return ()
    found = [parse_build(text) for text in value] if isinstance(value, (list, tuple)) else [None]
    builds = tuple(build for build in found if build is not None)
    if len(builds) != len(found):
        mistakes.append(f"{where}: must be a list of builds with their revision, such as '20348.2700' (in quotes)")
    return builds


def _rules(value: object, mistakes: list[str]) -> tuple[FileRule, ...]:
    if value is None:
        return ()
    try:
        return parse_file_rules(value, "file_rules")
    except PolicyError as error:
        mistakes.extend(error.mistakes)
        return ()
