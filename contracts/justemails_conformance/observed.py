"""What a server does where the document is silent (``choices.md``): told, and held against nobody.

Only of what was asked anyway: nothing is asked for its sake.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from justemails_conformance.evidence import items_or_empty, object_or_empty, pagination_of
from justemails_conformance.run import Run
from justemails_conformance.transport import Exchange


def observed(run: Run) -> dict[str, object]:
    """Return the choices that can be seen, by names that say what they are of, and how much was tried by drawing."""
    told = {name: look(run) for name, look in _CHOICES.items()}
    for clause, counts in run.tried.items():
        told |= {f"{clause}.{name}": count for name, count in counts.items()}
    return {name: value for name, value in told.items() if value is not None}


def observable() -> Sequence[str]:
    """Return the names of the choices that can be seen."""
    return [*_CHOICES]


def differences(declared: Mapping[str, object], seen: Mapping[str, object]) -> Sequence[str]:
    """Return a line for each choice that is declared in one way and observed in another."""
    return [
        f"{name}: declared {value!r}, observed {seen[name]!r}"
        for name, value in declared.items()
        if name in seen and seen[name] != value
    ]


def _asked(run: Run, name: str) -> Exchange | None:
    """Return what came of one of the run's requests, if it was made."""
    exchange = vars(run).get(name)
    return exchange if isinstance(exchange, Exchange) else None


def _status(name: str) -> Callable[[Run], object]:
    def look(run: Run) -> object:
        exchange = _asked(run, name)
        return exchange.status if exchange is not None and exchange.answer is not None else None

    return look


def _created(run: Run) -> object:
    return run.created.status if "first_making" in vars(run) and run.created.answer is not None else None


def _per_page(run: Run) -> object:
    return pagination_of(_asked(run, "listed")).get("perPage")


def _order(run: Run) -> object:
    """The two first mails of a run were sent one after the other."""
    places = [item.get("id") for item in items_or_empty(_asked(run, "listed"))]
    first, second = (object_or_empty(_asked(run, name)).get("id") for name in ("full", "minimal"))
    if first not in places or second not in places or first == second:
        return None
    return "oldest first" if places.index(first) < places.index(second) else "newest first"


def _pages(run: Run) -> object:
    if "small_pages" not in vars(run):
        return None
    return "page and perPage" if run.small_pages else "by other names, or not at all"


def _unused(run: Run) -> object:
    """What ``lastUsed`` is before a key is used."""
    made = run.first_making.made if "first_making" in vars(run) else None
    for item in items_or_empty(_asked(run, "keys")):
        if made is not None and item.get("id") == made.id:
            return ("null" if item["lastUsed"] is None else "a time") if "lastUsed" in item else "absent"
    return None


def _words(run: Run, member: str, wanted: Callable[[Exchange], bool]) -> object:
    """Return each text that stands in a member of the answers, once."""
    texts: Iterable[object] = (object_or_empty(one).get(member) for one in run.client.exchanges if wanted(one))
    return sorted({text for text in texts if isinstance(text, str)}) or None


_CHOICES: Mapping[str, Callable[[Run], object]] = {
    "send.successStatus": _status("full"),
    "send.withoutTo.status": _status("without_to"),
    "keys.create.successStatus": _created,
    "keys.revoke.successStatus": _status("revocation"),
    "keys.lastUsed.beforeUse": _unused,
    "messages.perPage": _per_page,
    "messages.order": _order,
    "messages.pages": _pages,
    "status.words": lambda run: _words(run, "status", lambda one: one.request.path.startswith("/send")),
    "errors.words": lambda run: _words(run, "error", lambda one: one.status >= 400),
}
