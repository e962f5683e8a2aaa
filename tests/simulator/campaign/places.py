# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Where in a run faults happen: at places that lie evenly between its first and its last."""

from __future__ import annotations


def spread(length: int, count: int) -> list[int]:
    """So many numbers from 0 to `length` - 1, or all of them where there are no more; `count` is 2 or more."""
    if length <= count:
        return list(range(length))
    return [round(place * (length - 1) / (count - 1)) for place in range(count)]
