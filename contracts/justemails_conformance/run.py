"""What the checks of the core profile look at: a few requests, each made once and when the first check wants it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, count
from random import Random
from typing import TypeVar

from justemails_conformance.client import Client
from justemails_conformance.control import Control, Made
from justemails_conformance.declared import Declared
from justemails_conformance.evidence import (
    BreachError,
    JsonObject,
    SkippedError,
    given,
    is_integer,
    is_text,
    items_of,
    items_or_empty,
    object_of,
    object_or_empty,
    pagination_of,
    succeeded,
)
from justemails_conformance.pace import Pace
from justemails_conformance.shapes import another_id, in_another_case, is_hexadecimal, with_another_end
from justemails_conformance.transport import Exchange

T = TypeVar("T")

SUBJECT = "Welcome & <hello> — Grüße"
TEXT = "Hello — Thanks for signing up."  # [send.request.text]
HTML = "<h1>Hello</h1><p>Thanks for signing up.</p>"  # [send.request.html]
UNKNOWN_KEY = "je_live_" + "0" * 38
REFUSED = "Refused"
"""What the subjects of mails begin with that ought to be refused."""

UNKNOWN_ID = "msg_conformance0000000000000"
UNKNOWN_KEY_ID = "key_conformance0000000000000"

_LAG_S = 5.0  # which is what a list or a revocation may lag
_LOOK_AGAIN_S = 0.5
_LONG_ID = 16  # characters, of which the last one alone tells nothing that is there
_LATER_S = 1.5  # so that whole seconds show that time has gone on
_USE_IS_TOLD_AFTER_S = (0.0, 2.0, 8.0, 50.0)  # together a minute (CHOICE-47)
_PAGES = 20
_SMALL_PAGES = 2
SMALL_PAGE = 2  # messages: so few that a handful fills more than one page


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a judge is handed.

    Args:
        key: a key of the account under judgement, with every permission.
        sender: an address of a verified domain.
        to: where mail may go.
        unverified: an address of a domain that is not verified; without it, of one that nobody has.
        other_key: a key of another account.
        restricted_key: a key that may send and nothing else.
    """

    key: str
    sender: str
    to: str = "user@example.com"
    unverified: str | None = None
    other_key: str | None = None
    restricted_key: str | None = None


@dataclass(frozen=True, slots=True)
class Making:
    """The making of a key.

    Args:
        made: what came of it; None: no key.
    """

    name: str
    exchange: Exchange
    made: Made | None


