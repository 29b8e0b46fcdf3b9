"""Keys never stand in a report: wherever one would, its name does."""

from dataclasses import dataclass, field, replace

from justemails_conformance.transport import Exchange


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
        )
        if answer is not None:
            headers = [(name, self.text(value)) for name, value in answer.headers]
            answer = replace(answer, headers=headers, body=self.octets(answer.body))
        return replace(exchange, request=request, answer=answer)
