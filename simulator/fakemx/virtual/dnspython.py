"""dnspython on virtual time: its clock and its dice are the machine's own, so they are replaced for a while.

Its resolvers read ``time.time()`` to see whether a look-up has taken too long. On a virtual loop that time stands
still, and a silent name server is asked for ever. Query ids and ports come from ``dns.entropy``.

    with dnspython_on(loop, random.Random(1)):
        loop.run_until_complete(dns.asyncresolver.resolve(...))
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace

import dns.asyncquery
import dns.asyncresolver
import dns.entropy
import dns.query
import dns.resolver

from fakemx.virtual.loop import VirtualLoop

_EPOCH = 1_700_000_000.0  # any: only differences count

TIMED = (dns.asyncquery, dns.asyncresolver, dns.query, dns.resolver)
"""The modules that look at the time; a test compares this with the installed library."""


@contextmanager
def dnspython_on(loop: VirtualLoop, rng: random.Random) -> Iterator[None]:
    """Let dnspython live on the time of ``loop`` and the chance of ``rng`` until the block ends."""
    time = SimpleNamespace(time=lambda: _EPOCH + loop.time())
    replaced: list[tuple[ModuleType, str, object]] = [(module, "time", time) for module in TIMED]
    replaced.append((dns.entropy, "system_random", rng))
    originals = [module.__dict__[name] for module, name, _ in replaced]
    for module, name, replacement in replaced:
        module.__dict__[name] = replacement
    try:
        yield
    finally:
        for (module, name, _), original in zip(replaced, originals, strict=True):
            module.__dict__[name] = original
