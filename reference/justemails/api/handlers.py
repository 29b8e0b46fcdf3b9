"""The six operations. Every handler reads alike: PARSE, CHECK, RECORD, ANSWER.

The bearer key, the rate limit and the scope come before, in ``justemails.api.auth``.
"""

from collections.abc import Callable
from typing import NoReturn

import falcon

from justemails.api import listing, strict_json, validation, wire
from justemails.api.errors import ApiError
from justemails.api.keys import issue_key
from justemails.ports import Clock, NewId, NewSecret
from justemails.records import NewMessage
from justemails.store import DomainStore, KeyStore, MessageStore
from justemails_contract.errors import (
    BAD_REQUEST,
    DOMAIN_NOT_VERIFIED,
    NOT_FOUND,
    PAYLOAD_TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
)
from justemails_contract.operations import Scope

MAX_BODY = 10 * 1024 * 1024  # bytes


class SendCollection:
    """``/send`` [send]."""

    def __init__(
        self,
        messages: MessageStore,
        domains: DomainStore,
        clock: Clock,
        new_id: NewId,
        on_accepted: Callable[[], None],
    ) -> None:
        self._messages = messages
        self._domains = domains
        self._clock = clock
        self._new_id = new_id
        self._on_accepted = on_accepted

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        # PARSE
        request = validation.parse_send(read_json(req))
        # CHECK
        account_id = req.context.key.account_id
        domain = request.content.sender.address.domain
        if not self._domains.is_verified(account_id, domain):
            raise ApiError(  # [errors.422]
                DOMAIN_NOT_VERIFIED,
                f"The domain '{domain}' of the 'from' field is not a verified domain of this account.",
            )
        # RECORD      one transaction: the message, and its first attempt due now. The server may put more requests
        #             into it; it sends no answer before the commit (justemails.http_server)
        message = NewMessage(
            self._new_id("msg_"),
            account_id,
            request.sender_text,
            request.recipient_text,
            request.content,
            self._clock.now(),
        )
        self._messages.accept(message)
        # ANSWER
        self._on_accepted()
        resp.media = wire.message_created(message)


class SendItem:
    """``/send/{id}`` [status]."""

    def __init__(self, messages: MessageStore) -> None:
        self._messages = messages

    def on_get(self, req: falcon.Request, resp: falcon.Response, message_id: str) -> None:
        message = self._messages.message(req.context.key.account_id, message_id)
        if message is None:
            _not_found("message")
        resp.media = wire.message_status(message)


class MessageCollection:
    """``/messages`` [messages]."""

    def __init__(self, messages: MessageStore) -> None:
        self._messages = messages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        # PARSE
        request = listing.parse_list(req.query_string)
        # ANSWER
        messages, total = self._messages.page(
            req.context.key.account_id, request.filter, request.page, request.per_page
        )
        resp.media = wire.message_page(messages, request.page, request.per_page, total)


class KeyCollection:
    """``/api-keys`` [keys.create] [keys.list]."""

    def __init__(self, keys: KeyStore, clock: Clock, new_id: NewId, new_secret: NewSecret) -> None:
        self._keys = keys
        self._clock = clock
        self._new_id = new_id
        self._new_secret = new_secret

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        # PARSE
        name = validation.parse_key_name(read_json(req))
        # RECORD      only the hash: the secret leaves in this answer and is nowhere else
        account_id = req.context.key.account_id
        key, secret = issue_key(self._keys, account_id, name, Scope.FULL, self._clock, self._new_id, self._new_secret)
        # ANSWER
        resp.media = wire.key_created(key, secret)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = wire.key_list(self._keys.keys(req.context.key.account_id))


class KeyItem:
    """``/api-keys/{id}`` [keys.revoke]."""

    def __init__(self, keys: KeyStore, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def on_delete(self, req: falcon.Request, resp: falcon.Response, key_id: str) -> None:
        # RECORD
        if not self._keys.revoke_key(req.context.key.account_id, key_id, self._clock.now()):
            _not_found("API key")
        # ANSWER
        resp.media = wire.key_revoked()


def read_json(req: falcon.Request) -> dict[str, object]:
    """Return the JSON object of a request's body.

    Raises:
        ApiError: 400, 413 or 415.
    """
    if not _is_json(req.content_type or ""):
        raise ApiError(UNSUPPORTED_MEDIA_TYPE, "The Content-Type header must be 'application/json'.")
    if (req.get_header("Content-Encoding") or "identity").lower() != "identity":
        raise ApiError(UNSUPPORTED_MEDIA_TYPE, "The body must not have a Content-Encoding.")
    if (req.content_length or 0) > MAX_BODY:
        raise ApiError(PAYLOAD_TOO_LARGE, f"The body must have at most {MAX_BODY} bytes.")
    try:
        return strict_json.parse_object(req.bounded_stream.read())
    except strict_json.JsonError as ex:
        raise ApiError(BAD_REQUEST, str(ex)) from None


def _is_json(content_type: str) -> bool:
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    return media_type == "application/json" and all(
        parameter in ("", "charset=utf-8", 'charset="utf-8"') for parameter in parameters
    )


def _not_found(what: str) -> NoReturn:
    # The same bytes for an unknown id and for another account's: CHOICE-14.
    raise ApiError(NOT_FOUND, f"No such {what}.")
