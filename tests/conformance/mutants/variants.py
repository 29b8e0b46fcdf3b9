"""Servers that are right in another way than the reference: the document is silent there, or leaves both open.

A suite that fails one of them takes the reference's ways for the API's.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import count
from typing import Any
from urllib.parse import parse_qs
from uuid import NAMESPACE_URL, uuid5

from tests.conformance.mutants.exchange import (
    Api,
    Asked,
    Change,
    Ground,
    Json,
    Said,
    answers,
    asked,
    both,
    deep,
    ids,
    items,
    refusal,
    refusals,
    said,
    set_to,
    without,
)
from tests.conformance.mutants.limiters import LIMIT, Bucket, FixedWindow, Limiter, limited
from tests.conformance.mutants.messages import page_of, paged
from tests.conformance.mutants.mutant import CORE, LIMITS, Variant
from tests.conformance.mutants.times import later

_TIMES = ("createdAt", "deliveredAt", "lastUsed")
_DOCUMENTED = {"from", "to", "subject", "html", "text", "replyTo", "headers"}


def _good(operation: str, change: Callable[[Said], Said]) -> Change:
    return said(lambda req, ans: change(ans) if req.operation == operation and ans.good else None)


def _status(operation: str, status: int) -> Change:
    return _good(operation, lambda answer: answer.with_status(status))


def _with_location(answer: Said) -> Said:
    return answer.with_status(201).with_header("Location", f"/api/v1/send/{answer.json['id']}")


def _times(change: Callable[[str], str], *operations: str) -> Change:
    """Write times in another form."""

    def rewrite(value: dict[str, Any]) -> None:
        value |= {name: change(value[name]) for name in _TIMES if isinstance(value.get(name), str)}

    rewriting = deep(rewrite)

    def put(api: Api, ground: Ground) -> Api:
        changed = rewriting(api, ground)
        return lambda request: (changed if not operations or request.operation in operations else api)(request)

    return put


def _with_offset(time: str) -> str:
    return (datetime.fromisoformat(time) + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S+02:00")


def _numbers() -> Change:
    """Give plain numbers, each run from its own beginning."""

    def put(api: Api, ground: Ground) -> Api:
        numbers = count(1)
        return ids(lambda _: str(next(numbers)), r"\d+", 400)(api, ground)

    return put


def _others_are_403(api: Api, ground: Ground) -> Api:
    """Say 403 of what belongs to another account: what the other one's key would find."""

    def around(request: Asked) -> Said:
        answer = api(request)
        if answer.status != 404 or request.operation not in {"status", "keys.revoke"}:
            return answer
        theirs = mine if request.key != ground.key else others
        return refusal(403, "FORBIDDEN", "It belongs to another account.") if request.id in theirs else answer

    mine: set[str] = set()
    others: set[str] = set()

    def remembering(request: Asked) -> Said:
        answer = around(request)
        if answer.good and request.operation in {"send", "keys.create"}:
            (others if request.key == ground.other_key else mine).add(answer.json["id"])
        if answer.good and request.operation == "keys.list":
            is_other = request.key == ground.other_key
            (others if is_other else mine).update(item["id"] for item in answer.json["data"])
        return answer

    return remembering


def _lagging_list(lag_s: float) -> Change:
    """Show a message in the list some time after it was sent."""

    def put(api: Api, ground: Ground) -> Api:
        sent: dict[str, float] = {}

        def around(request: Asked) -> Said:
            answer = api(request)
            if request.operation == "send" and answer.good:
                sent[answer.json["id"]] = ground.now_s()
            if request.operation == "messages" and answer.good:
                body = answer.json
                old = [item for item in body["data"] if sent.get(item["id"], -lag_s) + lag_s <= ground.now_s()]
                body["pagination"]["total"] -= len(body["data"]) - len(old)
                return answer.saying({**body, "data": old})
            return answer

        return around

    return put


