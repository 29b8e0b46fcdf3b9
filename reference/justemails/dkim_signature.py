"""DKIM signatures (RFC 6376): relaxed/relaxed, oversigned, never with ``l=``.

dkimpy canonicalises and hashes. The RSA primitive is ``cryptography``'s, which makes the same bytes several
times faster, and the header is put together here: dkimpy's own ``sign`` reads the wall clock for ``t=``, and each
attempt must send the same bytes (CHOICE-27).
"""

import base64
import hashlib

import dkim
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from dkim.canonicalization import CanonicalizationPolicy

_RSA_BITS = 2048  # RFC 8301 3.2: at least 1024, SHOULD be 2048
_POLICY = CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")

# Named once more than they are present, so that adding another one breaks the signature.
_OVERSIGNED = (
    b"from",
    b"to",
    b"cc",
    b"subject",
    b"date",
    b"message-id",
    b"reply-to",
    b"mime-version",
    b"content-type",
)
_SIGNED = (
    b"content-transfer-encoding",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
    b"in-reply-to",
    b"references",
)


class SigningKey:
    """A parsed RSA key; parsing costs more than signing, so keep it."""

    def __init__(self, pem: str) -> None:
        # Not checked for being a sound key, which takes dozens of milliseconds: ``make_private_key`` made it.
        key = serialization.load_pem_private_key(pem.encode(), password=None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError("an RSA key is needed")
        self._key = key

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())

    @property
    def record(self) -> str:
        """The TXT record to publish at ``<selector>._domainkey.<domain>`` (RFC 6376 3.6.1)."""
        public = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"


def make_private_key() -> str:
    """Return a new RSA-2048 key in PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode("ascii")


def sign(message: bytes, *, domain: str, selector: str, key: SigningKey) -> bytes:
    """Return ``message`` with a DKIM-Signature header before it.

    Args:
        message: headers and body in CRLF lines; no byte of it may change on the way afterwards.
        domain: the signing domain (``d=``), equal to the From header's for strict DMARC alignment.
        selector: names the key under the domain.
        key: the private key.
    """
    headers, body = dkim.rfc822_parse(message)
    body_hash = base64.b64encode(hashlib.sha256(_POLICY.canonicalize_body(body)).digest())
    names = _header_names([name.lower() for name, _ in headers])
    tags = (
        (b"v", b"1"),
        (b"a", b"rsa-sha256"),
        (b"c", b"relaxed/relaxed"),
        (b"d", domain.encode()),
        (b"s", selector.encode()),
        (b"h", b":\r\n  ".join(names)),
        (b"bh", body_hash),
        (b"b", b""),
    )
    value = b" " + b";\r\n ".join(name + b"=" + text for name, text in tags)
    hashed = _Collector()
    dkim.hash_headers(
        hashed, _POLICY, _POLICY.canonicalize_headers(headers), names, (b"DKIM-Signature", value), dict(tags)
    )
    signature = base64.b64encode(key.sign(bytes(hashed.data)))
    lines = [signature[at : at + 72] for at in range(0, len(signature), 72)]
    return b"DKIM-Signature:" + value + b"\r\n  ".join([b"", *lines]) + b"\r\n" + message


def _header_names(present: list[bytes]) -> list[bytes]:
    names = []
    for name in _OVERSIGNED:
        names += [name] * (present.count(name) + 1)
    for name in _SIGNED:
        names += [name] * present.count(name)
    return names


class _Collector:
    """Stands where dkimpy wants a hash, since ``cryptography`` hashes while it signs."""

    def __init__(self) -> None:
        self.data = bytearray()

    def update(self, data: bytes) -> None:
        self.data += data
