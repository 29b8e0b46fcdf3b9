"""DKIM signatures (RFC 6376, RFC 8463): one a key, relaxed/relaxed, oversigned, never with ``l=``.

dkimpy canonicalises and hashes. The primitives are ``cryptography``'s, whose RSA makes the same bytes several times
faster, and the header is put together here: dkimpy's own ``sign`` reads the wall clock for ``t=``, and each attempt
must send the same bytes (CHOICE-27).
"""

import base64
import hashlib
from collections.abc import Sequence

import dkim
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
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
    """A parsed private key and the selector it is published under; parsing costs more than signing, so keep it.

    Args:
        selector: names the key below the domain (``s=``).
        pem: an RSA or an Ed25519 key.

    Raises:
        TypeError: another kind of key.
    """

    def __init__(self, selector: str, pem: str) -> None:
        # Not checked for being a sound key, which takes dozens of milliseconds: we made it.
        key = serialization.load_pem_private_key(pem.encode(), password=None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
            raise TypeError("an RSA or an Ed25519 key is needed")
        self.selector = selector
        self._key = key

    @property
    def algorithm(self) -> str:
        """What ``a=`` says: both hash with SHA-256 (RFC 8463 3)."""
        return "rsa-sha256" if isinstance(self._key, RSAPrivateKey) else "ed25519-sha256"

    def sign(self, data: bytes) -> bytes:
        if isinstance(self._key, RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        # RFC 8463 3: not the data itself but its SHA-256 is signed, so that a hash made bit by bit will do.
        return self._key.sign(hashlib.sha256(data).digest())

    @property
    def record(self) -> str:
        """The TXT record to publish at ``<selector>._domainkey.<domain>`` (RFC 6376 3.6.1, RFC 8463 4)."""
        public = self._key.public_key()
        if isinstance(self._key, RSAPrivateKey):
            kind, octets = (
                "rsa",
                public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
            )
        else:
            kind, octets = "ed25519", public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return f"v=DKIM1; k={kind}; p={base64.b64encode(octets).decode()}"


def make_rsa_key() -> str:
    """Return a new RSA-2048 key in PEM."""
    return _pem(generate_private_key(public_exponent=65537, key_size=_RSA_BITS))


def make_ed25519_key() -> str:
    """Return a new Ed25519 key in PEM."""
    return _pem(Ed25519PrivateKey.generate())


def _pem(key: RSAPrivateKey | Ed25519PrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode("ascii")


def sign(message: bytes, *, domain: str, keys: Sequence[SigningKey]) -> bytes:
    """Return ``message`` with a DKIM-Signature header for each key before it, in the order of the keys.

    No signature covers another one, so any of them may be lost or ignored (RFC 8463 4.2 has receivers take what they
    know).

    Args:
        message: headers and body in CRLF lines; no byte of it may change on the way afterwards.
        domain: the signing domain (``d=``), equal to the From header's for strict DMARC alignment.
        keys: the private keys.
    """
    headers, body = dkim.rfc822_parse(message)
    body_hash = base64.b64encode(hashlib.sha256(_POLICY.canonicalize_body(body)).digest())
    names = _header_names([name.lower() for name, _ in headers])
    canonical = _POLICY.canonicalize_headers(headers)
    signatures = []
    for key in keys:
        tags = (
            (b"v", b"1"),
            (b"a", key.algorithm.encode()),
            (b"c", b"relaxed/relaxed"),
            (b"d", domain.encode()),
            (b"s", key.selector.encode()),
            (b"h", b":\r\n  ".join(names)),
            (b"bh", body_hash),
            (b"b", b""),
        )
        value = b" " + b";\r\n ".join(name + b"=" + text for name, text in tags)
        hashed = _Collector()
        dkim.hash_headers(hashed, _POLICY, canonical, names, (b"DKIM-Signature", value), dict(tags))
        signature = base64.b64encode(key.sign(bytes(hashed.data)))
        lines = [signature[at : at + 72] for at in range(0, len(signature), 72)]
        signatures.append(b"DKIM-Signature:" + value + b"\r\n  ".join([b"", *lines]) + b"\r\n")
    return b"".join(signatures) + message


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
