"""The translation between the document's names (createdAt, perPage) and ours, once, here.

Each function returns exactly the members that the document shows for that answer, in its order.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from justemails.records import Key, Message, NewMessage
from justemails_contract.delivery import INITIAL


def timestamp(instant: datetime) -> str:
    """Return an instant as ``2026-04-06T12:00:00Z`` [send.response.createdAt], CHOICE-04."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def message_created(message: NewMessage) -> dict[str, object]:
    return {  # [send.response]
        "id": message.id,
        "status": INITIAL,
        "from": message.sender_text,
        "to": message.recipient_text,
        "createdAt": timestamp(message.created_at),
    }


def message_status(message: Message) -> dict[str, object]:
    return {  # [status.response]
        "id": message.id,
        "status": message.status,
        "from": message.sender_text,
        "to": message.recipient_text,
        "subject": message.subject,
        "createdAt": timestamp(message.created_at),
        "deliveredAt": timestamp(message.delivered_at) if message.delivered_at else None,
    }


def message_page(messages: Sequence[Message], page: int, per_page: int, total: int) -> dict[str, object]:
    return {  # [messages.response]
        "data": [message_status(message) for message in messages],
        "pagination": {"page": page, "perPage": per_page, "total": total},
    }


def key_created(key: Key, secret: str) -> dict[str, object]:
    return {  # [keys.create.response]
        "id": key.id,
        "name": key.name,
        "key": secret,
        "createdAt": timestamp(key.created_at),
    }


def key_list(keys: Sequence[Key]) -> dict[str, object]:
    return {  # [keys.list.response]
        "data": [
            {"id": key.id, "name": key.name, "lastUsed": timestamp(key.last_used) if key.last_used else None}
            for key in keys
        ]
    }


def key_revoked() -> dict[str, object]:
    return {"deleted": True}  # [keys.revoke.response]
