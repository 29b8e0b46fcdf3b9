"""How often the rare things happened, so that a search that never met them cannot pass for a good one.

FoundationDB calls these "sometimes" assertions: an invariant about greylisting that no run ever greylists proves
nothing.
"""

from collections import Counter

from fakemx.behaviours.script import Stage
from fakemx.dns.zones import Outcome
from justemails.delivery.attempt import ON_KEPT_CONNECTION
from justemails_contract.delivery import Event
from justemails_simulation.history import (
    Called,
    Claimed,
    Crashed,
    DnsSaid,
    Entry,
    Finished,
    Happening,
    InDoubt,
    KeyRevoked,
    LinkFailed,
    MailKept,
    MxDid,
    Paused,
)
from justemails_simulation.ledger import MOST_TO_A_DOMAIN, Ledger
from justemails_simulation.routes import Fate

RARE = (
    "deferred then delivered",
    "delivered over TLS",
    "delivered in the clear after TLS failed",
    "delivered by a second host",
    "second message on a connection",
    "a domain had all its share",
    "bounced by a host",
    "bounced by DNS",
    "expired after four days",
    "reply to the dot lost",
    "second copy arrived",
    "host dropped the connection",
    "host reset the connection",
    "host fell silent",
    "link refused",
    "link swallowed",
    "link reset",
    "link went dead",
    "link throttled",
    "DNS failed",
    "DNS did not answer",
    "worker crashed",
    "worker crashed in doubt",
    "worker stood still",
    "lease lost while standing still",
    "API crashed",
    "taken over from a dead worker",
    "rate limit met",
    "passed when Retry-After was over",
    "revoked key refused",
)


class Counters:
    """Reads a history, before the ledger learns of each entry."""

    def __init__(self, ledger: Ledger) -> None:
        self.counts: Counter[str] = Counter(dict.fromkeys(RARE, 0))
        self._ledger = ledger
        self._revoked: set[str] = set()
        self._limited: set[str] = set()

    def __call__(self, entry: Entry) -> None:
        match entry.happening:
            case Finished(recorded=True) as done:
                self._finished(done)
            case Claimed(worker, message_id):
                domain = self._ledger.messages[message_id].recipient_domain
                full = self._ledger.under_way_to(worker, domain) == MOST_TO_A_DOMAIN - 1
                self.counts["a domain had all its share"] += full
            case MailKept(mail):
                facts = self._ledger.of_sender(mail.sender)
                self.counts["second copy arrived"] += bool(facts and facts.copies)
            case Crashed(who):
                self._crashed(who)
            case Paused():
                self.counts["worker stood still"] += 1
            case InDoubt(granted=False) | Finished(recorded=False):
                self.counts["lease lost while standing still"] += 1
            case Called() as call:
                self._called(call)
            case KeyRevoked(key):
                self._revoked.add(key)
            case _:
                self._network_did(entry.happening)

    def _network_did(self, happening: Happening) -> None:
        match happening:
            case MxDid(did):
                self.counts["host dropped the connection"] += did.what == "dropped"
                self.counts["host reset the connection"] += did.what == "reset"
                self.counts["host fell silent"] += did.what == "silent"
                lost = did.what in {"dropped", "reset", "silent"} and did.stage is Stage.DOT
                self.counts["reply to the dot lost"] += lost
            case LinkFailed(kind, _):
                self.counts[_LINK[kind]] += 1
            case DnsSaid(answer):
                self.counts["DNS failed"] += answer.outcome is Outcome.SERVFAIL
                self.counts["DNS did not answer"] += answer.outcome is Outcome.TIMEOUT
            case _:
                pass

    def _finished(self, done: Finished) -> None:
        facts = self._ledger.messages[done.message_id]
        match done.outcome:
            case Event.ACCEPTED:
                self.counts["deferred then delivered"] += facts.deferred
                tls = "-- TLS" in done.transcript
                self.counts["delivered over TLS"] += tls
                self.counts["delivered in the clear after TLS failed"] += "C: STARTTLS" in done.transcript and not tls
                kept = any(line.endswith(ON_KEPT_CONNECTION) for line in done.transcript)
                self.counts["second message on a connection"] += kept and len(done.dialled) == 1
                self.counts["delivered by a second host"] += len(set(done.dialled)) > 1
            case Event.REFUSED:
                by_dns = facts.refused_on is None and facts.route.fate is Fate.PERMANENT
                self.counts["bounced by DNS" if by_dns else "bounced by a host"] += 1
            case Event.EXPIRED:
                self.counts["expired after four days"] += 1
            case _:
                pass
        self.counts["taken over from a dead worker"] += facts.taken_over

    def _crashed(self, who: str) -> None:
        self.counts["API crashed" if who == "api" else "worker crashed"] += 1
        for message_id in self._ledger.under_way.get(who, ()):
            self.counts["worker crashed in doubt"] += self._ledger.messages[message_id].in_doubt is not None

    def _called(self, call: Called) -> None:
        self.counts["rate limit met"] += call.status == 429
        self.counts["revoked key refused"] += call.status == 401 and call.key in self._revoked
        if call.status == 429:
            self._limited.add(call.key)
        elif call.key in self._limited:
            self._limited.discard(call.key)
            self.counts["passed when Retry-After was over"] += call.operation == "after Retry-After"


_LINK = {
    "refuse": "link refused",
    "blackhole": "link swallowed",
    "reset": "link reset",
    "half-open": "link went dead",
    "throttle": "link throttled",
}

assert set(_LINK.values()) <= set(RARE)  # noqa: S101  # a misspelt counter would never be missed
