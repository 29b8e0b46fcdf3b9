"""GET /messages: the list and its pages."""

from collections.abc import Mapping
from urllib.parse import urlencode

from justemails_conformance.checks import Look, binder
from justemails_conformance.core.shared import a_status, a_text
from justemails_conformance.evidence import (
    BreachError,
    SkippedError,
    given,
    is_integer,
    items_of,
    member,
    object_of,
    response_of,
    right,
    shown,
    succeeded,
)
from justemails_conformance.run import REFUSED, SMALL_PAGE, Run, total_of
from justemails_conformance.transport import Exchange

CHECKS: dict[str, Look[Run]] = {}

check = binder(CHECKS)

LISTED = ("data", "pagination")  # [messages.response]

_STRANGERS = 3


@check("messages.purpose")
def messages_purpose(run: Run) -> None:
    succeeded(run.listed)
    if not run.sent:
        raise SkippedError("needs send.response.id")
    for message_id in run.sent:
        if run.find(message_id) is None:
            raise BreachError(
                f"the message {shown(message_id)} in the list within five seconds", "it is not there", run.listed
            )
    _has_nothing_that_was_refused(run)


def _has_nothing_that_was_refused(run: Run) -> None:
    """A message that was refused was not sent. Items without a subject are looked at one by one, but not many."""
    strangers = []
    for item in _given_items(run.listed, "messages.data"):
        if item.get("id") not in run.known_ids and run.refused_subject in str(item.get("subject")):
            raise BreachError("sent messages alone", f"one that was refused: {shown(item)}", run.listed)
        if "subject" not in item and item.get("id") not in run.known_ids:
            strangers.append(str(item.get("id")))
    for message_id in strangers[:_STRANGERS]:
        exchange = run.client.status(message_id)
        if exchange.succeeded and run.refused_subject in str(object_of(exchange).get("subject")):
            raise BreachError("sent messages alone", f"one that was {REFUSED.lower()}", exchange)
    if _grown(run) > len(run.sent) + run.wrongly_taken:
        _does_not_grow_by_what_is_refused(run)


def _does_not_grow_by_what_is_refused(run: Run) -> None:
    """Somebody else may use the account, and again; but not by as much as is refused, twice."""
    for _ in range(2):
        before = total_of(run.client.messages())
        refusals = [run.send_badly(to=None), run.send_badly(**{"from": run.unverified})]
        after = run.client.messages()
        grown = total_of(after) - before
        if grown == 0 or any(one.succeeded for one in refusals):
            return
    raise BreachError("a list that refused messages are not in", f"a total that grows by {grown} with 2 of them", after)


def _grown(run: Run) -> int:
    return total_of(run.listed) - total_of(run.before)


@check("messages.response")
def messages_response(run: Run) -> None:
    response_of(given(run.listed, "base.relative"), LISTED)


@check("messages.data")
def messages_data(run: Run) -> None:
    items_of(given(run.listed, "base.relative", "messages.response", LISTED))


@check("messages.data.id")
def messages_data_id(run: Run) -> None:
    seen: set[object] = set()
    for item in _given_items(run.listed, "messages.data"):
        message_id = right(run.listed, item, *a_text("id"))
        if message_id in seen:
            raise BreachError("one item for each message", f"{shown(message_id)} twice", run.listed)
        seen.add(message_id)


@check("messages.data.status")
def messages_data_status(run: Run) -> None:
    """In the list and by itself a message has one status, once it is delivered and within five seconds."""
    for item in _given_items(run.listed, "messages.data"):
        right(run.listed, item, *a_status())
    message_id = run.id_of(run.full, "send.response.id")
    if object_of(given(run.delivered, "status.purpose", "status.response")).get("status") != "delivered":
        return  # it may change between two looks
    if run.find(message_id, lambda item: item.get("status") == "delivered") is None:
        told = (run.find_once(message_id) or {}).get("status")
        if told is not None:
            raise BreachError('status: "delivered", as GET /send/:id tells it', shown(told), run.listed)


@check("messages.data.more")
def messages_data_more(run: Run) -> None:
    for item in _given_items(run.listed, "messages.data"):
        missing = [name for name in ("from", "to", "subject", "createdAt") if name not in item]
        if missing:
            raise BreachError("items with from, to, subject and createdAt", f"no {missing[0]}", run.listed, warns=True)


@check("messages.filters")
def messages_filters(run: Run) -> None:
    """Those that a target file declares (CHOICE-17): what they leave fits, and what fits they leave."""
    if not run.declared.filters:
        raise SkippedError("needs the names of the server's filters (a target file)")
    message_id = run.id_of(run.full, "send.response.id")
    now = object_of(given(run.delivered, "status.purpose", "status.response"))
    for name in run.declared.filters:
        exchange = succeeded(run.client.messages(f"?{urlencode({name: str(now.get(name))})}"))
        items = items_of(exchange)
        for item in items:
            if name in item and item[name] != now.get(name):
                raise BreachError(f"items whose {name} is {shown(now.get(name))} alone", shown(item[name]), exchange)
        if message_id not in [item.get("id") for item in items]:
            raise BreachError(f"the message whose {name} it is", f"{len(items)} others", exchange)


