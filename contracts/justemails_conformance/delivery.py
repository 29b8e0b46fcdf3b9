"""The delivery profile: what becomes of the mail itself, seen at the recipient's side.

It needs a control API (``control``) of the mail hosts that the server delivers to: the sandbox's own, or that of a lab
in which any server can run. Every mail goes to a domain that the run has made up, so that nothing else is counted.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email.utils import parseaddr
from functools import cached_property
from typing import Any

from justemails_conformance.checks import Check, Look, binder, bound
from justemails_conformance.control import REFUSES, Control, Mail
from justemails_conformance.evidence import (
    BreachError,
    InconclusiveError,
    SkippedError,
    object_or_empty,
    shown,
)
from justemails_conformance.run import Run
from justemails_conformance.transport import Exchange

_ARRIVES_WITHIN_S = 30  # of the machine's time, unless the server declares how soon it delivers
_ASKED_FOR_S = 30  # at a time
_ARRIVES_AT_ONCE_S = 3  # where the clock is moved, nothing is left to be waited for
_BECOMES_WITHIN_S = 30.0
_LOOK_AGAIN_S = 0.5
_SETTLES_S = 3.0  # in which a second copy of a mail is on its way
_PATIENCE_S = 120.0  # for a retry, on a clock that only goes, unless the server declares how soon it retries
_JUMPS = (*[300.0] * 6, *[1800.0] * 5, *[3600.0] * 24)  # a day, in steps that few schedules outrun

_HARD_TEXT = "Dots:\n.\n..\n.leading\n\nFrom here on: Grüße — 你好\nThe end, and a long line: " + "word " * 400
_ENCODED_SUBJECT = "=?utf-8?q?a=0D=0ABcc:_injected=40example.com?="
"""Looks like a header of its own once somebody decodes it; it is a text like any other (RFC 2047 is for the wire)."""

_PUTS_OFF: Mapping[str, Mapping[str, Any]] = {
    "451 to RCPT TO, twice": {"at": "RCPT", "reply": "451 4.7.1 greylisted", "times": 2},
    "421 instead of a greeting, once": {"at": "CONNECT", "reply": "421 4.3.2 busy", "times": 1},
    "452 to the final dot, once": {"at": "DOT", "reply": "452 4.3.1 no room", "times": 1},
    "a connection lost at MAIL FROM, once": {"at": "MAIL", "drop": True, "times": 1},
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail that the server took, and how it stood then."""

    to: str
    exchange: Exchange
    message_id: str | None
    status: object


@dataclass(frozen=True, slots=True)
class PutOff:
    """What became of mails that their hosts did not take at first.

    Args:
        sent: the mails, by what their hosts did.
        missing: those that never arrived.
        said_too_soon: that one of them was called delivered before it was; None: none was.
    """

    sent: Mapping[str, Sent]
    missing: Mapping[str, Sent]
    said_too_soon: BreachError | None


