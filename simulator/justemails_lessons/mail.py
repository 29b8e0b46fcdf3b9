"""Mail that arrived, as the recipient's server and the recipient see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from fakemx.judge.verdict import Verdict
from fakemx.mail.parsed import parse
from fakemx.mx.received import Received
from justemails_sandbox.inbox import api_message_id

_SHOWN = ("From", "To", "Subject", "Reply-To", "Date")


@dataclass(frozen=True, slots=True, repr=False)
class Mail:
    """One mail: its headers, its texts, and what the receiver made of its signatures."""

    to: str
    host: str
    headers: Mapping[str, str]
    text: str | None
    html: str | None
    message_id: str
    verdicts: Mapping[str, str]
    """``DKIM``, ``SPF`` and ``DMARC``: ``pass``, or what else the receiver found."""

    @property
    def subject(self) -> str:
        return self.headers.get("Subject", "")

    def __repr__(self) -> str:
        head = [f"{name}: {self.headers[name]}" for name in _SHOWN if name in self.headers]
        verdicts = ", ".join(f"{name} {result}" for name, result in self.verdicts.items())
        body = (self.text if self.text is not None else self.html or "").rstrip()
        return "\n".join([*head, f"(taken by {self.host}: {verdicts})", "", body])


class Inbox(Sequence[Mail]):
    """All mail that arrived, oldest first."""

    def __init__(self, mails: Sequence[Mail]) -> None:
        self._mails = tuple(mails)

    def __len__(self) -> int:
        return len(self._mails)

    def __getitem__(self, index: int) -> Mail:  # type: ignore[override]  # no slices: nobody needs them here
        return self._mails[index]

    def __repr__(self) -> str:
        count = f"{len(self)} mail{'' if len(self) == 1 else 's'} in the inbox"
        return "\n".join([count, *(f"  {mail.to:<24} {mail.subject}" for mail in self._mails)])

    def _repr_html_(self) -> str:
        cells = ("to", "subject", "DKIM", "SPF", "DMARC")
        rows = [
            (mail.to, mail.subject, *(mail.verdicts[name] for name in ("DKIM", "SPF", "DMARC"))) for mail in self._mails
        ]
        head = "".join(f"<th>{cell}</th>" for cell in cells)
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if rows else "<p>no mail yet</p>"


def mails_of(received: Received) -> list[Mail]:
    """Return what one transmission brought: a mail for each recipient."""
    parsed = parse(received.data)
    headers: dict[str, str] = {}
    for name, value in parsed.headers:
        headers.setdefault(name, value)
    return [
        Mail(
            recipient,
            received.host,
            headers,
            parsed.text,
            parsed.html,
            api_message_id(headers.get("Message-ID", "")),
            verdicts_of(received.auth),
        )
        for recipient in received.recipients
    ]


def verdicts_of(auth: Verdict) -> Mapping[str, str]:
    """Return a word for each of the three; ``mixed`` where one signature holds and another does not."""
    dkim = {one.result for one in auth.dkim}
    return {
        "DKIM": dkim.pop() if len(dkim) == 1 else "mixed" if dkim else "none",
        "SPF": auth.spf.result,
        "DMARC": auth.dmarc.result,
    }
