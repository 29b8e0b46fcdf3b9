"""The second server, grown up: what it takes it delivers, by MX records and SMTP, as a program of its own.

    python -m tests.conformance.micro_mta --port 8000 --key je_live_x --dkim-key key.pem

It says "ready" and its base URL once it listens, and ends at SIGTERM. No line of the product is in it: the MIME and the
SMTP are the standard library's, the look-up is dnspython's and the signature dkimpy's. Its DNS has to say

    returns.yourdomain.com.            TXT "v=spf1 ip4:192.0.2.0/24 -all"
    micro._domainkey.yourdomain.com.   TXT "v=DKIM1; k=rsa; p=..."

Servers that deliver badly are made out of it in ``broken_mta``.
"""

import argparse
import signal
import smtplib  # noqa: TID251  # the product may not use it; a delivery that shares nothing with the product's has to
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from email.header import Header
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Any

import dkim
import dns.exception
import dns.resolver
from tests.conformance.micro import BASE, VERIFIED, Answer, RefusedError, Service, _object, server_of

QUEUED, DELIVERED, BOUNCED = "queued", "delivered", "bounced"  # [send.response.status] [status.response.status]

_TIMEOUT_S = 10
_SIGNED = [b"from", b"to", b"subject", b"date", b"message-id", b"reply-to", b"mime-version", b"content-type"]
_CRLF = compat32.clone(linesep="\r\n")


class PutOffError(Exception):
    """It may be tried again: a reply of the 4xx kind, a lost connection, or no answer from DNS."""


class BouncedError(Exception):
    """It is refused for good."""


