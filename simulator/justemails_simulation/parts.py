"""What a simulated worker is made of. Tests put broken parts in, to see that the simulation notices."""

from collections.abc import Callable
from dataclasses import dataclass

from justemails.delivery.attempt import Deliverer
from justemails.delivery.engine import Engine
from justemails.delivery.settings import DeliverySettings
from justemails.delivery.signing import Signer
from justemails.ports import Clock, Connector, Resolver
from justemails.store import DeliveryQueue, DomainStore
from justemails_sandbox.sending import DELIVERY


@dataclass(frozen=True, slots=True)
class Parts:
    """The reference's own classes, and what each port is wrapped in before the engine gets it."""

    settings: DeliverySettings = DELIVERY
    engine: type[Engine] = Engine
    deliverer: type[Deliverer] = Deliverer
    signer: Callable[[DomainStore], Signer] = Signer
    clock: Callable[[Clock], Clock] = lambda clock: clock
    resolver: Callable[[Resolver], Resolver] = lambda resolver: resolver
    connector: Callable[[Connector], Connector] = lambda connector: connector
    queue: Callable[[DeliveryQueue], DeliveryQueue] = lambda queue: queue
