"""The six operations of the document, with the tier each counts in and the scope each asks for."""

from dataclasses import dataclass
from enum import StrEnum

from justemails_contract.limits import Tier

BASE_PATH = "/api/v1"  # [base.url]


class Scope(StrEnum):
    """What a key may do. The document knows full keys; the narrower two are CHOICE-13."""

    FULL = "full"
    SEND = "send"
    READ = "read"


@dataclass(frozen=True, slots=True)
class Operation:
    """An HTTP method on a path below the base URL; ``{id}`` stands for a resource's id."""

    name: str
    method: str
    path: str
    tier: Tier
    scopes: frozenset[Scope]


SEND = Operation("send", "POST", "/send", Tier.SEND, frozenset({Scope.FULL, Scope.SEND}))
STATUS = Operation("status", "GET", "/send/{id}", Tier.READ, frozenset({Scope.FULL, Scope.READ}))
MESSAGES = Operation("messages", "GET", "/messages", Tier.READ, frozenset({Scope.FULL, Scope.READ}))
CREATE_KEY = Operation("keys.create", "POST", "/api-keys", Tier.KEYS, frozenset({Scope.FULL}))
LIST_KEYS = Operation("keys.list", "GET", "/api-keys", Tier.KEYS, frozenset({Scope.FULL}))
REVOKE_KEY = Operation("keys.revoke", "DELETE", "/api-keys/{id}", Tier.KEYS, frozenset({Scope.FULL}))

OPERATIONS = (SEND, STATUS, MESSAGES, CREATE_KEY, LIST_KEYS, REVOKE_KEY)