def _lagging_revocation(lag_s: float) -> Change:
    """Let a revoked key work on for some seconds."""

    def put(api: Api, ground: Ground) -> Api:
        ids: dict[str, str] = {}
        ends: dict[str, float] = {}

        def around(request: Asked) -> Said:
            if request.operation == "keys.revoke" and request.id in ids and ids[request.id] not in ends:
                seen = api(request.with_id("key_0"))
                if seen.status != 404 or request.key == ground.other_key:
                    return seen
                ends[ids[request.id]] = ground.now_s() + lag_s
                return Said(200).saying({"deleted": True})
            if ends.get(request.key, float("inf")) <= ground.now_s():
                return refusal(401, "UNAUTHORIZED", "This API key is not known.")
            answer = api(request)
            if request.operation == "keys.create" and answer.good:
                ids[answer.json["id"]] = answer.json["key"]
            return answer

        return around

    return put


def _lagging_use(lag_s: float) -> Change:
    """Write lastUsed some time after the use."""

    def put(api: Api, ground: Ground) -> Api:
        seen: dict[str, float] = {}

        def around(request: Asked) -> Said:
            answer = api(request)
            if request.operation == "keys.list" and answer.good:
                body = answer.json
                for item in body["data"]:
                    if item["lastUsed"] and ground.now_s() < seen.setdefault(item["id"], ground.now_s()) + lag_s:
                        item["lastUsed"] = None
                return answer.saying(body)
            return answer

        return around

    return put


def _own_word(word: str, *operations: str, of: str = "queued") -> Change:
    """Say something else than ``queued`` on the way, or than another word."""

    def put(api: Api, ground: Ground) -> Api:
        def rename(value: dict[str, Any]) -> None:
            if value.get("status") == of:
                value["status"] = word

        changed = deep(rename)(api, ground)
        return lambda request: (changed if not operations or request.operation in operations else api)(request)

    return put


def _opened_after(looks: int) -> Change:
    """Have a mail that was delivered be opened when it has been looked at so often."""

    def put(api: Api, ground: Ground) -> Api:
        opened = _own_word("opened", of="delivered")(api, ground)
        seen: Counter[str] = Counter()

        def around(request: Asked) -> Said:
            if request.operation == "status":
                seen[request.id] += 1
            return (opened if max(seen.values(), default=0) > looks else api)(request)

        return around

    return put


def _ends(word: str, after_looks: int) -> Change:
    """Have every message end with this word when it is looked at so often; until then it is queued."""

    def put(api: Api, _: Ground) -> Api:
        looks: Counter[str] = Counter()

        def settle(item: dict[str, Any]) -> None:
            done = looks[item["id"]] >= after_looks
            delivered = item["createdAt"] if word == "delivered" and done else None
            item |= {"status": word if done else "queued", "deliveredAt": delivered}

        def around(request: Asked) -> Said:
            answer = api(request)
            body = answer.json
            if answer.good and request.operation == "status":
                looks[request.id] += 1
                settle(body)
                return answer.saying(body)
            if answer.good and request.operation == "messages":
                for item in body["data"]:
                    settle(item)
                return answer.saying(body)
            return answer

        return around

    return put


def _without_null_times(value: dict[str, Any]) -> None:
    for name in _TIMES:
        if name in value and value[name] is None:
            del value[name]


def _more_members(value: dict[str, Any]) -> None:
    value |= {"object": "thing", "_links": {}, "tags": [], "data_version": 3, "metadata": None}


def _known_members(request: Asked, _: Ground) -> Asked | None:
    """Ignore what is not documented."""
    body = request.json
    if request.operation == "send" and isinstance(body, dict):
        return request.saying({name: value for name, value in body.items() if name in _DOCUMENTED})
    return None


def _nulls_left_out(request: Asked, _: Ground) -> Asked | None:
    body = request.json
    if request.operation == "send" and isinstance(body, dict):
        return request.saying({name: value for name, value in body.items() if value is not None})
    return None


def _subject_left_out(request: Asked, _: Ground) -> Asked | None:
    body = request.json
    if request.operation == "send" and isinstance(body, dict):
        return request.saying({"subject": "", **body})
    return None


def _revoked_again(api: Api, _: Ground) -> Api:
    """Say of a key that is revoked already what was said the first time."""
    gone: dict[str, Said] = {}

    def around(request: Asked) -> Said:
        answer = api(request)
        if request.operation == "keys.revoke":
            if answer.good:
                gone[request.id] = answer
            elif answer.status == 404 and request.id in gone:
                return gone[request.id]
        return answer

    return around


