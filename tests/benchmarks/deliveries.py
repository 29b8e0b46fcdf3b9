"""Deliveries a second, from a due message in the database to a signed mail in the fake network's inbox.

The messages are queued before the sandbox starts, and the product's own times are read afterwards: from the first
attempt's beginning to the last delivery. Beside it the stock libraries alone, on one loop as the sandbox has it:
aiosmtplib talking to aiosmtpd, as many at once, the same bytes; and what a DKIM signature and its check cost.
"""

import asyncio
import time
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
from justemails.dkim_signature import SigningKey, make_private_key, sign

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
    signing, checking = _signatures()
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
        Row("deliveries: a DKIM signature", round(signing * 1000, 2), "ms", note="RSA-2048, parsed key"),
        Row("deliveries: its check by dkimpy", round(checking * 1000, 2), "ms", note="DNS answer at hand"),
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


def _signatures() -> tuple[float, float]:
    """Return the seconds that one signature and one check take."""
    key = SigningKey(make_private_key())
    record = key.record.encode("ascii")
    began = time.perf_counter()
    signed = [sign(_MAIL, domain="bench0.example", selector="je", key=key) for _ in range(_SIGNATURES)]
    signing_s = time.perf_counter() - began
    began = time.perf_counter()
    good = [dkim.verify(mail, dnsfunc=lambda name, timeout=5: record) for mail in signed]
    checking_s = time.perf_counter() - began
    if not all(good):
        raise IncompleteError("a signature does not hold")
    return signing_s / _SIGNATURES, checking_s / _SIGNATURES
