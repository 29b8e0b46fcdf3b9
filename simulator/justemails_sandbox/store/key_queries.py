"""A few of the live keys, however many there are: for who looks after the keys of all accounts."""

from collections.abc import Sequence

from pony.orm import desc

from justemails.pony_store.keys import as_key
from justemails.pony_store.tables import Tables, in_session
from justemails.records import Key


class KeyQueries(Tables):
    """Reads no more keys than are asked for."""

    @in_session
    def newest_keys(self, account_id: str, most: int) -> tuple[Sequence[Key], int]:
        """Return the newest live keys of an account, and how many live keys it has in all."""
        live = self.entities.key.select(lambda k: k.account.id == account_id and k.revoked_us is None)
        return [as_key(row) for row in live.order_by(lambda k: desc(k.id))[:most]], live.count()

    @in_session
    def live_keys(self, first: Sequence[str], most: int) -> tuple[Sequence[Key], int]:
        """Return some live keys of any account, and how many there are in all.

        Args:
            first: the ids of keys that come first, in this order, as far as they live; then come the newest.
        """
        live = self.entities.key.select(lambda k: k.revoked_us is None)
        wanted = list(first[:most])
        named = {row.id: row for row in live.filter(lambda k: k.id in wanted)}
        newest = {row.id: row for row in live.order_by(lambda k: desc(k.id))[:most]}
        rows = {key_id: named[key_id] for key_id in wanted if key_id in named} | newest
        return [as_key(row) for row in rows.values()][:most], live.count()
