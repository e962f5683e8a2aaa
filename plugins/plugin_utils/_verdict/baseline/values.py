# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Reading the words of a baseline: every reader returns a plain value or notes what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timezone

from ..._evidence.times import TimeTextError, parse_time
from ..._evidence.wording import nearest, type_name

MOST_ENTRIES = 2000
LONGEST_TEXT = 500
LONGEST_PATTERN = 200
# Of a title no more than this is searched, so that no title makes a search long.
LONGEST_TITLE = 512

_KB = re.compile(r"(?:KB)?\s*([0-9]{4,10})", re.IGNORECASE)
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}", re.IGNORECASE)
_ID = re.compile(r"\{?([0-9A-Za-z][0-9A-Za-z._-]{0,99})\}?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# (a+)+ and its like take longer than the world on some texts.
_NESTED_REPEAT = re.compile(r"[+*}]\)[+*{]|[+*}]\?\)[+*{]")


class Mistakes(list[str]):
    """What is wrong, each with the place where it stands."""

    def note(self, where: str, what: str) -> None:
        """Add one."""
        self.append(f"{where}: {what}")


def read_text(value: object, where: str, mistakes: Mistakes) -> str | None:
    """Return a text that is not empty, without blanks around it."""
    if not isinstance(value, str):
        mistakes.note(where, f"must be text, not {type_name(value)}")
    elif not value.strip():
        mistakes.note(where, "must not be empty")
    elif len(value) > LONGEST_TEXT:
        mistakes.note(where, f"is longer than {LONGEST_TEXT} characters")
    else:
        return str(value.strip())
    return None


def read_kb(value: object, where: str, mistakes: Mistakes) -> str | None:
    """Return the digits of a KB number; YAML reads a number without quotes as a whole number."""
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    form = _KB.fullmatch(text.strip())
    if form is None:
        mistakes.note(where, f"{str(value)[:60]!r} is not a KB number such as KB5030216")
        return None
    return form.group(1)


def read_cve(value: object, where: str, mistakes: Mistakes) -> str | None:
    """Return a CVE id in upper case."""
    if isinstance(value, str) and _CVE.fullmatch(value.strip()):
        return str(value.strip().upper())
    mistakes.note(where, f"{str(value)[:60]!r} is not a CVE id such as CVE-2026-12345")
    return None


def read_id(value: object, where: str, mistakes: Mistakes) -> str | None:
    """Return an update's id in lower case, without braces."""
    form = _ID.fullmatch(value.strip()) if isinstance(value, str) else None
    if form is None:
        mistakes.note(where, f"{str(value)[:60]!r} is not the id of an update")
        return None
    if re.fullmatch(r"(?i:kb)?[0-9]{6,8}", form.group(1)):
        mistakes.note(where, f"{form.group(1)!r} is a KB number, not the id of an update; write it as kb")
        return None
    return form.group(1).lower()


def read_pattern(value: object, where: str, mistakes: Mistakes) -> re.Pattern[str] | None:
    """Return a regular expression that ignores case, short and without repeats of repeats."""
    text = read_text(value, where, mistakes)
    if text is None:
        return None
    if len(text) > LONGEST_PATTERN:
        mistakes.note(where, f"is longer than {LONGEST_PATTERN} characters; use several")
        return None
    if _NESTED_REPEAT.search(text):
        mistakes.note(where, "repeats a group that repeats itself, which may take for ever; write it without that")
        return None
    try:
        return re.compile(text, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        mistakes.note(where, f"not a regular expression: {error}")
        return None


def read_moment(value: object, where: str, mistakes: Mistakes) -> datetime | None:
    """Return an instant; a day stands for its first moment, UTC, and so does a time without a zone."""
    if isinstance(value, datetime):
        # Some YAML readers turn `…Z` into a UTC time without a zone.
        return value if value.tzinfo else value.replace(tzinfo=timezone.utc)
    if isinstance(value, date):
        return datetime.combine(value, time(), timezone.utc)
    text = value.strip() if isinstance(value, str) else value
    try:
        return parse_time(f"{text}T00:00:00Z" if isinstance(text, str) and _DAY.fullmatch(text) else text)
    except TimeTextError:
        mistakes.note(where, f"{str(value)[:60]!r} is not a date or time such as 2027-01-31 or 2027-01-31T18:00:00Z")
        return None


def read_word(value: object, words: Sequence[str], where: str, mistakes: Mistakes) -> str | None:
    """Return one of the words, upper or lower case alike."""
    found = next((word for word in words if isinstance(value, str) and word.lower() == value.strip().lower()), None)
    if found is None:
        given = str(value)[:60]
        mistakes.note(where, f"{given!r} is not one of {', '.join(words)}{nearest(given, words)}")
    return found


def read_mapping(value: object, keys: Sequence[str], where: str, mistakes: Mistakes) -> Mapping[str, object] | None:
    """Return a mapping in which every key is known."""
    if not isinstance(value, Mapping):
        mistakes.note(where, f"must be a mapping with {', '.join(keys)}, not {type_name(value)}")
        return None
    for key in value:
        if key not in keys:
            hint = nearest(str(key), keys)
            mistakes.note(f"{where}.{str(key)[:60]}", f"no such key{hint}; there are {', '.join(keys)}")
    return value


def read_entries(value: object, what: str, where: str, mistakes: Mistakes) -> Sequence[object]:
    """Return the entries of a list; an empty one is a mistake, because nobody can tell what it was meant for."""
    if not isinstance(value, (list, tuple)):
        mistakes.note(where, f"must be a list of {what}, not {type_name(value)}")
        return ()
    if not value:
        mistakes.note(where, f"holds nothing: leave it out, or name {what}")
    if len(value) > MOST_ENTRIES:
        mistakes.note(where, f"holds {len(value)} entries; {MOST_ENTRIES} are allowed")
        return ()
    return value
