# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The lines that a scan's worker writes, as the scan document has them: numbers become words, damage is named.

Numbers and their words: the enumerations of the Windows Update Agent (wuapi: InstallationRebootBehavior,
InstallationImpact, DeploymentAction, UpdateType, UpdateOperation, OperationResultCode, ServerSelection).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .fields import FieldReader
from .history import OPERATIONS, RESULTS, hex_code
from .times import format_time, time_or_none
from .update import kb_number, update_id
from .wording import printable, type_name

MAX_TEXT = 1000
TYPES = {1: "software", 2: "driver"}
REBOOT_BEHAVIORS = {0: "never", 1: "always_requires", 2: "can_request"}
IMPACTS = {0: "normal", 1: "minor", 2: "exclusive"}
DEPLOYMENT_ACTIONS = {0: "none", 1: "installation", 2: "uninstallation", 3: "detection", 4: "optional_installation"}
SELECTIONS = {0: "default", 1: "managed_server", 2: "windows_update", 3: "others"}
NO_SERVICE = "00000000-0000-0000-0000-000000000000"
_CLASSIFICATION, _PRODUCT = "updateclassification", "product"
# The agent's names of categories are in the language of the host; where it leaves out the type, these ids tell it.
CLASSIFICATION_IDS = frozenset(
    {
        "0fa1201d-4330-4fa8-8ae9-b877473b6441",
        "e6cf1350-c01b-414d-a61f-263d14d133b4",
        "e0789628-ce08-4437-be74-2495b842f43b",
        "28bc880e-0592-4cbf-8f95-c79b17911d5f",
        "cd5ffd1e-e932-4e3a-bf74-18bf0b1bbd83",
        "b54e7d24-7add-428f-8b75-90a396fa584f",
        "68c5b0a3-d1a6-4553-ae49-01d3a7827828",
        "ebfc1fc5-71a4-4f7b-9aca-3b9a503104a0",
        "b4832bd8-e735-4761-8daf-37f882276dab",
        "3689bdc8-b205-4af4-8d4a-a63924c5e9d5",
    }
)


class LineReader(FieldReader):
    """Reads the properties of one line. Null is what the host could not read."""

    __slots__ = ()

    def text(self, key: str) -> str | None:
        """Return a text in which nothing moves a cursor, or null; an empty one says nothing."""
        return self._text(key, self.values.get(key))

    def _text(self, key: str, value: object) -> str | None:
        if value is None:
            return None
        if isinstance(value, str):
            return printable(value[:MAX_TEXT]).strip() or None
        self.damaged(key, f"no text but {type_name(value)}")
        return None

    def time(self, key: str) -> str | None:
        """Return a time as ``2026-11-18T03:20:00Z``, or null."""
        value = self.values.get(key)
        if value is None:
            return None
        found = time_or_none(value) if isinstance(value, str) else None
        if found is None:
            self.damaged(key, "no time")
            return None
        return format_time(found)

    def word(self, key: str, words: Mapping[int, str]) -> str | None:
        """Return the word of a number, or null; a number without a word is damage."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value not in words:
            self.damaged(key, f"{printable(str(value)[:20])!r}, which has no meaning")
            return None
        return words[value]

    def texts(self, key: str) -> list[str] | None:
        """Return the texts of a list, or null."""
        entries = self.entries(key)
        if entries is None:
            return None
        return [text for text in (self._text(key, entry) for entry in entries) if text]

    def ids(self, key: str) -> list[str] | None:
        """Return the update ids of a list, or null."""
        texts = self.texts(key)
        return None if texts is None else [name for name in map(update_id, texts) if name]

    def numbers_of_kb(self) -> list[str] | None:
        """Return the KB numbers, digits only, or null."""
        entries = self.entries("kb")
        if entries is None:
            return None
        found = []
        for entry in entries:
            number = kb_number(entry)
            if number is None:
                self.damaged("kb", "not made of digits")
            else:
                found.append(number)
        return found

    def hresult(self, key: str) -> str | None:
        """Return ``0x80070643``, or null."""
        value = self.values.get(key)
        code = hex_code(value)
        if code is None and value is not None:
            self.damaged(key, "no code")
        return code

    def categories(self) -> tuple[str | None, str | None, list[dict[str, str | None]] | None]:
        """Return (name and id of the classification, the products as ``{id, name}``), all null where none were told."""
        classification: tuple[str | None, str | None] = (None, None)
        entries = self.entries("categories")
        if entries is None:
            return (*classification, None)
        products = []
        for entry in entries:
            if not isinstance(entry, Mapping):
                self.damaged("categories", "not made of mappings")
                continue
            key = update_id(entry.get("id"))
            name, kind = self._text("categories", entry.get("name")), self._text("categories", entry.get("type"))
            if (kind or "").lower() == _CLASSIFICATION or (kind is None and key in CLASSIFICATION_IDS):
                classification = (name, key)
            elif (kind or "").lower() == _PRODUCT:
                products.append({"id": key, "name": name})
        return (*classification, products)


_FLAGS = (
    "installed",
    "downloaded",
    "hidden",
    "mandatory",
    "browse_only",
    "reboot_required",
    "eula_accepted",
    "beta",
    "uninstallable",
)


def update_of_line(line: Mapping[str, Any]) -> tuple[dict[str, Any] | None, list[str]]:
    """Return (one entry of a scan's ``updates``, what is damaged in it); None where it has no id."""
    key = update_id(line.get("id"))
    if key is None:
        return None, ["an update has no id"]
    reader = LineReader(line)
    classification, classification_id, products = reader.categories()
    update = {
        "id": key,
        "revision": reader.number("revision"),
        "kb": reader.numbers_of_kb(),
        "title": reader.text("title"),
        "classification": classification,
        "classification_id": classification_id,
        "products": products,
        "type": reader.word("type", TYPES),
        "severity": reader.text("severity"),
        "cves": reader.texts("cves"),
        "bulletin": ", ".join(reader.texts("bulletins") or ()) or None,
        "size": reader.number("max_size"),
        **{name: reader.flag(name) for name in _FLAGS},
        "reboot_behavior": reader.word("reboot_behavior", REBOOT_BEHAVIORS),
        "impact": reader.word("impact", IMPACTS),
        "user_input": reader.flag("can_request_user_input"),
        "deployment_action": reader.word("deployment_action", DEPLOYMENT_ACTIONS),
        "deadline": reader.time("deadline"),
        "released": reader.time("last_deployment_change"),
        "supersedes": reader.ids("supersedes"),
        "max_run_minutes": None,
    }
    return update, [f"update {key}: {problem}" for problem in reader.problems]


def history_of_line(line: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return (one entry of a scan's ``history``, what is damaged in it); an operation without a word stays a number."""
    reader = LineReader(line)
    operation = reader.number("operation")
    service = update_id(reader.text("service_id"))
    entry = {
        "at": reader.time("date"),
        "operation": OPERATIONS.get(operation, operation) if operation is not None else None,
        "result": reader.word("result_code", dict(enumerate(RESULTS))),
        "hresult": reader.hresult("hresult"),
        "unmapped_result_code": _code(line.get("unmapped_result_code")),
        "title": reader.text("title"),
        "id": update_id(line.get("id")),
        "revision": reader.number("revision"),
        "client": reader.text("client"),
        "source": service if service not in (None, NO_SERVICE) else reader.word("server_selection", SELECTIONS),
    }
    return entry, [f"history: {problem}" for problem in reader.problems]


def _code(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**32 else None
