"""Servers whose list of messages is not the list of the messages that were sent."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

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
    items,
    refusal,
    renamed,
    replies,
    said,
    set_to,
    without,
)
from tests.conformance.mutants.mutant import Need, must, should


def _pages(act: Callable[[dict[str, Any]], object]) -> Change:
    return answers("messages", lambda body: act(body["pagination"]))


def _list(act: Callable[[list[Json]], object]) -> Change:
    return answers("messages", lambda body: act(body["data"]))


def _renumber(data: list[Json]) -> None:
    for number, item in enumerate(data):
        item["id"] = f"msg_{number}"


def paged(per_page: int, of: Callable[[list[Json], int, int], tuple[list[Json], int]]) -> Change:
    """Serve the list in small pages of its own, by ``page`` and ``perPage``.

    Args:
        of: returns the items of a page, by its number and size, and the total.
    """

    def put(api: Api, _: Ground) -> Api:
        def around(request: Asked) -> Said:
            if request.operation != "messages":
                return api(request)
            path, _, query = request.path.partition("?")
            asked_for = parse_qs(query)
            try:
                page = int(asked_for.pop("page", ["1"])[0])
                size = int(asked_for.pop("perPage", [str(per_page)])[0])
            except ValueError:
                return api(request)
            if asked_for or not 0 < page < 1000 or not 0 < size <= 100:
                return api(request)
            answer = api(Asked("GET", f"{path}?perPage=100", request.headers))
            if not answer.good:
                return answer
            data, total = of(answer.json["data"], page, size)
            pagination = {"page": page, "perPage": size, "total": total}
            return answer.saying({"data": data, "pagination": pagination})

        return around

    return put


def page_of(data: list[Json], page: int, size: int) -> tuple[list[Json], int]:
    """Return the page that was asked for."""
    return data[(page - 1) * size : page * size], len(data)


def _total_of_the_page(data: list[Json], page: int, size: int) -> tuple[list[Json], int]:
    shown, _ = page_of(data, page, size)
    return shown, len(shown)


def _skips_one(data: list[Json], page: int, size: int) -> tuple[list[Json], int]:
    first = (page - 1) * size + (page > 1)
    return data[first : first + size], len(data)


def _repeats_one(data: list[Json], page: int, size: int) -> tuple[list[Json], int]:
    first = (page - 1) * size - (page > 1)
    return data[first : first + size], len(data)


def _first_page_always(data: list[Json], _: int, size: int) -> tuple[list[Json], int]:
    return data[:size], len(data)


def _overfull(data: list[Json], page: int, size: int) -> tuple[list[Json], int]:
    return data[(page - 1) * size : page * size + 3], len(data)


def _others_list(request: Asked, ground: Ground) -> Asked | None:
    is_other = request.key == ground.other_key and ground.other_key != ""
    return request.with_key(ground.key) if is_other and request.operation == "messages" else None


def _as_it_was(api: Api, _: Ground) -> Api:
    """Answer for ever what was answered first."""
    first: dict[str, Said] = {}

    def around(request: Asked) -> Said:
        if request.operation != "messages":
            return api(request)
        return first.setdefault(f"{request.key} {request.path}", api(request))

    return around


def _delivered_by_now(api: Api, _: Ground) -> Api:
    """Tell of each message that it is delivered when it is asked for by its id, and of no other one."""

    def around(request: Asked) -> Said:
        answer = api(request)
        if answer.good and request.operation == "status":
            body = answer.json
            return answer.saying({**body, "status": "delivered", "deliveredAt": body["createdAt"]})
        if answer.good and request.operation == "messages":
            body = answer.json
            for item in body["data"]:
                item |= {"status": "queued", "deliveredAt": None}
            return answer.saying(body)
        return answer

    return around


def _not_a_number(request: Asked, answer: Said) -> Said | None:
    if request.operation != "messages" or not answer.good:
        return None
    body = answer.json
    body["pagination"]["total"] = float("nan")
    return answer.saying(body)


def _any_query_is_a_fault(request: Asked, _: Ground) -> Said | None:
    return refusal(500, "INTERNAL_ERROR") if request.operation == "messages" and "?" in request.path else None


def _needs_a_filter(request: Asked, _: Ground) -> Said | None:
    if request.operation != "messages" or "?" in request.path:
        return None
    return refusal(400, message="The 'status' parameter is required.")


MESSAGES = [
    must(
        "the list is a bare array",
        "messages.response base.json.response",
        replies("messages", lambda body: body["data"]),
    ),
    must("the list has no data", "messages.data", answers("messages", without("data"))),
    must(
        "the list's data is an object",
        "messages.data",
        answers("messages", lambda body: body.update(data={item["id"]: item for item in body["data"]})),
    ),
    must(
        "the list's data is called messages",
        "messages.data messages.response",
        answers("messages", renamed("data", "messages")),
    ),
    must("the list is empty", "messages.purpose", _list(list.clear)),
    must("the data of the list is null", "messages.data", answers("messages", set_to(data=None))),
    must("the newest message is not in the list", "messages.purpose", _list(lambda data: data and data.pop(0))),
    must("the list is as it was at first", "messages.purpose messages.pagination.total", _as_it_was),
    must(
        "the list has each message twice",
        "messages.data messages.purpose messages.pagination.total",
        _list(lambda data: data.extend(data[:])),
    ),
    must("the list needs a filter", "messages.filters messages.purpose", asked(_needs_a_filter)),
    must(
        "the list is of ids alone",
        "messages.data messages.data.id",
        answers("messages", lambda body: body.update(data=[item["id"] for item in body["data"]])),
    ),
    must("items have no id", "messages.data.id", items("messages", without("id"))),
    must("items are numbered anew", "messages.data.id messages.purpose", _list(_renumber)),
    must("an item's id is called messageId", "messages.data.id", items("messages", renamed("id", "messageId"))),
    must("items have no status", "messages.data.status", items("messages", without("status"))),
    must("an item's status is null", "messages.data.status", items("messages", set_to(status=None))),
    must("an item's status is a number", "messages.data.status", items("messages", set_to(status=3))),
    must("the list calls everything queued", "messages.data.status", _delivered_by_now),
    should(
        "items have an id and a status alone",
        "messages.data.more",
        items("messages", lambda item: [item.pop(name) for name in [*item] if name not in {"id", "status"}]),
    ),
    must(
        "others' messages are listed",
        "messages.account",
        asked(_others_list),
        Need.OTHER_KEY,
    ),
    must("the list has no pagination", "messages.pagination", answers("messages", without("pagination"))),
    must(
        "pagination stands beside data",
        "messages.pagination",
        answers("messages", lambda body: body.update(body.pop("pagination"))),
    ),
    must("pages have no number", "messages.pagination.page", _pages(without("page"))),
    must("a page's number is a text", "messages.pagination.page", _pages(set_to(page="1"))),
    must("a page's number is null", "messages.pagination.page", _pages(set_to(page=None))),
    must("pages have no perPage", "messages.pagination.perPage", _pages(without("perPage"))),
    must("perPage is called per_page", "messages.pagination.perPage", _pages(renamed("perPage", "per_page"))),
    must("perPage is a text", "messages.pagination.perPage", _pages(set_to(perPage="50"))),
    must("perPage is nothing", "messages.pagination.perPage", _pages(set_to(perPage=0))),
    must("a page has more than perPage", "messages.pagination.perPage", paged(3, _overfull)),
    must("pages have no total", "messages.pagination.total", _pages(without("total"))),
    must("the total is a text", "messages.pagination.total", _pages(lambda p: p.update(total=str(p["total"])))),
    must("the total is nothing", "messages.pagination.total", _pages(set_to(total=0))),
    must("the total is one too many", "messages.pagination.total", _pages(lambda p: p.update(total=p["total"] + 1))),
    must("the total never changes", "messages.pagination.total", _pages(set_to(total=312))),
    must(
        "the total is below what the page has",
        "messages.pagination.total",
        _pages(lambda p: p.update(total=p["total"] - 1)),
    ),
    must("the total is the page's", "messages.pagination.total", paged(3, _total_of_the_page)),
    must("the total is no number that JSON knows", "base.json.response messages.pagination.total", said(_not_a_number)),
    must(
        "the second page leaves a message out",
        "messages.purpose messages.pagination.page messages.pagination.total messages.pagination.next",
        paged(3, _skips_one),
    ),
    must(
        "the second page repeats a message",
        "messages.data messages.purpose messages.pagination.page messages.pagination.total messages.pagination.next",
        paged(3, _repeats_one),
    ),
    must(
        "every page is the first",
        "messages.purpose messages.pagination.page messages.pagination.total messages.pagination.next",
        paged(3, _first_page_always),
    ),
    must("a query is a fault", "errors.500", asked(_any_query_is_a_fault)),
    must(
        "the list does not name the page and its size",
        "messages.pagination.page messages.pagination.perPage",
        both(_pages(without("page")), _pages(without("perPage"))),
    ),
]
