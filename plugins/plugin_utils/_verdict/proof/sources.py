# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What each source says of one update: installed, pending, missing, or that it does not know.

Package states: Microsoft Tip of the Day 2015-10-12, `Component Based Servicing\\Packages\\NAME!CurrentState`. The list
of hotfixes is Win32_QuickFixEngineering: what component servicing has installed and no later update has replaced.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from ..._evidence.answers import Answer, Reading, answer_of, number_of, value_of
from ..._evidence.document import Evidence
from ..._evidence.scan import FileReading, Scan, ScanError, parse_scan
from ..._evidence.times import format_time
from ..._evidence.update import kb_number
from ..._evidence.wording import printable
from ..baseline.months import Build, parse_build
from ..compliance.file_rules import FileRule, shown_file
from ..rename_analysis.pending_version import PendingVersion
from .demands import Demand

Says = Literal["installed", "pending", "missing", "silent", "unknown", "not_asked"]

PACKAGES = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages"
HOTFIX_PROBE, PACKAGE_LIST_PROBE = "hotfixes", "package_list"
_PACKAGE_STATES: Mapping[int, tuple[Says, str]] = {
    0x00: ("missing", "absent"),
    0x05: ("pending", "waiting to be removed"),
    0x10: ("missing", "resolving"),
    0x20: ("missing", "resolved, not installed"),
    0x30: ("missing", "staging"),
    0x40: ("missing", "staged, not installed"),
    0x50: ("installed", "superseded by a later one"),
    0x60: ("pending", "waiting for a reboot to be installed"),
    0x65: ("missing", "installed in part"),
    0x70: ("installed", "installed"),
    0x80: ("installed", "permanent"),
}
MAX_DETAIL = 240


class SourceAnswer(NamedTuple):
    """What one source says. ``silent`` is: it does not name the update, which proves nothing by itself."""

    source: str
    says: Says
    detail: str

    def as_dict(self) -> dict[str, str]:
        """Return the published shape."""
        return {"source": self.source, "says": self.says, "detail": printable(self.detail[:MAX_DETAIL])}


def package_key(name: str) -> str:
    """Return the registry key of a package."""
    return f"{PACKAGES}\\{name}"


def packages_of(demand: Demand, listed: Sequence[str]) -> tuple[str, ...]:
    """Return the packages of an update: those that were named, and those in the host's list that bear its KB or build.

    The cumulative updates of Windows 10 and later have no KB in their name but the build:
    `Package_for_RollupFix~31bf3856ad364e35~amd64~~20348.2700.1.8`.
    """
    forms = [rf"KB{demand.kb}(?![0-9])"] if demand.kb else []
    forms += [rf"RollupFix~.*~~{build.line}\.{build.revision}\." for build in demand.builds]
    pattern = re.compile("|".join(forms), re.IGNORECASE) if forms else None
    found = [name for name in listed if pattern is not None and pattern.search(name)]
    return tuple(dict.fromkeys([*demand.packages, *found]))


def listed_packages(probes: Mapping[str, Any]) -> tuple[tuple[str, ...] | None, str]:
    """Return (the host's list of packages, empty), or (None, why it was not read: empty where nobody asked for it)."""
    answer = answer_of(probes, PACKAGE_LIST_PROBE)
    if answer.reading is Reading.NOT_ASKED:
        return None, ""
    if answer.reading is Reading.ABSENT:
        return (), ""
    names = answer.data.get("subkeys") if answer.reading is Reading.FOUND else None
    if not isinstance(names, list):
        return None, f"the list of packages could not be read: {answer.reason or 'the answer is damaged'}"
    return tuple(name for name in names if isinstance(name, str)), ""


