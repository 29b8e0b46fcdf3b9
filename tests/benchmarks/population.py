"""Accounts with a verified domain and keys, messages and mails, put into a database before anything is measured."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from justemails.addresses import parse_address, parse_mailbox
from justemails.api.ids import make_new_id, make_new_secret
from justemails.api.keys import key_hash, key_hint
from justemails.clock import SystemClock
from justemails.domains.domain import make_domain
from justemails.pony_store import FastPonyStore, content_json
from justemails.records import Account, Content, Key, NewMessage
from justemails_contract.operations import Scope

ACCOUNTS = 10
HTML = "<h1>Welcome!</h1><p>Thanks for signing up. Confirm your address to begin.</p>" * 3

_INSERT = """
    INSERT INTO "Message" (id, account, seq, status, sender_text, recipient_text, sender_address, recipient_address,
                           recipient_domain, subject, subject_lower, created_us, delivered_us, due_us, leased,
                           fence, attempts, content)
    VALUES (?, ?, ?, 'delivered', 'hello@bench0.example', 'user@example.com', 'hello@bench0.example',
            'user@example.com', 'example.com', ?, ?, ?, ?, NULL, 0, 1, 1, ?)
"""
_INSERT_ATTEMPT = """
    INSERT INTO "Attempt" (message_id, number, at_us, event, phase, host, ip, tls, code, enhanced, text, transcript)
    VALUES (?, 1, ?, 'accepted', 'DOT', 'mx.example.com', '198.18.0.1', 0, 250, '2.0.0', '2.0.0 kept', '[]')
"""
_INSERT_MAIL = """
    INSERT INTO "Mail" (message_id, recipient, sender, subject, received_us, host, auth, data)
    VALUES (?, 'user@example.com', 'hello@bench0.example', ?, ?, 'mx.example.com', ?, ?)
"""
_BEGAN_US = 1_775_476_800_000_000
_SELDOM = 10_000  # every so many messages have a word in their subject that the others have not


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
    store = FastPonyStore(str(path))
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


def add_messages(path: Path, account_id: str, size: int) -> str:
    """Put delivered messages, each with its attempt, into a list that is empty; return the newest one's id."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.executemany(_INSERT, _messages(account_id, size))
        connection.executemany(_INSERT_ATTEMPT, ((_id(size, seq), _at_us(seq)) for seq in range(1, size + 1)))
        connection.execute('UPDATE "Account" SET message_count = ? WHERE id = ?', (size, account_id))
        connection.commit()
    return _id(size, size)


def add_mails(path: Path, size: int) -> None:
    """Put mails into an inbox."""
    mail = f"From: hello@bench0.example\r\nSubject: Hi\r\nContent-Type: text/html\r\n\r\n{HTML}\r\n".encode()
    auth = '{"dkim": [], "spf": {"result": "pass", "reason": ""}, "dmarc": {"result": "pass", "reason": ""}}'
    rows = ((_id(size, seq), _subject(seq), _at_us(seq), auth, mail) for seq in range(1, size + 1))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.executemany(_INSERT_MAIL, rows)
        connection.commit()


def _messages(account_id: str, size: int) -> Iterator[Sequence[object]]:
    content = content_json.dump(
        Content(parse_mailbox("hello@bench0.example"), parse_address("user@example.com"), "Welcome", HTML, "Welcome!")
    )
    for seq in range(1, size + 1):
        subject, at_us = _subject(seq), _at_us(seq)
        yield (_id(size, seq), account_id, seq, subject, subject.lower(), at_us, at_us + 500_000, content)


def _id(size: int, seq: int) -> str:
    return f"msg_{size:08}{seq:014}"


def _subject(seq: int) -> str:
    return "A seldom one" if seq % _SELDOM == 0 else "Welcome to our service"


def _at_us(seq: int) -> int:
    return _BEGAN_US + seq * 1_000_000