def _revoked_listed(api: Api, ground: Ground) -> Api:
    """Keep revoked keys in the list of their account, with a mark."""
    made: dict[bool, dict[str, Json]] = {True: {}, False: {}}

    def around(request: Asked) -> Said:
        answer = api(request)
        body, there = answer.json, made[request.key == ground.other_key]
        if answer.good and request.operation == "keys.create":
            there[body["id"]] = {"id": body["id"], "name": body["name"], "lastUsed": body["createdAt"], "revoked": True}
        if answer.good and request.operation == "keys.list":
            alive = {item["id"] for item in body["data"]}
            return answer.saying({"data": [*body["data"], *(there[id_] for id_ in there if id_ not in alive)]})
        return answer

    return around


def _routes_first(request: Asked, _: Ground) -> Said | None:
    """Look for the path before the key."""
    return refusal(404, "NOT_FOUND", "There is nothing here.") if request.operation == "" else None


def _body_first(api: Api, ground: Ground) -> Api:
    """Look at the body before the key: 400 where both are wrong."""

    def around(request: Asked) -> Said:
        answer = api(request)
        if answer.status == 401 and request.operation in {"send", "keys.create"}:
            tried = request.json
            if not isinstance(tried, dict):
                return refusal(400, message="The body must be a JSON object.")
        return answer

    return around


def _names_taken(api: Api, _: Ground) -> Api:
    """Let each name be given to one key alone."""
    names: dict[str, str] = {}

    def around(request: Asked) -> Said:
        body = request.json if request.operation == "keys.create" else None
        name = body.get("name") if isinstance(body, dict) else None
        if isinstance(name, str) and name in names and names[name] == request.authorization:
            return refusal(409, "CONFLICT", "There is a key of this name.")
        answer = api(request)
        if answer.good and isinstance(name, str):
            names[name] = request.authorization or ""
        return answer

    return around


def _other_secrets(api: Api, _: Ground) -> Api:
    """Give secrets of another length and alphabet."""
    inner: dict[str, str] = {}

    def around(request: Asked) -> Said:
        answer = api(request.with_key(inner[request.key]) if request.key in inner else request)
        if answer.good and request.operation == "keys.create":
            body = answer.json
            shown = f"je_live_{'a-._~' * 30}{body['key'][-6:]}=="
            inner[shown] = body["key"]
            return answer.saying({**body, "key": shown})
        return answer

    return around


def _pages_by_another_name(request: Asked, _: Ground) -> Asked | None:
    """Know ``offset`` in the place of ``page``, and ignore what is not known."""
    if request.operation != "messages":
        return None
    offset = parse_qs(request.path.partition("?")[2]).get("offset", ["0"])[0]
    return replace(request, path=f"/messages?page={int(offset) // 3 + 1}" if offset.isdecimal() else "/messages")


def _masked(item: dict[str, Any]) -> None:
    item |= {"key": "je_live_****", "hint": "je_live_ab", "scopes": ["full"], "createdAt": "2026-04-06T12:00:00Z"}


def _rate_headers(_: Asked, answer: Said) -> Said:
    more = {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "99", "X-RateLimit-Reset": "60", "X-Request-Id": "1"}
    return replace(answer, headers={**answer.headers, **more})


def _quiet_headers(_: Asked, answer: Said) -> Said:
    return replace(answer, headers={name.lower(): value for name, value in answer.headers.items()})


def _unsupported(request: Asked, _: Ground) -> Said | None:
    is_plain = "json" not in request.headers.get("content-type", "")
    return refusal(415, "UNSUPPORTED", "Only JSON is read.") if request.method == "POST" and is_plain else None


def _any_type(request: Asked, _: Ground) -> Asked:
    return replace(request, headers={**request.headers, "content-type": "application/json"})


def _own_words(answer: Said) -> Said:
    body = {"error": f"e{answer.status}", "message": "Das geht so nicht.", "details": [], "requestId": "r1"}
    return answer.saying(body)


