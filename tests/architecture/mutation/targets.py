# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is mutated, by which tests it is judged, and how much of it must be found."""

from __future__ import annotations

from dataclasses import dataclass

from house_rules.places import ROOT

MUST = 90
# A file with more mutants is sampled; the choice depends on the file alone.
AT_MOST = 400
WORKERS = 2
# A mutant that makes a loop endless is found by its time-out.
CPU_SECONDS = 30
WALL_SECONDS = 600

BRAIN = "plugins/plugin_utils/_verdict"
PACKAGE = "ansible_collections.winops.patching.plugins.plugin_utils._verdict"
TESTS = ("tests/unit/plugins/plugin_utils/verdict", "tests/unit/plugins/plugin_utils/evidence")
PAGE = ROOT / "docs" / "mutation.md"
REASONS = ROOT / "tests" / "architecture" / "mutation" / "survivors.yml"

# Tests drawn by chance would find a mutant in one run and not in the next; those of sheer size say nothing new.
DRAWN_BY_CHANCE = "hypothesis"
ABOUT_SIZE = "hundred_thousand"


@dataclass(frozen=True, slots=True)
class Group:
    """Files whose share of killed mutants is one figure."""

    title: str
    files: tuple[str, ...]


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
)
