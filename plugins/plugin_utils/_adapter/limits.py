# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What --limit means, so that a run can tell a target without hosts from one that the limit has emptied."""

from __future__ import annotations

from collections.abc import Callable


def limit_pattern(limit: str, read: Callable[[str], str]) -> str:
    """Return a --limit text as one host pattern; ``@FILE`` stands for the lines of the file, as in ansible-core.

    An empty limit, and files without a line, limit nothing.
    """
    parts: list[str] = []
    for part in str(limit).split(","):
        if part.strip().startswith("@"):
            parts.extend(line.strip() for line in read(part.strip()[1:]).split("\n"))
        else:
            parts.append(part.strip())
    return ",".join(part for part in parts if part) or "all"
