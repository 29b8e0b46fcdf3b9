"""Certificates for fake mail hosts: good ones, and ones that a careful client should not like.

Keys are RSA-2048: the signatures of elliptic curves differ in length from one to the next, and with them what goes over
the wire. There is one authority and one host key in a process, made when they are first wanted, which takes a tenth of
a second each; contexts are kept too. OpenSSL looks at the machine's clock, so the expired certificate has run out for
good.

    >>> context = server_context(Certificate.EXPIRED, "mx.ok.test")     # for loop.start_tls or create_server
    >>> client = ssl.create_default_context(cadata=authority_pem())     # a client that can tell good from bad
"""

import ssl
import tempfile
from datetime import UTC, datetime
from functools import cache, lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from fakemx.behaviours.script import Certificate

_LONG_AGO, _NOT_SO_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC), datetime(2001, 1, 1, tzinfo=UTC)
_FAR_OFF = datetime(2100, 1, 1, tzinfo=UTC)
_MOST_CONTEXTS = 512


@lru_cache(_MOST_CONTEXTS)
def server_context(kind: Certificate, host: str) -> ssl.SSLContext:
    """Return the server's side of TLS for a host."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    pem = _pem(_host_key()) + _certificate(kind, host).public_bytes(serialization.Encoding.PEM)
    with tempfile.NamedTemporaryFile() as file:  # OpenSSL takes files only
        file.write(pem)
        file.flush()
        context.load_cert_chain(file.name)
    return context


@cache
def authority_pem() -> str:
    """Return the certificate of the authority that signs the good ones."""
    return _authority().public_bytes(serialization.Encoding.PEM).decode("ascii")


def _certificate(kind: Certificate, host: str) -> x509.Certificate:
    name = "elsewhere.test" if kind is Certificate.WRONG_NAME else host
    ends = _NOT_SO_LONG_AGO if kind is Certificate.EXPIRED else _FAR_OFF
    own = kind is Certificate.SELF_SIGNED
    builder = _builder(name, _host_key(), ends).issuer_name(_name(name) if own else _authority().subject)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return builder.sign(_host_key() if own else _authority_key(), hashes.SHA256())


@cache
def _authority() -> x509.Certificate:
    name = "Fake internet authority"
    builder = _builder(name, _authority_key(), _FAR_OFF).issuer_name(_name(name))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return builder.sign(_authority_key(), hashes.SHA256())


def _builder(name: str, key: rsa.RSAPrivateKey, ends: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .public_key(key.public_key())
        .serial_number(1 + sum(name.encode()))  # the same in every process
        .not_valid_before(_LONG_AGO)
        .not_valid_after(ends)
    )


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


@cache
def _authority_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def _host_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
