# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which source of updates an operator expects, and which one a scan has really used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .._evidence.wording import nearest, printable, type_name
from .policy_values import PolicyValues

SOURCE_WORDS = ("managed_server", "windows_update", "microsoft_update")
# Ids of the services, as Microsoft publishes them (Windows Update client policies with Configuration Manager).
SERVICE_IDS: Mapping[str, str] = {
    "3da21691-e39d-4da6-8a4b-b43877bcb1b7": "managed_server",
    "9482f4b4-e343-43b6-b170-9a65bc822c77": "windows_update",
    "7971f918-a847-4430-9279-4a52d1efe18d": "microsoft_update",
}
NAMES: Mapping[str, str] = {
    "managed_server": "the managed server (WSUS)",
    "windows_update": "Windows Update",
    "microsoft_update": "Microsoft Update",
    "internet": "a service that is not managed",
    "other_service": "another service",
    "scan_cab": "an offline catalogue",
}
_PORTS = {"http": 80, "https": 443}
_URL = re.compile(
    r"(?P<scheme>https?)://(?:\[(?P<six>[0-9a-f:.]+)\]|(?P<host>[^\s/:?#@\[\]]+))(?::(?P<port>[0-9]{1,5}))?(?:[/?#].*)?",
    re.IGNORECASE,
)
_MAX_URL = 200


class ExpectedSourceError(ValueError):
    """An expectation that cannot be compared with anything; the message names what it may be."""


@dataclass(frozen=True, slots=True)
class ExpectedSource:
    """``word`` is one of SOURCE_WORDS, or ``server`` with the server's address; ``text`` is as it was given."""

    word: str
    text: str
    address: tuple[str, str, int] | None = None

    @property
    def managed(self) -> bool:
        """Whether a managed server is expected, by name or by address."""
        return self.word in ("server", "managed_server")

    @property
    def name(self) -> str:
        """The expectation for people."""
        return self.text if self.address else NAMES[self.word]


@dataclass(frozen=True, slots=True)
class UsedSource:
    """What a scan says about its source. ``word`` None: it does not say; ``server`` is a managed server's address.

    ``asked`` is the word of SOURCE_WORDS to which the scan was bound by its own option, else None.
    """

    word: str | None
    server: str
    asked: str | None
    contradiction: str = ""

    @property
    def name(self) -> str:
        """The source for people."""
        if self.word is None:
            return f"the server {self.server}" if self.server else "an unknown source"
        name = NAMES[self.word]
        return f"{name} {self.server}" if self.server and self.word in ("managed_server", "scan_cab") else name


def parse_expected_source(value: object) -> ExpectedSource:
    """Return the ExpectedSource of a word or of a URL; raise ExpectedSourceError for all else."""
    if isinstance(value, ExpectedSource):
        return value
    if not isinstance(value, str):
        raise ExpectedSourceError(f"must be a URL or one of {', '.join(SOURCE_WORDS)}, not {type_name(value)}")
    text = value.strip()
    if text in SOURCE_WORDS:
        return ExpectedSource(text, text)
    address = address_of(text)
    if address is None:
        shown = printable(text[:_MAX_URL])
        raise ExpectedSourceError(
            f"{shown!r} is neither one of {', '.join(SOURCE_WORDS)}{nearest(text, SOURCE_WORDS)} "
            "nor a URL such as https://wsus.example:8531"
        )
    return ExpectedSource("server", text, address)


def address_of(url: str) -> tuple[str, str, int] | None:
    """Return (scheme, host, port) of a URL, which is what two spellings of one server have in common, or None."""
    found = _URL.fullmatch(url.strip())
    if found is None:
        return None
    scheme = found["scheme"].lower()
    host = (found["six"] or found["host"]).lower().rstrip(".")
    return (scheme, host, int(found["port"] or _PORTS[scheme])) if host else None


def used_source(source: Mapping[str, object], values: PolicyValues) -> UsedSource:
    """Return what the ``source`` of a scan says. A managed server whose address it lacks is that of the policy."""
    selection = source.get("server_selection")
    asked = selection if isinstance(selection, str) and selection in SOURCE_WORDS else None
    server = _text(source.get("server"))
    cab = _text(source.get("scan_cab"))
    if cab:
        return UsedSource("scan_cab", cab, asked)
    managed = source.get("managed")
    named = _by_service(source.get("service_id"))
    if named is not None and isinstance(managed, bool) and managed != (named == "managed_server"):
        what = "managed" if managed else "not managed"
        return UsedSource(None, server, asked, f"it names the service {NAMES[named]} and says that it is {what}")
    word = _word(managed, named, source.get("service_id"), asked)
    address = address_of(server)
    if word is None and address is not None and address == address_of(values.text("WUServer")):
        word = "managed_server"
    if word == "managed_server" and not server and values.on("UseWUServer"):
        server = values.text("WUServer")
    return UsedSource(word, server, asked)


def _word(managed: object, named: str | None, service: object, asked: str | None) -> str | None:
    if named is not None or managed is True:
        return named or "managed_server"
    if managed is False:
        return "other_service" if _text(service) else "internet"
    # A search bound to the managed server never turns to another one: it fails.
    return "managed_server" if asked == "managed_server" and not _text(service) else None


def _by_service(service: object) -> str | None:
    return SERVICE_IDS.get(_text(service).strip("{}").lower())


def _text(value: object) -> str:
    return printable(value.strip()[:_MAX_URL]) if isinstance(value, str) else ""
