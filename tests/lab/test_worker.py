"""``justemails worker``: the engine on real time, real DNS and port 25, in a network that has nothing else."""

import asyncio
import json
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd import smtp as aiosmtpd
from click.testing import CliRunner
from tests.lab.test_lab import PATIENCE_S, lab
from tests.sandbox.harness import COMMAND

from justemails.addresses import parse_address, parse_mailbox
from justemails.api.ids import make_new_id
from justemails.clock import SystemClock
from justemails.domains.domain import make_domain
from justemails.pony_store import PonyStore
from justemails.records import Account, Content, NewMessage
from justemails_command.cli import command
from justemails_sandbox.loop_thread import LoopThread

SENDER = "hello@yourdomain.com"
WHO = ("--ehlo-name", "out.sender.example", "--sending-ip", "203.0.113.5")
# The fake internet's mail hosts stand at addresses that no public network has.
INSIDE = ("--allow", "198.18.0.0/15", "--allow", "192.0.2.0/24", "--allow", "2001:db8::/32")


class Queue:
    """A database with a verified domain and some messages that are due."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._clock = SystemClock()
        self._new_id = make_new_id(self._clock)
        self._store = PonyStore(str(path))
        self._store.add_account(Account("acc_1", "One", self._clock.now()))
        domain = make_domain("acc_1", "yourdomain.com", self._clock, self._new_id)
        self._store.add_domain(replace(domain, verified_at=self._clock.now()))

    def add(self, to: str) -> str:
        content = Content(parse_mailbox(SENDER), parse_address(to), "Welcome!", text="Hello")
        message = NewMessage(self._new_id("msg_"), "acc_1", SENDER, to, content, self._clock.now())
        self._store.accept(message)
        return message.id

    def status(self, message_id: str) -> str:
        message = self._store.message("acc_1", message_id)
        assert message
        return message.status

    def close(self) -> None:
        self._store.close()


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    made = Queue(tmp_path / "mail.sqlite3")
    yield made
    made.close()


def worker(queue: Queue, *options: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [COMMAND, "worker", "--database", str(queue.path), *WHO, *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def in_lab(queue: Queue, *options: str) -> Any:  # Any: JSON
    command = (COMMAND, "worker", "--once", "--database", str(queue.path), *WHO, *options)
    return json.loads(lab("--json", "--", *command).stdout)


def test_it_finds_its_way_by_dns_and_delivers_to_port_25(queue: Queue) -> None:
    expected = {
        "user@example.com": "delivered",
        "user@failover.test": "delivered",
        "user@starttls.test": "delivered",
        "user@ipv6.test": "delivered",
        "user@bounce.test": "bounced",
        "user@nullmx.test": "bounced",
        "user@nxdomain.test": "bounced",
        "user@mx-loop.test": "bounced",
        "user@greylist.test": "queued",
        "user@down.test": "queued",
        "user@servfail.test": "queued",
        "jørn@example.com": "delivered",
        "jørn@no-smtputf8.test": "bounced",
    }
    ids = {to: queue.add(to) for to in expected}

    told = in_lab(queue, *INSIDE)

    assert {to: queue.status(message_id) for to, message_id in ids.items()} == expected
    arrived = {mail["to"][0]: mail for mail in told["mails"]}
    assert sorted(arrived) == sorted(to for to, status in expected.items() if status == "delivered")
    mail = arrived["user@example.com"]
    assert mail["from"] == f"b+{ids['user@example.com'].removeprefix('msg_')}@bounce.yourdomain.com"
    assert mail["client"]["helo"] == "out.sender.example"


def test_it_goes_nowhere_that_is_not_public(queue: Queue) -> None:
    """A stranger's zone may not lead it to services inside; here everything is inside, and nothing is allowed."""
    message_id = queue.add("user@example.com")

    told = in_lab(queue)

    assert told["mails"] == []
    assert queue.status(message_id) == "bounced"


def test_it_sends_from_the_address_that_it_is_told(queue: Queue) -> None:
    queue.add("user@example.com")

    told = in_lab(queue, *INSIDE, "--source-address", "127.0.0.9")

    assert [mail["client"]["ip"] for mail in told["mails"]] == ["127.0.0.9"]


