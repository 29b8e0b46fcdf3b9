"""Mails put straight into an inbox, as no API would let them through."""

from collections.abc import Mapping

from fakemx.judge.verdict import DkimResult, DmarcResult, SpfResult, Verdict
from fakemx.mx.received import Received
from justemails_command.serving import ServedSandbox
from justemails_sandbox.inbox import Inbox

VERDICT = Verdict(
    (DkimResult("s1", "own.test", "rsa-sha256", "fail", "the body was changed on the way"),),
    SpfResult("softfail", "own.test says that 198.18.0.9 probably may not send for it", "own.test"),
    DmarcResult("pass", "SPF passed for own.test", "reject", "own.test"),
)


def put(
    sandbox: ServedSandbox,
    data: bytes | str,
    *recipients: str,
    host: str = "mx.example.com",
    auth: Verdict = VERDICT,
    inbox: Inbox | None = None,
) -> str:
    """Put a mail into the sandbox's inbox, or another one, and return its id (of the last recipient)."""
    raw = data.encode() if isinstance(data, str) else data
    to = recipients or ("ann@example.com",)
    at = sandbox.clock.now()
    received = Received("r", at, host, "198.18.0.9", "own.test", "a@own.test", to, raw, (), False, auth)
    mail_id = (inbox or sandbox.inbox).add(received)[-1]
    sandbox.note_change()
    return mail_id


def html_mail(html: str, headers: Mapping[str, str] | None = None) -> str:
    """Return a mail with HTML alone."""
    lines = {"From": "a@own.test", "Subject": "Hi", "Content-Type": "text/html; charset=utf-8", **(headers or {})}
    return "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n" + html
