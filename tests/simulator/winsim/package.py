# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A package that lies on a host as a file: what kind it is, and what its installer does."""

from __future__ import annotations

from dataclasses import dataclass, field

KINDS = ("msi", "exe", "msu", "cab")


@dataclass(slots=True)
class Package:
    """`exit_code` holds what each run answers, the last one for good. `checkpoints` are files that must lie beside it.

    `installs_product` false: it succeeds and leaves no trace by which anybody could know that it is there.
    """

    path: str
    kind: str
    kb: str | None = None
    product_id: str | None = None
    exit_code: list[int] = field(default_factory=lambda: [0])
    run_minutes: float = 1
    renames: list[list[str]] = field(default_factory=list)
    overwrites_queue: bool = False
    installs_product: bool = True
    installed: bool = False
    checkpoints: list[str] = field(default_factory=list)
    log: str | None = None
