"""What the checks of the core profile look at: a few requests, each made once and when the first check wants it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

from justemails_conformance.clock import Wait
from justemails_conformance.evidence import BreachError, SkippedError, given, is_text, object_of, succeeded
from justemails_conformance.party import Party
from justemails_conformance.transport import Exchange

SUBJECT = "Welcome — Grüße"
TEXT = "Hello — Thanks for signing up."  # [send.request.text]
HTML = "<h1>Hello</h1><p>Thanks for signing up.</p>"  # [send.request.html]
UNKNOWN_ID = "msg_conformance0000000000000"
UNKNOWN_KEY_ID = "key_conformance0000000000000"
UNKNOWN_KEY = "je_live_" + "0" * 38

_LOOKS = 10
_LOOK_AGAIN_S = 0.5  # together five seconds, which is what a list or a revocation may lag
_PAGES = 20


@dataclass(frozen=True, slots=True)
class Means:
    """What a judge is handed.

    Args:
        key: a key of the account under judgement, with every permission.
        sender: an address of a verified domain.
        to: where mail may go.
        unverified: an address of a domain that is not verified.
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
class Made:
    """A key that the suite has made."""

    id: str
    secret: str
    name: str


class Scene:
    """The requests of a run; whatever fails here fails every check that needs it.

    Attributes:
        random: draws whatever is drawn.
        run_id: tells this run's mails and keys from all others.
        tried: by the clause, how much was tried where a check draws what it asks.
    """

    def __init__(self, party: Party, means: Means, seed: int, wait: Wait) -> None:
        self.party = party
        self.means = means
        self.random = Random(seed)  # noqa: S311  # no secret is drawn
        self.run_id = f"{self.random.getrandbits(48):012x}"
        self.wait = wait
        self.made: list[Made] = []
        self.revoked: list[Made] = []
        self.tried: dict[str, dict[str, int]] = {}

    @property
    def nobody(self) -> Party:
        """Somebody without a key."""
        return self.party.with_key(None)

    def body(self, **changed: object) -> Mapping[str, object]:
        """Return the smallest body of POST /send [send.request.minimal]; None leaves a member out."""
        members: dict[str, object] = {
            "from": self.means.sender,
            "to": self.means.to,
            "subject": f"Conformance {self.run_id}",
            "html": "<h1>Hello</h1>",
        }
        return {name: value for name, value in {**members, **changed}.items() if value is not None}

    @cached_property
    def full_body(self) -> Mapping[str, object]:
        """A body with every member that the document shows [send.request]."""
        return self.body(
            subject=f"{SUBJECT} {self.run_id}",
            html=HTML,
            text=TEXT,
            replyTo=self.means.sender,
            headers={"X-My-Tag": "onboarding"},
        )

    @cached_property
    def full(self) -> Exchange:
        return self.party.send(self.full_body)

    @cached_property
    def minimal(self) -> Exchange:
        return self.party.send(self.body())

    @cached_property
    def status(self) -> Exchange:
        """A look at the message of ``full``."""
        return self.party.status(self.id_of(self.full, "send.response.id"))

    @cached_property
    def listed(self) -> Exchange:
        """The first page of the list."""
        return self.party.messages()

    @cached_property
    def created(self) -> Exchange:
        return self._create()

    def make_key(self) -> Made | None:
        """Make one more key; None: the server gives none."""
        before = len(self.made)
        self._create()
        return self.made[before] if len(self.made) > before else None

    def make_key_or_skip(self) -> Made:
        """Make one more key."""
        made = self.make_key()
        if made is None:
            raise SkippedError("needs keys.create")
        return made

    def _create(self) -> Exchange:
        name = f"Conformance {self.run_id}"
        exchange = self.party.create_key({"name": name})
        self.keep_key(exchange, name)
        return exchange

    def keep_key(self, exchange: Exchange, name: str) -> Made | None:
        """Write down the key that an answer gives, so that it is revoked in the end; None: it gives none.

        The key that the suite was handed is none of them, whatever a server says: it must not be revoked.
        """
        with suppress(BreachError):  # it is for the checks to say what is wrong with it
            body = object_of(succeeded(exchange))
            if is_text(body.get("id")) and is_text(body.get("key")) and body["key"] != self.means.key:
                self.made.append(Made(body["id"], body["key"], name))
                return self.made[-1]
        return None

    @property
    def key(self) -> Made:
        """The key that was made first."""
        _ = self.created
        if not self.made:
            raise SkippedError("needs a key of its own, and keys.create.response gives none")
        return self.made[0]

    @cached_property
    def keys(self) -> Exchange:
        """The list of keys, with the new one in it."""
        _ = self.key
        return self.party.list_keys()

    @cached_property
    def used(self) -> Exchange:
        """A read with the new key."""
        return self.party.with_key(self.key.secret).messages()

    @cached_property
    def revocation(self) -> Exchange:
        """The end of the new key, after everything that needs it."""
        _ = self.keys, self.used
        exchange = self.party.revoke_key(self.key.id)
        self.revoked.append(self.key)
        return exchange

    @property
    def other(self) -> Party:
        """The holder of another account's key."""
        if self.means.other_key is None:
            raise SkippedError("needs a key of another account (--other-key)")
        return self.party.with_key(self.means.other_key)

    def id_of(self, exchange: Exchange, clause: str) -> str:
        """Return the id that an answer gives, for checks that need it."""
        try:
            found = object_of(succeeded(exchange)).get("id")
        except BreachError:
            found = None
        if not is_text(found):
            raise SkippedError(f"needs {clause}")
        return str(found)

    def find(self, message_id: str) -> Mapping[str, Any] | None:  # Any: JSON
        """Return the item of a message in the list, on whatever page, within five seconds."""
        for _ in range(_LOOKS):
            for item in self._items():
                if item.get("id") == message_id:
                    return item
            self.wait(_LOOK_AGAIN_S)
        return None

    def _items(self) -> Sequence[Mapping[str, Any]]:
        """Return the items of the first pages; a server that knows no page is asked once."""
        items: list[Mapping[str, Any]] = []
        for page in range(1, _PAGES + 1):
            exchange = self.party.messages("" if page == 1 else f"?page={page}")
            if page > 1 and (exchange.answer is None or exchange.answer.status >= 400):
                break
            data = object_of(given(exchange, "base.relative", "messages.response")).get("data")
            new = (
                [item for item in data if isinstance(item, dict) and item not in items]
                if isinstance(data, list)
                else []
            )
            if not new:
                break
            items += new
            if any(self.run_id in str(item.get("subject", "")) for item in new):
                break
        return items

    def until(self, look: Callable[[], tuple[Exchange, bool]]) -> Exchange:
        """Look again and again for five seconds, until what is looked for is there; return the last look."""
        exchange, there = look()
        for _ in range(_LOOKS - 1):
            if there:
                break
            self.wait(_LOOK_AGAIN_S)
            exchange, there = look()
        return exchange
