"""A received mail, read for people: who, what, the text, the links and the one-time codes in it.

Tolerant on purpose: this shows what came, however broken, and never raises. It judges nothing, changes
nothing, and fetches nothing: a link is a piece of text. What comes out is untrusted text and has to be
escaped where it is shown.

    >>> mail = parse(network.received[0].data)
    >>> mail.subject, mail.links, mail.codes
"""

import html as html_entities
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import getaddresses

MAX_PARTS = 100
MAX_LOOKED_AT = 1_000_000  # characters searched for links and codes
MAX_FOUND = 200

_WORD = r"=\?[^?]*?\?[bq]\?.*?\?="  # RFC 2047 2, as tolerant as the standard library
_ENCODED = re.compile(rf"{_WORD}(?:\s+{_WORD})*", re.IGNORECASE)
_SPACES = re.compile(r"[\x00-\x20\x7f]+")
_URL = re.compile(r"https?://[^\s<>\"'\x00-\x1f]+", re.IGNORECASE)
_HREF = re.compile(r"\bhref\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s<>\"']+))", re.IGNORECASE)
_UNSEEN = re.compile(r"<(/?)(?:script|style)\b[^<>]*>", re.IGNORECASE)
_MARKUP = re.compile(r"<[^<>]*>")
# Digits standing alone: not part of a number, a date, a price, an identifier or an address.
_CODE = re.compile(r"(?<![^\s(\[:>\"'])(?<![0-9]:)([0-9]{4,8})(?![^\s)\]<>.,;:!?\"'])(?![.,:][0-9])")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A mail, read."""

    from_: str
    to: str
    subject: str
    headers: tuple[tuple[str, str], ...]
    """Every header in order, with encoded words decoded (RFC 2047)."""
    html: str | None
    text: str | None
    links: tuple[str, ...]
    codes: tuple[str, ...]


def parse(data: bytes) -> Parsed:
    """Read a mail; whatever cannot be read is shown as it came."""
    message = read_message(data)
    headers = tuple((name, decoded(value)) for name, value in _raw_headers(message))
    html, text = _body(message, "text/html"), _body(message, "text/plain")
    seen = text if text is not None else _visible(html or "")
    links = _unique(_links(html or "", text or ""))
    codes = _unique(match[1] for match in _CODE.finditer(_URL.sub(" ", seen[:MAX_LOOKED_AT])))
    first = {name.lower(): value for name, value in reversed(headers)}
    from_, to, subject = (first.get(name, "") for name in ("from", "to", "subject"))
    return Parsed(from_, to, subject, headers, html, text, links, codes)


def from_domains(data: bytes) -> tuple[str, ...]:
    """Return the domain of every address in every From header, small; the empty text where there is none."""
    try:
        header = BytesHeaderParser(policy=policy.compat32).parsebytes(data)
        values = [value for name, value in _raw_headers(header) if name.lower() == "from"]
        addresses = [address for _, address in getaddresses(values)]
    except Exception:  # noqa: BLE001  # the standard library leaks IndexError and others on hostile input
        addresses = [""]
    domains = (address.rpartition("@")[2] if "@" in address else "" for address in addresses)
    return tuple(_printable(domain).lower().removesuffix(".") for domain in domains)


def read_message(data: bytes) -> Message:
    """Return a mail as the standard library reads it; one that it cannot read is one body without a header."""
    try:
        return message_from_bytes(data, policy=policy.compat32)
    except Exception:  # noqa: BLE001  # RecursionError from parts within parts, and what else there may be
        message = Message(policy.compat32)
        message.set_payload(data.decode("ascii", "surrogateescape"))
        return message


def _raw_headers(message: Message) -> list[tuple[str, str]]:
    # 8-bit headers come as surrogates; UTF-8 is what they are if they are anything (RFC 6532).
    pairs = message.raw_items()
    return [(_printable(_unescaped(name)), _unescaped(str(value))) for name, value in pairs]


def _unescaped(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _printable(text: str) -> str:
    return _SPACES.sub(" ", text).strip()


def decoded(value: str) -> str:
    """Return a header's value on one line, its encoded words decoded."""
    printable = _printable(value)
    return _printable(_ENCODED.sub(_decoded_words, printable)) or printable


def _decoded_words(encoded: re.Match[str]) -> str:
    """Return what some encoded words in a row say; what stands between them and other text is left alone.

    The standard library is given nothing but the words: what else there is it would hand back in a form of its own,
    from which a letter beyond ASCII cannot be told.
    """
    try:
        return "".join(
            word if isinstance(word, str) else _text(word, charset or "ascii")
            for word, charset in decode_header(encoded[0])
        )
    except Exception:  # noqa: BLE001  # bad base64 inside an encoded word, among others: show it as it came
        return encoded[0]


def _text(data: bytes, charset: str) -> str:
    try:
        return data.decode(charset, "replace").encode("utf-8", "replace").decode("utf-8")
    except (LookupError, ValueError, TypeError):  # an unknown charset, or a codec that is not for text
        return data.decode("utf-8", "replace")


def _body(message: Message, kind: str) -> str | None:
    for part in leaves(message):
        try:
            if part.get_content_type() == kind and part.get_content_disposition() != "attachment":
                payload = part.get_payload(decode=True)
                charset = part.get_content_charset() or "utf-8"
                return _lines(_text(payload if isinstance(payload, bytes) else b"", charset), whole=part is message)
        except Exception:  # noqa: BLE001, S112  # a broken parameter or encoding: this part is not shown
            continue
    return None


def _lines(text: str, *, whole: bool) -> str:
    """Undo what the transport did to the ends of lines, so that the text is the one that its author wrote.

    Every line ends in CRLF on the way (RFC 5321 section 2.3.8), and a body that is a whole message has one more
    line end, since data cannot end without (section 4.1.1.4).
    """
    text = text.replace("\r\n", "\n")
    return text.removesuffix("\n") if whole else text


def leaves(message: Message) -> Iterator[Message]:
    """Return the parts of a mail that hold something, in order, ``MAX_PARTS`` at most."""
    # Not Message.walk, which recurses; and no more than a mail has any use for.
    waiting = [message]
    for _ in range(MAX_PARTS):
        if not waiting:
            return
        part = waiting.pop()
        if part.is_multipart():
            waiting.extend(one for one in reversed(list(part.get_payload())) if isinstance(one, Message))
        else:
            yield part


def _visible(html: str) -> str:
    kept, hidden, start = [], False, 0
    for match in _UNSEEN.finditer(html[:MAX_LOOKED_AT]):
        if not hidden:
            kept.append(html[start : match.start()])
        hidden, start = not match[1], match.end()
    if not hidden:
        kept.append(html[start:MAX_LOOKED_AT])
    return html_entities.unescape(_MARKUP.sub(" ", " ".join(kept)))


def _links(html: str, text: str) -> Iterator[str]:
    for match in _HREF.finditer(html[:MAX_LOOKED_AT]):
        target = html_entities.unescape(match[1] or match[2] or match[3] or "").strip()
        if _URL.fullmatch(target):
            yield target
    for source in (text, _visible(html)):
        for match in _URL.finditer(source[:MAX_LOOKED_AT]):
            yield match[0].rstrip(".,;:!?)]}")


def _unique(found: Iterable[str]) -> tuple[str, ...]:
    unique: dict[str, None] = {}
    for one in found:
        unique[one] = None
        if len(unique) == MAX_FOUND:
            break
    return tuple(unique)
