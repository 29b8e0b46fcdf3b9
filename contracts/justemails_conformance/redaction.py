"""Keys never stand in a report: wherever one would, its name does."""

from dataclasses import dataclass, field, replace

from justemails_conformance.transport import Answer, Exchange


@dataclass(frozen=True, slots=True)
class Redaction:
    """Replaces secrets by their names.

    Args:
        names: by the secret.
    """

    names: dict[str, str] = field(default_factory=dict)

    def hide(self, secret: str, name: str) -> None:
        """Replace one more secret from now on."""
        self.names[secret] = f"<{name}>"

    def text(self, text: str) -> str:
        for secret, name in self.names.items():
            text = text.replace(secret, name)
        return text

    def octets(self, data: bytes) -> bytes:
        for secret, name in self.names.items():
            data = data.replace(secret.encode(), name.encode())
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
