"""The six operations: exactly the members that the document shows."""

from tests.api.harness import MAIL, Api

from justemails.api.keys import is_well_formed
from justemails_contract.operations import Scope

NOW = "2026-04-06T12:00:00Z"


def test_send_answers_id_status_from_to_and_created_at(api: Api) -> None:
    answer = api.call("POST", "/send", MAIL)

    # [send.response]
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json == {
        "id": answer.json["id"],
        "status": "queued",
        "from": "hello@yourdomain.com",
        "to": "user@example.com",
        "createdAt": NOW,
    }
    assert list(answer.json) == ["id", "status", "from", "to", "createdAt"]
    assert answer.json["id"].startswith("msg_")


def test_send_takes_every_member_that_the_document_shows(api: Api) -> None:
    answer = api.send(
        text="Hello — Thanks for signing up.",
        html="<h1>Hello</h1><p>Thanks for signing up.</p>",
        replyTo="support@yourdomain.com",
        headers={"X-My-Tag": "onboarding"},
    )

    assert answer.status == 200


def test_the_answer_echoes_from_as_it_was_sent(api: Api) -> None:
    sent = '"Doe, Jané" <Hello@YourDomain.com>'

    answer = api.call("POST", "/send", {**MAIL, "from": sent})

    assert answer.status == 200
    assert answer.json["from"] == sent


def test_status_shows_a_queued_message_with_no_delivered_at(api: Api) -> None:
    message_id = api.send().json["id"]

    answer = api.call("GET", f"/send/{message_id}")

    # [status.response]
    assert answer.status == 200
    assert answer.json == {
        "id": message_id,
        "status": "queued",
        "from": "hello@yourdomain.com",
        "to": "user@example.com",
        "subject": "Welcome!",
        "createdAt": NOW,
        "deliveredAt": None,
    }


def test_messages_lists_the_newest_first_in_pages_of_fifty(api: Api) -> None:
    ids = [api.send(subject=f"Mail {number}").json["id"] for number in range(52)]

    first = api.call("GET", "/messages").json
    second = api.call("GET", "/messages?page=2").json

    # [messages.response] [messages.pagination.perPage]
    assert first["pagination"] == {"page": 1, "perPage": 50, "total": 52}
    assert [item["id"] for item in first["data"] + second["data"]] == ids[::-1]
    assert first["data"][0] == api.call("GET", f"/send/{ids[-1]}").json


def test_messages_is_narrowed_by_each_filter(api: Api) -> None:
    wanted = api.send(to="Only@Example.org", subject="100% of_it").json["id"]
    api.pass_time(1)
    api.send()

    for query in (
        "to=Only@EXAMPLE.org",
        "subject=%25+OF_",
        "createdBefore=2026-04-06T12:00:01Z",
        "status=queued&from=hello@yourdomain.com&createdAfter=2026-04-06T14:00:00%2B02:00&to=Only@example.org",
    ):
        page = api.call("GET", f"/messages?{query}").json
        assert [item["id"] for item in page["data"]] == [wanted], query
        assert page["pagination"]["total"] == 1


def test_a_page_past_the_end_is_empty_and_keeps_the_total(api: Api) -> None:
    api.send()

    assert api.call("GET", "/messages?page=999999999").json == {
        "data": [],
        "pagination": {"page": 999999999, "perPage": 50, "total": 1},
    }


def test_a_new_key_is_shown_once_and_works(api: Api) -> None:
    answer = api.call("POST", "/api-keys", {"name": "Production backend"})

    # [keys.create.response]
    assert answer.status == 200
    assert list(answer.json) == ["id", "name", "key", "createdAt"]
    assert answer.json["id"].startswith("key_")
    assert answer.json["name"] == "Production backend"
    assert is_well_formed(answer.json["key"])
    assert answer.json["createdAt"] == NOW
    assert api.call("GET", "/messages", key=answer.json["key"]).status == 200
    assert answer.json["key"].encode() not in api.call("GET", "/api-keys").body


def test_the_key_list_shows_id_name_and_last_use(api: Api) -> None:
    made = api.call("POST", "/api-keys", {"name": "Production backend"}).json

    unused = by_id(api)[made["id"]]
    api.pass_time(5)
    api.call("GET", "/messages", key=made["key"])
    used = by_id(api)[made["id"]]

    # [keys.list.response]
    assert unused == {"id": made["id"], "name": "Production backend", "lastUsed": None}
    assert used == {"id": made["id"], "name": "Production backend", "lastUsed": "2026-04-06T12:00:05Z"}


def by_id(api: Api) -> dict[str, object]:
    return {key["id"]: key for key in api.call("GET", "/api-keys").json["data"]}


def test_a_revoked_key_is_gone_for_good(api: Api) -> None:
    made = api.call("POST", "/api-keys", {"name": "Old"}).json

    revoked = api.call("DELETE", f"/api-keys/{made['id']}")

    # [keys.revoke.response] [keys.revoke.irreversible]
    assert (revoked.status, revoked.json) == (200, {"deleted": True})
    assert api.call("GET", "/messages", key=made["key"]).status == 401
    assert api.call("DELETE", f"/api-keys/{made['id']}").status == 404
    assert made["id"] not in [key["id"] for key in api.call("GET", "/api-keys").json["data"]]


def test_a_key_may_revoke_itself(api: Api) -> None:
    ((key_id),) = [key["id"] for key in api.call("GET", "/api-keys").json["data"]]

    assert api.call("DELETE", f"/api-keys/{key_id}").json == {"deleted": True}
    assert api.call("GET", "/api-keys").status == 401


def test_accounts_never_see_each_other(api: Api) -> None:
    other = api.add_key(api.add_account("other.example"))
    message_id = api.send().json["id"]
    own_key_id = api.call("GET", "/api-keys").json["data"][0]["id"]

    assert api.call("GET", "/messages", key=other).json["pagination"]["total"] == 0
    assert api.call("GET", f"/send/{message_id}", key=other).status == 404
    assert api.call("DELETE", f"/api-keys/{own_key_id}", key=other).status == 404
    assert api.call("GET", "/messages").status == 200


def test_each_scope_opens_its_own_operations_and_no_other(api: Api) -> None:
    message_id = api.send().json["id"]
    calls = {
        "send": ("POST", "/send", MAIL),
        "status": ("GET", f"/send/{message_id}", None),
        "messages": ("GET", "/messages", None),
        "create": ("POST", "/api-keys", {"name": "x"}),
        "list": ("GET", "/api-keys", None),
        "revoke": ("DELETE", "/api-keys/key_unknown", None),
    }
    allowed = {Scope.FULL: set(calls), Scope.SEND: {"send"}, Scope.READ: {"status", "messages"}}

    for scope, names in allowed.items():
        key = api.add_key(scope=scope)
        answers = {name: api.call(*call, key=key).status for name, call in calls.items()}
        assert {name for name, status in answers.items() if status != 403} == names, scope
