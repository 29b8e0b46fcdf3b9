"""The place where the judges sit: a private network with the sender's and receivers' addresses, and a DNS of its own.

Entered for good by the process that asks for it (``court``); nothing in it can reach anything outside.
"""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from fakemx.clock import MovableClock
from fakemx.dns.server import DnsServer
from fakemx.dns.zones import Zones
from justemails.domains.domain import RequiredRecord, SendingHost, records_of
from justemails.records import Domain
from justemails_sandbox.lab import namespace
from justemails_sandbox.loop_thread import LoopThread

SENDER_IP = "192.0.2.1"
SENDER_NAME = "out.sender.test"
STRANGER_IP = "192.0.2.99"
SENDING_HOST = SendingHost((SENDER_IP,), bounces_to=SENDER_NAME)

_PATIENCE_S = 60
_LOOK_EVERY_S = 0.02


class Place:
    """The network, entered.

    Args:
        folder: for what it has to write.

    Raises:
        NoNamespaceError: there can be none here; the message says why.
    """

    def __init__(self, folder: Path) -> None:
        namespace.enter()
        namespace.add_networks(("192.0.2.0/24",))
        resolv_conf = folder / "resolv.conf"
        resolv_conf.write_text("nameserver 127.0.0.1\n")
        resolv_conf.chmod(0o644)
        namespace.cover(Path("/etc/resolv.conf"), resolv_conf)
        self.zones = Zones()
        self._loop = LoopThread("dns")
        self._dns = DnsServer(self.zones, MovableClock(), _raise)
        self._loop.run(self._dns.start("127.0.0.1", 53))
        self.host(SENDER_NAME, SENDER_IP)
        self.zones.set("1.2.0.192.in-addr.arpa", "PTR", [f"{SENDER_NAME}."])

    def host(self, name: str, ip: str) -> None:
        """Let a host stand at an address."""
        self.zones.set(name, "A", [ip])

    def mail_for(self, domain: str, *hosts: str) -> None:
        """Let a domain's mail go to these hosts, the first one before the second."""
        self.zones.set(domain, "MX", [f"{10 * number} {host}." for number, host in enumerate(hosts, 1)])

    def publish(self, domain: Domain) -> None:
        """Set the records that a sending domain asks for."""
        records = records_of(domain, SENDING_HOST)
        for name, rdtype in {(record.name, record.type) for record in records}:
            texts = [_in_zone(record) for record in records if (record.name, record.type) == (name, rdtype)]
            self.zones.set(name, rdtype, texts)
        # As strict as an owner can be about DKIM: the very domain of From has to have signed (RFC 7489 3.1.1).
        self.zones.set(f"_dmarc.{domain.name}", "TXT", ["v=DMARC1; p=reject; adkim=s; aspf=r"])

    def close(self) -> None:
        """End every process in this place but our own, however it came to be, and the DNS."""
        for pid in _others_here():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._loop.run(self._dns.stop())
        self._loop.close()


def _others_here() -> Iterator[int]:
    here = os.readlink("/proc/self/ns/net")
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if int(folder.name) != os.getpid() and os.readlink(folder / "ns" / "net") == here:
                yield int(folder.name)


def wait_until(true: Callable[[], bool], what: str, patience_s: float = _PATIENCE_S) -> None:
    """Wait for something that another program does, and that nobody tells us of."""
    deadline = time.perf_counter() + patience_s
    while not true():
        if time.perf_counter() > deadline:
            raise TimeoutError(f"{what} did not come true in {patience_s} s")
        threading.Event().wait(_LOOK_EVERY_S)


def _in_zone(record: RequiredRecord) -> str:
    return f"{record.value}." if record.type == "MX" else record.value


def _raise(fault: Exception) -> None:
    raise fault
