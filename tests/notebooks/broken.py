"""Breakages of the reference, and lessons run on it: each breakage breaks one sentence of the document."""

import asyncio
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from tests.breaking.change import change, change_in
from tests.notebooks.stored import ALL
from traitlets.config import Config

from justemails.api.wire import timestamp
from justemails.delivery.classify import Verdict
from justemails_contract.errors import BAD_REQUEST
from justemails_contract.limits import Limit
from justemails_contract.operations import Scope
from justemails_lessons.book import read_twin

Table = dict[str, Any]  # Any: JSON


@dataclass(frozen=True)
class Breakage:
    """A breakage.

    Args:
        lesson: the number of the lesson that has to notice.
        make: changes the reference.
    """

    lesson: str
    make: Callable[[], None]


def _says_sent() -> None:
    change("justemails.api.wire", "message_created", lambda told: lambda message: {**told(message), "status": "sent"})


def _any_scope_will_do() -> None:
    def changed(find: Any) -> Any:
        def find_operation(method: str, path: str) -> Any:
            found = find(method, path)
            return found and replace(found, scopes=frozenset(Scope))

        return find_operation

    change_in("justemails.api.auth", "find_operation", changed)


def _any_account_will_do() -> None:
    def changed(told: Any) -> Any:
        def message(self: Any, _: str, message_id: str) -> Any:
            return next(filter(None, (told(self, account.id, message_id) for account in self.accounts())), None)

        return message

    change("justemails.pony_store", "PonyStore.message", changed)


def _delivered_when_created() -> None:
    change(
        "justemails.api.wire",
        "message_status",
        lambda told: lambda message: {**told(message), "deliveredAt": timestamp(message.created_at)},
    )


def _line_breaks_in_headers() -> None:
    change_in("justemails.api.validation", "_CONTROL", lambda _: re.compile("(?!)"))
    change_in("justemails.addresses", "_CONTROL", lambda _: re.compile("(?!)"))


def _unverified_is_a_bad_request() -> None:
    change_in("justemails.api.handlers", "DOMAIN_NOT_VERIFIED", lambda _: BAD_REQUEST)


def _later_is_no() -> None:
    def changed(judged: Any) -> Any:
        def classify(phase: Any, reply: Any) -> Any:
            return Verdict.REFUSED if phase == "RCPT" and reply.code >= 400 else judged(phase, reply)

        return classify

    change_in("justemails.delivery.conversation", "classify", changed)


def _dots_are_not_doubled() -> None:
    change("justemails.delivery.smtp", "_LINE_START_DOT", lambda _: re.compile(rb"(?!)"))


def _a_minute_for_ever() -> None:
    change_in("justemails.delivery.attempt", "next_attempt", lambda _: lambda now, *rest: now + timedelta(minutes=1))


def _one_too_many() -> None:
    def changed(take: Any) -> Any:
        return lambda log, limit, now: take(log, Limit(limit.requests + 1, limit.window), now)

    change("justemails.api.ratelimit", "take", changed)


def _a_second_too_short() -> None:
    def changed(take: Any) -> Any:
        def sooner(*given: Any) -> Any:
            refusal = take(*given)
            return refusal and replace(refusal, retry_after_s=max(refusal.retry_after_s - 1, 1))

        return sooner

    change("justemails.api.ratelimit", "take", changed)


def _tells_what_is_inside() -> None:
    change("justemails.api.app", "OUR_FAULT", lambda _: "There is no space left on the device.")


def _keys_without_last_use() -> None:
    def changed(told: Any) -> Any:
        def key_list(keys: Iterable[Any]) -> Table:
            return {"data": [{"id": one["id"], "name": one["name"]} for one in told(keys)["data"]]}

        return key_list

    change("justemails.api.wire", "key_list", changed)


def _revoking_does_nothing() -> None:
    change("justemails.pony_store", "PonyStore.revoke_key", lambda _: lambda self, *rest: True)


def _revoked_keys_are_remembered() -> None:
    seen: dict[str, Any] = {}

    def changed(find: Any) -> Any:
        def key_by_hash(self: Any, secret_hash: str) -> Any:
            if not seen.get(secret_hash):
                seen[secret_hash] = find(self, secret_hash)
            return seen[secret_hash]

        return key_by_hash

    change("justemails.pony_store", "PonyStore.key_by_hash", changed)


