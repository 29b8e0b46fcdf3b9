"""The polls of open pages, answered without work: 204 while nothing has happened, else one rendering for all viewers.

The state that a page shows is taken here, before the page is made: what happens meanwhile is news for the next poll.

Where something happens all the time, each page would be rendered anew for each viewer each second, in the process that
serves the API. So what one viewer was shown a moment ago the next one is shown too.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import falcon

_FRESH_S = 0.9  # viewers ask once a second
_KEPT = 64


@dataclass(frozen=True, slots=True)
class _Shown:
    at_s: float
    state: str
    text: str


class Polls:
    """Falcon middleware.

    Args:
        state_of: tells, by its path, the state that a page would show now.
    """

    def __init__(self, state_of: Callable[[str], str]) -> None:
        self._state_of = state_of
        self._shown: OrderedDict[str, _Shown] = OrderedDict()

    def process_resource(
        self, req: falcon.Request, resp: falcon.Response, resource: object, params: dict[str, object]
    ) -> None:
        req.context.state = self._state_of(req.path)
        asked = req.get_param("state")
        if req.method != "GET" or asked is None:
            return
        shown = self._shown.get(page_of(req.path, req.params))
        if asked == req.context.state:
            resp.status = falcon.HTTP_204
        elif shown is not None and time.perf_counter() - shown.at_s < _FRESH_S and _is_news(shown.state, asked):
            resp.content_type, resp.text = falcon.MEDIA_HTML, shown.text
        else:
            return
        resp.complete = True
        req.context.answered = True

    def process_response(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        resource: object,
        req_succeeded: bool,  # noqa: FBT001  # as Falcon calls it
    ) -> None:
        is_live = req.method == "GET" and "state" in req.params and req_succeeded
        if not is_live or resp.text is None or getattr(req.context, "answered", False):
            return
        self._shown[page_of(req.path, req.params)] = _Shown(time.perf_counter(), req.context.state, resp.text)
        while len(self._shown) > _KEPT:
            self._shown.popitem(last=False)


def _is_news(state: str, had: str) -> bool:
    """Say whether a state is another than a viewer has and no older one: it was made for somebody else."""
    return state != had and _counts(state) >= _counts(had)


def _counts(state: str) -> tuple[int, ...]:
    """Return the two counts that a state begins with, which only rise; none of what is no state."""
    parts = state.split(".")[:2]
    return tuple(int(part) for part in parts) if all(part.isascii() and part.isdigit() for part in parts) else ()


def page_of(path: str, query: Mapping[str, object], **added: str) -> str:
    """Return what page is asked for, and what is added to it: everything but the state that its viewer has."""
    return path + falcon.to_query_str({name: value for name, value in query.items() if name != "state"} | added)
