# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a PowerShell file must not contain, found without a PowerShell: our scripts run on Windows PowerShell 5.1."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from house_rules.powershell_tree import Script, line_of, of_type, text_of, variable_name, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from house_rules.powershell_tree import Call

TABLE_FILE = Path(__file__).resolve().parents[1] / "powershell_commands.json"
LONGEST_LINE = 160
LONGEST_FUNCTION = 60

# Documented in about_Automatic_Variables and about_Preference_Variables of 5.1; those that only 7 has are left out.
AUTOMATIC = frozenset(
    "_ args confirmpreference debugpreference error erroractionpreference executioncontext false home host "
    "informationpreference input lastexitcode matches myinvocation null outputencoding pid progresspreference "
    "psboundparameters pscmdlet pscommandpath psculture psitem psscriptroot psuiculture psversiontable pwd stacktrace "
    "this true verbosepreference warningpreference whatifpreference".split()
)
# Ansible defines it before the module's first line.
GIVEN_BY_ANSIBLE = frozenset({"complex_args"})
NAMES_A_VARIABLE = frozenset(
    {"errorvariable", "informationvariable", "outvariable", "pipelinevariable", "warningvariable"}
)
FORBIDDEN_COMMANDS = {
    "write-host": "prints past the pipeline: return objects",
    "invoke-expression": "runs text as code",
    "iex": "runs text as code",
}
# Node types and operators that 5.1 cannot parse.
SEVEN_ONLY_NODES = {"ternary_expression": "?:", "null_coalesce_expression": "??", "pipeline_chain_tail": "&& or ||"}
# Members that .NET Framework, on which 5.1 runs, does not have.
SEVEN_ONLY_MEMBERS = ("TickCount64", "FileSystemAclExtensions", "ToHexString", "FromHexString", "ProcessPath")


@dataclass(frozen=True, slots=True)
class Table:
    """Commands a script may use: lower-case name -> (spelling, spellings of its parameters in 5.1)."""

    common: frozenset[str]
    commands: dict[str, tuple[str, frozenset[str]]]

    @classmethod
    def read(cls, path: Path = TABLE_FILE) -> Table:
        """From the table of the project."""
        data = json.loads(path.read_text(encoding="utf-8"))
        commands = {name.lower(): (name, frozenset(parameters)) for name, parameters in data["commands"].items()}
        return cls(frozenset(data["common"]), commands)


def findings(script: Script, table: Table) -> list[str]:
    """Everything that is wrong with a script, as `line: sentence`."""
    if script.root.has_error:
        return list(syntax_errors(script))
    rules = (layout, header, syntax_of_seven, function_sizes, variables)
    found = [finding for rule in rules for finding in rule(script)]
    for call in script.calls:
        found += command_name(call, script, table)
        found += parameter_names(call, script, table)
        found += handed_over_by_position(call)
    return found + list(splatted_keys(script, table))


def syntax_errors(script: Script) -> Iterator[str]:
    """Places that the grammar cannot read; the other rules would only guess."""
    for node in walk(script.root):
        if node.is_error or node.is_missing:
            yield f"{line_of(node)}: does not parse (write a new line after param() and each switch clause)"


def layout(script: Script) -> Iterator[str]:
    """Lines: length, encoding, endings."""
    for number, line in enumerate(script.text.split("\n"), start=1):
        if len(line) > LONGEST_LINE:
            yield f"{number}: longer than {LONGEST_LINE} characters"
        if line.endswith((";", " ", "\t")):
            yield f"{number}: ends in a semicolon or a blank"
        if not line.isascii():
            # A script without byte order mark is read in the machine's code page by 5.1.
            yield f"{number}: holds a character beyond ASCII, which 5.1 may misread"


def header(script: Script) -> Iterator[str]:
    """How a file begins."""
    lines = script.text.split("\n")
    is_module = script.name.endswith(".ps1") and script.folder != "module_utils"
    if is_module and lines[0] != "#!powershell":
        yield "1: a module begins with '#!powershell'"
    if not is_module and lines[0].startswith("#!"):
        yield "1: only a module begins with '#!'"
    if not any(line.startswith("# Copyright: (c)") for line in lines[:5]):
        yield "1: no copyright line"
    if "#Requires -Version 5.1" not in lines:
        yield "1: no '#Requires -Version 5.1'"
    if "Set-StrictMode -Version Latest" not in lines:
        yield "1: no 'Set-StrictMode -Version Latest'"


def syntax_of_seven(script: Script) -> Iterator[str]:
    """What parses here but not in 5.1."""
    for node in walk(script.root):
        operator = SEVEN_ONLY_NODES.get(node.type)
        if node.type == "assignment_operator" and text_of(node).strip() == "??=":
            operator = "??="
        if operator:
            yield f"{line_of(node)}: '{operator}' needs PowerShell 7"
        if node.type == "simple_name" and text_of(node) in SEVEN_ONLY_MEMBERS:
            yield f"{line_of(node)}: '{text_of(node)}' does not exist on 5.1"


def function_sizes(script: Script) -> Iterator[str]:
    """A function fits a screen."""
    for function in script.functions.values():
        if function.lines > LONGEST_FUNCTION:
            yield f"{function.line}: function {function.name} has {function.lines} lines, not {LONGEST_FUNCTION}"


