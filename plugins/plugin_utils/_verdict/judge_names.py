# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Does the host wait for a new name or a domain?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._evidence.answers import Answer, Reading, answer_of, value_of
from .._evidence.document import Evidence
from .judge_updates import written_at
from .policy import Policy
from .signal import Signal, absent, damaged, present, unknown, without_data


def _name(data: Mapping[str, Any], value: str) -> str | None:
    exists, _kind, text = value_of(data, value)
    return text.strip() if exists and isinstance(text, str) and text.strip() else None


def _compare(name: str, now: tuple[Answer, str], later: tuple[Answer, str], what: str) -> Signal:
    """Every Windows has both names: one that is missing is unknown, not equal."""
    for answer, _value in (now, later):
        if answer.reading in (Reading.UNKNOWN, Reading.NOT_ASKED):
            return without_data(name, answer)
    present_name = _name(now[0].data, now[1])
    next_name = _name(later[0].data, later[1])
    if present_name is None or next_name is None:
        which = "present" if present_name is None else "next"
        return unknown(name, f"the {which} {what} is missing, which every Windows has")
    # Windows ignores case letter by letter, which casefold (ss for sharp s) does not.
    if present_name.lower() == next_name.lower():
        return absent(name, f"the {what} stays {present_name}")
    written = written_at(later[0].data)
    entries = [{"from": present_name, "to": next_name}]
    return present(name, f"the {what} {present_name} becomes {next_name}", entries=entries, written_at=written)


def judge_computer_rename(evidence: Evidence, policy: Policy) -> Signal:
    """The active against the next computer name, case ignored."""
    active = answer_of(evidence.probes, "name_active"), "ComputerName"
    following = answer_of(evidence.probes, "name_next"), "ComputerName"
    return _compare("computer_rename", active, following, "computer name")


def judge_hostname_rename(evidence: Evidence, policy: Policy) -> Signal:
    """Hostname against NV Hostname, case ignored."""
    answer = answer_of(evidence.probes, "tcpip")
    return _compare("hostname_rename", (answer, "Hostname"), (answer, "NV Hostname"), "host name")


def judge_domain_join(evidence: Evidence, policy: Policy) -> Signal:
    """JoinDomain or AvoidSpnSet, as a subkey or as a value: both forms are seen in the field."""
    name = "domain_join"
    answer = answer_of(evidence.probes, "netlogon")
    if answer.reading is not Reading.FOUND:
        return without_data(name, answer)
    subkeys = answer.data.get("subkeys")
    if not isinstance(subkeys, list) or not isinstance(answer.data.get("values"), Mapping):
        return damaged(name, "no list of subkeys or values")
    keys = {str(key).casefold() for key in subkeys}
    hits = [f"the subkey {word}" for word in ("JoinDomain", "AvoidSpnSet") if word.casefold() in keys]
    hits += [f"the value {word}" for word in ("JoinDomain", "AvoidSpnSet") if value_of(answer.data, word)[0]]
    if not hits:
        return absent(name)
    return present(name, f"Netlogon has {' and '.join(hits)}", written_at=written_at(answer.data))
