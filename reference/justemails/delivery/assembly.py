"""An engine, put together: the one place that knows which part is made of which.

Everybody who delivers begins here: the worker on the real network, the sandbox, the lessons, the simulation with its
broken engines, the benchmarks and the tests. They differ in what they hand in.
"""

import random
from collections.abc import Callable

from justemails.delivery.attempt import Deliverer
from justemails.delivery.engine import Engine, Observer
from justemails.delivery.routing import Route
from justemails.delivery.settings import DeliverySettings
from justemails.delivery.signing import Signer
from justemails.ports import Clock, Connector
from justemails.store import DeliveryQueue, DomainStore, Store


def make_engine(
    store: Store,
    *,
    clock: Clock,
    route: Route,
    connector: Connector,
    rng: random.Random,
    settings: DeliverySettings,
    queue: DeliveryQueue | None = None,
    observe: Observer = lambda claim, outcome: None,
    look_again_s: float | None = None,
    engine: type[Engine] = Engine,
    deliverer: type[Deliverer] = Deliverer,
    signer: Callable[[DomainStore], Signer] = Signer,
) -> Engine:
    """Return an engine that delivers what a store holds once it is run.

    Args:
        rng: draws the retry jitter.
        queue: the store's queue, where something stands between the two.
        observe: called with each outcome once it is recorded.
        look_again_s: the longest wait between two looks at the store; None: ``wake`` is called for everything new.
        engine: the class, and those of its parts; others break them on purpose.
    """
    return engine(
        queue or store, deliverer(clock, route, connector, signer(store), rng, settings), clock, observe, look_again_s
    )
