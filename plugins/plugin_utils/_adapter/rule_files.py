# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Users' signals and rules that stand in files of their own, so that many plays share them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml

from .._verdict.custom_signals import CustomSignal, CustomSignalError, parse_custom_signals
from .._verdict.rename_rules import RenameRuleError, parse_rename_rules
from .core import ActionFail

MAX_FILE_BYTES = 1024 * 1024

# Finds a file as Ansible finds the files of a play.
Find = Callable[[str], str]


def is_file(item: object) -> bool:
    """Return whether an item of a list names a file rather than being a rule itself or the name of a shipped set."""
    return isinstance(item, str) and item.lower().endswith((".yml", ".yaml"))


def load_custom_signals(items: Sequence[Any] | None, find: Find) -> tuple[list[Any], tuple[CustomSignal, ...]]:
    """Return (plain list, parsed signals) of the option custom_signals; the task fails with file and key named."""
    plain: list[Any] = []
    for where, entries in _sources(items, find, "custom_signals"):
        _parse_signals(entries, where)
        plain.extend(entries)
    return plain, _parse_signals(plain, "custom_signals")


def load_rename_rules(items: Sequence[Any] | None, find: Find) -> list[Any] | None:
    """Return the option rename_rules with the rules of its files; the task fails with file and key named."""
    if items is None:
        return None
    plain: list[Any] = []
    for where, entries in _sources(items, find, "rename_rules"):
        try:
            parse_rename_rules(entries)
        except RenameRuleError as error:
            prefix = where.removesuffix("rename_rules")
            raise ActionFail("; ".join(f"{prefix}{mistake}" for mistake in error.mistakes)) from None
        plain.extend(entries)
    return plain


def _parse_signals(entries: Sequence[Any], where: str) -> tuple[CustomSignal, ...]:
    try:
        return parse_custom_signals(entries, where=where)
    except CustomSignalError as error:
        raise ActionFail(str(error)) from None


def _sources(items: Sequence[Any] | None, find: Find, option: str) -> list[tuple[str, list[Any]]]:
    """Return (where, entries): the items of the task themselves, and each file's list."""
    own = [item for item in items or () if not is_file(item)]
    files = [(f"{item}: {option}", _read(find(item), item)) for item in items or () if is_file(item)]
    return [(option, own), *files]


def _read(path: str, name: str) -> list[Any]:
    try:
        file = Path(path)
        if file.stat().st_size > MAX_FILE_BYTES:
            raise ActionFail(f"{name}: larger than {MAX_FILE_BYTES} bytes; split it")
        entries = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ActionFail(f"{name}: cannot be read as YAML: {' '.join(str(error).split())[:300]}") from None
    if not isinstance(entries, list):
        raise ActionFail(f"{name}: must hold a list")
    return entries
