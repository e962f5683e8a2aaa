# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A measured figure, the bound it has to keep, and how both are shown."""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

OPERATORS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<=": operator.le,
    "<": operator.lt,
    ">=": operator.ge,
    ">": operator.gt,
    "==": operator.eq,
}
SUBJECTS: Final = ("ours", "other", "ratio")
HEADINGS: Final = ("name", "unit", "ours", "other", "ratio", "must", "met?")
WORDS: Final = {True: "yes", False: "MISSED", None: "-"}


class RowError(ValueError):
    """A row that cannot be told: no figure, or a condition that cannot be decided."""


@dataclass(frozen=True, slots=True)
class Condition:
    """`ours <= 90000`: a figure of the row, an operator, a number."""

    subject: str
    operator: str
    bound: float

    def holds(self, figure: float) -> bool:
        """Whether the figure keeps the bound."""
        return OPERATORS[self.operator](figure, self.bound)


def parse_condition(text: str) -> Condition:
    """The condition of three words. Raises RowError."""
    words = text.split()
    if len(words) != 3:
        raise RowError(f"a condition has three words, such as 'ours <= 90000', and not {text!r}")
    subject, sign, bound = words
    if subject not in SUBJECTS or sign not in OPERATORS:
        raise RowError(f"{text!r}: a condition is one of {', '.join(SUBJECTS)}, one of {' '.join(OPERATORS)}, a number")
    try:
        number = float(bound)
    except ValueError:
        raise RowError(f"{text!r}: {bound!r} is no number") from None
    if not math.isfinite(number):
        raise RowError(f"{text!r}: {bound!r} is no bound")
    return Condition(subject, sign, number)


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of ours and, where there is one, of the other. Raises RowError for what is no row."""

    name: str
    unit: str
    ours: float
    other: float | None = None
    must: str | None = None

    def __post_init__(self) -> None:
        for figure in (self.ours, self.other):
            if figure is not None and not (math.isfinite(figure) and figure >= 0):
                raise RowError(f"{self.name}: {figure!r} is no figure")
        if self.must is not None and self._figure(parse_condition(self.must).subject) is None:
            raise RowError(f"{self.name}: there is nothing to decide {self.must!r} with")

    @property
    def ratio(self) -> float | None:
        """Ours divided by the other, not rounded: a bound is decided with it."""
        return self.ours / self.other if self.other else None

    @property
    def met(self) -> bool | None:
        """Whether the bound is kept; None where there is none."""
        if self.must is None:
            return None
        condition = parse_condition(self.must)
        figure = self._figure(condition.subject)
        return figure is not None and condition.holds(figure)

    def as_dict(self) -> dict[str, Any]:
        """The row of `bench.json`."""
        shown = {name: getattr(self, name) for name in ("name", "unit", "ours", "other", "ratio")}
        return {**shown, "must": self.must}

    def _figure(self, subject: str) -> float | None:
        return {"ours": self.ours, "other": self.other, "ratio": self.ratio}[subject]


def as_json(rows: Iterable[Row]) -> str:
    """The text of `bench.json`."""
    return json.dumps([row.as_dict() for row in rows], indent=1, ensure_ascii=False) + "\n"


def table(rows: Sequence[Row]) -> str:
    """One line for each row; a bound that is not kept stands there as MISSED."""
    lines = [HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(_line(cells, widths) for cells in [lines[0], tuple("-" * width for width in widths), *lines[1:]])


def shown(figure: float | None) -> str:
    """Whole numbers as they are, others with as many digits as can be believed."""
    if figure is None:
        return "-"
    if figure == int(figure) or figure >= 1000:
        return f"{figure:,.0f}"
    return f"{figure:.3f}" if figure < 10 else f"{figure:.1f}"


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.name,
        row.unit,
        shown(row.ours),
        shown(row.other),
        "-" if row.ratio is None else f"{row.ratio:.3f}",
        row.must or "-",
        WORDS[row.met],
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Names, units and words to the left, figures to the right."""
    figures = range(2, 5)
    padded = (
        cell.rjust(width) if column in figures else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join(padded).rstrip()
