"""One request and its answer, as a card to read and as an object to ask."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from typing import Any

_TOLD = ("Content-Type", "Retry-After")  # of the answer's headers; the others say nothing about mail
_PRE = "margin:0;padding:.6em .8em;white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.45"
_A_KEY = re.compile(r"(je_live_\w{4})\w+")


@dataclass(frozen=True, slots=True, repr=False)
class Exchange:
    """What was asked and what came back; ``exchange["id"]`` is a member of the answer's body."""

    method: str
    path: str
    sent_headers: Mapping[str, str]
    sent: object
    status: int
    headers: Mapping[str, str]
    json: Any  # Any: JSON

    def __getitem__(self, member: str) -> Any:  # Any: JSON
        return self.json[member]

    @property
    def retry_after(self) -> int | None:
        """The seconds of the Retry-After header, or None where there is no such header."""
        said = self.headers.get("Retry-After")
        return None if said is None else int(said)

    @property
    def request_text(self) -> str:
        """The request as HTTP writes it."""
        return "\n".join([f"{self.method} {self.path} HTTP/1.1", *_head(self.sent_headers), *_body(self.sent)])

    @property
    def answer_text(self) -> str:
        """The answer as HTTP writes it, with the headers that tell something."""
        told = {name: self.headers[name] for name in _TOLD if name in self.headers}
        first = f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"
        return "\n".join([first, *_head(told), *_body(self.json)])

    def __repr__(self) -> str:
        return f"{self.request_text}\n\n{self.answer_text}"

    def _repr_html_(self) -> str:
        colour = "#1a7f37" if self.status < 400 else "#9a6700" if self.status < 500 else "#cf222e"
        return (
            '<div style="border:1px solid #8c959f;border-radius:6px;max-width:44em">'
            f'<pre style="{_PRE}"><b>you ask</b>\n{escape(self.request_text)}</pre>'
            f'<pre style="{_PRE};border-top:1px solid #8c959f;border-left:5px solid {colour}">'
            f"<b>the API answers</b>\n{escape(self.answer_text)}</pre></div>"
        )


def _head(headers: Mapping[str, str]) -> Iterator[str]:
    for name, value in headers.items():
        yield f"{name}: {_without_keys(value)}"


def _body(body: object) -> list[str]:
    return [] if body is None else ["", _without_keys(json.dumps(body, indent=2, ensure_ascii=False))]


def _without_keys(text: str) -> str:
    """Cut what could be used as a key, which is no thing to be shown around."""
    return _A_KEY.sub(r"\1...", text)
