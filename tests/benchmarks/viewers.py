"""``python -m tests.benchmarks.viewers PORT PATH COUNT``: people with a page open, each of whom asks once a second.

Runs until it is ended; each viewer has a connection of its own, and they ask one after another, spread over the second.
"""

import http.client
import re
import sys
import threading
import time
from html import unescape

_LIVE = re.compile(rb'hx-get="([^"]+)"')


def view(port: int, path: str, delay_s: float) -> None:
    """Open a page, and ask for its live part for ever."""
    pause = threading.Event()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    asked = path
    pause.wait(delay_s)
    while True:
        began = time.perf_counter()
        connection.request("GET", asked)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status == 200:
            found = _LIVE.search(body)
            assert found is not None
            asked = unescape(found[1].decode())
        pause.wait(max(0.0, 1 - (time.perf_counter() - began)))


def main(port: int, path: str, count: int) -> None:
    """Run so many viewers."""
    viewers = [threading.Thread(target=view, args=(port, path, number / count)) for number in range(count)]
    for viewer in viewers:
        viewer.start()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
