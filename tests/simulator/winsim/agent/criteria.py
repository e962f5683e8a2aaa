# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The criteria of a search: parsed by the agent's grammar (windows.md §2.3), and what an update is held against."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .categories import DRIVERS

_TOKEN: Final = re.compile(r"\s*(?:(?P<text>'[^']*')|(?P<number>\d+)|(?P<sign>!=|=|\(|\))|(?P<word>\*|\w+))")
_GUID: Final = re.compile(r"'[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'")
_FLAG: Final = re.compile("[01]")
_NUMBER: Final = re.compile(r"\d+")


class CriteriaError(Exception):
    """Not legal: WU_E_INVALID_CRITERIA."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One comparison; `value` is in lower case and without quotes."""

    name: str
    operator: str
    value: str


AndGroup = list[Criterion]


def is_driver(update: Mapping[str, Any]) -> bool:
    said = update.get("type")
    return said == "driver" if said else str(update.get("classification", "")).lower() == DRIVERS.lower()


def _installed(update: Mapping[str, Any]) -> bool:
    return bool(update.get("installed"))


def _flag(word: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda update: "1" if update.get(word) else "0"


# name -> its operators, the form of its value, and what an update holds there (in lower case).
_NAMES: Final[Mapping[str, tuple[tuple[str, ...], re.Pattern[str], Callable[[Mapping[str, Any]], str]]]] = {
    "type": (("=", "!="), re.compile("'(?:software|driver)'"), lambda u: "driver" if is_driver(u) else "software"),
    "deploymentaction": (
        ("=",),
        re.compile(r"\*|'(?:installation|uninstallation|optionalinstallation|detection)'"),
        lambda u: str(u.get("deployment_action", "installation")).replace("_", ""),
    ),
    "isassigned": (("=",), _FLAG, lambda u: "0" if u.get("browse_only") else "1"),
    "browseonly": (("=",), _FLAG, _flag("browse_only")),
    "autoselectonwebsites": (("=",), _FLAG, lambda u: "0" if u.get("browse_only") else "1"),
    "updateid": (("=", "!="), _GUID, lambda u: str(u["id"]).lower()),
    "revisionnumber": (("=",), _NUMBER, lambda u: str(u.get("revision", 1))),
    "categoryids": (("contains",), _GUID, lambda _u: ""),
    "isinstalled": (("=",), _FLAG, _flag("installed")),
    "ishidden": (("=",), _FLAG, _flag("hidden")),
    "ispresent": (("=",), _FLAG, lambda u: "1" if u.get("present", _installed(u)) else "0"),
    "rebootrequired": (("=",), _FLAG, _flag("reboot_required")),
}


def parse(criteria: str) -> list[AndGroup]:
    """The groups, joined by `or`; in each all must hold. Raises CriteriaError."""
    groups = _Parser(criteria).groups()
    for group in groups:
        names = {criterion.name for criterion in group if criterion.operator == "="}
        if "revisionnumber" in names and "updateid" not in names:
            raise CriteriaError(criteria)
    return groups


def matches(groups: list[AndGroup], update: Mapping[str, Any], category_ids: set[str]) -> bool:
    """Whether one of the groups fits. A group that is silent about DeploymentAction means 'Installation'."""
    return any(_fits(group, update, category_ids) for group in groups)


def _fits(group: AndGroup, update: Mapping[str, Any], category_ids: set[str]) -> bool:
    asked = {criterion.name for criterion in group}
    if "deploymentaction" not in asked and _NAMES["deploymentaction"][2](update) != "installation":
        return False
    return all(_holds(criterion, update, category_ids) for criterion in group)


def _holds(criterion: Criterion, update: Mapping[str, Any], category_ids: set[str]) -> bool:
    if criterion.operator == "contains":
        return criterion.value in category_ids
    if criterion.value == "*":
        return True
    return (_NAMES[criterion.name][2](update) == criterion.value) == (criterion.operator == "=")


class _Parser:
    """`or` only at the top; parentheses around one criterion or around a whole group."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens = self._split(source)

    def groups(self) -> list[AndGroup]:
        groups = [self._group()]
        while self._takes("or"):
            groups.append(self._group())
        if self._tokens:
            raise CriteriaError(self._source)
        return groups

    def _split(self, source: str) -> list[str]:
        tokens: list[str] = []
        at = 0
        while source[at:].strip():
            match = _TOKEN.match(source, at)
            if match is None:
                raise CriteriaError(source)
            tokens.append(match[0].strip().lower())
            at = match.end()
        return tokens[::-1]

    def _takes(self, word: str) -> bool:
        if self._tokens and self._tokens[-1] == word:
            self._tokens.pop()
            return True
        return False

    def _next(self) -> str:
        if not self._tokens:
            raise CriteriaError(self._source)
        return self._tokens.pop()

    def _group(self) -> AndGroup:
        if not self._takes("("):
            found = [self._criterion()]
        else:
            found = self._group()
            if not self._takes(")"):
                raise CriteriaError(self._source)
            # A group in parentheses is complete: only a single criterion may be joined further.
            if len(found) > 1:
                return found
        while self._takes("and"):
            found += self._one()
        return found

    def _one(self) -> AndGroup:
        if not self._takes("("):
            return [self._criterion()]
        found = self._one()
        if not self._takes(")"):
            raise CriteriaError(self._source)
        return found

    def _criterion(self) -> Criterion:
        name, operator, value = self._next(), self._next(), self._next()
        if name not in _NAMES:
            raise CriteriaError(self._source)
        operators, form, _ = _NAMES[name]
        if operator not in operators or not form.fullmatch(value):
            raise CriteriaError(self._source)
        return Criterion(name, operator, value.strip("'"))
