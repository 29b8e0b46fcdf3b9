"""The control API, call by call."""

import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest
from tests.api.harness import MAIL
from tests.sandbox.harness import Client, client_of, in_process, request

from justemails_command.serving import ServedSandbox
from justemails_contract.operations import BASE_PATH
from justemails_sandbox.settings import SandboxSettings

CONTROL = "/sandbox/v1"


def test_ready_says_so(client: Client) -> None:
    assert client.get("/ready") == {"ready": True, "faults": []}


def test_reset_goes_back_to_the_seeded_state(client: Client) -> None:
    client.wait_until_settled(client.send())
    client.post("/accounts", {"name": "Another"})
    request("PUT", f"{client.control}/network/example.com", {"behaviour": "bounce"})
    for _ in range(100):
        request("POST", f"{client.api}/send", {}, client.key)

    assert client.post("/reset") == {"reset": True}

    assert client.get("/inbox")["data"] == []
    assert len(client.get("/accounts")["data"]) == 1
    assert request("GET", f"{client.api}/messages", key=client.key).json["pagination"]["total"] == 0
    assert client.wait_until_settled(client.send()) == "delivered"


def test_the_clock_tells_its_time_and_mode(still: Client) -> None:
    before = still.get("/clock")
    after = still.post("/clock", {"advance": "90s"})

    assert before["mode"] == after["mode"] == "virtual"
    assert before["now"] < after["now"]
    assert after["next"] is None


def test_a_reset_while_the_clock_moves_leaves_nobody_waiting(still: Client) -> None:
    before = still.get("/clock")["now"]
    with ThreadPoolExecutor(1) as pool:
        moving = pool.submit(still.post, "/clock", {"advance": "100d"})
        while still.get("/clock")["now"] == before:
            pass
        assert still.post("/reset") == {"reset": True}

        after = moving.result(timeout=60)["now"]

    assert datetime.fromisoformat(after) - datetime.fromisoformat(before) == timedelta(days=100)
    assert still.wait_until_settled(still.send()) == "delivered"


def test_a_sandbox_that_stops_while_the_clock_moves_answers_with_how_far_it_came() -> None:
    with ThreadPoolExecutor(1) as pool:
        with in_process(SandboxSettings(virtual=True)) as sandbox:
            client = client_of(sandbox)
            before = client.get("/clock")["now"]
            moving = pool.submit(client.post, "/clock", {"advance": "3650d"})
            while client.get("/clock")["now"] == before:
                pass

        after = moving.result(timeout=60)["now"]

    assert datetime.fromisoformat(after) - datetime.fromisoformat(before) < timedelta(days=3650)


def test_the_api_answers_with_the_date_of_the_moved_clock(client: Client) -> None:
    client.post("/clock", {"mode": "virtual"})
    client.post("/clock", {"advance": "30d"})

    answer = request("GET", f"{client.api}/messages", key=client.key)

    now = client.get("/clock")["now"]
    assert format_datetime(datetime.fromisoformat(now), usegmt=True) == answer.headers["Date"]


def test_the_clock_goes_to_the_next_event(still: Client) -> None:
    message_id = still.send("user@down.test")
    still.advance("1s")
    due = still.get("/clock")["next"]

    now = still.post("/clock", {"to": "next"})["now"]

    assert now >= due
    assert len(still.get(f"/messages/{message_id}/attempts")["data"]) == 2


def test_the_clock_can_be_let_run_and_stopped(sandbox: ServedSandbox, client: Client) -> None:
    assert client.post("/clock", {"mode": "virtual"})["mode"] == "virtual"
    stands = sandbox.clock.now()
    message_id = client.send("user@down.test")
    client.advance("1h")
    assert (sandbox.clock.now() - stands).total_seconds() == 3600
    assert len(client.get(f"/messages/{message_id}/attempts")["data"]) > 3
    assert client.post("/clock", {"mode": "real"})["mode"] == "real"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"advance": "1w"}, "'advance'"),
        ({"advance": -1}, "'advance'"),
        ({"advance": "99999d"}, "'advance'"),
        ({"to": "yesterday"}, "'to'"),
        ({"to": "2027-01-01T00:00:00"}, "a time with a zone"),
        ({"to": "2020-01-01T00:00:00Z"}, "'to'"),
        ({"mode": "fast"}, "'mode'"),
        ({}, "'advance', 'to' and 'mode'"),
        ({"advance": "1s", "mode": "real"}, "'advance', 'to' and 'mode'"),
        ({"advence": "1s"}, "'advance'"),
    ],
)
def test_a_bad_clock_request_names_the_field(client: Client, body: object, field: str) -> None:
    answer = request("POST", f"{client.control}/clock", body)

    assert answer.status == 400
    assert field in answer.json["message"]


