"""Deliveries a second, from a due message in the database to a signed mail in the fake network's inbox.

The messages are queued before the sandbox starts, and the product's own times are read afterwards: from the first
attempt's beginning to the last delivery. Beside it the stock libraries alone, on one loop as the sandbox has it:
aiosmtplib talking to aiosmtpd, as many at once, the same bytes; and what a DKIM signature and its check cost.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aiosmtplib
import dkim
from aiosmtpd import smtp as aiosmtpd
from tests.benchmarks.population import HTML, populate
from tests.benchmarks.processes import INBOX, STORE, delivered, query, sandbox, wait_for
from tests.benchmarks.report import Row
from tests.benchmarks.settings import Settings

from justemails.delivery.settings import DEFAULTS
from justemails.mail.dkim_signature import SigningKey, make_ed25519_key, make_rsa_key, sign

_SIGNATURES = 100

_MAIL = (
    "From: hello@bench0.example\r\nTo: user@example.com\r\nSubject: Welcome to our service\r\n"
    f"Content-Type: text/html; charset=utf-8\r\n\r\n{HTML}\r\n"
).encode("ascii")


class IncompleteError(AssertionError):
    """Not everything was delivered and signed in time."""


def run(settings: Settings, folder: Path) -> list[Row]:
    """Measure the sandbox, then the stock pieces."""
    product = _product(settings, folder)
    stock = asyncio.run(_stock(settings.deliveries))
    signing, checking, stock_signing, primitive = _signatures()
    share = (signing + checking) * product
    return [
        Row("deliveries: sandbox / aiosmtplib to aiosmtpd alone", round(product / stock, 2), "x"),
        Row("deliveries: share of the time that signing and checking take", round(share, 2), "x"),
        Row(
            "deliveries: sandbox, end to end, signed",
            round(product),
            "mails/s",
            note=f"{settings.deliveries} queued; each is claimed, signed, sent, checked, kept and recorded",
        ),
        Row("deliveries: aiosmtplib to aiosmtpd alone", round(stock), "mails/s", note="no DNS, no DKIM, no disk"),
        Row("deliveries: signing by stock dkimpy / both our signatures", round(stock_signing / signing, 2), "x"),
        Row("deliveries: both our signatures / the RSA primitive alone", round(signing / primitive, 2), "x"),
        Row(
            "deliveries: two DKIM signatures", round(signing * 1000, 2), "ms", note="RSA-2048 and Ed25519, parsed keys"
        ),
        Row("deliveries: their check by dkimpy", round(checking * 1000, 2), "ms", note="DNS answers at hand"),
        Row("deliveries: one RSA-2048 signature by stock dkimpy", round(stock_signing * 1000, 2), "ms"),
        Row("deliveries: the RSA-2048 primitive of cryptography", round(primitive * 1000, 2), "ms"),
    ]


def _product(settings: Settings, folder: Path) -> float:
    populate(folder / STORE, keys=0, messages=settings.deliveries)
    with sandbox(folder):
        wait_for(lambda: delivered(folder) >= settings.deliveries, settings.patience_s)
        signed = query(folder / INBOX, "SELECT count(*) FROM \"Mail\" WHERE auth LIKE '%pass%'")[0][0]
    if delivered(folder) < settings.deliveries or signed < settings.deliveries:
        raise IncompleteError(f"of {settings.deliveries} {delivered(folder)} were delivered, {signed} signed")
    ((first_us,),) = query(folder / STORE, 'SELECT min(at_us) FROM "Attempt"')
    ((last_us,),) = query(folder / STORE, 'SELECT max(delivered_us) FROM "Message"')
    return float(settings.deliveries / ((last_us - first_us) / 1_000_000))


class _Sink:
    async def handle_DATA(self, server: aiosmtpd.SMTP, session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's
        return "250 OK"


async def _stock(mails: int) -> float:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: aiosmtpd.SMTP(_Sink()), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    left = iter(range(mails))

    async def send_some() -> None:
        for _ in left:
            async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
                await client.sendmail("b@bounce.bench0.example", ["user@example.com"], _MAIL)

    began = time.perf_counter()
    await asyncio.gather(*(send_some() for _ in range(DEFAULTS.concurrency)))
    elapsed_s = time.perf_counter() - began
    server.close()
    await server.wait_closed()
    return mails / elapsed_s


def _signatures() -> tuple[float, float, float, float]:
    """Return the seconds of our two signatures, of their check, of stock dkimpy's RSA, and of the RSA primitive."""
    keys = [SigningKey("r", pem := make_rsa_key()), SigningKey("e", make_ed25519_key())]
    records = {f"{key.selector}._domainkey.bench0.example.".encode(): key.record.encode() for key in keys}
    signed: list[bytes] = []
    ours_s = _seconds_each(lambda: signed.append(sign(_MAIL, domain="bench0.example", keys=keys)))
    left = iter(signed)
    check_s = _seconds_each(lambda: _check(next(left), records))
    relaxed = (b"relaxed", b"relaxed")
    stock_s = _seconds_each(lambda: dkim.sign(_MAIL, b"r", b"bench0.example", pem.encode(), canonicalize=relaxed))
    raw_s = _seconds_each(lambda: keys[0].sign(_MAIL))
    return ours_s, check_s, stock_s, raw_s


def _seconds_each(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    for _ in range(_SIGNATURES):
        act()
    return (time.perf_counter() - began) / _SIGNATURES


def _check(mail: bytes, records: Mapping[bytes, bytes]) -> None:
    verifier: Any = dkim.DKIM(mail)  # Any: dkimpy has no types
    for index in range(2):
        if not verifier.verify(idx=index, dnsfunc=lambda name, timeout=5: records[name]):
            raise IncompleteError("a signature does not hold")