class MailService(Service):
    """Delivers what it takes, each message in a thread of its own.

    Args:
        key: the API key.
        dkim_key: the private key in PEM.
    """

    selector = b"micro"
    returns_to = f"returns@returns.{VERIFIED}"
    """The envelope sender, whose SPF record names where the mail comes from."""

    tries_again_after_s: Sequence[float] = (0.5, 0.5, 1.0, 2.0, 4.0)

    def __init__(self, key: str, dkim_key: bytes) -> None:
        super().__init__(time.monotonic, key)  # noqa: TID251  # this server's own time
        self._dkim_key = dkim_key
        self._ending = threading.Event()

    def end(self) -> None:
        """Try nothing again."""
        self._ending.set()

    # The API

    def _send(self, argument: str, body: bytes) -> Answer:
        members = _object(body)
        _check_lines(members)
        status, message = super()._send(argument, body)
        mail = self.signed(self.written(members))
        threading.Thread(target=self._deliver, args=(message["id"], members["to"], mail), daemon=True).start()
        return status, message

    def _as_it_is_now(self, message_id: str) -> Mapping[str, Any]:
        return dict(self._messages[message_id])

    def becomes(self, message_id: str, status: str) -> None:
        """Write down how a message stands."""
        with self._lock:
            self._messages[message_id]["status"] = status
            if status == DELIVERED:
                self._messages[message_id]["deliveredAt"] = self._time()  # [status.response.deliveredAt]

    # The mail

    def written(self, members: Mapping[str, Any]) -> bytes:
        """Return a message as it goes out."""
        parts = [MIMEText(_crlf(members[kind]), subtype, "utf-8") for kind, subtype in self.parts(members)]
        mail: Message = parts[0] if len(parts) == 1 else MIMEMultipart("alternative", _subparts=parts)
        mail["From"] = self.author(members)
        mail["To"] = members["to"]
        mail["Subject"] = self.subject(members)
        mail["Date"] = formatdate()
        mail["Message-ID"] = make_msgid(domain=VERIFIED)
        if "replyTo" in members:
            mail["Reply-To"] = members["replyTo"]
        for name, value in members.get("headers", {}).items():
            mail[name] = _one_line(value)
        return mail.as_bytes(policy=_CRLF)

    def parts(self, members: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
        """Return the bodies, the plainest first (RFC 2046 5.1.4), and their kinds."""
        return [(name, kind) for name, kind in (("text", "plain"), ("html", "html")) if name in members]

    def author(self, members: Mapping[str, Any]) -> str:
        """Return what From says."""
        return str(members["from"])

    def subject(self, members: Mapping[str, Any]) -> str:
        """Return what Subject says."""
        return _one_line(members["subject"])

    def signed(self, mail: bytes) -> bytes:
        """Return a message with its signature before it."""
        signature: bytes = dkim.sign(mail, self.selector, VERIFIED.encode(), self._dkim_key, include_headers=_SIGNED)
        return signature + mail

    # Its way

    def _deliver(self, message_id: str, to: str, mail: bytes) -> None:
        for wait_s in (0.0, *self.tries_again_after_s):
            if self._ending.wait(wait_s):
                return
            try:
                self.bring(to, mail)
            except PutOffError:
                continue
            except BouncedError:
                break
            self.becomes(message_id, DELIVERED)
            return
        self.becomes(message_id, BOUNCED)

    def bring(self, to: str, mail: bytes) -> None:
        """Try the mail hosts once, the preferred one first.

        Raises:
            PutOffError: none of them takes it now.
            BouncedError: one of them never will.
        """
        try:
            found = dns.resolver.resolve(to.rpartition("@")[2], "MX")
        except dns.resolver.NXDOMAIN:
            raise BouncedError("no such domain") from None
        except dns.exception.DNSException as ex:
            raise PutOffError(str(ex)) from ex
        for record in sorted(found, key=lambda record: record.preference):
            with suppress(PutOffError):
                self._bring_to(str(record.exchange).rstrip("."), to, mail)
                return
        raise PutOffError("no host takes it now")

    def _bring_to(self, host: str, to: str, mail: bytes) -> None:
        try:
            client = smtplib.SMTP(host, 25, f"out.{VERIFIED}", timeout=_TIMEOUT_S)
            try:
                client.sendmail(self.returns_to, [to], mail)
            finally:
                with suppress(OSError):  # what became of the mail is known, however they part
                    client.quit()
        except smtplib.SMTPRecipientsRefused as ex:
            ((code, _),) = ex.recipients.values()
            raise _refusal(code) from ex
        except smtplib.SMTPResponseException as ex:
            raise _refusal(ex.smtp_code) from ex
        except OSError as ex:  # of which a connection that was lost is one
            raise PutOffError(str(ex)) from ex


def _check_lines(members: Mapping[str, Any]) -> None:
    headers = members.get("headers")
    for name, value in [*members.items(), *(headers.items() if isinstance(headers, dict) else ())]:
        if name not in {"text", "html"} and isinstance(value, str) and {*"\r\n\0"} & {*value}:
            raise RefusedError(422, "VALIDATION_ERROR", f"'{name}' must be one line of text.")


def _refusal(code: int) -> Exception:
    return BouncedError(code) if code >= 500 else PutOffError(code)


def _one_line(text: str) -> str:
    """Return a text for a header; what looks like an encoded word is encoded too, so that nobody decodes it."""
    return text if text.isascii() and "=?" not in text and len(text) < 70 else Header(text, "utf-8").encode()


def _crlf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")  # RFC 2046 4.1.1


def main(kinds: Mapping[str, type[MailService]], arguments: Sequence[str]) -> None:
    """Serve until SIGTERM.

    Args:
        kinds: the servers that --fault may name; without it, it is "none".
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--dkim-key", type=Path, required=True)
    parser.add_argument("--fault", choices=sorted(kinds), default="none")
    options = parser.parse_args(arguments)
    service = kinds[options.fault](options.key, options.dkim_key.read_bytes())
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    with server_of(service, options.port) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        sys.stdout.write(f"ready http://127.0.0.1:{server.server_port}{BASE}\n")
        sys.stdout.flush()
        ended.wait()
        service.end()
        server.shutdown()


if __name__ == "__main__":
    main({"none": MailService}, sys.argv[1:])