def _domains_in_lower_case(value: dict[str, Any]) -> None:
    """A domain is the same in either case; what stands before the @ need not be (RFC 5321 2.4)."""
    for name in ("from", "to"):
        if isinstance(value.get(name), str):
            local, at, domain = value[name].rpartition("@")
            value[name] = local + at + domain.lower()


def _backwards(answer: Said) -> Said:
    body = answer.json
    return answer.saying({name: body[name] for name in reversed(body)}) if isinstance(body, dict) else answer


def _pretty(_: Asked, answer: Said) -> Said:
    pretty = answer.body.decode().replace("{", "\r\n {\t").replace(":", ": ") if answer.body[:1] in b"[{" else ""
    is_safe = pretty and Said(200, pretty.encode()).json == answer.json
    return replace(answer, body=pretty.encode()) if is_safe else answer


def _oldest_first(data: list[Json], page: int, size: int) -> tuple[list[Json], int]:
    return page_of(data[::-1], page, size)


def _no_parameters(request: Asked, _: Ground) -> Asked | Said | None:
    """Know no parameter of the list at all, and ignore what is given."""
    return replace(request, path="/messages") if request.operation == "messages" else None


def _bare_lists(item: dict[str, Any]) -> None:
    for name in [*item]:
        if name not in {"id", "status"}:
            del item[name]


class _AsDate(Limiter):
    def refusal(self, wait_s: float) -> Said:
        now = datetime(2026, 4, 6, 12, tzinfo=UTC)
        until = format_datetime(now + timedelta(seconds=wait_s + 1), usegmt=True)
        return super().refusal(wait_s).with_header("Retry-After", until).with_header("Date", format_datetime(now, True))


class _ALittleMore(Limiter):
    def limit(self, tier: str) -> float:
        return LIMIT[tier] * 1.5 // 1


class _AWholeMinute(Limiter):
    """Says a minute whatever is left of it."""

    def refusal(self, wait_s: float) -> Said:
        return super().refusal(60.0)


class _PunishesAsking(Limiter):
    """Counts what is refused too: who goes on asking does not get through, who waits does."""

    def wait_s(self, key: str, tier: str) -> float | None:
        wait_s = super().wait_s(key, tier)
        if wait_s is not None:
            log = self.log[self.owner(key, tier)]
            log.popleft()
            log.append(self.now_s())
            return 60.0
        return None


class _ListsKeysAsReads(Limiter):
    def tier(self, asked: Asked) -> str | None:
        return "read" if asked.operation == "keys.list" else super().tier(asked)


class _EachByItself(Limiter):
    """A counter for each operation."""

    def wait_s(self, key: str, tier: str) -> float | None:
        return super().wait_s(f"{key} {self.operation}", tier)

    def tier(self, asked: Asked) -> str | None:
        self.operation = asked.operation
        return super().tier(asked)


def _only_good_ones_count(api: Api, ground: Ground) -> Api:
    limiter = Limiter(ground.now_s)
    around = limited(lambda now_s: limiter)(api, ground)

    def forgiving(request: Asked) -> Said:
        answer = around(request)
        if not answer.good and answer.status != 429:
            limiter.log[limiter.owner(request.key, limiter.tier(request) or "")].pop()
        return answer

    return forgiving


_ALL_422 = refusals(lambda answer: answer.with_status(422), 400)
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"

