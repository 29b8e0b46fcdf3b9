"""A check for each operation: what the contract draws is asked, and every answer has to be one that it has.

No key is revoked but one that was made here; the other ids that are asked to be revoked begin like none that was ever
given out.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from schemathesis import GenerationMode

from justemails_conformance.client import Tier, quoted
from justemails_conformance.control import Made
from justemails_conformance.evidence import BreachError, InconclusiveError, is_text, json_or_none, shown
from justemails_conformance.fuzz.asking import Asking, Sent
from justemails_conformance.fuzz.bodies import (
    USUAL_QUERIES,
    fault_of_a_key,
    fault_of_a_mail,
    grafted,
    harmless,
    octets,
    printable,
    queries,
    tame,
)
from justemails_conformance.fuzz.cases import Case, case, cases, drawn
from justemails_conformance.fuzz.conformity import conforms
from justemails_conformance.fuzz.escaped import in_ascii
from justemails_conformance.run import UNKNOWN_ID, UNKNOWN_KEY_ID, Run
from justemails_conformance.transport import Exchange

Look = Callable[[Exchange], None]

_FITTING, _GRAFTED, _UNFITTING = 36, 14, 10  # requests of fuzz.send
_KNOWN, _ABSENT, _ANY_ID = 8, 12, 40  # requests of fuzz.status
_QUERIES = 60  # requests of fuzz.messages
_CANDIDATES = 10  # of which one is asked, because a key may call ten times a minute [limits.keys]


@dataclass(frozen=True, slots=True)
class Try:
    """A request to be made, a case of its operation, and what to look at beside the contract."""

    method: str
    path: str
    case: Case
    body: bytes | None = None
    look: Look = lambda exchange: None


def send(run: Run, sent: list[Sent], seed: int) -> None:
    """POST /send with bodies that fit the contract, every second of them tamed so that most servers take it.

    And with bodies that do not fit it: those that schemathesis draws, and good ones with a wrong member out of them.
    """
    fitting = cases("POST", "/send", GenerationMode.POSITIVE, _FITTING, seed)
    unfitting = cases("POST", "/send", GenerationMode.NEGATIVE, _GRAFTED + _UNFITTING, seed)
    tries = []
    for number, one in enumerate(fitting):
        body = harmless(one.body, run, number)
        body = tame(body) if number % 2 else body
        tries.append(Try("POST", "/send", one, octets(body), _keeping(run, body, sent)))
    wrong = [harmless(one.body, run, number) for number, one in enumerate(unfitting)]
    tries += [
        Try("POST", "/send", fitting[0], octets(body), _refused_for(fault_of_a_mail(body)))
        for body in (*grafted(wrong, run, _GRAFTED), *wrong[:_UNFITTING])
    ]
    _make(run, "fuzz.send", Tier.SEND, tries)


def status(run: Run, sent: list[Sent], seed: int) -> None:
    """GET /send/:id with ids of any characters, with ids that name nothing, and with those of what was sent."""
    found = cases("GET", "/send/{id}", GenerationMode.POSITIVE, _ANY_ID, seed)
    ids = [unquote(one.path_parameters["id"]) for one in found]
    tries = [
        Try("GET", _path("/send", id_), one) for id_, one in zip(ids, found, strict=True) if id_ not in {".", ".."}
    ]
    absent = _refused_for("an id that names nothing")
    tries += [
        Try("GET", _path("/send", UNKNOWN_ID + id_), one, look=absent)
        for id_, one in zip(ids[-_ABSENT:], found[-_ABSENT:], strict=True)
    ]
    known = sorted(sent, key=lambda message: message.subject.isascii())[:_KNOWN]
    tries += [Try("GET", _path("/send", message.id), found[0], look=_same(message)) for message in known]
    _make(run, "fuzz.status", Tier.READ, tries)


def messages(run: Run, _: list[Sent], seed: int) -> None:
    """GET /messages with parameters that nobody has documented, usual ones and odd ones."""
    one = case("GET", "/messages")
    found = drawn(queries(), _QUERIES - len(USUAL_QUERIES), seed)
    tries = [Try("GET", f"/messages{query}", one) for query in (*USUAL_QUERIES, *found)]
    _make(run, "fuzz.messages", Tier.READ, tries)


def create_key(run: Run, _: list[Sent], seed: int) -> None:
    """POST /api-keys with one name beyond ASCII, and with one body that has no name that is a text."""
    fitting = cases("POST", "/api-keys", GenerationMode.POSITIVE, _CANDIDATES, seed)
    unfitting = cases("POST", "/api-keys", GenerationMode.NEGATIVE, _CANDIDATES, seed)
    good = _first(fitting, lambda one: not _name(one).isascii())
    bad = _first(unfitting, lambda one: isinstance(one.body, dict) and fault_of_a_key(one.body) is not None)
    name = _named_here(run) + _name(good)
    tries = [
        Try("POST", "/api-keys", good, octets({"name": name}), _keeping_key(run, name)),
        Try("POST", "/api-keys", bad, octets(bad.body), _no_key_for(run, fault_of_a_key(bad.body))),
    ]
    _make(run, "fuzz.keys.create", Tier.KEYS, tries)


def list_keys(run: Run, _: list[Sent], seed: int) -> None:
    """GET /api-keys with parameters that nobody has documented."""
    query = drawn(queries(), _CANDIDATES, seed)[-1]  # the first ones are the simplest
    _make(run, "fuzz.keys.list", Tier.KEYS, [Try("GET", f"/api-keys{query}", case("GET", "/api-keys"))])


def revoke_key(run: Run, _: list[Sent], seed: int) -> None:
    """DELETE /api-keys/:id with an id that was never given out, and with that of a key of ``create_key``."""
    found = cases("DELETE", "/api-keys/{id}", GenerationMode.POSITIVE, _CANDIDATES, seed)
    one = found[-1]
    absent = UNKNOWN_KEY_ID + unquote(one.path_parameters["id"]).replace("/", "")
    tries = [Try("DELETE", _path("/api-keys", absent), one, look=_refused_for("an id that names no key"))]
    made = [made for made in run.made if made.name.startswith(_named_here(run))]
    tries += [Try("DELETE", _path("/api-keys", key.id), one, look=_revoking(run, key)) for key in made]
    _make(run, "fuzz.keys.revoke", Tier.KEYS, tries)


OPERATIONS: Mapping[str, Callable[[Run, list[Sent], int], None]] = {
    "fuzz.send": send,
    "fuzz.status": status,
    "fuzz.messages": messages,
    "fuzz.keys.create": create_key,
    "fuzz.keys.list": list_keys,
    "fuzz.keys.revoke": revoke_key,
}
"""The checks by their clauses."""


# Asking


def _make(run: Run, clause: str, tier: Tier, tries: Sequence[Try]) -> None:
    """Ask everything, and tell the smallest of what is wrong, once for each kind."""
    asking = Asking(run, clause, len(tries))
    breaches: list[BreachError] = []
    try:
        for one in tries:
            exchange = asking.ask(tier, one.method, one.path, one.body)
            if exchange is not None:
                breaches += _breach_of(one, exchange)
    except InconclusiveError:
        if not breaches:
            raise
    if breaches:
        raise _told(breaches, asking.cases)
    asking.finish()


def _breach_of(one: Try, exchange: Exchange) -> Iterable[BreachError]:
    try:
        one.look(exchange)
        conforms(one.case, exchange)
    except BreachError as ex:
        return [ex]
    return []


def _told(breaches: Sequence[BreachError], cases_: int) -> BreachError:
    by_size = sorted(breaches, key=_size)
    smallest = by_size[0]
    others = dict.fromkeys(ex.expected for ex in by_size if ex.expected != smallest.expected)
    got = f"{smallest.got} (the smallest of {len(breaches)} such answers in {cases_} cases"
    got += f"; in others, not {', not '.join(others)})" if others else ")"
    return BreachError(smallest.expected, got, smallest.exchange)


def _size(breach: BreachError) -> int:
    request = breach.exchange.request if breach.exchange else None
    return len(request.path) + len(request.body or b"") if request else 0


# What is looked at beside the contract


def _refused_for(fault: str | None) -> Look:
    """Return a look that the answer is no success; None: the document does not say so, and anything passes."""

    def look(exchange: Exchange) -> None:
        if fault is not None and exchange.succeeded:
            raise BreachError(f"a refusal (4xx) of {fault}", str(exchange.status), in_ascii(exchange))

    return look


def _keeping(run: Run, body: Mapping[str, object], sent: list[Sent]) -> Look:
    def look(exchange: Exchange) -> None:
        said = json_or_none(exchange) if exchange.succeeded else None
        if isinstance(said, dict) and is_text(said.get("id")):
            sent.append(Sent(said["id"], run.credentials.sender, str(body["to"]), str(body["subject"])))

    return look


def _same(message: Sent) -> Look:
    """Return a look that a message is there and is what was sent [status.response.subject]."""

    def look(exchange: Exchange) -> None:
        if not exchange.succeeded:
            raise BreachError("a success for a message that was taken", str(exchange.status), in_ascii(exchange))
        said = json_or_none(exchange)
        members = {"from": message.sender, "to": message.to, "subject": message.subject}
        if not message.subject.isprintable() or message.subject != " ".join(message.subject.split()):
            del members["subject"]  # a server may well mend such a one
        for name, value in members.items():
            if isinstance(said, dict) and name in said and said[name] != value:
                raise BreachError(f"{name}: {shown(value)}, as it was sent", shown(said[name]), in_ascii(exchange))

    return look


def _keeping_key(run: Run, name: str) -> Look:
    def look(exchange: Exchange) -> None:
        run.keep_key(exchange, name)

    return look


def _no_key_for(run: Run, fault: str | None) -> Look:
    def look(exchange: Exchange) -> None:
        run.keep_key(exchange, "")  # a server that makes one all the same shall not keep it
        _refused_for(fault)(exchange)

    return look


def _revoking(run: Run, made: Made) -> Look:
    def look(exchange: Exchange) -> None:
        if not exchange.succeeded:
            raise BreachError("a success for a key that was made here", str(exchange.status), in_ascii(exchange))
        run.revoked.append(made)

    return look


def _path(folder: str, id_: str) -> str:
    return f"{folder}/{quoted(id_)}"


def _first(found: Sequence[Case], is_wanted: Callable[[Case], bool]) -> Case:
    return next((one for one in found if is_wanted(one)), found[-1])


def _name(one: Case) -> str:
    """Return the name that a case has for a key, or what of it most servers take."""
    body: Any = one.body  # Any: JSON
    return printable(body["name"])[:40]


def _named_here(run: Run) -> str:
    """Return how the name of a key of ``create_key`` begins; other checks use no such name."""
    return f"Conformance {run.run_id} fuzz "
