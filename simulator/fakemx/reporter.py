"""Sends reports about mails that were accepted, when their time has come: by SMTP, inside the fake network.

One attempt each, from the null sender (RFC 5321 section 4.5.5), and none to a mail that has it itself: reports about
reports would go round for ever.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import aiosmtplib

from fakemx.behaviours.actions import ReportKind, SendReport
from fakemx.clock_port import Clock
from fakemx.mx.received import Arrival
from fakemx.mx.reports import Subject, complaint, delivery_delayed, delivery_failure, out_of_office
from fakemx.tasks import Tasks

_SMTP_S = 60

_MAKERS: Mapping[ReportKind, Callable[[Subject], bytes]] = {
    ReportKind.FAILURE: delivery_failure,
    ReportKind.DELAYED: delivery_delayed,
    ReportKind.OUT_OF_OFFICE: out_of_office,
    ReportKind.FORGED: lambda subject: delivery_failure(
        replace(subject, recipient="nobody@nowhere.test", data=b"Message-ID: <never-sent@nowhere.test>\r\n\r\n")
    ),
}


class Reporter:
    """Keeps the reports that are to be sent.

    Args:
        where: the place of the best mail host of a domain, or None.
        fault: takes note of a bug of ours.
    """

    def __init__(
        self,
        clock: Clock,
        where: Callable[[str], tuple[str, int] | None],
        new_id: Callable[[], str],
        fault: Callable[[Exception], None],
    ) -> None:
        self._clock = clock
        self._where = where
        self._new_id = new_id
        self._waiting = Tasks(fault)

    def send(self, report: SendReport, arrival: Arrival, recipient: str) -> None:
        """See to it that a report about this recipient of a mail is sent in time."""
        if arrival.sender:
            self._waiting.start(self._send(report, arrival, recipient))

    async def stop(self) -> None:
        """Forget what has not been sent."""
        await self._waiting.stop()

    async def _send(self, report: SendReport, arrival: Arrival, recipient: str) -> None:
        received_at = self._clock.now()
        await self._clock.sleep(report.after_s)
        subject = Subject(
            arrival.host, arrival.sender, recipient, arrival.data, received_at, self._clock.now(), self._new_id()
        )
        maker = _MAKERS.get(report.kind)
        data = maker(subject) if maker else complaint(subject, arrival.peer_ip)
        endpoint = self._where(arrival.sender.rpartition("@")[2])
        if endpoint is None:
            return
        client = aiosmtplib.SMTP(
            hostname=endpoint[0], port=endpoint[1], local_hostname=arrival.host, start_tls=False, timeout=_SMTP_S
        )
        try:
            await client.connect()
            await client.sendmail("", [arrival.sender], data)
            await client.quit()
        except aiosmtplib.SMTPException:
            pass  # a report that cannot be delivered is dropped
        finally:
            client.close()
