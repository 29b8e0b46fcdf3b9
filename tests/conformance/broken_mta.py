"""Servers that deliver badly, each in one way that happens; see ``micro_mta`` for the one that delivers well.

python -m tests.conformance.broken_mta --fault unsigned --port 8000 --key je_live_x --dkim-key key.pem
"""

import sys
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from email.header import decode_header
from typing import Any

from tests.conformance.micro_mta import BOUNCED, DELIVERED, QUEUED, MailService, PutOffError, main


class Loses(MailService):
    """Says that it delivered, and did not."""

    def bring(self, to: str, mail: bytes) -> None:
        pass


class SendsTwice(MailService):
    """Delivers every mail twice."""

    def bring(self, to: str, mail: bytes) -> None:
        super().bring(to, mail)
        super().bring(to, mail)


class RewritesFrom(MailService):
    """Sends in the name of a domain of its own."""

    def author(self, members: Mapping[str, Any]) -> str:
        return f'"{members["from"]}" <mail@shared.example>'


class LosesText(MailService):
    """Leaves the text out where there is HTML."""

    def parts(self, members: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
        return super().parts(members)[-1:]


class LosesHeaders(MailService):
    """Knows nothing of extra headers."""

    def written(self, members: Mapping[str, Any]) -> bytes:
        return super().written({**members, "headers": {}})


class ManglesSubject(MailService):
    """Takes UTF-8 for Latin-1."""

    def subject(self, members: Mapping[str, Any]) -> Any:
        return super().subject({**members, "subject": members["subject"].encode().decode("latin-1")})


class LosesLoneDots(MailService):
    """Takes a line of a dot alone for the end of the text."""

    def written(self, members: Mapping[str, Any]) -> bytes:
        return super().written({**members, "text": members["text"].split("\n.\n")[0]} if "text" in members else members)


class Injects(MailService):
    """Decodes the encoded words of a subject, and writes what comes out into the header as it is."""

    def written(self, members: Mapping[str, Any]) -> bytes:
        mail = super().written({**members, "subject": "@"})
        decoded = [(word, charset) for word, charset in decode_header(members["subject"]) if isinstance(word, bytes)]
        if not decoded:
            return super().written(members)
        return mail.replace(b"Subject: @\r\n", b"Subject: " + b"".join(word for word, _ in decoded) + b"\r\n", 1)


class Unsigned(MailService):
    """Does not sign."""

    def signed(self, mail: bytes) -> bytes:
        return mail


class StaleKey(MailService):
    """Signs with another key than the one in DNS."""

    selector = b"stale"


class Strays(MailService):
    """Has an envelope sender whose SPF record names others."""

    returns_to = "returns@elsewhere.example"


class SaysDeliveredAtOnce(MailService):
    """Says delivered as soon as a mail is taken."""

    def _as_it_is_now(self, message_id: str) -> Mapping[str, Any]:
        message = super()._as_it_is_now(message_id)
        return {**message, "status": DELIVERED if message["status"] == QUEUED else message["status"]}


class SaysDeliveredWhateverComes(MailService):
    """Says delivered of a mail that was refused."""

    def becomes(self, message_id: str, status: str) -> None:
        super().becomes(message_id, DELIVERED if status == BOUNCED else status)


class SaysDeliveredInTheEnd(MailService):
    """Likewise, after a word for what is in between."""

    def becomes(self, message_id: str, status: str) -> None:
        if status == BOUNCED:
            threading.Timer(1.0, self.becomes, (message_id, DELIVERED)).start()
            status = "sending"
        super().becomes(message_id, status)


class GivesUp(MailService):
    """Takes every refusal for a final one."""

    tries_again_after_s = ()


class BringsTwice(MailService):
    """Brings twice what was put off twice, one copy right after the other."""

    def __init__(self, key: str, dkim_key: bytes) -> None:
        super().__init__(key, dkim_key)
        self._put_off: Counter[str] = Counter()

    def bring(self, to: str, mail: bytes) -> None:
        try:
            super().bring(to, mail)
        except PutOffError:
            self._put_off[to] += 1
            raise
        if self._put_off.pop(to, 0) == 2:
            self.bring_again(to, mail)

    def bring_again(self, to: str, mail: bytes) -> None:
        """Do it once more."""
        super().bring(to, mail)


class Forgets(BringsTwice):
    """Forgets that it has delivered in the meantime, and comes once more when it is time to try again."""

    def bring_again(self, to: str, mail: bytes) -> None:
        raise PutOffError("what was it?")


FAULTS: Mapping[str, type[MailService]] = {
    "loses": Loses,
    "sends-twice": SendsTwice,
    "rewrites-from": RewritesFrom,
    "loses-text": LosesText,
    "loses-headers": LosesHeaders,
    "loses-lone-dots": LosesLoneDots,
    "mangles-subject": ManglesSubject,
    "injects": Injects,
    "unsigned": Unsigned,
    "stale-key": StaleKey,
    "strays": Strays,
    "says-delivered-at-once": SaysDeliveredAtOnce,
    "says-delivered-whatever-comes": SaysDeliveredWhateverComes,
    "says-delivered-in-the-end": SaysDeliveredInTheEnd,
    "gives-up": GivesUp,
    "forgets": Forgets,
    "brings-twice": BringsTwice,
}

if __name__ == "__main__":
    main({"none": MailService, **FAULTS}, sys.argv[1:])