class Deliveries:
    """The mails of a run, each sent once."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @property
    def control(self) -> Control:
        if self.run.control is None:
            raise SkippedError("needs the control API of a sandbox or a lab (--control)")
        return self.run.control

    def address(self, name: str) -> str:
        """Return an address in a domain of its own."""
        return f"conformance@{name}-{self.run.run_id}.test"

    def send(self, to: str, **changed: object) -> Sent:
        """Send a mail, or skip."""
        _ = self.control
        exchange = self.run.send(to=to, **changed)
        if not exchange.succeeded:
            raise SkippedError("needs send.request")
        body = object_or_empty(exchange)
        return Sent(to, exchange, str(body["id"]) if body.get("id") else None, body.get("status"))

    @cached_property
    def full(self) -> Sent:
        """A mail with every documented member."""
        return self.send(self.address("full"), **{k: v for k, v in self.run.full_body.items() if k != "to"})

    @cached_property
    def arrived(self) -> Sequence[Mail]:
        """What came of it at the recipient's, a second copy too."""
        if self.mails(self.full.to):
            self.run.pace.wait(_SETTLES_S)
        return self.control.mails(to=self.full.to)

    @property
    def copies(self) -> int:
        """How often a mail comes that nothing hinders; that it is more than once is [send.purpose]'s to tell."""
        self.mail()
        return len(self.arrived)

    def mails(self, to: str) -> Sequence[Mail]:
        """Return what arrives at an address, once something has."""
        left_s = self.arrives_within_s
        while left_s > _ASKED_FOR_S and not self.control.mails(to=to, timeout_s=_ASKED_FOR_S):
            left_s -= _ASKED_FOR_S
        return self.control.mails(to=to, timeout_s=left_s)

    @property
    def arrives_within_s(self) -> int:
        if self.control.moves_the_clock:
            return _ARRIVES_AT_ONCE_S
        return math.ceil(self.run.declared.delivers_within_s or _ARRIVES_WITHIN_S)

    def mail(self) -> Mail:
        """Return what arrived, or skip."""
        if not self.arrived:
            raise SkippedError("needs send.purpose")
        return self.arrived[0]

    def status(self, sent: Sent) -> tuple[object, Exchange]:
        """Return what the API says of a mail."""
        if sent.message_id is None:
            raise SkippedError("needs send.response.id")
        exchange = self.run.client.status(sent.message_id)
        return object_or_empty(exchange).get("status"), exchange

    def becomes(self, sent: Sent, is_right: Callable[[object], bool]) -> tuple[object, Exchange]:
        """Look until the status is as it is to be, for half a minute."""

        def look() -> tuple[tuple[object, Exchange], bool]:
            told = self.status(sent)
            return told, is_right(told[0])

        return self.run.until(look, _BECOMES_WITHIN_S)

    @cached_property
    def put_off(self) -> PutOff:
        """What becomes of mails to hosts that take them later, within a day or as long as there is patience."""
        self.mail()
        kinds = {kind: self.address(f"later{number}") for number, kind in enumerate(_PUTS_OFF)}
        with self.behaving((kinds[kind], {"script": [step]}) for kind, step in _PUTS_OFF.items()):
            sent = {kind: self.send(address) for kind, address in kinds.items()}
            missing = self._missing(sent)
            said_too_soon = self._said_too_soon(missing)
            for seconds in self._waits():
                if not missing:
                    break
                self.run.pace.wait(seconds)
                missing = self._missing(missing)
                said_too_soon = said_too_soon or self._said_too_soon(missing)
            if not missing:
                self.run.pace.wait(_JUMPS[-1] if self.control.moves_the_clock else _SETTLES_S)
        return PutOff(sent, missing, said_too_soon)

    @property
    def patience_s(self) -> float:
        return self.run.declared.retries_within_s or _PATIENCE_S

    def _waits(self) -> Iterator[float]:
        """Yield how long to wait before each further look; where it takes real time ever longer, for the limits."""
        if self.control.moves_the_clock:
            yield from _JUMPS
            return
        began = self.run.pace.elapsed_s()
        while (waited_s := self.run.pace.elapsed_s() - began) < self.patience_s:
            yield max(_LOOK_AGAIN_S, waited_s / 10)

    def _missing(self, sent: Mapping[str, Sent]) -> Mapping[str, Sent]:
        return {kind: one for kind, one in sent.items() if not self.control.mails(to=one.to)}

    def _said_too_soon(self, missing: Mapping[str, Sent]) -> BreachError | None:
        for kind, one in missing.items():
            status, exchange = self.status(one)
            if status == "delivered" and not self.control.mails(to=one.to):
                expected = f"another status than delivered before it arrived ({kind})"
                return BreachError(expected, shown(status), exchange)
        return None

    @contextmanager
    def behaving(self, behaviours: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[None]:
        """Let the hosts of some addresses behave so for a while."""
        with ExitStack() as stack:
            for address, behaviour in behaviours:
                stack.enter_context(self.control.behaving(address, behaviour))
            yield


DELIVERY: dict[str, Look[Deliveries]] = {}
"""The checks by their clauses, in the order in which they are made."""

check = binder(DELIVERY)


def checks(run: Run) -> Mapping[str, Check]:
    """Return the checks of a run."""
    return bound(DELIVERY, Deliveries(run))


@check("send.purpose")
def send_purpose(deliveries: Deliveries) -> None:
    sent = deliveries.full
    if not deliveries.arrived:
        raise BreachError(
            f"the mail to {sent.to} at its host within {deliveries.arrives_within_s} s",
            deliveries.control.why_nothing_came(sent.to) or "nothing",
            sent.exchange,
        )
    if len(deliveries.arrived) > 1:
        raise BreachError("one mail", f"{len(deliveries.arrived)} of them", sent.exchange)


@check("send.domain")
def send_domain(deliveries: Deliveries) -> None:
    domain = _domain(deliveries.run.credentials.sender)
    told = _header(deliveries.mail(), "From")
    if _domain(parseaddr(told)[1]) != domain:
        raise BreachError(f"From: an address at {domain}", shown(told), deliveries.full.exchange)


@check("send.request.delivered")
def send_request_delivered(deliveries: Deliveries) -> None:
    _is_as_it_was_sent(deliveries.mail(), deliveries.run.full_body, deliveries.full)
    hard = deliveries.send(deliveries.address("hard"), text=_HARD_TEXT, html=None)
    mails = deliveries.mails(hard.to)
    if not 0 < len(mails) <= deliveries.copies:
        raise BreachError("one mail, whatever lines its text has", f"{len(mails)} of them", hard.exchange)
    _same_text("text", mails[0].get("text"), _HARD_TEXT, hard)
    _is_no_header_of_its_own(deliveries)


def _is_as_it_was_sent(mail: Mail, body: Mapping[str, Any], sent: Sent) -> None:
    for name, wanted in (("From", body["from"]), ("To", sent.to), ("Reply-To", body["replyTo"])):
        told = _header(mail, name)
        if parseaddr(told)[1].lower() != str(wanted).lower():
            raise BreachError(f"{name}: {wanted}", shown(told), sent.exchange)
    if mail.get("subject") != body["subject"]:
        raise BreachError(f"Subject: {shown(body['subject'])}", shown(mail.get("subject")), sent.exchange)
    for name, wanted in body["headers"].items():
        if _header(mail, name) != wanted:
            raise BreachError(f"{name}: {wanted}", shown(_header(mail, name)), sent.exchange)
    for part in ("html", "text"):
        _same_text(part, mail.get(part), body[part], sent)


def _is_no_header_of_its_own(deliveries: Deliveries) -> None:
    """It may be refused; where it is taken it arrives as it stands, or at least adds no header."""
    to = deliveries.address("encoded")
    exchange = deliveries.run.send(to=to, subject=_ENCODED_SUBJECT)
    if not exchange.succeeded:
        return
    for mail in deliveries.mails(to):
        if _header(mail, "Bcc"):
            raise BreachError("a subject that stays one", f"a header Bcc: {shown(_header(mail, 'Bcc'))}", exchange)


@check("product.dkim")
def product_dkim(deliveries: Deliveries) -> None:
    domain = _domain(deliveries.run.credentials.sender)
    results = deliveries.mail()["auth"]["dkim"]
    if not any(one["result"] == "pass" and _aligned(one.get("domain", domain), domain) for one in results):
        told = "; ".join(f"{one.get('domain')}: {one['result']} {one['reason']}".strip() for one in results)
        raise BreachError(
            f"a DKIM signature of {domain} that verifies", told or "no signature", deliveries.full.exchange
        )


@check("product.spf")
def product_spf(deliveries: Deliveries) -> None:
    spf = deliveries.mail()["auth"]["spf"]
    if spf["result"] != "pass":
        raise BreachError("SPF: pass", f"{spf['result']}: {spf['reason']}", deliveries.full.exchange)


@check("product.tracking")
def product_tracking(deliveries: Deliveries) -> None:
    """A mail that arrived becomes delivered; one that has not yet, or was refused for good, is not called so."""
    deliveries.mail()
    status, exchange = deliveries.becomes(deliveries.full, lambda status: status == "delivered")
    if status != "delivered":
        raise BreachError('status: "delivered" within half a minute of the arrival', shown(status), exchange)
    refused = deliveries.address("refused")
    with deliveries.behaving([(refused, REFUSES)]):
        sent = deliveries.send(refused)
        deliveries.becomes(sent, lambda status: status not in ("queued", sent.status))
        said_too_soon = deliveries.put_off.said_too_soon
        status, exchange = deliveries.status(sent)  # only now: the next word need not be the last one
    if status == "delivered":
        raise BreachError("another status than delivered for a mail that was refused with 550", shown(status), exchange)
    if said_too_soon:
        raise said_too_soon


@check("product.reliable")
def product_reliable(deliveries: Deliveries) -> None:
    put_off = deliveries.put_off
    if put_off.missing:
        _tell(deliveries, put_off.missing)
    for kind, one in put_off.sent.items():
        count = len(deliveries.control.mails(to=one.to))
        if count > deliveries.copies:
            raise BreachError(f"one mail after {kind}", f"{count} of them", one.exchange)


def _tell(deliveries: Deliveries, missing: Mapping[str, Sent]) -> None:
    kind, one = next(iter(missing.items()))
    within = "a day"
    if not deliveries.control.moves_the_clock:
        within = f"{deliveries.patience_s:g} s"
        if deliveries.run.declared.retries_within_s is None:
            raise InconclusiveError(f"{kind}: not tried again within {within}, and the clock cannot be moved")
        within += ", as the target file declares"
    why = deliveries.control.why_nothing_came(one.to)
    raise BreachError(f"the mail in spite of {kind}, within {within}", why or "nothing", one.exchange)


def _same_text(part: str, told: object, wanted: str, sent: Sent) -> None:
    if not isinstance(told, str) or _lines(told) != _lines(wanted):
        raise BreachError(f"{part}: {shown(wanted)}", shown(told), sent.exchange)


def _lines(text: str) -> list[str]:
    """Return the lines of a text; how they end, and that the last one ends, is the wire's business."""
    return text.replace("\r\n", "\n").rstrip("\n").split("\n")


def _header(mail: Mail, name: str) -> str:
    return next((str(value) for given, value in mail["headers"].items() if given.lower() == name.lower()), "")


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _aligned(signer: str, domain: str) -> bool:
    """Whether a signature's domain is the sender's, or above or below it (RFC 7489 3.1.1, relaxed)."""
    signer = signer.lower()
    return signer == domain or signer.endswith(f".{domain}") or domain.endswith(f".{signer}")
