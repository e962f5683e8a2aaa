# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Who is there? Basic and NTLM with message encryption, per connection, as a WinRM listener over HTTP does it."""

from __future__ import annotations

import base64
import hmac
import os
import secrets
import struct
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import spnego
from spnego.exceptions import SpnegoError

from .http import Request, Response

SOAP_TYPE: Final = "application/soap+xml;charset=UTF-8"
BOUNDARY: Final = b"--Encrypted Boundary"
PROTOCOL: Final = "application/HTTP-SPNEGO-session-encrypted"
SEALED_TYPE: Final = f'multipart/encrypted;protocol="{PROTOCOL}";boundary="Encrypted Boundary"'
NEGOTIATE_MESSAGE: Final = b"NTLMSSP\0\x01"


@dataclass(frozen=True, slots=True)
class Account:
    """One account, valid on one host only."""

    user: str
    password: str


def new_account(number: int) -> Account:
    """A user name no other host has, and a long odd password: ansible-core 2.22 masks it wherever it turns up."""
    return Account(user=f"winsim-{number:04d}", password=secrets.token_urlsafe(24))


class CredentialFile:
    """The accounts where pyspnego's NTLM server looks for them: a private file, named by an environment variable."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="winsim-")
        file = Path(self._folder.name) / "accounts"
        file.touch(mode=0o600)
        file.write_text("".join(f":{a.user}:{a.password}\n" for a in accounts), encoding="utf-8")
        os.environ["NTLM_USER_FILE"] = str(file)

    def close(self) -> None:
        os.environ.pop("NTLM_USER_FILE", None)
        self._folder.cleanup()


class Gate:
    """The authentication of one connection. NTLM binds it, and the sealing keys, to it; Basic comes anew each time."""

    def __init__(self, account: Account, schemes: Sequence[str]) -> None:
        self._account = account
        self._schemes = schemes
        self._ntlm: spnego.ContextProxy | None = None
        self._trusted = False

    def admit(self, request: Request) -> Response | None:
        """None lets the request in; else the answer: 401, or 200 to the empty message that only authenticates."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic" and "basic" in self._schemes:
            return None if self._basic(token) else self._refusal()
        if scheme.lower() in {"negotiate", "ntlm"} and "ntlm" in self._schemes:
            return self._negotiate(scheme, token, empty=not request.body)
        return None if self._trusted else self._refusal()

    def _basic(self, token: str) -> bool:
        try:
            given = base64.b64decode(token, validate=True)
        except ValueError:
            return False
        return hmac.compare_digest(given, f"{self._account.user}:{self._account.password}".encode())

    def _negotiate(self, scheme: str, token: str, *, empty: bool) -> Response | None:
        try:
            message = base64.b64decode(token, validate=True)
            if self._ntlm is None or message.startswith(NEGOTIATE_MESSAGE):
                self._trusted = False
                self._ntlm = spnego.server(protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
            answer = self._ntlm.step(message)
        except (SpnegoError, ValueError, struct.error):
            self._ntlm = None
            return self._refusal()
        if not self._ntlm.complete:
            challenge = f"{scheme} {base64.b64encode(answer or b'').decode()}"
            return Response(401, headers=[("WWW-Authenticate", challenge)])
        if str(self._ntlm.client_principal).lower().rpartition("\\")[2] != self._account.user.lower():
            self._ntlm = None
            return self._refusal()
        self._trusted = True
        return Response(200) if empty else None

    def _refusal(self) -> Response:
        offers = [("WWW-Authenticate", "Negotiate")] if "ntlm" in self._schemes else []
        if "basic" in self._schemes:
            offers.append(("WWW-Authenticate", 'Basic realm="WSMAN"'))
        return Response(401, headers=offers)

    def open(self, request: Request) -> bytes | None:
        """The SOAP message of a request, unsealed; None when it is sealed with the keys of another connection."""
        if "multipart/encrypted" not in request.headers.get("content-type", ""):
            return request.body
        if self._ntlm is None or not self._trusted:
            return None
        try:
            sealed = request.body.split(b"application/octet-stream\r\n", 1)[1].rsplit(BOUNDARY + b"--", 1)[0]
            (length,) = struct.unpack("<I", sealed[:4])
            return bytes(self._ntlm.unwrap_winrm(sealed[4 : 4 + length], sealed[4 + length :]))
        except (SpnegoError, IndexError, struct.error):
            return None

    def seal(self, request: Request, response: Response) -> Response:
        """`response` in the form the request came in."""
        if "multipart/encrypted" not in request.headers.get("content-type", "") or self._ntlm is None:
            return response
        wrapped = self._ntlm.wrap_winrm(response.body)
        length = len(response.body) + wrapped.padding_length
        head = f"\r\n\tContent-Type: {PROTOCOL}\r\n\tOriginalContent: type={SOAP_TYPE};Length={length}\r\n"
        body = BOUNDARY + head.encode() + BOUNDARY + b"\r\n\tContent-Type: application/octet-stream\r\n"
        body += struct.pack("<I", len(wrapped.header)) + wrapped.header + wrapped.data + BOUNDARY + b"--\r\n"
        return Response(response.status, body, SEALED_TYPE, response.headers)