def _keys_with_a_hint() -> None:
    def changed(told: Any) -> Any:
        def key_list(keys: Any) -> Table:
            return {"data": [{**item, "key": key.hint} for item, key in zip(told(keys)["data"], keys, strict=False)]}

        return key_list

    change("justemails.api.wire", "key_list", changed)


def _every_domain_is_verified() -> None:
    change("justemails.pony_store.domains", "Domains.is_verified", lambda _: lambda self, account, name: True)


def _a_domain_twice() -> None:
    def changed(add: Any) -> Any:
        def once(self: Any, domain: Any) -> None:
            if not self.domain(domain.account_id, domain.name):
                add(self, domain)

        return once

    change("justemails.pony_store.domains", "Domains.add_domain", changed)


def _headers_are_signed_once() -> None:
    def changed(named: Any) -> Any:
        return lambda present: [name for name in dict.fromkeys(named(present)) if name in present]

    change("justemails.mail.dkim_signature", "_header_names", changed)


def _created_before_is_ignored() -> None:
    change_in(
        "justemails.api.listing",
        "MessageFilter",
        lambda read: lambda **given: read(**{**given, "created_before": None}),
    )


def _the_first_accounts_mail() -> None:
    def changed(page: Any) -> Any:
        return lambda self, account, *rest: page(self, min(one.id for one in self.accounts()), *rest)

    change("justemails.pony_store.messages", "Messages.page", changed)


BROKEN: Mapping[str, Breakage] = {
    "an answer that says sent instead of queued": Breakage("01", _says_sent),
    "a key that may do everything, whatever its scope": Breakage("02", _any_scope_will_do),
    "a message that is told to every account": Breakage("02", _any_account_will_do),
    "deliveredAt before there was a delivery": Breakage("04", _delivered_when_created),
    "line breaks that are let into headers": Breakage("03", _line_breaks_in_headers),
    "a domain that is not verified answered as a bad request": Breakage("03", _unverified_is_a_bad_request),
    "a 4xx taken for a no": Breakage("05", _later_is_no),
    "leading dots that are not doubled": Breakage("05", _dots_are_not_doubled),
    "no jitter, and a minute for ever": Breakage("06", _a_minute_for_ever),
    "a limit with one too many": Breakage("07", _one_too_many),
    "a wait that is told a second too short": Breakage("08", _a_second_too_short),
    "a fault that is told with what is inside": Breakage("08", _tells_what_is_inside),
    "a list of keys that does not say when they were used": Breakage("12", _keys_without_last_use),
    "a key that works on after it was revoked": Breakage("13", _revoking_does_nothing),
    "a key that is remembered after it was revoked": Breakage("11", _revoked_keys_are_remembered),
    "a list of keys with something of the secret in it": Breakage("11", _keys_with_a_hint),
    "a domain that may be sent from before it is verified": Breakage("09", _every_domain_is_verified),
    "a domain that an account may have twice": Breakage("09", _a_domain_twice),
    "headers that are signed no oftener than they are there": Breakage("09", _headers_are_signed_once),
    "a list that takes no notice of createdBefore": Breakage("10", _created_before_is_ignored),
    "a list of another account's mail": Breakage("10", _the_first_accounts_mail),
}

WITNESSES = (
    "an answer that says sent instead of queued",
    "leading dots that are not doubled",
    "a key that is remembered after it was revoked",
)
"""Breakages of what is told, of what is sent and of what is stored, which `make test` makes."""


def failure(lesson: str, breakage: str | None = None) -> str:
    """Break the reference, run a lesson on it, and return why its first failing cell fails ("" when none does).

    Called in a fork: it leaves the reference broken.
    """
    if breakage is not None:
        BROKEN[breakage].make()
    (twin,) = [one.twin for one in ALL if one.name.startswith(lesson)]
    cells = [cell.source for cell in read_twin(twin.read_text("utf-8")).cells if cell.cell_type == "code"]
    return asyncio.run(_run(cells))


async def _run(cells: Iterable[str]) -> str:
    """Run cells as a kernel does: in IPython's shell, inside a running event loop, to the first that fails."""
    config = Config({"HistoryManager": {"enabled": False}})
    shell = InteractiveShell.instance(config=config, ipython_dir=tempfile.mkdtemp(prefix="ipython"))
    for cell in cells:
        code = shell.transform_cell(cell)  # type: ignore[no-untyped-call]  # IPython has few types
        result = await shell.run_cell_async(cell, transformed_cell=code)
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            return f"{type(error).__name__}: {error}"
    return ""
