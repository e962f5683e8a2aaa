# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What Automatic Updates would do on a host by itself, as its policy says (the values of the subkey AU)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .policy_values import PolicyValues, policy_values

_DOES: Mapping[int, tuple[str, str]] = {
    2: ("no", "notifies before it downloads"),
    3: ("no", "downloads by itself and notifies before it installs"),
    4: ("yes", "downloads by itself and installs at the time that is set"),
    5: ("unknown", "does what a local administrator has chosen"),
    7: ("no", "downloads by itself, notifies before it installs and before it restarts"),
}
_DAYS = ("every day", "Sundays", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays")


def automatic_updates(scan: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``{installs: yes|no|unknown, option, does, when, restarts, sentence}``.

    ``option`` is AUOptions or null. ``when`` (the schedule) and ``restarts`` (what it does about a restart) are null
    unless it installs by itself. Without a policy nobody can say: the default differs between editions of Windows.
    """
    source = scan.get("source")
    return automatic_of(policy_values(source if isinstance(source, Mapping) else {}))


def automatic_of(values: PolicyValues) -> dict[str, Any]:
    """Return the same of values that were read already."""
    option = values.number("AUOptions")
    installs, does = _what(values, option)
    scheduled = installs == "yes"
    when = _when(values) if scheduled else None
    restarts = _restarts(values) if scheduled else None
    parts = [f"Automatic Updates {does}", f"({when})" if when else "", f"and {restarts}" if restarts else ""]
    sentence = " ".join(part for part in parts if part) + "."
    return {
        "installs": installs,
        "option": option,
        "does": does,
        "when": when,
        "restarts": restarts,
        "sentence": sentence,
    }


def _what(values: PolicyValues, option: int | None) -> tuple[str, str]:
    if values.on("NoAutoUpdate"):
        return "no", "is switched off by policy (NoAutoUpdate)"
    if values.has("NoAutoUpdate") and not values.off("NoAutoUpdate"):
        return "unknown", f"has the setting NoAutoUpdate {values.shown('NoAutoUpdate')}, which nobody knows"
    if not values.has("NoAutoUpdate") and not values.readable:
        return "unknown", "could not be asked about: its policy was not readable"
    if values.has("AUOptions"):
        unknown = ("unknown", f"has the setting AUOptions {values.shown('AUOptions')}, which nobody knows")
        return _DOES.get(option, unknown) if option is not None else unknown
    if not values.readable:
        return "unknown", "could not be asked about: its policy was not readable"
    return "unknown", "has no policy and does what this edition of Windows does by default"


def _when(values: PolicyValues) -> str:
    day, hour = values.number("ScheduledInstallDay"), values.number("ScheduledInstallTime")
    days = _DAYS[day] if day is not None and day < len(_DAYS) else "on days that are not set"
    return f"{days} at {hour:02d}:00" if hour is not None and hour < 24 else f"{days} at an hour that is not set"


def _restarts(values: PolicyValues) -> str:
    if values.on("AlwaysAutoRebootAtScheduledTime"):
        minutes = values.number("AlwaysAutoRebootAtScheduledTimeMinutes")
        return f"always restarts {minutes} minutes later" if minutes is not None else "always restarts after it"
    if values.on("NoAutoRebootWithLoggedOnUsers"):
        return "restarts only while nobody is logged on"
    return "restarts when an update asks for it"
