"""Looks at the DNS records of verified domains again, once a day (CHOICE-21)."""

from justemails.domains.check import verify
from justemails.domains.domain import SendingHost
from justemails.due_loop import DueLoop
from justemails.ports import Clock, Resolver
from justemails.store import DomainStore

_LOOK_AGAIN_S = 3600.0  # for domains that another process has verified


class DomainWatch:
    """Verifies each domain again when its time has come; a domain that has lost its records may send no more."""

    def __init__(self, store: DomainStore, resolver: Resolver, clock: Clock, sender: SendingHost) -> None:
        self._store = store
        self._resolver = resolver
        self._clock = clock
        self._sender = sender
        self._loop = DueLoop("the watch over domains", clock, store.next_check, self._check_due, _LOOK_AGAIN_S)
        self.under_way = 0
        """How many domains are being looked at right now."""

    @property
    def at_rest(self) -> bool:
        """Whether nothing but time, or a look-up under way, can give it something to do."""
        return self._loop.at_rest or self.under_way > 0

    async def run(self) -> None:
        """Watch until cancelled."""
        await self._loop.run()

    async def _check_due(self) -> None:
        for domain in self._store.due_checks(self._clock.now()):
            self.under_way += 1
            try:
                await verify(domain, self._sender, self._resolver, self._store, self._clock)
            finally:
                self.under_way -= 1
