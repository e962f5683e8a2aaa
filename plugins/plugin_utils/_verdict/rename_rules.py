# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which entries of the rename queue are known noise: the shipped rule sets and a user's own rules.

The shipped sets name what fills the queue of healthy hosts day by day, as users report it: temp files, browsers
(github.com/dotnet/sdk/issues/28993), endpoint protection (github.com/imabdk/Toast-Notification-Script/issues/44),
the print spooler (forum.bigfix.com/t/19841), Amcache (github.com/flcdrg/au-packages/issues/28).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Literal, TypeVar, get_args

from .._evidence.wording import nearest, type_name
from .rename_place import PLACES, Place

Operation = Literal["delete", "rename", "replace"]
OPERATIONS: tuple[Operation, ...] = get_args(Operation)
NO_SHIPPED_RULES = "no_shipped_rules"

_OPTION = "rename_rules"
_KEYS = ("id", "match", "operation", "place", "reason", "expires")
_EXPIRES = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?(?:(Z)|([+-])([0-9]{2}):?([0-9]{2}))?)?",
    re.IGNORECASE,
)
_Word = TypeVar("_Word", bound=str)
_Read = TypeVar("_Read")


class RenameRuleError(ValueError):
    """The rules cannot be used; `mistakes` lists every mistake, each with its position and key."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = list(mistakes)


class _MistakeError(Exception):
    """What is wrong with one key of a rule."""


@dataclass(frozen=True, slots=True)
class RenameRule:
    """Ignores the entries that fit all of what it names.

    `match` is searched in the path that decides (the target's; for a deletion the file's) in its normal form;
    `expires` is aware. A shipped rule never ignores a significant entry: the judge enforces it.
    """

    id: str
    match: re.Pattern[str] | None
    operation: Operation | None
    place: Place | None
    reason: str
    expires: datetime | None
    shipped: bool

    def applies_at(self, now: datetime | None) -> bool:
        """Whether the rule still counts. With `now` unknown a rule that ever expires does not."""
        return self.expires is None or (now is not None and now < self.expires)

    def as_dict(self) -> dict[str, object]:
        """The rule as plain data, in the shape a user writes it, plus `shipped`."""
        return {
            "id": self.id,
            "match": self.match.pattern if self.match else None,
            "operation": self.operation,
            "place": self.place,
            "reason": self.reason,
            "expires": self.expires.isoformat().replace("+00:00", "Z") if self.expires else None,
            "shipped": self.shipped,
        }


def _shipped(
    rule_id: str, reason: str, *, match: str = "", operation: Operation | None = None, place: Place | None = None
) -> RenameRule:
    pattern = re.compile(match, re.IGNORECASE) if match else None
    return RenameRule(rule_id, pattern, operation, place, reason, expires=None, shipped=True)


def _below(*folders: str) -> str:
    """A pattern for everything in one of these folders, and for the folder itself."""
    return rf"\\(?:{'|'.join(folders)})(?:\\|\Z)"


SHIPPED_RULES: tuple[RenameRule, ...] = (
    _shipped(
        "temp_deletions",
        "Installers leave files in temp folders to be deleted at the next start; nothing in use changes.",
        operation="delete",
        place="temp",
    ),
    _shipped(
        "systemtemp",
        "C:\\Windows\\SystemTemp is the temp folder of programs that run as SYSTEM; what is in it is not in use.",
        place="systemtemp",
    ),
    _shipped(
        "profile_deletions",
        "Programs clean up old files in user profiles at the next start; the system does not depend on them.",
        operation="delete",
        place="profile",
    ),
    _shipped(
        "browser_updaters",
        "Browsers replace themselves every few days and leave their old files to be deleted.",
        match=_below(
            r"Google\\(?:Chrome(?: Beta| Dev| SxS)?|Update|GoogleUpdater|CrashReports)",
            r"Microsoft\\Edge(?: Beta| Dev| SxS|Update|Core|WebView)?",
            "Mozilla Firefox",
            "Mozilla Maintenance Service",
            r"Mozilla(?:-[0-9a-f-]+)?\\updates",
            "BraveSoftware",
            "Opera",
            "Vivaldi",
        ),
    ),
    _shipped(
        "antivirus_updaters",
        "Endpoint protection renews its definitions and engine daily and leaves the old files to be deleted.",
        match=_below(
            r"(?:Microsoft\\)?Windows Defender(?: Advanced Threat Protection)?",
            "Microsoft Security Client",
            "Symantec",
            "McAfee",
            "Trellix",
            "Sophos",
            "Trend Micro",
            "ESET",
            "Kaspersky Lab",
            "Bitdefender",
            "CrowdStrike",
            "SentinelOne",
            r"Malwarebytes(?: Anti-Malware)?",
            "AVAST Software",
            "AVG",
            "Avira",
            "F-Secure",
            "WithSecure",
            "Cylance",
            "CarbonBlack",
            r"Palo Alto Networks\\Traps",
            "Cyvera",
        ),
    ),
    _shipped(
        "print_spooler",
        "The print spooler queues its driver files again at every start, so this never clears.",
        place="spool",
    ),
    _shipped(
        "msi_rollback",
        "Windows Installer's roll-back copies: the new file is in place, only the old one waits to be deleted.",
        match=r"\.rb[fs]\Z|\\Config\.Msi\Z",
        operation="delete",
        place="config_msi",
    ),
    _shipped(
        "amcache",
        "Windows renews the program inventory Amcache.hve at every start; it is data, no program.",
        match=r"\\AppCompat\\Programs\\Amcache\.hve[^\\]*\Z",
        place="windows_other",
    ),
    _shipped(
        "office_updater",
        "Office Click-to-Run updates itself and leaves its old files to be deleted.",
        match=_below(r"Microsoft Shared\\ClickToRun", r"Microsoft\\ClickToRun", r"Microsoft Office\\Updates"),
    ),
    _shipped(
        "onedrive",
        "OneDrive updates itself and leaves its old files to be deleted.",
        match=_below(r"Microsoft\\OneDrive", "Microsoft OneDrive", "OneDriveTemp"),
    ),
)
_SHIPPED_BY_ID = {rule.id: rule for rule in SHIPPED_RULES}


def parse_rename_rules(value: object) -> tuple[RenameRule, ...]:
    """The rules a policy asks for, the user's own first, each group in its order.

    `None` stands for all shipped sets. A list holds own rules (mappings with `reason` and at least one of `match`,
    `operation`, `place`; also `id` and `expires`) and names of shipped sets; with any name in it only the named sets
    are used, `no_shipped_rules` stands for none of them. Without a name the shipped sets stay in force.
    `expires` is a date (its first moment, UTC) or a time (UTC unless it says otherwise); from then on the rule is off.
    Raises RenameRuleError with all mistakes.
    """
    if value is None:
        return SHIPPED_RULES
    if not isinstance(value, (list, tuple)):
        raise RenameRuleError([f"{_OPTION}: must be a list of rules and names of rule sets, not {type_name(value)}"])
    mistakes: list[str] = []
    own: dict[str, RenameRule] = {}
    names: dict[str, str] = {}
    for position, item in enumerate(value):
        where = f"{_OPTION}[{position}]"
        if isinstance(item, str):
            mistakes += _check_name(item, where)
            names.setdefault(item, where)
        elif isinstance(item, Mapping):
            _add_own(own, _own_rule(item, where, mistakes), where, mistakes)
        else:
            mistakes.append(f"{where}: must be a rule (mapping) or the name of a rule set, not {type_name(item)}")
    if NO_SHIPPED_RULES in names and len(names) > 1:
        mistakes.append(f"{names[NO_SHIPPED_RULES]}: {NO_SHIPPED_RULES} contradicts the rule sets named beside it")
    if mistakes:
        raise RenameRuleError(mistakes)
    return (*own.values(), *_chosen_sets(names))


def _chosen_sets(names: Mapping[str, str]) -> tuple[RenameRule, ...]:
    if not names:
        return SHIPPED_RULES
    return tuple(_SHIPPED_BY_ID[name] for name in names if name != NO_SHIPPED_RULES)


def _check_name(name: str, where: str) -> list[str]:
    known = (*_SHIPPED_BY_ID, NO_SHIPPED_RULES)
    if name in known:
        return []
    return [f"{where}: no rule set is named '{name}'{nearest(name, known)}; there are {', '.join(known)}"]


def _add_own(own: dict[str, RenameRule], rule: RenameRule, where: str, mistakes: list[str]) -> None:
    if rule.id in own:
        mistakes.append(f"{where}.id: '{rule.id}' is the id of another rule too")
    own[rule.id] = rule


def _own_rule(item: Mapping[object, object], where: str, mistakes: list[str]) -> RenameRule:
    """The rule, as far as it can be read; what is wrong goes to `mistakes`, and then nobody uses the rule."""
    for key in item:
        if key not in _KEYS:
            hint = nearest(str(key), _KEYS)
            mistakes.append(f"{where}.{key}: unknown key{hint}; a rule has {', '.join(_KEYS)}")
    if all(item.get(key) is None for key in ("match", "operation", "place")):
        mistakes.append(f"{where}: needs match, operation or place; without any it would ignore the whole queue")
    if item.get("reason") is None:
        mistakes.append(f"{where}.reason: is required: say why these entries need no restart")
    key = _Keys(item, where, mistakes)
    return RenameRule(
        id=key.read("id", _read_id) or where,
        match=key.read("match", _read_pattern),
        operation=key.read("operation", lambda given: _read_word(given, OPERATIONS)),
        place=key.read("place", lambda given: _read_word(given, PLACES)),
        reason=key.read("reason", _read_text) or "",
        expires=key.read("expires", _read_expires),
        shipped=False,
    )


@dataclass(frozen=True, slots=True)
class _Keys:
    """The keys of one rule as its user wrote them."""

    item: Mapping[object, object]
    where: str
    mistakes: list[str]

    def read(self, key: str, reader: Callable[[object], _Read]) -> _Read | None:
        """The value of the key; None when it is not given, or wrong, which is then among the mistakes."""
        given = self.item.get(key)
        if given is None:
            return None
        try:
            return reader(given)
        except _MistakeError as error:
            self.mistakes.append(f"{self.where}.{key}: {error}")
            return None


def _read_text(value: object) -> str:
    if not isinstance(value, str):
        raise _MistakeError(f"must be text, not {type_name(value)}")
    if not value.strip():
        raise _MistakeError("must not be empty")
    return value


def _read_id(value: object) -> str:
    text = _read_text(value)
    if text in _SHIPPED_BY_ID or text == NO_SHIPPED_RULES:
        raise _MistakeError(f"'{text}' is the name of a shipped rule set; choose another id")
    return text


def _read_pattern(value: object) -> re.Pattern[str]:
    text = _read_text(value)
    try:
        return re.compile(text, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        hint = "; a backslash is written twice in a regular expression" if "\\" in text else ""
        raise _MistakeError(f"not a regular expression: {error}{hint}") from error


def _read_word(value: object, words: Sequence[_Word]) -> _Word:
    found = next((word for word in words if word == value), None)
    if found is None:
        given = f"'{value}'" if isinstance(value, str) else type_name(value)
        raise _MistakeError(f"{given} is none of {', '.join(words)}{nearest(str(value), words)}")
    return found


def _read_expires(value: object) -> datetime:
    if isinstance(value, datetime):
        # Some YAML readers turn `…Z` into a UTC time without a zone.
        return value if value.tzinfo else value.replace(tzinfo=timezone.utc)
    if isinstance(value, date):
        return datetime.combine(value, time(), timezone.utc)
    form = _EXPIRES.fullmatch(_read_text(value).strip())
    if not form:
        raise _MistakeError(f"'{value}' is not a date or time such as 2026-12-31 or 2026-12-31T18:00:00Z")
    year, month, day, hour, minute, second = (int(number or 0) for number in form.groups()[:6])
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=_zone(form))
    except ValueError as error:
        raise _MistakeError(f"'{value}' is not a date or time: {error}") from error


def _zone(form: re.Match[str]) -> timezone:
    sign, hours, minutes = form.groups()[7:10]
    if sign is None:
        return timezone.utc
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if sign == "-" else offset)
