"""What a host of the fake network does, in words: its steps, its port, its place in DNS.

>>> in_words(Step(Stage.RCPT, Reply(450, "4.2.0 later"), times=3))
"at RCPT answers 450 4.2.0 later, 3 times"
"""

from collections.abc import Mapping, Sequence

from fakemx.behaviours.actions import (
    Action,
    Delay,
    Drop,
    Inject,
    Raw,
    Reply,
    Reset,
    SendReport,
    Silence,
    Tarpit,
    Then,
)
from fakemx.behaviours.conditions import AboveSessions, AfterMessages, Condition, Failing, OverRate, WithoutTls
from fakemx.behaviours.form_values import duration
from fakemx.behaviours.script import Address, Host, Port, Step
from fakemx.dns.zones import DnsFault

_MOST = 80  # characters of what somebody wrote

DNS_FAULTS: Mapping[DnsFault, str] = {
    DnsFault.NXDOMAIN: "no such domain (NXDOMAIN)",
    DnsFault.SERVFAIL: "SERVFAIL",
    DnsFault.TIMEOUT: "no answer",
    DnsFault.TRUNCATED: "truncated over UDP, whole over TCP",
    DnsFault.NULL_MX: "MX 0 . (takes no mail)",
    DnsFault.REFUSED: "REFUSED",
    DnsFault.LAME: "an empty answer (lame delegation)",
    DnsFault.SLOW: "answers three seconds late",
    DnsFault.GARBAGE: "garbage over UDP",
    DnsFault.WRONG_ID: "an answer with a wrong id over UDP",
}
"""What DNS says of a domain that is broken there."""

_PORTS = {Port.REFUSED: "refuses every connection", Port.BLACKHOLE: "never answers a connection"}
_ADDRESSES = {
    Address.V6: "has an IPv6 address alone",
    Address.BOTH: "has an IPv4 and an IPv6 address",
    Address.ALIAS: "is an alias (CNAME)",
    Address.NONE: "does not exist in DNS",
    Address.SELF: "is 127.0.0.1, the sender itself",
    Address.LITERAL: "is an IP address and no name",
}


def host_in_words(host: Host) -> Sequence[str]:
    """Return what is out of the ordinary at a host, a line for each; none: it takes all mail."""
    lines = [_ADDRESSES[host.address]] if host.address in _ADDRESSES else []
    if host.from_s:
        lines.append(f"in DNS from {duration(host.from_s)} after the first look")
    if host.until_s is not None:
        lines.append(f"in DNS until {duration(host.until_s)} after the first look")
    if host.port in _PORTS:
        lines.append(_PORTS[host.port])
    if host.tls is not None:
        lines.append(f"offers STARTTLS, certificate: {host.tls.value}")
    if host.without:
        lines.append(f"does not offer {', '.join(sorted(host.without))}")
    if host.size_limit is not None:
        lines.append(f"takes {host.size_limit} bytes at most")
    return lines + [in_words(step) for step in host.steps]


def in_words(step: Step) -> str:
    """Return a step as a phrase."""
    words = f"at {step.at} {_action(step.action)}"
    if step.when is not None:
        words += f" {_condition(step.when)}"
    if step.times is not None:
        words += ", once" if step.times == 1 else f", {step.times} times"
    if step.for_seconds is not None:
        words += f", for {duration(step.for_seconds)}"
    return words


def _action(action: Action) -> str:  # noqa: PLR0911  # one return for each kind
    match action:
        case Reply(code, text, then):
            ending = {Then.CLOSE: " and closes", Then.RESET: " and resets the connection"}.get(then, "")
            return f"answers {_short(f'{code} {text}'.rstrip())}{ending}"
        case Raw():
            return "says what is no SMTP reply"
        case Drop(kept):
            return f"drops the connection{'' if kept else ' and the mail'}"
        case Reset(kept):
            return f"resets the connection{'' if kept else ' and loses the mail'}"
        case Silence():
            return "falls silent"
        case Delay(seconds):
            return f"waits {duration(seconds)}"
        case Tarpit(pace):
            return f"reads {pace} bytes a second"
        case Inject():
            return "sends text in clear behind the go-ahead"
        case SendReport(kind, after_s):
            return f"sends a report ({kind.value}) {duration(after_s)} later"


def _condition(condition: Condition) -> str:
    match condition:
        case AfterMessages(count):
            return f"after {count} messages on a connection"
        case AboveSessions(count):
            return f"to who has more than {count} connections open"
        case WithoutTls():
            return "to who comes without TLS"
        case OverRate(count, per_s):
            return f"above {count} in {duration(per_s)}"
        case Failing(check):
            return f"to mail that fails {check.value.upper()}"


def _short(text: str) -> str:
    line = text.replace("\n", " / ")
    return line if len(line) <= _MOST else line[: _MOST - 1] + "\u2026"
