# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Promises about what is told: every host, every update, every line, and nothing but the truth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from campaign.hosts import REBOOT_REQUIRED, wanted_of
from campaign.model import ALWAYS, Ends, Look, Story, Words
from campaign.truth import Truth, looked_between, truths_at

GREEN: Final = ("patched", "nothing_to_do", "deferred", "armed", "pending_reboot")
RED: Final = ("stopped", "failed", "running", "unknown")
# What an update's state claims about the host: is it installed, does it wait for a boot? None: no claim.
CLAIMS: Final[dict[str, tuple[bool | None, bool | None]]] = {
    "verified": (True, False),
    "pending_reboot": (True, True),
    "rolled_back": (False, None),
    "failed": (False, None),
    "missing": (False, None),
    "deferred": (False, None),
    "skipped": (None, None),
    "planned": (False, None),
    "unknown": (None, None),
}
# How a verdict names a signal that no reboot clears.
PASSED_OVER: Final = "Passed over, because a reboot did not clear it"
# States with which the update of a row counts as not answered; each needs a reason.
UNANSWERED: Final = ("unknown",)


def in_every_report(story: Story) -> Iterator[str]:
    """A run that was not killed has a row for the host, and the row says how the run ended for it."""
    for number, look in _finished(story):
        if look.row is None:
            yield f"the report of run {number} has no row for it"
        elif (look.row.get("run") or {}).get("outcome") not in (*GREEN, *RED):
            yield f"its row in the report of run {number} does not say how the run ended"
        elif not look.row["run"].get("sentence"):
            yield f"its row in the report of run {number} has no sentence"


def every_update_told(story: Story) -> Iterator[str]:
    """What was begun or happened to an update stands in a report."""
    told = {update["id"] for look in story.looks for update in _updates(look)}
    begun = {line["id"] for job in story.jobs for line in job.steps("installing", "begin")}
    happened = {entry["id"] for entry in story.log if entry["event"] == "install"}
    for name in sorted((begun | happened) - told):
        yield f"something was done about {name}, and no report names it"


def every_line_kept(story: Story) -> Iterator[str]:
    """The controller's journal has every line of every job that is over, once."""
    if story.case.ends is Ends.UNREACHABLE or not _was_read(story.looks[-1]):
        return
    kept: dict[str, list[Words]] = {}
    for line in story.journal:
        if line.get("step") == "job":
            kept.setdefault(str(line.get("job")), []).append(line["line"])
    for job in story.jobs:
        if job.over and story.quiet and kept.get(job.id, []) != list(job.lines):
            mine = len(kept.get(job.id, []))
            yield f"the journal of the run has {mine} lines of {job.id}, which wrote {len(job.lines)}, or other ones"


def _was_read(look: Look) -> bool:
    return look.row is not None and look.row.get("error") is None


def true_updates(story: Story) -> Iterator[str]:
    """The state of each update is what is true of it."""
    for number, look in _finished(story):
        between = looked_between(look)
        # A job says what it has seen itself, after the last look of the controller perhaps.
        possible = truths_at(story, between[0], look.ended) if between else []
        whole = truths_at(story, look.began, look.ended)
        for update in _updates(look):
            # What is planned was so when the host was armed, however long the run then waited for others.
            held_against = whole if update.get("state") == "planned" else possible
            sentence = _contradiction(update, held_against) if not _is_named(story, update) else None
            if sentence:
                yield f"run {number} says {update['state']} of {update['id']}; {sentence}"


def _is_named(story: Story, update: Words) -> bool:
    """A key that survives every boot goes on to name the updates that once waited for one."""
    return update.get("state") == "pending_reboot" and REBOOT_REQUIRED in story.case.words.get("survives_reboot", [])


def _contradiction(update: Words, possible: list[Truth]) -> str | None:
    state = update.get("state")
    if state not in CLAIMS:
        return "that is no state of an update"
    if state in UNANSWERED and not update.get("because"):
        return "it does not say why"
    installed, waiting = CLAIMS[state]
    if installed is None:
        return None
    if not possible:
        return "nobody looked at the host in that run"
    name = update["id"]
    for truth in possible:
        if (name in truth.installed) == installed and waiting in (None, name in truth.waiting):
            return None
    last = possible[-1]
    there = "installed" if name in last.installed else "not installed"
    return f"it is {there}{' and waits for a boot' if name in last.waiting else ''}"


