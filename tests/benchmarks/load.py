"""The load: sixteen keep-alive clients in one thread of one process: ``python -m tests.benchmarks.load``.

Raw sockets and prepared bytes, because a client library costs more than the server that is measured. Each client
sends its next request when it has the answer to the last one, and takes the next sender in turn, so that every
key stays below its limit. Reads a JSON object on stdin (see ``Order``), prints one on stdout (see ``Result``).

Whether the load itself was the bottleneck is told by ``busy``: the share of a core that it used.
"""

import json
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import cycle

from tests.benchmarks.population import HTML, Sender

from justemails_contract.operations import BASE_PATH

CLIENTS = 16
_STALLED_S = 30


@dataclass(frozen=True, slots=True)
class Order:
    """What to send: for so many seconds after a warm-up, or so many requests in all."""

    port: int
    senders: list[tuple[str, str]]  # secret, address
    warm_up_s: float = 0
    seconds: float | None = None
    requests: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What came back."""

    answered: int  # with 200, warm-up included: so many messages must be on disk
    refused: int
    rate: float  # answers a second, after the warm-up
    p50_ms: float
    p99_ms: float
    busy: float


def run_load(
    port: int,
    senders: Sequence[Sender],
    *,
    warm_up_s: float = 0,
    seconds: float | None = None,
    requests: int | None = None,
) -> Result:
    """Run a load in a process of its own."""
    order = Order(port, [(one.secret, one.address) for one in senders], warm_up_s, seconds, requests)
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.load"],
        input=json.dumps(asdict(order)),
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return Result(**json.loads(done.stdout))


def request_bytes(secret: str, address: str) -> bytes:
    """Return a whole POST /send."""
    body = json.dumps(
        {
            "from": f"Your App <{address}>",
            "to": "user@example.com",
            "subject": "Welcome to our service",
            "html": HTML,
            "text": "Welcome!",
        }
    )
    return (
        f"POST {BASE_PATH}/send HTTP/1.1\r\n"
        "Host: 127.0.0.1\r\n"
        "Accept: */*\r\n"
        "User-Agent: bench\r\n"
        f"Authorization: Bearer {secret}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode("ascii")


class _Client:
    """One connection; ``began`` is when its request under way was sent."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.began = 0.0
        self._heard = b""

    def send(self, request: bytes) -> None:
        self.began = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> int | None:
        """Return the status of the answer once all of it is here."""
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the server closed a connection")
        self._heard += data
        head, end, body = self._heard.partition(b"\r\n\r\n")
        if not end:
            return None
        _, _, rest = head.lower().partition(b"content-length:")
        if len(body) < int(rest.partition(b"\r\n")[0]):
            return None
        self._heard = b""
        return int(head[9:12])


def generate(order: Order) -> Result:
    """Send, in this process, until the time or the requests are used up."""
    prepared = cycle([request_bytes(secret, address) for secret, address in order.senders])
    clients = [_Client(order.port) for _ in range(CLIENTS)]
    selector = selectors.DefaultSelector()
    for client in clients:
        selector.register(client.socket, selectors.EVENT_READ, client)
    waits: list[float] = []
    answered = refused = sent = 0
    most = order.requests or sys.maxsize
    counting_from = time.perf_counter() + order.warm_up_s
    until = counting_from + (order.seconds or sys.maxsize)
    cpu_from, cpu_known = time.process_time(), order.warm_up_s == 0
    now = 0.0
    for client in clients:
        client.send(next(prepared))
        sent += 1
    under_way = len(clients)
    while under_way:
        ready = selector.select(_STALLED_S)
        if not ready:
            raise TimeoutError("the server does not answer any more")
        for key, _ in ready:
            client = key.data
            status = client.receive()
            if status is None:
                continue
            now = time.perf_counter()
            if not cpu_known and now >= counting_from:
                cpu_from, cpu_known = time.process_time(), True
            answered += status == 200
            refused += status != 200
            if counting_from <= now < until:
                waits.append(now - client.began)
            if now < until and sent < most:
                client.send(next(prepared))
                sent += 1
            else:
                under_way -= 1
    measured_s = min(now, until) - counting_from
    waits.sort()
    return Result(
        answered,
        refused,
        len(waits) / measured_s,
        waits[len(waits) // 2] * 1000,
        waits[len(waits) * 99 // 100] * 1000,
        (time.process_time() - cpu_from) / measured_s,
    )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(generate(Order(**json.load(sys.stdin))))))
