# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The search criteria of the update agent: whether a text is legal, told before a host is asked.

Grammar: [MS-UAMG] 3.38.4.11 and IUpdateSearcher.Search. Groups are joined by ``or`` at the top only; in a group
comparisons are joined by ``and``; parentheses stand around one comparison or around a whole group.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .wording import nearest, printable

# What is needed and what is installed, hidden or not, and what waits for a boot. Without DeploymentAction a group means
# installations only, so a removal that waits has a group of its own.
DEFAULT_CRITERIA = (
    "IsInstalled=0 or IsInstalled=1 or RebootRequired=1 or RebootRequired=1 and DeploymentAction='Uninstallation'"
)
MAX_CRITERIA = 4000
MAX_PARENTHESES = 100

_FLAG = re.compile("[01]")
_NUMBER = re.compile("[0-9]{1,9}")
_GUID = re.compile("'[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}'")
_TYPE = re.compile("'(?:Software|Driver)'", re.IGNORECASE)
_ACTION = re.compile(r"\*|'(?:Installation|Uninstallation|OptionalInstallation|Detection)'", re.IGNORECASE)

# Name in lower case -> (its spelling, operators, form of the value, an example).
_NAMES: Mapping[str, tuple[str, tuple[str, ...], re.Pattern[str], str]] = {
    "type": ("Type", ("=", "!="), _TYPE, "'Software' or 'Driver'"),
    "deploymentaction": ("DeploymentAction", ("=",), _ACTION, "'Installation' or 'Uninstallation'"),
    "updateid": ("UpdateID", ("=", "!="), _GUID, "a GUID in single quotes"),
    "revisionnumber": ("RevisionNumber", ("=",), _NUMBER, "a number"),
    "categoryids": ("CategoryIDs", ("contains",), _GUID, "a GUID in single quotes"),
    **{
        name.lower(): (name, ("=",), _FLAG, "0 or 1")
        for name in (
            "IsAssigned",
            "BrowseOnly",
            "AutoSelectOnWebSites",
            "IsInstalled",
            "IsHidden",
            "IsPresent",
            "RebootRequired",
        )
    },
}
_TOKEN = re.compile(r"\s*('[^']*'|!=|=|\(|\)|\*|\w+)")


def covers(asked: Mapping[str, Any]) -> list[str]:
    """Return what such a scan can show: an offline catalogue has security updates only, own criteria select."""
    words = ["selected"] if asked.get("criteria") != DEFAULT_CRITERIA else []
    words += ["security"] if asked.get("scan_cab") else []
    return [" ".join(words) or "all"]


class CriteriaError(ValueError):
    """Criteria that the update agent would refuse with WU_E_INVALID_CRITERIA; the message says where and why."""


def check_criteria(text: str) -> None:
    """Raise CriteriaError for a text that is no legal search."""
    if len(text) > MAX_CRITERIA:
        raise CriteriaError(f"{len(text)} characters are more than the {MAX_CRITERIA} that are allowed")
    _Parser(_tokens(text)).groups()


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    text = text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise CriteriaError(f"{printable(text[at : at + 20])!r} is no part of a search")
        tokens.append(found[1])
        at = found.end()
    if tokens.count("(") > MAX_PARENTHESES:
        raise CriteriaError(f"there are more than {MAX_PARENTHESES} parentheses")
    return tokens


class _Parser:
    """Reads tokens from the left; what does not fit is a CriteriaError."""

    __slots__ = ("_at", "_tokens")

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0

    def groups(self) -> None:
        """Read the whole text."""
        self._group()
        while self._takes("or"):
            self._group()
        if self._at < len(self._tokens):
            self._refuse("'or' joins groups at the top only, 'and' joins comparisons inside a group")

    def _group(self) -> None:
        around = 0
        while self._opens_group():
            self._at += 1
            around += 1
        self._names()
        for _ in range(around):
            self._close("'or' stands inside parentheses")

    def _opens_group(self) -> bool:
        """Whether a parenthesis stands around a whole group: nothing is joined to what it closes but another group."""
        depth = 0
        for place in range(self._at, len(self._tokens)):
            depth += {"(": 1, ")": -1}.get(self._tokens[place], 0)
            if depth == 0:
                follows = self._tokens[place + 1].lower() if place + 1 < len(self._tokens) else ""
                return place > self._at and follows in ("", "or", ")")
        return False

    def _names(self) -> None:
        names = {self._one()}
        while self._takes("and"):
            names.add(self._one())
        if "revisionnumber" in names and "updateid" not in names:
            raise CriteriaError("RevisionNumber needs UpdateID beside it")

    def _one(self) -> str:
        around = 0
        while self._takes("("):
            around += 1
        name = self._comparison()
        for _ in range(around):
            self._close("only one comparison, or a whole group, stands in parentheses")
        return name

    def _comparison(self) -> str:
        name = self._next("a comparison such as IsInstalled=0")
        known = _NAMES.get(name.lower())
        if known is None:
            spellings = [entry[0] for entry in _NAMES.values()]
            raise CriteriaError(
                f"{printable(name[:40])!r} is no criterion{nearest(name, spellings)}; there are {', '.join(spellings)}"
            )
        spelling, operators, form, example = known
        operator, value = self._next(f"{spelling} {operators[0]} …"), self._next(f"a value for {spelling}")
        if operator.lower() not in operators:
            raise CriteriaError(f"{spelling} takes {' and '.join(operators)}, not {printable(operator[:20])!r}")
        if not form.fullmatch(value):
            raise CriteriaError(f"{spelling} takes {example}, not {printable(value[:60])}")
        return name.lower()

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _takes(self, word: str) -> bool:
        if self._peek().lower() != word:
            return False
        self._at += 1
        return True

    def _close(self, why: str) -> None:
        if not self._takes(")"):
            self._refuse(why)

    def _next(self, wanted: str) -> str:
        if not self._peek():
            raise CriteriaError(f"the text ends where {wanted} should stand")
        self._at += 1
        return self._tokens[self._at - 1]

    def _refuse(self, why: str) -> None:
        raise CriteriaError(f"at {printable(self._peek()[:40]) or 'the end'!r}: {why}")
