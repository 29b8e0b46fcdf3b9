"""DKIM signatures (CHOICE-27), judged by dkimpy's verifier."""

import base64
import re
from typing import Any

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from tests.reference import strict_mail
from tests.reference.mail_grammar import CONTENTS, MESSAGE_ID
from tests.reference.support import NOW, QUICK, mailbox, make_content

from justemails.dkim_signature import SigningKey, make_private_key, sign
from justemails.message import compose
from justemails.records import Content, Domain

DOMAIN, SELECTOR = "yourdomain.com", "je1"


def signed(content: Content, key: SigningKey) -> bytes:
    return sign(compose(MESSAGE_ID, content, NOW), domain=DOMAIN, selector=SELECTOR, key=key)


def verifies(message: bytes, record: str) -> bool:
    asked = []

    def answer(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return record.encode()

    good: Any = dkim.verify(message, dnsfunc=answer)  # Any: dkimpy has no types
    assert asked == [f"{SELECTOR}._domainkey.{DOMAIN}.".encode()]
    return bool(good)


@pytest.fixture
def mail(signing_key: SigningKey) -> bytes:
    content = make_content(
        sender=mailbox("hello@yourdomain.com", "Zoë"),
        text="Hello — Thanks for signing up.",
        reply_to=mailbox("support@yourdomain.com"),
        headers={"X-My-Tag": "onboarding", "List-Unsubscribe": "<mailto:x@yourdomain.com>"},
    )
    return signed(content, signing_key)


@given(content=CONTENTS)
@QUICK
def test_whatever_is_composed_verifies(content: Content, signing_key: SigningKey) -> None:
    """For all content, a verifier that has the key's record accepts the signed message."""
    assert verifies(signed(content, signing_key), signing_key.record)


@given(content=CONTENTS)
@QUICK
def test_signing_adds_one_header_of_strict_lines_and_changes_no_byte(content: Content, signing_key: SigningKey) -> None:
    """For all content, the signed message is one DKIM-Signature field and then the message as it was."""
    message = compose(MESSAGE_ID, content, NOW)
    whole = signed(content, signing_key)

    assert whole.endswith(message)
    field = whole.removesuffix(message)
    strict_mail.check_lines(whole)
    assert field.startswith(b"DKIM-Signature: ")
    assert field.endswith(b"\r\n")
    lines = field.removesuffix(b"\r\n").split(b"\r\n")
    assert all(line.startswith(b" ") for line in lines[1:])
    assert max(map(len, lines)) <= 78
    assert not any(line.endswith(b" ") for line in lines)
    strict_mail.read(whole)


def test_the_signature_is_the_same_at_each_attempt(mail: bytes, signing_key: SigningKey) -> None:
    message = mail[mail.index(b"\r\nFrom:") + 2 :]

    assert sign(message, domain=DOMAIN, selector=SELECTOR, key=signing_key) == mail


def tags_of(mail: bytes) -> dict[str, str]:
    value = strict_mail.read(mail).field("DKIM-Signature")
    return {
        name.strip(): re.sub(r"\s", "", text) for name, _, text in (part.partition("=") for part in value.split(";"))
    }


def test_the_tags_are_those_of_choice_27(mail: bytes) -> None:
    tags = tags_of(mail)

    assert set(tags) == {"v", "a", "c", "d", "s", "h", "bh", "b"}  # no l=, no t=, no x=
    assert (tags["v"], tags["a"], tags["c"]) == ("1", "rsa-sha256", "relaxed/relaxed")
    assert (tags["d"], tags["s"]) == (DOMAIN, SELECTOR)


def test_identifying_headers_are_named_once_more_than_they_are_there(mail: bytes) -> None:
    names = tags_of(mail)["h"].split(":")

    present = [name.lower() for name in strict_mail.read(mail).names]
    for name in ("from", "to", "cc", "subject", "date", "message-id", "reply-to", "mime-version", "content-type"):
        assert names.count(name) == present.count(name) + 1
    assert names.count("list-unsubscribe") == 1
    assert "x-my-tag" not in names


def body_of(mail: bytes) -> bytes:
    return mail.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize(
    "change", [lambda body: body + b"x\r\n", lambda body: body[1:], lambda body: body.replace(b"Hello", b"hello", 1)]
)
def test_a_changed_body_fails(change: Any, mail: bytes, signing_key: SigningKey) -> None:  # Any: a lambda on bytes
    head, _, body = mail.partition(b"\r\n\r\n")
    changed = change(body)

    assert changed != body
    assert not verifies(head + b"\r\n\r\n" + changed, signing_key.record)


@pytest.mark.parametrize(
    "name", ["From", "To", "Cc", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type"]
)
def test_an_added_identifying_header_fails_above_and_below(name: str, mail: bytes, signing_key: SigningKey) -> None:
    added = f"{name}: x@evil.example\r\n".encode()
    head, _, body = mail.partition(b"\r\n\r\n")

    assert not verifies(added + mail, signing_key.record)
    assert not verifies(head + b"\r\n" + added + b"\r\n" + body, signing_key.record)


@pytest.mark.parametrize(
    "name", ["To", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "List-Unsubscribe"]
)
def test_a_removed_or_changed_signed_header_fails(name: str, mail: bytes, signing_key: SigningKey) -> None:
    field = re.search(rf"(?m)^{name}:.*\r\n(?: .*\r\n)*".encode(), mail)
    assert field

    assert not verifies(mail.replace(field[0], b""), signing_key.record)
    assert not verifies(mail.replace(field[0], f"{name}: changed\r\n".encode()), signing_key.record)


def test_what_relays_may_change_still_verifies(mail: bytes, signing_key: SigningKey) -> None:
    """RFC 6376 3.4: relaxed/relaxed forgives spaces, the case of names and added trace headers."""
    head, _, body = mail.partition(b"\r\n\r\n")
    assert verifies(b"Received: from x by y; Mon, 06 Apr 2026 12:00:01 +0000\r\n" + mail, signing_key.record)
    assert verifies(mail.replace(b"\r\nTo: ", b"\r\nTO:   "), signing_key.record)
    assert verifies(head + b"\r\n\r\n" + body + b"\r\n\r\n", signing_key.record)


def test_another_key_does_not_verify(mail: bytes) -> None:
    assert not verifies(mail, SigningKey(make_private_key()).record)


def test_the_record_holds_a_public_key_of_2048_bits(signing_key: SigningKey) -> None:
    """RFC 8301 3.2, RFC 6376 3.6.1."""
    match = re.fullmatch(r"v=DKIM1; k=rsa; p=([A-Za-z0-9+/]+={0,2})", signing_key.record)

    assert match
    public = serialization.load_der_public_key(base64.b64decode(match[1], validate=True))
    assert isinstance(public, rsa.RSAPublicKey)
    assert public.key_size == 2048
    assert public.public_numbers().e == 65537


def test_private_keys_differ(private_key: str) -> None:
    assert make_private_key() != private_key


def test_a_key_of_another_kind_is_refused() -> None:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

    with pytest.raises(TypeError, match="RSA"):
        SigningKey(pem.decode())


def test_a_domain_shows_nothing_of_its_private_key(domain: Domain) -> None:
    assert "PRIVATE KEY" not in repr(domain)
    assert domain.private_key[40:60] not in repr(domain)
