# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""HTTP/1.1 as far as a WinRM client speaks it: one POST after the other on one connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Final

# Ansible's largest envelope is a put_file chunk, about 450 KB; a real host takes 500 KB.
MOST_BODY: Final = 4 << 20
MOST_HEADERS: Final = 100
MOST_LINE: Final = 1 << 16
REASONS: Final = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Payload Too Large",
    500: "Internal Server Error",
}


class BadRequestError(Exception):
    """What came is no HTTP request that a WinRM listener takes."""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Response:
    status: int
    body: bytes = b""
    content_type: str = "application/soap+xml;charset=UTF-8"
    headers: list[tuple[str, str]] = field(default_factory=list)

    def wire(self) -> bytes:
        """Headers and body in one piece: two writes would meet Nagle and delayed acknowledgements (45 ms a trip)."""
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Unknown')}", "Server: Microsoft-HTTPAPI/2.0"]
        lines += [f"{name}: {text}" for name, text in self.headers]
        lines += [f"Content-Type: {self.content_type}", f"Content-Length: {len(self.body)}", "", ""]
        return "\r\n".join(lines).encode("latin-1") + self.body


def read_request(stream: BinaryIO) -> Request | None:
    """The next request, or None when the client has closed the connection."""
    line = stream.readline(MOST_LINE)
    if not line:
        return None
    parts = line.decode("latin-1").split()
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise BadRequestError("no HTTP request line")
    headers: dict[str, str] = {}
    for _ in range(MOST_HEADERS):
        line = stream.readline(MOST_LINE)
        if line in {b"\r\n", b"\n", b""}:
            break
        name, _, text = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = text.strip()
    else:
        raise BadRequestError("too many headers")
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MOST_BODY:
        raise BadRequestError(f"a body of {length} bytes")
    body = stream.read(int(length))
    if len(body) != int(length):
        return None
    return Request(method=parts[0], path=parts[1], headers=headers, body=body)
