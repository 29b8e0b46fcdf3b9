"""Everything that is kept, on Pony and one database."""

from contextlib import AbstractContextManager

from justemails.pony_store.accounts import Accounts
from justemails.pony_store.deliveries import Deliveries
from justemails.pony_store.domains import Domains
from justemails.pony_store.entities import open_database
from justemails.pony_store.keys import Keys
from justemails.pony_store.messages import Messages
from justemails.pony_store.writer import Writer


class PonyStore(Accounts, Keys, Domains, Messages, Deliveries):
    """The store on one SQLite file; implements ``justemails.store.Store``.

    Args:
        path: the file; it and its tables are made where they are missing.
    """

    def __init__(self, path: str) -> None:
        self.database, self.entities = open_database(path)
        self.writer = Writer()

    def together(self) -> AbstractContextManager[None]:
        """Put everything that this thread reads and writes into one transaction, committed at the end.

        Raises:
            Exception: what kept a write, or the commit, from succeeding; nothing of it all is kept then.
        """
        return self.writer.together()

    def close(self) -> None:
        """Let go of the file, as far as this thread holds it."""
        self.database.disconnect()

    def clear(self) -> None:
        """Forget everything."""

        def write() -> None:
            kept = self.entities
            for entity in (kept.attempt, kept.message, kept.dkim_key, kept.domain, kept.key, kept.account):
                entity.select().delete(bulk=True)

        self.writer.write(write)
