# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The parts of docs/ that follow from code: signals, rules, policy keys, and what the simulator answers.

    PYTHONPATH=tests/simulator .venv/bin/python tests/architecture/generate_docs.py [--check]

writes them between their markers; with --check it writes nothing and ends 1 when a page has drifted.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields

from ansible_collections.winops.patching.plugins.plugin_utils._evidence.catalogue import (
    BUSY_SIGNALS,
    PROBES,
    REQUIRED_SIGNALS,
    SIGNALS,
    SignalDefinition,
    place_of_probe,
)
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.probes import READING_METHODS
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.policy import Policy
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_place import PLACES
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_queue import PROGRAM_EXTENSIONS
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_rules import SHIPPED_RULES, RenameRule
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.signals import JUDGES

import explained_codes
import judged_cases
from house_rules.places import ROOT, shown
from winsim import catalogue as simulated

COMMAND = "PYTHONPATH=tests/simulator .venv/bin/python tests/architecture/generate_docs.py"

# What the fields of Policy mean to an operator; a field without a text here is a KeyError when the page is written.
POLICY_MEANINGS: Mapping[str, str] = {
    "require": "Ids of the signals without whose answer there is no `not_required`. A list replaces the default.",
    "strengths": "Other strengths, by id: `{server_manager_restart: strong}`. Evidence that was found weaker than "
    "usual (minor entries only, an unreadable write time) never gains by it.",
    "ignore_signals": "Ids that neither decide nor hint; they are listed under `ignored`.",
    "rename_rules": "Your own rules for the rename queue and the names of shipped sets, see above.",
    "rename_queue": "`significant`: significant entries are strong, minor ones weak. `any`: both are strong. "
    "`ignore`: the queue decides nothing.",
    "weak_decides": "That many weak signals of different sources together decide. Without a number they never do.",
    "max_scan_age": "How old a finished scan of the update agent may be: `7d`, `22h`, `90m`.",
    "unknown_is": "What an undecided verdict becomes: `unknown` or `required`. The modules' option of the same name "
    "can also `fail` the task.",
    "persistent": "Marks of signals that a reboot did not clear, by id, as a patch run reports them (`hash`). "
    "A signal with that very content is listed under `ignored` with the rule `persistent`, and the machine is at best "
    "`unknown`.",
}
POLICY_DEFAULTS: Mapping[str, str] = {
    "require": "the required signals above",
    "strengths": "the catalogue's",
    "ignore_signals": "none",
    "rename_rules": "all shipped sets",
    "weak_decides": "none",
    "persistent": "none",
    "max_scan_age": "`7d`",
}


def cell(text: str) -> str:
    """A text as a table cell."""
    return " ".join(text.split()).replace("|", "\\|")


def code(text: str) -> str:
    """A text as code, which also keeps the backslashes of Windows paths."""
    return f"`{text}`"


def anchor(signal: SignalDefinition) -> str:
    """A link to the section of a signal."""
    return f"[{signal.title}](#{signal.id})"


def place(name: str) -> str:
    """Where a probe reads, with what else it takes from a registry key."""
    text = code(place_of_probe(name))
    probe = PROBES.get(name, {})
    words = {"subkeys": "the key's subkeys", "write_time": "the key's write time"}
    extras = [word for option, word in words.items() if probe.get(option)]
    return f"{text} and {' and '.join(extras)}" if extras else text


def overview() -> Iterator[str]:
    """One row for each signal, strongest first, as the catalogue has them."""
    yield "| Signal | Strength | Scope | Kind | What it says |"
    yield "|---|---|---|---|---|"
    for signal in SIGNALS.values():
        strength = f"{signal.strength}, required" if signal.id in REQUIRED_SIGNALS else signal.strength
        kind = "soft or hard" if signal.id == "ccm_reboot_pending" else signal.kind
        yield f"| {code(signal.id)} | {strength} | {signal.scope} | {kind} | {cell(anchor(signal))} |"


def judged(signal: SignalDefinition) -> str:
    """What the judge of a signal says of itself."""
    text = " ".join((JUDGES[signal.id].__doc__ or "").strip().split("\n\n")[0].split())
    if signal.source == "rename_queue":
        return f"{text} Entry by entry, see [The rename queue](#the-rename-queue)."
    return text


def section(signal: SignalDefinition) -> Iterator[str]:
    """Everything about one signal."""
    roles = [signal.strength, f"scope {signal.scope}", f"source {signal.source}"]
    roles += ["required by default"] if signal.id in REQUIRED_SIGNALS else []
    roles += ["makes the host busy"] if signal.id in BUSY_SIGNALS else []
    yield f"### {code(signal.id)}"
    yield ""
    yield f"**{signal.title}** ({', '.join(roles)})"
    yield ""
    places = [place(name) for name in signal.probes]
    if len(places) == 1:
        yield f"* Read from {places[0]}"
    else:
        yield "* Read from"
        yield from (f"  * {entry}" for entry in places)
    yield f"* Means: {signal.meaning}"
    yield f"* Beware: {signal.pitfalls}"
    yield f"* Judged: {judged(signal)}"
    if signal.upstream:
        yield f"* `ansible.windows.win_reboot_info` calls it {code(signal.upstream)}."
    yield ""


