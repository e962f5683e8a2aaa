# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A PowerShell file as tree-sitter-pwsh reads it, and the questions that the rules ask of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import tree_sitter
import tree_sitter_pwsh

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tree_sitter import Node

LANGUAGE = tree_sitter.Language(tree_sitter_pwsh.language())
SWITCH_TYPE = "[switch]"


def text_of(node: Node) -> str:
    """Source of a node."""
    return (node.text or b"").decode("utf-8")


def line_of(node: Node) -> int:
    """Line as editors count."""
    return node.start_point[0] + 1


def walk(node: Node) -> Iterator[Node]:
    """A node and everything below it, in source order."""
    yield node
    for child in node.children:
        yield from walk(child)


def of_type(node: Node, *types: str) -> list[Node]:
    """All nodes of these types at or below `node`."""
    return [found for found in walk(node) if found.type in types]


def variable_name(node: Node) -> str:
    """`$script:Name`, `${name}`, `@name` => `name`; names ignore case. Other drives keep theirs: `env:x`."""
    name = text_of(node).lstrip("$@").strip("{}").lower()
    scope, colon, rest = name.partition(":")
    return rest if colon and scope in {"script", "global", "local", "private", "using"} else name


@dataclass(frozen=True, slots=True)
class Call:
    """One command with what is handed to it."""

    name: str
    line: int
    parameters: tuple[str, ...]
    positional: tuple[str, ...]
    splats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """A function that the file defines, with its parameters' names and which of them are switches."""

    name: str
    line: int
    lines: int
    parameters: tuple[str, ...]
    switches: tuple[str, ...]
    advanced: bool


class Script:
    """One file, parsed once."""

    def __init__(self, name: str, text: str, folder: str = "modules") -> None:
        self.name = name
        self.folder = folder
        self.text = text
        self.root = tree_sitter.Parser(LANGUAGE).parse(text.encode("utf-8")).root_node

    @classmethod
    def read(cls, path: Path) -> Script:
        """From a file; bytes that are not UTF-8 are an error here already."""
        return cls(path.name, path.read_text(encoding="utf-8"), path.parent.name)

    @cached_property
    def functions(self) -> dict[str, Function]:
        """Functions of the file by lower-case name."""
        return {found.name.lower(): found for found in map(read_function, of_type(self.root, "function_statement"))}

    @cached_property
    def calls(self) -> list[Call]:
        """Every command, apart from calls of a variable or a script block (`& $reader`)."""
        named = [(called_name(node), node) for node in of_type(self.root, "command")]
        return [read_call(name, node, self.switches) for name, node in named if name]

    @cached_property
    def switches(self) -> dict[str, frozenset[str]]:
        """Lower-case switches of the file's own functions, by lower-case function name."""
        return {name: frozenset(found.switches) for name, found in self.functions.items()}


def read_function(node: Node) -> Function:
    """Name, place, size and parameters of a function statement."""
    name = next(text_of(child) for child in node.children if child.type == "function_name").split(":")[-1]
    declared = [child for child in node.children if child.type == "function_parameter_declaration"]
    for block in (child for child in node.children if child.type == "script_block"):
        declared += [child for child in block.children if child.type == "param_block"]
    parameters, switches = [], []
    for entry in (parameter for part in declared for parameter in of_type(part, "script_parameter")):
        variable = next(variable_name(child) for child in entry.children if child.type == "variable")
        parameters.append(variable)
        if any(SWITCH_TYPE in text_of(child).lower() for child in entry.children if child.type == "attribute_list"):
            switches.append(variable)
    advanced = any(
        "cmdletbinding" in text_of(part).lower() or "[parameter" in text_of(part).lower() for part in declared
    )
    lines = node.end_point[0] - node.start_point[0] + 1
    return Function(name, line_of(node), lines, tuple(parameters), tuple(switches), advanced)


def called_name(node: Node) -> str:
    """Name of the called command, also behind `&` and in quotes; empty where it is computed."""
    for child in node.children:
        inner = child.children[0] if child.type == "command_name_expr" else child
        if inner.type == "command_name":
            return text_of(inner)
        if inner.type == "string_literal":
            return text_of(inner).strip("'\"")
    return ""


def read_call(name: str, node: Node, own_switches: dict[str, frozenset[str]]) -> Call:
    """What a command node hands over: named, by position, or splatted."""
    switches = own_switches.get(name.lower(), SWITCHES)
    parameters: list[str] = []
    positional: list[str] = []
    splats: list[str] = []
    expects_value = False
    elements = [part for child in node.children if child.type == "command_elements" for part in child.children]
    for part in elements:
        if part.type == "command_parameter":
            parameters.append(text_of(part).lstrip("-"))
            expects_value = parameters[-1].lower() not in switches
        elif part.type == "command_argument_sep":
            # "-Switch:$value" binds its value although switches take none.
            expects_value = expects_value or ":" in text_of(part)
        elif text_of(part).startswith("@") and text_of(part)[1:].replace("_", "a").isalnum():
            splats.append(variable_name(part))
        elif part.type != "redirection":
            if not expects_value:
                positional.append(text_of(part))
            expects_value = False
    return Call(name, line_of(node), tuple(parameters), tuple(positional), tuple(splats))


# Switches of commands in the table: a value after one of them is bound by position.
SWITCHES = frozenset(
    "append asarray asjob compress confirm debug descending force hidden leaf list noclobber noelement "
    "nonewline nonewwindow notypeinformation passthru quiet raw recurse resolve simplematch unique usessl "
    "verbose wait whatif".split()
)
