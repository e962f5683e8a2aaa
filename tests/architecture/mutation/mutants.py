# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All mutants of a file: where a mistake may stand, how it reads, and which lines a test must run to see it."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from . import operators

# Types are for mypy, which has its own gate; decorators and names that are assigned to are no behaviour.
NOT_MUTATED = frozenset({"annotation", "returns", "decorator_list", "targets", "target", "type_params", "format_spec"})
# A change shows as much around it as fits; what both sides share beyond that is cut.
LONGEST_CONTEXT = 70
SHARED = 24
MODULE = "(module)"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node hangs in its tree."""

    parent: ast.AST
    field: str
    index: int | None

    def put(self, node: ast.AST) -> None:
        """Hang another node there."""
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mistake. `lines` are those of its statement, empty for what runs only at import."""

    file: str
    function: str
    line: int
    lines: range
    mistake: str
    change: str
    place: Place = field(repr=False)
    old: ast.AST = field(repr=False)
    new: ast.AST = field(repr=False)

    @property
    def key(self) -> tuple[str, str, str]:
        """By what a reason finds its mutant: no line, because lines move."""
        return self.file, self.function, self.change


@dataclass(frozen=True, slots=True)
class Scope:
    """What surrounds a node."""

    function: str = MODULE
    runs: bool = False
    lines: range = range(0)
    around: tuple[ast.AST, ...] = ()


def mutants_of(file: str, text: str) -> tuple[ast.Module, list[Mutant]]:
    """The tree of a file and every mutant of it, in the order of the text."""
    tree = ast.parse(text)
    return tree, list(_below(file, tree, Scope()))


def sample(mutants: list[Mutant], at_most: int) -> list[Mutant]:
    """At most so many of them, the same ones for the same text, in their order."""
    if len(mutants) <= at_most:
        return mutants
    numbered = sorted(enumerate(mutants), key=lambda pair: _lot(pair[1], pair[0]))
    return [mutant for _number, mutant in sorted(numbered[:at_most], key=lambda pair: pair[0])]


def _lot(mutant: Mutant, number: int) -> str:
    return hashlib.sha256(f"{mutant.file}:{number}".encode()).hexdigest()


def _below(file: str, node: ast.AST, scope: Scope) -> Iterator[Mutant]:
    inner = _inner(node, scope)
    for name, value in ast.iter_fields(node):
        entries = value if isinstance(value, list) else [value]
        for index, child in enumerate(entries):
            if not isinstance(child, ast.AST) or name in NOT_MUTATED or _is_left_alone(child, inner):
                continue
            place = Place(node, name, index if isinstance(value, list) else None)
            yield from _at(file, child, place, _outer(node, name, scope) or inner)
            if not operators.is_pattern(child):
                yield from _below(file, child, _outer(node, name, scope) or inner)


def _at(file: str, node: ast.AST, place: Place, scope: Scope) -> Iterator[Mutant]:
    context = [
        entry
        for entry in (place.parent, *scope.around)
        if isinstance(entry, ast.expr | ast.keyword) and not isinstance(entry, ast.Slice)
    ]
    for mistake, new in operators.changes(node):
        if _is_bound_of_shown(node, scope):
            continue
        line = getattr(node, "lineno", scope.lines.start)
        change = _change(node, new, place, context)
        yield Mutant(file, scope.function, line, _lines(node, scope), mistake, change, place, node, new)


def _inner(node: ast.AST, scope: Scope) -> Scope:
    """The scope of what hangs below a node."""
    name, runs = scope.function, scope.runs
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        name = node.name if name == MODULE else f"{name}.{node.name}"
        runs = isinstance(node, ast.FunctionDef)
    return Scope(name, runs, _lines(node, scope), (node, *scope.around[:3]))


def _outer(node: ast.AST, name: str, scope: Scope) -> Scope | None:
    """Defaults of parameters are made where the function is, not in it."""
    return scope if isinstance(node, ast.FunctionDef) and name == "args" else None


def _lines(node: ast.AST, scope: Scope) -> range:
    """The lines of the statement; of a compound one those of its head."""
    if not isinstance(node, ast.stmt) or not scope.runs:
        return scope.lines
    body = getattr(node, "body", None)
    last = body[0].lineno - 1 if body else node.end_lineno or node.lineno
    return range(node.lineno, max(last, node.lineno) + 1)


def _is_left_alone(node: ast.AST, scope: Scope) -> bool:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        # A docstring.
        return True
    if isinstance(node, ast.JoinedStr):
        # A sentence; what it inserts is part of the prose.
        return any(isinstance(part, ast.Constant) and " " in str(part.value) for part in node.values)
    if isinstance(node, ast.Assign) and scope.function == MODULE:
        # A name for a type: tuple[str, ...] or Literal["a"].
        return isinstance(node.value, ast.Subscript)
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__slots__"


def _is_bound_of_shown(node: ast.AST, scope: Scope) -> bool:
    """How much of a text is shown: that there is a bound matters (it may be forgotten), not its last digit."""
    large = isinstance(node, ast.Constant) and isinstance(node.value, int) and node.value >= operators.LARGE
    return large and isinstance(scope.around[0], ast.Slice)


def _change(node: ast.AST, new: ast.AST, place: Place, context: Sequence[ast.AST]) -> str:
    """The mistake as it reads, with as little around it as tells what it is."""
    if isinstance(node, ast.stmt):
        return f"{_head(node)} => {_head(new)}"
    shown = next((entry for entry in context if len(ast.unparse(entry)) <= LONGEST_CONTEXT), None)
    before = ast.unparse(shown or node)
    place.put(new)
    after = ast.unparse(shown or new)
    place.put(node)
    return " => ".join(_without_shared(before, after))


def _head(node: ast.AST) -> str:
    line = ast.unparse(node).partition("\n")[0]
    return line if len(line) <= LONGEST_CONTEXT else f"{line[:LONGEST_CONTEXT]}…"


def _without_shared(before: str, after: str) -> tuple[str, str]:
    """Both texts on one line; of what they share at both ends only the nearest part."""
    first = _shared(before, after)
    last = min(_shared(before[::-1], after[::-1]), len(before) - first, len(after) - first)
    begin, end = max(first - SHARED, 0), max(last - SHARED, 0)
    if begin + end <= SHARED or len(before) <= LONGEST_CONTEXT:
        begin = end = 0
    cut = [f"{'…' if begin else ''}{text[begin : len(text) - end]}{'…' if end else ''}" for text in (before, after)]
    return cut[0], cut[1]


def _shared(one: str, other: str) -> int:
    """How many characters both begin with."""
    return sum(1 for _pair in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
