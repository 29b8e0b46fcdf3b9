"""The promise behind a 200: what was acknowledged survives the end of the process, whenever that comes.

Each round starts a sandbox, sends mail from several threads, and kills the process after a random number of
acknowledgements. A last start must bring every acknowledged message to its end.
"""

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.api.harness import MAIL
from tests.breaking.hunt_table import NOTICED_BY
from tests.sandbox.harness import Process

from justemails.pony_store import PonyStore
from justemails_sandbox.data_folder import store_path
from justemails_sandbox.inbox import Inbox, MailFilter
from justemails_sandbox.sending import DELIVERY

SENDERS = 4


def send_until_killed(port: int, key: str, acknowledged: list[str], enough: threading.Event, target: int) -> None:
    """Send over one connection, and note each id that was answered with 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    try:
        while True:
            connection.request("POST", "/api/v1/send", json.dumps(MAIL), headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status == 200:
                acknowledged.append(json.loads(body)["id"])
            if len(acknowledged) >= target or answer.status != 200:
                enough.set()
            if answer.status != 200:
                return
    except (OSError, http.client.HTTPException):
        enough.set()
    finally:
        connection.close()


def test_kill_9_at_random_instants_loses_no_acknowledged_message(tmp_path: Path) -> None:
    kill_and_check(tmp_path / "data", 2)


@pytest.mark.hunt("kill -9")
def test_many_kills_lose_no_acknowledged_message(
    tmp_path: Path, pytestconfig: pytest.Config, record_property: Callable[[str, object], None]
) -> None:
    record_property(NOTICED_BY, kill_and_check(tmp_path / "data", pytestconfig.getoption("--kills")))


def kill_and_check(data: Path, kills: int) -> str:
    """Kill a sandbox so many times, check what became of the mail, and return the figures."""
    rng = random.Random(2026)  # noqa: S311  # when to kill is no secret
    acknowledged: list[str] = []
    keys: list[str] = []
    for _ in range(kills):
        sandbox = Process("--data", str(data))
        keys = keys or more_keys(sandbox)
        load_and_kill(sandbox, keys, acknowledged, rng.randint(1, 40))

    statuses, copies = deliver_the_rest(data, acknowledged)

    duplicates = sum(copies.values()) - len(copies)
    assert len(acknowledged) > 5 * kills
    assert statuses == {"delivered": len(acknowledged)}
    assert set(acknowledged) <= set(copies)
    # What was under way at a kill may be sent again (CHOICE-24); all of it goes to one domain.
    assert duplicates <= kills * DELIVERY.per_domain
    return f"{kills} kills, {len(acknowledged)} acknowledged, {len(copies)} arrived, {duplicates} duplicates"


def more_keys(sandbox: Process) -> list[str]:
    account = sandbox.client.get("/accounts")["data"][0]["id"]
    return [
        sandbox.client.post(f"/accounts/{account}/keys", {"name": f"Sender {number}"})["key"]
        for number in range(SENDERS)
    ]


def load_and_kill(sandbox: Process, keys: list[str], acknowledged: list[str], more: int) -> None:
    enough = threading.Event()
    port = int(sandbox.ready["api"].split(":")[2].split("/")[0])
    target = len(acknowledged) + more
    senders = [
        threading.Thread(target=send_until_killed, args=(port, key, acknowledged, enough, target)) for key in keys
    ]
    for sender in senders:
        sender.start()
    assert enough.wait(60)
    sandbox.kill()
    for sender in senders:
        sender.join()


def deliver_the_rest(data: Path, acknowledged: list[str]) -> tuple[Counter[str], Counter[str]]:
    """Start once more until nothing is queued; return how the acknowledged ended, and how often each arrived."""
    survivor = Process("--data", str(data))
    client, deadline = survivor.client, time.perf_counter() + 300
    while client.get("/clock")["next"] is not None and time.perf_counter() < deadline:
        client.get(f"/events?after={client.get('/events')['last']}&wait=1")
    code, _, err = survivor.stop()
    assert (code, err) == (0, "")
    store, inbox = PonyStore(store_path(data)), Inbox(str(data / "inbox.sqlite3"))
    (account,) = store.accounts()
    messages = [store.message(account.id, message_id) for message_id in acknowledged]
    mails, total = inbox.page(MailFilter(), 1, 10**6)
    assert len(mails) == total
    store.close()
    inbox.close()
    statuses = Counter(message.status.value if message else "lost" for message in messages)
    return statuses, Counter(mail.message_id for mail in mails)
