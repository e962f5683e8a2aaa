# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation and code say the same: options, files side by side, and what a module can do."""

from __future__ import annotations

import json
import os
import re
import subprocess
from typing import TYPE_CHECKING, Any

from house_rules.places import ROOT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

NAMESPACE = "winops.patching"
ATTRIBUTES = ("check_mode", "async")
SUPPORT = ("full", "partial", "none", "N/A")
# How a reader without an action plugin gets its options.
READ_OPTION = re.compile(r"\$(?:arguments|complex_args)(?:\['(\w+)'\]|\.(\w+))")


def stems(folder: str, suffix: str) -> set[str]:
    """Names without suffix of the files in a folder of plugins/; package files are no plugins."""
    return {path.stem for path in (ROOT / "plugins" / folder).glob(f"*{suffix}")} - {"__init__"}


def companions(scripts: Collection[str], documents: Collection[str], actions: Collection[str]) -> Iterator[str]:
    """A module is a script and a page; an action plugin needs both too, or ansible-doc does not find it."""
    for name in sorted({*scripts, *documents, *actions}):
        if name not in scripts:
            yield f"plugins/modules/{name}.ps1 is missing" + (
                " (a stub that refuses to run)" if name in actions else ""
            )
        if name not in documents:
            yield f"plugins/modules/{name}.yml is missing"


def read_documents(kind: str, names: Collection[str]) -> dict[str, dict[str, Any]]:
    """Pages as ansible-doc shows them, fragments merged in; by short name. `kind` is module, filter, test or lookup."""
    command = [
        str(ROOT / ".venv/bin/ansible-doc"),
        "--json",
        "--type",
        kind,
        *(f"{NAMESPACE}.{name}" for name in sorted(names)),
    ]
    environment = os.environ | {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"ansible-doc --type {kind}: {done.stderr.strip()}")
    return {name.removeprefix(f"{NAMESPACE}."): page for name, page in json.loads(done.stdout).items()}


def compare_options(documented: Mapping[str, Any], spec: Mapping[str, Any], where: str = "") -> Iterator[str]:
    """Differences between documented options and an argument spec, both ways and at every depth."""
    for name in sorted({*documented, *spec}):
        path = f"{where}{name}"
        if name not in spec:
            yield f"{path} is documented but not in the argument spec"
        elif name not in documented:
            yield f"{path} is in the argument spec but not documented"
        else:
            yield from compare_option(path, documented[name], spec[name])


def compare_option(path: str, documented: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterator[str]:
    """Differences of one option in what both sides say about it."""
    for key, unsaid in (("type", "str"), ("required", False), ("default", None), ("elements", None)):
        left, right = documented.get(key, unsaid), spec.get(key, unsaid)
        if left != right or type(left) is not type(right):
            yield f"{path}.{key} is {left!r} in the documentation and {right!r} in the argument spec"
    for key in ("choices", "aliases"):
        left, right = sorted(map(str, documented.get(key) or ())), sorted(map(str, spec.get(key) or ()))
        if left != right:
            yield f"{path}.{key} are {left} in the documentation and {right} in the argument spec"
    yield from compare_options(documented.get("suboptions") or {}, spec.get("options") or {}, f"{path}.")


def options_read(script: str) -> set[str]:
    """Top-level options that a reading script asks for."""
    return {first or second for first, second in READ_OPTION.findall(script)}


def attributes(name: str, document: Mapping[str, Any]) -> Iterator[str]:
    """Every module says whether it supports check mode and async; what only reads does so in check mode too."""
    declared = document.get("attributes") or {}
    for attribute in ATTRIBUTES:
        support = (declared.get(attribute) or {}).get("support")
        if support not in SUPPORT:
            yield f"{name}: attributes.{attribute}.support is {support!r}"
        if attribute == "check_mode" and name.endswith(("_info", "_facts", "_probe")) and support != "full":
            yield f"{name} only reads: attributes.check_mode.support must be full"


def page(name: str, document: Mapping[str, Any], examples: str | None) -> Iterator[str]:
    """What a page needs so that a reader can start."""
    if not document.get("version_added"):
        yield f"{name}: no version_added"
    if f"{NAMESPACE}.{name}" not in (examples or ""):
        yield f"{name}: no example names {NAMESPACE}.{name}"
