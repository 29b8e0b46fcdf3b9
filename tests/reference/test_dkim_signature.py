"""DKIM signatures (CHOICE-27), judged by dkimpy's verifier."""

import base64
import re
from collections.abc import Sequence
from typing import Any

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from tests.reference import strict_mail
from tests.reference.mail_grammar import CONTENTS, MESSAGE_ID
from tests.reference.support import NOW, QUICK, mailbox, make_content

from justemails.mail.dkim_signature import SigningKey, make_ed25519_key, make_rsa_key, sign
from justemails.mail.message import compose
from justemails.records import Content, DkimKey, Domain

DOMAIN = "yourdomain.com"
SELECTORS = ["je1r", "je1e"]

Keys = Sequence[SigningKey]


def signed(content: Content, keys: Keys) -> bytes:
    return sign(compose(MESSAGE_ID, content, NOW), domain=DOMAIN, keys=keys)


def verdicts(message: bytes, keys: Keys) -> list[bool]:
    """Return dkimpy's verdict on each signature, from the top."""
    records = {f"{key.selector}._domainkey.{DOMAIN}.".encode(): key.record.encode() for key in keys}
    verifier: Any = dkim.DKIM(message)  # Any: dkimpy has no types
    count = sum(name.lower() == b"dkim-signature" for name, _ in verifier.headers)

    def holds(index: int) -> bool:
        try:
            return bool(verifier.verify(idx=index, dnsfunc=lambda name, timeout=5: records.get(name)))
        except dkim.DKIMException:
            return False

    return [holds(index) for index in range(count)]


def verifies(message: bytes, keys: Keys) -> bool:
    """Say whether both signatures hold; that one does and the other does not never happens here."""
    first, second = verdicts(message, keys)
    assert first == second
    return first


@pytest.fixture
def mail(signing_keys: Keys) -> bytes:
    content = make_content(
        sender=mailbox("hello@yourdomain.com", "Zoë"),
        text="Hello — Thanks for signing up.",
        reply_to=mailbox("support@yourdomain.com"),
        headers={"X-My-Tag": "onboarding", "List-Unsubscribe": "<mailto:x@yourdomain.com>"},
    )
    return signed(content, signing_keys)


@given(content=CONTENTS)
@QUICK
def test_whatever_is_composed_verifies(content: Content, signing_keys: Keys) -> None:
    """For all content, a verifier that has the key's record accepts the signed message."""
    assert verifies(signed(content, signing_keys), signing_keys)


@given(content=CONTENTS)
@QUICK
def test_signing_adds_two_headers_of_strict_lines_and_changes_no_byte(content: Content, signing_keys: Keys) -> None:
    """For all content, the signed message is two DKIM-Signature fields and then the message as it was."""
    message = compose(MESSAGE_ID, content, NOW)
    whole = signed(content, signing_keys)

    assert whole.endswith(message)
    fields = whole.removesuffix(message)
    strict_mail.check_lines(whole)
    assert fields.endswith(b"\r\n")
    lines = fields.removesuffix(b"\r\n").split(b"\r\n")
    begun = [line for line in lines if not line.startswith(b" ")]
    assert begun == [b"DKIM-Signature: v=1;"] * 2
    assert lines[0] == begun[0]
    assert max(map(len, lines)) <= 78
    assert not any(line.endswith(b" ") for line in lines)
    strict_mail.read(whole)


def test_the_signature_is_the_same_at_each_attempt(mail: bytes, signing_keys: Keys) -> None:
    """Ed25519 signs without chance (RFC 8032 5.1.6), as RSA with PKCS #1 1.5 does."""
    message = mail[mail.index(b"\r\nFrom:") + 2 :]

    assert sign(message, domain=DOMAIN, keys=signing_keys) == mail


def tags_of(mail: bytes) -> list[dict[str, str]]:
    """Return the tags of each signature, from the top."""
    fields = [value for name, value in strict_mail.read(mail).fields if name == "DKIM-Signature"]
    return [
        {name.strip(): re.sub(r"\s", "", text) for name, _, text in (part.partition("=") for part in field.split(";"))}
        for field in fields
    ]


def test_the_tags_are_those_of_choice_27(mail: bytes) -> None:
    signatures = tags_of(mail)

    assert [(tags["a"], tags["s"]) for tags in signatures] == [
        ("rsa-sha256", SELECTORS[0]),
        ("ed25519-sha256", SELECTORS[1]),
    ]
    for tags in signatures:
        assert set(tags) == {"v", "a", "c", "d", "s", "h", "bh", "b"}  # no l=, no t=, no x=
        assert (tags["v"], tags["c"], tags["d"]) == ("1", "relaxed/relaxed", DOMAIN)