def true_machine(story: Story) -> Iterator[str]:
    """Machine and reboot state are what is true, and a host that nobody read is unknown."""
    for number, look in _finished(story):
        if look.row is None:
            continue
        between = looked_between(look)
        if between is None:
            yield from _unread(number, look.row)
            continue
        possible = truths_at(story, *between)
        for key in ("machine", "reboot"):
            if not any(_holds(story, key, look.row, truth) for truth in possible):
                yield f"run {number} says {key} {look.row.get(key)}; {_shown(story, possible[-1])}"


def _unread(number: int, row: Words) -> Iterator[str]:
    if row.get("reboot") != "unknown":
        yield f"run {number} says reboot {row.get('reboot')} of a host that it did not read"
    if row.get("machine") not in (None, "unknown"):
        yield f"run {number} says machine {row.get('machine')} of a host that it did not read"


def _holds(story: Story, key: str, row: Words, truth: Truth) -> bool:
    value = row.get(key)
    missing = wanted_of(story.case.words) - truth.installed
    # What our reboots do not clear is ignored from then on, by its name, and the machine is unknown.
    named = bool((row.get("run") or {}).get("persistent")) or PASSED_OVER in str(row.get("sentence"))
    stuck = named and (story.case.words.get("survives_reboot") or story.case.words.get("misbehaves"))
    claims = {
        ("reboot", "required"): truth.reboot,
        ("reboot", "not_required"): not truth.reboot or bool(stuck and row.get("machine") == "unknown"),
        ("machine", "compliant"): not missing and not truth.reboot,
        ("machine", "pending_reboot"): truth.reboot,
        ("machine", "non_compliant"): bool(missing),
    }
    return claims.get((key, str(value)), value in (None, "unknown"))


def _shown(story: Story, truth: Truth) -> str:
    missing = wanted_of(story.case.words) - truth.installed
    return f"{len(missing)} updates are missing, and a reboot is {'' if truth.reboot else 'not '}required"


def unread_is_unknown(story: Story) -> Iterator[str]:
    """What was refused never becomes a no."""
    if not story.case.words.get("denied"):
        return
    for number, look in _finished(story):
        if look.row is not None and look.row.get("reboot") == "not_required":
            yield f"run {number} says that no reboot is required, although it was refused {story.case.words['denied']}"


def green_is_green(story: Story) -> Iterator[str]:
    """Where Ansible calls the host well, all is well; where it does not, the row says why."""
    for number, look in _finished(story):
        if look.row is None or look.recap is None:
            continue
        run = look.row.get("run") or {}
        red = bool(look.recap.get("failed") or look.recap.get("unreachable"))
        bad = _wrong(look.row)
        if not red and bad:
            yield f"Ansible counts no failure in run {number}, and the report says: {bad}"
        if red and not bad:
            yield f"Ansible counts a failure in run {number}, and the report says {run.get('outcome')}"
        yield from _outcome(story, number, look)


def _wrong(row: Words) -> str | None:
    """What of a row no green run may have."""
    run: Words = row.get("run") or {}
    if run.get("outcome") not in GREEN:
        return str(run.get("outcome"))
    if row.get("error"):
        return str(row["error"])
    for key in ("machine", "reboot"):
        if row.get(key) == "unknown":
            return f"{key} unknown"
    return "a persistent signal" if run.get("persistent") else None


def _outcome(story: Story, number: int, look: Look) -> Iterator[str]:
    """What the outcome's word claims."""
    between = looked_between(look)
    outcome = (look.row or {}).get("run", {}).get("outcome")
    if between is None:
        if outcome in ("patched", "nothing_to_do", "pending_reboot"):
            yield f"run {number} says {outcome} of a host that it did not read"
        return
    possible = truths_at(story, *between)
    wanted = wanted_of(story.case.words)
    claims: dict[str, Any] = {
        "patched": lambda truth: not truth.reboot and (wanted <= truth.installed or story.case.windows != ALWAYS),
        "nothing_to_do": lambda truth: not truth.reboot and wanted <= truth.installed,
        "pending_reboot": lambda truth: truth.reboot,
        "deferred": lambda truth: not wanted <= truth.installed,
    }
    claim = claims.get(str(outcome))
    if claim is not None and not any(claim(truth) for truth in possible):
        yield f"run {number} says {outcome}; {_shown(story, possible[-1])}"


def _finished(story: Story) -> list[tuple[int, Look]]:
    """The runs that came to their end, with their numbers."""
    return [(number, look) for number, look in enumerate(story.looks, 1) if look.code is not None]


def _updates(look: Look) -> list[Words]:
    run: Words = (look.row or {}).get("run") or {}
    return list(run.get("updates") or [])
