# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""WS-Management messages: what a request asks, and the envelopes that answer it."""

from __future__ import annotations

import re
import uuid
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape, quoteattr

S: Final = "http://www.w3.org/2003/05/soap-envelope"
A: Final = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
W: Final = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
X: Final = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
RSP: Final = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
NAMESPACES: Final = {"s": S, "a": A, "w": W, "rsp": RSP, "x": X}
CMD_SHELL: Final = RSP + "/cmd"

# WSManFault codes a client acts on: "still running" is asked again, forever.
OPERATION_TIMEOUT: Final = 2150858793
SHELL_NOT_FOUND: Final = 2150858843
UNEXPECTED_SELECTORS: Final = 2150858770
INVALID_RESOURCE: Final = 2150858752


class NotSoapError(Exception):
    """The body is no WS-Management request."""


@dataclass(frozen=True, slots=True)
class Message:
    """One request: the operation (`Create`, `Command`, …), its ids and its body."""

    action: str
    message_id: str
    resource: str
    shell_id: str
    timeout: float
    options: dict[str, str]
    body: ET.Element

    @property
    def operation(self) -> str:
        return self.action.rpartition("/")[2]

    def text(self, path: str) -> str:
        found = self.body.find(path, NAMESPACES)
        return (found.text or "") if found is not None else ""


def parse(data: bytes) -> Message:
    try:
        root = ET.fromstring(data)
    except ET.ParseError as error:
        raise NotSoapError(str(error)) from error
    header, body = root.find("s:Header", NAMESPACES), root.find("s:Body", NAMESPACES)
    if header is None or body is None:
        raise NotSoapError("no header or no body")
    action = header.findtext("a:Action", "", NAMESPACES)
    if not action:
        raise NotSoapError("no action")
    selectors = {s.get("Name", ""): s.text or "" for s in header.findall("w:SelectorSet/w:Selector", NAMESPACES)}
    return Message(
        action=action,
        message_id=header.findtext("a:MessageID", "", NAMESPACES),
        resource=header.findtext("w:ResourceURI", "", NAMESPACES),
        shell_id=selectors.get("ShellId", ""),
        timeout=_seconds(header.findtext("w:OperationTimeout", "PT60S", NAMESPACES)),
        options={o.get("Name", ""): o.text or "" for o in header.findall("w:OptionSet/w:Option", NAMESPACES)},
        body=body,
    )


def _seconds(duration: str) -> float:
    """`PT20S`, the only form pywinrm sends; anything else is the default of 60 seconds."""
    match = re.fullmatch(r"PT(\d+(?:\.\d+)?)S", duration)
    return float(match[1]) if match else 60.0


def envelope(request: Message, body: str) -> bytes:
    return _envelope(request.action + "Response", request.message_id, body)


def _envelope(action: str, relates_to: str, body: str) -> bytes:
    names = " ".join(f"xmlns:{prefix}={quoteattr(uri)}" for prefix, uri in NAMESPACES.items())
    return (
        f"<s:Envelope {names}><s:Header><a:Action>{escape(action)}</a:Action>"
        f"<a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID>"
        f"<a:To>{A}/role/anonymous</a:To><a:RelatesTo>{escape(relates_to)}</a:RelatesTo></s:Header>"
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def fault(request: Message, code: int, subcode: str, reason: str) -> bytes:
    """A SOAP fault with the WSManFault code that clients look at."""
    body = (
        "<s:Fault><s:Code><s:Value>s:Receiver</s:Value>"
        f"<s:Subcode><s:Value>{escape(subcode)}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{escape(reason)}</s:Text></s:Reason>'
        '<s:Detail><f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" '
        f'Code="{code}" Machine="127.0.0.1"><f:Message>{escape(reason)}</f:Message></f:WSManFault></s:Detail></s:Fault>'
    )
    return _envelope("http://schemas.dmtf.org/wbem/wsman/1/wsman/fault", request.message_id, body)
