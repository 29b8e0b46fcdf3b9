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
from justemails_conformance.scene import REFUSED, SMALL_PAGE, Scene, total_of
from justemails_conformance.transport import Exchange

CHECKS: dict[str, Look[Scene]] = {}

check = binder(CHECKS)

LISTED = ("data", "pagination")  # [messages.response]

_STRANGERS = 3


@check("messages.purpose")
def _(scene: Scene) -> None:
    succeeded(scene.listed)
    if not scene.sent:
        raise SkippedError("needs send.response.id")
    for message_id in scene.sent:
        if scene.find(message_id) is None:
            raise BreachError(
                f"the message {shown(message_id)} in the list within five seconds", "it is not there", scene.listed
            )
    _has_nothing_that_was_refused(scene)


def _has_nothing_that_was_refused(scene: Scene) -> None:
    """A message that was refused was not sent. Items without a subject are looked at one by one, but not many."""
    strangers = []
    for item in _given_items(scene.listed, "messages.data"):
        if item.get("id") not in scene.known_ids and scene.refused_subject in str(item.get("subject")):
            raise BreachError("sent messages alone", f"one that was refused: {shown(item)}", scene.listed)
        if "subject" not in item and item.get("id") not in scene.known_ids:
            strangers.append(str(item.get("id")))
    for message_id in strangers[:_STRANGERS]:
        exchange = scene.party.status(message_id)
        if exchange.succeeded and scene.refused_subject in str(object_of(exchange).get("subject")):
            raise BreachError("sent messages alone", f"one that was {REFUSED.lower()}", exchange)
    if _grown(scene) > len(scene.sent) + scene.wrongly_taken:
        _does_not_grow_by_what_is_refused(scene)


def _does_not_grow_by_what_is_refused(scene: Scene) -> None:
    """Somebody else may use the account, and again; but not by as much as is refused, twice."""
    for _ in range(2):
        before = total_of(scene.party.messages())
        refusals = [scene.send_badly(to=None), scene.send_badly(**{"from": scene.unverified})]
        after = scene.party.messages()
        grown = total_of(after) - before
        if grown == 0 or any(one.succeeded for one in refusals):
            return
    raise BreachError("a list that refused messages are not in", f"a total that grows by {grown} with 2 of them", after)


def _grown(scene: Scene) -> int:
    return total_of(scene.listed) - total_of(scene.before)


@check("messages.response")
def _(scene: Scene) -> None:
    response_of(given(scene.listed, "base.relative"), LISTED)


@check("messages.data")
def _(scene: Scene) -> None:
    items_of(given(scene.listed, "base.relative", "messages.response", LISTED))


@check("messages.data.id")
def _(scene: Scene) -> None:
    seen: set[object] = set()
    for item in _given_items(scene.listed, "messages.data"):
        message_id = right(scene.listed, item, *a_text("id"))
        if message_id in seen:
            raise BreachError("one item for each message", f"{shown(message_id)} twice", scene.listed)
        seen.add(message_id)


@check("messages.data.status")
def _(scene: Scene) -> None:
    """In the list and by itself a message has one status, once it is delivered and within five seconds."""
    for item in _given_items(scene.listed, "messages.data"):
        right(scene.listed, item, *a_status())
    message_id = scene.id_of(scene.full, "send.response.id")
    if object_of(given(scene.delivered, "status.purpose", "status.response")).get("status") != "delivered":
        return  # it may change between two looks
    if scene.find(message_id, lambda item: item.get("status") == "delivered") is None:
        told = (scene.find_once(message_id) or {}).get("status")
        if told is not None:
            raise BreachError('status: "delivered", as GET /send/:id tells it', shown(told), scene.listed)


@check("messages.data.more")
def _(scene: Scene) -> None:
    for item in _given_items(scene.listed, "messages.data"):
        missing = [name for name in ("from", "to", "subject", "createdAt") if name not in item]
        if missing:
            raise BreachError(
                "items with from, to, subject and createdAt", f"no {missing[0]}", scene.listed, warns=True
            )


