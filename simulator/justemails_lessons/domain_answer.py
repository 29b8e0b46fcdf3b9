"""What the dashboard said of a sending domain, as a table of the DNS records that it asks for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from justemails_lessons.exchange import Exchange

_A_PUBLIC_KEY = re.compile(r"\bp=[A-Za-z0-9+/=]{20,}")


@dataclass(frozen=True, slots=True, repr=False)
class DomainAnswer:
    """Whether a domain is verified, and the DNS records that its owner is asked for, each with what was found.

    A public key in a value is shown cut, because it is new at every run; ``json`` has all of it.
    """

    exchange: Exchange

    @property
    def status(self) -> int:
        return self.exchange.status

    @property
    def json(self) -> Any:  # Any: JSON
        return self.exchange.json

    @property
    def verified(self) -> bool:
        return bool(self.json.get("verified"))

    def __repr__(self) -> str:
        if self.status != 200:
            return self.exchange.answer_text
        rows = [_row(one) for one in self.json["records"]]
        widths = [max(map(len, column)) for column in list(zip(*rows, strict=True))[:-1]]
        lines = ["  ".join([*map(str.ljust, row, widths), row[-1]]) for row in rows]
        return "\n".join([self._title, *lines])

    def _repr_html_(self) -> str | None:
        if self.status != 200:
            return None  # then the text is shown
        head = "".join(f"<th>{cell}</th>" for cell in ("purpose", "state", "type", "name, and value"))
        rows = []
        for record in self.json["records"]:
            purpose, kind, name, value, state = map(escape, _row(record))
            rows.append(f"<td>{purpose}</td><td>{state}</td><td>{kind}</td><td>{name}<br>{value}</td>")
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        return f"<p>{escape(self._title)}</p><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    @property
    def _title(self) -> str:
        return f"{self.json['domain']}: {self.json['status']}"


def _row(record: Mapping[str, Any]) -> tuple[str, ...]:  # Any: JSON
    purpose = record["purpose"] + ("" if record["required"] else " (advised)")
    state = record["state"] if record["state"] == "ok" else f"{record['state']}: {_cut(record['reason'])}"
    return (purpose, record["type"], record["name"], _cut(record["value"]), state)


def _cut(text: str) -> str:
    return _A_PUBLIC_KEY.sub("p=...", text)