def test_identifying_headers_are_named_once_more_than_they_are_there(mail: bytes) -> None:
    present = [name.lower() for name in strict_mail.read(mail).names]

    for tags in tags_of(mail):
        names = tags["h"].split(":")
        for name in ("from", "to", "cc", "subject", "date", "message-id", "reply-to", "mime-version", "content-type"):
            assert names.count(name) == present.count(name) + 1
        assert names.count("list-unsubscribe") == 1
        assert "x-my-tag" not in names
        assert "dkim-signature" not in names


def test_either_signature_holds_without_the_other(mail: bytes, signing_keys: Keys) -> None:
    """RFC 8463 6: who does not know one algorithm goes by the other."""
    second = mail.index(b"DKIM-Signature", 1)
    message = mail.index(b"\r\nFrom:") + 2

    assert verdicts(mail[:second] + mail[message:], signing_keys) == [True]
    assert verdicts(mail[second:], signing_keys) == [True]


def body_of(mail: bytes) -> bytes:
    return mail.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize(
    "change", [lambda body: body + b"x\r\n", lambda body: body[1:], lambda body: body.replace(b"Hello", b"hello", 1)]
)
def test_a_changed_body_fails(change: Any, mail: bytes, signing_keys: Keys) -> None:  # Any: a lambda on bytes
    head, _, body = mail.partition(b"\r\n\r\n")
    changed = change(body)

    assert changed != body
    assert not verifies(head + b"\r\n\r\n" + changed, signing_keys)


@pytest.mark.parametrize(
    "name", ["From", "To", "Cc", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type"]
)
def test_an_added_identifying_header_fails_above_and_below(name: str, mail: bytes, signing_keys: Keys) -> None:
    added = f"{name}: x@evil.example\r\n".encode()
    head, _, body = mail.partition(b"\r\n\r\n")

    assert not verifies(added + mail, signing_keys)
    assert not verifies(head + b"\r\n" + added + b"\r\n" + body, signing_keys)


@pytest.mark.parametrize(
    "name", ["To", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "List-Unsubscribe"]
)
def test_a_removed_or_changed_signed_header_fails(name: str, mail: bytes, signing_keys: Keys) -> None:
    field = re.search(rf"(?m)^{name}:.*\r\n(?: .*\r\n)*".encode(), mail)
    assert field

    assert not verifies(mail.replace(field[0], b""), signing_keys)
    assert not verifies(mail.replace(field[0], f"{name}: changed\r\n".encode()), signing_keys)


def test_what_relays_may_change_still_verifies(mail: bytes, signing_keys: Keys) -> None:
    """RFC 6376 3.4: relaxed/relaxed forgives spaces, the case of names and added trace headers."""
    head, _, body = mail.partition(b"\r\n\r\n")
    assert verifies(b"Received: from x by y; Mon, 06 Apr 2026 12:00:01 +0000\r\n" + mail, signing_keys)
    assert verifies(mail.replace(b"\r\nTo: ", b"\r\nTO:   "), signing_keys)
    assert verifies(head + b"\r\n\r\n" + body + b"\r\n\r\n", signing_keys)


@pytest.mark.parametrize("index", [0, 1])
def test_another_key_does_not_verify(index: int, mail: bytes, signing_keys: Keys) -> None:
    others = [SigningKey(SELECTORS[0], make_rsa_key()), SigningKey(SELECTORS[1], make_ed25519_key())]
    published = [*signing_keys]
    published[index] = others[index]

    assert verdicts(mail, published) == [index != 0, index != 1]


def test_the_rsa_record_holds_a_public_key_of_2048_bits(signing_keys: Keys) -> None:
    """RFC 8301 3.2, RFC 6376 3.6.1."""
    match = re.fullmatch(r"v=DKIM1; k=rsa; p=([A-Za-z0-9+/]+={0,2})", signing_keys[0].record)

    assert match
    public = serialization.load_der_public_key(base64.b64decode(match[1], validate=True))
    assert isinstance(public, rsa.RSAPublicKey)
    assert public.key_size == 2048
    assert public.public_numbers().e == 65537


def test_the_ed25519_record_holds_the_32_octets_of_the_public_key(signing_keys: Keys) -> None:
    """RFC 8463 4.2: no SubjectPublicKeyInfo around it."""
    match = re.fullmatch(r"v=DKIM1; k=ed25519; p=([A-Za-z0-9+/]{43}=)", signing_keys[1].record)

    assert match
    assert len(base64.b64decode(match[1], validate=True)) == 32


def test_private_keys_differ(dkim_keys: Sequence[DkimKey]) -> None:
    assert make_rsa_key() != dkim_keys[0].private_key
    assert make_ed25519_key() != dkim_keys[1].private_key


def test_a_key_of_another_kind_is_refused() -> None:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

    with pytest.raises(TypeError, match="RSA or an Ed25519"):
        SigningKey("je1", pem.decode())


def test_a_domain_shows_nothing_of_its_private_keys(domain: Domain) -> None:
    assert "PRIVATE KEY" not in repr(domain)
    for key in domain.dkim_keys:
        assert key.private_key[40:60] not in repr(domain)
