"""Requests that arrive together share a commit, and no answer leaves before it."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.api.harness import MAIL, Api

from justemails.api.app import is_quick


class GatedApi(Api):
    """An API whose commits wait for a gate, and can be made to fail."""

    def __init__(self, folder: Path) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.waiting = threading.Event()
        self.failure: Exception | None = None
        self.rounds = 0
        super().__init__(folder)

    @contextmanager
    def together(self) -> Iterator[None]:
        self.rounds += 1
        with super().together():
            yield
            self.waiting.set()
            assert self.gate.wait(20)
            if self.failure:
                raise self.failure


@pytest.fixture
def gated(tmp_path: Path) -> Iterator[GatedApi]:
    served = GatedApi(tmp_path)
    yield served
    served.close()


def test_no_answer_leaves_before_the_commit(gated: GatedApi) -> None:
    gated.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(gated.call, "POST", "/send", MAIL)
        assert gated.waiting.wait(20)
        with pytest.raises(TimeoutError):
            answer.result(0.2)
        gated.gate.set()

        assert answer.result(20).status == 200


def test_what_arrives_during_a_commit_shares_the_next(gated: GatedApi) -> None:
    gated.gate.clear()
    with ThreadPoolExecutor(20) as pool:
        first = pool.submit(gated.call, "POST", "/send", MAIL)
        assert gated.waiting.wait(20)
        rest = [pool.submit(gated.call, "POST", "/send", MAIL) for _ in range(15)]
        wait_until_connected(gated, 16)
        gated.gate.set()

        assert [answer.result(20).status for answer in [first, *rest]] == [200] * 16
    assert gated.rounds < 8
    assert gated.call("GET", "/messages").json["pagination"]["total"] == 16


def test_a_commit_that_fails_is_a_500_for_each_and_keeps_nothing(
    gated: GatedApi, caplog: pytest.LogCaptureFixture
) -> None:
    gated.failure = OSError("disk full")
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: gated.call("POST", "/send", MAIL), range(5)))
    gated.failure = None

    assert [answer.status for answer in answers] == [500] * 5
    assert {answer.json["error"] for answer in answers} == {"INTERNAL_ERROR"}
    assert "disk full" in caplog.text
    assert gated.call("GET", "/messages").json["pagination"]["total"] == 0
    assert gated.send().status == 200


@pytest.mark.parametrize("failure", [None, OSError("disk full")])
def test_the_server_answers_again_after_clients_that_went_away(gated: GatedApi, failure: Exception | None) -> None:
    gated.failure = failure
    request = f"GET /api/v1/send/msg_x HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {gated.key}\r\n\r\n".encode()
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", gated.port)) as gone:
            gone.sendall(request)
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")  # reset
    gated.failure = None

    assert gated.send().status == 200


def test_only_requests_that_never_take_long_are_handled_in_the_servers_own_thread() -> None:
    assert is_quick("POST", "/api/v1/send")
    assert is_quick("GET", "/api/v1/send/msg_x")
    assert not is_quick("GET", "/api/v1/messages")
    assert not is_quick("GET", "/sandbox/v1/inbox/wait")


def wait_until_connected(api: Api, count: int) -> None:
    """Return once the kernel holds so many connections to the server, whether it has accepted them or not."""
    for _ in range(10_000):
        lines = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
        local = [line.split() for line in lines]
        if sum(row[1].endswith(f":{api.port:04X}") and row[3] == "01" for row in local) >= count:
            return
    pytest.fail("the connections never came")
