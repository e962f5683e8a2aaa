# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Baselines: which updates a host must have, which it may lack, and which it must not have."""

from __future__ import annotations

from .baseline import BASELINE_KEYS, ORDERS, PLACE_WORDS, Baseline, Place, parse_baseline
from .classifications import CLASSIFICATIONS, classification_name, classification_of
from .exclusions import excluded_reason
from .months import Build, Month, MonthAnswer, parse_build
from .supersedence import superseded_by

__all__ = [
    "BASELINE_KEYS",
    "CLASSIFICATIONS",
    "ORDERS",
    "PLACE_WORDS",
    "Baseline",
    "Build",
    "Month",
    "MonthAnswer",
    "Place",
    "classification_name",
    "classification_of",
    "excluded_reason",
    "parse_baseline",
    "parse_build",
    "superseded_by",
]