def test_the_inbox_is_listed_filtered_read_and_emptied(client: Client) -> None:
    first = client.send("ann@example.com", subject="First 100%")
    client.wait_until_settled(first)
    client.wait_until_settled(client.send("bob@example.com", subject="Second"))

    everything = client.get("/inbox")
    assert [mail["to"] for mail in everything["data"]] == ["bob@example.com", "ann@example.com"]
    assert everything["pagination"] == {"page": 1, "perPage": 50, "total": 2}
    for query in ("to=Ann@example.com", "subject=first+100%25", f"messageId={first}", "perPage=1&page=2"):
        assert [mail["to"] for mail in client.get(f"/inbox?{query}")["data"]] == ["ann@example.com"]
    assert client.get("/inbox?from=nobody")["data"] == []
    for name in ("to", "from", "subject", "messageId"):
        assert client.get(f"/inbox?{name}={'long' * 15_000}")["data"] == []

    mail = everything["data"][1]
    assert client.get(f"/inbox/{mail['id']}") == mail
    raw = request("GET", f"{client.control}/inbox/{mail['id']}/raw")
    assert raw.body.startswith(b"DKIM-Signature:")
    assert raw.headers["Content-Disposition"] == f'attachment; filename="{mail["id"]}.eml"'
    assert raw.headers["X-Content-Type-Options"] == "nosniff"

    assert request("DELETE", f"{client.control}/inbox").json == {"deleted": 2}
    assert client.get("/inbox")["data"] == []
    assert request("GET", f"{client.control}/inbox/{mail['id']}").status == 404


def test_a_plus_in_an_address_need_not_be_encoded(client: Client) -> None:
    client.wait_until_settled(client.send("user+starttls@example.com"))

    for address in ("user+starttls@example.com", "user%2Bstarttls@example.com"):
        (mail,) = client.get(f"/inbox/wait?to={address}&timeout=0")["data"]
        assert mail["to"] == "user+starttls@example.com"


def test_waiting_for_mail_that_does_not_come_tells_why(client: Client) -> None:
    client.wait_until_settled(client.send("ann@example.com"))
    client.wait_until_settled(client.send("bob@bounce.test"))

    answer = request("GET", f"{client.control}/inbox/wait?to=bob@bounce.test&timeout=0")

    assert answer.status == 408
    assert "0 of 1 mails with to 'bob@bounce.test' arrived; 1 mails are in the inbox." in answer.json["message"]
    assert "to bob@bounce.test, was refused at RCPT: 550 5.1.1" in answer.json["message"]


def test_waiting_for_several_mails_returns_when_they_are_there(client: Client) -> None:
    for number in range(3):
        client.send("ann@example.com", subject=f"Mail {number}")

    mails = client.get("/inbox/wait?to=ann@example.com&count=3&timeout=10")["data"]

    assert sorted(mail["subject"] for mail in mails) == ["Mail 0", "Mail 1", "Mail 2"]


def test_the_network_is_changed_and_mended_by_domain(client: Client) -> None:
    url = f"{client.control}/network/Shop.Example"
    script = {"script": [{"at": "RCPT", "reply": "550 5.7.1 closed", "times": 1}]}

    assert request("PUT", url, script).json["script"] == script["script"]
    refused = client.wait_until_settled(client.send("user@shop.example"))
    taken = client.wait_until_settled(client.send("other@shop.example"))
    listed = {row["domain"]: row for row in client.get("/network")["data"]}
    assert request("DELETE", url).json == {"deleted": True}

    assert refused == "bounced"
    assert taken == "bounced"  # counted for each client, sender and recipient
    assert listed["shop.example"]["script"] == script["script"]
    assert listed["bounce.test"]["behaviour"] == "bounce"
    assert request("GET", url).status == 404
    assert client.wait_until_settled(client.send("user@shop.example")) == "delivered"


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"behaviour": "nonsense"},
        {"script": "x"},
        {"script": [{"at": "NOON", "reply": "250 ok"}]},
        {"script": [{"at": "RCPT", "reply": "999 no"}]},
        {"script": [{"at": "RCPT", "reply": "550 no\r\n250 yes"}]},
    ],
)
def test_a_bad_behaviour_is_refused_with_what_would_pass(client: Client, body: object) -> None:
    answer = request("PUT", f"{client.control}/network/example.com", body)

    assert answer.status == 400
    assert set(answer.json) == {"error", "message"}


