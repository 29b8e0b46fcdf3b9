"""The judge's own HTTP: no server can make it follow, hang, grow or fall over."""

import gzip
import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.conformance.hostile import Deed, goes_on, hangs, says, server

from justemails_conformance.transport import MAX_BODY, BadBaseUrlError, Exchange, Request, Target

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
SHORT_S = 0.3


def ask(deed: Deed, deadline_s: float = 5.0) -> Exchange:
    with server(deed) as base_url:
        return Target(base_url, deadline_s=deadline_s).ask(Request("GET", "/messages", {"Authorization": "Bearer x"}))


def test_an_answer_is_kept_as_it_came() -> None:
    exchange = ask(says(OK.replace(b"\r\n\r\n", b"\r\nX-A: 1\r\nX-A: 2\r\n\r\n")))

    assert exchange.trouble is None
    assert exchange.answer
    assert (exchange.answer.status, exchange.answer.body, exchange.answer.truncated) == (200, b"{}", False)
    assert [value for name, value in exchange.answer.headers if name == "X-A"] == ["1", "2"]
    assert exchange.answer.header("content-type") == "application/json"
    assert exchange.answer.header("X-B") is None


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with server(says(OK)) as elsewhere:
        redirect = f"HTTP/1.1 302 Found\r\nLocation: {elsewhere}\r\nContent-Length: 0\r\n\r\n".encode()
        exchange = ask(says(redirect))

    assert exchange.answer
    assert exchange.answer.status == 302


def test_a_body_without_end_is_cut() -> None:
    exchange = ask(goes_on(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65_536))

    assert exchange.answer
    assert (len(exchange.answer.body), exchange.answer.truncated) == (MAX_BODY, True)


def test_a_gigabyte_of_json_is_cut_although_its_length_is_told() -> None:
    exchange = ask(goes_on(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n[", b"[" * 65_536))

    assert exchange.answer
    assert (len(exchange.answer.body), exchange.answer.truncated) == (MAX_BODY, True)


def test_chunks_without_end_are_cut() -> None:
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    exchange = ask(goes_on(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", chunk))

    assert exchange.answer
    assert (len(exchange.answer.body), exchange.answer.truncated) == (MAX_BODY, True)


def test_a_compressed_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
    exchange = ask(says(head + bomb))

    assert exchange.answer
    assert exchange.answer.body == bomb


@pytest.mark.parametrize(
    "deed",
    [
        says(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 100_000 + b"\r\n"),
        goes_on(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 100),
        goes_on(b"HTTP/1.1 200 OK\r\nX-A: ", b"b" * 65_536),
        goes_on(b"", b"x" * 65_536),
        says(b"SSH-2.0-OpenSSH_9.2\r\n"),
        says(b"\x00\xff\xfe\r\n\r\n"),
        says(b"HTTP/1.1 abc OK\r\n\r\n"),
        says(b"HTTP/1.1 99999 OK\r\n\r\n"),
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"),
        says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        says(b""),
    ],
    ids=[
        *(
            "many headers",
            "headers without end",
            "a header without end",
            "a status line without end",
            "another protocol",
        ),
        *("no text", "no status", "an odd status", "an answer that ends early", "broken chunks", "nothing"),
    ],
)
def test_what_is_no_answer_is_told_in_one_plain_line(deed: Deed) -> None:
    exchange = ask(deed)

    assert exchange.answer is None
    assert exchange.trouble
    assert exchange.trouble.isascii()
    assert exchange.trouble.isprintable()
    assert len(exchange.trouble) < 200


@pytest.mark.parametrize(
    "deed",
    [
        hangs,
        goes_on(b"", b"H", 0.05),
        goes_on(b"HTTP/1.1 200 OK\r\n", b"X", 0.05),
        goes_on(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x", 0.05),
        goes_on(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", 0.05),
    ],
    ids=["says nothing", "a slow status line", "slow headers", "a slow body", "always to be continued"],
)
def test_a_server_that_takes_its_time_does_not_get_it(deed: Deed) -> None:
    """The deadline is for the whole: an octet now and then keeps each read alive."""
    began = time.perf_counter()

    exchange = ask(deed, deadline_s=SHORT_S)

    assert exchange.answer is None
    assert exchange.trouble in {f"no whole answer within {SHORT_S:g} s", "no answer in time"}
    assert time.perf_counter() - began < SHORT_S + 3


def test_a_closed_port_is_told() -> None:
    with server(hangs) as base_url:
        pass

    exchange = Target(base_url).ask(Request("GET", "/messages"))

    assert (exchange.answer, exchange.trouble) == (None, "the connection was refused")


@contextmanager
def recorder() -> Iterator[tuple[str, list[tuple[str, str, dict[str, str], bytes]]]]:
    """A server that writes down what it is asked."""
    asked: list[tuple[str, str, dict[str, str], bytes]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            asked.append((self.command, self.path, dict(self.headers), body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as serving:
        thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}/api/v1/", asked
        serving.shutdown()
        thread.join()


def test_a_request_goes_out_below_the_base_url_and_asks_for_nothing_compressed() -> None:
    with recorder() as (base_url, asked):
        Target(base_url).ask(
            Request("POST", "/send?x=1", {"Authorization": "Bearer k", "X-A": "b"}, b'{"a": "\xc3\xa9"}')
        )

    ((method, path, headers, body),) = asked
    assert (method, path, body) == ("POST", "/api/v1/send?x=1", b'{"a": "\xc3\xa9"}')
    assert headers["Authorization"] == "Bearer k"
    assert headers["X-A"] == "b"
    assert headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    "text",
    [
        *("", "localhost:8025", "ftp://x/api", "file:///etc/passwd", "http://", "http:///api/v1", "http://x:99999/"),
        *(
            "http://x:y/",
            "http://user:pw@x/",
            "http://x/?q=1",
            "http://x/#f",
            "http://x /",
            "http://[::1/",
            "http://bü/",
        ),
    ],
)
def test_what_is_no_base_url_is_refused_with_one_that_is(text: str) -> None:
    with pytest.raises(BadBaseUrlError):
        Target(text)
