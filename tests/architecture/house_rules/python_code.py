# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What our Python must not do: import against the flow, ask the machine inside the brain, or grow past a screen."""

from __future__ import annotations

import ast
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_FUNCTION = 60
LONGEST_FILE = 500
DEEPEST_NESTING = 3

# Each may import those before it: evidence is judged, verdicts are planned with, all of it is explained and reported.
BRAIN = ("_evidence", "_verdict", "_plan", "_explain", "_report")
ADAPTER = "_adapter"
DOORS = ("filter", "test", "action", "lookup", "callback")
COLLECTION = ("ansible_collections", "winops", "patching")

# Standard library that neither reads the machine nor depends on it; what is missing here needs a reason to be added.
PURE_MODULES = frozenset(
    {
        "__future__",
        "base64",
        "binascii",
        "bisect",
        # Arithmetic of months.
        "calendar",
        "collections",
        "copy",
        "csv",
        "dataclasses",
        "datetime",
        "difflib",
        "enum",
        "fnmatch",
        "functools",
        "hashlib",
        "heapq",
        "html",
        "io",
        "itertools",
        "json",
        "math",
        "operator",
        "re",
        "string",
        "struct",
        "textwrap",
        "types",
        "typing",
        "unicodedata",
        "uuid",
        # ElementTree writes the JUnit report; nothing is ever parsed with it.
        "xml",
        # The rules of time zones are data, like a table in a file; an unknown zone is an error.
        "zoneinfo",
    }
)
# Pure modules have impure corners.
IMPURE_CALLS = {
    "open": "reads the disk",
    "io.open": "reads the disk",
    "io.FileIO": "reads the disk",
    "input": "asks a person",
    "print": "writes to the terminal",
    "exec": "runs text as code",
    "eval": "runs text as code",
    "__import__": "imports what nobody can see",
    "datetime.now": "reads the clock",
    "datetime.utcnow": "reads the clock",
    "datetime.today": "reads the clock",
    "datetime.datetime.now": "reads the clock",
    "datetime.datetime.utcnow": "reads the clock",
    "datetime.datetime.today": "reads the clock",
    "date.today": "reads the clock",
    "datetime.date.today": "reads the clock",
    "uuid.uuid1": "reads the machine",
    "uuid.uuid4": "throws dice",
    "uuid4": "throws dice",
}
# Newer than Python 3.10, which controllers with ansible-core 2.16 may run.
TOO_NEW = frozenset(
    {
        "enum.StrEnum",
        "datetime.UTC",
        "typing.Self",
        "typing.Never",
        "typing.assert_never",
        "typing.assert_type",
        "typing.LiteralString",
        "typing.NotRequired",
        "typing.Required",
        "typing.Unpack",
        "typing.override",
        "tomllib",
        "itertools.batched",
    }
)
NESTING = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match)


def parts_of(path: str) -> tuple[str, ...]:
    """Folders and file stem below the checkout: `plugins/filter/a.py` => `("plugins", "filter", "a")`."""
    return PurePosixPath(path).with_suffix("").parts


def imports(path: str, tree: ast.Module) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Line and absolute target of every import; targets within the collection are given as in `parts_of`."""
    package = parts_of(path)[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, within(tuple(alias.name.split(".")))
        elif isinstance(node, ast.ImportFrom):
            module = tuple(node.module.split(".")) if node.module else ()
            base = package[: len(package) - node.level + 1] if node.level else ()
            for alias in node.names:
                yield node.lineno, within((*base, *module, alias.name))


def within(target: tuple[str, ...]) -> tuple[str, ...]:
    """The collection's own names without their common prefix."""
    return target[len(COLLECTION) :] if target[: len(COLLECTION)] == COLLECTION else target


def flow(path: str, tree: ast.Module) -> Iterator[str]:
    """Imports go one way: doors -> adapter -> brain, and inside the brain only backwards along the way of the data."""
    here = parts_of(path)
    for line, target in imports(path, tree):
        if target[:1] != ("plugins",):
            continue
        complaint = against_the_flow(here, target)
        if complaint:
            yield f"{line}: {complaint}"