def test_a_domain_is_added_verified_used_and_refused_twice(client: Client) -> None:
    account = client.post("/accounts", {"name": "Shop"})
    domains = f"/accounts/{account['id']}/domains"
    key = client.post(f"/accounts/{account['id']}/keys", {"name": "Shop key", "scope": "send"})
    mail = {**MAIL, "from": "orders@shop.example"}

    added = client.post(domains, {"domain": "Shop.Example"})
    unverified = request("POST", f"{client.api}/send", mail, key["key"])
    verified = client.post(f"{domains}/shop.example/verify")
    again = request("POST", f"{client.control}{domains}", {"domain": "shop.example"})
    sent = request("POST", f"{client.api}/send", mail, key["key"])

    assert (added["domain"], added["status"]) == ("shop.example", "pending")
    assert {record["purpose"]: record["state"] for record in added["records"]} == {
        "ownership": "ok",
        "dkim": "ok",
        "spf": "ok",
        "bounce": "ok",
        "dmarc": "ok",
    }
    assert unverified.status == 422
    assert verified["status"] == "verified"
    assert again.status == 409  # [errors.409]
    assert again.json == {"error": "CONFLICT", "message": "The domain 'shop.example' already exists in this account."}
    assert sent.status == 200
    assert client.wait_for_mail("user@example.com")["auth"]["dmarc"]["result"] == "pass"
    assert (key["scope"], key["name"]) == ("send", "Shop key")


def test_a_domain_whose_records_are_broken_loses_its_verification(sandbox: ServedSandbox, client: Client) -> None:
    account = client.get("/accounts")["data"][0]["id"]

    async def break_dkim() -> None:
        sandbox.network.zones.set("_justemails.yourdomain.com", "TXT", ["je-verify=wrong"])

    async def mend() -> None:
        sandbox.network.zones.remove("_justemails.yourdomain.com")

    sandbox.loop.run(break_dkim())
    broken = client.post(f"/accounts/{account}/domains/yourdomain.com/verify")
    refused = request("POST", f"{client.api}/send", MAIL, client.key)
    sandbox.loop.run(mend())
    mended = client.post(f"/accounts/{account}/domains/yourdomain.com/verify")

    assert broken["status"] == "pending"
    assert broken["records"][0]["state"] == "wrong"
    assert refused.status == 422
    assert mended["status"] == "verified"


def test_events_come_in_order_and_can_be_waited_for(client: Client) -> None:
    before = client.get("/events")["last"]
    message_id = client.send()
    client.wait_until_settled(message_id)

    events = client.get(f"/events?after={before}")["data"]

    assert [event["number"] for event in events] == sorted(event["number"] for event in events)
    told = [event["event"] for event in events if event.get("messageId", message_id) == message_id]
    assert told[:1] == ["request"]
    assert [kind for kind in told if kind != "request"] == ["mail", "attempt", "transition"]
    assert client.get(f"/events?after={10**9}&wait=0")["data"] == []


@pytest.mark.parametrize("path", ["/clock", "/inbox", "/accounts", "/network", "/events", "/ready"])
@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Host": "127.0.0.1"}, {"Origin": "https://evil.example"}, {"Origin": "null"}],
)
def test_other_hosts_and_origins_are_refused(client: Client, path: str, headers: dict[str, str]) -> None:
    answer = request("GET", client.control + path, headers=headers)

    assert answer.status == 403
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_body_must_say_that_it_is_json(client: Client) -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = request("POST", f"{client.control}/clock", {"advance": "1s"}, headers={"Content-Type": content_type})
        assert answer.status == 415, content_type


def test_a_change_without_a_body_needs_no_content_type(client: Client) -> None:
    with urllib.request.urlopen(urllib.request.Request(f"{client.control}/reset", method="POST")) as answer:  # noqa: S310
        assert answer.status == 200


def test_an_account_may_be_made_without_a_name(client: Client) -> None:
    assert client.post("/accounts")["name"] == "Account"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("PUT", "/clock", 405),
        ("GET", "/messages/msg_x/attempts", 404),
        ("GET", "/inbox/mail_x", 404),
        ("GET", "/inbox/mail_" + "9" * 40, 404),
        ("GET", "/inbox?page=0", 400),
        ("GET", "/inbox?page=1&page=2", 400),
        ("GET", "/inbox?colour=red", 400),
        ("GET", "/events?after=-1", 400),
        ("GET", "/inbox/wait?timeout=9999", 400),
        ("GET", "/accounts/acc_x/domains", 404),
        ("DELETE", "/network/example.com", 404),
    ],
)
def test_errors_have_the_apis_own_body(client: Client, method: str, path: str, status: int) -> None:
    answer = request(method, client.control + path)

    assert answer.status == status
    assert set(answer.json) == {"error", "message"}


def test_the_api_is_not_reached_by_another_spelling_of_its_path(client: Client) -> None:
    base = client.api.removesuffix(BASE_PATH)

    assert request("GET", f"{base}/api/v1x/messages").status == 404
    assert request("GET", f"{base}/%61pi/v1/messages").status == 401
    assert request("GET", f"{base}{BASE_PATH}").status == 401
