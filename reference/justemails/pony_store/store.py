"""Everything that is kept, on Pony and one database."""

from collections.abc import Callable

from pony.orm import db_session

from justemails.pony_store.accounts import Accounts
from justemails.pony_store.deliveries import Deliveries
from justemails.pony_store.domains import Domains
from justemails.pony_store.entities import open_database
from justemails.pony_store.keys import Keys
from justemails.pony_store.messages import Messages
from justemails.pony_store.writer import GroupWriter, Session, Writer


class PonyStore(Accounts, Keys, Domains, Messages, Deliveries):
    """The store on one SQLite file; implements ``justemails.store.Store``.

    Args:
        path: the file; it and its tables are made where they are missing.
        make_writer: how writes share commits.
    """

    def __init__(self, path: str, make_writer: Callable[[Session], Writer] = GroupWriter) -> None:
        self.database, self.entities = open_database(path)
        self.writer = make_writer(lambda: db_session(immediate=True))

    def close(self) -> None:
        """Write what is under way, and let go of the file."""
        self.writer.close()
        self.database.disconnect()

    def clear(self) -> None:
        """Forget everything."""

        def write() -> None:
            entities = self.entities
            for entity in (entities.attempt, entities.message, entities.domain, entities.key, entities.account):
                entity.select().delete(bulk=True)

        self.write(write)