class Run:
    """The requests of a run; whatever fails here fails every check that needs it.

    Args:
        before: the list of messages as it was before the run.
        control: what is around the server, where it can be reached.
        declared: what the server says of itself.

    Attributes:
        random: draws whatever is drawn.
        run_id: tells this run's mails and keys from all others.
        known_ids: of messages that were there before, or were taken.
        sent: the ids of those that were taken, in their order.
        wrongly_taken: how many were taken that ought to be refused.
        names: of the keys that were asked for, each another one.
        made: every key that the server has made.
        at_end: what is to be undone at the end.
        tried: by the clause, how much was tried where a check draws what it asks.
    """

    def __init__(
        self,
        client: Client,
        credentials: Credentials,
        seed: int,
        pace: Pace,
        before: Exchange | None = None,
        control: Control | None = None,
        declared: Declared = Declared(),  # noqa: B008  # frozen
    ) -> None:
        self.client = client
        self.credentials = credentials
        self.random = Random(seed)  # noqa: S311  # no secret is drawn
        self.run_id = f"{self.random.getrandbits(48):012x}"
        self.pace = pace
        self._began_s = pace.elapsed_s()
        self.control = control
        self.declared = declared
        self.before = before
        self.known_ids = _ids_in(before)
        self.sent: list[str] = []
        self.wrongly_taken = 0
        self.names: list[str] = []
        self.made: list[Made] = []
        self.revoked: list[Made] = []
        self.at_end = ExitStack()
        self.tried: dict[str, dict[str, int]] = {}

    @property
    def nobody(self) -> Client:
        """Somebody without a key."""
        return self.client.with_key(None)

    @property
    def other(self) -> Client:
        """The holder of another account's key."""
        if self.credentials.other_key is None:
            raise SkippedError("needs a key of another account (--other-key)")
        self.needs_keys_to_matter()
        return self.client.with_key(self.credentials.other_key)

    @property
    def unverified(self) -> str:
        """An address of a domain that is not verified."""
        return self.credentials.unverified or f"hello@unverified-{self.run_id}.com"

    # Messages

    def body(self, **changed: object) -> dict[str, object]:
        """Return the smallest body of POST /send [send.request.minimal]; None leaves a member out."""
        members: dict[str, object] = {
            "from": self.credentials.sender,
            "to": self.credentials.to,
            "subject": self.subject,
            "html": "<h1>Hello</h1>",
        }
        return {name: value for name, value in {**members, **changed}.items() if value is not None}

    @property
    def subject(self) -> str:
        return f"Conformance {self.run_id}"

    @property
    def foreign_body(self) -> dict[str, object]:
        """A body for somebody who may not send: full, and to nobody else, so that the key alone is wrong."""
        body = self.full_body if self.full.succeeded else self.body()
        return {**body, "to": f"conformance-{self.run_id}@example.com", "subject": self.refused_subject}

    def bad_body(self, **changed: object) -> dict[str, object]:
        """Return a body that is to be refused, whose subject tells so where it is kept all the same."""
        return self.body(**{"subject": self.refused_subject, **changed})

    @property
    def refused_subject(self) -> str:
        return f"{REFUSED} {self.run_id}"

    def send(self, **changed: object) -> Exchange:
        """Send a mail that ought to be taken."""
        return self._sent(self.body(**changed))

    def send_badly(self, **changed: object) -> Exchange:
        """Send a mail that ought to be refused; one that is taken all the same is known."""
        exchange = self.client.send(self.bad_body(**changed))
        if exchange.succeeded:
            self.known_ids |= _ids_in(exchange)
            self.wrongly_taken += 1
        return exchange

    def _sent(self, body: Mapping[str, object]) -> Exchange:
        exchange = self.client.send(body)
        if exchange.succeeded:
            self.known_ids |= _ids_in(exchange)
            self.sent += [str(found) for found in _ids_in(exchange) if found not in self.sent]
        return exchange

    @cached_property
    def full_body(self) -> Mapping[str, object]:
        """A body with every member that the document shows [send.request]."""
        return self.body(
            subject=f"{SUBJECT} {self.run_id}",
            html=HTML,
            text=TEXT,
            replyTo=self.credentials.sender,
            headers={"X-My-Tag": "onboarding"},
        )

    @cached_property
    def full(self) -> Exchange:
        self._began_s = self.pace.elapsed_s()
        return self._sent(self.full_body)

    @cached_property
    def capital_to(self) -> str:
        """Where mail may go, the first letter a capital."""
        return self.credentials.to[:1].upper() + self.credentials.to[1:]

    @cached_property
    def minimal(self) -> Exchange:
        return self.send(to=self.capital_to)

    @cached_property
    def in_text(self) -> Exchange:
        """A mail without HTML, to the same recipient as the first one."""
        return self.send(html=None, text=TEXT)

    @cached_property
    def without_to(self) -> Exchange:
        return self.send_badly(to=None)

    @cached_property
    def status(self) -> Exchange:
        """A look at the message of ``full``."""
        return self.look()

    @cached_property
    def delivered(self) -> Exchange:
        """A look at that message once it is delivered, or after five seconds, or as long as is declared.

        The first look is more than a second after the sending: few are needed, and whole seconds tell them apart.
        """
        self.pace.wait(max(0.0, self._began_s + _LATER_S - self.pace.elapsed_s()))

        def look() -> tuple[Exchange, bool]:
            exchange = self.look()
            return exchange, object_or_empty(exchange).get("status") == "delivered"

        return self.until(look, self.declared.delivers_within_s or _LAG_S)

    @cached_property
    def later(self) -> Exchange:
        """One more look after that."""
        _ = self.delivered
        return self.look()

    def look(self) -> Exchange:
        return self.client.status(self.id_of(self.full, "send.response.id"))

    @cached_property
    def listed(self) -> Exchange:
        """The first page of the list, after everything was sent, and a message delivered if it is to be."""
        if self.sent:
            _ = self.delivered
        return self.client.messages()

    @cached_property
    def small_pages(self) -> list[Exchange]:
        """The first pages with few messages each, or none where the server has other names for them (CHOICE-17)."""
        pages = []
        for page in range(1, _SMALL_PAGES + 1):
            exchange = self.client.messages(f"?page={page}&perPage={SMALL_PAGE}")
            told = pagination_of(exchange) if exchange.succeeded else {}
            asked = (told.get("page"), told.get("perPage")) == (page, SMALL_PAGE)
            if not asked or not is_integer(told.get("total")) or not _has_items(exchange):
                return []
            pages.append(exchange)
        return pages

    def find(self, message_id: str, is_right: Callable[[JsonObject], bool] = bool) -> JsonObject | None:
        """Return the item of a message in the list, on whatever page, as it is to be and within five seconds.

        Raises:
            SkippedError: it may stand on a page that cannot be reached.
        """
        lists = chain([self.listed], (self.client.messages() for _ in count()))

        def look() -> tuple[JsonObject | None, bool]:
            found = self._found(message_id, [next(lists)])
            return found, found is not None and is_right(found)

        found = self.until(look)
        return found if found is not None and is_right(found) else None

    def find_once(self, message_id: str) -> JsonObject | None:
        """Return the item of a message as it stands in the list now."""
        return self._found(message_id, [self.client.messages()])

    def _found(self, message_id: str, pages: list[Exchange]) -> JsonObject | None:
        """Look on one page after the other; a server that knows no ``page`` shows the first one again."""
        seen: list[JsonObject] = []
        for page in range(1, _PAGES + 1):
            if page > len(pages):
                pages.append(self.client.messages(f"?page={page}"))
            if page > 1 and not pages[-1].succeeded:
                break
            items = items_or_empty(given(pages[page - 1], "base.relative", "messages.response"))
            for item in items:
                if item.get("id") == message_id:
                    return item
            new = [item for item in items if item not in seen]
            seen += new
            if not items or len(seen) >= total_of(pages[0]):
                return None  # that was all
            if not new:
                break
        raise SkippedError("needs a list of which every page can be reached, by ?page= if there are more")

    # Keys

    def new_name(self) -> str:
        """Return a name that no key has: some servers want each to have its own."""
        self.names.append(f"Conformance — Grüße {self.run_id} {len(self.names) + 1}")
        return self.names[-1]

    @property
    def created(self) -> Exchange:
        """The making of the first key."""
        return self.first_making.exchange

    @property
    def key(self) -> Made:
        """The key that was made first, and is going to be revoked."""
        return _made(self.first_making)

    @property
    def second_key(self) -> Made:
        """The key that was made second, and stays until the end."""
        return _made(self.second_making)

    @cached_property
    def first_making(self) -> Making:
        return self._create()

    @cached_property
    def second_making(self) -> Making:
        _ = self.first_making
        return self._create()

    def make_key_or_skip(self) -> Made:
        """Make one more key."""
        return _made(self._create())

    def create_badly(self, body: object, client: Client | None = None) -> Exchange:
        """Ask for a key that ought to be refused; one that is made all the same is revoked at the end."""
        exchange = (client or self.client).create_key(body)
        self.keep_key(exchange)
        return exchange

    def _create(self) -> Making:
        name = self.new_name()
        exchange = self.client.create_key({"name": name})
        return Making(name, exchange, self.keep_key(exchange, name))

    def keep_key(self, exchange: Exchange, name: str = "") -> Made | None:
        """Write down the key that an answer gives, so that it is revoked in the end; None: it gives none.

        The key that the suite was handed is none of them, whatever a server says: it must not be revoked.
        """
        with suppress(BreachError):  # it is for the checks to say what is wrong with it
            body = object_of(succeeded(exchange))
            if is_text(body.get("id")) and is_text(body.get("key")) and body["key"] != self.credentials.key:
                self.made.append(Made(body["id"], body["key"], name))
                return self.made[-1]
        return None

    @cached_property
    def keys(self) -> Exchange:
        """The list of keys, with the two new ones in it."""
        _ = self.key, self.second_making
        return self.client.list_keys()

    @cached_property
    def used(self) -> Exchange:
        """A read with the second key, after the list, and after the first key was revoked."""
        _ = self.keys
        return self.with_key(self.second_key)

    def with_key(self, made: Made) -> Exchange:
        """Read with a key."""
        return self.probe(self.client.with_key(made.secret))

    @cached_property
    def keys_after_use(self) -> Exchange:
        """The list of keys once it tells of the use, or after a minute."""
        _ = self.used
        for wait_s in _USE_IS_TOLD_AFTER_S:
            self.pace.wait(wait_s)
            exchange = self.client.list_keys()
            own = [item for item in items_or_empty(exchange) if item.get("id") == self.second_key.id]
            if not own or "lastUsed" not in own[0] or own[0]["lastUsed"] is not None:
                break
        return exchange

    @cached_property
    def revocation(self) -> Exchange:
        """The end of the first key, after everything that needs it."""
        _ = self.keys
        exchange = self.client.revoke_key(self.key.id)
        self.revoked.append(self.key)
        return exchange

    # Who may ask

    def probe(self, client: Client) -> Exchange:
        """Ask for something harmless: the list, or a message where the list cannot be had."""
        if self.before is None or self.before.succeeded or not self.sent:
            return client.messages()
        return client.status(self.sent[0])

    @property
    def a_send_is_taken(self) -> bool:
        return self.full.succeeded or self.minimal.succeeded

    def asked_by_nobody(self) -> Iterator[Exchange]:
        """Ask for each operation that works for us, without a key."""
        nobody = self.nobody
        if self.a_send_is_taken:
            yield nobody.send(self.foreign_body)
        if self.sent and self.status.succeeded:
            yield nobody.status(self.sent[0])
        if self.listed.succeeded:
            yield self.without_key
        if self.created.succeeded:
            yield self.create_badly({"name": self.new_name()}, nobody)
        if self.keys.succeeded:
            yield nobody.list_keys()
        if self.revocation.succeeded:
            yield nobody.revoke_key(self.second_key.id)

    @cached_property
    def without_key(self) -> Exchange:
        return self.probe(self.nobody)

    @cached_property
    def with_a_wrong_key(self) -> Exchange:
        return self.probe(self.client.with_key(UNKNOWN_KEY))

    def needs_keys_to_matter(self) -> None:
        """Skip where anybody may ask: then nothing can be said of one key or another."""
        if self.with_a_wrong_key.succeeded:
            raise SkippedError("needs errors.401")

    # Both

    def id_of(self, exchange: Exchange, clause: str) -> str:
        """Return the id that an answer gives, for checks that need it."""
        try:
            found = object_of(succeeded(exchange)).get("id")
        except BreachError:
            found = None
        if not is_text(found):
            raise SkippedError(f"needs {clause}")
        return str(found)

    def another_id(self, exchange: Exchange) -> str:
        """Return an id that names nothing, of the shape of the one that an answer gives."""
        try:
            return another_id(self.id_of(exchange, ""), self.random)
        except SkippedError:
            return UNKNOWN_ID

    def almost_ids(self, exchange: Exchange) -> list[str]:
        """Return ids that differ little from the one that an answer gives, where ids are long enough for it."""
        try:
            given_id = self.id_of(exchange, "")
        except SkippedError:
            return [UNKNOWN_ID]
        tail = given_id.rpartition("_")[2]
        almost = [] if len(tail) < _LONG_ID else [with_another_end(given_id)]
        if almost and not is_hexadecimal(given_id):  # a UUID may be of either case (RFC 9562 4)
            almost.append(in_another_case(given_id) or given_id)
        return [one for one in almost if one not in self.known_ids] or [another_id(given_id, self.random)]

    def until(self, look: Callable[[], tuple[T, bool]], within_s: float = _LAG_S) -> T:
        """Look again and again, until what is looked for is there or the time is over; return the last look."""
        began, wait_s = self.pace.elapsed_s(), _LOOK_AGAIN_S
        seen, there = look()
        while not there and self.pace.elapsed_s() < began + within_s:
            self.pace.wait(wait_s)
            wait_s *= 2  # who is late is asked less and less often
            seen, there = look()
        return seen


def _made(making: Making) -> Made:
    if making.made is None:
        raise SkippedError("needs a key of its own, and keys.create.response gives none")
    return making.made


def _has_items(exchange: Exchange) -> bool:
    with suppress(BreachError):
        items_of(exchange)
        return True
    return False


def _ids_in(exchange: Exchange | None) -> set[object]:
    """Return the ids that an answer gives, be it one object or a list."""
    objects = [object_or_empty(exchange), *items_or_empty(exchange)]
    return {one["id"] for one in objects if is_text(one.get("id"))}


def total_of(exchange: Exchange | None) -> int:
    """Return the total that a list tells, or 0."""
    total = pagination_of(exchange).get("total")
    return total if is_integer(total) else 0