@check("messages.filters")
def _(scene: Scene) -> None:
    """Those that a target file declares (CHOICE-17): what they leave fits, and what fits they leave."""
    if not scene.declared.filters:
        raise SkippedError("needs the names of the server's filters (a target file)")
    message_id = scene.id_of(scene.full, "send.response.id")
    now = object_of(given(scene.delivered, "status.purpose", "status.response"))
    for name in scene.declared.filters:
        exchange = succeeded(scene.party.messages(f"?{urlencode({name: str(now.get(name))})}"))
        items = items_of(exchange)
        for item in items:
            if name in item and item[name] != now.get(name):
                raise BreachError(f"items whose {name} is {shown(now.get(name))} alone", shown(item[name]), exchange)
        if message_id not in [item.get("id") for item in items]:
            raise BreachError(f"the message whose {name} it is", f"{len(items)} others", exchange)


@check("messages.account")
def _(scene: Scene) -> None:
    given(scene.listed, "base.relative")
    exchange = succeeded(scene.other.messages())
    for item in items_of(exchange):
        if item.get("id") in scene.known_ids:
            raise BreachError("the other account's messages alone", f"{shown(item['id'])} of the first", exchange)


@check("messages.pagination")
def _(scene: Scene) -> None:
    _pagination(scene.listed)


@check("messages.pagination.page")
def _(scene: Scene) -> None:
    page = right(scene.listed, _given_pagination(scene), "page", is_integer, "an integer")
    if page != 1:
        raise BreachError("page: 1 where none is asked for", shown(page), scene.listed, warns=True)


@check("messages.pagination.perPage")
def _(scene: Scene) -> None:
    _given_pagination(scene)
    for page in (scene.listed, *scene.small_pages):
        per_page = right(page, _pagination(page), "perPage", is_integer, "an integer")
        count = len(_given_items(page, "messages.data"))
        if count > per_page:
            raise BreachError(f"{per_page} items at most, as perPage says", f"{count} items", page)


@check("messages.pagination.total")
def _(scene: Scene) -> None:
    total = right(scene.listed, _given_pagination(scene), "total", is_integer, "an integer")
    count = len(_given_items(scene.listed, "messages.data"))
    if total < count:
        raise BreachError(f"total: {count} at least, which are shown", shown(total), scene.listed)
    for page in scene.small_pages:
        told = _pagination(page)["total"]
        if told < total:
            raise BreachError(f"total: {shown(total)} on every page, the smallest too", shown(told), page)
    if not _counts_right(scene, scene.listed):
        _counts_right_soon(scene)


def _counts_right(scene: Scene, exchange: Exchange) -> bool:
    """Whether the total is that of the only page, and has grown by what was sent at least."""
    total, per_page = total_of(exchange), _pagination(exchange).get("perPage")
    several = isinstance(per_page, int) and total > per_page
    alone = several or total == len(_given_items(exchange, "messages.data"))
    return alone and total - total_of(scene.before) >= len(scene.sent)


def _counts_right_soon(scene: Scene) -> None:
    def look() -> tuple[Exchange, bool]:
        exchange = scene.party.messages()
        return exchange, _counts_right(scene, exchange)

    exchange = scene.until(look)
    if not _counts_right(scene, exchange):
        items = len(_given_items(exchange, "messages.data"))
        raise BreachError(
            f"total: as many as the only page has, and {len(scene.sent)} more than before the run",
            f"{total_of(exchange)} with {items} on the page, and {total_of(scene.before)} before",
            exchange,
        )


@check("messages.pagination.next")
def _(scene: Scene) -> None:
    """Pages of two are full but the last, and have each message once, in whatever order (CHOICE-18)."""
    pages = scene.small_pages
    if not pages:
        raise SkippedError("needs pages that ?page= and ?perPage= ask for, which is a choice of the server's")
    total = _pagination(scene.listed).get("total")
    alike = isinstance(total, int) and all(_pagination(page)["total"] == total for page in pages)
    if not alike or not _counts_right(scene, scene.listed):
        raise SkippedError("needs messages.pagination.total, and an account that nobody else uses meanwhile")
    seen: list[object] = []
    for number, page in enumerate(pages):
        found = [item.get("id") for item in items_of(page)]
        room = max(0, min(SMALL_PAGE, total_of(scene.listed) - number * SMALL_PAGE))
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


def _given_pagination(scene: Scene) -> Mapping[str, object]:
    try:
        return _pagination(scene.listed)
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