def ask_packages(
    probes: Mapping[str, Any], demand: Demand, packages: Sequence[str], ids: Mapping[str, str]
) -> SourceAnswer:
    """Return what component servicing says of the packages; ``ids`` are the probes' ids by package."""
    source = "component_servicing"
    listed, problem = listed_packages(probes) if demand.kb or demand.builds else (None, "")
    if not packages:
        if problem:
            return SourceAnswer(source, "unknown", problem)
        if listed is not None:
            return SourceAnswer(source, "silent", "the list of packages names none that bears its KB number or build")
        return SourceAnswer(source, "not_asked", "no package of it is known")
    answers = [_package(name, answer_of(probes, ids[name])) for name in packages if name in ids]
    if problem:
        answers.append(("unknown", problem))
    if len(answers) < len(packages):
        answers.append(("unknown", f"{len(packages) - len(answers)} packages were not asked about"))
    for says in ("missing", "pending", "unknown"):
        for found, detail in answers:
            if found == says:
                return SourceAnswer(source, found, detail)
    return SourceAnswer(source, "installed", answers[0][1])


def _package(name: str, answer: Answer) -> tuple[Says, str]:
    shown = name[:120]
    if answer.reading is Reading.ABSENT:
        return "missing", f"there is no package {shown}"
    if answer.reading is not Reading.FOUND:
        return "unknown", f"the state of {shown} could not be read: {answer.reason}"
    exists, _kind, data = value_of(answer.data, "CurrentState")
    number = number_of(data) if exists else None
    if number is None or number not in _PACKAGE_STATES:
        return "unknown", f"{shown} has a state that is not known: {str(data)[:20]}"
    says, words = _PACKAGE_STATES[number]
    return says, f"{shown} is {words} (0x{number:02X})"


def ask_hotfixes(probes: Mapping[str, Any], demand: Demand, waiting: str | None) -> SourceAnswer:
    """Return what the list of hotfixes says. ``waiting`` is why its word is not enough: it may list what waits."""
    source = "hotfix_list"
    if demand.kb is None:
        return SourceAnswer(source, "not_asked", "it knows KB numbers only")
    answer = answer_of(probes, HOTFIX_PROBE)
    if answer.reading is not Reading.FOUND:
        reason = "the class was not found" if answer.reading is Reading.ABSENT else answer.reason
        return SourceAnswer(source, "unknown", f"the list of hotfixes could not be read: {reason}")
    instances = answer.data.get("instances")
    if not isinstance(instances, list):
        return SourceAnswer(source, "unknown", "the answer about hotfixes is damaged")
    listed = {kb_number(entry.get("HotFixID")) for entry in instances if isinstance(entry, Mapping)}
    if demand.kb not in listed:
        return SourceAnswer(source, "silent", f"KB{demand.kb} is not in the list; a later update may contain it")
    if waiting:
        return SourceAnswer(source, "unknown", f"KB{demand.kb} is listed, but {waiting}")
    return SourceAnswer(source, "installed", f"KB{demand.kb} is listed")


def ask_build(evidence: Evidence, builds: Sequence[Build]) -> SourceAnswer:
    """Return what build and revision say: any expected build of the host's line, or a later one, shows it.

    Months with a hotpatch have several builds; the lowest of the host's line is enough.
    """
    source = "build"
    if not builds:
        return SourceAnswer(source, "not_asked", "no build is expected")
    text = evidence.system.get("os_build")
    build = parse_build(text)
    if build is None:
        return SourceAnswer(source, "unknown", f"the build was not readable: {str(text)[:40]}")
    line = sorted(own.revision for own in builds if own.line == build.line)
    if not line:
        named = ", ".join(map(str, builds))
        return SourceAnswer(source, "unknown", f"the host has {build}, and no expected build is of its line: {named}")
    if build.revision < line[0]:
        return SourceAnswer(source, "missing", f"the host has {build}, which is older than {build.line}.{line[0]}")
    return SourceAnswer(source, "installed", f"the host has {build}")


def ask_agent(evidence: Evidence, scan: object, demand: Demand) -> SourceAnswer:
    """Return what the update agent's scan says, where it is younger than the boot."""
    source = "update_agent"
    if scan is None:
        return SourceAnswer(source, "not_asked", "no scan was given")
    try:
        parsed = parse_scan(scan)
    except ScanError as error:
        return SourceAnswer(source, "unknown", str(error))
    if parsed.scanned_at is None or evidence.boot_time is None:
        return SourceAnswer(source, "unknown", "whether the scan is younger than the boot is not known")
    if parsed.scanned_at < evidence.boot_time:
        text = f"the scan of {format_time(parsed.scanned_at)} is older than the boot"
        return SourceAnswer(source, "unknown", text)
    return _in_scan(parsed, demand)