def against_the_flow(here: tuple[str, ...], target: tuple[str, ...]) -> str:
    """Why `here` must not import `target` of the same collection; empty when it may."""
    kind, section = (*target[1:], "", "")[:2]
    if kind != "plugin_utils":
        return f"nothing imports {'/'.join(target[:2])}: move what is shared to plugin_utils"
    if here[1] in DOORS:
        return "" if section in (*BRAIN, ADAPTER) else "a door imports the brain and _adapter only"
    own = here[2] if len(here) > 3 else ""
    if own in (ADAPTER, section):
        return ""
    if own not in BRAIN:
        return f"{'/'.join(here[:3])} is no part of the brain"
    if section not in BRAIN or BRAIN.index(section) > BRAIN.index(own):
        return f"{own} must not import {section}"
    return ""


def purity(path: str, tree: ast.Module) -> Iterator[str]:
    """The brain gets everything as arguments: same arguments, same answer, anywhere, years later."""
    for line, target in imports(path, tree):
        if target[0] != "plugins" and target[0] not in PURE_MODULES:
            yield f"{line}: the brain does not import {target[0]}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in IMPURE_CALLS:
                yield f"{node.lineno}: {name}() {IMPURE_CALLS[name]}; the brain gets it as an argument"


def controller_age(path: str, tree: ast.Module) -> Iterator[str]:
    """What controllers run with Python 3.10 does not use newer names."""
    for line, target in imports(path, tree):
        if ".".join(target) in TOO_NEW or target[0] in TOO_NEW:
            yield f"{line}: {'.'.join(target)} is newer than Python 3.10"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in TOO_NEW:
            yield f"{node.lineno}: {ast.unparse(node)} is newer than Python 3.10"


def sizes(text: str, tree: ast.Module) -> Iterator[str]:
    """A function fits a screen, a file answers one question."""
    lines = text.count("\n")
    if lines > LONGEST_FILE:
        yield f"1: {lines} lines, {LONGEST_FILE} are allowed"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                yield f"{node.lineno}: {node.name} has {length} lines, {LONGEST_FUNCTION} are allowed"
            depth = nesting(node.body)
            if depth > DEEPEST_NESTING:
                yield f"{node.lineno}: {node.name} nests {depth} levels, {DEEPEST_NESTING} are allowed"


def nesting(body: list[ast.stmt]) -> int:
    """Depth of compound statements; `elif` is on the level of its `if`, inner functions count for themselves."""
    return max((depth_of(statement) for statement in body), default=0)


def depth_of(statement: ast.stmt) -> int:
    """Levels that one statement adds."""
    if not isinstance(statement, NESTING):
        return 0
    depth = 0
    for name in ("body", "finalbody", "orelse"):
        inner = getattr(statement, name, [])
        is_elif = (
            name == "orelse" and isinstance(statement, ast.If) and len(inner) == 1 and isinstance(inner[0], ast.If)
        )
        depth = max(depth, nesting(inner) - (1 if is_elif else 0))
    for part in (*getattr(statement, "handlers", []), *getattr(statement, "cases", [])):
        depth = max(depth, nesting(part.body))
    return depth + 1


def header(text: str, tree: ast.Module) -> Iterator[str]:
    """Copyright, docstring, postponed annotations; an empty file needs none."""
    if not text.strip():
        return
    lines = text.split("\n")
    if lines[0].startswith("#!"):
        lines = lines[1:]
    if not lines[0].startswith("# Copyright: (c)") or not lines[1].startswith("# GNU General Public License v3.0+"):
        yield "1: the file begins with the two lines of copyright and licence"
    if ast.get_docstring(tree) is None:
        yield "1: no module docstring"
    code = [node for node in tree.body if not isinstance(node, ast.Expr)]
    if code and ast.unparse(code[0]) != "from __future__ import annotations":
        yield "1: the first statement is 'from __future__ import annotations'"


def docstrings(tree: ast.Module) -> Iterator[str]:
    """Public functions and classes of the brain say what they are for."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        if ast.get_docstring(node) is None:
            yield f"{node.lineno}: {node.name} has no docstring"


def findings(path: str, text: str) -> list[str]:
    """Everything that is wrong with one file, as `line: sentence`; `path` is relative to the checkout."""
    tree = ast.parse(text)
    found = [*sizes(text, tree), *header(text, tree)]
    here = parts_of(path)
    if here[0] == "plugins":
        found += [*flow(path, tree), *controller_age(path, tree)]
    if here[:2] == ("plugins", "plugin_utils") and len(here) > 3:
        found += docstrings(tree)
        if here[2] in BRAIN:
            found += purity(path, tree)
    return found
