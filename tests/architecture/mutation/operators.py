# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The small mistakes: for a node of a syntax tree, every node that may stand there by mistake."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

Change = tuple[str, ast.AST]
Node = TypeVar("Node", bound=ast.AST)

COMPARISONS: Mapping[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
# Functions that are mistaken for one another.
TWINS = {"any": "all", "all": "any", "min": "max", "max": "min", "sorted": "list"}
# Methods that are forgotten: what they are called on is nearly right.
FORGOTTEN = frozenset({"lower", "upper", "casefold", "strip", "rstrip", "lstrip"})
# From this number on a bound only says how much of a text is shown; one more or less is no mistake.
LARGE = 10
QUANTIFIER = re.compile(r"(?<!\\)(?<!\()[*+?]|\\Z|(?<=\))[?]")
OTHER_QUANTIFIER = {"*": "+", "+": "*"}


def changes(node: ast.AST) -> Iterator[Change]:
    """The name of each mistake with the node that takes the place of this one; the node itself is left as it is."""
    for kind, makers in MISTAKES.items():
        if isinstance(node, kind):
            for maker in makers:
                yield from maker(node)


def altered(node: Node, **fields: object) -> Node:
    """A copy of the node with other fields."""
    twin = copy.copy(node)
    for name, value in fields.items():
        setattr(twin, name, value)
    return twin


def without(entries: list[Node], index: int) -> list[Node]:
    """The list without one entry."""
    return entries[:index] + entries[index + 1 :]


def negated(test: ast.expr) -> ast.expr:
    """The opposite of a condition."""
    return ast.UnaryOp(ast.Not(), test)


def comparison(node: ast.Compare) -> Iterator[Change]:
    """`<` for `<=`, `in` for `not in`."""
    for index, operator in enumerate(node.ops):
        for other in COMPARISONS[type(operator)]:
            yield "comparison", altered(node, ops=[*node.ops[:index], other(), *node.ops[index + 1 :]])


def connective(node: ast.BoolOp) -> Iterator[Change]:
    """`or` for `and`, and a part of the condition forgotten."""
    yield "and/or", altered(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    for index in range(len(node.values)):
        rest = without(node.values, index)
        yield "part of a condition forgotten", rest[0] if len(rest) == 1 else altered(node, values=rest)


def inversion(node: ast.UnaryOp) -> Iterator[Change]:
    """A `not` forgotten."""
    if isinstance(node.op, ast.Not):
        yield "not", node.operand


def branch(node: ast.If | ast.IfExp | ast.While) -> Iterator[Change]:
    """A condition the wrong way round; comparisons and `not` have this mistake of their own."""
    if not isinstance(node.test, ast.Compare | ast.UnaryOp):
        yield "condition", altered(node, test=negated(node.test))


def choice(node: ast.comprehension) -> Iterator[Change]:
    """A filter of a comprehension forgotten."""
    for index in range(len(node.ifs)):
        yield "filter forgotten", altered(node, ifs=without(node.ifs, index))


def constant(node: ast.Constant) -> Iterator[Change]:
    """The other truth, the next number, another word. Prose, which is text with a space, is left alone."""
    if isinstance(node.value, bool):
        yield "truth", altered(node, value=not node.value)
    elif isinstance(node.value, int):
        yield "number", altered(node, value=node.value + 1)
    elif isinstance(node.value, str) and " " not in node.value:
        yield "word", altered(node, value=f"{node.value}_mutated" if node.value else "mutated")


def answer(node: ast.Return) -> Iterator[Change]:
    """A function that answers nothing."""
    if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
        yield "return value", altered(node, value=ast.Constant(None))


def bound(node: ast.Slice) -> Iterator[Change]:
    """A bound of a slice forgotten."""
    for name in ("lower", "upper", "step"):
        if getattr(node, name) is not None:
            yield "bound of a slice", altered(node, **{name: None})


def arithmetic(node: ast.BinOp) -> Iterator[Change]:
    """The second operand forgotten."""
    yield "operand forgotten", node.left


def statement(node: ast.stmt) -> Iterator[Change]:
    """A statement forgotten."""
    if not isinstance(node, ast.Expr) or isinstance(node.value, ast.Call):
        yield "statement forgotten", ast.Pass()
    if isinstance(node, ast.Continue):
        yield "statement", ast.Break()


def call(node: ast.Call) -> Iterator[Change]:
    """A function taken for its twin, a method or an optional argument forgotten, a quantifier mistaken."""
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name in TWINS and not (name == "sorted" and node.keywords):
        yield "function", altered(node, func=ast.Name(TWINS[name], ast.Load()))
    if isinstance(node.func, ast.Attribute) and node.func.attr in FORGOTTEN:
        yield "method forgotten", node.func.value
    # The arguments of a class are mostly its fields, all of them required.
    if not name[:1].isupper():
        for index, keyword in enumerate(node.keywords):
            if keyword.arg:
                yield "argument forgotten", altered(node, keywords=without(node.keywords, index))
    if is_pattern(node):
        yield from quantifiers(node)


def is_pattern(node: ast.AST) -> bool:
    """Whether this is `re.compile` of a plain text."""
    return (
        isinstance(node, ast.Call)
        and ast.unparse(node.func) == "re.compile"
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    )


def quantifiers(node: ast.Call) -> Iterator[Change]:
    """`*` for `+`, `?`, the end of the text or the flags forgotten in a regular expression."""
    text = ast.literal_eval(node.args[0])
    for found in QUANTIFIER.finditer(text):
        changed = text[: found.start()] + OTHER_QUANTIFIER.get(found[0], "") + text[found.end() :]
        try:
            re.compile(changed, re.VERBOSE)
        except re.error:
            continue
        yield "regular expression", altered(node, args=[ast.Constant(changed), *node.args[1:]])
    if len(node.args) > 1:
        yield "argument forgotten", altered(node, args=node.args[:1])


MISTAKES: Mapping[type | tuple[type, ...], tuple[Callable[..., Iterator[Change]], ...]] = {
    ast.Compare: (comparison,),
    ast.BoolOp: (connective,),
    ast.UnaryOp: (inversion,),
    (ast.If, ast.IfExp, ast.While): (branch,),
    ast.comprehension: (choice,),
    ast.Constant: (constant,),
    ast.Return: (answer,),
    ast.Slice: (bound,),
    ast.BinOp: (arithmetic,),
    (ast.Expr, ast.AugAssign, ast.Raise, ast.Continue, ast.Break, ast.Delete): (statement,),
    ast.Call: (call,),
}
