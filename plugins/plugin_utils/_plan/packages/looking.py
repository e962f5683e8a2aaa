# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is read on the host before a package is run, and what the answers say: is it there, and is it the right file?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._evidence.answers import Answer, Reading, answer_of, value_of
from ..._evidence.catalogue import PROBES
from ..._evidence.update import kb_number
from .package import FileOnHost, Package

_UNINSTALL = "Microsoft\\Windows\\CurrentVersion\\Uninstall\\"
_PRODUCT_PROBES = (
    ("product", "HKEY_LOCAL_MACHINE\\SOFTWARE\\"),
    ("product_32", "HKEY_LOCAL_MACHINE\\SOFTWARE\\Wow6432Node\\"),
)
_WITNESS_KEY = "reboot_witness"
# A witness names the files of several packages; no name of a file can hold this.
BETWEEN_FILES = " | "


def package_probes(package: Package) -> list[dict[str, Any]]:
    """Return what is asked before a package is run."""
    files = [{"id": f"file_{place}", "kind": "file", "path": one.path, "hash": True} for place, one in _files(package)]
    system = {
        "id": "windows",
        "kind": "registry",
        "path": "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion",
        "values": ["SystemRoot"],
    }
    return [*files, *proof_probes(package), system]


def proof_probes(package: Package) -> list[dict[str, Any]]:
    """Return what is asked to know whether it is there: never empty."""
    probes: list[dict[str, Any]] = [{"id": _WITNESS_KEY, **PROBES[_WITNESS_KEY]}]
    if package.product_id:
        for name, hive in _PRODUCT_PROBES:
            path = f"{hive}{_UNINSTALL}{package.product_id}"
            probes.append({"id": name, "kind": "registry", "path": path, "values": ["DisplayName", "DisplayVersion"]})
    elif package.kb:
        fixes = {"namespace": "root\\cimv2", "class": "Win32_QuickFixEngineering", "properties": ["HotFixID"]}
        probes.append({"id": "fixes", "kind": "cim_query", "filter": f"HotFixID = 'KB{package.kb}'", **fixes})
    return probes


def _files(package: Package) -> list[tuple[int, FileOnHost]]:
    return list(enumerate((package.file, *package.checkpoints)))


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether a package is there: True, False, or None with the reason; ``asked`` is False where nothing could tell."""

    there: bool | None
    reason: str = ""
    asked: bool = True


def presence_of(package: Package, probes: Mapping[str, Any]) -> Presence:
    """Return whether it is installed, by its key below Uninstall or by its article."""
    if package.product_id:
        return _presence_of_product(package.product_id, probes)
    if package.kb:
        return _presence_of_fix(package.kb, answer_of(probes, "fixes"))
    return Presence(None, "only Windows Installer knows", asked=False)


def _presence_of_product(product_id: str, probes: Mapping[str, Any]) -> Presence:
    answers = [answer_of(probes, name) for name, _ in _PRODUCT_PROBES]
    if any(answer.reading is Reading.FOUND for answer in answers):
        return Presence(True, f"{product_id} stands below Uninstall")
    unread = [answer for answer in answers if answer.reading is not Reading.ABSENT]
    if unread:
        return Presence(None, f"the key {product_id} below Uninstall: {unread[0].reason}")
    return Presence(False, f"there is no key {product_id} below Uninstall")


def _presence_of_fix(kb: str, answer: Answer) -> Presence:
    """Every Windows has the class: without an answer nothing is known."""
    instances = answer.data.get("instances") if answer.reading is Reading.FOUND else None
    if not isinstance(instances, list):
        return Presence(None, f"Win32_QuickFixEngineering: {answer.reason or 'the class is not there'}")
    named = [entry for entry in instances if isinstance(entry, Mapping) and kb_number(entry.get("HotFixID")) == kb]
    if len(named) != len(instances):
        return Presence(None, "Win32_QuickFixEngineering: the answer is damaged")
    return Presence(bool(named), f"KB{kb} is {'' if named else 'not '}among the installed fixes")


@dataclass(frozen=True, slots=True)
class Witness:
    """Which files wait for a reboot by our own mark; ``problem`` where it could not be read."""

    files: tuple[str, ...] = ()
    kb: str | None = None
    problem: str = ""

    def names(self, package: Package) -> bool:
        """Return whether this package has been run since the last boot and waits for the next."""
        if package.path.lower() in (file.lower() for file in self.files):
            return True
        return package.kb is not None and self.kb == package.kb


def witness_of(probes: Mapping[str, Any]) -> Witness:
    """Return our mark."""
    answer = answer_of(probes, _WITNESS_KEY)
    if answer.reading is Reading.ABSENT:
        return Witness()
    if answer.reading is not Reading.FOUND:
        return Witness(problem=f"the mark of earlier installers: {answer.reason}")
    files = value_of(answer.data, "File")[2]
    listed = tuple(files.split(BETWEEN_FILES)) if isinstance(files, str) and files else ()
    return Witness(listed, kb_number(value_of(answer.data, "Kb")[2]))


def file_problem(package: Package, probes: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return (a word, the reason) why a file must not be run, or None where each is exactly the one that was meant."""
    for place, one in _files(package):
        answer = answer_of(probes, f"file_{place}")
        if answer.reading is Reading.ABSENT:
            return "file_missing", f"there is no file {one.path} on the host"
        if answer.reading is not Reading.FOUND:
            return "file_unreadable", f"{one.path} could not be read: {answer.reason}"
        found = answer.data.get("sha256")
        if not isinstance(found, str) or not found:
            return "file_unreadable", f"the host told no SHA-256 of {one.path}"
        if found.lower() != one.sha256:
            text = f"{one.path} is not the file that was meant: its SHA-256 is {found[:64].lower()}, not {one.sha256}"
            return "wrong_file", text
    return None


def system_root(probes: Mapping[str, Any]) -> str:
    """Return where Windows lies; win_package does not expand variables in paths."""
    root = value_of(answer_of(probes, "windows").data, "SystemRoot")[2]
    return root.rstrip("\\") if isinstance(root, str) and root[1:3] == ":\\" else "C:\\Windows"
