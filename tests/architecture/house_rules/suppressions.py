# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Nothing is waved through: no rule is switched off, no test is left out, in code or in configuration."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# The one file that may leave out a test, because it reports what was left out by name.
REPORTER = "tests/conftest.py"

# In a comment of any language.
COMMENTS = re.compile(
    r"\bnoqa\b|\btype:\s*ignore|\bpylint:\s*disable|\bpyright:\s*ignore|\bmypy:\s*(ignore|disable)|\bruff:\s*noqa"
    r"|\bpragma:\s*no\s*cover|\bnosec\b|\bfmt:\s*(off|skip|on)\b|\bisort:\s*(off|skip)|\byamllint\s+disable|\bskip_ansible_lint\b"
)
WAYS_OUT = frozenset({"skip", "skipif", "xfail", "importorskip", "skipTest", "skipUnless", "skipIf", "expectedFailure"})
TEST_LIBRARIES = ("pytest.", "unittest.", "self.")

# Keys of the tools' configuration (TOML, YAML, INI), whatever their value.
CONFIGURATION = re.compile(
    r"^\s*[\"']?("
    r"ignore|extend-ignore|per-file-ignores|extend-per-file-ignores|exclude|extend-exclude|force-exclude|unfixable"
    r"|ignore_errors|ignore_missing_imports|disable_error_code|disable_errors|follow_imports"
    r"|skip_list|warn_list|exclude_paths|mock_modules|mock_roles|var_naming_pattern|ignore-from-file"
    r"|collect_ignore|norecursedirs|filterwarnings|omit|exclude_also|exclude_lines"
    r")[\"']?\s*[=:]",
    re.MULTILINE,
)
CONFIGURATION_FILES = frozenset(
    {
        "pyproject.toml",
        ".ansible-lint",
        ".yamllint",
        "setup.cfg",
        "tox.ini",
        "pytest.ini",
        "mypy.ini",
        ".mypy.ini",
        "ruff.toml",
    }
)
# Files whose very purpose is a list of exceptions.
LISTS_OF_EXCEPTIONS = re.compile(r"(^|/)(\.ansible-lint-ignore|ansible-lint-ignore|tests/sanity/ignore-[^/]*\.txt)$")
POWERSHELL = re.compile(r"SuppressMessage(Attribute)?", re.IGNORECASE)
TASKS = re.compile(r"^\s*-?\s*ignore_errors\s*:", re.MULTILINE)


def findings(path: str, text: str) -> list[str]:
    """Every way out in one file, as `line: what stands there`."""
    name = path.rsplit("/", 1)[-1]
    if LISTS_OF_EXCEPTIONS.search(path):
        return ["1: a list of exceptions"]
    if name in CONFIGURATION_FILES:
        return list(matches(CONFIGURATION, text)) + list(in_comments(text))
    if name.endswith(".py"):
        ways_out = [] if path == REPORTER else left_out_tests(ast.parse(text))
        return [*python_comments(text), *ways_out]
    if name.endswith((".yml", ".yaml")):
        return [*in_comments(text), *matches(TASKS, text)]
    if name.endswith((".ps1", ".psm1")):
        return list(matches(POWERSHELL, text))
    return []


def matches(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    """Lines in which a pattern begins."""
    for found in pattern.finditer(text):
        line = text.count("\n", 0, found.start() + len(found[0]) - len(found[0].lstrip())) + 1
        yield f"{line}: {found[0].strip()}"


def in_comments(text: str) -> Iterator[str]:
    """Ways out in what follows a number sign."""
    for number, line in enumerate(text.split("\n"), start=1):
        comment = line.partition("#")[2]
        if COMMENTS.search(comment):
            yield f"{number}: {comment.strip()}"


def python_comments(text: str) -> Iterator[str]:
    """The same, without the texts that only look like comments."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and COMMENTS.search(token.string):
            yield f"{token.start[0]}: {token.string}"


def left_out_tests(tree: ast.Module) -> Iterator[str]:
    """Calls, decorators and imports by which a test does not run or may fail."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in WAYS_OUT and ast.unparse(node).startswith(TEST_LIBRARIES):
            yield f"{node.lineno}: {ast.unparse(node)}: use @pytest.mark.needs(tool), which is reported by name"
        if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(TEST_LIBRARIES):
            for name in sorted({alias.name for alias in node.names} & WAYS_OUT):
                yield f"{node.lineno}: from {node.module} import {name}"