@check("messages.account")
def messages_account(run: Run) -> None:
    given(run.listed, "base.relative")
    exchange = succeeded(run.other.messages())
    for item in items_of(exchange):
        if item.get("id") in run.known_ids:
            raise BreachError("the other account's messages alone", f"{shown(item['id'])} of the first", exchange)


@check("messages.pagination")
def messages_pagination(run: Run) -> None:
    _pagination(run.listed)


@check("messages.pagination.page")
def messages_pagination_page(run: Run) -> None:
    page = right(run.listed, _given_pagination(run), "page", is_integer, "an integer")
    if page != 1:
        raise BreachError("page: 1 where none is asked for", shown(page), run.listed, warns=True)


@check("messages.pagination.perPage")
def messages_pagination_per_page(run: Run) -> None:
    _given_pagination(run)
    for page in (run.listed, *run.small_pages):
        per_page = right(page, _pagination(page), "perPage", is_integer, "an integer")
        count = len(_given_items(page, "messages.data"))
        if count > per_page:
            raise BreachError(f"{per_page} items at most, as perPage says", f"{count} items", page)


@check("messages.pagination.total")
def messages_pagination_total(run: Run) -> None:
    total = right(run.listed, _given_pagination(run), "total", is_integer, "an integer")
    count = len(_given_items(run.listed, "messages.data"))
    if total < count:
        raise BreachError(f"total: {count} at least, which are shown", shown(total), run.listed)
    for page in run.small_pages:
        told = _pagination(page)["total"]
        if told < total:
            raise BreachError(f"total: {shown(total)} on every page, the smallest too", shown(told), page)
    if not _counts_right(run, run.listed):
        _counts_right_soon(run)


def _counts_right(run: Run, exchange: Exchange) -> bool:
    """Whether the total is that of the only page, and has grown by what was sent at least."""
    total, per_page = total_of(exchange), _pagination(exchange).get("perPage")
    several = isinstance(per_page, int) and total > per_page
    alone = several or total == len(_given_items(exchange, "messages.data"))
    return alone and total - total_of(run.before) >= len(run.sent)


def _counts_right_soon(run: Run) -> None:
    def look() -> tuple[Exchange, bool]:
        exchange = run.client.messages()
        return exchange, _counts_right(run, exchange)

    exchange = run.until(look)
    if not _counts_right(run, exchange):
        items = len(_given_items(exchange, "messages.data"))
        raise BreachError(
            f"total: as many as the only page has, and {len(run.sent)} more than before the run",
            f"{total_of(exchange)} with {items} on the page, and {total_of(run.before)} before",
            exchange,
        )


@check("messages.pagination.next")
def messages_pagination_next(run: Run) -> None:
    """Pages of two are full but the last, and have each message once, in whatever order (CHOICE-18)."""
    pages = run.small_pages
    if not pages:
        raise SkippedError("needs pages that ?page= and ?perPage= ask for, which is a choice of the server's")
    total = _pagination(run.listed).get("total")
    alike = isinstance(total, int) and all(_pagination(page)["total"] == total for page in pages)
    if not alike or not _counts_right(run, run.listed):
        raise SkippedError("needs messages.pagination.total, and an account that nobody else uses meanwhile")
    seen: list[object] = []
    for number, page in enumerate(pages):
        found = [item.get("id") for item in items_of(page)]
        room = max(0, min(SMALL_PAGE, total_of(run.listed) - number * SMALL_PAGE))
        if len(found) != room or any(message_id in seen for message_id in found):
            raise BreachError(
                f"on page {number + 1} of {SMALL_PAGE} each {room} of {total} messages, none of an earlier page",
                ", ".join(map(shown, found)) or "no message",
                page,
            )
        seen += found


def _given_items(exchange: Exchange, clause: str) -> list[Mapping[str, object]]:
    """Return the items of a list, or skip: that there are none is another clause's."""
    try:
        return items_of(succeeded(exchange))
    except BreachError:
        raise SkippedError(f"needs {clause}") from None


def _given_pagination(run: Run) -> Mapping[str, object]:
    try:
        return _pagination(run.listed)
    except BreachError:
        raise SkippedError("needs messages.pagination") from None


def _pagination(exchange: Exchange) -> Mapping[str, object]:
    pagination: Mapping[str, object] = member(
        given(exchange, "base.relative", "messages.response", LISTED),
        "pagination",
        lambda value: isinstance(value, dict),
        "an object",
    )
    return pagination
