# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What came of one package: its exit code, whether the host shows it, and what it did to the rename queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .._evidence.wording import printable
from .._explain.package_end import End, end_of_run
from .._plan.packages.host_state import failure_text, mapping_of
from .._plan.packages.looking import BETWEEN_FILES, presence_of
from .._plan.packages.options import PackageOptions, parse_package_options
from .._plan.packages.package import Package, parse_package
from .._verdict.rename_analysis.lost import lost_entries

MAX_SENTENCE = 900
# What win_reboot_mark takes as one text.
MAX_FILES_TEXT = 500
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class QueueChange:
    """What a package did to what others had left for the next boot. ``harm`` is why nothing may follow it, or empty."""

    state: str
    harm: str = ""
    lost: tuple[str, ...] = ()
    downgrades: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the published shape."""
        return {"state": self.state, "lost": list(self.lost), "downgrades": list(self.downgrades)}


def package_outcome(
    package: object,
    decision: object,
    run: object = None,
    *,
    before: object = None,
    after: object = None,
    proof: object = None,
    options: object = None,
    check_mode: bool = False,
) -> dict[str, Any]:
    """Return ``{result, again, pause_seconds, stop, witness}`` of one package.

    ``decision`` is what `package_decision` said, ``run`` the result of ansible.windows.win_package where it was run,
    ``before`` and ``after`` results of win_rename_queue with their snapshots, ``proof`` what win_probe answered to
    `proof_probes` afterwards. ``again``: try once more after ``pause_seconds``. ``stop`` is why no other package may
    follow, or empty; ``witness`` are options of win_reboot_mark, or null. Raises PlanError.
    """
    found, given = parse_package(package), parse_package_options(options)
    decided = mapping_of(decision)
    if decided.get("state") == "run" and check_mode:
        return _answer(_entry(found, given, "deferred", "check_mode", f"{found.title} would be run."))
    if decided.get("state") != "run":
        return _not_run(found, given, decided)
    end = _proved(found, end_of_run(found, run), proof)
    change = queue_change(before, after)
    if end.state == "retry" and not change.harm:
        return _try_again(found, given, end)
    return _ended(found, given, decided, end, change)


def _not_run(package: Package, options: PackageOptions, decided: Mapping[str, Any]) -> dict[str, Any]:
    state, sentence = str(decided.get("state")), str(decided.get("sentence") or "")
    entry = _entry(package, options, state, str(decided.get("reason") or ""), sentence)
    entry["next_window"] = decided.get("next_window")
    if state == "retry":
        return _answer(entry, again=True, pause=decided.get("pause_seconds"))
    return _answer(entry)


def _try_again(package: Package, options: PackageOptions, end: End) -> dict[str, Any]:
    state = "retry_exhausted" if options.patience_is_over else "retry"
    waits = f"it is tried again in {int(options.next_pause)} s" if state == "retry" else "it is not tried again"
    sentence = f"{package.title} answered {end.code}: {end.text} {waits[:1].upper()}{waits[1:]}."
    entry = _entry(package, options, state, end.reason, sentence, end)
    return _answer(entry, again=state == "retry", pause=options.next_pause)


def _ended(
    package: Package, options: PackageOptions, decided: Mapping[str, Any], end: End, change: QueueChange
) -> dict[str, Any]:
    state = "retry_exhausted" if end.state == "retry" else end.state
    if change.harm and state in ("installed", "already"):
        state = "unknown"
    entry = _entry(package, options, state, end.reason, _sentence(package, state, end, change), end)
    entry["queue"] = change.as_dict()
    stop = f"{package.title}: {change.harm}" if change.harm else ""
    if end.goes_down:
        stop = f"{package.title} has begun to reboot the host by itself"
    elif end.state == "unknown" and end.reason == "line_lost":
        stop = f"how {package.title} ended is not known"
    return _answer(entry, stop=stop, witness=_witness(package, decided, end))


def _proved(package: Package, end: End, proof: object) -> End:
    """What an exit code calls installed must be seen on the host, where there is something to be seen."""
    if end.state != "installed" or not (package.product_id or package.kb):
        return end
    why = failure_text(proof)
    if why:
        return replace(end, state="unknown", reason="not_proved", text=f"{end.text} The host could not be read: {why}.")
    presence = presence_of(package, mapping_of(mapping_of(proof).get("probes")))
    if presence.there:
        return end
    return replace(
        end, state="unknown", reason="not_proved", text=f"{end.text} Yet the host does not show it: {presence.reason}."
    )


def queue_change(before: object, after: object) -> QueueChange:
    """Return what happened to the rename queue and to RunOnce between two results of win_rename_queue."""
    first, second = mapping_of(before), mapping_of(after)
    why = failure_text(second) or ("" if mapping_of(second.get("snapshot")) else "there is no snapshot")
    if why:
        return QueueChange("unknown", f"what it did to the rename queue is not known: {why}")
    compared = lost_entries(first.get("snapshot"), second.get("snapshot"))
    if compared["state"] == "lost":
        lost = tuple(printable(str(entry["sentence"])[:300]) for entry in compared["lost"][:_SHOWN])
        harm = f"{len(compared['lost'])} operations that earlier installers left for the next boot were lost: {lost[0]}"
        return QueueChange("lost", harm, lost)
    if compared["state"] == "unknown":
        return QueueChange("unknown", f"what it did to the rename queue is not known: {compared['sentence']}")
    known = {_downgrade_key(entry) for entry in _downgrades(first)}
    newer = [entry for entry in _downgrades(second) if _downgrade_key(entry) not in known]
    if newer:
        texts = tuple(printable(str(entry.get("sentence"))[:300]) for entry in newer[:_SHOWN])
        return QueueChange("downgrade", f"the next boot would bring an older file: {texts[0]}", (), texts)
    return QueueChange("kept")


def _downgrades(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = mapping_of(result.get("rename_queue")).get("downgrades")
    return [mapping_of(entry) for entry in found] if isinstance(found, (list, tuple)) else []


def _downgrade_key(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(entry.get(key)).lower() for key in ("kind", "target", "final_source", "newer_source"))


_WORDS: Mapping[str, str] = {
    "installed": "is installed",
    "already": "was installed already",
    "pending_reboot": "is installed and waits for a reboot",
    "failed": "failed",
    "refused": "was refused",
    "unknown": "has run, and what came of it is not known",
    "retry_exhausted": "did not get to it",
}


def _sentence(package: Package, state: str, end: End, change: QueueChange) -> str:
    code = f" (exit code {end.code})" if end.code is not None else ""
    next_step = str(mapping_of(end.explanation).get("next_step") or "") if state in ("failed", "refused") else ""
    harm = f"{change.harm[:1].upper()}{change.harm[1:]}." if change.harm else ""
    text = end.text if end.text.endswith(".") else f"{end.text}."
    parts = [f"{package.title} {_WORDS[state]}{code}.", f"{text[:1].upper()}{text[1:]}", next_step, harm]
    return " ".join(part for part in parts if part)


def _witness(package: Package, decided: Mapping[str, Any], end: End) -> dict[str, Any] | None:
    """One mark for all packages of a boot: it names the files of those before, as far as there is room."""
    if not end.reboot:
        return None
    earlier = [str(file) for file in decided.get("witnessed") or () if str(file).lower() != package.path.lower()]
    files = [package.path]
    for file in reversed(earlier):
        if len(BETWEEN_FILES.join([file, *files])) <= MAX_FILES_TEXT:
            files.insert(0, file)
    return {
        "reason": f"{package.title[:200]} answered {end.code}",
        "file": BETWEEN_FILES.join(files),
        "kb": f"KB{package.kb}" if package.kb else None,
        "exit_code": end.code,
    }


def _entry(
    package: Package, options: PackageOptions, state: str, reason: str, sentence: str, end: End | None = None
) -> dict[str, Any]:
    return {
        "name": package.name,
        "path": package.path,
        "kind": package.kind,
        "kb": package.kb,
        "product_id": package.product_id,
        "state": state,
        "reason": reason,
        "exit_code": end.code if end is not None else None,
        "explanation": dict(end.explanation) if end is not None and end.explanation is not None else None,
        "sentence": printable(sentence[:MAX_SENTENCE]),
        "attempts": options.attempt,
        "next_window": None,
        "queue": None,
    }


def _answer(
    entry: Mapping[str, Any],
    *,
    again: bool = False,
    pause: Any = 0,
    stop: str = "",
    witness: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "result": dict(entry),
        "again": again,
        "pause_seconds": pause or 0,
        "stop": printable(stop[:MAX_SENTENCE]),
        "witness": dict(witness) if witness is not None else None,
    }
