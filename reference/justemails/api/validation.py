"""From a JSON object to a typed request, or an error that names the field and what would pass.

400 is for what cannot be read as the documented shape, 422 for what can be read but a rule refuses (CHOICE-07).
Whether a domain is verified is not asked here: that takes the store.
"""

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NoReturn

from justemails.addresses import Address, AddressError, Mailbox, parse_address, parse_mailbox
from justemails.api.errors import ApiError
from justemails.records import Content
from justemails_contract.errors import BAD_REQUEST, UNPROCESSABLE

MAX_SUBJECT = 998
MAX_HEADERS = 50
MAX_HEADER_VALUE = 998
MAX_KEY_NAME = 100

_SEND_MEMBERS = ("from", "to", "subject", "html", "text", "replyTo", "headers")  # [send.request]

_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,75}")
# Everything that some program takes for the end of a line, and everything that no header may hold.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")

# CHOICE-12: these are the server's to write; a second one would contradict the first or forge a trace.
_RESERVED = frozenset(
    (
        "authentication-results",
        "bcc",
        "cc",
        "date",
        "delivered-to",
        "disposition-notification-to",
        "dkim-signature",
        "from",
        "message-id",
        "mime-version",
        "received",
        "reply-to",
        "return-path",
        "sender",
        "subject",
        "to",
    )
)
_RESERVED_PREFIXES = ("arc-", "content-", "resent-")


@dataclass(frozen=True, slots=True)
class SendRequest:
    """A readable POST /send: the two texts that the answer echoes, and what they mean."""

    sender_text: str
    recipient_text: str
    content: Content


def parse_send(body: Mapping[str, object]) -> SendRequest:
    """Read the body of POST /send [send.request].

    Raises:
        ApiError: 400 or 422.
    """
    _refuse_unknown(body, _SEND_MEMBERS)
    sender_text = _required_text(body, "from")
    sender = _mailbox("from", sender_text)
    recipient_text = _required_text(body, "to")
    recipient = _recipient(recipient_text)
    subject = _subject(body)
    # CHOICE-35: an empty one counts as not given
    html, text = _optional_text(body, "html") or None, _optional_text(body, "text") or None
    if html is None and text is None:
        _bad("One of the 'html' and 'text' fields is required, and must not be empty.")
    reply_to_text = _optional_text(body, "replyTo")
    reply_to = None if reply_to_text is None else _mailbox("replyTo", reply_to_text)
    content = Content(sender, recipient, subject, html, text, reply_to, _headers(body))
    return SendRequest(sender_text, recipient_text, content)


def parse_key_name(body: Mapping[str, object]) -> str:
    """Read the body of POST /api-keys [keys.create.request].

    Raises:
        ApiError: 400.
    """
    _refuse_unknown(body, ("name",))
    name = _required_text(body, "name")
    if not name.strip():
        _bad("The 'name' field must not be empty.")
    if len(name) > MAX_KEY_NAME:
        _bad(f"The 'name' field must have at most {MAX_KEY_NAME} characters.")
    if _CONTROL.search(name):
        _bad("The 'name' field must not contain control characters or line breaks.")
    return name


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Return `` Did you mean 'x'?`` for a near miss, or nothing."""
    by_lower = {word.lower(): word for word in known}
    near = difflib.get_close_matches(name[:100].lower(), by_lower, n=1)
    return f" Did you mean '{by_lower[near[0]]}'?" if near else ""


def _refuse_unknown(body: Mapping[str, object], known: tuple[str, ...]) -> None:
    for name in body:
        if name not in known:
            _bad(f"Unknown field {_shown(name)}.{did_you_mean(name, known)}")


def _required_text(body: Mapping[str, object], name: str) -> str:
    if name not in body:
        _bad(f"The '{name}' field is required.")  # [errors.example]
    text = _optional_text(body, name)
    if not text and name != "subject":  # CHOICE-10: a subject may be empty, mail is sent without one every day
        _bad(f"The '{name}' field must not be empty.")
    return text or ""


def _optional_text(body: Mapping[str, object], name: str) -> str | None:
    if name not in body:
        return None
    value = body[name]
    if not isinstance(value, str):
        _bad(f"The '{name}' field must be a string, not {_kind(value)}.")
    if "\x00" in value:
        _bad(f"The '{name}' field must not contain the character U+0000.")
    return value


def _recipient(text: str) -> Address:
    try:
        return parse_address(text)
    except AddressError as ex:
        _bad(f"The 'to' field {ex}.")


def _mailbox(name: str, text: str) -> Mailbox:
    try:
        return parse_mailbox(text)
    except AddressError as ex:
        _bad(f"The '{name}' field {ex}.")


def _subject(body: Mapping[str, object]) -> str:
    subject = _required_text(body, "subject")
    if _CONTROL.search(subject):
        _bad("The 'subject' field must not contain control characters or line breaks.")
    if len(subject) > MAX_SUBJECT:
        _unprocessable(f"The 'subject' field must have at most {MAX_SUBJECT} characters.")
    return subject


def _headers(body: Mapping[str, object]) -> Mapping[str, str]:
    headers = body.get("headers", {})
    if not isinstance(headers, dict):
        _bad(f"The 'headers' field must be an object of header names and values, not {_kind(headers)}.")
    seen: set[str] = set()
    for name, value in headers.items():
        _check_header(name, value)
        if name.lower() in seen:
            _bad(f"The 'headers' field has {_shown(name)} more than once; case does not count.")
        seen.add(name.lower())
    if len(headers) > MAX_HEADERS:
        _unprocessable(f"The 'headers' field must have at most {MAX_HEADERS} headers, not {len(headers)}.")
    return headers


def _check_header(name: str, value: object) -> None:
    if not _HEADER_NAME.fullmatch(name):
        _bad(
            f"The 'headers' field has the name {_shown(name)}; "
            "a name starts with a letter, followed by at most 75 letters, digits or hyphens."
        )
    if not isinstance(value, str):
        _bad(f"The header '{name}' must be a string, not {_kind(value)}.")
    if _CONTROL.search(value):
        _bad(f"The header '{name}' must not contain control characters or line breaks.")
    if name.lower() in _RESERVED or name.lower().startswith(_RESERVED_PREFIXES):
        _unprocessable(f"The header '{name}' is reserved: it is written by the server.")
    if len(value) > MAX_HEADER_VALUE:
        _unprocessable(f"The header '{name}' must have at most {MAX_HEADER_VALUE} characters.")


def _kind(value: object) -> str:
    """Name a JSON value's type in the caller's words."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case list():
            return "an array"
        case dict():
            return "an object"
    return "a string"


def _shown(name: str) -> str:
    """Return a caller's own name for a field, safe and short enough for a message."""
    return ascii(name if len(name) <= 60 else name[:57] + "...")


def _bad(message: str) -> NoReturn:
    raise ApiError(BAD_REQUEST, message)


def _unprocessable(message: str) -> NoReturn:
    raise ApiError(UNPROCESSABLE, message)