def _in_scan(scan: Scan, demand: Demand) -> SourceAnswer:
    source = "update_agent"
    found = [
        update
        for update in scan.updates
        if (demand.id is not None and update.id == demand.id) or (demand.kb is not None and demand.kb in update.kb)
    ]
    if not found:
        return SourceAnswer(source, "silent", "the scan does not name it: not applicable here, or replaced")
    update = next((entry for entry in found if entry.installed is not True), found[0])
    title = printable(update.title[:80]) or update.id
    waits = [entry for entry in found if entry.reboot_required or entry.id in scan.reboot_required_updates]
    if waits:
        return SourceAnswer(source, "pending", f"{title} waits for a reboot")
    if update.installed is None:
        return SourceAnswer(source, "unknown", f"the scan does not say whether {title} is installed")
    if not update.installed:
        return SourceAnswer(source, "missing", f"{title} is offered, not installed")
    if update.reboot_required is None:
        return SourceAnswer(source, "unknown", f"{title} is installed; whether it waits for a reboot is not known")
    return SourceAnswer(source, "installed", f"{title} is installed")


def ask_reboot_key(probes: Mapping[str, Any], demand: Demand) -> SourceAnswer:
    """Return what Windows Update's key RebootRequired says: whose id stands in it waits for a reboot."""
    source = "reboot_required_key"
    if demand.id is None:
        return SourceAnswer(source, "not_asked", "it knows update ids only")
    answer = answer_of(probes, "wu_reboot_required")
    if answer.reading is Reading.ABSENT:
        return SourceAnswer(source, "silent", "no update waits for a reboot there")
    if answer.reading is not Reading.FOUND or not isinstance(answer.data.get("values"), Mapping):
        return SourceAnswer(source, "unknown", f"the key could not be read: {answer.reason or 'damaged'}")
    names = {str(name).strip("{}").lower() for name in answer.data["values"]}
    if demand.id in names:
        return SourceAnswer(source, "pending", "its id stands under RebootRequired")
    return SourceAnswer(source, "silent", "its id does not stand under RebootRequired")


def ask_files(
    rules: Sequence[FileRule], files: Mapping[str, FileReading], pending: Mapping[str, PendingVersion]
) -> SourceAnswer:
    """Return what the file rules say, now and after the boot; facts and predictions are by the rules' keys."""
    source = "files"
    if not rules:
        return SourceAnswer(source, "not_asked", "no file rule is about it")
    answers = [_file(rule, files.get(rule.key), pending.get(rule.key)) for rule in rules]
    for says in ("missing", "pending", "unknown"):
        for found, detail in answers:
            if found == says:
                return SourceAnswer(source, found, detail)
    return SourceAnswer(source, "installed", answers[0][1])


def _file(rule: FileRule, reading: FileReading | None, pending: PendingVersion | None) -> tuple[Says, str]:
    name = shown_file(rule)
    now, seen = rule.check(reading, name)
    text = f"{seen}, wanted is {rule.wants}"
    if pending is None or pending.after_boot == "unknown":
        reason = pending.reason if pending else "the rename queue was not read"
        return "unknown", f"{text}; what the boot makes of it is not known: {reason}"
    if pending.after_boot in ("unchanged", "absent"):
        return ("missing" if now == "fails" else "installed" if now == "passes" else "unknown"), text
    end = FileReading(
        "absent" if pending.pending_source is None else "ok", pending.pending_version, pending.pending_sha256
    )
    later, coming = rule.check(end, f"after the boot {name}")
    if later == "passes":
        return ("installed" if now == "passes" else "pending"), f"{text}; {coming}"
    return ("missing" if later == "fails" else "unknown"), f"{text}; {coming}"