class Sink:
    def __init__(self) -> None:
        self.taken: list[tuple[str, list[str]]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's
        self.taken.append((envelope.mail_from, envelope.rcpt_tos))
        return "250 2.0.0 kept"


@pytest.fixture
def relay() -> Iterator[tuple[Sink, str]]:
    sink, loop = Sink(), LoopThread("relay")

    async def serve() -> asyncio.Server:
        running = asyncio.get_running_loop()
        return await running.create_server(lambda: aiosmtpd.SMTP(sink, loop=running), "127.0.0.1", 0)

    async def stop() -> None:
        server.close()
        await server.wait_closed()

    server = loop.run(serve())
    yield sink, f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    loop.run(stop())
    loop.close()


def test_through_a_relay_it_asks_no_dns(queue: Queue, relay: tuple[Sink, str]) -> None:
    sink, place = relay
    message_id = queue.add("user@nowhere.invalid")

    done = worker(queue, "--relay", place, "--once", "--json")

    assert queue.status(message_id) == "delivered"
    ((sender, recipients),) = sink.taken
    assert (sender.partition("@")[2], recipients) == ("bounce.yourdomain.com", ["user@nowhere.invalid"])
    (line,) = map(json.loads, done.stdout.splitlines())
    assert (line["messageId"], line["status"], line["host"], line["code"]) == (
        message_id,
        "delivered",
        "127.0.0.1",
        250,
    )


def test_it_delivers_what_comes_while_it_runs_and_ends_when_it_is_told_to(
    queue: Queue, relay: tuple[Sink, str]
) -> None:
    sink, place = relay
    command = [COMMAND, "worker", "--database", str(queue.path), *WHO, "--relay", place, "--json"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout
    first = queue.add("ann@example.com")
    told = [json.loads(running.stdout.readline())]
    second = queue.add("bob@example.com")
    told.append(json.loads(running.stdout.readline()))

    running.send_signal(signal.SIGTERM)
    rest, complaints = running.communicate(timeout=PATIENCE_S)

    assert [line["messageId"] for line in told] == [first, second]
    assert (running.returncode, rest, complaints) == (0, "", "")
    assert len(sink.taken) == 2


def test_two_workers_on_one_database_send_nothing_twice(queue: Queue, relay: tuple[Sink, str]) -> None:
    """Leases keep them apart."""
    sink, place = relay
    ids = [queue.add(f"user{number}@example.com") for number in range(100)]
    command = [COMMAND, "worker", "--database", str(queue.path), *WHO, "--relay", place, "--once"]
    both = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ended = [(one.communicate(timeout=PATIENCE_S)[1], one.returncode) for one in both]

    assert ended == [("", 0), ("", 0)]
    assert {queue.status(message_id) for message_id in ids} == {"delivered"}
    assert sorted(recipients[0] for _, recipients in sink.taken) == sorted(f"user{n}@example.com" for n in range(100))


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--sending-ip", "here"), "must be an IP address like 203.0.113.5"),
        (("--ehlo-name", "localhost"), "must be a domain name like example.com"),
        (("--ehlo-name", "out.example\r\nMAIL"), "must be a domain name like example.com"),
        (("--relay", "relay:0"), "must be a host and a port like relay.example.com:25"),
        (("--relay", "http://x"), "must be a host and a port like relay.example.com:25"),
        (("--dns", "name.example"), "must be an IP address"),
        (("--allow", "10.0.0.1/8"), "must be a network like 10.1.0.0/16"),
        (("--source-address", "192.0.2.1", "--source-address", "192.0.2.2"), "one of IPv4 and one of IPv6"),
    ],
)
def test_a_value_that_will_not_do_is_refused_with_what_would(
    options: tuple[str, ...], complaint: str, queue: Queue
) -> None:
    arguments = ["worker", "--once", "--database", str(queue.path), *WHO, *options]

    refused = CliRunner().invoke(command, arguments)

    assert refused.exit_code == 2
    assert complaint in " ".join(refused.stderr.split())


def test_a_sandboxs_mail_never_leaves(tmp_path: Path) -> None:
    """What a sandbox has accepted is for its fake internet, whoever points a worker at it."""
    data = tmp_path / "data"
    started = subprocess.Popen(
        [COMMAND, "sandbox", "--port", "0", "--data", str(data), "--json"], stdout=subprocess.PIPE, text=True
    )
    assert started.stdout
    started.stdout.readline()
    started.send_signal(signal.SIGTERM)
    started.communicate(timeout=PATIENCE_S)
    command = [COMMAND, "worker", "--once", "--database", str(data / "justemails.sqlite3"), *WHO]

    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)

    assert done.returncode == 2
    assert "belongs to a sandbox" in done.stderr


def test_a_database_that_nobody_has_written_to_is_told(tmp_path: Path) -> None:
    path = tmp_path / "typed-wrong.sqlite3"
    command = [COMMAND, "worker", "--once", "--database", str(path), *WHO]

    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"{path} is new: nobody has written to it yet.\n"


def test_a_database_of_another_version_is_refused_in_a_sentence(queue: Queue, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite3"
    other.write_text("this is no database, and longer than a header of one hundred bytes would be" * 3)
    command = [COMMAND, "worker", "--once", "--database", str(other), *WHO]

    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)

    assert done.returncode == 2
    assert "cannot be opened as a database" in done.stderr
    assert "Traceback" not in done.stderr
