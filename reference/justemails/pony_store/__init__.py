"""The store on Pony and one SQLite file: ``PonyStore``, and ``FastPonyStore`` for who serves requests.

Pony's objects never leave this package; it returns the dataclasses of ``justemails.records``. What it is not: a place
for rules, which are decided before anything is written. Start reading at ``entities``, the tables; then each part of
the store says in Pony's words what it keeps, and ``writer`` when it is committed.
"""

from justemails.pony_store.fast import FastPonyStore
from justemails.pony_store.store import PonyStore

__all__ = ["FastPonyStore", "PonyStore"]
