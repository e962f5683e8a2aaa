# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which evidence names an update as waiting for a reboot? Only such evidence changes an update's state."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..._evidence.answers import Reading, answer_of, number_of
from ..._evidence.document import Evidence
from ..._evidence.scan import Scan, Update
from ..._evidence.update import kb_number
from ..._evidence.wording import printable
from ..reboot import Verdict

KEY_SIGNAL = "wu_reboot_required"
AGENT_SIGNAL = "agent_updates_pending_reboot"
CBS_SIGNAL = "cbs_packages_pending"
CCM_CLASS = "ccm_softwareupdate"
# CCM_SoftwareUpdate.EvaluationState (Microsoft, ConfigMgr SDK); the enumeration for applications is another one.
_CCM_WAITS = {
    8: ("PendingSoftReboot", False),
    9: ("PendingHardReboot", True),
    10: ("WaitReboot", False),
}
_KB_IN_PACKAGE = re.compile(r"kb([0-9]{5,8})", re.IGNORECASE)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE)
MAX_PACKAGES = 5000


class Naming(NamedTuple):
    """One piece of evidence. ``hard``: nothing else may be installed before the reboot."""

    text: str
    hard: bool


@dataclass(frozen=True, slots=True)
class Namings:
    """All of it for one host. ``key_ids`` are the ids under the agent's RebootRequired key.

    ``key_unread`` is why the key is not known, empty where it was read.
    """

    by_id: Mapping[str, tuple[Naming, ...]]
    by_kb: Mapping[str, tuple[Naming, ...]]
    key_ids: frozenset[str]
    key_unread: str

    def about(self, update: Update) -> tuple[Naming, ...]:
        """Return what names one update, by its id and by its KB numbers."""
        found = self.by_id.get(update.id, ())
        if self.by_kb:
            for number in update.kb:
                found += self.by_kb.get(number, ())
        return found


def find_namings(
    scan: Scan, evidence: Evidence | None, verdict: Verdict | None, *, ignored: Collection[str], outdated: bool
) -> Namings:
    """Return the evidence of a host that names updates. ``outdated``: the host has booted since the scan.

    A signal that is ``ignored`` by the policy, or that was not asked, names nothing.
    """
    by_id: dict[str, tuple[Naming, ...]] = {}
    by_kb: dict[str, tuple[Naming, ...]] = {}
    present = {signal.id: signal for signal in verdict.signals if signal.state == "present"} if verdict else {}
    key = present.get(KEY_SIGNAL) if KEY_SIGNAL not in ignored else None
    for name in key.updates if key else ():
        _add(by_id, name, Naming(f"the id {name} stands under the agent's RebootRequired key", hard=False))
    if AGENT_SIGNAL not in ignored:
        agent = present.get(AGENT_SIGNAL)
        for name in agent.updates if agent else ():
            _add(by_id, name, Naming("the agent's last scan says RebootRequired=1", hard=False))
        for name in _flagged(scan) if not outdated else ():
            _add(by_id, name, Naming("the agent says RebootRequired=1 of it", hard=False))
    if evidence is not None:
        if CBS_SIGNAL in present and CBS_SIGNAL not in ignored:
            for number, package in _packages(evidence):
                text = f"component servicing holds its package as pending ({package})"
                _add(by_kb, number, Naming(text, hard=False))
        for is_id, name, naming in _configmgr(evidence):
            _add(by_id if is_id else by_kb, name, naming)
    return Namings(by_id, by_kb, frozenset(key.updates if key else ()), _key_unread(verdict))


def _add(found: dict[str, tuple[Naming, ...]], name: str, naming: Naming) -> None:
    if naming not in found.get(name, ()):
        found[name] = (*found.get(name, ()), naming)


def _flagged(scan: Scan) -> Iterator[str]:
    yield from sorted(scan.reboot_required_updates)
    yield from (update.id for update in scan.updates if update.reboot_required is True)


def _key_unread(verdict: Verdict | None) -> str:
    if verdict is None:
        return "no evidence of the host is given"
    for signal in verdict.signals:
        if signal.id == KEY_SIGNAL and signal.state not in ("present", "absent"):
            return signal.detail
    return ""


def _packages(evidence: Evidence) -> Iterator[tuple[str, str]]:
    answer = answer_of(evidence.probes, CBS_SIGNAL)
    packages = answer.data.get("subkeys")
    if not isinstance(packages, list):
        return
    for package in packages[:MAX_PACKAGES]:
        for number in _KB_IN_PACKAGE.findall(package[:400]) if isinstance(package, str) else ():
            yield number, printable(str(package)[:120])


def _configmgr(evidence: Evidence) -> Iterator[tuple[bool, str, Naming]]:
    """Every probe that asked for CCM_SoftwareUpdate, under whatever name: (whether the name is an id, name, naming)."""
    for probe, entry in evidence.probes.items():
        asked = entry.get("asked") if isinstance(entry, (dict, Mapping)) else None
        name = asked.get("class") if isinstance(asked, (dict, Mapping)) else None
        if not isinstance(name, str) or name.lower() != CCM_CLASS:
            continue
        answer = answer_of(evidence.probes, probe)
        instances = answer.data.get("instances") if answer.reading is Reading.FOUND else None
        for instance in instances if isinstance(instances, list) else ():
            if isinstance(instance, Mapping):
                yield from _configmgr_update(instance)


def _configmgr_update(instance: Mapping[str, Any]) -> Iterator[tuple[bool, str, Naming]]:
    state = number_of(instance.get("EvaluationState"))
    if state not in _CCM_WAITS:
        return
    word, hard = _CCM_WAITS[state]
    naming = Naming(f"ConfigMgr says {word} of it", hard)
    # `Site_<site>/SUM_<update>` and the bare id both end in the id of the update.
    found = _GUID.search(str(instance.get("UpdateID")))
    number = kb_number(instance.get("ArticleID"))
    if found:
        yield True, found.group(0).lower(), naming
    elif number:
        yield False, number, naming
