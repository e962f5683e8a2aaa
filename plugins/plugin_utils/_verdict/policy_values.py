# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The policy values of a scan, as rules ask for them: a value that is missing is only known where all was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._evidence.answers import number_of
from .._evidence.wording import printable

_MAX_SHOWN = 120


@dataclass(frozen=True, slots=True)
class PolicyValues:
    """``state`` is that of the reading: ok, absent, denied or error. Names ignore case."""

    values: Mapping[str, Any]
    spelled: Mapping[str, str]
    state: str

    @property
    def readable(self) -> bool:
        """Whether a value that is not there is missing on the host."""
        return self.state in ("ok", "absent")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the values that are there, as they are spelled."""
        return tuple(self.spelled.values())

    def has(self, name: str) -> bool:
        """Whether the value is there."""
        return name.lower() in self.values

    def number(self, name: str) -> int | None:
        """The number of a value, or None where there is none."""
        return number_of(self.values.get(name.lower()))

    def text(self, name: str) -> str:
        """The text of a value without blanks around it; empty where there is none."""
        value = self.values.get(name.lower())
        return printable(value.strip()) if isinstance(value, str) else ""

    def shown(self, name: str) -> str:
        """The value for people."""
        return printable(str(self.values.get(name.lower()))[:_MAX_SHOWN])

    def off(self, name: str) -> bool:
        """Whether it is certain that a switch is not on: it is 0, or missing where all was read."""
        return self.number(name) == 0 if self.has(name) else self.readable

    def on(self, name: str) -> bool:
        """Whether a switch is on."""
        return self.number(name) == 1


def policy_values(source: Mapping[str, Any]) -> PolicyValues:
    """Return the values of a scan's source; what is damaged counts as not readable."""
    policy = source.get("policy")
    state = source.get("policy_state", "ok" if isinstance(policy, Mapping) else "error")
    if not isinstance(policy, Mapping):
        policy, state = {}, state if state in ("absent", "denied") else "error"
    values = {str(name).lower(): _data(value) for name, value in policy.items()}
    return PolicyValues(values, {str(name).lower(): str(name) for name in policy}, str(state))


def _data(value: object) -> object:
    """A value as such, also where a document keeps it as the reader answers: with its kind."""
    return value.get("data") if isinstance(value, Mapping) else value
