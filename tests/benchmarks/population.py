"""Accounts with a verified domain and keys, put into a database before anything is measured."""

from dataclasses import dataclass, replace
from pathlib import Path

from justemails.addresses import parse_address, parse_mailbox
from justemails.api_keys import key_hash, key_hint
from justemails.clock import SystemClock
from justemails.domains import make_domain
from justemails.ids import make_new_id, make_new_secret
from justemails.pony_store import PonyStore
from justemails.records import Account, Content, Key, NewMessage
from justemails_contract.operations import Scope

ACCOUNTS = 10
HTML = "<h1>Welcome!</h1><p>Thanks for signing up. Confirm your address to begin.</p>" * 3


@dataclass(frozen=True, slots=True)
class Sender:
    """Somebody who may send: a key's secret, and an address of a domain that is verified for it."""

    secret: str
    address: str


def populate(path: Path, keys: int, messages: int = 0) -> list[Sender]:
    """Make a database with ``keys`` keys over ten accounts, and perhaps messages that are due.

    Returns:
        The senders, neighbours in different accounts.
    """
    clock = SystemClock()
    new_id, new_secret = make_new_id(clock), make_new_secret()
    path.parent.mkdir(parents=True, exist_ok=True)
    store = PonyStore(str(path))
    accounts: list[tuple[str, str]] = []
    for number in range(ACCOUNTS):
        account = Account(new_id("acc_"), f"Bench {number}", clock.now())
        store.add_account(account)
        # Each account has a domain of its own, as in life: a shared one would make its DNS answer grow.
        domain = make_domain(account.id, f"bench{number}.example", clock, new_id)
        store.add_domain(replace(domain, verified_at=clock.now()))
        accounts.append((account.id, f"hello@{domain.name}"))
    senders = []
    for number in range(keys):
        account_id, address = accounts[number % ACCOUNTS]
        secret = new_secret()
        key = Key(new_id("key_"), account_id, f"Bench {number}", Scope.FULL, key_hint(secret), clock.now())
        store.add_key(key, key_hash(secret))
        senders.append(Sender(secret, address))
    for number in range(messages):
        account_id, address = accounts[number % ACCOUNTS]
        to = f"user{number}@example.com"
        content = Content(parse_mailbox(address), parse_address(to), "Welcome to our service", HTML, "Welcome!")
        store.accept(NewMessage(new_id("msg_"), account_id, address, to, content, clock.now()))
    store.close()
    return senders
