# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is mutated, by which tests it is judged, and how much of it must be found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from house_rules.places import ROOT

MUST = 90
# A file with more mutants is sampled; the choice depends on the file alone.
AT_MOST = 400
WORKERS = 2
# A mutant that makes a loop endless is found by its time-out.
CPU_SECONDS = 30
WALL_SECONDS = 600

BRAIN = "plugins/plugin_utils"
PACKAGE = "ansible_collections.winops.patching.plugins.plugin_utils"
TESTS = (
    "tests/unit/plugins/plugin_utils/verdict",
    "tests/unit/plugins/plugin_utils/evidence",
    "tests/unit/plugins/plugin_utils/plan",
)
PAGE = ROOT / "docs" / "mutation.md"
REASONS = ROOT / "tests" / "architecture" / "mutation" / "survivors.yml"

# Tests drawn by chance would find a mutant in one run and not in the next; those of sheer size say nothing new.
DRAWN_BY_CHANCE = "hypothesis"
ABOUT_SIZE = "hundred_thousand"


@dataclass(frozen=True, slots=True)
class Group:
    """Files of one folder of the brain whose share of killed mutants is one figure; no two groups share a file name."""

    title: str
    files: tuple[str, ...]
    folder: str = "_verdict"


GROUPS = (
    Group(
        "The verdict",
        (
            "reboot.py",
            "signals.py",
            "signal.py",
            "judge_busy.py",
            "judge_names.py",
            "judge_products.py",
            "judge_queue.py",
            "judge_updates.py",
        ),
    ),
    Group("The queue parser", ("rename_queue.py", "rename_place.py")),
    Group(
        "Compliance",
        (
            "compliance/judge_winops.py",
            "compliance/judge_forerunners.py",
            "compliance/judge_updates.py",
            "compliance/rule_answers.py",
            "compliance/naming.py",
            "compliance/history.py",
            "compliance/machine_reboot.py",
            "compliance/scan_trust.py",
            "compliance/roll_up.py",
        ),
    ),
    Group("Packing", ("packing/pack.py", "packing/candidates.py", "packing/room.py"), "_plan"),
    Group("Waves", ("waves/forming.py", "waves/plan.py"), "_plan"),
)


def text_of(file: str) -> str:
    """Return the text of a file under mutation."""
    return (ROOT / BRAIN / _folder_of(file) / file).read_text(encoding="utf-8")


def module_of(file: str) -> str:
    """Return the name by which tests import it."""
    return ".".join((PACKAGE, _folder_of(file), *Path(file).with_suffix("").parts))


def _folder_of(file: str) -> str:
    return next(group.folder for group in GROUPS if file in group.files)
