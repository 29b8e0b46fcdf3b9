"""The recorder in memory: every mail that arrived, in order.

For tests and simulations. A server that keeps mail on disk takes it through the network's ``on_mail``.

>>> network.received[0].data
>>> network.received.find(recipient="ann@ok.test")
"""

from collections.abc import Iterator, Sequence
from typing import overload

from fakemx.mx.received import Received


class Mailbox(Sequence[Received]):
    """What arrived, oldest first."""

    def __init__(self) -> None:
        """Start empty."""
        self._mails: list[Received] = []

    def append(self, mail: Received) -> None:
        """Keep one more."""
        self._mails.append(mail)

    def clear(self) -> None:
        """Forget all."""
        self._mails.clear()

    def list(self) -> tuple[Received, ...]:
        """Return all, as they are now."""
        return tuple(self._mails)

    def find(self, *, recipient: str | None = None, sender: str | None = None) -> tuple[Received, ...]:
        """Return those to this recipient and from this envelope sender; None is anyone."""
        return tuple(
            mail
            for mail in self._mails
            if (recipient is None or recipient in mail.recipients) and (sender is None or sender == mail.sender)
        )

    @overload
    def __getitem__(self, index: int) -> Received: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Received]: ...
    def __getitem__(self, index: int | slice) -> Received | Sequence[Received]:
        """Return one, or a slice."""
        return self._mails[index]

    def __iter__(self) -> Iterator[Received]:
        """Go through them as they are now, whatever arrives meanwhile."""
        return iter(tuple(self._mails))

    def __len__(self) -> int:
        """Count them."""
        return len(self._mails)