def sections() -> Iterator[str]:
    """One section for each signal."""
    for signal in SIGNALS.values():
        yield from section(signal)


def required() -> Iterator[str]:
    """The signals that a "no" needs."""
    yield from (f"* {anchor(SIGNALS[name])}, {code(name)}" for name in REQUIRED_SIGNALS)


def busy() -> Iterator[str]:
    """The signals that forbid a reboot now."""
    yield from (f"* {anchor(SIGNALS[name])}, {code(name)}" for name in BUSY_SIGNALS)


def places() -> Iterator[str]:
    """The words of the rename queue."""
    yield f"Places: {', '.join(code(word) for word in PLACES)}."
    yield ""
    yield f"Program files: {', '.join(code(word) for word in sorted(PROGRAM_EXTENSIONS))}."


def rule(entry: RenameRule) -> str:
    """One shipped set: what it ignores, and why that is no reason for a reboot."""
    words = {None: "Any operation", "delete": "Deletions", "rename": "Renames", "replace": "Replacements"}
    what = words[entry.operation]
    where = f" with the place {code(entry.place)}" if entry.place else ""
    which = f" whose path matches {code(entry.match.pattern)}" if entry.match else ""
    return f"* **{code(entry.id)}**: {what}{where}{which}. {entry.reason}"


def rules() -> Iterator[str]:
    """The shipped sets in the order in which they are tried."""
    yield from (rule(entry) for entry in SHIPPED_RULES)


def policy() -> Iterator[str]:
    """The keys of a policy, as the brain takes them."""
    yield "| Key | Default | Meaning |"
    yield "|---|---|---|"
    for field in fields(Policy):
        default = POLICY_DEFAULTS.get(field.name) or code(str(field.default))
        yield f"| **{code(field.name)}** | {cell(default)} | {cell(POLICY_MEANINGS[field.name])} |"


def methods() -> Iterator[str]:
    """The CIM methods that the reader may call."""
    yield from (f"* {code(name)}" for name in sorted(READING_METHODS))


def tiers() -> Iterator[str]:
    """What the simulator answers, and how."""
    yield from simulated.table().splitlines()


BLOCKS: Mapping[str, Mapping[str, Callable[[], Iterator[str]]]] = {
    "docs/signals.md": {
        "overview": overview,
        "required": required,
        "busy": busy,
        "places": places,
        "rules": rules,
        "policy": policy,
        "methods": methods,
        "sections": sections,
    },
    "docs/errors.md": {
        "classes": explained_codes.classes,
        "hresults": explained_codes.hresults,
        "exit_codes": explained_codes.exit_codes,
    },
    "docs/judges.md": {
        "with_rule": judged_cases.with_rule,
        "without_rule": judged_cases.without_rule,
        "because": judged_cases.because,
    },
    "docs/verification.md": {"tiers": tiers},
}


class MarkerError(Exception):
    """A page lacks the markers of a generated part; the message names page and marker."""


def begin(name: str) -> str:
    """The line before a generated part."""
    return f"<!-- {name}: written by tests/architecture/generate_docs.py -->"


def end(name: str) -> str:
    """The line after a generated part."""
    return f"<!-- end of {name} -->"


def with_block(page: str, name: str, lines: Iterator[str]) -> str:
    """A page with one generated part as it should be; raise MarkerError where it has no place for it."""
    before, first, rest = page.partition(begin(name))
    _old, last, after = rest.partition(end(name))
    if not first or not last:
        raise MarkerError(f"needs the line {begin(name)!r} and, below it, {end(name)!r}")
    text = "\n".join(lines).rstrip()
    return f"{before}{first}\n\n{text}\n\n{last}{after}"


def wanted(path: str, page: str) -> str:
    """A page of BLOCKS with all its generated parts as they should be."""
    for name, lines in BLOCKS[path].items():
        page = with_block(page, name, lines())
    return page


def drifted() -> dict[str, str]:
    """Pages that are not as they should be, each with the text it should have."""
    found = {}
    for path in BLOCKS:
        page = (ROOT / path).read_text(encoding="utf-8")
        try:
            text = wanted(path, page)
        except MarkerError as error:
            raise MarkerError(f"{path} {error}") from error
        if text != page:
            found[path] = text
    return found


def main(arguments: list[str]) -> int:
    """Write what has drifted, or only tell it."""
    if arguments not in ([], ["--check"]):
        print(f"usage: {COMMAND} [--check]", file=sys.stderr)
        return 2
    try:
        pages = drifted()
    except (MarkerError, OSError) as error:
        print(f"generate_docs: {error}", file=sys.stderr)
        return 1
    for path, text in pages.items():
        if arguments:
            print(f"{path}: drifted; run: {COMMAND}")
        else:
            (ROOT / path).write_text(text, encoding="utf-8")
            print(f"{shown(ROOT / path)}: written")
    return 1 if arguments and pages else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
