# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Reading the fields of one mapping that nobody vouches for: what makes no sense is null, and named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .wording import type_name

MAX_LIST = 2000
_LISTS = (list, tuple)


class FieldReader:
    """Reads what several documents have in common. ``problems`` names each damaged field; null is no damage."""

    __slots__ = ("problems", "values")

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values
        self.problems: list[str] = []

    def damaged(self, key: str, what: str) -> None:
        """Name a field that makes no sense."""
        self.problems.append(f"{key} is {what}")

    def flag(self, key: str) -> bool | None:
        """Return true, false or None."""
        value = self.values.get(key)
        if value is True or value is False or value is None:
            return value
        self.damaged(key, f"neither true nor false but {type_name(value)}")
        return None

    def number(self, key: str) -> int | None:
        """Return a whole number that is not negative, or None; sizes arrive as decimals."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 2**63 and value % 1 == 0:
            return int(value)
        self.damaged(key, "no whole number")
        return None

    def entries(self, key: str) -> list[Any] | None:
        """Return a list, bounded in length; None where there is none, which is not an empty one, and for damage."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, _LISTS):
            self.damaged(key, f"no list but {type_name(value)}")
            return None
        if len(value) > MAX_LIST:
            self.damaged(key, f"longer than {MAX_LIST} entries")
        return list(value[:MAX_LIST])