VARIANTS = [
    Variant("nothing is different", lambda api, _: api),
    Variant("202 for a send, 201 for a key", both(_status("send", 202), _status("keys.create", 201))),
    Variant("201 and Location for a send", _good("send", _with_location)),
    Variant("422 for all bad input", _ALL_422),
    Variant("403 for what is others'", _others_are_403),
    Variant("UUIDs for ids, and 400 for what is none", ids(lambda id_: str(uuid5(NAMESPACE_URL, id_)), _UUID, 400)),
    Variant("plain numbers for ids", _numbers()),
    Variant("long ids", ids(lambda id_: f"msg_{id_}-._~{'x' * 150}", ".*", 404)),
    Variant("times with an offset", _times(_with_offset)),
    Variant("microseconds in the answer to a send alone", _times(lambda time: time[:-1] + ".654321Z", "send")),
    Variant("milliseconds everywhere, and a small z", _times(lambda time: time[:-1].lower() + ".000z")),
    Variant("fractions in the answer to a status alone", _times(lambda time: time[:-1] + ".000+00:00", "status")),
    Variant("times that are not there are left out", deep(_without_null_times)),
    Variant("further members everywhere", deep(_more_members)),
    Variant("the list lags a second", _lagging_list(1.0)),
    Variant("a revocation lags two seconds", _lagging_revocation(2.0)),
    Variant("lastUsed lags five seconds", _lagging_use(5.0)),
    Variant("header names in lower case", said(_quiet_headers), CORE, over_http=True),
    Variant(
        "a charset in the content type",
        said(lambda _, ans: ans.with_header("Content-Type", "application/json; charset=utf-8")),
    ),
    Variant(
        "every connection is closed", said(lambda _, ans: ans.with_header("Connection", "close")), CORE, over_http=True
    ),
    Variant("answers in pieces", said(lambda _, ans: replace(ans, chunked=True)), CORE, over_http=True),
    Variant(
        "delivered before the answer to the send", both(_ends("delivered", 0), answers("send", set_to(status="queued")))
    ),
    Variant("delivered at the third look", _ends("delivered", 3)),
    Variant("never delivered", _ends("delivered", 10**6)),
    Variant("bounced at the second look", _ends("bounced", 2)),
    Variant("a status word of its own on the way", _own_word("sending", "status", "messages")),
    Variant("a status word of its own after the delivery", _own_word("opened", of="delivered")),
    Variant("opened at a later look than delivered", _opened_after(3)),
    Variant("a send is answered with accepted", _own_word("accepted", "send")),
    Variant("unknown members are ignored", asked(_known_members)),
    Variant("null is as if it were left out", asked(_nulls_left_out)),
    Variant("a subject may be left out", asked(_subject_left_out)),
    Variant("a second revocation is 200", _revoked_again),
    Variant("revoked keys stay in the list", _revoked_listed),
    Variant("the path before the key", asked(_routes_first)),
    Variant("the body before the key", _body_first),
    Variant("a name for one key alone", _names_taken),
    Variant("ten messages a page", paged(10, page_of)),
    Variant("three messages a page", paged(3, page_of)),
    Variant(
        "three messages a page, and a parameter of its own", both(paged(3, page_of), asked(_pages_by_another_name))
    ),
    Variant("secrets of another alphabet", _other_secrets),
    Variant("oldest first, and parameters are ignored", both(asked(_no_parameters), paged(50, _oldest_first))),
    Variant("items are an id and a status", items("messages", _bare_lists)),
    Variant("keys are listed with masked secrets", items("keys.list", _masked)),
    Variant(
        "lastUsed is when the key was made",
        items("keys.list", lambda item: item.update(lastUsed=item["lastUsed"] or "2026-04-06T11:50:00Z")),
    ),
    Variant("keys are listed without lastUsed", items("keys.list", without("lastUsed"))),
    Variant("headers that tell the limit", said(_rate_headers)),
    Variant("415 for what is not announced as JSON", asked(_unsupported)),
    Variant("JSON is read whatever the type", asked(_any_type)),
    Variant("words of its own for errors, and more of them", refusals(_own_words)),
    Variant("domains in lower case", deep(_domains_in_lower_case)),
    Variant("members in another order", said(lambda _, ans: _backwards(ans))),
    Variant("blanks in the JSON", said(_pretty)),
    Variant(
        "a minute between making and delivering",
        answers("status", lambda body: body.update(deliveredAt=body["deliveredAt"] and later(body["createdAt"], 60))),
    ),
    *(
        Variant(name, limited(kind), LIMITS)
        for name, kind in (
            ("a sliding log", Limiter),
            ("windows of the wall's minutes", FixedWindow),
            ("a bucket of tokens", Bucket),
            ("Retry-After is a date", _AsDate),
            ("half as much again passes", _ALittleMore),
            ("Retry-After is always a minute", _AWholeMinute),
            ("what is refused counts too", _PunishesAsking),
            ("listing keys is a read", _ListsKeysAsReads),
            ("each operation has a counter", _EachByItself),
        )
    ),
    Variant("what is refused otherwise does not count", _only_good_ones_count, LIMITS),
]
