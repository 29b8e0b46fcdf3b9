"""SMTP smuggling: whatever a careless receiver takes for the end of a message, in every text that the API takes.

Behind each false end stands what would begin a second mail. Postfix 3.7 is that receiver: a sender that lets a bare LF
out makes it keep two mails where one was sent.
"""

import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.judges.letters import RECEIVING_DOMAIN, SENDING_DOMAIN
from tests.judges.place import SENDER_NAME, Place
from tests.judges.postfix import Postfix
from tests.judges.sender import Sender

ENDS: Mapping[str, str] = {
    name: name.replace("CR", "\r").replace("LF", "\n").replace("NUL", "\0").replace(" ", "")
    for name in (
        *("LF . LF", "LF . CR", "CR . LF", "CR . CR", "LF . CR LF", "CR . CR LF", "CR LF . LF", "CR LF . CR"),
        *(
            "CR LF . CR LF",
            "CR CR LF . CR LF",
            "LF LF . CR CR LF",
            "CR LF NUL . CR LF",
            "CR LF . NUL CR LF",
            "LF . . LF",
        ),
    )
}
FIELDS = ("subject", "text", "html", "from", "replyTo", "header value", "header name", "to")

_FORGED = (
    f"MAIL FROM:<ceo@{SENDING_DOMAIN}>\r\nRCPT TO:<user@{RECEIVING_DOMAIN}>\r\nDATA\r\n"
    f"From: ceo@{SENDING_DOMAIN}\r\nSubject: forged\r\n\r\nforged\r\n.\r\n"
)
_ATTACK_LINE_ENDS = {"CR LF": _FORGED, "LF": _FORGED.replace("\r\n", "\n")}


def run(folder: Path, place: Place, postfix: Postfix) -> Any:  # Any: JSON
    """Return how many mails were accepted, by field, how many arrived, and what two careless senders brought about.

    One of them doubles dots at the starts of CRLF lines, as a sender must, but lets lone CR and LF out; the other one
    does nothing at all.
    """
    sender = Sender(folder, SENDING_DOMAIN)
    place.publish(sender.domain)
    place.mail_for(SENDING_DOMAIN, SENDER_NAME)  # or Postfix would not take the forged sender
    accepted = dict.fromkeys(FIELDS, 0)
    for field in FIELDS:
        for end in ENDS.values():
            for forged in _ATTACK_LINE_ENDS.values():
                accepted[field] += sender.send(_body(field, f"a{end}{forged}")) is not None
    sender.deliver()
    sent = sum(accepted.values())
    postfix.wait_for(sent)
    arrived = postfix.mails()
    postfix.clear()
    careless = {name: _kept(postfix, end, lambda text: text.replace("\r\n.", "\r\n..")) for name, end in ENDS.items()}
    unescaped = {name: _kept(postfix, end, lambda text: text) for name, end in ENDS.items()}
    postfix.stop()
    return {
        "accepted": accepted,
        "arrived": len(arrived),
        "forged": sum(b"\r\nSubject: forged" in one.partition(b"\r\n\r\n")[0] for one in arrived),
        "careless": careless,
        "unescaped": unescaped,
    }


def _body(field: str, attack: str) -> Mapping[str, object]:
    body: dict[str, object] = {
        "from": f"hello@{SENDING_DOMAIN}",
        "to": f"user@{RECEIVING_DOMAIN}",
        "subject": "x",
        "text": "x",
    }
    match field:
        case "header value":
            return {**body, "headers": {"X-A": attack}}
        case "header name":
            return {**body, "headers": {f"X-A{attack}": "x"}}
        case "from" | "replyTo":
            return {**body, field: f'"{attack}" <hello@{SENDING_DOMAIN}>'}
        case "to":
            return {**body, field: f"user@{RECEIVING_DOMAIN}{attack}"}
    return {**body, field: attack}


def _kept(postfix: Postfix, end: str, escape: Callable[[str], str]) -> int:
    """Send the caller's bytes as they are but for what is done to dots; return how many mails Postfix makes of them."""
    text = escape(f"Subject: x\r\n\r\na{end}{_FORGED}b\r\n").encode()
    before = len(postfix.mails())
    _speak(
        postfix.address,
        [
            b"EHLO %s\r\n" % SENDER_NAME.encode(),
            b"MAIL FROM:<a@bounce.%s>\r\n" % SENDING_DOMAIN.encode(),
            b"RCPT TO:<user@%s>\r\n" % RECEIVING_DOMAIN.encode(),
            b"DATA\r\n",
            text + b".\r\nQUIT\r\n",
        ],
    )
    postfix.wait_for(before + 1)
    return len(postfix.mails()) - before


def _speak(address: tuple[str, int], said: Sequence[bytes]) -> None:
    """Say lines, one reply for each but the last, after which the server speaks until it closes."""
    with socket.create_connection(address, timeout=30) as connection, connection.makefile("rb") as replies:
        _hear(replies)
        for line in said[:-1]:
            connection.sendall(line)
            _hear(replies)
        connection.sendall(said[-1])
        connection.shutdown(socket.SHUT_WR)
        replies.read()


def _hear(replies: Any) -> None:  # Any: a file of a socket
    while replies.readline()[3:4] == b"-":
        pass
