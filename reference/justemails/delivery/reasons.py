"""Why an attempt ended as it did, as one word and in plain words. Pure.

What a reply means for the message is decided in ``classify``, by the basic code alone; here the enhanced code
(RFC 3463, the registry of RFC 5248) tells the reason. A server whose two codes contradict each other is believed in the
basic one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from justemails.delivery.settings import Phase
from justemails.records import Attempt
from justemails_contract.delivery import Event


class Reason(StrEnum):
    """What kept, or did not keep, a message from being delivered."""

    DELIVERED = "delivered"
    UNDER_WAY = "under_way"
    NOT_VERIFIED = "domain_not_verified"
    NO_SUCH_DOMAIN = "no_such_domain"
    TAKES_NO_MAIL = "takes_no_mail"
    NO_MAIL_HOST = "no_mail_host"
    LOOP = "loop"
    DNS_FAILURE = "dns_failure"
    NOT_REACHED = "not_reached"
    CONNECTION_LOST = "connection_lost"
    SERVER_BUSY = "server_busy"
    SERVER_TROUBLE = "server_trouble"
    SERVER_UNWILLING = "server_unwilling"
    NO_SUCH_RECIPIENT = "no_such_recipient"
    RECIPIENT_DISABLED = "recipient_disabled"
    RECIPIENT_MOVED = "recipient_moved"
    MAILBOX_FULL = "mailbox_full"
    TOO_BIG = "too_big"
    SENDER_REFUSED = "sender_refused"
    GREYLISTED = "greylisted"
    RATE_LIMITED = "rate_limited"
    UNAUTHENTICATED = "unauthenticated"
    POLICY = "policy"
    CONTENT = "content"
    ADDRESS_BEYOND_ASCII = "address_beyond_ascii"
    ENCRYPTION = "encryption"
    OURS = "our_trouble"
    BY_HAND = "by_hand"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Explanation:
    """A reason, and a sentence for people, with what follows from it."""

    reason: Reason
    text: str


def explain(attempt: Attempt) -> Explanation:
    """Say why an attempt ended as it did."""
    reason = _reason(attempt)
    host = attempt.host or "the recipient's side"
    return Explanation(reason, f"{_SENTENCES[reason].format(host=host)} {_follows(attempt)}".rstrip())


def _reason(attempt: Attempt) -> Reason:
    if attempt.event is None:
        return Reason.UNDER_WAY
    if attempt.event in _BY_EVENT:
        return _BY_EVENT[attempt.event]
    if attempt.phase == Phase.NONE:
        # Only a server or its DNS refuses; where none was asked, it was somebody of ours.
        return Reason.BY_HAND if attempt.event is Event.REFUSED else Reason.OURS
    if attempt.code is None and attempt.event is not Event.REFUSED and attempt.phase != Phase.DNS:
        return Reason.NOT_REACHED if attempt.phase == Phase.CONNECT else Reason.CONNECTION_LOST
    return _by_enhanced(attempt) or _by_code(attempt)


def _by_enhanced(attempt: Attempt) -> Reason | None:
    kind, _, detail = (attempt.enhanced or "").partition(".")
    if attempt.code is not None and kind != str(attempt.code // 100):
        return None
    if kind == "4" and _SAYS_GREYLISTED.search(attempt.text):
        return Reason.GREYLISTED
    if kind == "4" and detail in _FOR_NOW:
        return _FOR_NOW[detail]
    return _BY_DETAIL.get(detail) or _BY_DETAIL.get(detail.partition(".")[0])


def _by_code(attempt: Attempt) -> Reason:
    code = attempt.code or 0
    if code == 421:
        return Reason.SERVER_BUSY
    if attempt.phase in (Phase.GREETING, Phase.EHLO, Phase.STARTTLS):
        return Reason.SERVER_UNWILLING
    return _BY_PHASE.get((attempt.phase, code)) or _BY_CODE.get(code, Reason.OTHER)


def _follows(attempt: Attempt) -> str:
    match attempt.event:
        case Event.DEFERRED:
            return "It is tried again later."
        case Event.EXPIRED:
            return "The time for further tries is over."
        case Event.REFUSED:
            return "It is not tried again."
    return ""


_BY_EVENT: Mapping[Event, Reason] = {Event.ACCEPTED: Reason.DELIVERED, Event.WITHDRAWN: Reason.NOT_VERIFIED}

# RFC 3463 3.1 to 3.8, the registry's later codes in their places; a subject alone stands for its other details.
_BY_DETAIL: Mapping[str, Reason] = {
    "1.0": Reason.NO_SUCH_RECIPIENT,
    "1.1": Reason.NO_SUCH_RECIPIENT,
    "1.2": Reason.NO_SUCH_DOMAIN,
    "1.3": Reason.NO_SUCH_RECIPIENT,
    "1.4": Reason.NO_SUCH_RECIPIENT,
    "1.6": Reason.RECIPIENT_MOVED,
    "1.7": Reason.SENDER_REFUSED,
    "1.8": Reason.SENDER_REFUSED,
    "1.10": Reason.TAKES_NO_MAIL,  # RFC 7505
    "2.1": Reason.RECIPIENT_DISABLED,
    "2.2": Reason.MAILBOX_FULL,
    "2.3": Reason.TOO_BIG,
    "2": Reason.RECIPIENT_DISABLED,
    "3.1": Reason.SERVER_TROUBLE,
    "3.2": Reason.SERVER_BUSY,
    "3.4": Reason.TOO_BIG,
    "3": Reason.SERVER_TROUBLE,
    "4.1": Reason.NOT_REACHED,
    "4.2": Reason.CONNECTION_LOST,
    "4.3": Reason.DNS_FAILURE,
    "4.4": Reason.NO_MAIL_HOST,
    "4.5": Reason.SERVER_BUSY,
    "4.6": Reason.LOOP,
    "4": Reason.SERVER_TROUBLE,
    "5": Reason.SERVER_UNWILLING,
    "6.7": Reason.ADDRESS_BEYOND_ASCII,  # RFC 6531 4.2
    "6": Reason.CONTENT,
    "7.10": Reason.ENCRYPTION,
    "7.11": Reason.ENCRYPTION,
    "7.20": Reason.UNAUTHENTICATED,  # RFC 7372: no DKIM signature that passes
    "7.21": Reason.UNAUTHENTICATED,
    "7.22": Reason.UNAUTHENTICATED,
    "7.23": Reason.UNAUTHENTICATED,  # SPF
    "7.24": Reason.UNAUTHENTICATED,
    "7.25": Reason.UNAUTHENTICATED,  # reverse DNS
    "7.26": Reason.UNAUTHENTICATED,  # several of them: DMARC
    "7.27": Reason.SENDER_REFUSED,  # RFC 7505: the sender's domain has a null MX
    "7.28": Reason.RATE_LIMITED,
    "7": Reason.POLICY,
}

_SAYS_GREYLISTED = re.compile("gr[ae]y-?list", re.IGNORECASE)

# "Not now" for a reason of policy is nearly always one of these.
_FOR_NOW: Mapping[str, Reason] = {
    "7.0": Reason.RATE_LIMITED,
    "7.1": Reason.GREYLISTED,
    "2.0": Reason.SERVER_TROUBLE,
    "2.1": Reason.RATE_LIMITED,
}

# RFC 5321 4.2.3, where no enhanced code says more: first what a code means in one phase alone.
_BY_PHASE: Mapping[tuple[str, int], Reason] = {
    (Phase.MAIL, 452): Reason.SERVER_BUSY,
    (Phase.MAIL, 550): Reason.SENDER_REFUSED,
    (Phase.MAIL, 552): Reason.TOO_BIG,
    (Phase.MAIL, 553): Reason.SENDER_REFUSED,
    (Phase.DOT, 452): Reason.SERVER_BUSY,
    (Phase.DOT, 550): Reason.CONTENT,
    (Phase.DOT, 552): Reason.TOO_BIG,
    (Phase.DOT, 554): Reason.CONTENT,
}
_BY_CODE: Mapping[int, Reason] = {
    450: Reason.SERVER_TROUBLE,
    451: Reason.SERVER_TROUBLE,
    452: Reason.MAILBOX_FULL,
    454: Reason.ENCRYPTION,
    530: Reason.ENCRYPTION,
    550: Reason.NO_SUCH_RECIPIENT,
    551: Reason.RECIPIENT_MOVED,
    552: Reason.MAILBOX_FULL,
    553: Reason.NO_SUCH_RECIPIENT,
    554: Reason.POLICY,
    556: Reason.TAKES_NO_MAIL,  # RFC 7504
}

_SENTENCES: Mapping[Reason, str] = {
    Reason.DELIVERED: "{host} has taken the message, and answers for it from now on.",
    Reason.UNDER_WAY: "The attempt is under way, or was cut short by the end of our process.",
    Reason.NOT_VERIFIED: "The sending domain has lost its DNS records, so nothing may be sent in its name.",
    Reason.NO_SUCH_DOMAIN: "The recipient's domain does not exist.",
    Reason.TAKES_NO_MAIL: "The recipient's domain says that it takes no mail.",
    Reason.NO_MAIL_HOST: "No mail host of the recipient's domain has an address.",
    Reason.LOOP: "The recipient's mail hosts lead to where mail must not go.",
    Reason.DNS_FAILURE: "The name servers of the recipient's domain do not answer as they should.",
    Reason.NOT_REACHED: "{host} could not be reached.",
    Reason.CONNECTION_LOST: "The connection to {host} broke, or {host} fell silent.",
    Reason.SERVER_BUSY: "{host} is too busy now.",
    Reason.SERVER_TROUBLE: "{host} has some trouble of its own.",
    Reason.SERVER_UNWILLING: "{host} does not want to talk with us.",
    Reason.NO_SUCH_RECIPIENT: "{host} knows no such recipient.",
    Reason.RECIPIENT_DISABLED: "The recipient's mailbox takes no messages.",
    Reason.RECIPIENT_MOVED: "The recipient has moved to another address.",
    Reason.MAILBOX_FULL: "The recipient's mailbox is full.",
    Reason.TOO_BIG: "The message is larger than {host} takes.",
    Reason.SENDER_REFUSED: "{host} does not take mail from this sender.",
    Reason.GREYLISTED: "{host} asks senders that it does not know yet to come back later (greylisting).",
    Reason.RATE_LIMITED: "{host} wants fewer messages in a given time.",
    Reason.UNAUTHENTICATED: "{host} is not satisfied with who we say we are: SPF, DKIM, DMARC or reverse DNS.",
    Reason.POLICY: "{host} refuses it by a rule of its own.",
    Reason.CONTENT: "{host} does not like what is in the message, or how it is made.",
    Reason.ADDRESS_BEYOND_ASCII: "An address is beyond ASCII, and {host} does not offer SMTPUTF8.",
    Reason.ENCRYPTION: "{host} wants, or cannot do, an encryption.",
    Reason.OURS: "Something on our side kept it from being tried to the end.",
    Reason.BY_HAND: "Somebody ended it by hand, without asking any host.",
    Reason.OTHER: "{host} gives no reason that we know.",
}