def assigned_names(script: Script) -> set[str]:
    """Every variable that gets a value somewhere in the file."""
    names = {
        variable_name(variable)
        for part in of_type(script.root, "left_assignment_expression")
        for variable in targets(part)
    }
    for parameter in of_type(script.root, "script_parameter", "foreach_statement"):
        names.update(variable_name(child) for child in parameter.children if child.type == "variable")
    for command in of_type(script.root, "command_elements"):
        parts = [part for part in command.children if part.type != "command_argument_sep"]
        for parameter, value in pairwise(parts):
            if text_of(parameter).lstrip("-").lower() in NAMES_A_VARIABLE:
                names.add(text_of(value).lstrip("+").strip("'\"").lower())
    return names


def targets(assigned: Node) -> Iterator[Node]:
    """Variables that an assignment itself sets: not `$h` in `$h['a'] = 1`, which must exist before."""
    for child in assigned.children:
        if child.type == "variable":
            yield child
        elif child.type not in {"member_access", "element_access", "type_literal"}:
            yield from targets(child)


def variables(script: Script) -> Iterator[str]:
    """A variable that nothing sets stops the script under strict mode, on the host."""
    known = AUTOMATIC | GIVEN_BY_ANSIBLE | assigned_names(script)
    for node in of_type(script.root, "variable"):
        name = variable_name(node)
        if name not in known and not name.startswith(("env:", "function:")):
            yield f"{line_of(node)}: '{text_of(node)}' is never assigned in this file"


def command_name(call: Call, script: Script, table: Table) -> Iterator[str]:
    """Full names of commands that 5.1 has, or of functions of this file."""
    name = call.name.lower()
    if name in FORBIDDEN_COMMANDS:
        yield f"{call.line}: {call.name} {FORBIDDEN_COMMANDS[name]}"
    elif name in script.functions:
        if script.functions[name].name != call.name:
            yield f"{call.line}: write {script.functions[name].name}, not {call.name}"
    elif name not in table.commands:
        yield f"{call.line}: '{call.name}' is not in {TABLE_FILE.name}: an alias, a program, or a command to add there"
    elif table.commands[name][0] != call.name:
        yield f"{call.line}: write {table.commands[name][0]}, not {call.name}"


def known_parameters(name: str, script: Script, table: Table) -> frozenset[str] | None:
    """Spellings that a command takes; None for a command that nobody knows (another rule says so)."""
    if name in script.functions:
        function = script.functions[name]
        return frozenset(function.parameters) | (table.common if function.advanced else frozenset())
    if name in table.commands:
        return table.commands[name][1] | table.common
    return None


def parameter_names(call: Call, script: Script, table: Table) -> Iterator[str]:
    """Full names of parameters that 5.1 has; the literal path wherever there is one."""
    known = known_parameters(call.name.lower(), script, table)
    if known is None:
        return
    by_lower = {name.lower() for name in known}
    for parameter in call.parameters:
        if parameter.lower() not in by_lower:
            yield f"{call.line}: {call.name} has no parameter -{parameter} on 5.1 (or it is shortened)"
        if parameter.lower() == "path" and "literalpath" in by_lower:
            yield f"{call.line}: {call.name} -Path expands wildcards: use -LiteralPath"


def handed_over_by_position(call: Call) -> Iterator[str]:
    """Every value has its parameter's name before it."""
    for value in call.positional:
        yield f"{call.line}: {call.name} gets {value[:30]!r} by position: name the parameter"


def splatted_keys(script: Script, table: Table) -> Iterator[str]:
    """Keys of a splatted table are parameters too; each function's variables are its own."""
    for call in script.calls:
        if call.splats:
            scopes = [node for node in of_type(script.root, "function_statement") if encloses(node, call.line)]
            yield from unknown_keys(call, table_keys(scopes[-1] if scopes else script.root), script, table)


def encloses(node: Node, line: int) -> bool:
    """Whether a line lies within a node."""
    return node.start_point[0] < line <= node.end_point[0] + 1


def unknown_keys(call: Call, keys: dict[str, set[str]], script: Script, table: Table) -> Iterator[str]:
    """Keys of what `call` splats that it does not take."""
    known = known_parameters(call.name.lower(), script, table)
    if known is None:
        return
    by_lower = {name.lower() for name in known}
    for splat in call.splats:
        for key in sorted(keys.get(splat, set())):
            if key.lower() not in by_lower:
                yield f"{call.line}: {call.name} @{splat}: there is no parameter -{key} on 5.1"


def table_keys(scope: Node) -> dict[str, set[str]]:
    """Keys that each variable's hash literal and element assignments give it inside `scope`."""
    keys: dict[str, set[str]] = {}
    for assignment in of_type(scope, "assignment_expression"):
        left = assignment.children[0]
        whole = re.fullmatch(r"\$(?:\w+:)?(\w+)", text_of(left).strip())
        element = re.fullmatch(r"\$(?:\w+:)?(\w+)\[['\"](\w+)['\"]\]", text_of(left).strip())
        if element:
            keys.setdefault(element[1].lower(), set()).add(element[2])
        elif whole:
            keys.setdefault(whole[1].lower(), set()).update(literal_keys(assignment.children[-1]))
    return keys


def literal_keys(value: Node) -> set[str]:
    """Keys of a hash literal that is the whole value; nested tables are values, not parameters."""
    bodies = of_type(value, "hash_literal_body")
    if not bodies or not text_of(value).strip().startswith(("@{", "[ordered]@{")):
        return set()
    entries = [child for child in bodies[0].children if child.type == "hash_entry"]
    return {text_of(entry.children[0]).strip().strip("'\"") for entry in entries}
