# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The words of an entry of `packages`: what lies on the host as a file, and what its installer does."""

from __future__ import annotations

from typing import Any, Final

import yaml

from ..package import KINDS
from .checks import Check, Invalid, Word, boolean, choice, integer, list_of, number, record, text, unique
from .problems import Place

_code = integer(-(2**31), 2**32 - 1)
_codes = list_of(_code, least=1)


def _exit_code(node: yaml.Node, place: Place) -> list[Any] | Invalid:
    """One for every run, or a list: what each run answers, the last one for good."""
    if isinstance(node, yaml.SequenceNode):
        found: list[Any] | Invalid = _codes(node, place)
        return found
    code = _code(node, place)
    return code if isinstance(code, Invalid) else [code]


_path = text(pattern=r"[A-Za-z]:\\.+", meaning=r"a full Windows path like C:\install\x.msi")
_rename = list_of(text(empty=True), least=2, most=2)
_PACKAGE: Final = record(
    {
        "path": Word(_path, required=True),
        "kind": Word(choice(*KINDS), required=True),
        "kb": Word(text(pattern=r"\d{6,8}", meaning="the number of an article like '5030216'")),
        "product_id": Word(text()),
        "exit_code": Word(_exit_code),
        "run_minutes": Word(number(0, 6000)),
        "renames": Word(list_of(_rename)),
        "overwrites_queue": Word(boolean),
        "installs_product": Word(boolean),
        "installed": Word(boolean),
        "checkpoints": Word(list_of(text())),
        "log": Word(text(empty=True)),
    },
)
PACKAGES: Final[Check] = unique(
    list_of(_PACKAGE), lambda package: str(package.get("path", "")).lower(), "path of a package"
)
