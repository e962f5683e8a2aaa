# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Did a scan use the source that was expected, and what in the host's policy speaks for or against it?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from .._evidence.wording import printable
from .expected_source import NAMES, ExpectedSource, UsedSource, address_of, parse_expected_source, used_source
from .finding import Finding
from .policy_findings import policy_findings
from .policy_values import policy_values

# Findings that tell why a scan went elsewhere, likeliest first.
_LEADS_ELSEWHERE = (
    "gpo_overrides_local",
    "wuserver_without_usewuserver",
    "key_without_values",
    "dual_scan_active",
    "class_from_windows_update",
    "class_policy_at_wrong_place",
    "class_policy_incomplete",
    "disable_dual_scan_inert",
    "policy_unreadable",
)
_USUAL_CAUSES = (
    "A Group Policy of the domain changes WUServer after ConfigMgr or a tool has set it.",
    "A deferral that was left over makes Windows ask Windows Update beside the WSUS (dual scan).",
    "DisableDualScan is relied on, which Windows 11 and Server 2025 ignore.",
    "UseWUServer is missing or 0, so that WUServer is ignored.",
    "The policy key is there without its values, because gpupdate has not completed.",
)


@dataclass(frozen=True, slots=True)
class SourceTrust:
    """Whether what a scan says may be used. ``state`` is ``expected``, ``other``, ``unknown`` or ``not_asked``."""

    state: Literal["expected", "other", "unknown", "not_asked"]
    reason: str

    @property
    def trusted(self) -> bool:
        """Only what was expected, or any source where nothing was expected."""
        return self.state in ("expected", "not_asked")


def source_trust(scan: Mapping[str, Any], expected_source: object) -> SourceTrust:
    """Return whether a scan used the source that is expected (a URL, a word of SOURCE_WORDS, or None for any).

    Raises ExpectedSourceError for an expectation that is neither. A source that the scan does not name is not trusted.
    """
    if expected_source is None:
        return SourceTrust("not_asked", "")
    expected = parse_expected_source(expected_source)
    source = _source(scan)
    return _compare(expected, used_source(source, policy_values(source)))


def source_findings(
    scan: Mapping[str, Any], expected_source: object = None, *, build: int | None = None
) -> tuple[Finding, ...]:
    """Return what is to be said about the source of a scan and the policies that choose it, the worst first.

    ``scan`` is a scan/1 document; only its ``source`` is looked at. ``build`` is the host's major build, where known:
    it decides whether DisableDualScan still works. Raises ExpectedSourceError.
    """
    source = _source(scan)
    values = policy_values(source)
    expected = None if expected_source is None else parse_expected_source(expected_source)
    found = policy_findings(values, expected, build) if "policy" in source or "policy_state" in source else ()
    return (*_of_source(source, expected, found), *found)


def _of_source(
    source: Mapping[str, Any], expected: ExpectedSource | None, found: Sequence[Finding]
) -> tuple[Finding, ...]:
    used = used_source(source, policy_values(source))
    answers = []
    if expected is not None:
        trust = _compare(expected, used)
        if trust.state == "other":
            answers.append(_overwritten(expected, used, found))
        elif trust.state == "unknown":
            answers.append(Finding("source_unknown", "check", f"The scan is not trusted: {trust.reason}."))
    if source.get("online") is False and used.word != "scan_cab":
        text = "The scan did not go online: the agent answered from its local store, as old as its last search."
        answers.append(Finding("local_store", "check", text))
    return tuple(answers)


def _overwritten(expected: ExpectedSource, used: UsedSource, found: Sequence[Finding]) -> Finding:
    text = (
        f"The scan is not trusted: {expected.name} was expected and {used.name} was used. Unless somebody chose that, "
        "the setting was overwritten by a higher authority."
    )
    causes = []
    if used.word == "scan_cab":
        causes.append("The scan itself was asked to read an offline catalogue (scan_cab).")
    elif used.asked is not None and used.asked == used.word:
        causes.append(f"The scan itself was asked for {NAMES[used.asked]} (server_selection).")
    texts = {finding.id: finding.text for finding in found}
    causes.extend(texts[name] for name in _LEADS_ELSEWHERE if name in texts)
    return Finding("source_overwritten", "conflict", text, causes=tuple(causes) or _USUAL_CAUSES)


def _compare(expected: ExpectedSource, used: UsedSource) -> SourceTrust:
    if used.contradiction:
        return SourceTrust("unknown", f"the scan contradicts itself: {used.contradiction}")
    if expected.address is not None:
        return _compare_address(expected, used)
    if used.word is None:
        return SourceTrust("unknown", f"the scan does not say which source it used, and {expected.name} is expected")
    if used.word == "internet" and expected.word != "managed_server":
        return SourceTrust("unknown", f"the scan names no service, and {expected.name} is expected")
    if used.word == expected.word:
        return SourceTrust("expected", "")
    return _other(expected, used)


def _compare_address(expected: ExpectedSource, used: UsedSource) -> SourceTrust:
    if used.word not in (None, "managed_server"):
        return _other(expected, used)
    if not used.server:
        return SourceTrust("unknown", f"the scan does not say which server it used, and {expected.name} is expected")
    address = address_of(used.server)
    if address is None:
        return SourceTrust("unknown", f"the server that the scan names is no address: {printable(used.server)!r}")
    return SourceTrust("expected", "") if address == expected.address else _other(expected, used)


def _other(expected: ExpectedSource, used: UsedSource) -> SourceTrust:
    return SourceTrust("other", f"{expected.name} was expected and {used.name} was used")


def _source(scan: Mapping[str, Any]) -> Mapping[str, Any]:
    source = scan.get("source")
    return source if isinstance(source, Mapping) else {}
