"""Keys never stand in a report: wherever one would, or most of one, its name does."""

from dataclasses import dataclass, field, replace

from justemails_conformance.transport import Answer, Exchange

_LONG = 24  # characters of a secret of which most is hidden too
_DEEPEST = 16


@dataclass(frozen=True, slots=True)
class Redaction:
    """Replaces secrets by their names.

    Args:
        names: by the secret.
    """

    names: dict[str, str] = field(default_factory=dict)

    def hide(self, secret: str, name: str) -> None:
        """Replace one more secret from now on, and three quarters of it where no more stands there."""
        self.names[secret] = f"<{name}>"
        if len(secret) >= _LONG:
            self.names[secret[: len(secret) * 3 // 4]] = f"<the beginning of {name}>"

    def text(self, text: str) -> str:
        for secret, name in self.names.items():
            text = text.replace(secret, name)
        return text

    def value(self, value: object, depth: int = 0) -> object:
        """Return what a server's JSON says, without a secret, and without what is nested deeper than anybody reads."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict | list) and depth > _DEEPEST:
            return "..."
        if isinstance(value, dict):
            return {self.text(str(name)): self.value(one, depth + 1) for name, one in value.items()}
        if isinstance(value, list):
            return [self.value(one, depth + 1) for one in value]
        return value

    def octets(self, data: bytes) -> bytes:
        for secret, name in self.names.items():
            data = data.replace(secret.encode("utf-8", "surrogatepass"), name.encode())
        return data

    def exchange(self, exchange: Exchange) -> Exchange:
        """Return an exchange in which no secret is left."""
        request, answer = exchange.request, exchange.answer
        request = replace(
            request,
            path=self.text(request.path),
            headers={name: self.text(value) for name, value in request.headers.items()},
            body=None if request.body is None else self.octets(request.body),
            raw=None if request.raw is None else self.octets(request.raw),
        )
        further = [self._answer(one) for one in exchange.further]
        return replace(exchange, request=request, answer=answer and self._answer(answer), further=further)

    def _answer(self, answer: Answer) -> Answer:
        headers = [(name, self.text(value)) for name, value in answer.headers]
        return replace(answer, headers=headers, body=self.octets(answer.body))
