"""STARTTLS: good, bad, and not there."""

from fakemx.behaviours.script import (
    Certificate,
    Expected,
    Extension,
    Inject,
    Raw,
    Reply,
    Stage,
    Step,
    WithoutTls,
    one_host,
)

_GOOD = Certificate.GOOD

ENTRIES = (
    one_host("starttls", "offers STARTTLS with a good certificate", Expected.DELIVERED, tls=_GOOD),
    one_host(
        "starttls-454",
        "offers STARTTLS and then cannot: 454 4.7.0",
        Expected.DELIVERED,
        Step(Stage.STARTTLS, Reply(454, "4.7.0 TLS not available now")),
        tls=_GOOD,
    ),
    one_host(
        "starttls-garbage",
        "offers STARTTLS and answers the handshake with garbage",
        Expected.DELIVERED,
        Step(Stage.STARTTLS, Raw("this is no TLS\r\n")),
        tls=_GOOD,
    ),
    one_host(
        "self-signed", "offers STARTTLS with a self-signed certificate", Expected.DELIVERED, tls=Certificate.SELF_SIGNED
    ),
    one_host(
        "expired-cert", "offers STARTTLS with an expired certificate", Expected.DELIVERED, tls=Certificate.EXPIRED
    ),
    one_host(
        "wrong-name-cert",
        "offers STARTTLS with a certificate for another name",
        Expected.DELIVERED,
        tls=Certificate.WRONG_NAME,
    ),
    one_host(
        "tls-required",
        "offers STARTTLS and takes no mail without: 530 5.7.0",
        Expected.DELIVERED,
        Step(Stage.MAIL, Reply(530, "5.7.0 must issue a STARTTLS command first"), when=WithoutTls()),
        tls=_GOOD,
    ),
    one_host(
        "tls-stripped",
        "can do TLS, but somebody has taken STARTTLS out of its answer to EHLO",
        Expected.DELIVERED,
        tls=_GOOD,
        without=frozenset({Extension.STARTTLS}),
    ),
    one_host(
        "plaintext-injected",
        "sends a reply in clear behind the go-ahead to STARTTLS, for the client to take for an encrypted one",
        Expected.DELIVERED,
        Step(Stage.STARTTLS, Inject("250 mx.injected.test\r\n")),
        tls=_GOOD,
    ),
)
