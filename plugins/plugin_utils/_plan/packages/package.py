# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The list of packages as people write it, checked: every mistake is named by its entry and key."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ..._evidence.update import kb_number
from ..._evidence.wording import nearest, printable, type_name
from ..keys import PlanError, entries_of, one_of, read_values, short
from ..packing.policy import run_seconds

KINDS = ("msu", "cab", "msi", "exe")
KEYS = ("path", "sha256", "kind", "arguments", "product_id", "kb", "name", "expected_return_code", "run_minutes")
ALL_KEYS = (*KEYS, "checkpoints")
WHERE = "patch_packages"
# ConfigMgr's default for an update of which nothing is known.
DEFAULT_MINUTES = 60
EXPECTED = (0, 3010)
MAX_PACKAGES = 100
MAX_CHECKPOINTS = 20
MAX_PATH = 240
MAX_TEXT = 200
MAX_ARGUMENTS = 4000
# A path that may stand in quotes on a command line; what Windows forbids in names is no path.
_PATH = re.compile(r'[A-Za-z]:\\(?:[^\\/:*?"<>|%\x00-\x1f]+\\)*[^\\/:*?"<>|%\x00-\x1f]+')
_SHA256 = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)
_PRODUCT = re.compile(r"[^\\/*?\x00-\x1f]{1,200}")
_KB_IN_NAME = re.compile(r"(?<![a-z0-9])kb([0-9]{6,8})(?![0-9])", re.IGNORECASE)
_REBOOTS = re.compile(r"/(?:force|prompt|warn)restart\b|\bREBOOT=\"?F", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FileOnHost:
    """A file that must lie on the host, with exactly these bytes."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Package:
    """One package. ``expected`` holds exit codes that mean success, as signed 32 bits; ``seconds`` is its run time."""

    name: str
    file: FileOnHost
    kind: str
    arguments: str | tuple[str, ...] = ""
    product_id: str | None = None
    kb: str | None = None
    expected: tuple[int, ...] = EXPECTED
    seconds: int = DEFAULT_MINUTES * 60
    checkpoints: tuple[FileOnHost, ...] = ()

    @property
    def path(self) -> str:
        """Return where it lies."""
        return self.file.path

    @property
    def title(self) -> str:
        """Return what people are told: its name, with the article where that says more."""
        kb = f"KB{self.kb}" if self.kb else ""
        return self.name if not kb or kb.lower() in self.name.lower() else f"{self.name} ({kb})"

    def as_dict(self) -> dict[str, Any]:
        """Return it in the words of the list, so that it may be parsed again."""
        given: dict[str, Any] = {
            "name": self.name,
            "path": self.path,
            "sha256": self.file.sha256,
            "kind": self.kind,
            "arguments": self.arguments if isinstance(self.arguments, str) else list(self.arguments),
            "product_id": self.product_id,
            "kb": self.kb,
            "expected_return_code": list(self.expected),
            "run_minutes": self.seconds / 60,
            "checkpoints": [{"path": one.path, "sha256": one.sha256} for one in self.checkpoints],
        }
        return {key: value for key, value in given.items() if value not in (None, "", [])}


def parse_packages(given: object) -> tuple[Package, ...]:
    """Return the packages of a list (None: no packages); raise PlanError with every mistake."""
    entries = list(entries_of(given, WHERE))
    if len(entries) > MAX_PACKAGES:
        raise PlanError([f"{WHERE}: {len(entries)} packages are more than the {MAX_PACKAGES} of one run"])
    mistakes: list[str] = []
    found = [_package(entry, f"{WHERE}[{place}]", mistakes) for place, entry in enumerate(entries)]
    seen: dict[str, int] = {}
    for place, package in enumerate(found):
        if package is not None and seen.setdefault(package.path.lower(), place) != place:
            mistakes.append(f"{WHERE}[{place}].path: {short(package.path)} is in the list twice")
    if mistakes:
        raise PlanError(mistakes)
    return tuple(package for package in found if package is not None)


def parse_package(given: object) -> Package:
    """Return one package; raise PlanError with every mistake."""
    mistakes: list[str] = []
    package = _package(given, "package", mistakes)
    if package is None or mistakes:
        raise PlanError(mistakes)
    return package


def _package(entry: object, where: str, mistakes: list[str]) -> Package | None:
    if not isinstance(entry, Mapping):
        mistakes.append(f"{where}: must be a mapping with path and sha256, not {type_name(entry)}")
        return None
    wrong = [
        f"{where}.{printable(str(key)[:60])}: no such key{nearest(str(key)[:60], ALL_KEYS)}; "
        f"there are {', '.join(ALL_KEYS)}"
        for key in entry
        if key not in ALL_KEYS
    ]
    wrong += [f"{where}.{key}: is missing" for key in ("path", "sha256") if entry.get(key) is None]
    found = read_values(entry, _MEANINGS, where, wrong)
    mistakes += wrong
    if wrong:
        return None
    package = _built(found)
    together = _mistakes_together(package, found, where)
    mistakes += together
    return None if together else package


def _built(found: Mapping[str, Any]) -> Package:
    path = found["path"]
    file_name = path.rpartition("\\")[2]
    ending = file_name.rpartition(".")[2].lower()
    in_name = _KB_IN_NAME.search(file_name)
    return Package(
        name=found.get("name") or printable(file_name),
        file=FileOnHost(path, found["sha256"]),
        kind=found.get("kind") or ending,
        arguments=found.get("arguments", ""),
        product_id=found.get("product_id"),
        kb=found.get("kb") or (in_name[1] if in_name else None),
        expected=found.get("expected_return_code", EXPECTED),
        seconds=found.get("run_minutes", DEFAULT_MINUTES * 60),
        checkpoints=found.get("checkpoints", ()),
    )


def _mistakes_together(package: Package, found: Mapping[str, Any], where: str) -> list[str]:
    """What is right by itself and wrong with the rest."""
    mistakes = []
    if package.kind not in KINDS:
        mistakes.append(f"{where}.kind: the file's name does not say it; give one of {', '.join(KINDS)}")
    if package.arguments and package.kind in ("msu", "cab"):
        mistakes.append(f"{where}.arguments: a {package.kind} takes none; wusa and DISM get theirs from the role")
    if package.checkpoints and package.kind != "msu":
        mistakes.append(f"{where}.checkpoints: belong to a msu, not to a {package.kind}")
    folder = package.path.rpartition("\\")[0].lower()
    for one in package.checkpoints:
        if one.path.rpartition("\\")[0].lower() != folder or one.path.lower() == package.path.lower():
            text = "must be another file in the folder of the package, where DISM looks for it"
            mistakes.append(f"{where}.checkpoints: {short(one.path)} {text}")
    if package.kind in KINDS and package.kind != "msi" and not package.product_id and not package.kb:
        remedy = "give product_id (its key below Uninstall) or kb"
        mistakes.append(f"{where}: nothing tells whether the {package.kind} is installed already: {remedy}")
    return mistakes


def _path(value: Any) -> str:
    if not isinstance(value, str) or not _PATH.fullmatch(value) or len(value) > MAX_PATH:
        remedy = "copy the package to the host first, into a folder where only administrators write"
        raise ValueError(
            f"{short(value)} is no full path of a file on a drive of the host such as C:\\install\\x.msi; {remedy}"
        )
    if any(part in (".", "..") or part != part.rstrip(". ") for part in value.split("\\")[1:]):
        raise ValueError(f"{short(value)} leads elsewhere than it says: write it without '.', '..' and blanks at ends")
    return value


def _sha256(value: Any) -> str:
    if not isinstance(value, str) or not _SHA256.fullmatch(value.strip()):
        raise ValueError(f"{short(value)} is no SHA-256: 64 hexadecimal digits, as Get-FileHash shows them")
    return value.strip().lower()


def _line(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT:
        raise ValueError(f"must be a text of at most {MAX_TEXT} characters")
    return printable(value.strip())


def _arguments(value: Any) -> str | tuple[str, ...]:
    many = isinstance(value, (list, tuple))
    texts = list(value) if many else [value]
    if not all(isinstance(text, str) for text in texts) or sum(len(text) for text in texts) > MAX_ARGUMENTS:
        raise ValueError(f"must be a text, or a list of texts, of at most {MAX_ARGUMENTS} characters")
    if any(printable(text) != text for text in texts):
        raise ValueError("must hold no control characters")
    if any(_REBOOTS.search(text) for text in texts):
        raise ValueError("must not make the installer reboot: the run reboots once, after all packages")
    return tuple(texts) if many else str(value)


def _product_id(value: Any) -> str:
    if not isinstance(value, str) or not _PRODUCT.fullmatch(value.strip()):
        raise ValueError(f"{short(value)} is no name of a key below Uninstall, such as {{8A69D345-…}} or Contoso Agent")
    return value.strip()


def _kb(value: Any) -> str:
    number = kb_number(value)
    if number is None:
        raise ValueError(f"{short(value)} is no article such as KB5030216")
    return number


def _codes(value: Any) -> tuple[int, ...]:
    if not isinstance(value, (list, tuple)) or not value:
        raise ValueError("must be a list of exit codes such as [0, 3010]")
    return tuple(signed_code(code) for code in value)


def signed_code(value: object) -> int:
    """Return an exit code as signed 32 bits, as Windows' own programs and win_package show it; raise ValueError."""
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**31) <= value < 2**32:
        raise ValueError(f"{short(value)} is no exit code of Windows, which has 32 bits")
    return value - 2**32 if value >= 2**31 else int(value)


def _checkpoints(value: Any) -> tuple[FileOnHost, ...]:
    if not isinstance(value, (list, tuple)) or len(value) > MAX_CHECKPOINTS:
        raise ValueError(f"must be a list of at most {MAX_CHECKPOINTS} files, each with path and sha256")
    found = []
    for entry in value:
        if not isinstance(entry, Mapping) or set(entry) != {"path", "sha256"}:
            raise ValueError("each must be a mapping with path and sha256, and nothing else")
        found.append(FileOnHost(_path(entry["path"]), _sha256(entry["sha256"])))
    return tuple(found)


_MEANINGS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "path": _path,
        "sha256": _sha256,
        "kind": one_of(KINDS),
        "arguments": _arguments,
        "product_id": _product_id,
        "kb": _kb,
        "name": _line,
        "expected_return_code": _codes,
        "run_minutes": run_seconds,
        "checkpoints": _checkpoints,
    }
)
