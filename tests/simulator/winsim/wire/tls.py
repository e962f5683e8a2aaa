# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Certificates made on the fly: an authority of this simulator's own, and one certificate for each host on HTTPS."""

from __future__ import annotations

import ipaddress
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_VALID: Final = timedelta(days=30)
_NO_USAGE: Final = {
    "content_commitment": False,
    "key_encipherment": False,
    "data_encipherment": False,
    "key_agreement": False,
    "encipher_only": False,
    "decipher_only": False,
}


class Authority:
    """Signs for the address the hosts listen on; `file` holds what a client must trust, as long as this is open."""

    def __init__(self, address: str) -> None:
        self._address = ipaddress.ip_address(address)
        self._folder = tempfile.TemporaryDirectory(prefix="winsim-")
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("winsim: certificates of simulated hosts")
        self._certificate = self._signed(self._name, self._key.public_key(), authority=True)
        self.file: Final = Path(self._folder.name) / "authority.pem"
        self.file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def context(self, host: str) -> ssl.SSLContext:
        """The server's side of TLS, with a new key and certificate. The key is on the disk only while it is loaded."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._signed(_named(host), key.public_key(), authority=False)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file = Path(self._folder.name) / "host.pem"
        file.touch(mode=0o600)
        try:
            file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
            made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            made.load_cert_chain(file)
        finally:
            file.unlink()
        return made

    def close(self) -> None:
        """Nobody can trust these hosts any more."""
        self._folder.cleanup()

    def _signed(self, name: x509.Name, key: ec.EllipticCurvePublicKey, *, authority: bool) -> x509.Certificate:
        """With all the extensions that a strict client (Python 3.13) asks for."""
        now = datetime.now(UTC)
        own = self._key.public_key()
        usage = x509.KeyUsage(digital_signature=not authority, key_cert_sign=authority, crl_sign=authority, **_NO_USAGE)
        draft = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + _VALID)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=0 if authority else None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(own), critical=False)
        )
        if not authority:
            address = x509.SubjectAlternativeName([x509.IPAddress(self._address)])
            server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
            draft = draft.add_extension(address, critical=False).add_extension(server, critical=False)
        return draft.sign(self._key, hashes.SHA256())


def _named(text: str) -> x509.Name:
    # A common name has at most 64 characters.
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])
