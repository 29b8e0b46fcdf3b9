"""What a server's reply means for a message (RFC 5321 4.2.1, RFC 3463). Pure.

The first digit of the code decides, the enhanced code only tells the reason. Where Postfix and Exim agree this does as
they do. They differ in what a 5xx greeting means at the only host, and a 5xx to both EHLO and HELO at the first of two:
here both are taken as "not this host". When no host wants to be greeted at all, the message is refused (``attempt``); a
5xx greeting lets it wait.
"""

import re
from enum import Enum

from justemails.delivery.settings import Phase
from justemails.ports import Reply

_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s|$)")

# The phases in which a refusal is of the message, not of the conversation.
_ABOUT_THE_MESSAGE = (Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.DOT)


class Verdict(Enum):
    """What to do after a reply."""

    GO_ON = "go on"
    NEXT_HOST = "this host cannot take it now; another one may"
    REFUSED = "the recipient's side says no for good; no other host is asked"


def classify(phase: Phase, reply: Reply) -> Verdict:
    """Return what ``reply`` in ``phase`` means."""
    expected = 3 if phase is Phase.DATA else 2
    if reply.code // 100 == expected and (phase is not Phase.DATA or reply.code == 354):
        return Verdict.GO_ON
    if reply.code // 100 == 5 and phase in _ABOUT_THE_MESSAGE:
        return Verdict.REFUSED
    # 4xx, 421 anywhere, a code that has no place here, or a 5xx before the message was named.
    return Verdict.NEXT_HOST


def enhanced_code(reply: Reply) -> str | None:
    """Return the RFC 3463 code that a reply's first line starts with, if there is one."""
    match = _ENHANCED.match(reply.text)
    return match[1] if match else None
