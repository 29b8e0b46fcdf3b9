"""The store on Pony. Pony's objects never leave this package; it returns the dataclasses of justemails.records."""

from justemails.pony_store.store import PonyStore

__all__ = ["PonyStore"]
